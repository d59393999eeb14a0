package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// echo is an app whose service answers with what it was sent.
var echo = map[string]string{
	"services/echo.js": `
var WebSocketContext = tools.get_object_assembly('XHTTPMiddlewareStatic');
function process(context) {
	WebSocketContext.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
		[context.WebSocketCurrentId, 'one ' + context.WebSocketMessage, false]);
}`,
}

func dataDir(dir string) servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Data = dir })
}

func listenOn(address string) servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Listen = address })
}

func TestItAnswersWhetherItIsReady(t *testing.T) {
	s := servertest.Start(t)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		resp, body := s.Ask(t, "GET", path, "", "Authorization", "")
		if resp.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
	}
}

func TestAMessageGoesThroughTheServiceAndBack(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.Send(t, "привет")
	anna.Expect(t, "one привет")
	queued, err := s.API.Send(t.Context(), "/services/echo-s-anna", api.Message{Message: "from outside"})
	if err != nil || queued.QueueDepth < 1 { // what was just written may still count
		t.Errorf("queued %+v, error %v", queued, err)
	}
	anna.Expect(t, "from outside")
	list, err := s.API.Sockets(t.Context(), api.SocketQuery{})
	if err != nil || len(list.Items) != 1 || list.Items[0].UserID != "6148914691236517121" || list.Items[0].Node == "" {
		t.Errorf("sockets %+v, error %v", list, err)
	}
	bob := s.Dial(t, "echo", "", "42")
	bob.ExpectQuiet(t)
	list, err = s.API.Sockets(t.Context(), api.SocketQuery{Filter: `{"$user":"42"}`})
	if err != nil || len(list.Items) != 1 || list.Items[0].StatefulID != "" {
		t.Errorf("sockets %+v, error %v", list, err)
	}
	if resp, _ := s.Ask(t, "DELETE", "/api/v1/sockets/%2Fservices%2Fecho-s-anna", ""); resp.StatusCode != 204 {
		t.Errorf("abort gives %d", resp.StatusCode)
	}
	anna.ExpectLost(t)
	bob.Close(t)
}

func TestUnknownServicesAndPathsAreRefused(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	for _, path := range []string{"/services/none", "/services/", "/services//echo", "/services"} {
		_, err := s.TryDial(t, path)
		refused, ok := err.(*servertest.Refused)
		if !ok || refused.Status != 404 || !strings.Contains(refused.Body, `"status":404`) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/nothing", "/api/v2/sockets", "/client/nothing"} {
		if resp, body := s.Ask(t, "GET", path, ""); resp.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestStoppingClosesSocketsWith1012(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop(t)
	}()
	anna.ExpectClose(t, 1012)
	<-stopped
	if _, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
		t.Error("the port is still open")
	}
	s.Stop(t) // a second time does no harm
}

// TestStoppingEndsRunsAndStreams: whoever waits for a run hears how it ended, and
// a stream of log lines does not hold the server up.
func TestStoppingEndsRunsAndStreams(t *testing.T) {
	s := servertest.Start(t)
	outcome := make(chan api.Outcome, 1)
	go func() {
		o, err := s.API.Run(t.Context(), api.RunRequest{Source: "alert('begun'); while (true) {}"}, func(api.Line) {})
		if err != nil {
			t.Errorf("the run is told as %v", err)
		}
		outcome <- o
	}()
	streamed := make(chan error, 1)
	go func() {
		streamed <- s.API.Logs(t.Context(), api.LogQuery{Follow: true}, nil, func(api.Line) {})
	}()
	s.Lines.Expect(t, "begun")
	began := time.Now()
	s.Stop(t)
	if o := <-outcome; o.OK || o.Error == "" {
		t.Errorf("outcome %+v", o)
	}
	if err := <-streamed; err == nil {
		t.Error("the stream ended without a word")
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// TestUnusedConnectionsDoNotHoldUpStopping: clients open connections to have them at hand, and the server
// does not wait for requests on them, as the library would for five seconds. A busy machine may take that
// long once, hardly each time.
func TestUnusedConnectionsDoNotHoldUpStopping(t *testing.T) {
	var took []time.Duration
	for range 5 {
		took = append(took, stopWithUnusedConnection(t))
		if took[len(took)-1] < 4*time.Second {
			return
		}
	}
	t.Errorf("stopping took %v", took)
}

func stopWithUnusedConnection(t *testing.T) (took time.Duration) {
	t.Helper()
	s := servertest.Start(t)
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := s.API.Services(t.Context()); err != nil { // the server has accepted what came before
		t.Fatal(err)
	}
	began := time.Now()
	s.Stop(t)
	took = time.Since(began)
	_ = conn.SetReadDeadline(time.Now().Add(servertest.Patience))
	if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still open: %d, %v", n, err)
	}
	return took
}

// TestStoppingIsBounded: a script that does not end is ended.
func TestStoppingIsBounded(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/stubborn.js": "function close(context) { alert('closing'); while (true) {} }",
	}))
	anna := s.Dial(t, "stubborn", "") // with an id it would be kept for the next start
	anna.ExpectQuiet(t)
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if !strings.Contains(s.Lines.String(), "closing") {
		t.Error("the hook was not called")
	}
}

func TestAdminFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := servertest.Start(t, dataDir(dir))
	admin, err := server.ReadAdminFile(dir)
	if err != nil || admin.Server != s.URL() || admin.Token != s.Token() || s.Token() == "" {
		t.Errorf("it says %+v, error %v", admin, err)
	}
	info, err := os.Stat(server.AdminFile(dir))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, error %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf("the folder is not kept out of repositories: %q, %v", text, err)
	}
	s.Stop(t)
	if _, err := os.Stat(server.AdminFile(dir)); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestAdminFileOfAnotherServerStays(t *testing.T) {
	dir := t.TempDir()
	s := servertest.Start(t, dataDir(dir))
	text := `{"server":"http://127.0.0.1:1","token":"of another"}`
	servertest.WriteFile(t, server.AdminFile(dir), text)
	s.Stop(t)
	if now, err := os.ReadFile(server.AdminFile(dir)); err != nil || string(now) != text {
		t.Errorf("%s, %v", now, err)
	}
}

func TestAdminFileThatSaysNothing(t *testing.T) {
	for _, text := range []string{"", "{}", "no JSON", `{"server":"x"}`, `[]`} {
		dir := servertest.WriteFiles(t, map[string]string{"admin.json": text})
		if _, err := server.ReadAdminFile(dir); err == nil || !strings.Contains(err.Error(), "admin.json") {
			t.Errorf("%s gives %v", text, err)
		}
	}
}

// TestWhatKeepsItFromStarting names the causes a person can do something about.
// Nothing may be left behind by the attempt.
func TestWhatKeepsItFromStarting(t *testing.T) {
	running := servertest.Start(t)
	file := filepath.Join(servertest.WriteFiles(t, map[string]string{"file": ""}), "file")
	for name, c := range map[string]struct {
		option servertest.Option
		want   []string
	}{
		"port in use":           {listenOn(running.Addr().String()), []string{running.Addr().String() + " is in use", "--listen"}},
		"no such address":       {listenOn("192.0.2.1:0"), []string{"cannot listen on 192.0.2.1:0", "--listen"}},
		"data folder in use":    {dataDir(running.DataDir()), []string{"in use by another running server at " + running.URL(), "--data"}},
		"data folder is a file": {dataDir(file), []string{file + " is a file", "--data"}},
		"below a file":          {dataDir(filepath.Join(file, "x")), []string{"not a directory", "--data"}},
		"store is a file":       {dataDir(servertest.WriteFiles(t, map[string]string{"nats": ""})), []string{"nats is a file, where the folder of the store is to be", "choose another folder with --data"}},
		"store holds a file":    {dataDir(servertest.WriteFiles(t, map[string]string{"nats/jetstream": ""})), []string{"jetstream is a file", "choose another folder with --data"}},
		"store leads nowhere":   {dataDir(withStoreAt(t, file+"none")), []string{"the store", "cannot be opened", "choose another folder with --data"}},
		"store leads to a file": {dataDir(withStoreAt(t, filepath.Join(file, "x"))), []string{"the store", "not a directory", "choose another folder with --data"}},
		"lock is a folder":      {dataDir(servertest.WriteFiles(t, map[string]string{"lock/x": ""})), []string{"cannot be written", "--data"}},
		"address is a folder":   {dataDir(servertest.WriteFiles(t, map[string]string{"admin.json/x": ""})), []string{"admin.json is a folder, where the address", "choose another folder with --data"}},
		"no app folder":         {servertest.AppDir(file + "none"), []string{"does not exist", "--app"}},
		"app folder is a file":  {servertest.AppDir(file), []string{"is a file", "--app"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := servertest.TryStart(t, c.option)
			if err == nil {
				t.Fatal("it started")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), ".tmp") {
				t.Errorf("it speaks of a file nobody knows: %v", err)
			}
		})
	}
	if resp, _ := running.Ask(t, "GET", "/readyz", ""); resp.StatusCode != 200 {
		t.Error("the attempts disturbed the running server")
	}
}

// withStoreAt makes a data folder whose store is a link.
func withStoreAt(t *testing.T, target string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Symlink(target, filepath.Join(dir, "nats")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAFolderIsFreeAfterAFailedStart(t *testing.T) {
	dir := t.TempDir()
	running := servertest.Start(t)
	if _, err := servertest.TryStart(t, dataDir(dir), listenOn(running.Addr().String())); err == nil {
		t.Fatal("it started on a port in use")
	}
	servertest.Start(t, dataDir(dir))
}

func TestAnAddressThatCannotBeRead(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"admin.json/x": ""})
	_, err := server.ReadAdminFile(dir)
	if err == nil || strings.Count(err.Error(), "admin.json") != 1 || os.IsNotExist(err) {
		t.Errorf("a folder gives %v", err)
	}
	if _, err := server.ReadAdminFile(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file gives %v", err)
	}
}

func TestAUserThatCannotBeIsToldInWordsOfTheRequest(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{"/api/v1/runs", "/api/v1/agents/hello/runs"} {
		body := map[bool]string{true: `{"user":"a b","source":""}`, false: `{"user":"a b"}`}[path == "/api/v1/runs"]
		resp, text := s.Ask(t, "POST", path, body, "Content-Type", "application/json")
		if resp.StatusCode != 422 || !strings.Contains(text, "body.user") || !strings.Contains(text, "the id contains the character ' '") ||
			strings.Contains(text, "authenticated") || strings.Contains(text, "X-Dev-User") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

func TestUserDataOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := servertest.Start(t, dataDir(dir))
	run(t, s, `tools_web.set_user_data('kept', {a: 1}, 86400)`)
	s.Stop(t)
	s = servertest.Start(t, dataDir(dir))
	run(t, s, `alert(EncodeJson(tools_web.get_user_data('kept')))`)
	s.Lines.Expect(t, `{"a":1}`)
}

func TestGlobalStorageOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := servertest.Start(t, dataDir(dir))
	run(t, s, `GlobalStorage.SetEntry('kept', { list: [7177256154427237596, 7.5, undefined], when: Date('2024-03-05') }); GlobalCache.SetEntry('lost', 1);
		tools_web.set_user_data('other', 1); tools_web.remove_user_data_by_prefix('k')`)
	s.Stop(t)
	s = servertest.Start(t, dataDir(dir))
	run(t, s, `v = GlobalStorage.GetEntry('kept'); alert(v.list[0] + ' ' + DataType(v.list[1]) + ' ' + DataType(v.list[2]) + ' ' + DataType(v.when) + ' ' + v.when)`)
	s.Lines.Expect(t, `7177256154427237596 real undefined date 05.03.2024`)
	run(t, s, `alert('[' + GlobalCache.GetEntry('lost') + ' ' + tools_web.get_user_data('kept') + ']'); GlobalStorage.DeleteEntry('kept'); alert(GlobalStorage.GetEntry('kept') + ' is gone')`)
	s.Lines.Expect(t, "[undefined ]")
	s.Lines.Expect(t, "undefined is gone")
}

func TestStubsOfTheApp(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"stubs/XQuery.js":  "function XQuery(q) { return [{ name: 'one' }] }",
		"stubs/alert.js":   "return 1",
		"stubs/OpenDoc.js": "return [",
	}))
	run(t, s, `alert(ArrayOptFirstElem(XQuery('for $p in persons return $p')).name + ' row')`)
	s.Lines.Expect(t, "one row")
	s.Log.Expect(t, "the stub is never used: alert is not among the functions that need one")
	s.Log.Expect(t, "x-local://stubs/OpenDoc.js")
	servertest.WriteFile(t, filepath.Join(s.AppDir(), "stubs", "XQuery.js"), "return [{ name: 'two' }]")
	s.Log.Expect(t, "script reloaded")
	run(t, s, `alert(XQuery('x')[0].name + ' row')`)
	s.Lines.Expect(t, "two row")
}

func TestAppConfigOfTheSettings(t *testing.T) {
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) { c.AppConfig = []string{"WEB-PORT = 80", "X=a=b"} }))
	run(t, s, `alert(AppConfig['WEB-PORT'] + ' ' + AppConfig.X)`)
	s.Lines.Expect(t, "80 a=b")
}

func TestRecipientsOfEarlierProcessesAreSwept(t *testing.T) {
	dir := t.TempDir()
	s := servertest.Start(t, dataDir(dir))
	run(t, s, `tools_web.join_recipients('g_recipients', '1', '/services/echo-s-gone', 86400)`)
	run(t, s, `alert(EncodeJson(tools_web.get_user_data('g_recipients')))`)
	s.Lines.Expect(t, `/services/echo-s-gone`)
	s.Stop(t)
	s = servertest.Start(t, dataDir(dir))
	run(t, s, `alert('now ' + (tools_web.get_user_data('g_recipients') == null))`)
	s.Lines.Expect(t, "now true")
}

func TestASocketThatEndsLeavesItsGroups(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	run(t, s, `tools_web.join_recipients('g_recipients', '1', '/services/echo-s-anna', 86400)`)
	anna.Close(t)
	// The hook of the service and what follows it end some time after the close frame.
	deadline := time.Now().Add(servertest.Patience)
	for !strings.Contains(runLines(t, s, `alert('empty ' + (tools_web.get_user_data('g_recipients') == null))`), "empty true") {
		if time.Now().After(deadline) {
			t.Fatal("the socket is still in the group")
		}
	}
}

// run runs a script that must not fail.
func run(t *testing.T, s *servertest.Server, source string) { t.Helper(); runLines(t, s, source) }

func runLines(t *testing.T, s *servertest.Server, source string) string {
	t.Helper()
	var lines strings.Builder
	outcome, err := s.API.Run(t.Context(), api.RunRequest{Source: source}, func(l api.Line) { lines.WriteString(l.Text + "\n") })
	if err != nil || !outcome.OK {
		t.Fatalf("%s: %v %s", source, err, outcome.Error)
	}
	return lines.String()
}

func TestRunsOverHTTP(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"agents/hello.js":  "alert('hello ' + curUserID)",
		"agents/broken.js": "alert(",
	}))
	var lines []string
	onLine := func(l api.Line) { lines = append(lines, l.Text) }
	outcome, err := s.API.RunAgent(t.Context(), "hello", api.AgentRunRequest{User: "77"}, onLine)
	if err != nil || !outcome.OK || strings.Join(lines, "") != "hello 77" {
		t.Errorf("outcome %+v, error %v, lines %q", outcome, err, lines)
	}
	s.Lines.Expect(t, "\thello 77\n")
	if outcome, err := s.API.RunAgent(t.Context(), "broken", api.AgentRunRequest{}, onLine); err != nil || outcome.OK || !strings.Contains(outcome.Error, "agents/broken.js,   line 1") {
		t.Errorf("outcome %+v, error %v", outcome, err)
	}
	if _, err := s.API.RunAgent(t.Context(), "none", api.AgentRunRequest{}, onLine); !api.IsNotFound(err) {
		t.Errorf("error %v", err)
	}
	if _, err := s.API.RunAgent(t.Context(), "hello", api.AgentRunRequest{User: "a b"}, onLine); err == nil || !strings.Contains(err.Error(), "body.user") {
		t.Errorf("error %v", err)
	}
	agents, err := s.API.Agents(t.Context())
	if err != nil || len(agents.Items) != 2 || agents.Items[0].Name != "broken" || agents.Items[0].Problem == "" || agents.Items[1].Problem != "" {
		t.Errorf("agents %+v, error %v", agents, err)
	}
}

func TestAClientThatLeavesStopsItsRun(t *testing.T) {
	s := servertest.Start(t)
	ctx, leave := context.WithCancel(t.Context())
	_, err := s.API.Run(ctx, api.RunRequest{Name: "endless.js", Source: "alert('begun'); while (true) {}"}, func(api.Line) { leave() })
	if err == nil {
		t.Error("the run ended by itself")
	}
	s.Lines.Expect(t, "endless.js,   line 1)") // its end is told in the log, with the line
}

func TestScriptsAreReloadedUnderOpenSockets(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.Send(t, "a")
	anna.Expect(t, "one a")
	file := filepath.Join(s.AppDir(), "services", "echo.js")
	servertest.WriteFile(t, file, strings.Replace(echo["services/echo.js"], "one ", "two ", 1))
	s.Log.Expect(t, "script reloaded")
	anna.Send(t, "b")
	anna.Expect(t, "two b")
	servertest.WriteFile(t, file, "function process(context) {\n\tvar a = ;\n}")
	s.Log.Expect(t, "script does not load")
	s.Log.Expect(t, "line 2")
	anna.Send(t, "c")
	anna.Expect(t, "two c") // the last good version
	servertest.WriteFile(t, file, echo["services/echo.js"])
	s.Log.Expect(t, "problem solved")
	anna.Send(t, "d")
	anna.Expect(t, "one d")
}

func TestAnAppFolderThatIsRemovedGoesOnBeingServed(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	if err := os.RemoveAll(s.AppDir()); err != nil {
		t.Fatal(err)
	}
	s.Log.Expect(t, "app folder cannot be read, the scripts stay in use until it is back")
	anna.Send(t, "a")
	anna.Expect(t, "one a")
	file := filepath.Join(s.AppDir(), "services", "echo.js")
	servertest.WriteFile(t, file, strings.Replace(echo["services/echo.js"], "one ", "two ", 1))
	s.Log.Expect(t, "app folder is back, its scripts are read again")
	s.Log.Expect(t, "script reloaded")
	anna.Send(t, "b")
	anna.Expect(t, "two b")
}

func TestAServiceThatDoesNotLoadIsNamedInTheLogOnly(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"services/big.js": strings.Repeat("// long\n", 1<<19)}))
	if reason := s.Dial(t, "big", "anna").ExpectClose(t, 1008); reason != "the file is larger than 2048 KiB" {
		t.Errorf("the client was told %q", reason)
	}
	s.Lines.Expect(t, "the file is larger than 2048 KiB")
	s.Lines.Expect(t, "(x-local://services/big.js)")
}

func TestARemovedScriptIsTold(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	if err := os.Remove(filepath.Join(s.AppDir(), "services", "echo.js")); err != nil {
		t.Fatal(err)
	}
	s.Log.Expect(t, "script removed")
	if _, err := s.TryDial(t, "/services/echo"); err == nil {
		t.Error("the service is still there")
	}
}

func TestStaticFiles(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/secret.js":   "// not to be read",
		"web/index.html":       "<p>home",
		"web/a.css":            "p {}",
		"web/sub/index.html":   "<p>sub",
		"web/bare/a.txt":       "text",
		"web/.env":             "secret",
		"web/.git/config":      "secret",
		"web/with space я.txt": "spaced",
	}))
	if err := os.Symlink(filepath.Join(s.AppDir(), "services"), filepath.Join(s.AppDir(), "web", "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":                              {200, "<p>home"},
		"/index.html":                    {200, "<p>home"},
		"/a.css":                         {200, "p {}"},
		"/sub":                           {302, ""},
		"/sub/":                          {200, "<p>sub"},
		"/bare/a.txt":                    {200, "text"},
		"/with%20space%20%D1%8F.txt":     {200, "spaced"},
		"/bare/":                         {404, ""},
		"/bare":                          {404, ""},
		"/a.css/":                        {404, ""},
		"/.env":                          {404, ""},
		"/.git/config":                   {404, ""},
		"/../services/secret.js":         {404, ""},
		"/%2e%2e/services/secret.js":     {404, ""},
		"/..%2fservices%2fsecret.js":     {404, ""},
		"/sub/..%5c..%5cservices":        {404, ""},
		"/link/secret.js":                {404, ""},
		"//a.css":                        {404, ""},
		"/sub//index.html":               {404, ""},
		"/a.css%00":                      {404, ""},
		"/services/../web/a.css":         {404, ""},
		"/client/":                       {200, "<html"},
		"/none.html":                     {404, ""},
		"/" + strings.Repeat("x", 5_000): {404, ""},
	} {
		resp, body := s.Ask(t, "GET", path, "", "Authorization", "")
		if resp.StatusCode != want.status || !strings.Contains(body, want.body) || strings.Contains(body, "not to be read") {
			t.Errorf("%.40s: %d %.80s", path, resp.StatusCode, body)
		}
	}
	if resp, _ := s.Ask(t, "POST", "/a.css", ""); resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("POST gives %d", resp.StatusCode)
	}
}

func TestWithoutStaticFilesTheTestClientIsHome(t *testing.T) {
	for name, option := range map[string]servertest.Option{
		"sample": servertest.AppDir(""), "no web": servertest.App(echo), "no index": servertest.App(map[string]string{"web/a.css": ""}),
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, option)
			resp, _ := s.Ask(t, "GET", "/", "")
			if resp.StatusCode != 302 || resp.Header.Get("Location") != "/client/" {
				t.Errorf("%d %s", resp.StatusCode, resp.Header.Get("Location"))
			}
			if resp, body := s.Ask(t, "GET", "/client/", ""); resp.StatusCode != 200 || !strings.Contains(body, "<html") {
				t.Errorf("%d %.100s", resp.StatusCode, body)
			}
		})
	}
}

func TestLogLinesOfAJSONLogAreRecords(t *testing.T) {
	s := servertest.Start(t, func(_ testing.TB, cfg *server.Config) { cfg.Lines = nil })
	run(t, s, "alert('recorded')")
	s.Log.Expect(t, "text=recorded")
}

func TestAListenerOnAllAddressesIsReachedOnLoopback(t *testing.T) {
	s := servertest.Start(t, listenOn("0.0.0.0:0"))
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %s", s.URL())
	}
	if resp, _ := s.Ask(t, "GET", "/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	s := servertest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("error %v", err)
	}
}

// TestSlowAndOversizedRequests: a header without end is cut off.
func TestOversizedHeadersAreRefused(t *testing.T) {
	s := servertest.Start(t)
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 1<<20))
	}()
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 431" {
		t.Errorf("%s, error %v", answer, err)
	}
}

func TestOpenAPIMatchesWhatIsThere(t *testing.T) {
	s := servertest.Start(t)
	resp, body := s.Ask(t, "GET", "/api/v1/openapi.json", "", "Authorization", "")
	var doc struct{ Info struct{ Version string } }
	if err := json.Unmarshal([]byte(body), &doc); err != nil || resp.StatusCode != http.StatusOK || doc.Info.Version != "test" {
		t.Errorf("status %d, error %v, version %s", resp.StatusCode, err, doc.Info.Version)
	}
}

func TestCallMethodObeysTheListOfAllowedMethods(t *testing.T) {
	app := servertest.App(map[string]string{"libs/libX.js": "function open_one() { return 'x' } function secret() { return 's' }",
		"libs/libY.js": "function any() { return 'y' }"})
	call := func(s *servertest.Server, library, method string) string {
		c := s.Dial(t, "main_ws_service", "")
		c.Send(t, `{"socket_action":"call_method","library":"`+library+`","method":"`+method+`"}`)
		return c.Next(t)
	}
	anyone := servertest.Start(t, app)
	if got := call(anyone, "libX", "secret"); !strings.Contains(got, `"result":"s"`) {
		t.Errorf("without a list: %s", got)
	}
	listed := servertest.Start(t, app, servertest.Settings(func(c *config.Config) { c.CallMethod.Allow = []string{"libX.open_one", "libY.*"} }))
	for _, c := range []struct{ library, method, want string }{
		{"libX", "open_one", `"result":"x"`}, {"libY", "any", `"result":"y"`}, {"libX", "secret", `"error":403`},
	} {
		if got := call(listed, c.library, c.method); !strings.Contains(got, c.want) {
			t.Errorf("%s.%s: %s, want %s", c.library, c.method, got, c.want)
		}
	}
}

// Others go on while a script spins: it is still at it when the first of them have their answers.
func TestAScriptThatMisbehavesHoldsUpNobodyElse(t *testing.T) {
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) { c.Script.Compute, c.Script.Bytes = time.Hour, 4<<20 }),
		servertest.App(map[string]string{"services/s.js": `
			function process(context) {
				if (message == 'spin') { alert('spinning'); while (true) { } }
				if (message == 'recurse') { process(context) }
				if (message == 'hoard') { for (a = [];;) a.push('0123456789' + a.length) }
				tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext',
					'WriteToWebSocketMessageQueue', [context.WebSocketCurrentId, 'got ' + message, false])
			}`}))
	spinner, bad, good := s.Dial(t, "s", "spinner"), s.Dial(t, "s", "bad"), s.Dial(t, "s", "good")
	spinner.Send(t, "spin")
	s.Lines.Expect(t, "spinning")
	good.Send(t, "hello")
	good.Expect(t, "got hello")
	if got := runLines(t, s, "alert('an agent goes on')"); !strings.Contains(got, "an agent goes on") {
		t.Errorf("the agent printed %q", got)
	}
	if strings.Contains(s.Lines.String(), "Script stopped") {
		t.Error("the spinning script had ended before the others were done")
	}
	for _, message := range []string{"recurse", "hoard"} {
		bad.Send(t, message)
		bad.Send(t, "after "+message)
		bad.Expect(t, "got after "+message)
		good.Send(t, "hello")
		good.Expect(t, "got hello")
	}
	s.Lines.Expect(t, "calls nested deeper than 1000\n(x-local://services/s.js,   line 4)")
	s.Lines.Expect(t, "its values take more than 4 MiB\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // after which the spinning script is ended
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("error %v", err)
	}
}

func TestASourceIsCheckedAgainstTheApp(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"libs/libA.js": "function f() {}"}))
	ask := func(body string) string {
		t.Helper()
		resp, text := s.Ask(t, "POST", "/api/v1/check", body)
		if resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		return text
	}
	library := `tools.call_code_library_method('libA', '%s', [])`
	for body, want := range map[string]string{
		`{"source":"` + strings.Replace(library, "%s", "f", 1) + `"}`:                                                `{"problems":[]}`,
		`{"source":"` + strings.Replace(library, "%s", "g", 1) + `"}`:                                                `has no method g`,
		`{"source":"alert(1","name":"agents/x.js"}`:                                                                  `"file":"agents/x.js","line":1,"column":8,"level":"error","kind":"syntax"`,
		`{"source":"[1].map(alert)"}`:                                                                                `{"problems":[]}`,
		`{"source":"[1].map(alert)","level":"portability"}`:                                                          `"kind":"portability"`,
		`{"source":"try { f() } catch (e) { }"}`:                                                                     `"level":"warning"`,
		`{"source":"try { f() } catch (e) { }","level":"error"}`:                                                     `{"problems":[]}`,
		`{"source":"function process(context) { context.WebSocketCurrent.Tags }","kind":"service","version":"1.22"}`: `"kind":"version"`,
		`{"source":"function process(context) { context.WebSocketCurrent.Tags }","kind":"service"}`:                  `{"problems":[]}`,
	} {
		if got := ask(body); !strings.Contains(got, want) {
			t.Errorf("%s\ngave %s\nwant %s", body, got, want)
		}
	}
	if _, text := s.Ask(t, "GET", "/api/v1/bindings", ""); !strings.Contains(text, `{"name":"StrContains","kind":"function","signature":"(text: any, part: any, ignoreCase?: boolean): boolean"`) {
		t.Errorf("bindings: %.300s", text)
	}
}
