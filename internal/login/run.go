package login

import (
	"context"
	"iter"
	"strings"
	"sync"
	"time"
)

const (
	// watchPause is how long to wait before the store is watched again, or asked again.
	watchPause = time.Second
	// sweepEvery is how often what is over is forgotten.
	sweepEvery = time.Minute
)

// Run has leases follow the store until ctx ends. Without it sessions end with their time only. It
// may run once at a time.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		s.follow(ctx, func(ctx context.Context) (iter.Seq[string], error) {
			return s.sessions.values.Watch(ctx, sessionPrefix)
		}, func(key string) {
			if id := strings.TrimPrefix(key, sessionPrefix); s.grounds.changed(id) {
				s.doubts.add(id)
			}
		})
	})
	wg.Go(func() {
		s.follow(ctx, s.users.Watch, func(login string) { s.doubts.add(s.grounds.changedOf(login)...) })
	})
	wg.Go(func() { s.clear(ctx) })
	wg.Go(func() { s.keepOpen(ctx) })
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			s.grounds.sweep()
		}
	}
}

// keepOpen has open sockets count as use of their sessions.
func (s *Server) keepOpen(ctx context.Context) {
	look := time.NewTicker(s.cfg.openLook())
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.noteOpen(ctx)
		}
	}
}

// noteOpen notes the use of sessions by open sockets, where the last note is old enough. Where the store does not answer
// it gives up, and there is another look.
func (s *Server) noteOpen(ctx context.Context) {
	after := s.cfg.openAfter()
	for _, id := range s.grounds.unseen(s.cfg.Clock().Add(-after)) {
		found, why, err := s.stand(ctx, id)
		if err == nil && why == "" {
			err = s.note(ctx, id, &found, after)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.cfg.Logger.Warn("use of sessions by open sockets is not noted, trying again", "error", err.Error())
			}
			return
		}
	}
}

// follow watches one kind of values. At each beginning all sessions are looked at, for what happened
// while nobody watched.
func (s *Server) follow(ctx context.Context, watch func(context.Context) (iter.Seq[string], error), changed func(key string)) {
	for ctx.Err() == nil {
		keys, err := watch(ctx)
		if err == nil {
			s.doubts.add(s.grounds.all()...)
			for key := range keys {
				changed(key)
			}
		} else if ctx.Err() == nil {
			s.cfg.Logger.Warn("sessions cannot be followed, trying again", "error", err.Error())
		}
		select {
		case <-time.After(watchPause):
		case <-ctx.Done():
		}
	}
}

// clear looks at sessions in doubt, again and again where the store does not answer.
func (s *Server) clear(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.doubts.news:
		}
		if ids := s.judge(ctx, s.doubts.take()); len(ids) > 0 {
			s.doubts.add(ids...)
			select {
			case <-time.After(watchPause):
			case <-ctx.Done():
			}
		}
	}
}

// judge looks at sessions and returns those of which the store says nothing now.
func (s *Server) judge(ctx context.Context, ids []string) (left []string) {
	for i, id := range ids {
		if _, _, err := s.stand(ctx, id); err != nil {
			return ids[i:]
		}
	}
	return nil
}

// doubts are sessions to be looked at.
type doubts struct {
	news chan struct{} // holds one while there may be some

	mu  sync.Mutex // guards what follows
	ids map[string]bool
}

func newDoubts() *doubts {
	return &doubts{news: make(chan struct{}, 1), ids: map[string]bool{}}
}

func (d *doubts) add(ids ...string) {
	if len(ids) == 0 {
		return
	}
	d.mu.Lock()
	for _, id := range ids {
		d.ids[id] = true
	}
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default:
	}
}

func (d *doubts) take() (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.ids {
		ids = append(ids, id)
	}
	clear(d.ids)
	return ids
}
