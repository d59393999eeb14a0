package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const mainService = "main_ws_service"

func tagsOf(s *hub.Socket) string {
	var pairs []string
	for name, value := range s.Tags().All() {
		pairs = append(pairs, name+"="+value)
	}
	return strings.Join(pairs, " ")
}

func TestInitSocket(t *testing.T) {
	for _, tc := range []struct {
		profile hub.Profile
		tags    string
		list    []string
	}{
		{hub.Profile122, "", []string{"/services/main_ws_service-s-123"}},
		{hub.Profile124, "is_person=1 pid=111111111 pong=1 socket_type=ws_group user_id=6148914691236517121", nil},
		{hub.Native, "is_person=1 pid=111111111 pong=1 socket_type=ws_group user_id=6148914691236517121", []string{"/services/main_ws_service-s-123"}},
	} {
		t.Run(tc.profile.String(), func(t *testing.T) {
			w := newWorld(t, setup{profile: tc.profile})
			c := w.connect(mainService, "123")
			got := c.say(`{"socket_action": "init_socket", "socket_type": "ws_group", "socket_tags": [{"name": "is_person", "value": "1"}, {"name": "pid", "value": "111111111"}]}`)
			w.want("reply", got, []string{`[{"socket_action":"init_socket","socket_type":"ws_group","uid":""}]`})
			if got := tagsOf(c.Socket); got != tc.tags {
				t.Errorf("tags %s, want %s", got, tc.tags)
			}
			w.want("recipients", w.data.list("ws_group_recipients"), tc.list)
			if tc.list != nil && w.data.ttls["ws_group_recipients"].Hours() != 24 {
				t.Errorf("time to live %v", w.data.ttls["ws_group_recipients"])
			}
			w.want("log", w.lines(), nil)
		})
	}
}

func TestCloseSocket(t *testing.T) {
	for _, tc := range []struct {
		profile hub.Profile
		tags    string
		left    bool
	}{
		{hub.Profile122, "", true},
		{hub.Profile124, "pong=1 socket_type=g user_id=6148914691236517121", false},
		{hub.Native, "pong=1 user_id=6148914691236517121", true},
	} {
		t.Run(tc.profile.String(), func(t *testing.T) {
			w := newWorld(t, setup{profile: tc.profile})
			c := w.connect(mainService, "")
			c.say(`{"socket_action": "init_socket", "socket_type": "g"}`)
			got := c.say(`{"socket_action": "close_socket", "socket_type": "g", "uid": 7}`)
			w.want("reply", got, []string{`[{"socket_action":"close_socket","socket_type":"g","uid":7}]`})
			if got := tagsOf(c.Socket); got != tc.tags {
				t.Errorf("tags %s, want %s", got, tc.tags)
			}
			w.want("recipients", w.data.list("g_recipients"), nil)
			if c.State() != hub.StateOpen {
				t.Error("the connection was closed")
			}
		})
	}
}

func TestCloseSocketOfAnotherTypeKeepsTheTag(t *testing.T) {
	w := newWorld(t, setup{profile: hub.Native})
	c := w.connect(mainService, "")
	c.say(`{"socket_action": "init_socket", "socket_type": "g"}`)
	c.say(`{"socket_action": "close_socket", "socket_type": "other"}`)
	if value, _ := c.Tags().Get("socket_type"); value != "g" {
		t.Errorf("socket_type is %q", value)
	}
	w.want("recipients", w.data.list("g_recipients"), []string{c.Key()})
}

func TestReservedTags(t *testing.T) {
	const pose = `{"socket_action": "init_socket", "socket_type": "g", "socket_tags": [{"name": "user_id", "value": "1"}, {"name": "pong", "value": "x"}, {"name": "SetProperty", "value": 7177256154427237596}, {"name":"ratio","value":1.5}]}`
	for _, tc := range []struct {
		win  bool
		want string
	}{
		{false, "SetProperty=7177256154427237596 pong=1 ratio=1.5 socket_type=g user_id=6148914691236517121"},
		{true, "SetProperty=7177256154427237596 pong=x ratio=1.5 socket_type=g user_id=1"},
	} {
		w := newWorld(t, setup{settings: hostapi.Settings{ClientTagsWin: tc.win}})
		c := w.connect(mainService, "")
		c.say(pose)
		if got := tagsOf(c.Socket); got != tc.want {
			t.Errorf("client_tags_win %v: tags %s, want %s", tc.win, got, tc.want)
		}
		c.say(`{"socket_action": "init_socket", "socket_type": "h"}`)
		if got := tagsOf(c.Socket); got != "pong=1 socket_type=h user_id=6148914691236517121" {
			t.Errorf("after a second init_socket: %s", got)
		}
	}
}

// What a token says of a socket no client changes, whatever its init_socket brings.
func TestGrantedTagsStay(t *testing.T) {
	const pose = `{"socket_action": "init_socket", "socket_type": "g", "socket_tags": [{"name": "hall", "value": "Vault"}, {"name": "own", "value": "1"}]}`
	for _, tc := range []struct {
		profile hub.Profile
		win     bool
	}{{hub.Profile124, false}, {hub.Profile124, true}, {hub.Native, false}} {
		w := newWorld(t, setup{profile: tc.profile, settings: hostapi.Settings{ClientTagsWin: tc.win}})
		c := w.connectWith(administrator, mainService, "", &hub.Handshake{Granted: map[string]string{"hall": "Main hall", "length": "5"}})
		for _, message := range []string{pose, pose} {
			w.want("reply", c.say(message), []string{`[{"socket_action":"init_socket","socket_type":"g","uid":""}]`})
			if got, want := tagsOf(c.Socket), "hall=Main hall length=5 own=1 pong=1 socket_type=g user_id=6148914691236517121"; got != want {
				t.Errorf("%v, client_tags_win %v: tags %s, want %s", tc.profile, tc.win, got, want)
			}
		}
	}
}

func TestEndLeavesAllLists(t *testing.T) {
	w := newWorld(t, setup{profile: hub.Profile122})
	a, b := w.connect(mainService, "a"), w.connect(mainService, "b")
	for _, c := range []*client{a, b} {
		c.say(`[{"socket_action": "init_socket", "socket_type": "g"}, {"socket_action": "init_socket", "socket_type": "h"}]`)
	}
	a.end(hub.Reason{Code: hub.CodeLost})
	w.want("g", w.data.list("g_recipients"), []string{b.Key()})
	w.want("h", w.data.list("h_recipients"), []string{b.Key()})
}

// renewer knows one token.
type renewer struct{ renewed []string }

func (r *renewer) Renew(_ context.Context, key, token string) error {
	switch token {
	case "good":
		r.renewed = append(r.renewed, key)
		return nil
	case "later":
		return errors.New("the user cannot be checked now")
	}
	return hostapi.TokenError("the token has expired")
}

func TestRenewToken(t *testing.T) {
	tokens := &renewer{}
	w := newWorld(t, setup{renewer: tokens})
	c := w.connect(mainService, "1")
	for _, tc := range []struct{ name, text, want string }{
		{"done", `{"action":"renew_token","token":"good","uid":7}`, `{"socket_action":"","socket_type":"","uid":7,"action":"renew_token"}`},
		{"beside a socket_action", `{"socket_action":"x","socket_type":"g","action":"renew_token","token":"good"}`,
			`{"socket_action":"x","socket_type":"g","uid":"","action":"renew_token"}`},
		{"refused", `{"action":"renew_token","token":"old","uid":"u"}`,
			`{"socket_action":"","socket_type":"","uid":"u","action":"renew_token","error":401,"message":"the token has expired"}`},
		{"not now", `{"action":"renew_token","token":"later"}`,
			`{"socket_action":"","socket_type":"","uid":"","action":"renew_token","error":1,"message":"tools_web.renew_token: the user cannot be checked now"}`},
		{"no token", `{"action":"renew_token"}`,
			`{"socket_action":"","socket_type":"","uid":"","action":"renew_token","error":400,"message":"renew_token needs the field token, a text"}`},
		{"empty token", `{"action":"renew_token","token":""}`,
			`{"socket_action":"","socket_type":"","uid":"","action":"renew_token","error":400,"message":"renew_token needs the field token, a text"}`},
		{"no text", `{"action":"renew_token","token":{"a":1}}`,
			`{"socket_action":"","socket_type":"","uid":"","action":"renew_token","error":400,"message":"renew_token needs the field token, a text"}`},
		{"another action", `{"action":"renew_tokens","token":"good"}`,
			`{"socket_action":"","socket_type":"","uid":"","action":"renew_tokens","error":404,"message":"Unknown action"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.want("reply", c.say(tc.text), []string{"[" + tc.want + "]"})
		})
	}
	w.want("renewed", tokens.renewed, []string{c.Key(), c.Key()})
	if log := strings.Join(w.lines(), " "); strings.Contains(log, "good") || strings.Contains(log, "old") {
		t.Errorf("a token is in the log: %s", log)
	}
}

// nobodyMayCall is a server that is no development server and has no list.
var nobodyMayCall = hostapi.Settings{MayCall: func(string, string) bool { return false }}

// What a library's author lets clients call they may call, and nothing else.
func TestCallMethodByMarker(t *testing.T) {
	w := newWorld(t, setup{settings: nobodyMayCall, files: map[string]string{
		"libs/libX.js": `
			"META:ALLOW-CALL-FROM-CLIENT:1";
			function first() { return 'first' }
			function open_one() { "META:ALLOW-CALL-FROM-CLIENT:1"; return 'one' }
			function behind() { "META:OTHER:1"; 'META:ALLOW-CALL-FROM-CLIENT:1'; return 'behind' }
			function late() { var a = 1; "META:ALLOW-CALL-FROM-CLIENT:1"; return 'late' }
			function nested() { function f() { "META:ALLOW-CALL-FROM-CLIENT:1"; } return 'nested' }
			function zero() { "META:ALLOW-CALL-FROM-CLIENT:0"; return 'zero' }
			function twice() { "META:ALLOW-CALL-FROM-CLIENT:1"; return 'open' }
			function twice() { return 'closed' }`,
		"libs/broken.js": `function f() { "META:ALLOW-CALL-FROM-CLIENT:1"; return 1`,
	}})
	c := w.connect(mainService, "1")
	for method, want := range map[string]string{
		"libX.open_one": `"result":"one"`, "libX.behind": `"result":"behind"`,
		"libX.first": "", "libX.late": "", "libX.nested": "", "libX.zero": "", "libX.twice": "", "libX.missing": "", "libX.f": "",
		"broken.f": "", "libY.open_one": "", "libx.open_one": "", "libX.toString": "", "libX.constructor": "",
	} {
		library, name, _ := strings.Cut(method, ".")
		if want == "" {
			want = `"error":403,"message":"call_method may not call ` + method + `"`
		}
		got := c.say(`{"socket_action":"call_method","library":"` + library + `","method":"` + name + `"}`)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: %q, want %s", method, got, want)
		}
	}
}

// Of what is bundled clients may call nothing.
func TestCallMethodOfBundledLibraries(t *testing.T) {
	w := newWorld(t, setup{settings: nobodyMayCall, files: map[string]string{}})
	c := w.connect(mainService, "1")
	methods := 0
	for _, library := range w.app.Snapshot().Libraries() {
		for _, name := range library.Program.Functions() {
			methods++
			got := c.say(`{"socket_action":"call_method","library":"` + library.Name + `","method":"` + name + `"}`)
			want := `"error":403,"message":"call_method may not call ` + library.Name + "." + name + `"`
			if len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s.%s: %q", library.Name, name, got)
			}
		}
	}
	if methods < 10 {
		t.Errorf("only %d methods were tried", methods)
	}
}

func TestCallMethod(t *testing.T) {
	w := newWorld(t, setup{
		files: map[string]string{"libs/libX.js": `
			function who(curUserID, sWebsocketID, oMessage) { return { user: curUserID, socket: sWebsocketID, data: oMessage.data } }
			function nothing() { }
			function throws() { throw 'no luck' }
			function circle() { o = {}; o.self = o; return o }
		`},
		settings: hostapi.Settings{MayCall: func(library, method string) bool { return library == "libX" && method != "secret" }},
	})
	c := w.connect(mainService, "1")
	for _, tc := range []struct{ name, text, want string }{
		{"arguments and result", `{"socket_action":"call_method","socket_type":"t","uid":"u","library":"libX","method":"who","data":[1]}`,
			`{"socket_action":"call_method","socket_type":"t","uid":"u","result":{"user":6148914691236517121,"socket":"/services/main_ws_service-s-1","data":[1]}}`},
		{"no result", `{"socket_action":"call_method","library":"libX","method":"nothing"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"","result":null}`},
		{"it throws", `{"socket_action":"call_method","library":"libX","method":"throws","uid":"u"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"u","error":1,"message":"no luck"}`},
		{"not allowed", `{"socket_action":"call_method","library":"libMain","method":"main_socket"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"","error":403,"message":"call_method may not call libMain.main_socket"}`},
		{"unknown method", `{"socket_action":"call_method","library":"libX","method":"missing"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"","error":403,"message":"There is no method missing in a library libX"}`},
		{"no names", `{"socket_action":"call_method"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"","error":400,"message":"call_method needs the fields library and method"}`},
		{"names of another type", `{"socket_action":"call_method","library":5,"method":"who"}`,
			`{"socket_action":"call_method","socket_type":"","uid":"","error":400,"message":"The fields library and method must be texts"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.want("reply", c.say(tc.text), []string{"[" + tc.want + "]"})
		})
	}
	if got := c.say(`{"socket_action":"call_method","library":"libX","method":"circle"}`); len(got) != 1 || !strings.Contains(got[0], `"error":1`) {
		t.Errorf("a result that cannot be written: %v", got)
	}
	lines := w.lines()
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "no luck\n(x-local://libs/libX.js,   line 4)") {
		t.Errorf("log: %q", lines)
	}
}

func TestBadInputIsAnswered(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "")
	envelope := func(action, socketType, uid string, code int, message string) string {
		return fmt.Sprintf(`{"socket_action":"%s","socket_type":"%s","uid":%s,"error":%d,"message":"%s"}`, action, socketType, uid, code, message)
	}
	for _, tc := range []struct{ text, want string }{
		{`Привет`, envelope("", "", `""`, 400, "Invalid JSON. Offset: 6")},
		{`$hbt`, envelope("", "", `""`, 400, "Invalid format")},
		{``, envelope("", "", `""`, 400, "Invalid format")},
		{`[]`, envelope("", "", `""`, 400, "An array holds 1 to 100 commands, this one holds 0")},
		{`5`, envelope("", "", `""`, 400, "A command is a JSON object")},
		{`null`, envelope("", "", `""`, 400, "A command is a JSON object")},
		{`"init_socket"`, envelope("", "", `""`, 400, "A command is a JSON object")},
		{`{}`, envelope("", "", `""`, 400, "The field socket_action is missing")},
		{`{"uid":"q"}`, envelope("", "", `"q"`, 400, "The field socket_action is missing")},
		{`{"socket_action":5,"uid":1}`, envelope("", "", `1`, 400, "The field socket_action must be a text")},
		{`{"socket_action":"init_socket","socket_type":{}}`, envelope("init_socket", "", `""`, 400, "The field socket_type must be a text")},
		{`{"socket_action":"init_socket"}`, envelope("init_socket", "", `""`, 400, "init_socket needs the field socket_type, a text of at most 200 bytes")},
		{`{"socket_action":"init_socket","socket_type":"g","socket_tags":{"name":"a"}}`,
			envelope("init_socket", "g", `""`, 400, `socket_tags must be an array of { \"name\": text, \"value\": text or number }`)},
		{`{"socket_action":"init_socket","socket_type":"g","socket_tags":[5]}`,
			envelope("init_socket", "g", `""`, 400, `socket_tags must be an array of { \"name\": text, \"value\": text or number }`)},
		{`{"socket_action":"fly","socket_type":"g","uid":"2"}`, envelope("fly", "g", `"2"`, 404, "Unknown socket_action fly")},
		{`{"socket_action":"HasProperty"}`, envelope("HasProperty", "", `""`, 404, "Unknown socket_action HasProperty")},
		{`{"action":"send_message","socket_type":"chat_conversations","uid":"3"}`,
			`{"socket_action":"","socket_type":"chat_conversations","uid":"3","action":"send_message","error":404,"message":"Unknown action"}`},
	} {
		t.Run(tc.text, func(t *testing.T) {
			w.want("reply", c.say(tc.text), []string{"[" + tc.want + "]"})
		})
	}
	w.want("fields with the names of methods", c.say(`{"socket_action":"init_socket","socket_type":"g","uid":null,"GetOptProperty":1,"HasProperty":2,
		"socket_tags":[{"name":"a","value":"1","GetOptProperty":1}]}`), []string{`[{"socket_action":"init_socket","socket_type":"g","uid":null}]`})
	if got := c.say(`{"type":"ping","t":123}`); got != nil {
		t.Errorf("the ping of simple clients was answered: %v", got)
	}
	w.want("afterwards", c.say(`{"socket_action":"init_socket","socket_type":"g"}`), []string{`[{"socket_action":"init_socket","socket_type":"g","uid":""}]`})
}

func TestTooManyTagsAreRefused(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "")
	got := c.say(`{"socket_action":"init_socket","socket_type":"g","socket_tags":[{"name":"` + strings.Repeat("n", 1000) + `","value":1}]}`)
	if len(got) != 1 || !strings.Contains(got[0], `"error":400`) || c.Tags().Len() != 0 {
		t.Errorf("reply %v, tags %s", got, tagsOf(c.Socket))
	}
}

func TestBadJSONIsLoggedAsInTheOriginal(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "123")
	c.say("Привет")
	const frames = "\n(ParseJson(),  x-local://wtv/wtv_main_ws_service.js,   line 66)\n(x-local://wtv/wtv_main_ws_service.js,   line 66)"
	w.want("log", w.lines(), []string{"Invalid JSON.\nOffset: 6" + frames})
	for line := range w.allLines() {
		if !line.Error || line.Service != mainService || line.Socket != c.Key() || line.User != engine.AdministratorID || line.Thread < 1 || line.Thread > 9999 {
			t.Errorf("line %+v", line)
		}
	}
}

func TestSilentErrors(t *testing.T) {
	w := newWorld(t, setup{settings: hostapi.Settings{SilentErrors: true}})
	c := w.connect(mainService, "")
	for _, text := range []string{"Привет", "[]", "{}", `{"socket_action":"fly"}`} {
		if got := c.say(text); got != nil {
			t.Errorf("%s was answered: %v", text, got)
		}
	}
	if got := c.say(`{"socket_action":"init_socket","socket_type":"g"}`); len(got) != 1 {
		t.Errorf("a good command was answered %v", got)
	}
}

func TestArrayOfCommands(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "")
	got := c.say(`[{"socket_action":"init_socket","socket_type":"a","uid":"1"}, 5, [], {"socket_action":"fly","uid":"2"}, {"socket_action":"close_socket","socket_type":"a","uid":"3"}]`)
	w.want("replies", got, []string{`[` + strings.Join([]string{
		`{"socket_action":"init_socket","socket_type":"a","uid":"1"}`,
		`{"socket_action":"","socket_type":"","uid":"","error":400,"message":"A command is a JSON object"}`,
		`{"socket_action":"","socket_type":"","uid":"","error":400,"message":"A command is a JSON object"}`,
		`{"socket_action":"fly","socket_type":"","uid":"2","error":404,"message":"Unknown socket_action fly"}`,
		`{"socket_action":"close_socket","socket_type":"a","uid":"3"}`,
	}, ",") + `]`})
	if got := c.say("[" + strings.Repeat("0,", 100) + "0]"); len(got) != 1 || !strings.Contains(got[0], "this one holds 101") {
		t.Errorf("101 commands: %v", got)
	}
}

// A service that hands arrays to the library as they are gets one reply with all of them.
func TestArrayInTheLibrary(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/own.js": `
		function process(context) {
			oRes = tools.call_code_library_method('libMain', 'main_socket', [Request, null, Request.Session, ParseJson(message), RValue(context.WebSocketCurrentId)]);
			alert(EncodeJson(oRes));
		}`}})
	w.connect("own", "1").say(`[{"socket_action":"init_socket","socket_type":"a"},{"type":"ping"},{"socket_action":"fly"}]`)
	w.want("log", w.lines(), []string{`{"error":0,"message":"","socket_object":[{"socket_action":"init_socket","socket_type":"a","uid":""},` +
		`{"socket_action":"fly","socket_type":"","uid":"","error":404,"message":"Unknown socket_action fly"}]}`})
}

func TestOpenNeedsAUser(t *testing.T) {
	w := newWorld(t, setup{})
	if err := w.engine.Opened(t.Context(), w.connect(mainService, "").Socket); err != nil {
		t.Errorf("a user was refused: %v", err)
	}
	if err := w.engine.Opened(t.Context(), w.connectAs(hub.User{}, mainService, "").Socket); err == nil {
		t.Error("nobody was let in")
	}
}

func TestCopyOfTheServiceSharesTheSockets(t *testing.T) {
	w := newWorld(t, setup{})
	a, b := w.connect(mainService, "1"), w.connect("rtk_ws_service", "1")
	w.want("reply", b.say(`{"socket_action":"init_socket","socket_type":"g"}`), []string{`[{"socket_action":"init_socket","socket_type":"g","uid":""}]`})
	w.want("log", w.agent("broadcast"), []string{"Sent to 2 sockets"})
	w.want("main_ws_service", a.frames(), []string{"[Привет, /services/main_ws_service-s-1!]"})
	w.want("rtk_ws_service", b.frames(), []string{"[Привет, /services/rtk_ws_service-s-1!]"})
}
