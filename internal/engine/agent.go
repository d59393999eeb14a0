package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
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
	leave, err := e.enterAgent()
	if err != nil {
		return Outcome{}, err
	}
	defer leave()
	return e.runScript(ctx, req, snapshot, script), nil
}

// runScript runs an agent that has its place.
func (e *Engine) runScript(ctx context.Context, req RunRequest, snapshot *app.Snapshot, script *app.Script) Outcome {
	x := e.newRun(snapshot, script, e.agentUser(req, script))
	x.Params, x.ObjectID, x.ObjectIDs, x.onLine = req.Params, req.ObjectID, req.ObjectIDs, req.OnLine
	x.trace(ctx, tracing.SpanAgent)
	defer x.span.End()
	ctx = x.span.In(ctx)
	began := time.Now()
	err := script.Err
	if script.Program != nil {
		err = e.runAgent(ctx, x, req.Timeout, func(r *basescript.Run) error {
			_, err := r.Exec(script.Program)
			return err
		})
	}
	err = x.report(err)
	outcome := Outcome{OK: err == nil, Duration: time.Since(began), Thread: x.thread}
	e.figures.ran(x, outcome.Duration, err)
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

func (e *Engine) enterAgent() (leave func(), err error) {
	if !e.begin() {
		return nil, ErrClosed
	}
	select {
	case e.agents <- struct{}{}:
	default:
		e.runs.Done()
		e.figures.refused.Inc()
		return nil, fmt.Errorf("%w: %d at once", ErrBusy, cap(e.agents))
	}
	return func() {
		<-e.agents
		e.runs.Done()
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
		return basescript.Undefined, fn(r)
	})
	return err
}
