package hub

import (
	"fmt"
	"time"
)

// takenOver is why a connection closes when a newer one has brought its key.
var takenOver = Reason{Code: CodeTakenOver, Text: "taken over by a newer connection"}

// overflowReason is why a connection closes whose queue overflowed.
func overflowReason(missed int) Reason {
	return Reason{Code: CodeOverflow, Text: fmt.Sprintf("the queue overflowed, %d messages were dropped", missed)}
}

// giveTo gives a socket to a new connection: tags and queue stay, but for the tags that the handshakes grant: those of
// the new one take the place of those of the old. An open one is taken over, and its
// older connection is stale from now on; a detached one is resumed. What waits goes out first, packed
// as it was queued, behind the announcement of what was dropped; the mode belongs to a connection, so
// the next write fixes it anew (spec/websocket.md G.2; design: "Delivery"). Returned with it are those
// who must hear of it. Errors: [ErrMoving], and one that wraps [ErrLimit]. Called with the lock of the shard held, which keeps the
// socket alive.
func (s *Socket) giveTo(req *OpenRequest, sh *shard) (c *Conn, wake []Waker, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moving() {
		return nil, nil, ErrMoving
	}
	c = &Conn{socket: s, waker: req.Waker}
	before, remote := s.handshake.Load().RemoteAddr, req.handshake().RemoteAddr
	kind, was := EventTaken, StateOpen
	if s.conn == nil {
		if err := s.hub.crowd.admit(req.User.ID, remote); err != nil {
			return nil, nil, err
		}
		kind, was = EventResumed, StateDetached
		c.replaced = s.comeBack(sh).last
		s.hub.figures.resumed.With(req.Service).Inc()
	} else {
		s.hub.crowd.move(before, remote)
		c.replaced = s.conn
		s.conn.bye = &takenOver
		wake = append(wake, s.conn.waker)
		s.hub.figures.takeovers.With(req.Service).Inc()
		s.hub.figures.closed(takenOver)
	}
	s.forsake()
	s.conn, s.connected = c, time.Now().UnixNano()
	tags := s.tags.Load()
	sh.regrant(s, s.handshake.Load().Granted, req.handshake().Granted)
	user := req.User
	s.user.Store(&user)
	s.handshake.Store(req.handshake())
	s.queue.mode, s.queue.relief = modeOpen, len(s.queue.items) > 0
	if s.queue.lost != nil {
		s.queue.lost.resume()
	}
	s.draining = false
	s.happened(kind, tags, was)
	s.changed(ChangeAttached)
	if w := s.startDrain(); w != nil {
		wake = append(wake, w)
	}
	return c, wake, nil
}
