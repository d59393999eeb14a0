package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// answering is a service that answers every message with a text.
func answering(text string) string {
	return "function process( context )\n{\n\ttools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ context.WebSocketCurrentId, '" + text + "', false ] );\n}\n"
}

const echoPath = "/api/v1/services/echo"

// versionsOf are the numbers and origins of a script's history, the newest first, * at the one in force.
func versionsOf(t *testing.T, s *servertest.Server, kind api.ScriptKind, name string) string {
	t.Helper()
	list, err := s.API.Versions(t.Context(), kind, name, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, v := range list.Items {
		mark := ""
		if v.Current {
			mark = "*"
		}
		shown = append(shown, strings.TrimSpace(fmt.Sprintf("%d%s %s %s", v.N, mark, v.By, v.Note)))
	}
	return strings.Join(shown, ", ")
}

// put writes a source that must be taken.
func put(t *testing.T, s *servertest.Server, kind api.ScriptKind, name, source, ifMatch string) api.SourceInfo {
	t.Helper()
	info, err := s.API.PutSource(t.Context(), kind, name, api.NewSource{Source: source, Note: "test"}, ifMatch)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestASourceThatIsPutIsInForceAtOnce(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"services/echo.js": answering("one")}))
	socket := s.Dial(t, "echo", "a")
	socket.Send(t, "x")
	socket.Expect(t, "one")
	for i := range 20 {
		text := fmt.Sprint("answer ", i)
		info := put(t, s, api.KindService, "echo", answering(text), "")
		if info.Version != i+2 || info.URL != "x-local://services/echo.js" {
			t.Errorf("put %d: %+v", i, info)
		}
		socket.Send(t, "x")
		socket.Expect(t, text)
	}
	// The function that gets the messages may go on purpose, and a file of its own folder keeps its mode.
	put(t, s, api.KindService, "echo", "function other()\n{\n}\n", "")
	socket.Send(t, "x")
	socket.ExpectQuiet(t)
}

func TestTheHistoryTellsWhoBroughtWhat(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"services/echo.js": answering("one"), "agents/a.js": "alert( 1 )"})
	data := filepath.Join(t.TempDir(), "data")
	s := servertest.Start(t, servertest.AppDir(dir), dataIn(data))
	socket := s.Dial(t, "echo", "a")
	servertest.WriteFile(t, filepath.Join(dir, "services/echo.js"), answering("two"))
	s.Log.Expect(t, "script reloaded")
	socket.Send(t, "x")
	socket.Expect(t, "two")
	put(t, s, api.KindService, "echo", answering("three"), "")
	if _, err := s.API.RestoreVersion(t.Context(), api.KindService, "echo", 1, ""); err != nil {
		t.Fatal(err)
	}
	socket.Send(t, "x")
	socket.Expect(t, "one")
	want := "4* admin restored from 1, 3 admin test, 2 file, 1 start"
	if got := versionsOf(t, s, api.KindService, "echo"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.Stop(t)

	servertest.WriteFile(t, filepath.Join(dir, "services/echo.js"), answering("five"))
	s = servertest.Start(t, servertest.AppDir(dir), dataIn(data))
	want = "5* start, " + strings.Replace(want, "*", "", 1)
	if got := versionsOf(t, s, api.KindService, "echo"); got != want {
		t.Errorf("after a restart\ngot  %s\nwant %s", got, want)
	}
	if got := versionsOf(t, s, api.KindAgent, "a"); got != "1* start" {
		t.Errorf("an agent that nobody touched: %s", got)
	}
	// A file that does not compile is no version; the one before stays in force.
	servertest.WriteFile(t, filepath.Join(dir, "services/echo.js"), "function (")
	s.Log.Expect(t, "script does not load")
	if got := versionsOf(t, s, api.KindService, "echo"); got != want {
		t.Errorf("with a broken file\ngot  %s\nwant %s", got, want)
	}
	source, err := s.API.Source(t.Context(), api.KindService, "echo")
	if err != nil || source.Source != "function (" || source.Problem == "" || source.Version != 0 {
		t.Errorf("the broken source: %+v, %v", source, err)
	}
}

// TestACallEndsOnTheVersionItBeganWith: it waits while its script is replaced.
func TestACallEndsOnTheVersionItBeganWith(t *testing.T) {
	waiting := func(text string) string {
		return strings.Replace(answering(text), "{\n", "{\n\talert( 'began' );\n\twhile ( message == 'wait' && tools_web.get_user_data( 'go' ) == undefined )\n\t\tSleep( 5 );\n", 1)
	}
	s := servertest.Start(t, servertest.App(map[string]string{"services/echo.js": waiting("old"), "agents/go.js": "tools_web.set_user_data( 'go', { yes: 1 }, 60 );"}))
	slow, quick := s.Dial(t, "echo", "slow"), s.Dial(t, "echo", "quick")
	slow.Send(t, "wait")
	s.Lines.Expect(t, "began")
	put(t, s, api.KindService, "echo", waiting("new"), "")
	quick.Send(t, "x")
	quick.Expect(t, "new")
	if outcome, err := s.API.RunAgent(t.Context(), "go", api.AgentRunRequest{}, func(api.Line) {}); err != nil || !outcome.OK {
		t.Fatal(outcome, err)
	}
	slow.Expect(t, "old")
	slow.Send(t, "x")
	slow.Expect(t, "new")
}

func TestOfWritesWithOneETagOneWins(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"libs/l.js": "x = 0;"}))
	source, err := s.API.Source(t.Context(), api.KindLibrary, "l")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	won, stale := make([]bool, 8), make([]bool, 8)
	for i := range won {
		wg.Go(func() {
			_, err := s.API.PutSource(t.Context(), api.KindLibrary, "l", api.NewSource{Source: fmt.Sprintf("x = %d;", i+1)}, source.ETag)
			var refusal *api.Refusal
			won[i], stale[i] = err == nil, errors.As(err, &refusal) && refusal.Status == http.StatusPreconditionFailed
		})
	}
	wg.Wait()
	count := func(list []bool) (n int) {
		for _, one := range list {
			if one {
				n++
			}
		}
		return n
	}
	if count(won) != 1 || count(stale) != 7 {
		t.Errorf("%d won, %d were stale", count(won), count(stale))
	}
	now, err := s.API.Source(t.Context(), api.KindLibrary, "l")
	if want := fmt.Sprintf("x = %d;", slices.Index(won, true)+1); err != nil || now.Source != want {
		t.Errorf("the source is %q, want %q", now.Source, want)
	}
}

// TestWhereScriptsAreWritten: each to where it is, new ones to the folder of their kind.
func TestWhereScriptsAreWritten(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{
		"source/api_ext.xml": `<api_ext><apis><api><libs><lib><path>x-local://source/rtk.xml</path></lib></libs></api></apis></api_ext>`,
		"source/rtk.xml":     `<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/services/rtk_ws_service"/>`,
		"source/rtk.js":      answering("one"),
	})
	if err := os.Chmod(filepath.Join(dir, "source/rtk.js"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, servertest.AppDir(dir))
	for _, c := range []struct {
		kind       api.ScriptKind
		name, file string
		status     int
	}{
		{api.KindService, "rtk_ws_service", "source/rtk.js", 200},
		{api.KindService, "main_ws_service", "wtv/wtv_main_ws_service.js", 200},
		{api.KindLibrary, "libMain", "wtv/libs/main_library.js", 200},
		{api.KindLibrary, "libNew", "libs/libNew.js", 201},
		{api.KindLibrary, "v2.bs", "libs/v2.bs", 201},
		{api.KindService, "новый", "services/новый.js", 201},
		{api.KindAgent, "a-b.c", "agents/a-b.c.js", 201},
	} {
		text := "function process( context )\n{\n}\n"
		path := map[api.ScriptKind]string{api.KindService: "services/", api.KindLibrary: "libraries/", api.KindAgent: "agents/"}[c.kind]
		resp, body := s.Ask(t, "PUT", "/api/v1/"+path+c.name+"/source", text, "Content-Type", "text/javascript; charset=utf-8")
		if resp.StatusCode != c.status || !strings.Contains(body, `"url":"x-local://`+c.file+`"`) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(c.file))); err != nil || string(got) != text {
			t.Errorf("%s has %q: %v", c.file, got, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "source/rtk.js")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v: %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", ".tutorsocket-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	s.Dial(t, "новый", "a").ExpectQuiet(t)
}

// TestSourceRequests asks one thing after another of a server of its own.
func TestSourceRequests(t *testing.T) {
	one := answering("one")
	script := []string{"Content-Type", "text/javascript"}
	with := func(headers ...string) []string { return append(slices.Clone(script), headers...) }
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               []string
	}{
		"source":                     {"GET", echoPath + "/source", "", nil, 200, []string{`{"name":"echo","kind":"service","url":"x-local://services/echo.js","etag":"\"`, `"version":1,"source":"function process`}},
		"source, unknown":            {"GET", "/api/v1/services/none/source", "", nil, 404, []string{`no service \"none\"`, `/api/v1/services lists`}},
		"source as text":             {"GET", echoPath + "/source", "", []string{"Accept", "text/plain"}, 200, []string{one}},
		"source, broken":             {"GET", "/api/v1/services/broken/source", "", nil, 200, []string{`"source":"function ("`, `"problem":"`}},
		"libraries":                  {"GET", "/api/v1/libraries", "", nil, 200, []string{`{"items":[{"name":"libMain","url":"x-local://wtv/libs/main_library.js"`}},
		"put JSON":                   {"PUT", echoPath + "/source", `{"source":"x = 1;","note":"why"}`, []string{"Content-Type", "application/json"}, 200, []string{`"version":2`}},
		"put, body is no JSON":       {"PUT", echoPath + "/source", `x = 1;`, []string{"Content-Type", "application/json"}, 400, []string{`text/javascript`}},
		"put, unknown field":         {"PUT", echoPath + "/source", `{"source":"","notes":""}`, []string{"Content-Type", "application/json"}, 422, []string{`body.notes`, `unexpected property`}},
		"put, no source":             {"PUT", echoPath + "/source", `{"note":""}`, []string{"Content-Type", "application/json"}, 422, []string{`required property source`}},
		"put, source is a number":    {"PUT", echoPath + "/source", `{"source":1}`, []string{"Content-Type", "application/json"}, 422, []string{`body.source`}},
		"put, long note":             {"PUT", echoPath + "/source", `{"source":"","note":"` + strings.Repeat("x", 201) + `"}`, []string{"Content-Type", "application/json"}, 422, []string{`body.note`}},
		"put, nothing":               {"PUT", echoPath + "/source", ``, script, 400, []string{`body is required`}},
		"put, a form":                {"PUT", echoPath + "/source", `x=1`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, nil},
		"put, other charset":         {"PUT", echoPath + "/source", `x=1`, []string{"Content-Type", "text/plain; charset=windows-1251"}, 415, []string{`UTF-8`}},
		"put, no UTF-8":              {"PUT", echoPath + "/source", "x = '\xcf\xf0';", script, 400, []string{`UTF-8`}},
		"put, does not compile":      {"PUT", echoPath + "/source", "x = 1;\nfunction (", script, 422, []string{`"location":"body"`, `"line":2,"column":`, `"caret":"function (`, `nothing was written`}},
		"put JSON, does not compile": {"PUT", echoPath + "/source", `{"source":"function ("}`, []string{"Content-Type", "application/json"}, 422, []string{`"location":"body.source"`}},
		"put, wrong agent tag":       {"PUT", "/api/v1/agents/a/source", "// @timeout soon\n", script, 422, []string{`@timeout`, `"line":1`}},
		"put, too large":             {"PUT", echoPath + "/source", strings.Repeat(";", 2<<20+1), script, 413, []string{`2048 KiB`}},
		"put, wrong name":            {"PUT", "/api/v1/services/a%2Fb/source", "x = 1;", script, 422, []string{`path.name`}},
		"put, name of a folder":      {"PUT", "/api/v1/services/%2E%2E/source", "x = 1;", script, 422, []string{`path.name`}},
		"put, name of keys":          {"PUT", "/api/v1/services/a-s-b/source", "x = 1;", script, 422, []string{`-s-`}},
		"put, folder in the way":     {"PUT", "/api/v1/agents/folder/source", "x = 1;", script, 409, []string{`folder.js is not an ordinary file`}},
		"put, a link":                {"PUT", "/api/v1/agents/link/source", "x = 1;", script, 409, []string{`symbolic link`}},
		"put, stale":                 {"PUT", echoPath + "/source", "x = 1;", with("If-Match", `"0"`), 412, []string{`its ETag is \"`, `GET ` + echoPath + `/source`}},
		"put, weak":                  {"PUT", echoPath + "/source", "x = 1;", with("If-Match", `W/"0"`), 412, nil},
		"put, any":                   {"PUT", echoPath + "/source", "x = 1;", with("If-Match", `*`), 200, nil},
		"put, to replace nothing":    {"PUT", "/api/v1/services/none/source", "x = 1;", with("If-Match", `*`), 412, []string{`no such script`}},
		"put, only new":              {"PUT", echoPath + "/source", "x = 1;", with("If-None-Match", `*`), 412, []string{`If-None-Match`}},
		"put, only new, is new":      {"PUT", "/api/v1/services/none/source", "x = 1;", with("If-None-Match", `*`), 201, []string{`"version":1`}},
		"put over a broken one":      {"PUT", "/api/v1/services/broken/source", "x = 1;", script, 200, []string{`"version":1`}},
		"versions":                   {"GET", echoPath + "/versions", "", nil, 200, []string{`{"items":[{"n":1,"at":"`, `"by":"start","note":"","bytes":`, `"current":true}],"next":"","missing":[]}`}},
		"versions, unknown":          {"GET", "/api/v1/agents/none/versions", "", nil, 404, []string{`no agent \"none\"`}},
		"versions, limit":            {"GET", echoPath + "/versions?limit=0", "", nil, 422, []string{`query.limit`}},
		"versions, cursor":           {"GET", echoPath + "/versions?after=x", "", nil, 400, []string{`query.after`}},
		"version":                    {"GET", echoPath + "/versions/1", "", nil, 200, []string{`"n":1`, `"source":"function process`}},
		"version, unknown":           {"GET", echoPath + "/versions/2", "", nil, 404, []string{`no such version`}},
		"version, no number":         {"GET", echoPath + "/versions/last", "", nil, 422, []string{`path.n`}},
		"version 0":                  {"GET", echoPath + "/versions/0", "", nil, 422, []string{`path.n`}},
		"diff with itself":           {"GET", echoPath + "/versions/1/diff", "", nil, 200, nil},
		"diff, unknown":              {"GET", echoPath + "/versions/1/diff?to=2", "", nil, 404, nil},
		"restore, unknown":           {"POST", echoPath + "/versions/2/restore", "", nil, 404, []string{`no such version`}},
		"restore, stale":             {"POST", echoPath + "/versions/1/restore", "", []string{"If-Match", `"0"`}, 412, nil},
		"restore what is there":      {"POST", echoPath + "/versions/1/restore", "", nil, 200, []string{`{"n":1,`, `"current":true`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := servertest.WriteFiles(t, map[string]string{"services/echo.js": one, "services/broken.js": "function (", "agents/folder.js/x": "", "outside.txt": ""})
			if err := os.Symlink("../outside.txt", filepath.Join(dir, "agents/link.js")); err != nil {
				t.Fatal(err)
			}
			s := servertest.Start(t, servertest.AppDir(dir))
			resp, body := s.Ask(t, c.method, c.path, c.body, c.headers...)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.status, body)
			}
			for _, part := range c.want {
				if !strings.Contains(body, part) {
					t.Errorf("the answer lacks %s\n%s", part, body)
				}
			}
			if left, _ := os.ReadFile(filepath.Join(dir, "outside.txt")); len(left) > 0 {
				t.Error("a link was followed")
			}
		})
	}
}

func TestASourceIsKnownByItsETag(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"services/echo.js": answering("one")}))
	resp, _ := s.Ask(t, "GET", echoPath+"/source", "")
	tag := resp.Header.Get("ETag")
	resp, body := s.Ask(t, "GET", echoPath+"/source", "", "If-None-Match", `"x", W/`+tag)
	if resp.StatusCode != 304 || body != "" || resp.Header.Get("ETag") != tag {
		t.Errorf("status %d, ETag %s, %q", resp.StatusCode, resp.Header.Get("ETag"), body)
	}
	info := put(t, s, api.KindService, "echo", answering("two"), tag)
	resp, body = s.Ask(t, "PUT", echoPath+"/source", "x = 1;", "Content-Type", "text/plain", "If-Match", tag)
	if resp.StatusCode != 412 || resp.Header.Get("ETag") != info.ETag || !strings.Contains(body, strings.ReplaceAll(info.ETag, `"`, `\"`)) {
		t.Errorf("status %d, ETag %s, %s", resp.StatusCode, resp.Header.Get("ETag"), body)
	}
	if resp, _ = s.Ask(t, "GET", echoPath+"/source", "", "If-None-Match", tag); resp.StatusCode != 200 || resp.Header.Get("ETag") != info.ETag {
		t.Errorf("status %d, ETag %s", resp.StatusCode, resp.Header.Get("ETag"))
	}
	text, err := s.API.DiffVersions(t.Context(), api.KindService, "echo", 1, 2)
	if err != nil || !strings.HasPrefix(text, "--- version 1\n+++ version 2\n@@") || !strings.Contains(text, "'one'") {
		t.Errorf("diff: %v\n%s", err, text)
	}
}

func TestAScriptThatIsGoneCanBeRestored(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"agents/a.js": "alert( 'back' )"})
	s := servertest.Start(t, servertest.AppDir(dir))
	if got := versionsOf(t, s, api.KindAgent, "a"); got != "1* start" {
		t.Fatal(got)
	}
	if err := os.Remove(filepath.Join(dir, "agents/a.js")); err != nil {
		t.Fatal(err)
	}
	s.Log.Expect(t, "script removed")
	if got := versionsOf(t, s, api.KindAgent, "a"); got != "1 start" {
		t.Errorf("the history of a script that is gone: %s", got)
	}
	if _, err := s.API.RestoreVersion(t.Context(), api.KindAgent, "a", 1, ""); err != nil {
		t.Fatal(err)
	}
	if outcome, err := s.API.RunAgent(t.Context(), "a", api.AgentRunRequest{}, func(api.Line) {}); err != nil || !outcome.OK {
		t.Error(outcome, err)
	}
	s.Lines.Expect(t, "back")
}

func TestAnAppFolderThatIsGoneIsSaid(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"services/echo.js": answering("one")})
	s := servertest.Start(t, servertest.AppDir(dir))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "PUT"} {
		resp, body := s.Ask(t, method, echoPath+"/source", "x = 1;", "Content-Type", "text/plain")
		if resp.StatusCode != 409 || !strings.Contains(body, "does not exist") {
			t.Errorf("%s: %d %s", method, resp.StatusCode, body)
		}
	}
}

func TestTheSampleAppCannotBeChanged(t *testing.T) {
	s := servertest.Start(t)
	resp, body := s.Ask(t, "PUT", "/api/v1/services/rtk_ws_service/source", "x = 1;", "Content-Type", "text/plain")
	if resp.StatusCode != 409 || !strings.Contains(body, "tutorsocket init") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if got := versionsOf(t, s, api.KindService, "rtk_ws_service"); got != "1* start" {
		t.Errorf("its history: %s", got)
	}
}

// TestAFolderThatLeadsOutIsNotWrittenTo: an app folder whose folder of agents is a link to elsewhere.
func TestAFolderThatLeadsOutIsNotWrittenTo(t *testing.T) {
	dir, outside := servertest.WriteFiles(t, map[string]string{"services/echo.js": answering("one")}), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "agents")); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, servertest.AppDir(dir))
	resp, body := s.Ask(t, "PUT", "/api/v1/agents/a/source", "x = 1;", "Content-Type", "text/plain")
	if resp.StatusCode != 409 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("written outside: %v, %v", left, err)
	}
}

// dataIn keeps the data in a folder that outlives the server.
func dataIn(dir string) servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Data = dir })
}
