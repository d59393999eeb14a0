package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// draining opens sockets, half of them stateful, drains them as told, and returns when each was
// closed. Each gets a message before, which must come first.
func draining(t *testing.T, r *rig, n int, drain func()) (closed []time.Duration) {
	t.Helper()
	var clients []*client
	for i := range n {
		target := "/services/echo"
		if i%2 == 0 {
			target += fmt.Sprint("?X-StatefulSocketId=", i)
		}
		clients = append(clients, dialPipe(t, r, target))
	}
	synctest.Wait()
	for _, s := range r.hub.Select(hub.Filter{}) {
		s.Send(hub.NewMessage("last words"), hub.ModeText)
	}
	begin := time.Now()
	closed = make([]time.Duration, n)
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			c.wantText("last words")
			for {
				op, payload, err := c.next()
				if err != nil {
					t.Errorf("socket %d: %v before the close frame", i, err)
					return
				}
				if op == ws.OpClose {
					if payload[:2] != "\x03\xf4" {
						t.Errorf("closed with %q", payload)
					}
					break
				}
			}
			closed[i] = time.Since(begin)
			c.sendClose(1012, "")
			c.nc.Close()
		})
	}
	drain()
	all.Wait()
	return closed
}

// gaps are the times between closes, in order, the first from the beginning.
func gaps(closed []time.Duration) []time.Duration {
	closed = slices.Clone(closed)
	slices.Sort(closed)
	for i := len(closed) - 1; i > 0; i-- {
		closed[i] -= closed[i-1]
	}
	return closed
}

func TestDrainSpreadsTheCloses(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		const n, spread = 20, 40 * time.Second
		closed := draining(t, r, n, func() {
			go func() {
				time.Sleep(30 * time.Second) // some are closed, some are not
				c := 0
				for _, s := range r.hub.Select(hub.Filter{}) {
					if _, err := s.Send(hub.NewMessage("still here"), hub.ModeText); err == nil {
						c++
					}
				}
				if c == 0 || c == n {
					t.Errorf("%d sockets work in the middle of the drain", c)
				}
			}()
			if err := r.server.Drain(t.Context(), spread); err != nil {
				t.Error(err)
			}
		})
		for i, gap := range gaps(closed) {
			if gap != spread/n {
				t.Errorf("close %d came %v after the one before", i, gap)
			}
		}
		if slices.IsSorted(closed) {
			t.Error("the closes came in the order in which the sockets were opened")
		}
		for range n / 2 {
			if e := r.wantEnd(t, 1012); e.socket.StatefulID() != "" {
				t.Error("Closed was called for a socket that is detached")
			}
		}
		r.wantNoEnd(t)
		if saved := r.hub.Detached(); len(saved) != n/2 {
			t.Errorf("%d sockets are detached", len(saved))
		}
	})
}

// Until its turn has come a socket works as always; no new one is let in.
func TestSocketsWorkUntilTheDrainReachesThem(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- r.server.Drain(t.Context(), time.Minute) }()
		synctest.Wait()
		for i := range 5 {
			c.text(fmt.Sprint(i))
			c.wantText(fmt.Sprint(i))
			time.Sleep(10 * time.Second)
		}
		answer, done := knock(r, t.Context(), "1")
		<-done
		if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
			t.Errorf("a new one is answered %d", answer.Code)
		}
		c.wantClose(1012)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.wantEnd(t, 1012)
	})
}

func TestASecondDrainHurriesTheFirst(t *testing.T) {
	for name, second := range map[string]func(s *Server, ctx context.Context) error{
		"Shutdown": func(s *Server, ctx context.Context) error { return s.Shutdown(ctx) },
		"Drain":    func(s *Server, ctx context.Context) error { return s.Drain(ctx, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
				ended := make(chan error, 2)
				closed := draining(t, r, 10, func() {
					go func() { ended <- r.server.Drain(t.Context(), 100*time.Second) }()
					time.Sleep(45 * time.Second)
					ended <- second(r.server, t.Context())
				})
				for range 2 {
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
				slices.Sort(closed)
				for i, at := range closed {
					if want := min(time.Duration(i+1)*10*time.Second, 45*time.Second); at != want {
						t.Errorf("close %d came after %v", i, at)
					}
				}
				if d := time.Duration(len(r.closed)); d != 10 {
					t.Errorf("%d ended", d)
				}
			})
		})
	}
}

// When the time is up, those whose turn has not come are dropped.
func TestADrainThatRunsOutOfTime(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := r.server.Drain(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain gave %v", err)
		}
		c.wantDropped()
		if err := r.server.Drain(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		if len(r.hub.Detached()) != 1 {
			t.Error("the socket is lost")
		}
		r.wantNoEnd(t)
	})
}
