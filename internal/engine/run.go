package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// run is one execution of a script: what the host API knows of it, and where its lines go.
type run struct {
	hostapi.Env
	engine   *Engine
	snapshot *app.Snapshot
	script   *app.Script
	thread   int
	onLine   func(logs.Line) // nil: nobody else wants the lines
	span     *tracing.Span   // nil: the run is not traced
	listed   *runs.Run       // nil for calls of services
	payer    *payer          // nil: nobody is charged for it
}

// payer is for whom a service works: the user and the address of a socket.
type payer struct{ user, remote string }

// newRun prepares a run of the script for the user. The caller adds what else it knows to the Env.
func (e *Engine) newRun(snapshot *app.Snapshot, script *app.Script, user hub.User) *run {
	x := &run{engine: e, snapshot: snapshot, script: script, thread: e.nextThread()}
	x.Env = hostapi.Env{
		Settings:     e.settings,
		Sockets:      e.deps.Sockets,
		UserData:     e.deps.UserData,
		Libraries:    x,
		Sources:      e.deps.Sources,
		Storage:      e.deps.Storage,
		Stubs:        x,
		Agents:       x,
		Files:        e.deps.Files,
		HTTP:         e.deps.HTTP,
		Renewer:      e.deps.Renewer,
		Log:          x,
		User:         user,
		ThreadNumber: x.thread,
	}
	return x
}

// execute calls fn with a fresh environment.
func (x *run) execute(ctx context.Context, limits basescript.Limits, fn func(*basescript.Run) (basescript.Value, error)) (basescript.Value, error) {
	r := basescript.NewRun(ctx, basescript.RunConfig{
		Limits:              limits,
		Host:                &x.Env,
		NullEqualsUndefined: x.engine.cfg.NullEqualsUndefined,
		Collector:           memory,
	})
	defer r.Close()
	if x.payer == nil {
		v, err := fn(r)
		x.keepSession(r)
		return v, err
	}
	began := time.Now()
	v, err := fn(r)
	x.keepSession(r)
	x.engine.deps.Quota.Computed(x.payer.user, x.payer.remote, time.Since(began)-r.Waited())
	return v, err
}

// keepSession stores what the script has changed in its session, which may run a getter of the script.
func (x *run) keepSession(r *basescript.Run) {
	defer func() {
		if p := recover(); p != nil {
			x.logFault(p, debug.Stack())
		}
	}()
	x.KeepSession(r)
}

func (x *run) logFault(fault any, stack []byte) {
	x.engine.deps.Logger.Error("script run panicked", slog.String("script", x.script.URL), slog.Int("thread", x.thread),
		slog.Any("error", fault), slog.String("stack", string(stack)))
}

// Stub implements [hostapi.Stubs] on the snapshot the run began with.
func (x *run) Stub(r *basescript.Run, name string, args []basescript.Value) (v basescript.Value, ok bool, err error) {
	stub, ok := x.snapshot.Stub(name)
	if !ok {
		return basescript.Undefined, false, nil
	}
	if stub.Program == nil {
		return basescript.Undefined, true, basescript.Errorf("The stub %s cannot be used: %s", stub.URL, errorText(stub.Err))
	}
	v, err = r.Call(stub.Program, stub.StubFunction(), args...)
	if errors.Is(err, basescript.ErrNoFunction) {
		return basescript.Undefined, false, nil
	}
	return v, true, err
}

// Line implements [hostapi.Log].
func (x *run) Line(text string, isError bool) {
	line := logs.Line{Thread: x.thread, Text: text, Error: isError, Socket: x.Socket.Key, User: x.User.ID, Trace: x.span.TraceID()}
	if x.script.Kind == app.Agent {
		line.Agent = x.script.Name
	} else {
		line.Service = x.script.Name
	}
	line = x.engine.deps.Logs.Write(line)
	if x.listed != nil {
		x.listed.Line(line)
	}
	if x.onLine != nil {
		x.onLine(line)
	}
}

// Call implements [hostapi.Libraries] on the snapshot the run began with.
func (x *run) Call(r *basescript.Run, code, method string, args []basescript.Value) (basescript.Value, error) {
	program, err := x.Program(code)
	if err != nil {
		return basescript.Undefined, err
	}
	v, err := r.Call(program, method, args...)
	if errors.Is(err, basescript.ErrNoFunction) {
		return basescript.Undefined, basescript.Errorf("Unknown method: %s() of the code library %s", method, code)
	}
	return v, err
}

// Program implements [hostapi.Libraries].
func (x *run) Program(code string) (*basescript.Program, error) {
	library, ok := x.snapshot.Library(code)
	if !ok {
		return nil, basescript.Errorf("Unknown code library: %s", code)
	}
	if library.Program == nil {
		return nil, basescript.Errorf("The code library %s cannot be used: %s", code, errorText(library.Err))
	}
	return library.Program, nil
}

// Namespace implements [hostapi.Libraries].
func (x *run) Namespace(name string) []*basescript.Program { return x.snapshot.Namespace(name) }

// Has implements [hostapi.Libraries].
func (x *run) Has(code, method string) bool {
	library, ok := x.snapshot.Library(code)
	return ok && library.Program != nil && library.Program.HasFunction(method)
}

// ClientCallable implements [hostapi.Libraries].
func (x *run) ClientCallable(code, method string) bool {
	library, ok := x.snapshot.Library(code)
	if !ok || library.Program == nil {
		return false
	}
	info, ok := library.Program.Function(method)
	return ok && info.ClientCallable
}

// report logs the error a run ended with and returns it; the silent end by Cancel() is no error.
func (x *run) report(err error) error {
	x.traceOutcome(err)
	if err == nil {
		return nil
	}
	var e *basescript.Error
	if errors.As(err, &e) && e.Kind == basescript.Cancelled {
		return nil
	}
	var fault *basescript.PanicError
	if errors.As(err, &fault) {
		x.logFault(fault.Value, fault.Stack)
	}
	x.engine.figures.stopped(err)
	x.Line(errorText(err), true)
	return err
}

// errorText is an error as the log and the outcome of a run show it: with position lines, and for a
// source that does not compile with the line at fault.
func errorText(err error) string {
	var syntax *basescript.SyntaxError
	if errors.As(err, &syntax) && syntax.Caret != "" {
		return err.Error() + "\n" + syntax.Caret
	}
	return err.Error()
}

// plainText is the text of an error for a client, who is not to see the script's files: the message
// without position lines.
func plainText(err error) string {
	var e *basescript.Error
	var syntax *basescript.SyntaxError
	switch {
	case errors.As(err, &e):
		return e.Message
	case errors.As(err, &syntax):
		return "the service does not compile"
	}
	return err.Error()
}
