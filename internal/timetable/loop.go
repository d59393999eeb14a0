package timetable

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// maxWait is how long the timetable sleeps at most: the clock of a machine may be set, or stand still
	// with it.
	maxWait = 10 * time.Second
	// leastWait keeps it from looking without a break.
	leastWait = time.Millisecond
	// cutOffPause is how long it waits after NATS did not answer.
	cutOffPause = time.Second
)

// Run takes ticks until ctx ends or [Timetable.Refuse] is called, and returns nil. A timetable runs once.
func (t *Timetable) Run(ctx context.Context) error {
	// Whoever looks after a run needs to see entries for longer than ticks are taken.
	complete := make(chan struct{})
	if !t.begin(sync.OnceFunc(func() { close(complete) })) {
		return nil
	}
	defer t.holding.Done()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(t.refused, stop)()
	select {
	case <-complete:
	case <-ctx.Done():
		return nil
	}
	for ctx.Err() == nil {
		select {
		case <-t.cfg.Clock.At(t.look(ctx)):
		case <-t.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

// begin counts the loop in and follows entries, unless the timetable is closed.
func (t *Timetable) begin(complete func()) bool {
	t.closing.Lock()
	defer t.closing.Unlock()
	if t.closed {
		return false
	}
	t.holding.Add(1)
	t.following.Go(func() { t.follow(complete) })
	return true
}

// follow keeps the mirror until the timetable is closed.
func (t *Timetable) follow(complete func()) {
	for t.alive.Err() == nil {
		err := t.mirror.follow(t.alive, t.kv, complete)
		if t.alive.Err() != nil {
			return
		}
		t.cfg.Logger.Debug("timetable is not followed, trying again", "error", err.Error())
		select {
		case <-time.After(cutOffPause):
		case <-t.alive.Done():
		}
	}
}

// look does all there is to do now, and returns when to look again, which is never at once.
func (t *Timetable) look(ctx context.Context) (until time.Time) {
	now := t.cfg.Clock.Now()
	defer func() {
		if soonest := now.Add(leastWait); until.Before(soonest) {
			until = soonest
		}
	}()
	until = now.Add(maxWait)
	known, first := make(map[string]string, len(t.known)), false
	for _, a := range t.cfg.Agents() {
		p := t.planOf(a)
		at, err := t.lookAt(ctx, p, now)
		switch {
		case ctx.Err() != nil:
			return until
		case errors.Is(err, errChanged):
			// The mirror is about to show it, and wakes us; the agent stays as new as it was, and so does this node.
			at = now.Add(conflictPause)
			first = t.first
			if times, ok := t.known[p.name]; ok {
				known[p.name] = times
			}
		case err != nil:
			t.silent(err)
			return now.Add(cutOffPause)
		default:
			known[p.name] = p.times
		}
		if !at.IsZero() && at.Before(until) {
			until = at
		}
	}
	t.known, t.first = known, first
	return until
}

// silent says once that NATS does not answer.
func (t *Timetable) silent(err error) {
	if !t.cutOff {
		t.cutOff = true
		t.cfg.Logger.Warn("timetable cannot be reached, agents are not started in time by this node", "error", err.Error())
	}
}

func (t *Timetable) answers() {
	if t.cutOff {
		t.cutOff = false
		t.cfg.Logger.Info("timetable is reached again")
	}
}

// lookAt does what there is to do about one agent.
func (t *Timetable) lookAt(ctx context.Context, p plan, now time.Time) (until time.Time, err error) {
	key := keyOf(p.name)
	if err := t.enter(ctx, key, p, now); err != nil {
		return until, err
	}
	for {
		e, revision, _ := t.mirror.get(key)
		if e.Run != nil && t.owns(e.Run) && e.Run.Tick > t.started[p.name] {
			// Written just now, or a while ago without an answer: it is ours, and nobody has begun it.
			t.answers()
			t.start(key, p.name, *e.Run)
			continue
		}
		e.Run = t.judged(e.Run, now)
		s, until, ok := decide(e, p, now)
		if !ok {
			return until, nil
		}
		if s.run != 0 {
			s.entry.Run = &lease{
				Node: t.cfg.Node, Life: t.cfg.Life, Tick: s.run, Since: now.Unix(), Until: now.Add(t.cfg.Lease).UnixMilli(),
			}
		}
		if err := t.write(ctx, key, s.entry, revision); err != nil {
			if errors.Is(err, errChanged) && t.mirror.stuck(key, revision) {
				err = errors.Join(err, t.refresh(ctx, key))
			}
			return until, err
		}
		t.answers()
		t.account(p.name, s)
	}
}

// judged is a lease as this node, which may know better, sees it: its own runs go on until it says
// otherwise, those of an earlier start of it do not.
func (t *Timetable) judged(l *lease, now time.Time) *lease {
	if l == nil || l.Node != t.cfg.Node {
		return l
	}
	known := *l
	known.Until = 0
	if t.owns(l) {
		known.Until = now.Add(t.cfg.Lease).UnixMilli()
	}
	return &known
}

func (t *Timetable) owns(l *lease) bool { return l.Node == t.cfg.Node && l.Life == t.cfg.Life }

// enter sees that the entry is about the times that the agent names now: ticks before a change of them were
// not missed.
func (t *Timetable) enter(ctx context.Context, key string, p plan, now time.Time) error {
	e, revision, _ := t.mirror.get(key)
	times, known := t.known[p.name]
	switch {
	case revision == 0:
		e = entry{Name: p.name, Times: p.times, Tick: now.Unix()}
	case known && times == p.times:
		return nil
	case e.Times != p.times:
		e.Times, e.Tick, e.Wait = p.times, now.Unix(), 0
	case !t.first && e.Tick < now.Add(-Grace).Unix():
		e.Tick = now.Add(-Grace).Unix() // the agent was not in the app for a while
	default:
		return nil
	}
	err := t.write(ctx, key, e, revision)
	if err == nil {
		t.answers()
	}
	return err
}

// account tells what a step has brought.
func (t *Timetable) account(name string, s step) {
	t.ticks.With(string(Missed)).Add(s.missed)
	t.ticks.With(string(Skipped)).Add(s.skips)
	switch {
	case s.missed > 0:
		t.cfg.Logger.Warn("times of an agent were missed", "agent", name, "count", s.missed)
	case s.skips > 0:
		t.cfg.Logger.Info("agent is not started", "agent", name, "tick", time.Unix(s.entry.Skip.Tick, 0), "reason", s.entry.Skip.Reason)
	case s.queued:
		t.ticks.With(string(Queued)).Inc()
	case s.lost != nil:
		t.ticks.With(string(Lost)).Inc()
		t.cfg.Logger.Warn("run of an agent is lost with its node", "agent", name, "node", s.lost.Node, "run", s.lost.Run)
		t.cfg.Runner.Lost(name, s.lost.Node, s.lost.Life)
	}
}
