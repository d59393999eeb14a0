package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// StartThread implements [hostapi.Agents]: the thread runs beside the present run, as its user and with
// its name on the lines, takes a place among the agents and has their budgets.
func (x *run) StartThread(t hostapi.ThreadStart) (running func() bool, err error) {
	e := x.engine
	script := *x.script // the lines of the thread name the script that started it
	script.Program, script.URL, script.Err = t.Program, t.Program.URL(), nil
	if script.Kind != app.Agent {
		script.Meta = app.Meta{}
	}
	var ended atomic.Bool
	err = e.beside(e.begin, func(ctx context.Context) {
		defer ended.Store(true)
		y := e.newRun(x.snapshot, &script, x.User)
		y.Thread, y.payer = &t, x.payer
		y.trace(x.span.In(ctx), tracing.SpanThread)
		a := y.list(y.span.In(ctx), 0, runs.Start{Agent: x.agentName(), Name: script.URL, Trigger: runs.ByThread})
		// The error is logged and listed: nobody else is there to hear of it.
		a.end(func() error {
			return e.runAgent(a.ctx, y, 0, func(r *basescript.Run) error { return y.runThread(r, t) })
		})
	})
	return func() bool { return !ended.Load() }, err
}

// agentName is the name of the agent whose run this is, or that started it as a thread; empty if
// there is none.
func (x *run) agentName() string {
	if x.listed == nil {
		return "" // a call of a service
	}
	return x.listed.Info().Agent
}

// runThread runs the code of a thread, and then the code it was told to run after that.
func (x *run) runThread(r *basescript.Run, t hostapi.ThreadStart) error {
	if err := x.PrepareThread(r); err != nil {
		return err
	}
	_, err := r.Exec(t.Program)
	if t.After != nil {
		_, afterwards := r.Exec(t.After)
		err = errors.Join(err, afterwards)
	}
	return err
}

// StartAgent implements [hostapi.Agents].
func (x *run) StartAgent(a hostapi.AgentStart) (ok bool, err error) {
	e := x.engine
	req := RunRequest{Agent: a.Name, ObjectID: a.ObjectID, ObjectIDs: a.ObjectIDs}
	snapshot := e.deps.Apps()
	script, err := findAgent(snapshot, req)
	if err != nil {
		return false, nil // the only error there is: no such agent
	}
	if script.Program == nil {
		return false, errors.New("it does not compile")
	}
	err = e.beside(e.beginAgent, func(ctx context.Context) {
		e.prepareAgent(x.span.In(ctx), req, snapshot, script, runs.ByScript).runScript()
	})
	return err == nil, err
}

// beside calls fn on a goroutine of its own, which Close waits for, once begin has counted it in and it has
// its place among the agents. Places are kept free for agents that people start: what scripts start gets three in four.
func (e *Engine) beside(begin func() bool, fn func(ctx context.Context)) error {
	select {
	case e.threads <- struct{}{}:
	default:
		e.figures.refused.Inc()
		return fmt.Errorf("%w: scripts have started %d", ErrBusy, cap(e.threads))
	}
	leave, err := e.enterAgent(begin)
	if err != nil {
		<-e.threads
		return err
	}
	go func() {
		defer func() {
			leave()
			<-e.threads
		}()
		fn(e.ctx)
	}()
	return nil
}
