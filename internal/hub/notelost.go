package hub

// NoteLost says that messages of the socket were lost with another node, or cannot be had from it: its client is
// told, as soon as there is a connection. missed may be [MissedUnknown].
func (s *Socket) NoteLost(missed int) { s.noteLoss(lossNode, missed) }

// noteLoss counts messages that are to be announced before all that waits.
func (s *Socket) noteLoss(kind lossKind, missed int) {
	s.mu.Lock()
	if s.gone || missed == 0 {
		s.mu.Unlock()
		return
	}
	s.queue.loss().note(kind, missed)
	wake := s.startDrain()
	s.mu.Unlock()
	if wake != nil {
		wake.Wake()
	}
}
