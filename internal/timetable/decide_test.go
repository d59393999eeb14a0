package timetable

import (
	"fmt"
	"testing"
	"time"
)

// TestDecide goes through what may be found at noon by an agent with a tick each minute.
func TestDecide(t *testing.T) {
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	going := func(left time.Duration) *lease {
		return &lease{Node: "n2", Life: "1", Run: "r", Tick: at(-5 * time.Minute), Since: at(-5 * time.Minute), Until: noon.Add(left).UnixMilli()}
	}
	minutes := plan{name: "a", next: func(after time.Time) time.Time { return after.Truncate(time.Minute).Add(time.Minute) }}
	queue, missed := minutes, minutes
	queue.queue, missed.missed = true, true
	for _, c := range []struct {
		name  string
		plan  plan
		entry entry
		now   time.Duration // after noon
		want  string
	}{
		{"nothing to do", minutes, entry{Tick: at(0)}, 30 * time.Second, "wait 12:01:00"},
		{"a tick", minutes, entry{Tick: at(-time.Minute)}, 0, "run 12:00:00, tick 12:00:00"},
		{"a late tick", minutes, entry{Tick: at(-time.Minute)}, Grace, "run 12:00:00, tick 12:00:00"},
		{"too late", minutes, entry{Tick: at(-time.Minute)}, Grace + time.Second, "1 missed, tick 12:00:00"},
		{"long down", minutes, entry{Tick: at(-time.Hour)}, 0, "59 missed, tick 11:59:00"},
		{"long down, made up for", missed, entry{Tick: at(-time.Hour)}, 0, "run 11:59:00, 58 missed, tick 11:59:00"},
		{"down for a day less", missed, entry{Tick: at(-time.Minute)}, MissedWindow - time.Minute, "run 11:58:00, 1438 missed, tick 11:58:00"},
		{"down for a year", minutes, entry{Tick: at(-365 * 24 * time.Hour)}, 0, "11439 missed, tick 11:59:00"},
		{"a run goes on", minutes, entry{Tick: at(-time.Minute), Run: going(time.Second)}, 0, "skipped: the run before goes on, tick 12:00:00, goes on"},
		{"a run goes on between ticks", minutes, entry{Tick: at(0), Run: going(15 * time.Second)}, 10 * time.Second, "wait 12:00:15"},
		{"a run goes on, queued", queue, entry{Tick: at(-time.Minute), Run: going(time.Second)}, 0, "queued, tick 12:00:00, waits 12:00:00, goes on"},
		{"one waits already", queue, entry{Tick: at(-time.Minute), Wait: at(-time.Minute), Run: going(time.Second)}, 0,
			"skipped: the run before goes on, and one tick waits for its end already, tick 12:00:00, waits 11:59:00, goes on"},
		{"its turn", queue, entry{Tick: at(0), Wait: at(0)}, 30 * time.Second, "run 12:00:00, tick 12:00:00"},
		{"a lease lapses", minutes, entry{Tick: at(0), Run: going(0)}, time.Second, "lost n2, tick 12:00:00"},
		{"a lease lapses, one waits", queue, entry{Tick: at(0), Wait: at(0), Run: going(0)}, time.Second, "lost n2, tick 12:00:00, waits 12:00:00"},
		{"made up for during a run", missed, entry{Tick: at(-time.Hour), Run: going(time.Second)}, 0,
			"58 missed, skipped: the run before goes on, tick 11:59:00, goes on"},
	} {
		now := noon.Add(c.now)
		s, until, ok := decide(c.entry, c.plan, now)
		if got := tell(s, until, ok); got != c.want {
			t.Errorf("%s: %s\nnot %s", c.name, got, c.want)
		}
	}
}

func tell(s step, until time.Time, ok bool) string {
	clock := func(tick int64) string { return time.Unix(tick, 0).UTC().Format(time.TimeOnly) }
	if !ok {
		return "wait " + until.UTC().Format("15:04:05")
	}
	text := ""
	add := func(format string, args ...any) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf(format, args...)
	}
	if s.run != 0 {
		add("run %s", clock(s.run))
	}
	if s.missed > 0 {
		add("%d missed", s.missed)
	}
	if s.skips > 0 {
		add("skipped: %s", s.entry.Skip.Reason)
	}
	if s.queued {
		add("queued")
	}
	if s.lost != nil {
		add("lost %s", s.lost.Node)
	}
	add("tick %s", clock(s.entry.Tick))
	if s.entry.Wait != 0 {
		add("waits %s", clock(s.entry.Wait))
	}
	if s.entry.Run != nil {
		add("goes on")
	}
	return text
}

// TestNothingIsMissedThatNeverComes: a schedule may have an end.
func TestNothingIsMissedThatNeverComes(t *testing.T) {
	never := plan{next: func(time.Time) time.Time { return time.Time{} }}
	if _, until, ok := decide(entry{}, never, time.Unix(1e9, 0)); ok || !until.IsZero() {
		t.Errorf("%v %v", until, ok)
	}
}
