package timetable

import "time"

// Outcome is what became of a tick.
type Outcome string

// Outcomes. Each tick has one of the first four, in the whole cluster; a lost run was a run before.
const (
	Ran     Outcome = "run"     // an agent was started
	Skipped Outcome = "skipped" // a run went on, or there was no place for another
	Queued  Outcome = "queued"  // it waits for the end of a run, and then counts as run
	Missed  Outcome = "missed"  // nobody was there in time
	Lost    Outcome = "lost"    // the run ended with its node
)

// Why ticks are skipped, as people read it.
const (
	overlapReason = "the run before goes on"
	queuedReason  = "the run before goes on, and one tick waits for its end already"
)

// plan is what an agent says of its ticks.
type plan struct {
	name   string
	times  string                          // identifies what next computes from
	next   func(after time.Time) time.Time // zero: never again
	queue  bool
	missed bool // one run makes up for those missed
}

// step is a change of an entry that one node is to bring about, and what follows if it does.
type step struct {
	entry  entry
	run    int64  // the tick to run now; 0: none
	missed int    // ticks that nobody was there for
	skips  int    // ticks that were skipped
	lost   *lease // a run that will not end any more
	queued bool
}

// maxMissed is how many missed ticks are counted that are older than [MissedWindow]: a node that comes back
// after a year has better things to do.
const maxMissed = 10_000

// decide says what is to be done now about an agent, at most one run. ok is false if it is nothing. It is
// asked again after each step, and after until: when the next tick comes or a lease lapses.
func decide(e entry, p plan, now time.Time) (s step, until time.Time, ok bool) {
	s.entry = e
	if e.Run != nil && e.Run.lapsed(now) {
		s.lost = e.Run
		s.entry.end(e.Run, string(Lost), now)
		return s, until, true
	}
	if e.Run == nil && e.Wait != 0 {
		s.run, s.entry.Wait = e.Wait, 0
		return s, until, true
	}
	next := p.next(time.Unix(e.Tick, 0))
	if next.IsZero() || next.After(now) {
		return s, sooner(next, e.Run), false
	}
	newest := int64(0)
	for !next.IsZero() && now.Sub(next) > Grace {
		s.missed++
		newest = next.Unix()
		next = p.next(next)
		if s.missed == maxMissed && now.Sub(next) > MissedWindow {
			next = p.next(now.Add(-MissedWindow))
		}
	}
	if s.missed > 0 {
		s.entry.Tick = newest
		if !p.missed || now.Sub(time.Unix(newest, 0)) > MissedWindow {
			return s, until, true // what is in time comes with the next step
		}
		s.missed-- // one of them is run
	} else {
		newest = next.Unix()
		s.entry.Tick = newest
	}
	switch {
	case e.Run == nil:
		s.run = newest
	case p.queue && e.Wait == 0:
		s.entry.Wait, s.queued = newest, true
	case p.queue:
		s.skip(newest, queuedReason)
	default:
		s.skip(newest, overlapReason)
	}
	return s, until, true
}

// sooner is when there may be something to do again.
func sooner(next time.Time, run *lease) time.Time {
	if run == nil {
		return next
	}
	if lapse := time.UnixMilli(run.Until + 1); next.IsZero() || lapse.Before(next) {
		return lapse
	}
	return next
}

func (s *step) skip(tick int64, reason string) {
	s.entry.Skip = &skip{tick, reason}
	s.skips++
}

// end notes the end of a run.
func (e *entry) end(run *lease, state string, now time.Time) {
	e.Run = nil
	e.Last = &last{Run: run.Run, Node: run.Node, State: state, Tick: run.Tick, Began: run.Since, Ended: now.Unix()}
}
