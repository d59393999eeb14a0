package hub

// makeRoom does what the policy of the service asks for when the queue has no room for a message. It
// reports whether the message is to be queued. What a writer has taken stays: so beside that and the
// newest message nothing may be left. Called with mu held.
func (s *Socket) makeRoom(m *Message) bool {
	switch s.hub.cfg.overflow(s.Service()) {
	case OverflowDropOldest:
		s.dropOldest(m)
		return true
	case OverflowConflate:
		return s.conflate(m)
	}
	return false
}

// dropOldest drops those that have waited longest until the message fits. Where all queues together
// are what is too large, it gives back as much as the message takes.
func (s *Socket) dropOldest(m *Message) {
	q, freed := &s.queue, 0
	for !s.fits(m) && len(q.items) > q.taken {
		if freed > 0 && freed >= len(m.text) && q.fits(m, &s.hub.cfg) {
			return
		}
		freed += len(q.items[q.taken].m.text)
		s.dropWaiting(q.taken)
		s.hub.figures.dropped.oldest.Inc()
	}
}

// conflate drops messages whose place a newer one takes, and reports whether the message fits then.
func (s *Socket) conflate(m *Message) bool {
	before := len(s.queue.items)
	// Where all queues together are too large, one in the place of another is no more than before.
	fits := func() bool { return s.fits(m) || s.queue.fits(m, &s.hub.cfg) && len(s.queue.items) < before }
	if s.conflateWith(m); !fits() {
		s.conflateAll(m)
	}
	return fits()
}

// replaces reports whether the message takes the place of another: where the policy is to conflate, that goes on
// while other messages are dropped, or the client would be left with an older value than it need be.
func (s *Socket) replaces(m *Message) bool {
	before := len(s.queue.items)
	if s.hub.cfg.overflow(s.Service()) == OverflowConflate {
		s.conflateWith(m)
	}
	return len(s.queue.items) < before
}

// conflateWith drops the messages whose place m takes.
func (s *Socket) conflateWith(m *Message) {
	if m.conflateKey == "" {
		return
	}
	for i := len(s.queue.items) - 1; i >= s.queue.taken; i-- {
		if s.queue.items[i].m.conflateKey == m.conflateKey {
			s.dropSuperseded(i)
		}
	}
}

// conflateAll drops all messages but the newest of each key.
func (s *Socket) conflateAll(m *Message) {
	newer := map[string]bool{m.conflateKey: true}
	for i := len(s.queue.items) - 1; i >= s.queue.taken; i-- {
		key := s.queue.items[i].m.conflateKey
		if key == "" {
			continue
		}
		if newer[key] {
			s.dropSuperseded(i)
		}
		newer[key] = true
	}
}

func (s *Socket) dropSuperseded(i int) {
	s.dropWaiting(i)
	s.hub.figures.dropped.conflated.Inc()
}

// dropWaiting drops the message with the index, which no writer has. The gap is announced before all
// that waits behind the writer.
func (s *Socket) dropWaiting(i int) {
	s.queue.remove(i, s.hub)
	s.queue.loss().note(lossOverflow, 1)
}
