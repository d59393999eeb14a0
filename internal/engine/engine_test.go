package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func TestHooks(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"services/all.js": `
			function open(context) { alert('open ' + context.WebSocketCurrentId + ' ' + Request.Query.GetOptProperty('lang')) }
			function process(context) { alert(message + '|' + context.WebSocketMessage); message = 'changed'; alert(message) }
			function close(context) { alert('close ' + context.CloseCode + ' ' + context.CloseReason) }`,
		"services/none.js":   "",
		"services/no.js":     "function open(context) { return false }",
		"services/throws.js": "function open(context) {\n throw 'not today'\n}",
		"services/cancel.js": "function open(context) { Cancel() }",
		"services/names.js": `
			function open(context) { probe(context) } function close(context) { probe(context) }
			function probe(context) {
				try { alert(message) } catch (e) { alert(e.message) }
				try { alert(context.WebSocketMessage) } catch (e) { alert(e.message) }
				try { alert(Param) } catch (e) { alert(e.message) }
			}`,
	}})
	c := w.connect("all", "7")
	if err := w.engine.Opened(t.Context(), c.Socket); err != nil {
		t.Fatal(err)
	}
	c.say("hi")
	c.say("again")
	c.end(hub.Reason{Code: 1001, Text: "page closed"})
	w.want("log", w.lines(), []string{"open /services/all-s-7 ru RU", "hi|hi", "changed", "again|again", "changed", "close 1001 page closed"})

	none := w.connect("none", "")
	if err := w.engine.Opened(t.Context(), none.Socket); err != nil {
		t.Errorf("a service without hooks: %v", err)
	}
	none.say("hi")
	none.end(hub.Reason{Code: 1000})

	if err := w.engine.Opened(t.Context(), w.connect("no", "").Socket); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("open returned false: %v", err)
	}
	if err := w.engine.Opened(t.Context(), w.connect("throws", "").Socket); err == nil || err.Error() != "not today" {
		t.Errorf("open threw: %v", err)
	}
	if got := w.lines(); got[len(got)-1] != "not today\n(x-local://services/throws.js,   line 2)" {
		t.Errorf("log %q", got)
	}
	if err := w.engine.Opened(t.Context(), w.connect("cancel", "").Socket); err != nil {
		t.Errorf("open ended with Cancel(): %v", err)
	}

	before := len(w.lines())
	n := w.connect("names", "")
	if err := w.engine.Opened(t.Context(), n.Socket); err != nil {
		t.Fatal(err)
	}
	n.end(hub.Reason{Code: 1000})
	absent := []string{"message not defined", "Unknown object property: WebSocketMessage", "Param not defined"}
	w.want("names of other runs", w.lines()[before:], append(absent, absent...))
}

func TestErrorOfAHook(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"services/s.js": "function process(context)\n{\n\tcall(context)\n}\nfunction call(context)\n{\n\talert(context.missing)\n}",
	}})
	c := w.connect("s", "1")
	err := w.engine.Message(t.Context(), c.Socket, "x")
	var e *basescript.Error
	if !errors.As(err, &e) || e.Message != "Unknown object property: missing" {
		t.Fatalf("error %v", err)
	}
	w.want("log", w.lines(), []string{"Unknown object property: missing\n(x-local://services/s.js,   line 7)\n(x-local://services/s.js,   line 3)"})
	for line := range w.allLines() {
		if !line.Error || line.Service != "s" || line.Agent != "" || line.Socket != c.Key() || line.User != administrator.ID {
			t.Errorf("line %+v", line)
		}
	}
}

func TestBrokenService(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/bad.js": "function process(context) {\n alert(('x'\n}"}})
	c := w.connect("bad", "")
	if err := w.engine.Opened(t.Context(), c.Socket); err == nil || err.Error() != "the service does not compile" {
		t.Errorf("a service that does not compile answered %v", err)
	}
	err := w.engine.Message(t.Context(), c.Socket, "x")
	var syntax *basescript.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("error %v", err)
	}
	if got := w.lines(); len(got) != 2 || !strings.Contains(got[0], "x-local://services/bad.js") || !strings.HasSuffix(got[0], "^") {
		t.Errorf("log %q", got)
	}
	gone := w.connect("gone", "")
	if err := w.engine.Message(t.Context(), gone.Socket, "x"); !errors.Is(err, engine.ErrNoService) {
		t.Errorf("a service that is in the app no more: %v", err)
	}
}

func TestNothingLeaksBetweenRuns(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			if (message == 'set') {
				leak = 1; Array.prototype.leak = 2; Request.Session.leak = 3; AppConfig.leak = 4;
				try { tools.leak = 5 } catch (e) { }
				Sleep = 6;
			}
			alert(typeof leak);
			try { alert([].leak) } catch (e) { alert(e.message) }
			try { alert(Request.Session.leak) } catch (e) { alert(e.message) }
			try { alert(AppConfig.leak) } catch (e) { alert(e.message) }
			alert(typeof Sleep);
		}`}})
	c := w.connect("s", "")
	c.say("set")
	before := len(w.lines())
	c.say("look")
	// The session is kept on purpose (spec/basescript.md 3.3).
	w.want("second run", w.lines()[before:], []string{"undefined", "Unknown object property: leak", "3", "Unknown object property: leak", "function"})
}

func TestScriptsThatDoNotEndAreStopped(t *testing.T) {
	short := engine.Config{ServiceCompute: 300 * time.Millisecond, ServiceTimeout: time.Second}
	// What another limit stops has all the time it needs, on a busy machine too.
	long := engine.Config{ServiceCompute: time.Minute, ServiceTimeout: time.Minute, ServiceBytes: 4 << 20, Depth: 200}
	for _, tc := range []struct {
		message string
		config  engine.Config
		want    string
	}{
		{"spin", short, "computing time is used up\n(x-local://services/s.js,   line 4)"},
		{"recurse", long, "calls nested deeper than 200\n(x-local://services/s.js,   line "},
		{"hoard", long, "its values take more than 4 MiB"},
		{"sleep", short, "its time is over"},
	} {
		t.Run(tc.message, func(t *testing.T) {
			w := newWorld(t, setup{config: tc.config, files: map[string]string{"services/s.js": `
			function process(context) {
				if (message == 'spin') {
					while (true) { }
				} else if (message == 'recurse') {
					process(context);
				} else if (message == 'hoard') {
					for (a = []; true; ) a.push('0123456789' + a.length);
				} else if (message == 'sleep') {
					Sleep(100000);
				} else {
					alert('fine');
				}
			}`}})
			c := w.connect("s", "")
			err := w.engine.Message(t.Context(), c.Socket, tc.message)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			before := len(w.lines())
			c.say("go on")
			w.want("the next message", w.lines()[before:], []string{"fine"})
		})
	}
}

func TestAgents(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"agents/admin.js":  "alert(curUserID)\nalert(LdsCurUserID == curUserID)\nalert(LdsIsServer)",
		"agents/other.js":  "// @user 17\nalert(curUserID + 1)",
		"agents/short.js":  "// @timeout 50ms\nwhile (true) { }",
		"agents/throws.js": "alert('begin')\nfunction f() {\n  throw 'no luck'\n}\nf()",
		"agents/cancel.js": "alert('begin')\nCancel()\nalert('end')",
		"agents/bad.js":    "alert('x'",
		"agents/value.js":  "return 5",
		"agents/params.js": "alert(Param.GetOptProperty('city', 'none'))\nalert(DataType(OBJECT_ID) + '|' + OBJECTS_ID_STR + '|')",
	}})
	run := func(req engine.RunRequest) ([]logs.Line, engine.Outcome) {
		t.Helper()
		var lines []logs.Line
		req.OnLine = func(l logs.Line) { lines = append(lines, l) }
		outcome, err := w.engine.Run(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return lines, outcome
	}

	lines, outcome := run(engine.RunRequest{Agent: "admin"})
	if !outcome.OK || outcome.Error != "" || len(lines) != 3 || lines[0].Text != "6148914691236517121" || lines[1].Text != "true" {
		t.Errorf("admin: %+v %+v", lines, outcome)
	}
	if l := lines[0]; l.Agent != "admin" || l.Service != "" || l.User != engine.AdministratorID || l.Thread != outcome.Thread || l.Seq == 0 {
		t.Errorf("line %+v", l)
	}
	if lines, _ := run(engine.RunRequest{Agent: "other"}); len(lines) != 1 || lines[0].Text != "18" {
		t.Errorf("@user: %+v", lines)
	}
	if lines, _ := run(engine.RunRequest{Agent: "other", User: hub.User{ID: "30"}}); lines[0].Text != "31" {
		t.Errorf("a user who was asked for: %+v", lines)
	}
	if _, outcome := run(engine.RunRequest{Agent: "short"}); outcome.OK || !strings.HasPrefix(outcome.Error, "Script stopped: its time is over\n(x-local://agents/short.js,   line 2)") {
		t.Errorf("@timeout: %+v", outcome)
	}
	lines, outcome = run(engine.RunRequest{Agent: "throws"})
	const want = "no luck\n(x-local://agents/throws.js,   line 3)\n(x-local://agents/throws.js,   line 5)"
	if outcome.OK || outcome.Error != want || len(lines) != 2 || lines[1].Text != want || !lines[1].Error || lines[0].Error {
		t.Errorf("throw: %+v %+v", lines, outcome)
	}
	if lines, outcome := run(engine.RunRequest{Agent: "cancel"}); !outcome.OK || len(lines) != 1 {
		t.Errorf("Cancel(): %+v %+v", lines, outcome)
	}
	if lines, outcome := run(engine.RunRequest{Agent: "bad"}); outcome.OK || len(lines) != 1 || !strings.Contains(outcome.Error, "(x-local://agents/bad.js,   line 1)\n") || !strings.HasSuffix(outcome.Error, "^") {
		t.Errorf("syntax error: %+v %+v", lines, outcome)
	}
	if _, outcome := run(engine.RunRequest{Agent: "value"}); !outcome.OK {
		t.Errorf("return: %+v", outcome)
	}
	if lines, _ := run(engine.RunRequest{Agent: "params", Params: map[string]string{"city": "Омск"}}); lines[0].Text != "Омск" || lines[1].Text != "undefined||" {
		t.Errorf("parameters: %+v", lines)
	}
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "missing"}); !errors.Is(err, engine.ErrNoAgent) {
		t.Errorf("missing agent: %v", err)
	}
	lines, _ = run(engine.RunRequest{Name: "/home/me/try.js", Source: "// @user 5\nalert(curUserID)\nthrow 1"})
	if len(lines) != 2 || lines[0].Text != "5" || lines[0].Agent != "/home/me/try.js" || lines[1].Text != "1\n(x-local://home/me/try.js,   line 3)" {
		t.Errorf("source: %+v", lines)
	}
}

func TestThreadNumbers(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"agents/a.js": "alert(1)"}})
	seen := map[int]bool{}
	for range 20 {
		outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"})
		if err != nil || outcome.Thread < 1 || outcome.Thread > 9999 || seen[outcome.Thread] {
			t.Fatalf("thread %d, %v", outcome.Thread, err)
		}
		seen[outcome.Thread] = true
	}
}

func TestRunKeepsItsSnapshot(t *testing.T) {
	started := make(chan struct{})
	w := newWorld(t, setup{files: map[string]string{
		"libs/libX.js":  "function f() { return 'old' }",
		"agents/a.js":   "alert('started'); while (tools_web.get_user_data('go') == null) Sleep(1)\nalert(tools.call_code_library_method('libX', 'f', []))",
		"services/s.js": "function process(context) { alert('old') }",
	}})
	ctx, cancel := context.WithCancel(t.Context())
	changed := make(chan app.Change, 10)
	watching := make(chan error, 1)
	go func() { watching <- w.app.Watch(ctx, func(c app.Change) { changed <- c }) }()
	defer func() { cancel(); <-watching }()

	got := make(chan []string)
	go func() {
		var texts []string
		_, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a", OnLine: func(l logs.Line) {
			texts = append(texts, l.Text)
			if l.Text == "started" {
				close(started)
			}
		}})
		if err != nil {
			t.Error(err)
		}
		got <- texts
	}()
	<-started
	c := w.connect("s", "")
	// Until the watch notices: the first writes may come before it has begun.
	for w.libraryText("libX") != "function f() { return 'new' }" {
		w.write("libs/libX.js", "function f() { return 'new' }")
		time.Sleep(5 * time.Millisecond)
	}
	for w.serviceText("s") != "function process(context) { alert('new') }" {
		w.write("services/s.js", "function process(context) { alert('new') }")
		time.Sleep(5 * time.Millisecond)
	}
	if err := w.data.Set(t.Context(), "go", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	w.want("the run that was going on", <-got, []string{"started", "old"})
	before := len(w.lines())
	c.say("x")
	w.want("a new run for the same socket", w.lines()[before:], []string{"new"})
}

func (w *world) libraryText(code string) string {
	s, _ := w.app.Snapshot().Library(code)
	return s.Source
}

func (w *world) serviceText(name string) string {
	s, _ := w.app.Snapshot().Service(name)
	return s.Source
}

// waiting starts a run that waits until the user data "go" are there, and returns when it waits.
func (w *world) waiting(group *sync.WaitGroup, run func(started func(logs.Line))) {
	started := make(chan struct{})
	var once sync.Once
	group.Add(1)
	go func() {
		defer group.Done()
		run(func(logs.Line) { once.Do(func() { close(started) }) })
	}()
	<-started
}

const waitingAgent = "alert('started'); while (tools_web.get_user_data('go') == null) Sleep(1)"

func TestBoundedAgents(t *testing.T) {
	w := newWorld(t, setup{
		config: engine.Config{AgentConcurrency: 2, ServiceConcurrency: 1},
		files:  map[string]string{"agents/a.js": waitingAgent, "services/s.js": "function process(context) { alert('fine') }"},
	})
	var group sync.WaitGroup
	for range 2 {
		w.waiting(&group, func(started func(logs.Line)) {
			if outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a", OnLine: started}); err != nil || !outcome.OK {
				t.Errorf("%v %+v", err, outcome)
			}
		})
	}
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"}); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("a third agent: %v", err)
	}
	if err := w.engine.Message(t.Context(), w.connect("s", "").Socket, "x"); err != nil {
		t.Errorf("a message while agents run: %v", err)
	}
	if err := w.data.Set(t.Context(), "go", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestServiceCallsWaitForTheirTurn(t *testing.T) {
	w := newWorld(t, setup{
		config: engine.Config{ServiceConcurrency: 1},
		files:  map[string]string{"services/s.js": "function process(context) { if (message == 'wait') { " + waitingAgent + " } else alert(message) }"},
	})
	a, b := w.connect("s", ""), w.connect("s", "")
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		if err := w.engine.Message(t.Context(), a.Socket, "wait"); err != nil {
			t.Error(err)
		}
	}()
	w.waitForLine("started")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.engine.Message(ctx, b.Socket, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no turn before the socket ended: %v", err)
	}
	group.Add(1)
	go func() {
		defer group.Done()
		if err := w.engine.Message(t.Context(), b.Socket, "second"); err != nil {
			t.Error(err)
		}
	}()
	if err := w.data.Set(t.Context(), "go", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	w.want("log", w.lines(), []string{"started", "second"})
}

// waitForLine waits until a line has been logged.
func (w *world) waitForLine(text string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	for line := range w.logs.Follow(ctx, logs.Query{}) {
		if line.Text == text {
			return
		}
	}
	w.Fatalf("%q was not logged", text)
}

func TestCloseEndsRuns(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"agents/a.js":   "alert('agent'); Sleep(1000000)",
		"services/s.js": "function process(context) { alert('service'); while (true) { } }",
	}})
	c := w.connect("s", "")
	outcomes := make(chan string, 2)
	go func() {
		outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"})
		if err != nil {
			t.Error(err)
		}
		outcomes <- outcome.Error
	}()
	go func() { outcomes <- w.engine.Message(t.Context(), c.Socket, "x").Error() }()
	w.waitForLine("agent")
	w.waitForLine("service")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.engine.Close(ctx); err != nil {
		t.Fatalf("Close: %v", err)
	}
	for range 2 {
		if text := <-outcomes; !strings.HasPrefix(text, "Script stopped: the server is shutting down") {
			t.Errorf("a run ended with %q", text)
		}
	}
	if err := w.engine.Message(t.Context(), c.Socket, "x"); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a message after Close: %v", err)
	}
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("an agent after Close: %v", err)
	}
	c.end(hub.Reason{Code: 1012}) // must not panic or block
	if err := w.engine.Close(ctx); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// What runs goes on to its end, with its threads and the hooks of services; no agent begins.
func TestRefuseLetsFinish(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"agents/a.js": `alert('agent');
			while (tools_web.get_user_data('go') == null) Sleep(1);
			tools.start_agent('b');
			t = new Thread; t.EvalCode("alert('thread')")`,
		"agents/b.js":   "alert('b')",
		"services/s.js": "function process(context) { alert('service'); tools_web.set_user_data('go', true) }",
	}})
	ended := make(chan engine.Outcome, 1)
	go func() {
		outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "a"})
		if err != nil {
			t.Error(err)
		}
		ended <- outcome
	}()
	w.waitForLine("agent")
	w.engine.Refuse()
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "b"}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("an agent: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.engine.Wait(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the agent runs: %v", err)
	}
	if err := w.engine.Message(t.Context(), w.connect("s", "").Socket, "x"); err != nil {
		t.Errorf("a message: %v", err)
	}
	if outcome := <-ended; !outcome.OK {
		t.Error(outcome.Error)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.engine.Wait(ctx); err != nil {
		t.Error(err)
	}
	w.want("log", w.lines(), []string{"agent", "service", "start_agent: the agent b cannot be started: the server is shutting down", "thread"})
	if err := w.engine.Wait(soon); err != nil {
		t.Errorf("nothing runs, and there is no time: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"agents/a.js": "alert('agent'); Sleep(1000000)"}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan engine.Outcome)
	go func() {
		outcome, err := w.engine.Run(ctx, engine.RunRequest{Agent: "a"})
		if err != nil {
			t.Error(err)
		}
		done <- outcome
	}()
	w.waitForLine("agent")
	cancel()
	if outcome := <-done; outcome.OK || !strings.HasPrefix(outcome.Error, "Script stopped: cancelled") {
		t.Errorf("outcome %+v", outcome)
	}
}

func TestCloseEndsTheWaitForATurn(t *testing.T) {
	w := newWorld(t, setup{
		config: engine.Config{ServiceConcurrency: 1},
		files:  map[string]string{"services/s.js": "function process(context) { alert(message); Sleep(1000000) }"},
	})
	a, b := w.connect("s", ""), w.connect("s", "")
	errs := make(chan error, 2)
	go func() { errs <- w.engine.Message(t.Context(), a.Socket, "first") }()
	w.waitForLine("first")
	go func() { errs <- w.engine.Message(t.Context(), b.Socket, "second") }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := w.engine.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	for range 2 {
		if err := <-errs; err == nil {
			t.Error("a call ended as if nothing had happened")
		}
	}
	w.want("log", w.lines()[:1], []string{"first"})
	if slices.Contains(w.lines(), "second") {
		t.Error("a call that waited was run after Close")
	}
}

func TestUsersOfAgents(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"agents/a.js": "// @user 17\nalert(curUser.login)"}})
	e := engine.New(engine.Config{}, engine.Deps{
		Apps: w.app.Snapshot, Sockets: cluster.New(w.hub), UserData: w.data, Logs: w.logs,
		Users: func(id string) hub.User { return hub.User{ID: id, Login: "login_" + id} },
	})
	if _, err := e.Run(t.Context(), engine.RunRequest{Agent: "a"}); err != nil {
		t.Error(err)
	}
	if _, err := e.Run(t.Context(), engine.RunRequest{Source: "alert(curUser.login)"}); err != nil {
		t.Error(err)
	}
	w.want("log", w.lines(), []string{"login_17", "login_" + engine.AdministratorID})
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// The socket may end through the hook itself: what follows in the hook still runs.
func TestHookOutlivesItsSocket(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			context.WebSocketCurrent.Abort();
			alert(context.WebSocketCurrent.State);
			alert(ArrayCount(tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'GetWebSockets')));
		}`}})
	ctx, cancel := context.WithCancel(t.Context())
	c := w.connect("s", "")
	cancel() // as it does when the socket ends
	if err := w.engine.Message(ctx, c.Socket, "x"); err != nil {
		t.Error(err)
	}
	w.want("log", w.lines(), []string{"Closed", "0"})
}

// panickingData is a fault of this program that a script runs into.
type panickingData struct{ *memoryData }

func (panickingData) Delete(context.Context, string) (bool, error) { panic("oops") }

func TestPanicStaysInsideTheRun(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"services/s.js": "function process(context) { if (message == 'x') tools_web.remove_user_data('x'); alert('fine') }",
	}})
	var log bytes.Buffer
	e := engine.New(engine.Config{}, engine.Deps{
		Apps: w.app.Snapshot, Sockets: cluster.New(w.hub), UserData: panickingData{w.data}, Logs: w.logs,
		Settings: hostapi.Settings{Profile: hub.Profile124}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	defer func() {
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	c := w.connect("s", "")
	err := e.Message(t.Context(), c.Socket, "x")
	if err == nil || strings.Contains(err.Error(), "oops") {
		t.Errorf("error %v", err)
	}
	if text := log.String(); !strings.Contains(text, "oops") || !strings.Contains(text, "panickingData") || !strings.Contains(text, "x-local://services/s.js") {
		t.Errorf("log of the program:\n%s", text)
	}
	if err := e.Message(t.Context(), c.Socket, "y"); err != nil {
		t.Errorf("the next message: %v", err)
	}
	if got := w.lines(); len(got) != 2 || got[1] != "fine" {
		t.Errorf("log %q", got)
	}
}

func TestLibraries(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"libs/libA.js": "function f(a, b) { i = a; r = tools.call_code_library_method('libB', 'g', [b]); return i + r }",
		"libs/libB.js": "function g(x) { i = 100; return x }\nfunction throws()\n{\n  throw 'deep'\n}",
		"libs/bad.js":  "function (",
	}})
	for _, tc := range []struct{ source, want string }{
		{"alert(tools.call_code_library_method('libA', 'f', [1, 2]))", "3"},
		{"alert(tools.call_code_library_method('libB', 'g'))", "undefined"},
		{"alert(tools.call_code_library_method('libB', 'g', null))", "undefined"},
		{"tools.call_code_library_method('libC', 'g', [])", "Unknown code library: libC\n(call_code_library_method(),  x-local://run.js,   line 1)"},
		{"tools.call_code_library_method('libB', 'h', [])", "Unknown method: h() of the code library libB\n(call_code_library_method(),  x-local://run.js,   line 1)"},
		{"tools.call_code_library_method('bad', 'h', [])", "The code library bad cannot be used: "},
		{"tools.call_code_library_method('libB', 'g', 5)", "The arguments of libB.g must be an array, not integer"},
		{"tools.call_code_library_method('libB', 'throws', [])", "deep\n(x-local://libs/libB.js,   line 4)\n"},
	} {
		lines, _ := w.run(tc.source)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], tc.want) {
			t.Errorf("%s: %q, want %q", tc.source, lines, tc.want)
		}
	}
}

func TestManyRunsAtOnce(t *testing.T) {
	w := newWorld(t, setup{})
	var group sync.WaitGroup
	for i := range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			c := w.connect(mainService, string(rune('a'+i)))
			for range 20 {
				if got := c.say(joinGroup); !slices.Equal(got, []string{`[{"socket_action":"init_socket","socket_type":"ws_group","uid":""}]`}) {
					t.Errorf("reply %v", got)
				}
			}
			w.agent("tags-show")
		}()
	}
	group.Wait()
}
