package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// partition is the lines of this node whose entries share a subject. One goroutine at most reads the subject, for
// all lines at once that want something of it.
type partition struct {
	o     *Outbox
	index int

	mu      sync.Mutex // guards the lines, too
	lines   map[string]*Line
	hungry  map[*Line]struct{} // may want to read
	reading bool               // there is a goroutine that reads, or waits for its turn

	// What follows is of that goroutine.

	failures int       // passes that failed, one after the other
	backward time.Time // since when the stream ends before what is known to be in it; zero: it does not
}

// batchEntries and batchBytes bound one request for entries. The first of a pass asks for what the lines have room
// for: where there are few on a subject, most of what is read is for them.
const (
	batchEntries = 256
	batchBytes   = 1 << 20
)

const (
	// retryReading is how long after an error it is read again; each time twice as long, up to maxRetryReading.
	retryReading    = 50 * time.Millisecond
	maxRetryReading = 2 * time.Second
)

func (p *partition) enter(l *Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.lines[l.a.Key]; old != nil {
		old.end()
	}
	p.lines[l.a.Key] = l
	p.o.figures.lines.Add(1)
}

// want has something read for a line. Called with the lock held.
func (p *partition) want(l *Line) {
	p.hungry[l] = struct{}{}
	if !p.reading {
		p.reading = p.o.goes(p.read)
	}
}

// read is the goroutine that reads, as long as a line wants something. Whatever keeps it from reading, it tries
// again until it can.
func (p *partition) read() {
	for {
		select {
		case p.o.turns <- struct{}{}:
		case <-p.o.life.Done():
			return
		}
		more, err := p.pass(p.o.life)
		<-p.o.turns
		switch {
		case err != nil:
			if !p.failed(err) {
				return
			}
		case !more:
			return
		default:
			p.failures = 0
		}
	}
}

// failed waits after a pass that failed, and reports whether to go on. It says so the first time, and ever more
// seldom.
func (p *partition) failed(err error) (goOn bool) {
	if n := p.failures; n&(n+1) == 0 && p.o.life.Err() == nil {
		p.o.cfg.Logger.Warn("durable messages cannot be read", "error", err)
	}
	pause := min(retryReading<<min(p.failures, 10), maxRetryReading)
	p.failures++
	select {
	case <-time.After(pause):
		return true
	case <-p.o.life.Done():
		return false
	}
}

// group is the lines a pass reads for.
type group struct {
	members map[*Line]member
	from    Position // all have got what is stored up to here, or have been told it is lost
	target  Position // there is something to be read up to here
	unsure  bool     // the end of the stream must be looked up
	old     bool     // what comes next may have been trimmed
	room    int      // how many entries they take
}

type member struct {
	gen    uint64   // of the line; if it has another by now the line is not a member any more
	whole  bool     // it was there from the beginning
	target Position // that of the line when reading began
}

// gather makes the group of those that want something now.
func (p *partition) gather() *group {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &group{members: map[*Line]member{}}
	for l := range p.hungry {
		if !l.wants() {
			delete(p.hungry, l)
			continue
		}
		g.members[l] = member{gen: l.gen, whole: true}
	}
	if len(g.members) == 0 {
		p.reading = false
		return nil
	}
	return g
}

// pass reads once for all lines that want something. It reports whether to go on; if not, p.reading has been
// cleared.
func (p *partition) pass(ctx context.Context) (more bool, err error) {
	g := p.gather()
	if g == nil {
		return false, nil
	}
	if err := p.resume(ctx, g); err != nil {
		return true, err
	}
	p.aim(g)
	if len(g.members) == 0 {
		return true, nil
	}
	covered, err := p.survey(ctx, g)
	if err != nil {
		return true, err
	}
	p.set(g)
	if err := p.follow(ctx, g, covered); err != nil {
		return true, err
	}
	return true, nil
}

// survey looks up what the group has to know of the bounds of the stream. covered is a place such that, with all
// up to the target, all up to there has been read.
func (p *partition) survey(ctx context.Context, g *group) (covered Position, err error) {
	alone := p.o.cfg.Replicas == 1
	if g.old || g.unsure && alone {
		first, last, err := p.o.bounds(ctx)
		if err != nil {
			return 0, err
		}
		covered = last
		p.trimmed(g, first)
	}
	if !g.unsure {
		return 0, nil
	}
	if !alone {
		if covered, err = p.o.fence(ctx, p.index); err != nil {
			return 0, err
		}
	}
	g.target = max(g.target, covered)
	return covered, nil
}

// resume looks up the watermarks of lines that do not know theirs.
func (p *partition) resume(ctx context.Context, g *group) error {
	var unknown []*Line
	var since Position
	p.mu.Lock()
	for l := range g.members {
		if !l.resumed {
			if unknown == nil || l.mark < since {
				since = l.mark
			}
			unknown = append(unknown, l)
		}
	}
	p.mu.Unlock()
	if unknown == nil {
		return nil
	}
	marks, err := p.o.marks[p.index%markGroups].lookUp(ctx, p.o, p.o.subjects[partitions+p.index%markGroups], since, unknown)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, l := range unknown {
		l.resumed = true
		if m := marks[i]; m.pos > 0 {
			l.mark, l.markSeen = m.pos, m.seen
		}
		l.fed, l.fedSeen = l.mark, l.markSeen.clone()
	}
	return nil
}

// aim finds out what is to be read for the group.
func (p *partition) aim(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := true
	for l, m := range g.members {
		if l.gen != m.gen || !l.wants() {
			delete(g.members, l)
			continue
		}
		if first || l.fed < g.from {
			g.from = l.fed
		}
		first = false
		g.target = max(g.target, l.target)
		g.room = min(g.room+p.o.cfg.PortionMessages-len(l.sent), batchEntries)
		g.unsure = g.unsure || l.unsure || l.survey
		g.old = g.old || time.Since(l.fedAt) > p.o.cfg.MaxAge/2
	}
}

// set tells the group what has been found out about the end of the stream.
func (p *partition) set(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l, m := range g.members {
		if l.gen != m.gen {
			continue
		}
		if g.unsure {
			l.unsure = false
			l.target = max(l.target, g.target)
		}
		m.target = l.target
		g.members[l] = m
	}
}

// trimmed tells the lines whose next entries may be gone, because the stream begins later. What a line needs that
// is still there does not count as lost.
func (p *partition) trimmed(g *group, first Position) {
	type loss struct {
		key string
		q   Queue
	}
	var lost []loss
	p.mu.Lock()
	for l, m := range g.members {
		if l.gen != m.gen || l.fed+1 >= first {
			continue
		}
		if l.owes < first || l.owes <= l.fed { // else nothing is stored for it before that
			l.lost = true
		}
		l.fed = first - 1
	}
	for l, m := range g.members {
		if l.gen == m.gen && l.lost && l.queue != nil {
			l.lost = false
			lost = append(lost, loss{l.a.Key, l.queue})
		}
	}
	if g.from+1 < first {
		g.from = first - 1
	}
	p.mu.Unlock()
	for _, x := range lost {
		p.o.figures.trims.Inc()
		p.o.cfg.Lost(x.key, x.q, hub.MissedUnknown)
	}
}

const (
	// lagTries is how often a server is asked again that has not yet what another one has confirmed, lagWait
	// apart, before the leader is asked instead.
	lagTries = 10
	lagWait  = 20 * time.Millisecond
	// lossPatience is how long the leader has to say that the stream ends before what was confirmed, until that is
	// believed: one that was cut off does not know better for a while.
	lossPatience = time.Minute
)

// follow reads from where the group is until nobody wants more. covered is a place such that, with all up to the
// target, all up to there has been read.
func (p *partition) follow(ctx context.Context, g *group, covered Position) error {
	r, err := p.o.newReader()
	if err != nil {
		return err
	}
	defer r.close()
	r.fromLeader = p.o.cfg.Replicas > 1 && p.failures%2 == 1 // who was asked before may be out of order
	for tries, batch := 0, min(g.room+2, batchEntries); ; batch = min(2*batch, batchEntries) {
		if g.from >= g.target {
			p.finish(g, covered)
			return nil
		}
		began, left := g.from, false
		pending, err := r.read(ctx, p.o.subjects[p.index], g.from+1, batch, batchBytes, func(m stored) {
			if left = len(g.members) == 0; !left {
				g.from = m.pos
				p.deliver(g, m)
			}
		})
		if err != nil {
			return err
		}
		if p.advance(g); len(g.members) == 0 {
			return nil
		}
		if pending > 0 || left || g.from >= g.target {
			continue
		}
		// The end of what this server has is before the target.
		if g.from > began {
			tries = 0
		}
		if tries++; p.o.cfg.Replicas > 1 && tries <= lagTries {
			r.fromLeader = tries > lagTries/2
			if err := pause(ctx, lagWait); err != nil {
				return err
			}
			continue
		}
		if err := p.missing(ctx, g); err != nil {
			return err
		}
	}
}

// missing decides what becomes of a target that no server has. It is given up if it has been trimmed, or the stream
// has lost it; otherwise it is an error, and tried again.
func (p *partition) missing(ctx context.Context, g *group) error {
	if p.o.cfg.Replicas > 1 {
		first, last, err := p.o.bounds(ctx)
		if err != nil {
			return err
		}
		switch {
		case first > g.target: // trimmed
		case last >= g.target:
			p.backward = time.Time{}
			return fmt.Errorf("a server of NATS has the stream %s up to %d only, and others up to %d", p.o.stream, g.from, g.target)
		case p.backward.IsZero():
			p.backward = time.Now()
			fallthrough
		case time.Since(p.backward) < lossPatience:
			return fmt.Errorf("the leader of the stream %s has it up to %d only, and %d was confirmed", p.o.stream, last, g.target)
		}
	}
	p.backward = time.Time{}
	g.target = g.from
	p.lower(g)
	return nil
}

// pause waits, unless ctx ends first, whose error it returns then.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lower makes the end of what there is that of the lines that wait for more.
func (p *partition) lower(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l, m := range g.members {
		if l.gen == m.gen && l.target == m.target { // nothing was stored for it since
			l.target = min(l.target, g.target)
		}
	}
}

// deliver passes an entry to those of the group it is for.
func (p *partition) deliver(g *group, m stored) {
	p.o.figures.read.Inc()
	p.o.figures.readBytes.Add(len(m.data))
	e, err := readEntry(m.data)
	if err != nil {
		p.o.passOver(err, p.o.subjects[p.index], m.pos)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	made := lazyMessage{entry: &e}
	for _, a := range e.to {
		l := p.lines[a.Key]
		if l == nil || l.a.Life != a.Life {
			continue
		}
		in, ok := g.members[l]
		if !ok || in.gen != l.gen || m.pos <= l.fed {
			continue
		}
		if !p.feed(l, m, &made) {
			delete(g.members, l)
		}
	}
}

// feed gives an entry to a line, and reports whether the line wants more. Called with the lock held.
func (p *partition) feed(l *Line, m stored, made *lazyMessage) (more bool) {
	e := made.entry
	if l.queue == nil { // it only wants to know what it owes
		l.surveyed(m.pos-1, m.pos)
		l.target = max(l.target, m.pos)
		return false
	}
	if l.fedSeen.late(e.writer, e.counter) {
		p.o.figures.late.Inc()
		l.caughtUp(len(e.text))
		l.fed, l.fedAt = m.pos, m.at
		return true
	}
	l.fed = m.pos - 1
	if _, err := l.push(m.pos, e.writer, e.counter, made.get(), e.mode); err != nil {
		l.target = max(l.target, m.pos)
		return false
	}
	p.o.figures.stored.Inc()
	l.caughtUp(len(e.text))
	l.fedAt = m.at
	return !l.filled()
}

// surveyed notes that a line without connection owes nothing up to a place, and what it owes first, 0 if nothing.
// The watermark stays where something may be lost, or that would be forgotten with this process. Called with the
// lock held.
func (l *Line) surveyed(upTo, owes Position) {
	l.survey, l.owes = false, owes
	if !l.lost {
		l.mark = max(l.mark, upTo)
		l.soil()
	}
	l.fed = max(l.mark, l.fed)
}

// advance notes how far the group has got, and takes in those who have got as far and want more.
func (p *partition) advance(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l, m := range g.members {
		if l.gen != m.gen || l.ended {
			delete(g.members, l)
		} else if l.queue != nil {
			l.fed = max(l.fed, g.from)
		}
	}
	for l := range p.hungry {
		if _, in := g.members[l]; !in && l.resumed && l.queue != nil && l.fed >= g.from && l.wants() {
			g.members[l] = member{gen: l.gen, target: l.target}
			g.target = max(g.target, l.target)
		}
	}
}

// finish tells the group that it has all there is.
func (p *partition) finish(g *group, covered Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for l, m := range g.members {
		if l.gen != m.gen || l.ended {
			continue
		}
		if m.whole && g.unsure {
			l.fed = max(l.fed, covered)
			l.fedAt = now
		}
		if l.queue == nil && l.survey {
			l.surveyed(l.fed, 0)
		}
		l.proceed()
	}
}
