package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// RunRequest names what to run: an agent of the app, or else a source.
type RunRequest struct {
	Agent string
	// Source is run if Agent is empty; Name says in errors and lines where it comes from.
	Source string
	Name   string
	// User is who the script runs as. Without an id it is the user of its @user, or else the
	// administrator.
	User hub.User
	// Timeout is how long it may run; 0 means its @timeout, or else the default.
	Timeout time.Duration
	// Params are what the script finds in Param, ObjectID and ObjectIDs in OBJECT_ID and OBJECTS_ID_STR.
	Params              map[string]string
	ObjectID, ObjectIDs string
	// OnLine is called with each line the script logs, one at a time, before Run returns. It holds
	// the script up.
	OnLine func(logs.Line)
	// Trigger says in the list of runs who started it; empty means the API.
	Trigger runs.Trigger
}

// Outcome says how a run ended.
type Outcome struct {
	OK       bool
	Error    string // with position lines; "" if OK
	Duration time.Duration
	Thread   int
}

// Run runs an agent and returns when it has ended. A script that throws or does not compile is an
// outcome, logged as a line as well; an error means that nothing was run: [ErrNoAgent], [ErrBusy],
// [ErrClosed]. When ctx ends the run is stopped.
func (e *Engine) Run(ctx context.Context, req RunRequest) (Outcome, error) {
	snapshot := e.deps.Apps()
	script, err := findAgent(snapshot, req)
	if err != nil {
		return Outcome{}, err
	}
	leave, err := e.enterAgent(e.beginAgent)
	if err != nil {
		return Outcome{}, err
	}
	defer leave()
	return e.prepareAgent(ctx, req, snapshot, script, cmp.Or(req.Trigger, runs.ByAPI)).runScript(), nil
}

// Start begins a run as [Engine.Run] does and returns at once, with a reader of its lines from the
// first one on, which the caller closes. The run goes on until it ends, is stopped in the list of runs,
// or the engine is closed, also when ctx ends: of that it has only the trace. OnLine may be called after
// Start has returned.
func (e *Engine) Start(ctx context.Context, req RunRequest) (*runs.Reader, error) {
	snapshot := e.deps.Apps()
	script, err := findAgent(snapshot, req)
	if err != nil {
		return nil, err
	}
	leave, err := e.enterAgent(e.beginAgent)
	if err != nil {
		return nil, err
	}
	a := e.prepareAgent(context.WithoutCancel(ctx), req, snapshot, script, cmp.Or(req.Trigger, runs.ByAPI))
	reader := a.listed.Read(0)
	go func() {
		defer leave()
		a.runScript()
	}()
	return reader, nil
}

// agentRun is a run of an agent that has its place and is in the list of runs.
type agentRun struct {
	*run
	ctx     context.Context // ends with the one it was made with, and when the run is stopped
	stop    context.CancelCauseFunc
	timeout time.Duration // 0: that of the script
}

// list enters a run into the list of runs, with what the caller says of it: who or what started it.
// The caller passes on its end.
func (x *run) list(ctx context.Context, timeout time.Duration, start runs.Start) *agentRun {
	a := &agentRun{run: x, timeout: timeout}
	a.ctx, a.stop = context.WithCancelCause(ctx)
	start.User, start.Thread = x.User.ID, x.thread
	start.Stop = func() { a.stop(ErrStopped) }
	x.listed = x.engine.deps.Runs.Begin(start)
	return a
}

func (e *Engine) prepareAgent(ctx context.Context, req RunRequest, snapshot *app.Snapshot, script *app.Script, trigger runs.Trigger) *agentRun {
	x := e.newRun(snapshot, script, e.agentUser(req, script))
	x.Params, x.ObjectID, x.ObjectIDs, x.onLine = req.Params, req.ObjectID, req.ObjectIDs, req.OnLine
	start := runs.Start{Agent: req.Agent, Trigger: trigger}
	if req.Agent == "" {
		start.Name = script.Name
	}
	x.trace(ctx, tracing.SpanAgent)
	return x.list(x.span.In(ctx), req.Timeout, start)
}

// runScript runs the script of the agent.
func (a *agentRun) runScript() Outcome {
	return a.end(func() error {
		if a.script.Program == nil {
			return a.script.Err
		}
		return a.engine.runAgent(a.ctx, a.run, a.timeout, func(r *basescript.Run) error {
			_, err := r.Exec(a.script.Program)
			return err
		})
	})
}

// end calls fn, which does the work of the run, and tells how it ended.
func (a *agentRun) end(fn func() error) (outcome Outcome) {
	began := time.Now()
	defer func() {
		a.stop(nil)
		a.span.End()
		a.listed.End(runs.Outcome{Error: outcome.Error, Duration: outcome.Duration})
	}()
	err := a.report(fn())
	outcome = Outcome{OK: err == nil, Duration: time.Since(began), Thread: a.thread}
	a.engine.figures.ran(a.run, outcome.Duration, err)
	if err != nil {
		outcome.Error = errorText(err)
	}
	return outcome
}

func findAgent(snapshot *app.Snapshot, req RunRequest) (*app.Script, error) {
	if req.Agent == "" {
		return app.CompileAgent(req.Name, req.Source, hostapi.Globals()), nil
	}
	script, ok := snapshot.Agent(req.Agent)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoAgent, req.Agent)
	}
	return script, nil
}

// enterAgent takes a place among the agents, for what begin counts in.
func (e *Engine) enterAgent(begin func() bool) (leave func(), err error) {
	if !begin() {
		return nil, ErrClosed
	}
	select {
	case e.agents <- struct{}{}:
	default:
		e.done()
		e.figures.refused.Inc()
		return nil, fmt.Errorf("%w: %d at once", ErrBusy, cap(e.agents))
	}
	return func() {
		<-e.agents
		e.done()
	}, nil
}

func (e *Engine) agentUser(req RunRequest, script *app.Script) hub.User {
	if req.User.ID != "" {
		return req.User
	}
	id := script.Meta.User
	if id == "" {
		id = AdministratorID
	}
	if e.deps.Users == nil {
		return hub.User{ID: id, Admin: id == AdministratorID}
	}
	return e.deps.Users(id)
}

// runAgent calls fn, which runs the script's program, in the time it has.
func (e *Engine) runAgent(ctx context.Context, x *run, timeout time.Duration, fn func(*basescript.Run) error) error {
	if timeout <= 0 {
		timeout = x.script.Meta.Timeout
	}
	if timeout <= 0 {
		timeout = e.cfg.AgentTimeout
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	unlink := context.AfterFunc(e.ctx, func() { stop(context.Cause(e.ctx)) })
	defer unlink()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	limits := basescript.Limits{Bytes: e.cfg.AgentBytes, Depth: e.cfg.Depth}
	_, err := x.execute(ctx, limits, func(r *basescript.Run) (basescript.Value, error) {
		if err := r.Wait(func(context.Context) error { return nil }); err != nil {
			return basescript.Undefined, err // it was stopped before it began
		}
		return basescript.Undefined, fn(r)
	})
	return err
}
