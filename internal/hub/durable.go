package hub

// forsake makes the queue of a durable socket that of its next connection: what waits is forgotten, since it is
// kept elsewhere and all that the client has not confirmed comes again from there. What a writer holds
// follows when it says what became of it. Announcements of losses are kept only here, and stay. Called with mu
// held.
func (s *Socket) forsake() {
	if !s.durable {
		return
	}
	q := &s.queue
	q.keepGaps(q.taken, len(q.items))
	for i := len(q.items) - 1; i >= q.taken; i-- {
		q.remove(i, s.hub)
	}
}

// unread is how many messages a client has not got that are lost with the socket, or MissedUnknown. Called with
// mu held.
func (s *Socket) unread() int {
	if !s.durable {
		return s.queue.unread()
	}
	s.queue.keepGaps(0, len(s.queue.items))
	if s.queue.lost == nil {
		return 0
	}
	return s.queue.lost.unannounced()
}

// keepGaps notes the announcements among some of what waits again, because these will not be written.
func (q *queue) keepGaps(from, to int) {
	for _, item := range q.items[from:to] {
		if g := item.m.gap; g != nil {
			gaps := &q.loss().gaps
			gaps[g.kind] = addMissed(gaps[g.kind], g.missed)
		}
	}
}
