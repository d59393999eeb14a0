package hub

import "time"

// Waker is told that a connection should be looked at: a message met an idle queue, the
// connection shall end, or its queue began to overflow. Wake is called without locks held, from
// any goroutine, possibly before [Hub.Open] has returned; it must not block.
type Waker interface {
	Wake()
}

// Conn is one connection of a socket. When a newer one has taken over, or the socket has been
// detached, it is stale: Next and Closing tell it to close, and nothing it does reaches the socket
// any more but what it gives back.
type Conn struct {
	socket   *Socket
	waker    Waker
	replaced *Conn // the connection it took over from, or after which it resumed; nil: none, or forgotten
	fresh    bool  // it came with a new socket
	// bye is why the connection closes where its socket does not; nil: it does not, or not alone.
	bye *Reason
}

// Duty is what the writer of a connection has to do next.
type Duty uint8

const (
	// DutyNone: nothing waits. The writer may end; the next message wakes another one.
	DutyNone Duty = iota
	// DutyWrite: the batch holds frames.
	DutyWrite
	// DutyClose: write the close frame of [Conn.Closing], or drop the connection if that says
	// so, and end.
	DutyClose
)

// Socket returns the socket the connection belongs or belonged to.
func (c *Conn) Socket() *Socket { return c.socket }

// Waker returns who is told when the connection should be looked at: the one it was opened with.
func (c *Conn) Waker() Waker { return c.waker }

// Current reports whether c is still the connection of its socket: not taken over, and the socket not
// detached.
func (c *Conn) Current() bool {
	c.socket.mu.Lock()
	defer c.socket.mu.Unlock()
	return c.socket.conn == c
}

// Replaced returns the waker of the connection that c took over from, or after which it resumed the
// socket; nil if there was none. It forgets it, so that a chain of takeovers keeps no dead connections
// in memory.
func (c *Conn) Replaced() Waker {
	c.socket.mu.Lock()
	defer c.socket.mu.Unlock()
	old := c.replaced
	c.replaced = nil
	if old == nil {
		return nil
	}
	return old.waker
}

// Next says that all messages of the previous batch were written, and what to do now. With
// [DutyWrite] b holds messages in order; they stay in the queue, and count there, until the
// next call of Next or Return. With [DutyNone] the duty to drain has ended atomically: a message
// queued after that wakes again. A connection that follows another gets nothing before the
// older one has given back what it held.
func (c *Conn) Next(b *Batch) Duty {
	s := c.socket
	b.reset()
	s.mu.Lock()
	s.settle(c, s.queue.taken)
	duty, wake := c.next(b)
	s.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
	return duty
}

// next does the work of Next with the lock of the socket held, and returns who is to be woken.
func (c *Conn) next(b *Batch) (Duty, Waker) {
	s := c.socket
	if s.conn != c {
		return DutyClose, s.startDrain() // what c held may be what the newer one waits for
	}
	reason := c.closing()
	switch {
	case s.ended:
		return DutyNone, nil
	case reason != nil && !reason.drains():
		return DutyClose, nil
	case s.queue.holder == nil && s.queue.wants():
		s.queue.take(c, b, s.hub)
		return DutyWrite, nil
	case reason != nil:
		return DutyClose, nil
	}
	s.draining = false
	return DutyNone, nil
}

// Return says that only the first written messages of the last batch were handed to the client
// whole; the rest goes back to the front of the queue. The connection is then expected to end.
func (c *Conn) Return(written int) {
	s := c.socket
	s.mu.Lock()
	s.settle(c, written)
	var wake Waker
	if s.conn == c {
		s.draining = false
	} else {
		wake = s.startDrain()
	}
	s.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
}

// settle ends the hold of c on what it took. Called with mu held.
func (s *Socket) settle(c *Conn, written int) {
	if s.durable && s.conn != c && s.queue.holder == c {
		s.queue.keepGaps(written, s.queue.taken)
		written = s.queue.taken // the next connection gets all that is not confirmed from where it is kept
	}
	s.queue.settle(c, written, s.hub)
	s.tellSettled()
}

// Closing returns why the connection is to be closed, if it is: its socket was closed, aborted or
// detached, or a newer connection took the socket over.
func (c *Conn) Closing() (Reason, bool) {
	s := c.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := c.closing(); reason != nil {
		return *reason, true
	}
	return Reason{}, false
}

// closing does the work of Closing with the lock of the socket held; nil: it is not.
func (c *Conn) closing() *Reason {
	s := c.socket
	switch {
	case s.conn != c:
		return c.bye
	case s.ended:
		return nil
	case s.gone:
		return s.reason
	}
	return c.bye
}

// CloseWith does what [Socket.CloseWith] does, as long as c is the connection of the socket.
func (c *Conn) CloseWith(reason Reason) {
	c.socket.close(reason, c)
}

// Send does what [Socket.Send] does, as long as c is the connection of the socket; [ErrStale] if it is not
// any more: what is meant for one connection is not to get between what another has to write.
func (c *Conn) Send(m *Message, mode Mode) (depth int, err error) {
	return c.socket.send(m, mode, c)
}

// End is what became of a socket whose connection is over.
type End uint8

const (
	EndStale    End = iota // nothing: the connection was not its own any more, or its end is known
	EndDetached            // it waits for another connection, with all that is queued
	EndGone                // it has ended
)

// Ended says that the connection is over. The first call for the current connection detaches the
// socket or ends it: an ended one leaves the registry if it has not yet, and its queue is
// forgotten. final is then why: the reason it was closed with, if somebody closed it before,
// otherwise reason. Any other call changes nothing and returns [EndStale].
func (c *Conn) Ended(reason Reason) (final Reason, end End) {
	s := c.socket
	sh := s.hub.shard(s.key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c || s.ended {
		return reason, EndStale
	}
	if c.bye != nil && (reason.Cause != CauseClient || reason.detaches()) { // a client's good-bye counts all the same
		reason = *c.bye
	}
	if !s.gone && s.outlives(c, reason) {
		s.detach(sh, c, reason)
		return reason, EndDetached
	}
	if !s.gone {
		s.leave(sh, reason, StateOpen)
	} else {
		sh.leftForGood(s)
	}
	s.ended = true
	if c.fresh && s.keeps() && reason.Cause == CauseHandshake { // what was to be announced is announced to the next one
		s.hub.losses.add(s.key, s.user.Load().ID, s.unread())
	}
	s.forget()
	s.hub.figures.closed(*s.reason)
	return *s.reason, EndGone
}

// Tick looks at what depends on time: when the queue has overflowed and its grace time is over,
// the connection is closed with 1013. It returns when it wants to be called again, zero if not.
func (c *Conn) Tick(now time.Time) (next time.Time) {
	s := c.socket
	s.mu.Lock()
	if s.conn != c || s.gone || !s.queue.overflowing() {
		s.mu.Unlock()
		return time.Time{}
	}
	due := time.Unix(0, s.queue.lost.overflowed).Add(s.hub.cfg.Grace)
	missed := s.queue.lost.behind
	s.mu.Unlock()
	if now.Before(due) {
		return due
	}
	c.CloseWith(overflowReason(missed))
	return time.Time{}
}

// CountIn adds bytes that came from the client.
func (c *Conn) CountIn(n int) { c.socket.bytesIn.Add(int64(n)) }

// CountOut adds bytes that were written to the client.
func (c *Conn) CountOut(n int) { c.socket.bytesOut.Add(int64(n)) }
