package ws

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// window is how long a socket outlives its connection here.
const window = time.Minute

// farewells are the ways in which a connection is lost so that the socket waits for another. Each returns when the
// server has noticed.
var farewells = map[string]func(p *peer){
	"vanishes": func(p *peer) { p.leave() },
	"goes away": func(p *peer) {
		p.say(masked(ws.OpClose, true, closing(hub.CodeGoingAway, "")))
	},
	"falls silent":        func(p *peer) { p.setMute(true) },
	"takes no more bytes": func(p *peer) { p.stall() },
	"sends binary":        func(p *peer) { p.say(masked(ws.OpBinary, true, "x")) },
	"breaks off": func(p *peer) {
		p.say(masked(ws.OpText, true, "hello")[:5])
		p.leave()
	},
}

// Visitors come and go, by all ways there are, while messages are sent to all of them. Who is back within the window
// has its socket as it was and all that was sent meanwhile; who is not had its socket closed when the window ended, at
// that moment, once, and is told what was lost with it.
func TestWindows(t *testing.T) {
	crowd := 240
	switch {
	case *long:
		crowd = 1000
	case underRace:
		crowd = 60
	}
	inTime(t, rigConfig{hub: hub.Config{ResumeWindow: window}}, func(t *testing.T, r *rig) {
		closed := watchClosed(r)
		names := slices.Sorted(maps.Keys(farewells))
		var coming sync.WaitGroup
		visitors := make([]*visitor, crowd)
		for i := range visitors {
			v := &visitor{id: strconv.Itoa(i)}
			visitors[i] = v
			random := rand.New(rand.NewPCG(3, uint64(i)))
			v.come(t, r)
			coming.Go(func() {
				for range 3 {
					time.Sleep(time.Duration(random.Int64N(int64(3 * time.Minute))))
					farewells[names[random.IntN(len(names))]](v.now)
					v.now.untilClosed()
					// Half of them are late.
					time.Sleep(time.Duration(random.Int64N(int64(2 * window))))
					v.come(t, r)
				}
			})
		}
		stop := make(chan struct{})
		var sending sync.WaitGroup
		sending.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Second):
				}
				for _, v := range visitors {
					_, _ = v.send(r, n) // some are gone
				}
			}
		})
		coming.Wait()
		close(stop)
		sending.Wait()
		synctest.Wait()
		for _, v := range visitors {
			v.check(t, false, "expired")
		}
		resumed, expired := checkWindows(t, r, closed())
		if resumed < crowd || expired < crowd {
			t.Errorf("only %d were resumed and %d expired", resumed, expired)
		}
	})
}

// watchClosed keeps when Closed was called for which key.
func watchClosed(r *rig) func() map[string][]time.Time {
	var mu sync.Mutex
	at := map[string][]time.Time{}
	r.onClose = func(s *hub.Socket, _ hub.Reason) {
		mu.Lock()
		defer mu.Unlock()
		at[s.Key()] = append(at[s.Key()], time.Now())
	}
	return func() map[string][]time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
}

// checkWindows goes through what has happened to the sockets: each that was detached was resumed before its window was
// over, or ended when it was, and Closed was called then, and at no other time.
func checkWindows(t *testing.T, r *rig, closed map[string][]time.Time) (resumed, expired int) {
	t.Helper()
	since := map[string]time.Time{} // when a socket was detached
	for e := range r.hub.Events(t.Context(), 0) {
		if e.Skipped > 0 {
			t.Errorf("%d events are forgotten: the crowd is too large for this test", e.Skipped)
		}
		key := e.Info.Key
		detached, was := since[key]
		delete(since, key)
		switch e.Kind {
		case hub.EventDetached:
			since[key] = e.Time
		case hub.EventResumed:
			resumed++
			if d := e.Time.Sub(detached); !was || d > window {
				t.Errorf("%s was resumed after %v", key, d)
			}
		case hub.EventEnded:
			expired++
			if d := e.Time.Sub(detached); !was || d != window {
				t.Errorf("%s ended after %v", key, d)
			}
			if at := closed[key]; len(at) == 0 || !at[0].Equal(e.Time) {
				t.Errorf("%s ended at %v, Closed was called at %v", key, e.Time, at)
			} else {
				closed[key] = at[1:]
			}
		}
		if e.Seq == r.hub.LastEvent() {
			break
		}
	}
	for key, at := range closed {
		if len(at) > 0 {
			t.Errorf("Closed was called for %s at %v, and it had not ended", key, at)
		}
	}
	return resumed, expired
}

// Who comes back at the very moment its window ends has its socket again, or a new one and is told what it missed: never
// both, never neither.
func TestBackAtTheLastMoment(t *testing.T) {
	const crowd = 120
	inTime(t, rigConfig{ws: Config{Heartbeat: -1}, hub: hub.Config{ResumeWindow: window}}, func(t *testing.T, r *rig) {
		closed := watchClosed(r)
		var coming sync.WaitGroup
		visitors := make([]*visitor, crowd)
		for i := range visitors {
			v := &visitor{id: strconv.Itoa(i)}
			visitors[i] = v
			v.come(t, r)
			first := v.now
			early := time.Duration(i%3-1) * time.Nanosecond
			coming.Go(func() {
				time.Sleep(time.Second + window - early)
				v.come(t, r)
			})
			if i%2 == 0 { // its timer is older than that of the window, or younger
				time.Sleep(time.Nanosecond)
			}
			coming.Go(func() {
				time.Sleep(time.Second)
				first.leave()
			})
			coming.Go(func() {
				time.Sleep(window / 2)
				for n := range 3 {
					if _, err := v.send(r, n+1); err != nil {
						t.Errorf("visitor %s is detached: %v", v.id, err)
					}
				}
			})
		}
		coming.Wait()
		synctest.Wait()
		for _, v := range visitors {
			v.check(t, false, "expired")
		}
		resumed, expired := checkWindows(t, r, closed())
		if resumed+expired != crowd || resumed < crowd/4 || expired < crowd/4 {
			t.Errorf("%d were resumed and %d expired", resumed, expired)
		}
	})
}
