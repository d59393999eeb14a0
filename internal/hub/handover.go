package hub

import (
	"context"
	"time"
)

// move is what a socket knows while another node gets it, and after that. It is guarded by the lock of the
// socket.
type move struct {
	settled chan struct{} // closed when no writer holds messages, or the socket has ended; nil: it is
}

// handOverGrace is how long the new owner has at least to attach the connection it has the socket for.
const handOverGrace = 10 * time.Second

// moved is why a socket ends here that is another node's from now on.
var moved = Reason{Code: CodeTakenOver, Text: "moved to another node", Cause: CauseMoved}

// HandOver takes a socket away so that another node can have it, which makes it again of what is returned, with
// [Hub.Restore]. The user must be the socket's. From the call on everything that is asked of the socket gives
// [ErrMoving], and so does [Hub.Open] of its key until HandOver returns; then the key is free here. The end that
// [Hub.Events] tells is one "moved to another node", and the connection that was its last hears of an end with
// [CauseMoved]: nothing has ended for the client and for the service.
//
// An open socket loses its connection as in a takeover: it is closed for the reason, behind the frames
// that its writer has begun to hand over. What the writer has taken is waited for, until ctx ends. What it
// has not written whole then is among what is returned; where ctx ended first nobody knows how much of it was
// written, so it counts as lost, and the client is told (NodeLost). A detached socket goes with the rest of
// its window. Either has ten seconds at least, because its client is there.
//
// Errors: [ErrNotFound] when no socket has the key, or it was ended while HandOver waited; [ErrKeyTaken] when it
// belongs to another user; [ErrMoving] when somebody else hands it over. The end of ctx is none.
func (h *Hub) HandOver(ctx context.Context, key, user string, reason Reason) (Detached, error) {
	m, err := h.Move(key, user, reason)
	if err != nil {
		return Detached{}, err
	}
	return m.Wait(ctx)
}

// beginMove makes sure that the socket does not change any more, but for what a writer holds.
func (h *Hub) beginMove(key, user string, reason Reason) (s *Socket, settled chan struct{}, err error) {
	sh := h.shard(key)
	sh.mu.Lock()
	s = sh.byKey[key]
	switch {
	case s == nil:
		err = ErrNotFound
	case s.user.Load().ID != user:
		err = ErrKeyTaken
	}
	if err != nil {
		sh.mu.Unlock()
		return nil, nil, err
	}
	wake, settled, err := s.beginMove(sh, reason)
	sh.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
	return s, settled, err
}

// beginMove does so with the lock of the shard held.
func (s *Socket) beginMove(sh *shard, reason Reason) (wake Waker, settled chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moving() {
		return nil, nil, ErrMoving
	}
	if c := s.conn; c != nil {
		reason.Cause = CauseMoved
		s.detach(sh, c, reason)
		wake = c.waker
	}
	if t := s.away.timer; t != nil {
		t.Stop() // one that has gone off finds that the socket moves
	}
	settled = make(chan struct{})
	s.away.move = &move{settled}
	s.tellSettled()
	return wake, settled, nil
}

// endMove takes the socket out of this hub, and returns what there was to it.
func (s *Socket) endMove() (Detached, error) {
	sh := s.hub.shard(s.key)
	sh.mu.Lock()
	s.mu.Lock()
	if s.gone {
		s.mu.Unlock()
		sh.mu.Unlock()
		return Detached{}, ErrNotFound
	}
	s.giveUpHeld()
	d := s.describe()
	d.Window = max(d.Window, handOverGrace)
	s.leave(sh, moved, StateDetached)
	s.ended = true
	s.queue.clear(s.hub)
	last := s.away.last
	s.mu.Unlock()
	sh.mu.Unlock()
	last.waker.Wake()
	return d, nil
}

// giveUpHeld counts what a writer still holds as lost: it may have been written, and is not to be twice. An
// announcement may. Called with mu held.
func (s *Socket) giveUpHeld() {
	q := &s.queue
	if q.holder == nil {
		return
	}
	lost := 0
	for _, item := range q.items[:q.taken] {
		if item.m.gap == nil {
			lost++
		}
	}
	q.recall(s.hub) // its announcements are in front
	for range lost {
		q.remove(0, s.hub)
	}
	q.taken, q.holder = 0, nil
	if lost > 0 && !s.durable {
		q.loss().note(lossNode, lost)
	}
}

// moving reports whether another node gets the socket, or has it. Called with mu held.
func (s *Socket) moving() bool {
	return s.away != nil && s.away.move != nil && (!s.gone || s.reason.Cause == CauseMoved)
}

// tellSettled tells who hands the socket over that no writer holds messages of it. Called with mu held.
func (s *Socket) tellSettled() {
	if s.away == nil || s.away.move == nil {
		return
	}
	if m := s.away.move; m.settled != nil && s.queue.holder == nil {
		close(m.settled)
		m.settled = nil
	}
}

// Moved reports whether the socket is another node's, or about to be: what is asked of it here gives
// [ErrMoving].
func (s *Socket) Moved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moving()
}

// Moving is a socket that another node is about to have.
type Moving struct {
	socket  *Socket
	settled <-chan struct{}
}

// Move begins what [Hub.HandOver] does, and has the errors of that: when it returns, nothing is queued for the
// socket here any more. [Moving.Wait] must follow.
func (h *Hub) Move(key, user string, reason Reason) (*Moving, error) {
	s, settled, err := h.beginMove(key, user, reason)
	if err != nil {
		return nil, err
	}
	return &Moving{s, settled}, nil
}

// Wait does the rest of it. It is called once.
func (m *Moving) Wait(ctx context.Context) (Detached, error) {
	select {
	case <-m.settled:
	case <-ctx.Done():
	}
	return m.socket.endMove()
}
