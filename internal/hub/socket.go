package hub

import (
	"sync"
	"sync/atomic"
	"time"
)

// States of a socket.
const (
	StateOpen     = "open"     // it has a connection
	StateDetached = "detached" // its connection broke and it waits for another
	StateGone     = "gone"     // it has ended, or is being closed
)

// Socket is what a client connects to as all others see it: key, user, tags and a queue. It stays
// the same while connections take over from each other or resume it, and after its end still answers
// what it was. Safe for concurrent use.
type Socket struct {
	hub    *Hub
	key    string
	opened int64 // unix nanoseconds

	user      atomic.Pointer[User]
	handshake atomic.Pointer[Handshake]
	tags      atomic.Pointer[tagSet]
	bytesIn   atomic.Int64
	bytesOut  atomic.Int64

	serviceEnd int32 // where the name of the service ends in key
	stateful   bool
	durable    bool

	// indexed is guarded by the lock of the shard.
	indexed placement

	// The rest is guarded by mu. Where the lock of the shard is needed too, it is taken first.
	mu        sync.Mutex
	gone      bool // left the registry
	ended     bool // the end was reported, see Conn.Ended
	draining  bool // a writer was woken and has not yet found the queue empty
	queue     queue
	conn      *Conn   // the current connection, also after the end; nil: detached
	away      *away   // not nil: detached, also after the end
	reason    *Reason // why it is gone; not nil then
	connected int64   // unix nanoseconds
}

// Info is what lists and the HTTP API show of a socket at one moment.
type Info struct {
	Key             string
	Service         string
	StatefulID      string
	User            User
	Tags            Tags
	State           string
	QueueMessages   int
	QueueBytes      int
	QueueMode       string // "text" or "json"; "" while no write has fixed it, and in the native profile
	QueueDropped    int    // messages dropped since the socket was opened, as far as they were counted
	QueueDropReason string // why the latest were: "overflow", "expired" or "node_lost"; "" if none
	Node            string
	ConnectedAt     time.Time
	BytesIn         int64
	BytesOut        int64
}

// Key returns the full key, "/services/<service>-s-<id>" or "/services/<service>-v-<GUID>".
func (s *Socket) Key() string { return s.key }

// Service returns the name of the service.
func (s *Socket) Service() string { return s.key[len(keyPrefix):s.serviceEnd] }

// StatefulID returns the id its user chose, "" if none.
func (s *Socket) StatefulID() string {
	if !s.stateful {
		return ""
	}
	return s.key[int(s.serviceEnd)+len(statefulMark):]
}

// Durable reports whether what waits for the socket is kept elsewhere, and its queue holds but what may go out
// now: what does not fit it is refused with [ErrQueueFull] and no more, which counts no loss and closes nothing;
// and when the connection breaks, or the socket ends, what is queued is forgotten without a word.
func (s *Socket) Durable() bool { return s.durable }

// Attached returns the connection of the socket, nil while it is detached. After the end it is still the last.
func (s *Socket) Attached() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// NoteExpired has the client told, first of all that goes out from now on, that messages are gone which were
// kept for too long: their number, or [MissedUnknown]. It does nothing on a socket that has ended, and for 0.
func (s *Socket) NoteExpired(missed int) {
	if missed == 0 {
		return
	}
	s.mu.Lock()
	var wake Waker
	if !s.gone {
		s.queue.loss().note(lossExpired, missed)
		wake = s.startDrain()
	}
	s.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
}

// User returns who the socket belongs to.
func (s *Socket) User() User { return *s.user.Load() }

// Handshake returns what is kept of the upgrade request of the latest connection, never nil.
func (s *Socket) Handshake() *Handshake { return s.handshake.Load() }

// OpenedAt returns when the socket was opened. A takeover does not change it, and no two sockets of a
// hub were opened at the same time.
func (s *Socket) OpenedAt() time.Time { return time.Unix(0, s.opened) }

// Tags returns the tags. They stay readable after the socket ended.
func (s *Socket) Tags() Tags { return Tags{s.tags.Load()} }

// ReplaceTags makes t the whole set of tags. It returns [ErrClosed] if the socket has left the
// registry, [ErrMoving] if another node has it or is about to, and an error that wraps [ErrTagLimit] if t is too much; then nothing changes.
func (s *Socket) ReplaceTags(t Tags) error {
	if err := t.Check(); err != nil {
		return err
	}
	_, err := s.hub.shard(s.key).retag(s, func(Tags) (Tags, error) { return t, nil })
	return err
}

// PatchTags sets the tags given and removes those given as nil, at once, and reports whether
// the set differs now. Errors are those of [Socket.ReplaceTags]; then nothing changes.
func (s *Socket) PatchTags(changes map[string]*string) (changed bool, err error) {
	return s.hub.shard(s.key).retag(s, func(old Tags) (Tags, error) {
		t := old.patch(changes)
		return t, t.Check()
	})
}

// Send queues a message and returns how many wait now, this one included. It never blocks on
// the client. Errors: [ErrClosed] when the socket has ended or is being closed; [ErrMoving] when another
// node has it, or is about to; [ErrQueueFull]
// when the queue overflowed and its policy does not make room: the message is dropped and counted,
// and so are all that follow, until the connection is closed with 1013 after the grace time, or a
// detached socket is resumed.
//
// A durable socket refuses with [ErrQueueFull] what does not fit, and everything while it is detached; nothing
// is lost with that, and nothing is counted or closed.
func (s *Socket) Send(m *Message, mode Mode) (depth int, err error) {
	return s.send(m, mode, nil)
}

// send queues a message, if its connection is only, or only is nil.
func (s *Socket) send(m *Message, mode Mode, only *Conn) (depth int, err error) {
	s.mu.Lock()
	switch {
	case only != nil && s.conn != only:
		s.mu.Unlock()
		return 0, ErrStale
	case s.moving():
		s.mu.Unlock()
		return 0, ErrMoving
	case s.gone:
		s.mu.Unlock()
		s.hub.figures.dropped.gone.Inc()
		return 0, ErrClosed
	case s.durable && (s.conn == nil || !s.fits(m)):
		depth = len(s.queue.items)
		s.mu.Unlock()
		return depth, ErrQueueFull
	}
	if s.queue.overflowing() && !s.replaces(m) || !s.fits(m) && !s.makeRoom(m) {
		return s.overflow()
	}
	s.queue.push(m, s.queue.packFor(mode, s.hub.cfg.Profile), s.hub)
	depth = len(s.queue.items)
	wake := s.startDrain()
	s.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
	return depth, nil
}

// fairShare is what may wait for a socket however much waits for others, in bytes. Messages wait for a moment also
// where the client reads all it gets: those that never read are not to cost it any.
const fairShare = 4 << 10

// fits reports whether the queue takes one more message. Called with mu held.
func (s *Socket) fits(m *Message) bool {
	return s.queue.fits(m, &s.hub.cfg) &&
		(len(s.queue.items) == 0 || s.queue.bytes+len(m.text) <= fairShare || s.hub.held.Load() < s.hub.cfg.MaxTotal)
}

// overflow drops a message. The connection is closed when the grace time is over; that is
// decided here at the next send, or by [Conn.Tick], whichever comes first. Called with mu held,
// releases it.
func (s *Socket) overflow() (depth int, err error) {
	now := time.Now()
	first := !s.queue.overflowing()
	s.queue.loss().drop(now)
	s.hub.figures.dropped.overflow.Inc()
	depth = len(s.queue.items)
	conn := s.conn
	over := now.UnixNano()-s.queue.lost.overflowed >= int64(s.hub.cfg.Grace)
	s.mu.Unlock()
	switch {
	case conn == nil: // there is nobody to be closed
	case over:
		conn.Tick(now)
	case first:
		conn.waker.Wake()
	}
	return depth, ErrQueueFull
}

// startDrain returns who is to be woken because of a message in the queue, nil if somebody
// drains it already. Called with mu held.
func (s *Socket) startDrain() Waker {
	if s.draining || s.conn == nil || s.queue.holder != nil || !s.queue.wants() {
		return nil
	}
	s.draining = true
	return s.conn.waker
}

// Abort ends the socket at once: it leaves the registry before Abort returns, what it had queued
// is lost, and its connection is dropped without a close frame. A socket that has ended stays so.
func (s *Socket) Abort() { s.CloseWith(Reason{Code: CodeLost, Text: "aborted", Abort: true}) }

// CloseWith closes the connection with a close frame. The socket leaves the registry before CloseWith
// returns, and takes no more messages; those queued before are written first, except on an overflow.
// After some reasons a stateful socket outlives its connection: it then stays until what is
// queued has been written, and is detached; on an overflow at once. The first reason counts; only
// an abort still hurries a close that is under way, and only an end overrides a detaching one.
func (s *Socket) CloseWith(reason Reason) { s.close(reason, nil) }

// close ends the socket, if its connection is only, or only is nil.
func (s *Socket) close(reason Reason, only *Conn) {
	sh := s.hub.shard(s.key)
	sh.mu.Lock()
	s.mu.Lock()
	wake := s.markClosing(reason, only, sh)
	s.mu.Unlock()
	sh.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
}

// markClosing records that the socket is to be closed and returns who must hear of it, nil when
// nothing changes. Called with both locks held.
func (s *Socket) markClosing(reason Reason, only *Conn, sh *shard) Waker {
	switch {
	case s.ended, only != nil && s.conn != only:
		return nil
	case s.gone && (!reason.Abort || s.reason.Abort):
		return nil
	case s.gone:
		s.reason = &Reason{Code: s.reason.Code, Text: s.reason.Text, Abort: true, Cause: s.reason.Cause}
	case s.conn == nil:
		if reason.detaches() {
			return nil // it has no connection to be closed
		}
		last := s.away.last
		s.endDetached(sh, reason)
		return last.waker
	case s.outlives(s.conn, reason):
		return s.leaveConn(sh, reason)
	default:
		s.leave(sh, reason, StateOpen)
		sh.left(s)
	}
	if !s.reason.drains() {
		s.forget()
	}
	return s.conn.waker
}

// leaveConn has the connection closed of a socket that outlives it. Called with both locks held.
func (s *Socket) leaveConn(sh *shard, reason Reason) Waker {
	c := s.conn
	switch {
	case c.bye != nil:
		return nil
	case reason.drains():
		c.bye = &reason // detached when it has ended
	default:
		s.detach(sh, c, reason)
	}
	return c.waker
}

// forget empties the queue: what waits there is lost. Called with mu held.
func (s *Socket) forget() {
	lost := s.queue.clear(s.hub)
	if !s.durable {
		s.hub.figures.dropped.closed.Add(lost)
	}
}

// leave takes the socket out of the registry; was is its state before. Called with both locks held.
func (s *Socket) leave(sh *shard, reason Reason, was string) {
	sh.remove(s)
	s.gone, s.reason = true, &reason
	if was == StateOpen {
		s.hub.crowd.leave(s.user.Load().ID, s.handshake.Load().RemoteAddr)
	}
	s.happened(EventEnded, s.tags.Load(), was)
	if reason.Cause == CauseMoved {
		s.changed(ChangeMoved)
	} else {
		s.changed(ChangeEnded)
	}
}

// State returns "open", "detached", or "gone" once the socket has left the registry.
func (s *Socket) State() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state()
}

func (s *Socket) state() string {
	switch {
	case s.gone:
		return StateGone
	case s.conn == nil:
		return StateDetached
	}
	return StateOpen
}

// Info returns what lists show.
func (s *Socket) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	dropped, why := s.queue.dropped()
	return Info{
		Key:             s.key,
		Service:         s.Service(),
		StatefulID:      s.StatefulID(),
		User:            s.User(),
		Tags:            s.Tags(),
		State:           s.state(),
		QueueMessages:   len(s.queue.items),
		QueueBytes:      s.queue.bytes,
		QueueMode:       s.queue.modeName(),
		QueueDropped:    dropped,
		QueueDropReason: why,
		Node:            s.hub.cfg.Node,
		ConnectedAt:     time.Unix(0, s.connected),
		BytesIn:         s.bytesIn.Load(),
		BytesOut:        s.bytesOut.Load(),
	}
}
