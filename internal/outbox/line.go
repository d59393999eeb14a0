package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Line is the durable queue of one socket at the node that owns it: what is stored for the socket reaches its
// connections in the order of the stream, at least once. Safe for concurrent use.
//
// A line with a connection is live or catches up. Live, a message goes into the queue of the socket as soon as
// it is stored. Otherwise it is only stored, and read from the stream when its turn comes, in portions.
type Line struct {
	o *Outbox
	p *partition
	a Addressee

	// What follows is guarded by the partition.

	queue Queue  // nil: no connection
	gen   uint64 // counts what makes older receipts, and a reading that is under way, invalid
	live  bool
	ended bool

	resumed  bool      // the watermark is known
	unsure   bool      // there may be more in the stream than target says
	survey   bool      // without a connection, look what is the first entry it owes
	settles  time.Time // it is settling until then
	settling bool      // it does not go live yet
	lost     bool      // something was trimmed that it may have needed; its next connection is to hear that

	// mark is the watermark: the client has all there is for the line up to it.
	mark     Position
	markSeen seen
	marked   time.Time // when it was stored
	dirty    bool      // it is to be stored

	// fed is how far the queue has got all there is for the line. Without a connection it is mark.
	fed     Position
	fedSeen seen
	fedAt   time.Time // fed was not too old for the stream then
	target  Position  // something is known to be stored for it up to here
	owes    Position  // without a connection: the first that is stored and not confirmed, if known; else 0
	highest Position  // that was ever fed, for the figures

	sent      []sentEntry // fed and not confirmed
	sentBytes int
	// behind is what is stored and was not put into the queue, or is to be put there again, as far as this process
	// knows: what earlier ones stored it learns when that is read.
	behind, behindBytes int
	full                bool // the queue took no more; cleared by receipts, and now and then
}

type sentEntry struct {
	pos  Position
	size int
}

// maxUnconfirmed is how many portions a client may leave unconfirmed before a live line goes back to catching up:
// it bounds what is remembered of them.
const maxUnconfirmed = 64

func (o *Outbox) newLine(a Addressee, since Position) *Line {
	return &Line{o: o, p: o.partitionOf(a.Key), a: a, unsure: true, mark: since, fed: since}
}

// Attach says that the socket has a connection: what is stored for it and not confirmed is fed to s, then what
// is stored from now on. It does not wait for that. An earlier connection is detached. Error: [ErrClosed].
func (l *Line) Attach(_ context.Context, s Queue) error {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.ended || l.o.life.Err() != nil {
		return ErrClosed
	}
	fresh := l.gen == 0 && l.resumed && !l.unsure // it began here
	l.detach()
	l.queue, l.survey = s, false
	l.unsure = !fresh
	l.proceed()
	return nil
}

// Lost is Detach unless the connection that the line has is still that of its socket: what is said of a connection may
// be heard when the next one is there.
func (l *Line) Lost() {
	l.p.mu.Lock()
	q, ok := l.queue.(interface{ Current() bool })
	over := !ok || !q.Current()
	if over {
		l.detach()
	}
	l.p.mu.Unlock()
	if over {
		l.o.keeper.hurry()
	}
}

// Detach says that the socket has no connection any more: nothing is put into its queue, and what the client has
// not confirmed will be fed to the next one. The watermark is stored soon. Detaching twice is detaching once.
func (l *Line) Detach() {
	l.p.mu.Lock()
	l.detach()
	l.p.mu.Unlock()
	l.o.keeper.hurry()
}

// detach does the work of Detach with the lock held.
func (l *Line) detach() {
	if len(l.sent) > 0 {
		l.owes = l.sent[0].pos
	}
	l.gen++
	l.behind, l.behindBytes = l.behind+len(l.sent), l.behindBytes+l.sentBytes
	l.queue, l.live, l.full = nil, false, false
	l.sent, l.sentBytes = nil, 0
	l.target = max(l.target, l.fed)
	l.fed, l.fedSeen, l.fedAt = l.mark, l.markSeen.clone(), time.Time{}
}

// Send stores a message for the socket; see [Outbox.Append] for done. depth is that of the queue the message went
// into, or how many wait in the stream, as far as that is known. On a line that has ended done gets [hub.ErrClosed].
func (l *Line) Send(m *hub.Message, mode hub.Mode, done func(depth int, err error)) {
	l.p.mu.Lock()
	ended := l.ended
	l.p.mu.Unlock()
	if ended {
		done(0, hub.ErrClosed)
		return
	}
	l.o.append(l.p.index, []Addressee{l.a}, m, mode, l, func(_ Position, depth int, err error) { done(depth, err) })
}

// Stored says that another process has stored an entry for the socket, which is fed in its turn. If the line is
// already past that place everything from there on is fed once more; what the client has confirmed counts for less
// then, and [Outbox.Flush] makes sure that it does after a restart, too.
func (l *Line) Stored(pos Position) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	switch {
	case l.ended:
		return
	case pos <= l.fed && l.resumed:
		l.rewind(pos)
	default:
		l.owe(pos)
	}
	l.behind++
	l.target, l.live = max(l.target, pos), false
	l.proceed()
}

// rewind takes the line back to before a place. What was seen of writers is forgotten with it: it would hold for
// what comes again. Called with the lock held.
func (l *Line) rewind(pos Position) {
	queue := l.queue
	l.detach()
	l.queue = queue
	if pos <= l.mark {
		l.mark, l.markSeen = pos-1, nil
		l.fed, l.fedSeen = l.mark, nil
		l.soil()
	}
	if l.owes == 0 || pos < l.owes {
		l.owes = pos
	}
}

// owe notes that an entry is stored and not fed. Called with the lock held.
func (l *Line) owe(pos Position) {
	if l.owes == 0 && l.resumed && !l.unsure && l.fed >= l.target && len(l.sent) == 0 {
		l.owes = pos // there is none before
	}
	l.target = max(l.target, pos)
}

// End says that the socket is over. Nothing more is fed, and what is stored for this life of the key is nobody's.
// What was sent before is still stored, and its done functions are called.
func (l *Line) End() {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.end()
}

func (l *Line) end() {
	if l.ended {
		return
	}
	l.detach()
	l.ended = true
	delete(l.p.hungry, l)
	if l.p.lines[l.a.Key] == l {
		delete(l.p.lines, l.a.Key)
	}
	l.o.figures.lines.Add(-1)
}

// Mark returns the watermark: a value for since of [Outbox.Line] when another node takes the line over. It is 0
// while it is not known.
func (l *Line) Mark() Position {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if !l.resumed {
		return 0
	}
	return l.mark
}

// Addressee returns whose line it is.
func (l *Line) Addressee() Addressee { return l.a }

// Behind returns how many messages are stored for the socket and not in its queue, and their bytes, as far as this
// process knows: of a line that was resumed it is told what others stored before when that is read.
func (l *Line) Behind() (messages, bytes int) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.behind, l.behindBytes
}

// caughtUp notes that an entry which was behind is in the queue, or passed over. Called with the lock held.
func (l *Line) caughtUp(bytes int) {
	l.behind, l.behindBytes = max(0, l.behind-1), max(0, l.behindBytes-bytes)
}

// Live reports whether all that is stored for the socket is in its queue.
func (l *Line) Live() bool {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.live
}

// stored takes an entry that this process has stored, and returns the depth of the queue if it went there. Called
// with the lock held.
func (l *Line) stored(pos Position, counter uint64, m *hub.Message, mode hub.Mode) (depth int) {
	if pos <= l.fed && l.resumed {
		if l.fedSeen.late(l.o.cfg.Writer, counter) { // it was read before its answer came
			return 0
		}
		l.rewind(pos) // it got its place before one that was fed
	}
	if l.live && len(l.sent) < maxUnconfirmed*l.o.cfg.PortionMessages {
		var err error
		if depth, err = l.push(pos, l.o.cfg.Writer, counter, m, mode); err == nil {
			l.o.figures.live.Inc()
			return depth
		}
	}
	l.live = false
	l.behind, l.behindBytes = l.behind+1, l.behindBytes+len(m.Text())
	l.owe(pos)
	l.proceed()
	return l.behind
}

// doubt says that nobody knows whether an entry was stored: if it is there, the line finds it. Called with the
// lock held.
func (l *Line) doubt() {
	if !l.ended {
		l.live, l.unsure = false, true
		l.proceed()
	}
}

// push puts an entry into the queue. On an error it is not there, and the line waits for what has to happen before
// it goes on. Called with the lock held.
func (l *Line) push(pos Position, writer string, counter uint64, m *hub.Message, mode hub.Mode) (depth int, err error) {
	r := &receipt{line: l, gen: l.gen, pos: pos, writer: writer, counter: counter}
	depth, err = l.queue.Send(m.WithReceipt(r), mode)
	switch {
	case errors.Is(err, hub.ErrQueueFull):
		l.full = true
		l.o.keeper.stall(l)
		return 0, err
	case err != nil: // its connection is ending, which Detach will say
		l.detach()
		return 0, err
	}
	if pos <= l.highest {
		l.o.figures.redelivered.Inc()
	}
	l.highest = max(l.highest, pos)
	l.fed, l.fedAt = pos, time.Now()
	l.fedSeen.note(writer, counter)
	l.sent = append(l.sent, sentEntry{pos, len(m.Text())})
	l.sentBytes += len(m.Text())
	return depth, nil
}

// room reports whether the queue is to get another portion.
func (l *Line) room() bool {
	return !l.full && len(l.sent) <= l.o.cfg.PortionMessages/2 && l.sentBytes <= l.o.cfg.PortionBytes/2
}

// filled reports whether a portion is complete.
func (l *Line) filled() bool {
	return len(l.sent) >= l.o.cfg.PortionMessages || l.sentBytes >= l.o.cfg.PortionBytes
}

// wants reports whether something is to be read for the line.
func (l *Line) wants() bool {
	switch {
	case l.ended:
		return false
	case l.queue == nil:
		return l.survey
	}
	return !l.live && l.room() && (l.unsure || !l.resumed || l.fed < l.target)
}

// proceed goes live if nothing is to be read, or asks for reading. Called with the lock held.
func (l *Line) proceed() {
	switch {
	case l.wants():
		l.p.want(l)
	case l.queue != nil && !l.live && l.resumed && !l.unsure && l.fed >= l.target && !l.full && !l.settling:
		l.live = true
		l.behind, l.behindBytes = 0, 0
	}
}

// soil has the watermark stored. Called with the lock held.
func (l *Line) soil() {
	if !l.dirty {
		l.dirty = true
		l.o.keeper.soiled(l)
	}
}
