package hostapi

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Agents starts runs beside the present one; they go on when it has ended.
type Agents interface {
	// StartThread starts a thread and returns a function that says whether it still runs. An error
	// means that it was not started.
	StartThread(t ThreadStart) (running func() bool, err error)
	// StartAgent starts an agent of the app; ok is false if there is none of the name. An error means
	// that it was not started.
	StartAgent(a AgentStart) (ok bool, err error)
}

// ThreadStart says what a thread runs.
type ThreadStart struct {
	// Program is the code; After, if not nil, runs after it in the same environment, whatever its end.
	Program, After *basescript.Program
	// Generation counts threads that threads have started: 1 for one started by no thread.
	Generation int
	param      *frozen
}

// AgentStart says which agent to start, and for which objects.
type AgentStart struct {
	Name      string
	ObjectID  string // "" for none
	ObjectIDs string // separated by semicolons
}

// maxGeneration bounds chains of threads that start threads.
const maxGeneration = 5

// maxThreadParam bounds what is copied to a thread, in bytes.
const maxThreadParam = 8 << 20

var threadGlobals = []basescript.Global{
	{Name: "Thread", Func: &basescript.Func{
		Name: "Thread", Call: newThread, New: newThread,
		Sig: "(): Thread",
		Doc: "Prepares a thread: code that runs beside this script, in an environment of its own.",
	}},
	{Name: "CheckCurThread", Func: &basescript.Func{
		Name: "CheckCurThread",
		Call: func(r *basescript.Run, _ []basescript.Value) (basescript.Value, error) {
			return basescript.Undefined, r.Wait(func(context.Context) error { return nil })
		},
		Sig: "(): void", Doc: "Ends the script here if it is being stopped.",
	}},
	ignored("SetCurThreadDesc", "(text: string): void", "Describes the thread to those who look for faults: accepted and ignored."),
	ignored("SetCurThreadActivityName", "(text: string): void", "Names what the thread does to those who look for faults: accepted and ignored."),
	{Name: "IsMainThread", Func: &basescript.Func{
		Name: "IsMainThread",
		Call: func(*basescript.Run, []basescript.Value) (basescript.Value, error) { return basescript.False, nil },
		Sig:  "(): boolean", Doc: "Whether this is the thread of the user interface: always false.",
	}},
}

// ignored is a function that does nothing here.
func ignored(name, sig, doc string) basescript.Global {
	return basescript.Global{Name: name, Func: &basescript.Func{
		Name: name, Sig: sig, Doc: doc,
		Call: func(*basescript.Run, []basescript.Value) (basescript.Value, error) { return basescript.Undefined, nil },
	}}
}

// thread is what is behind a Thread object. It belongs to the run that made it.
type thread struct {
	param   basescript.Value
	after   *basescript.Program
	running func() bool // nil: not started yet
}

// Held implements [basescript.Holder].
func (t *thread) Held(visit func(basescript.Value)) int64 {
	visit(t.param)
	return 0
}

var threadClass = &basescript.Class{Name: "JsCodeThread", Props: []basescript.Prop{
	{
		Name: "Param", Sig: "JsObject",
		Doc: "The object of which the thread gets a copy as its Param when it is started.",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			t, _ := basescript.Self[*thread](self)
			return t.param, nil
		},
		Set: func(_ *basescript.Run, self, v basescript.Value) error {
			if v.Object() == nil {
				return basescript.Errorf("Param of a thread is an object, not %s", v.Kind())
			}
			t, _ := basescript.Self[*thread](self)
			t.param = v
			return nil
		},
	},
	{
		Name: "IsRunning", Sig: "boolean", Doc: "Whether the thread has been started and has not ended yet.",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			t, _ := basescript.Self[*thread](self)
			return basescript.Bool(t.running != nil && t.running()), nil
		},
	},
}, Methods: []basescript.Method{
	{
		Name: "EvalCode", Min: 1, Call: evalCode,
		Sig: "(code: string): void", Doc: "Starts the thread with that code. Errors in it are logged.",
	},
	{
		Name: "EvalCodeUrl", Min: 1, Call: evalCodeURL,
		Sig: "(url: string): void", Doc: "Starts the thread with the code of a file of the app. Errors in it are logged.",
	},
	{
		Name: "SetPostCode", Min: 1, Call: setPostCode,
		Sig: "(code: string): void", Doc: "Code that runs in the thread after that it is started with.",
	},
}}

func newThread(r *basescript.Run, _ []basescript.Value) (basescript.Value, error) {
	t := &thread{param: basescript.ObjectValue(r.NewObject())}
	return basescript.NewHost(threadClass, t), r.Alloc(sizeEntry)
}

func evalCode(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	program, err := threadProgram(r, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.Undefined, startThread(r, self, program)
}

// threadProgram compiles code given as text. Its errors name the script that starts it, so that relative
// addresses are those of that script.
func threadProgram(r *basescript.Run, code basescript.Value) (*basescript.Program, error) {
	text, err := stringArg("The code of a thread", code)
	if err != nil {
		return nil, err
	}
	url, _ := r.Caller()
	return compileThread(r, url+"#thread", text)
}

// compileThread compiles the code of a thread, which is work in proportion to it.
func compileThread(r *basescript.Run, url, text string) (*basescript.Program, error) {
	if err := r.Step(64 + len(text)>>1); err != nil {
		return nil, err
	}
	program, err := basescript.Compile(url, text, basescript.Options{Globals: Globals()})
	if err != nil {
		return nil, basescript.NewError(err.Error())
	}
	return program, nil
}

func evalCodeURL(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	url, err := stringArg("The address of the code of a thread", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	text, address, err := readCode(r, url)
	if err != nil {
		return basescript.Undefined, err
	}
	program, err := compileThread(r, address, text)
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.Undefined, startThread(r, self, program)
}

func setPostCode(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	t, _ := basescript.Self[*thread](self)
	if t.running != nil {
		return basescript.Undefined, basescript.NewError("SetPostCode comes too late: the thread has been started")
	}
	program, err := threadProgram(r, args[0])
	if err == nil {
		t.after = program
	}
	return basescript.Undefined, err
}

func startThread(r *basescript.Run, self basescript.Value, program *basescript.Program) error {
	t, _ := basescript.Self[*thread](self)
	env := envOf(r)
	switch {
	case env.Agents == nil:
		return basescript.NewError("Threads cannot be started here")
	case t.running != nil && t.running():
		return basescript.NewError("The thread is running already")
	case env.generation() >= maxGeneration:
		return basescript.Errorf("Threads that start threads may do so %d deep", maxGeneration)
	}
	param, _, err := freeze(r, t.param, maxThreadParam)
	if err != nil {
		return err
	}
	running, err := env.Agents.StartThread(ThreadStart{
		Program: program, After: t.after, Generation: env.generation() + 1, param: param,
	})
	if err != nil {
		return basescript.Errorf("The thread cannot be started: %v", err)
	}
	t.running = running
	return nil
}

// generation is how many threads are above the run, itself included.
func (e *Env) generation() int {
	if e.Thread == nil {
		return 0
	}
	return e.Thread.Generation
}
