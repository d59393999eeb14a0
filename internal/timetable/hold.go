package timetable

import (
	"context"
	"errors"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/runs"
)

// ErrStopping says that a node begins no runs any more.
var ErrStopping = errors.New("the node is stopping")

// soon is when a run that goes on is entered with its id: most have ended by then.
const soon = 200 * time.Millisecond

// start begins the run that a lease of this node is for.
func (t *Timetable) start(key, name string, l lease) {
	t.started[name] = l.Tick
	run, err := t.cfg.Runner.Start(name)
	if err == nil {
		t.ticks.With(string(Ran)).Inc()
		t.holding.Go(func() { t.hold(key, l, run) })
		return
	}
	reason := err.Error()
	if errors.Is(err, ErrStopping) {
		t.refuse() // or it would take the tick again
		t.settle(key, l, func(e *entry) { e.Run, e.Wait = nil, l.Tick })
		return
	}
	t.ticks.With(string(Skipped)).Inc()
	t.cfg.Logger.Warn("agent is not started", "agent", name, "tick", time.Unix(l.Tick, 0), "reason", reason)
	t.holding.Go(func() {
		t.settle(key, l, func(e *entry) { e.Run, e.Skip = nil, &skip{l.Tick, reason} })
	})
}

// hold renews the lease of a run until it ends, and gives it back.
func (t *Timetable) hold(key string, l lease, run *runs.Run) {
	ended := make(chan runs.Info, 1)
	ctx, cancel := context.WithCancel(t.alive)
	defer cancel()
	go func() {
		if info, err := run.Wait(ctx); err == nil {
			ended <- info
		}
	}()
	for wait := min(soon, t.cfg.Lease/3); ; wait = t.cfg.Lease / 3 {
		next := t.cfg.Clock.Now().Add(wait)
		select {
		case info := <-ended:
			l.Run = run.ID()
			t.settle(key, l, func(e *entry) {
				e.Run.Run = l.Run
				e.end(e.Run, string(info.State), t.cfg.Clock.Now())
			})
			return
		case <-t.cfg.Clock.At(next):
			err := t.change(ctx, key, func(e *entry) bool {
				if !t.holds(e, l) {
					return false
				}
				renewed := *e.Run
				renewed.Run, renewed.Until = run.ID(), t.cfg.Clock.Now().Add(t.cfg.Lease).UnixMilli()
				e.Run = &renewed
				return true
			})
			if err != nil && ctx.Err() == nil {
				t.cfg.Logger.Debug("lease of a run is not renewed, trying again", "run", run.ID(), "error", err.Error())
			}
		case <-t.alive.Done():
			return
		}
	}
}

// holds says whether the run of an entry is the one of a lease.
func (t *Timetable) holds(e *entry, l lease) bool {
	return e.Run != nil && t.owns(e.Run) && e.Run.Tick == l.Tick
}

// settle notes the end of a run, trying until it is known or counts as lost.
func (t *Timetable) settle(key string, l lease, fn func(*entry)) {
	for t.alive.Err() == nil {
		err := t.change(t.alive, key, func(e *entry) bool {
			if !t.holds(e, l) {
				return false // lost, as far as the others know
			}
			run := *e.Run
			e.Run = &run // the mirror has the other one
			fn(e)
			return true
		})
		if err == nil {
			return
		}
		select {
		case <-time.After(cutOffPause):
		case <-t.alive.Done():
		}
	}
}
