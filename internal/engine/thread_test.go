package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// patience is how long anything expected may take.
const patience = time.Minute

// waitLine waits for a line with the text in it and returns it.
func (w *world) waitLine(part string) logs.Line {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	for line := range w.logs.Follow(ctx, logs.Query{}) {
		if strings.Contains(line.Text, part) {
			return line
		}
	}
	w.Fatalf("no line with %q among:\n%s", part, strings.Join(w.lines(), "\n"))
	return logs.Line{}
}

// ok runs a source that must succeed.
func (w *world) ok(source string) []string {
	w.Helper()
	lines, outcome := w.run(source)
	if !outcome.OK {
		w.Fatalf("%s\n%s", source, outcome.Error)
	}
	return lines
}

// A thread runs in an environment of its own, with a copy of Param (spec/basescript.md 3.5).
func TestThreadRunsBesideItsScript(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"agents/a.js": `
		t = new Thread;
		t.Param.list = [1, { a: 'я' }];
		t.Param.SetProperty('when', Date('2024-03-05'));
		own = 5;
		t.EvalCode("alert('thread: ' + EncodeJson(Param.list) + ' ' + DataType(Param.when) + ' ' + typeof own);\n" +
			"alert(curUserID + ' ' + LdsIsServer); Param.list.push(3); alert('pushed ' + Param.list.length)");
		while (t.IsRunning) Sleep(1);
		alert('main: ' + t.Param.list.length + ' ' + ObjectType(t) + ' ' + t.IsRunning)`}})
	w.agent("a")
	first, last := w.waitLine("thread: "), w.waitLine("main: ")
	if first.Text != `thread: [1,{"a":"я"}] date undefined` || last.Text != "main: 2 JsCodeThread false" {
		t.Errorf("lines %q, %q", first.Text, last.Text)
	}
	if first.Thread == last.Thread || first.Agent != "a" || first.User != engine.AdministratorID {
		t.Errorf("lines %+v, %+v", first, last)
	}
	w.waitLine(engine.AdministratorID + " true")
	w.waitLine("pushed 3")
}

func TestThreadOutlivesItsScript(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			t = new Thread();
			t.Param.text = message;
			t.EvalCode("while (GlobalCache.GetEntry('go') != 1) Sleep(1); alert('late ' + Param.text)");
			alert(t.IsRunning);
		}`}})
	w.connect("s", "").say("Привет")
	w.want("service", w.lines(), []string{"true"})
	w.ok("GlobalCache.SetEntry('go', 1)")
	if line := w.waitLine("late Привет"); line.Service != "s" {
		t.Errorf("line %+v", line)
	}
}

func TestThreadFromAFile(t *testing.T) {
	w := newWorld(t, setup{sources: true, files: map[string]string{
		"agents/a.js":    `t = new Thread; t.Param = {n: 7}; t.SetPostCode("alert('after ' + Param.n)"); t.EvalCodeUrl('../jobs/job.js')`,
		"agents/lost.js": `(new Thread()).EvalCodeUrl('none.js')`,
		"agents/own.js":  `t = new Thread; t.EvalCode("t = new Thread; t.EvalCodeUrl('../jobs/job.js')")`,
		"jobs/job.js":    "var n = Param.GetOptProperty('n', 0);\nfunction f() { alert('job ' + n) }\nf();\nundefined.x",
	}})
	w.agent("a")
	w.waitLine("job 7")
	w.waitLine("after 7")
	w.waitLine("Unknown object property: x\n(x-local://jobs/job.js,   line 4)")
	w.agent("own")
	w.waitLine("job 0")
	outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "lost"})
	if err != nil || !strings.Contains(outcome.Error, "The file x-local://agents/none.js does not exist\n") {
		t.Errorf("%v %s", err, outcome.Error)
	}
}

func TestThreadErrors(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}})
	for source, want := range map[string]string{
		"t = new Thread; t.EvalCode('var =')":                         "Unexpected token =\n(x-local://run.js#thread,   line 1)",
		"t = new Thread; t.EvalCode(5)":                               "The code of a thread must be text, not integer",
		"t = new Thread; t.Param = 5":                                 "Param of a thread is an object, not integer",
		"t = new Thread; t.Param.f = alert; t.EvalCode('1')":          "A function belongs to its run",
		"t = new Thread; t.Name":                                      "Unknown object property: Name",
		"t = new Thread; t.Start()":                                   "Unknown method: Start()",
		"t = new Thread; t.EvalCode()":                                "Wrong number of arguments",
		"t = new Thread; t.EvalCode('Sleep(60000)'); t.EvalCode('1')": "The thread is running already",
		"t = new Thread; t.EvalCode('1'); t.SetPostCode('1')":         "SetPostCode comes too late",
	} {
		if _, outcome := w.run(source); !strings.Contains(outcome.Error, want) {
			t.Errorf("%s\n%s\nwant %s", source, outcome.Error, want)
		}
	}
	w.ok("t = new Thread; t.EvalCode(\"\\n\\nthrow 'lost in a thread'\")")
	w.waitLine("lost in a thread\n(x-local://run.js#thread,   line 3)")
	w.ok("t = new Thread; t.EvalCode('Cancel()'); while (t.IsRunning) Sleep(1); t.EvalCode(\"alert('again')\")")
	w.waitLine("again")
	for _, line := range w.lines() {
		if strings.Contains(line, "Cancel") {
			t.Errorf("a silent end is logged: %s", line)
		}
	}
}

// Threads are bounded: at once, and in how they start each other. Agents keep some places.
func TestThreadBombIsBounded(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}, config: engine.Config{AgentConcurrency: 8}})
	_, outcome := w.run("for (i = 0; i < 100; i++) { t = new Thread; t.EvalCode('Sleep(600000)') }")
	if !strings.Contains(outcome.Error, "The thread cannot be started: too many agents are running: scripts have started 6") {
		t.Errorf("outcome %s", outcome.Error)
	}
	w.ok("alert('agents still have places')")

	w = newWorld(t, setup{files: map[string]string{}})
	w.ok(`t = new Thread; t.Param.n = 1; t.Param.code = "alert('generation ' + Param.n); t = new Thread; t.Param.n = Param.n + 1; t.Param.code = Param.code; t.EvalCode(Param.code)"; t.EvalCode(t.Param.code)`)
	w.waitLine("generation 5")
	w.waitLine("Threads that start threads may do so 5 deep")
	for _, line := range w.lines() {
		if line == "generation 6" {
			t.Error("a sixth generation ran")
		}
	}
}

func TestThreadsHaveTheBudgetsOfAgents(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}, config: engine.Config{AgentBytes: 8 << 20}})
	w.ok(`t = new Thread; t.EvalCode("a = []; while (true) a.push('x'.repeat(1000) + a.length)")`)
	w.waitLine("Script stopped: its values take more than 8 MiB")
	// What a script puts into Param counts as its own.
	if _, outcome := w.run("t = new Thread; function more(i) { return 'x'.repeat(1000) + i } i = 0; while (true) { s = more(i); t.Param['k' + i++] = s }"); !strings.Contains(outcome.Error, "8 MiB") {
		t.Errorf("outcome %s", outcome.Error)
	}
	w = newWorld(t, setup{files: map[string]string{}, config: engine.Config{AgentTimeout: 200 * time.Millisecond}})
	w.ok("t = new Thread; t.EvalCode('while (true) ;')")
	w.waitLine("Script stopped: its time is over")
}

// The end of the server is the end of its threads: Close waits for them.
func TestCloseEndsThreads(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}})
	w.ok("for (i = 0; i < 5; i++) { t = new Thread; t.EvalCode('try { Sleep(600000) } finally { alert(1) }') }")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.engine.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.Run(t.Context(), engine.RunRequest{Source: "t = new Thread; t.EvalCode('1')"}); err == nil {
		t.Error("a run of a closed engine")
	}
	stopped := slices.DeleteFunc(w.lines(), func(line string) bool { return !strings.Contains(line, "the server is shutting down") })
	if len(stopped) != 5 {
		t.Errorf("lines %q", w.lines())
	}
}

// A lock given to threads keeps them apart; counting without it would lose.
func TestThreadsShareALock(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}})
	w.ok(`
		function make() { return new Lock }
		lock = make();
		GlobalCache.SetEntry('n', 0);
		code = "o = { add: function () { n = GlobalCache.GetEntry('n'); Sleep(1); GlobalCache.SetEntry('n', n + 1) } }; for (i = 0; i < 5; i++) CallObjectMethodWithLock(o, 'add', [], Param.lock)";
		threads = [];
		for (i = 0; i < 8; i++) { t = new Thread; t.Param.lock = lock; t.EvalCode(code); threads.push(t) }
		for (t in threads) while (t.IsRunning) Sleep(1);
		alert('counted ' + GlobalCache.GetEntry('n'))`)
	w.waitLine("counted 40")
}

func TestStartAgent(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"agents/main.js":   `alert(tools.start_agent('job', 7177256154427237596, '1;2') + ' ' + tools.start_agent(55) + ' ' + tools.start_agent('none') + ' ' + tools.start_agent('bad'))`,
		"agents/job.js":    "// @user 77\nalert('job ' + OBJECT_ID + ' ' + DataType(OBJECT_ID) + ' ' + OBJECTS_ID_STR + ' ' + curUserID)",
		"agents/55.js":     `alert('by id ' + DataType(OBJECT_ID) + '[' + OBJECTS_ID_STR + ']')`,
		"agents/bad.js":    `var =`,
		"agents/later.js":  `tools.start_agent('job', null, null, DateOffset(Date(), 3600))`,
		"agents/nobody.js": `tools.start_agent(null)`,
	}})
	w.agent("main")
	w.waitLine("true true false false")
	w.waitLine("start_agent: the agent bad cannot be started: it does not compile")
	if line := w.waitLine("job 7177256154427237596 integer 1;2 77"); line.Agent != "job" {
		t.Errorf("line %+v", line)
	}
	w.waitLine("by id undefined[]")
	for agent, want := range map[string]string{"later": "an agent can only be started now", "nobody": "The name of an agent must be text, not null"} {
		if outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: agent}); err != nil || !strings.Contains(outcome.Error, want) {
			t.Errorf("%s: %v %s", agent, err, outcome.Error)
		}
	}
}

func TestThreadFunctions(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{}})
	w.want("functions", w.ok("CheckCurThread(); SetCurThreadDesc('x'); SetCurThreadActivityName('y'); alert(IsMainThread())"), []string{"false"})
	ctx, cancel := context.WithCancel(t.Context())
	outcome, err := w.engine.Run(ctx, engine.RunRequest{
		Source: "alert('ready'); while (true) CheckCurThread()",
		OnLine: func(logs.Line) { cancel() },
	})
	if err != nil || !strings.Contains(outcome.Error, "Script stopped: cancelled") {
		t.Errorf("%v %s", err, outcome.Error)
	}
}

// What a message stores in the session is there for the next, of any socket of the user
// (spec/basescript.md 3.3).
func TestSessionLasts(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			if (message == 'set') {
				Session.count = Session.GetOptProperty('count', 0) + 1;
				Session.SetProperty('list', Session.GetOptProperty('list', [])); Session.list.push({ n: Session.count });
				Request.Session.Env.SetProperty('place', 'here'); Session.cur_user_fullname = 'changed';
			}
			if (message == 'drop') { delete Session.count; Session.fn = alert }
			if (message == 'throw') { Session.count = 50; throw 'x' }
			alert(EncodeJson([Session.GetOptProperty('count'), Session.GetOptProperty('list'), Session.Env.GetOptProperty('place'), Session.cur_user_fullname]));
		}`}})
	c := w.connect("s", "1")
	last := func(c *client, message string) string {
		c.say(message)
		lines := w.lines()
		return lines[len(lines)-1]
	}
	for _, step := range []struct {
		client        *client
		message, want string
	}{
		{c, "look", `[null,null,null,"Administrator"]`},
		{c, "set", `[1,[{"n":1}],"here","changed"]`},
		{c, "set", `[2,[{"n":1},{"n":2}],"here","changed"]`},
		{w.connect("s", "2"), "look", `[2,[{"n":1},{"n":2}],"here","changed"]`},
		{w.connectAs(otherUser, "s", "3"), "look", `[null,null,null,"Anna"]`},
		{c, "drop", "Session.fn is not kept: A function belongs to its run and cannot be passed on or stored"},
		{c, "look", `[null,[{"n":1},{"n":2}],"here","changed"]`},
		{c, "throw", "x\n(x-local://services/s.js,   line 9)"},
		{c, "look", `[50,[{"n":1},{"n":2}],"here","changed"]`},
	} {
		if got := last(step.client, step.message); got != step.want {
			t.Errorf("%s: %s\nwant %s", step.message, got, step.want)
		}
	}
}

// Who the user is no script can change for the next one, nor for other sockets of the user.
func TestSessionKeepsTheRealUser(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			alert(EncodeJson([Session.Env.curUserID, Session.Env.curUser.login, Session.cur_user_id, Session.Env.GetOptProperty('seen')]));
			Session.Env.curUserID = 1; Session.Env.curUser = { login: 'root' }; Session.cur_user_id = 1; Session.Env.seen = true;
			if (message == 'init') alert(tools_web.user_init(Request).auth_login + ' ' + Session.Env.curUserID + ' ' + Session.Env.curUser.department);
		}`}})
	anna := hub.User{ID: "77", Login: "anna", Name: "Anna", Fields: map[string]string{"department": "sales"}}
	c := w.connectAs(anna, "s", "1")
	c.say("look")
	c.say("look")
	c.say("init")
	w.connectAs(anna, "s", "2").say("look")
	w.want("log", w.lines(), []string{
		`[77,"anna",77,null]`, `[77,"anna",77,true]`, `[77,"anna",77,true]`, "anna 77 sales", `[77,"anna",77,true]`,
	})
}

// Messages of one user on several sockets change different members at once: none is lost.
func TestSessionUnderLoad(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"services/s.js": `
		function process(context) {
			if (message == 'look') { n = 0; for (name in Session) if (StrBegins(name, 'k')) n++; alert(n); return }
			Session['k' + message] = message;
		}`}})
	done := make(chan struct{})
	const sockets, messages = 8, 20
	for i := range sockets {
		c := w.connect("s", fmt.Sprint(i))
		go func() {
			defer func() { done <- struct{}{} }()
			for j := range messages {
				_ = w.engine.Message(t.Context(), c.Socket, fmt.Sprintf("%d_%d", i, j))
			}
		}()
	}
	for range sockets {
		<-done
	}
	w.connect("s", "last").say("look")
	w.want("members", w.lines(), []string{fmt.Sprint(sockets * messages)})
}
