package hostapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// bench is what scripts of a test can reach.
type bench struct {
	*testing.T
	hub      *hub.Hub
	sockets  hostapi.Sockets
	data     *fakeData
	storage  *fakeData
	settings hostapi.Settings
	marked   bool // the author of libX lets clients call it
	lines    []string
	errors   int
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, hub: hub.New(hub.Config{Profile: hub.Profile124, Node: "n1"}), data: &fakeData{values: map[string]string{}}, storage: &fakeData{values: map[string]string{}}}
	b.sockets = cluster.New(b.hub)
	b.settings = hostapi.Settings{Profile: hub.Profile124, Logs: logs.NewNamed(logs.NamedConfig{}), Shared: hostapi.NewShared(nil)}
	return b
}

func (b *bench) Line(text string, isError bool) {
	b.lines = append(b.lines, text)
	if isError {
		b.errors++
	}
}

// Call and Has implement the code libraries: one, with one method.
func (b *bench) Call(_ *basescript.Run, code, method string, args []basescript.Value) (basescript.Value, error) {
	return basescript.String(fmt.Sprintf("%s.%s/%d", code, method, len(args))), nil
}

func (b *bench) Has(code, method string) bool { return code == "libX" && method == "f" }

func (b *bench) ClientCallable(code, method string) bool { return b.marked && b.Has(code, method) }

// Program and Namespace know of no file.
func (b *bench) Program(code string) (*basescript.Program, error) {
	return nil, basescript.Errorf("Unknown code library: %s", code)
}

func (b *bench) Namespace(string) []*basescript.Program { return nil }

type noWaker struct{}

func (noWaker) Wake() {}

type client struct {
	*hub.Socket
	conn *hub.Conn
}

func (b *bench) open(key string, tags map[string]string) client {
	b.Helper()
	service, id, _, err := hub.ParseKey(key)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := b.hub.Open(hub.OpenRequest{Key: key, Service: service, StatefulID: id, User: hub.User{ID: "17"}, Waker: noWaker{}})
	if err != nil {
		b.Fatal(err)
	}
	if err := conn.Socket().ReplaceTags(hub.NewTags(tags)); err != nil {
		b.Fatal(err)
	}
	return client{conn.Socket(), conn}
}

// frames returns what waits for the client.
func (c client) frames() []string {
	var frames []string
	var batch hub.Batch
	for c.conn.Next(&batch) == hub.DutyWrite {
		for out := range batch.Frames() {
			frames = append(frames, strings.Join(slices.Collect(out.Parts()), ""))
		}
	}
	return frames
}

func (b *bench) env() *hostapi.Env {
	return &hostapi.Env{
		Settings: &b.settings, Sockets: b.sockets, UserData: b.data, Storage: b.storage, Libraries: b, Log: b,
		User: hub.User{ID: "6148914691236517121", Login: "user1", Name: "Иван Петров", Fields: map[string]string{"email": "i@example.com"}},
	}
}

// exec runs a source and returns the lines it wrote.
func (b *bench) exec(env *hostapi.Env, source string) ([]string, error) {
	b.Helper()
	program, err := basescript.Compile("x-local://test.js", source, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		b.Fatalf("%s\n%v", source, err)
	}
	r := basescript.NewRun(b.Context(), basescript.RunConfig{Host: env, Limits: basescript.Limits{Compute: time.Minute, Bytes: 64 << 20}})
	defer r.Close()
	b.lines = nil
	_, err = r.Exec(program)
	return b.lines, err
}

// prints checks what a source writes.
func (b *bench) prints(source string, want ...string) {
	b.Helper()
	got, err := b.exec(b.env(), source)
	if err != nil || !slices.Equal(got, want) {
		b.Errorf("%s\nwrote %q, error %v\nwant  %q", source, got, err, want)
	}
}

// fails checks the message a source ends with.
func (b *bench) fails(source, want string) {
	b.Helper()
	b.failsIn(b.env(), source, want)
}

func (b *bench) failsIn(env *hostapi.Env, source, want string) {
	b.Helper()
	_, err := b.exec(env, source)
	var e *basescript.Error
	if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
		b.Errorf("%s\nerror %v\nwant  %q", source, err, want)
	}
}

// asm makes sockets reachable the way scripts do.
const asm = "asm = tools.get_object_assembly('XHTTPMiddlewareStatic'); ctx = 'Datex.XHTTP.WebSocketContext';\n"

func TestLogs(t *testing.T) {
	b := newBench(t)
	b.prints(`alert('a' + alert(5)); DebugMsg(null); alert(undefined)`, "5", "a5", "", "undefined")
	b.prints(`LogEvent('own', 'lost'); EnableLog('own'); LogEvent('own', 'kept ' + 1)`, "own: kept 1")
	b.prints(`LogEvent('own', 'open for all runs'); EnableLog('own', false); LogEvent('own', 'x')`, "own: open for all runs")
	b.prints(`EnableLogExt('ext', 'life-time=day'); LogEvent('ext', 'x'); EnableLog('ext', 0); LogEvent('ext', 'y')`, "ext: x")
	b.fails(`EnableLog(null)`, "The name of a log must be text, not null")
	b.fails(`EnableLog('')`, "1 to 200 bytes")
	b.fails(`for (i = 0; i < 2000; i++) EnableLog('log' + i)`, "More than 200 logs are open")
	b.prints(`alert(alert())`, "", "undefined")
	if b.errors != 0 {
		t.Error("a plain line is marked as an error")
	}
	b.prints("try { throw 'x' } catch (e) { alert(e) }", "x\n(x-local://test.js,   line 1)")
	if b.errors != 1 {
		t.Error("an error object is not logged as an error")
	}
}

func TestSleep(t *testing.T) {
	b := newBench(t)
	b.prints("Sleep(0); Sleep(-5); Sleep(1); Sleep('1'); alert(LdsIsServer); alert(LdsIsClient)", "true", "false")
	b.fails("Sleep('soon')", "Sleep takes a number of milliseconds")
}

func TestTools(t *testing.T) {
	b := newBench(t)
	b.prints(`alert(tools.object_to_text({a: 7177256154427237596, b: [1, 'x', null], c: 2147483647, d: 2147483648, u: undefined}, 'json'))`,
		`{"a":"7177256154427237596","b":[1,"x",null],"c":2147483647,"d":"2147483648"}`)
	b.prints(`alert(tools.object_to_text({a:{a:{a:{a:{a:{}}}}}}, 'json'))`, `{"a":{"a":{"a":{"a":{"a":null}}}}}`)
	b.prints(`alert(tools.object_to_text({a:{a:1}}, 'json', 1))`, `{"a":null}`)
	b.prints(`alert(tools.array_to_text(['я', 2], 'json')); alert(tools.object_to_text(null, 'json'))`, `["я",2]`, "null")
	b.prints(`o = tools.read_object("{a: 7177256154427237596}"); alert(o.a); alert(tools.read_object('[1,2]', 'json').length)`, "7177256154427237596", "2")
	b.prints(`alert(tools.call_code_library_method('libX', 'f', [1, 2]))`, "libX.f/2")
	b.prints(`s = tools.random_string(20); alert(s.length); alert(s == tools.random_string(20)); alert(tools.random_string(3, 'x')); alert(tools.random_string(0))`,
		"20", "false", "xxx", "")
	b.prints(`a = tools.dotnet_host.Object.GetAssembly('Datex.XHTTP.dll'); alert(ObjectType(a))`, "BmObject")

	b.fails(`tools.object_to_text({}, 'yaml')`, "object_to_text: the format yaml is not supported, only xml and json")
	b.fails(`tools.object_to_text({}, 'json', 0)`, "The depth is a number from 1")
	b.fails(`tools.read_object('nonsense')`, "Invalid JSON.")
	b.fails(`tools.random_string(-1)`, "random_string takes a length")
	b.fails(`tools.random_string(99999999)`, "random_string takes a length")
	b.fails(`tools.call_code_library_method(5, 'f', [])`, "The code of a library must be text, not integer")
	b.fails(`tools.get_object_assembly('DatexCore')`, "Unknown assembly: DatexCore")
	b.fails(`tools.get_object_assembly()`, "Wrong number of arguments")
	b.fails(`tools.fly()`, "Unknown method: fly()")
}

func TestCallClassStaticMethod(t *testing.T) {
	b := newBench(t)
	b.fails(asm+`asm.CallClassStaticMethod('Other', 'GetWebSockets')`, "Unknown class: Other (there is Datex.XHTTP.WebSocketContext)")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'Fly')`, "Unknown method: Fly() of the class Datex.XHTTP.WebSocketContext")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'GetWebSockets', 'x')`, "The arguments of GetWebSockets must be an array, not string")
	b.fails(asm+`asm.CallClassStaticMethod(ctx)`, "Wrong number of arguments")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['x', 'y'])`, "Wrong number of arguments: WriteToWebSocketMessageQueue takes (socketId")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket')`, "Wrong number of arguments")
	b.fails(asm+`asm.Other`, "Unknown object property: Other")
	b.prints(asm+`alert(ArrayCount(CallObjectMethod(asm, 'CallClassStaticMethod', [ctx, 'GetWebSockets'])))`, "0")
}

func TestGetWebSockets(t *testing.T) {
	b := newBench(t)
	b.open("/services/a-s-1", map[string]string{"socket_type": "g"})
	b.open("/services/a-s-2", map[string]string{"socket_type": "g", "is_person": "1"})
	b.open("/services/b-s-1", nil)
	const keys = asm + `
		function keys(list) { alert(ArrayMerge(ArraySort(list, 'Key', '+'), 'Key', ' ')) }
		function get(args) { return asm.CallClassStaticMethod(ctx, 'GetWebSockets', args) }
	`
	const all = "/services/a-s-1 /services/a-s-2 /services/b-s-1"
	for _, tc := range []struct{ call, want string }{
		{"asm.CallClassStaticMethod(ctx, 'GetWebSockets')", all},
		{"get(null)", all},
		{"get(undefined)", all},
		{"get([])", all},
		{"get([null])", all},
		{"get([''])", all},
		{"get([null, true])", all},
		{"get(['', false])", all},
		{"get(['$socket_type:g'])", "/services/a-s-1 /services/a-s-2"},
		{"get(['$is_person', true])", "/services/a-s-2"},
		{"get([{socket_type: 'g', is_person: null}])", "/services/a-s-1"},
		{`get(['{"$service":"b"}', false])`, "/services/b-s-1"},
		{"get(['$socket_type:none'])", ""},
	} {
		b.prints(keys+"keys("+tc.call+"); keys("+tc.call+".ToArray())", tc.want, tc.want)
	}
	b.fails(keys+"get(['socket_type'])", "wrong filter at position 0")
	b.fails(keys+"get([{a: 1.5, b: {}}])", "wrong filter at position")
	b.fails(keys+"get([5])", "A filter is a text, an object or null, not integer")
	b.fails(keys+"get([[1]])", "A filter is a text, an object or null, not an array")
	b.fails(keys+"get([asm])", "A filter is a text, an object or null, not object")
}

// farNodes are sockets of which some are elsewhere.
type farNodes struct {
	hostapi.Sockets
	allNodes bool
	state    string
}

func (s *farNodes) Select(ctx context.Context, f hub.Filter, allNodes bool) ([]hub.Ref, []string, error) {
	s.allNodes = allNodes
	refs, _, err := s.Sockets.Select(ctx, f, allNodes)
	return append(refs, hub.Ref{Key: "/services/far-s-1"}), []string{"n2", "n3"}, err
}

func (s *farNodes) Info(context.Context, hub.Ref) (hub.Info, bool, error) {
	return hub.Info{State: s.state}, true, nil
}

func TestSocketsOfOtherNodes(t *testing.T) {
	b := newBench(t)
	far := &farNodes{Sockets: b.sockets, state: hub.StateDetached}
	b.sockets = far
	const missing = "GetWebSockets: no answer from n2, n3; the sockets there are left out"
	b.prints(asm+`s = asm.CallClassStaticMethod(ctx, 'GetWebSockets')[0]; alert(s.Key + ' ' + s.Value.State + ' ' + s.Value.Tags.length); s.Value.Abort()`,
		missing, "/services/far-s-1 Detached 0")
	if !far.allNodes || b.errors != 1 {
		t.Errorf("all nodes %v, %d error lines", far.allNodes, b.errors)
	}
	b.prints(asm+`asm.CallClassStaticMethod(ctx, 'GetWebSockets', [null, false])`, missing)
	if far.allNodes {
		t.Error("force_remote false asked other nodes")
	}
}

func TestCollections(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.open(fmt.Sprintf("/services/a-s-%d", i), nil)
	}
	const get = asm + "list = asm.CallClassStaticMethod(ctx, 'GetWebSockets');\n"
	b.prints(get+`alert(list.length + ' ' + list.Count + ' ' + ArrayCount(list) + ' ' + IsArray(list) + ' ' + ObjectType(list))`, "3 3 3 true BmObject")
	b.prints(get+`a = list.ToArray(); alert(a.length + ' ' + IsArray(a) + ' ' + ObjectType(a)); a.push(1); alert(a.length + ' ' + list.length)`, "3 true JsArray", "4 3")
	b.prints(get+`n = 0; for (s in list) if (list[n++].Key == s.Key) alert('same')`, "same", "same", "same")
	b.prints(get+`n = 0; for (s in list) { n++; if (n == 2) break }; alert(n)`, "2")
	b.prints(get+`alert(ArrayOptFind(list, "StrEnds(This.Key, '-s-2')").Key)`, "/services/a-s-2")
	b.prints(get+`for (s in list) { alert(s.Value == s.Value); break }`, "true")
	b.fails(get+"list[3]", "")
	b.fails(get+"list.push(1)", "Unknown method: push()")
	b.fails(get+"list[0].Name", "Unknown object property: Name")
	b.fails(get+"list[0].Key = 'x'", "read only")
}

func TestWrite(t *testing.T) {
	b := newBench(t)
	one, two := b.open("/services/a-s-1", nil), b.open("/services/a-s-2", nil)
	const write = asm + `
		function write(key, text, json) { asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', [key, text, json]) }
		function all(keys, text, json) { asm.CallClassStaticMethod(ctx, 'WriteToWebSocketsMessageQueueArray', [keys, text, json]) }
	`
	b.prints(write + `write('/services/a-s-1', 'Привет', false); write('/services/a-s-1', 7177256154427237596, false); write('/services/a-s-1', null, false)`)
	if got := one.frames(); !slices.Equal(got, []string{"Привет", "7177256154427237596", ""}) {
		t.Errorf("frames %q", got)
	}
	b.prints(write + `all(['/services/a-s-1', '/services/a-s-2', '/services/none-s-1', 'nonsense'], '{"a":1}', true)`)
	if got := two.frames(); !slices.Equal(got, []string{`[{"a":1}]`}) {
		t.Errorf("frames %q", got)
	}
	if got := one.frames(); !slices.Equal(got, []string{`{"a":1}`}) {
		t.Errorf("frames of a socket in text mode %q", got)
	}
	b.prints(write + `write('/services/none-s-1', 'x', true); write('nonsense', 'x', true); write('', 'x', true); all([], 'x', true)`)
	b.fails(write+`write(null, 'x', true)`, "socketId must be text, not null")
	b.fails(write+`write(undefined, 'x', true)`, "socketId must be text, not undefined")
	b.fails(write+`write({}, 'x', true)`, "socketId must be text, not object")
	b.fails(write+`write(5, 'x', true)`, "socketId must be text, not integer")
	b.fails(write+`all('/services/a-s-1', 'x', true)`, "socketIds must be an array, not string")
	b.fails(write+`all([null], 'x', true)`, "Each of socketIds must be text, not null")
}

// sendSpy notes the messages sent.
type sendSpy struct {
	hostapi.Sockets
	sent []*hub.Message
}

func (s *sendSpy) Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (int, error) {
	s.sent = append(s.sent, m)
	return s.Sockets.Send(ctx, key, m, mode)
}

func TestOneTextIsOneMessage(t *testing.T) {
	b := newBench(t)
	b.open("/services/a-s-1", nil)
	spy := &sendSpy{Sockets: b.sockets}
	b.sockets = spy
	b.prints(asm + `for (i = 0; i < 6; i++) asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/a-s-1', i < 3 ? 'same' : 'other', false])`)
	if m := spy.sent; len(m) != 6 || m[0] != m[2] || m[3] != m[5] || m[0] == m[3] {
		t.Errorf("messages %v", m)
	}
}

// TestAConflateKeySaysWhatAMessageIsAbout: a full queue keeps the last message about each thing, and
// announces what it dropped.
func TestAConflateKeySaysWhatAMessageIsAbout(t *testing.T) {
	b := newBench(t)
	b.hub = hub.New(hub.Config{Profile: hub.Profile124, MaxMessages: 3, Overflow: hub.OverflowConflate})
	b.sockets = cluster.New(b.hub)
	one, two := b.open("/services/a-s-1", nil), b.open("/services/a-s-2", nil)
	const write = asm + `
		function write(text, key) { asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/a-s-1', text, true, key]) }
		function all(text, key) { asm.CallClassStaticMethod(ctx, 'WriteToWebSocketsMessageQueueArray', [['/services/a-s-2'], text, true, key]) }
	`
	b.prints(write + `write('1', 'price'); write('"same"'); write('"same"', 7); write('2', 'price'); write('"same"', '7'); write('3', 'price')`)
	if got := one.frames(); !slices.Equal(got, []string{`[{"socket_action":"gap","socket_type":"","uid":"","missed":3,"reason":"overflow"},"same","same",3]`}) {
		t.Errorf("frames %q", got)
	}
	b.prints(write + `all('1', true); all('2', null); all('3', ''); all('4', 'true')`)
	if got := two.frames(); !slices.Equal(got, []string{`[{"socket_action":"gap","socket_type":"","uid":"","missed":1,"reason":"overflow"},2,3,4]`}) {
		t.Errorf("frames %q", got)
	}
	b.prints(write + `write('x', undefined); k = ''; for (i = 0; i < 256; i++) k += 'я'; write('x', k); all('x', k)`)
	b.fails(write+`k = ''; for (i = 0; i < 257; i++) k += 'k'; write('x', k)`, "conflate_key has 257 characters; at most 256 are possible")
	b.fails(write+`write('x', {})`, "conflate_key must be text, not object")
	b.fails(write+`all('x', ['price'])`, "conflate_key must be text, not an array")
}

// breaking is where the connection of a socket breaks as soon as a script has its object.
type breaking struct {
	hostapi.Sockets
	conn *hub.Conn
}

func (s *breaking) Local(key string) (hub.Ref, bool) {
	ref, ok := s.Sockets.Local(key)
	s.conn.Ended(hub.Reason{Code: hub.CodeLost}) // only the first call has an effect
	return ref, ok
}

// TestDetachedSockets: lists leave them out unless the filter names them; whoever knows one by its key or
// has its object goes on.
func TestDetachedSockets(t *testing.T) {
	b := newBench(t)
	b.hub = hub.New(hub.Config{Profile: hub.Profile124, ResumeWindow: time.Hour})
	b.sockets = cluster.New(b.hub)
	one := b.open("/services/a-s-1", map[string]string{"role": "host"})
	b.open("/services/a-s-2", map[string]string{"role": "host"})
	b.sockets = &breaking{b.sockets, one.conn}
	const list = asm + `
		function keys(filter) { return ArrayMerge(asm.CallClassStaticMethod(ctx, 'GetWebSockets', [filter]), 'This.Key', ' ') }
		s = asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket', ['/services/a-s-1']);
	`
	b.prints(list+`alert(s.State + ' ' + s.GetTag('role')); CallObjectMethod(s, 'AddOrUpdateTag', ['room', 5]); alert(s.GetTag('room'))`, "Detached host", "5")
	b.prints(list+`alert(keys('')); alert(keys('$role:host')); alert(keys({$state: 'detached'})); alert(keys('{"$state":["open","detached"],"$user":"17"}').length)`,
		"/services/a-s-2", "/services/a-s-2", "/services/a-s-1", "31")
	b.prints(list + `asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/a-s-1', '"while away"', true])`)
	conn, err := b.hub.Open(hub.OpenRequest{Key: one.Key(), Service: "a", StatefulID: "1", User: hub.User{ID: "17"}, Waker: noWaker{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := (client{conn.Socket(), conn}).frames(); !slices.Equal(got, []string{`["while away"]`}) {
		t.Errorf("frames after the resume: %q", got)
	}
	b.prints(list+`alert(s.State + ' ' + s.GetTag('room')); CallObjectMethod(s, 'Abort', []); alert(s.State); alert(keys(''))`, "Open 5", "Closed", "/services/a-s-2")
}

func TestClosedAndFullSocketsAreNoError(t *testing.T) {
	b := newBench(t)
	b.hub = hub.New(hub.Config{MaxMessages: 1, Grace: time.Hour})
	b.sockets = cluster.New(b.hub)
	c := b.open("/services/a-s-1", nil)
	const write = asm + `for (i = 0; i < 3; i++) asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/a-s-1', 'x', false])`
	b.prints(write)
	c.Abort()
	b.prints(write)
}

func TestSocketObject(t *testing.T) {
	b := newBench(t)
	c := b.open("/services/a-s-1", map[string]string{"b": "2", "a": "1"})
	const socket = asm + "s = asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket', ['/services/a-s-1']);\n" +
		"function tags() { return ArrayMerge(s.Tags, \"This.Key + '=' + This.Value\", ' ') }\n"
	b.prints(socket+`alert(s.State + ' ' + ObjectType(s) + ' ' + tags()); alert(s.Tags.length + ' ' + s.Tags.Count + ' ' + s.Tags[1].Key + ' ' + s.Tags.ToArray().length)`, "Open BmObject a=1 b=2", "2 2 b 2")
	b.prints(socket+`t = s.Tags; s.AddOrUpdateTag('c', 3); s.AddOrUpdateTag('a', 'x'); alert(tags()); alert(t.length)`, "a=x b=2 c=3", "2")
	b.prints(socket+`alert(s.GetTag('c')); alert(s.GetTag('none') == null); alert(s.RemoveTag('c')); alert(s.RemoveTag('c'))`, "3", "true", "true", "false")
	b.prints(socket+`s.SetTagsFromJson('{"n": 7177256154427237596, "f": 1.50, "t": true, "o": {"x": [1, 2]}, "z": "я"}'); alert(tags())`,
		`f=1.50 n=7177256154427237596 o={"x":[1,2]} t=true z=я`)
	b.prints(socket+`CallObjectMethod(s, 'AddOrUpdateTag', ['via', 'call']); alert(s.GetTag('via'))`, "call")
	b.prints(asm+`alert(asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket', ['none']) == null)`, "true")

	b.fails(socket+`s.SetTagsFromJson({})`, "SetTagsFromJson takes JSON text, not object: use EncodeJson")
	b.fails(socket+`s.SetTagsFromJson('[1]')`, "tags must be a JSON object")
	b.fails(socket+`s.SetTagsFromJson('{')`, "tags must be a JSON object")
	b.fails(socket+`s.AddOrUpdateTag('', 'x')`, "tag limit")
	b.fails(socket+`s.AddOrUpdateTag('x')`, "Wrong number of arguments")
	b.fails(socket+`s.AddOrUpdateTag(null, 'x')`, "The name of a tag must be text, not null")
	b.fails(socket+`s.GetTag(5)`, "The name of a tag must be text, not integer")
	b.fails(socket+`s.Send('x')`, "Unknown method: Send()")
	b.fails(socket+`s.Tags = 5`, "read only")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket', [null])`, "socketId must be text, not null")

	b.prints(socket+`CallObjectMethod(s, 'Abort', []); s.Abort(); alert(s.State); s.AddOrUpdateTag('late', 'x'); alert(s.RemoveTag('via')); s.SetTagsFromJson('{"a":1}')`, "Closed", "false")
	if c.State() != hub.StateGone || b.hub.Len() != 0 {
		t.Errorf("state %s, %d sockets", c.State(), b.hub.Len())
	}
}

func TestEmptyTags(t *testing.T) {
	for _, tc := range []struct {
		profile hub.Profile
		want    int
	}{{hub.Profile122, 0}, {hub.Profile124, 1}, {hub.Native, 0}} {
		b := newBench(t)
		b.settings.Profile = tc.profile
		c := b.open("/services/a-s-1", map[string]string{"a": "1"})
		b.prints(asm + `asm.CallClassStaticMethod(ctx, 'GetLocalWebSocket', ['/services/a-s-1']).SetTagsFromJson('{}')`)
		if got := c.Tags().Len(); got != tc.want {
			t.Errorf("%s: %d tags after {}, want %d", tc.profile, got, tc.want)
		}
	}
}

// fakeData keeps user data as text and notes what it is asked.
type fakeData struct {
	values map[string]string
	calls  []string
	err    error

	revision uint64
	faster   int // how many writes of others come before the next of Replace
}

func (d *fakeData) note(format string, args ...any) {
	d.calls = append(d.calls, fmt.Sprintf(format, args...))
}

func (d *fakeData) Get(_ context.Context, key string) (json.RawMessage, bool, error) {
	text, ok := d.values[key]
	return json.RawMessage(text), ok, d.err
}

func (d *fakeData) GetRevision(_ context.Context, key string) (json.RawMessage, uint64, bool, error) {
	text, ok := d.values[key]
	return json.RawMessage(text), d.revision, ok, d.err
}

func (d *fakeData) Replace(_ context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error) {
	d.note("replace %s %d %s %v", key, revision, value, ttl)
	if d.faster > 0 { // somebody else
		d.faster--
		d.revision++
		d.values[key] = fmt.Sprint(d.revision * 10)
		return false, d.err
	}
	d.values[key] = string(value)
	return true, d.err
}

func (d *fakeData) Set(_ context.Context, key string, value json.RawMessage, ttl time.Duration) error {
	d.note("set %s %s %v", key, value, ttl)
	d.values[key] = string(value)
	return d.err
}

func (d *fakeData) Delete(_ context.Context, key string) (bool, error) {
	_, ok := d.values[key]
	delete(d.values, key)
	return ok, d.err
}

func (d *fakeData) DeletePrefix(_ context.Context, prefix string) (int, error) {
	d.note("delete %s*", prefix)
	return 3, d.err
}

func (d *fakeData) Join(_ context.Context, key, person, socket string, opened time.Time, ttl time.Duration) error {
	d.note("join %s %s %s%s %v", key, person, socket, known(opened), ttl)
	return d.err
}

func (d *fakeData) Leave(_ context.Context, key, socket string, opened time.Time) (int, error) {
	d.note("leave %q %s%s", key, socket, known(opened))
	return 2, d.err
}

func known(opened time.Time) string {
	if opened.IsZero() {
		return ""
	}
	return " of " + opened.UTC().Format(time.RFC3339Nano)
}

// TestRecipientsOfTheOwnSocket: a service means its own socket by its key, not one that has the key later.
func TestRecipientsOfTheOwnSocket(t *testing.T) {
	b := newBench(t)
	c := b.open("/services/a-s-1", nil)
	env := b.env()
	env.Hook, env.Socket = hostapi.HookClose, hub.Ref{Key: c.Key(), Local: c.Socket}
	if _, err := b.exec(env, `
		for (key in ['/services/a-s-1', '/services/a-s-2']) {
			tools_web.join_recipients('g_recipients', 5, key);
			tools_web.leave_recipients(null, key);
		}`); err != nil {
		t.Fatal(err)
	}
	own := known(c.OpenedAt())
	want := []string{"join g_recipients 5 /services/a-s-1" + own + " 0s", `leave "" /services/a-s-1` + own,
		"join g_recipients 5 /services/a-s-2 0s", `leave "" /services/a-s-2`}
	if !slices.Equal(b.data.calls, want) {
		t.Errorf("calls %q\nwant %q", b.data.calls, want)
	}
}

// TestChangeUserData: the function is called again with what others have stored.
func TestChangeUserData(t *testing.T) {
	b := newBench(t)
	b.prints(`alert(tools_web.change_user_data('n', function (v) { return v == null ? 1 : v + 1 }))`, "1")
	b.data.faster = 2
	b.prints(`n = 0; alert(tools_web.change_user_data('n', function (v) { n += 1; return v + 1 }, 60)); alert(n)`, "21", "3")
	b.prints(`alert(tools_web.change_user_data('n', function (v) { }) == undefined); alert(tools_web.get_user_data('n'))`, "true", "21")
	want := []string{"replace n 0 1 0s", "replace n 0 2 1m0s", "replace n 1 11 1m0s", "replace n 2 21 1m0s"}
	if !slices.Equal(b.data.calls, want) {
		t.Errorf("calls %q\nwant %q", b.data.calls, want)
	}
	b.fails(`tools_web.change_user_data('n', 5)`, "What changes user data is a function")
	b.fails(`tools_web.change_user_data('n', function (v) { throw 'no' })`, "no")
	b.fails(`tools_web.change_user_data('a_recipients', function (v) { return v })`, "join_recipients")
	b.data.faster = 1 << 30
	b.data.err = errors.New("the disk is full")
	b.fails(`tools_web.change_user_data('n', function (v) { return 1 })`, `user data "n": the disk is full`)
}

func TestUserData(t *testing.T) {
	b := newBench(t)
	b.prints(`alert(tools_web.get_user_data('none') == null)`, "true")
	b.prints(`tools_web.set_user_data('k', { result: [7177256154427237596, 'я'] }, 86400); o = tools_web.get_user_data('k'); alert(o.result[0] == 7177256154427237596); o.result.push(1); alert(tools_web.get_user_data('k').result.length)`,
		"true", "2")
	b.prints(`tools_web.set_user_data(5, 'text'); alert(tools_web.get_user_data('5')); alert(tools_web.remove_user_data(5)); alert(tools_web.remove_user_data(5))`, "text", "true", "false")
	b.prints(`alert(tools_web.remove_user_data_by_prefix('list_'))`, "3")
	b.prints(`tools_web.join_recipients('g_recipients', 7177256154427237596, '/services/a-s-1', 86400); alert(tools_web.leave_recipients('g_recipients', 'x') + tools_web.leave_recipients(null, 'y'))`, "4")
	want := []string{`set k {"result":[7177256154427237596,"я"]} 24h0m0s`, `set 5 "text" 0s`, "delete list_*",
		"join g_recipients 7177256154427237596 /services/a-s-1 24h0m0s", `leave "g_recipients" x`, `leave "" y`}
	if !slices.Equal(b.data.calls, want) {
		t.Errorf("calls %q\nwant %q", b.data.calls, want)
	}

	b.fails(`tools_web.get_user_data(null)`, "The key of user data must be text, not null")
	b.fails(`tools_web.get_user_data()`, "Wrong number of arguments")
	b.fails(`tools_web.set_user_data({}, 1)`, "The key of user data must be text, not object")
	b.fails(`tools_web.set_user_data('k', 1, 'soon')`, "A time to live is a number of seconds, not soon")
	b.fails(`tools_web.set_user_data('k', 1, -1)`, "A time to live is a number of seconds, not -1")
	b.fails(`o = {}; o.o = o; tools_web.set_user_data('k', o)`, "")
	b.fails(`tools_web.remove_user_data_by_prefix('')`, "The prefix of user data is empty")
	b.fails(`tools_web.leave_recipients('', 'x')`, "null means every list")
	b.fails(`tools_web.join_recipients('k', null, 'x')`, "person_id must be text")
	b.data.err = errors.New("the disk is full")
	b.fails(`tools_web.set_user_data('k', 1)`, `user data "k": the disk is full`)
	b.fails(`tools_web.leave_recipients(null, 'x')`, "user data: the disk is full")
}

func TestIsTrue(t *testing.T) {
	b := newBench(t)
	b.prints(`for (v in [true, 1, '1', 'true', 1.0, ' 1 ', 'True', false, 0, '0', 'yes', null, undefined, {}, 2]) if (!tools_web.is_true(v)) alert(EncodeJson(v))`,
		"false", "0", `"0"`, `"yes"`, "null", "null", "{}", "2")
}

// All options of reg_exp_init are on at first (spec/basescript.md 3.2).
func TestRegExpInit(t *testing.T) {
	b := newBench(t)
	b.prints(`re = tools_web.reg_exp_init(); alert(re.Global); alert(re.IgnoreCase); alert(re.MultiLine);
		re.Pattern = '^(я)(x)?'; alert(re.Execute('Я\nяx').Count); alert(re.Replace('Я\nя', '[$1]')); re.Global = false; alert(re.Execute('Я\nя').Count); alert(re.Test('ю'))`,
		"true", "true", "true", "2", "[Я]\n[я]", "1", "false")
}

func TestAgentNames(t *testing.T) {
	b := newBench(t)
	env := b.env()
	env.Params = map[string]string{"b": "2", "a": "1"}
	got, err := b.exec(env, `
		for (name in Param) alert(name + '=' + Param.GetOptProperty(name));
		Param.x = 1; alert(Param.x);
		alert(DataType(OBJECT_ID) + ' [' + OBJECTS_ID_STR + ']');
		alert(DataType(curUserID) + ' ' + (curUserID == 6148914691236517121) + ' ' + (LdsCurUserID == curUserID));
		alert(curUser.fullname + ' ' + curUser.login + ' ' + curUser.email + ' ' + (curUser.id == curUserID));
		alert(AppConfig.GetOptProperty('DOTNETCORE-XHTTP') == '1');
		try { Request } catch (e) { alert(e.message) }
		try { Session } catch (e) { alert(e.message) }
		try { message } catch (e) { alert(e.message) }
		try { context } catch (e) { alert(e.message) }`)
	want := []string{"a=1", "b=2", "1", "undefined []", "integer true true", "Иван Петров user1 i@example.com true", "true",
		"Request not defined", "Session not defined", "message not defined", "context not defined"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("wrote %q, error %v\nwant %q", got, err, want)
	}
	env.User = hub.User{ID: "anna"}
	if got, err := b.exec(env, "alert(DataType(curUserID) + ' ' + curUserID)"); err != nil || got[0] != "string anna" {
		t.Errorf("wrote %q, error %v", got, err)
	}
}

func TestServiceNames(t *testing.T) {
	b := newBench(t)
	env := b.env()
	env.Hook, env.Message = hostapi.HookProcess, "hi"
	c := b.open("/services/a-s-1", nil)
	env.Socket = hub.Ref{Key: c.Key(), Local: c.Socket}
	env.Handshake = &hub.Handshake{
		Method: "GET", URL: "/services/a?X-StatefulSocketId=id:1%3A%3Ag&x=1&x=2&bad=%zz&empty", Host: "example.com:8080", RemoteAddr: "[::1]:5000",
		Header: "Accept: a\r\nAccept: b\r\nUser-Agent: me: you\r\n",
	}
	got, err := b.exec(env, `
		alert(ObjectType(Request) + ' ' + Request.Method + ' ' + Request.UrlHost + ' ' + Request.UrlPath + ' ' + Request.RemoteIP);
		alert(Request.Url);
		alert(Request.UrlParam == Request.QueryString);
		alert(EncodeJson(Request.Query));
		alert(EncodeJson(Request.Header));
		alert(Request.AuthLogin + ' ' + (Request.AuthUserID == curUserID));
		alert(Request.Session == Session && Request == Request);
		alert(DataType(Session.Env.curUserID) + ' ' + Session.Env.curUser.fullname + ' ' + Session.cur_user_login + ' ' + (Session.cur_user_id == curUserID));
		alert(Session.Env.GetOptProperty('curLngID', 'none') + ' ' + message + ' ' + DataType(Session.sid) + ' ' + Session.cur_useragent + ' ' + Session.auth_type);
		try { Param } catch (e) { alert(e.message) }
		try { OBJECT_ID } catch (e) { alert(e.message) }
		try { OBJECTS_ID_STR } catch (e) { alert(e.message) }
		try { Request.RequestMethod } catch (e) { alert(e.message) }`)
	want := []string{
		"DxTrans GET example.com:8080 /services/a ::1",
		"http://example.com:8080/services/a?X-StatefulSocketId=id:1%3A%3Ag&x=1&x=2&bad=%zz&empty",
		"true",
		`{"X-StatefulSocketId":"id:1::g","x":"1","bad":"%zz","empty":""}`,
		`{"Accept":"a, b","User-Agent":"me: you"}`,
		"user1 true", "true",
		"integer Иван Петров user1 true",
		"ru hi integer me: you form",
		"Param not defined", "OBJECT_ID not defined", "OBJECTS_ID_STR not defined",
		"Unknown object property: RequestMethod",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("wrote %q, error %v\nwant %q", got, err, want)
	}

	env = b.env()
	env.Hook, env.Handshake = hostapi.HookOpen, &hub.Handshake{URL: "/a%zz", Host: "h", RemoteAddr: "pipe"}
	got, err = b.exec(env, "alert(Request.UrlPath + ' ' + Request.RemoteIP); try { message } catch (e) { alert(e.message) }")
	if err != nil || !slices.Equal(got, []string{"/a%zz pipe", "message not defined"}) {
		t.Errorf("wrote %q, error %v", got, err)
	}
}

func TestSettings(t *testing.T) {
	b := newBench(t)
	for profile, name := range map[hub.Profile]string{hub.Profile122: "1.22", hub.Profile124: "1.24", hub.Native: "native"} {
		b.settings.Profile = profile
		b.prints("alert(tutorsocket.profile)", name)
	}
	b.prints("alert(tutorsocket.silent_errors || tutorsocket.client_tags_win)", "false")
	b.settings.SilentErrors, b.settings.ClientTagsWin = true, true
	b.prints("alert(tutorsocket.silent_errors && tutorsocket.client_tags_win)", "true")

	const ask = "alert(tutorsocket.method_refusal('libX', 'f')); alert(tutorsocket.method_refusal('libX', 'g'))"
	b.prints(ask, "call_method may not call libX.f", "call_method may not call libX.g")
	b.marked = true
	b.prints(ask, "", "call_method may not call libX.g")
	b.marked = false
	for _, all := range []hostapi.Settings{{CallAny: true}, {MayCall: func(string, string) bool { return true }}} {
		b.settings.CallAny, b.settings.MayCall = all.CallAny, all.MayCall
		b.prints(ask, "", "There is no method g in a library libX")
	}
}

// renewer is a server that knows one token.
type renewer struct{ renewed []string }

func (r *renewer) Renew(_ context.Context, key, token string) error {
	switch token {
	case "good":
		r.renewed = append(r.renewed, key)
		return nil
	case "later":
		return errors.New("the keys cannot be fetched")
	}
	return fmt.Errorf("renew: %w", hostapi.TokenError("the token has expired"))
}

func TestRenewToken(t *testing.T) {
	b := newBench(t)
	tokens := &renewer{}
	env := func() *hostapi.Env {
		e := b.service()
		e.Socket, e.Renewer = hub.Ref{Key: "/services/a-s-1"}, tokens
		return e
	}
	got, err := b.exec(env(), `
		alert('[' + tools_web.renew_token('good') + ']'); alert('[' + tools_web.renew_token('bad') + ']');
		try { tools_web.renew_token('later') } catch (e) { alert(e.message) }
		try { tools_web.renew_token({}) } catch (e) { alert(e.message) }`)
	want := []string{"[]", "[the token has expired]", "tools_web.renew_token: the keys cannot be fetched", "A token must be text, not object"}
	if err != nil || !slices.Equal(got, want) || !slices.Equal(tokens.renewed, []string{"/services/a-s-1"}) {
		t.Errorf("wrote %q, error %v; renewed %q", got, err, tokens.renewed)
	}
	without := env()
	without.Renewer = nil
	if got, err := b.exec(without, "alert(tools_web.renew_token('good'))"); err != nil || got[0] != "this server takes no tokens" {
		t.Errorf("without tokens: %q, error %v", got, err)
	}
	closing := env()
	closing.Hook = hostapi.HookClose
	for _, e := range []*hostapi.Env{closing, b.env()} {
		if _, err := b.exec(e, "tools_web.renew_token('good')"); err == nil || !strings.Contains(err.Error(), "there is no open socket here") {
			t.Errorf("without a socket: %v", err)
		}
	}
}

func TestManySocketsAreStreamed(t *testing.T) {
	b := newBench(t)
	const n = 20_000
	for i := range n {
		b.open(fmt.Sprintf("/services/a-s-%d", i), nil)
	}
	program, err := basescript.Compile("x-local://test.js", asm+`
		n = 0;
		for (s in asm.CallClassStaticMethod(ctx, 'GetWebSockets')) n += s.Key.length > 0 ? 1 : 0;
		return n`, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: b.env(), Limits: basescript.Limits{Bytes: 1 << 20}})
	defer r.Close()
	v, err := r.Exec(program)
	if err != nil || v.Int() != n {
		t.Errorf("counted %s within 1 MiB, error %v", v.Text(), err)
	}
}

var update = flag.Bool("update", false, "rewrite golden files")

// The names scripts see are a promise: a new one, or one that goes, shows in the golden file.
func TestNamesGolden(t *testing.T) {
	var out strings.Builder
	for _, name := range hostapi.Globals().Names() {
		g := hostapi.Globals().Lookup(name)
		if !hostName(name) || g.Origin == basescript.Refused {
			continue
		}
		if g.Doc == "" && (g.Func == nil || g.Func.Doc == "") {
			t.Errorf("%s has no documentation", name)
		}
		sig := g.Sig
		if g.Func != nil {
			sig = g.Func.Sig
		}
		fmt.Fprintf(&out, "%s %s\n", name, sig)
		if g.Static != nil {
			describe(t, &out, name, g.Static)
		}
	}
	for _, c := range hostapi.Classes() {
		fmt.Fprintf(&out, "class %s (%s)\n", c.Name, c.Class.Name)
		describe(t, &out, c.Name, c.Class)
	}
	for _, f := range hostapi.WebSocketContext() {
		fmt.Fprintf(&out, "Datex.XHTTP.WebSocketContext.%s %s\n", f.Name, f.Sig)
		if f.Doc == "" || f.Sig == "" {
			t.Errorf("%s has no documentation", f.Name)
		}
	}
	golden(t, "names.golden", out.String())
}

// Those that exist only to say that they do not work have a file of their own.
func TestRefusedNamesGolden(t *testing.T) {
	golden(t, "refused.golden", strings.Join(hostapi.RefusedNames(), "\n")+"\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("the names differ from %s (%v); -update rewrites it:\n%s", file, err, got)
	}
}

var languageNames = basescript.NewGlobals()

func hostName(name string) bool { return languageNames.Lookup(name) == nil }

func describe(t *testing.T, out *strings.Builder, name string, c *basescript.Class) {
	for _, p := range c.Props {
		if p.Origin == basescript.Refused {
			continue
		}
		fmt.Fprintf(out, "  %s.%s %s\n", name, p.Name, p.Sig)
		if p.Doc == "" || p.Sig == "" {
			t.Errorf("%s.%s has no documentation", name, p.Name)
		}
	}
	for _, m := range c.Methods {
		if m.Origin == basescript.Refused {
			continue
		}
		fmt.Fprintf(out, "  %s.%s%s\n", name, m.Name, m.Sig)
		if m.Doc == "" || m.Sig == "" {
			t.Errorf("%s.%s has no documentation", name, m.Name)
		}
	}
}
