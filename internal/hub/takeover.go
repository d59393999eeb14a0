package hub

import "fmt"

// takenOver is why a connection closes when a newer one has brought its key.
var takenOver = Reason{Code: CodeTakenOver, Text: "taken over by a newer connection"}

// overflowReason is why a connection closes whose queue overflowed.
func overflowReason(missed int) Reason {
	return Reason{Code: CodeOverflow, Text: fmt.Sprintf("the queue overflowed, %d messages were dropped", missed)}
}

// takeOver gives a live socket to a new connection: tags and queue stay, the older connection is
// stale from now on and must be woken to hear of it. What waits goes out first, packed as it was
// queued; the mode belongs to a connection, so the next write fixes it anew (spec/websocket.md
// G.2; design: "Delivery"). Called with the lock of the shard held, which keeps the socket alive.
func (s *Socket) takeOver(req *OpenRequest, now int64) (c *Conn, old *Conn, drain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old = s.conn
	c = &Conn{socket: s, waker: req.Waker, replaced: old}
	s.conn, s.connected = c, now
	user := req.User
	s.user.Store(&user)
	s.handshake.Store(req.handshake())
	s.queue.mode = modeOpen
	s.queue.overflowed, s.queue.missed = 0, 0
	s.draining = false
	s.happened(EventTaken, s.tags.Load())
	return c, old, s.startDrain() != nil
}
