package webtutor

import (
	"context"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Run checks the sessions whose leases are held, until ctx ends; it returns nil then, after the requests
// under way have ended. Without it no lease ever ends. It is called once.
func (m *Method) Run(ctx context.Context) error {
	var under sync.WaitGroup
	defer under.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.life, cancel)()
	ticker := time.NewTicker(m.tick)
	defer ticker.Stop()
	places := make(chan struct{}, maxRechecks)
	done := make(chan struct{}, 1) // a check has ended: there is a place for the next
	for {
		for len(places) < cap(places) {
			s, f := m.due()
			if s == nil {
				break
			}
			places <- struct{}{}
			under.Go(func() {
				m.fly(ctx, s, f, nil)
				<-places
				select {
				case done <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-done:
		}
	}
}

// due returns the next session to check and the flight to do it in; nil if there is none. On the way it
// forgets sessions that nobody needs and ends the leases whose grace is over.
func (m *Method) due() (*session, *flight) {
	for {
		s, f, over := m.look()
		over.End(whyUnknown)
		if s == nil || f != nil {
			return s, f
		}
	}
}

// look looks at one session that is due: s without f means that it needs nothing, or nothing any more.
func (m *Method) look() (s *session, f *flight, over *auth.Lease) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if s = m.table.next(now); s == nil {
		return nil, nil, nil
	}
	lease := s.held()
	switch {
	case s.flight != nil: // it is being asked about; landing puts it back
	case lease == nil && s.fresh(now, m.cfg.Cache):
		m.table.wake(s, s.asked.Add(m.cfg.Cache))
	case lease == nil:
		m.table.remove(s)
		m.gauge.Set(int64(len(m.table.sessions)))
	case m.graceOver(s, now):
		m.table.remove(s)
		over = lease
	default:
		f = &flight{done: make(chan struct{})}
		s.flight = f
	}
	return s, f, over
}
