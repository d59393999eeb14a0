package outbox

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keeper does what is to be done now and then: store watermarks, look again at queues that were full, refresh
// watermarks that become old.
type keeper struct {
	nudge chan struct{} // store watermarks now

	mu       sync.Mutex // taken while the lock of a partition is held, never the other way round
	dirty    []*Line    // their watermarks are to be stored
	stalled  []*Line    // their queues were full
	settling []*Line    // wait until they may go live, the first to do so first
	writing  sync.Mutex // held by who stores watermarks, so that they are stored in order
}

const (
	// tick is how often watermarks are stored.
	tick = 100 * time.Millisecond
	// looks is how often, in the life of a message, lines are looked at whose watermarks become old; fresh how
	// often each is refreshed.
	looks = 16
	fresh = 4
)

func (k *keeper) soiled(l *Line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dirty = append(k.dirty, l)
}

func (k *keeper) stall(l *Line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stalled = append(k.stalled, l)
}

func (k *keeper) settle(l *Line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settling = append(k.settling, l)
}

// hurry has watermarks stored now.
func (k *keeper) hurry() {
	select {
	case k.nudge <- struct{}{}:
	default:
	}
}

// keep is a goroutine of the outbox.
func (o *Outbox) keep() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	looked := time.Now()
	for {
		select {
		case <-o.keeper.nudge:
			_ = o.writeMarks(o.life) // those that fail are written with the next
		case now := <-ticker.C:
			_ = o.writeMarks(o.life)
			o.again(now)
			if now.Sub(looked) >= max(o.cfg.MaxAge/looks, tick) {
				looked = now
				o.refresh(now)
			}
		case <-o.life.Done():
			return
		}
	}
}

// again looks at lines whose queues were full, and at those that have settled.
func (o *Outbox) again(now time.Time) {
	k := &o.keeper
	k.mu.Lock()
	stalled := k.stalled
	k.stalled = nil
	n := 0
	for n < len(k.settling) && now.After(k.settling[n].settles) {
		n++
	}
	settled := k.settling[:n:n]
	if k.settling = k.settling[n:]; len(k.settling) == 0 {
		k.settling = nil
	}
	k.mu.Unlock()
	for _, l := range stalled {
		l.p.mu.Lock()
		l.full = false
		l.proceed()
		l.p.mu.Unlock()
	}
	for _, l := range settled {
		l.p.mu.Lock()
		l.settling, l.unsure = false, true // a last look at what others may have stored
		l.proceed()
		l.p.mu.Unlock()
	}
	for i := range o.marks {
		o.marks[i].forget(now)
	}
}

// writeMarks stores the watermarks that have moved, and returns when the store has confirmed them, or why it has
// not.
func (o *Outbox) writeMarks(ctx context.Context) error {
	k := &o.keeper
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	dirty := k.dirty
	k.dirty = nil
	k.mu.Unlock()
	if dirty == nil {
		return nil
	}
	var groups [markGroups][]*Line
	for _, l := range dirty {
		g := l.p.index % markGroups
		groups[g] = append(groups[g], l)
	}
	outcomes, sent := make(chan error, len(dirty)), 0
	for g, lines := range groups {
		if lines != nil {
			sent += o.sendMarks(g, lines, outcomes)
		}
	}
	var failed error
	for range sent {
		select {
		case err := <-outcomes:
			if failed == nil {
				failed = err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return failed
}

// sendMarks sends the watermarks of lines of one group, and returns how many outcomes there will be.
func (o *Outbox) sendMarks(group int, lines []*Line, outcomes chan<- error) (sent int) {
	marks := make([]mark, 0, len(lines))
	kept := lines[:0]
	for _, l := range lines {
		l.p.mu.Lock()
		l.dirty = false
		if !l.ended {
			marks = append(marks, mark{l.a.id(), l.mark, l.markSeen.clone()})
			kept = append(kept, l)
		}
		l.p.mu.Unlock()
	}
	for _, record := range encodeMarks(marks) {
		n := marksIn(record)
		of := kept[:n:n]
		kept = kept[n:]
		finished := func(f *flight) {
			o.marksStored(of, f)
			outcomes <- f.err
		}
		f := &flight{lane: partitions + group, record: record, finished: finished}
		if err := o.writer.add(f); err != nil {
			f.err = err
			finished(f)
		}
		sent++
	}
	return sent
}

// marksIn returns how many watermarks a record holds that was made here.
func marksIn(record []byte) int {
	r := reading{left: record[contentAt:]}
	for n := r.count(1); n > 0; n-- {
		r.text()
	}
	return int(r.uint())
}

// marksStored takes the outcome of a record of watermarks.
func (o *Outbox) marksStored(lines []*Line, f *flight) {
	now := time.Now()
	if f.err == nil {
		o.figures.marks.Inc()
		o.end.note(f.pos)
	}
	for _, l := range lines {
		l.p.mu.Lock()
		switch {
		case l.ended:
		case f.err == nil:
			l.marked = now
		case !errors.Is(f.err, ErrClosed):
			l.soil()
		}
		l.p.mu.Unlock()
	}
}

// refresh stores watermarks anew that become old, moved to the end of the stream where nothing is owed: what is
// trimmed from the stream was not for them then.
func (o *Outbox) refresh(now time.Time) {
	due := map[*partition][]*Line{}
	for _, p := range o.partitions {
		p.mu.Lock()
		for _, l := range p.lines {
			if now.Sub(l.marked) >= o.cfg.MaxAge/fresh {
				due[p] = append(due[p], l)
			}
		}
		p.mu.Unlock()
	}
	if len(due) == 0 {
		return
	}
	_, last, err := o.bounds(o.life)
	if err != nil {
		return // at the next look
	}
	for p, lines := range due {
		p.mu.Lock()
		for _, l := range lines {
			l.refresh(last)
		}
		p.mu.Unlock()
	}
}

// refresh moves the watermark to where it may be; last is a place that was the end of the stream. Called with the
// lock held.
func (l *Line) refresh(last Position) {
	switch {
	case l.ended:
		return
	case l.queue == nil: // others may have stored something
		l.survey = true
		l.p.want(l)
		return
	case !l.resumed || l.unsure:
		return // it is being read for
	case len(l.sent) > 0:
		l.mark = max(l.mark, l.sent[0].pos-1)
	case l.live && l.p.o.writer.quiet(l.p.index):
		l.mark = max(l.mark, last)
		l.fed = max(l.fed, last)
	}
	l.soil()
}
