package ws

import (
"fmt"
"strings"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const window = time.Minute

// visitor is a user with a stateful id, who comes and goes. What it receives over all its connections is kept in
// order.
type visitor struct {
	id   string
	now  *peer         // its connection, or the last one
	back time.Duration // how long after it was lost the next connection came; 0: none was lost

	mu   sync.Mutex
	sent []int  // what the server took for it
	got  []item // what came
}

// item is something that a client is told: a number, or how many it missed.
type item struct {
	number int
	missed int
	reason string
}

// come opens a connection.
func (v *visitor) come(t *testing.T, r *rig) {
	v.now = &peer{onText: func(_ *peer, text string) { v.receive(t, text) }}
	if status := v.now.ask(t, r, "/services/echo?user=u&X-StatefulSocketId="+v.id); status != http.StatusSwitchingProtocols {
		t.Errorf("visitor %s got %d", v.id, status)
	}
}

// receive keeps what a frame says.
func (v *visitor) receive(t *testing.T, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n, err := strconv.Atoi(text); err == nil {
		v.got = append(v.got, item{number: n})
		return
	}
	var gaps []struct {
		Action string `json:"socket_action"`
		Missed int    `json:"missed"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(text), &gaps); err != nil || len(gaps) == 0 {
		t.Errorf("visitor %s got %q: %v", v.id, text, err)
	}
	for _, g := range gaps {
		if g.Action != "gap" || g.Missed <= 0 {
			t.Errorf("visitor %s got %q", v.id, text)
		}
		v.got = append(v.got, item{missed: g.Missed, reason: g.Reason})
	}
}

// send sends a number, if the socket is there.
func (v *visitor) send(r *rig, n int) (*hub.Socket, error) {
	s, ok := r.hub.Get(hub.BuildKey("echo", v.id))
	if !ok {
		return nil, hub.ErrClosed
	}
	v.mu.Lock() // what is sent is in sent before it arrives: receive waits
	defer v.mu.Unlock()
	_, err := s.Send(hub.NewMessage(strconv.Itoa(n)), hub.ModeText)
	if err == nil {
		v.sent = append(v.sent, n)
	}
	return s, err
}

// check sees that all that was sent came, once and in order, or was announced as missed for one of the reasons; what
// was sent last may still be under way if the visitor is away.
func (v *visitor) check(t *testing.T, away bool, reasons ...string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	rest := v.sent
	for i, it := range v.got {
		switch {
		case it.missed > len(rest), it.missed > 0 && !slices.Contains(reasons, it.reason):
			t.Errorf("visitor %s: item %d announces %d missed (%s), %d are due", v.id, i, it.missed, it.reason, len(rest))
			return
		case it.missed > 0:
			rest = rest[it.missed:]
		case len(rest) == 0 || rest[0] != it.number:
			t.Errorf("visitor %s: item %d is %d, due is %v", v.id, i, it.number, rest[:min(3, len(rest))])
			return
		default:
			rest = rest[1:]
		}
	}
	if len(rest) > 0 && !away {
		t.Errorf("visitor %s never got %d messages, the first is %d", v.id, len(rest), rest[0])
	}
}

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
	if underRace {
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
					v.back = time.Duration(random.Int64N(int64(2 * window)))
					time.Sleep(v.back)
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
		for e := range r.hub.Events(t.Context(), 0) {
			if strings.HasSuffix(e.Info.Key, "-175") {
				fmt.Println(e.Kind, e.Time, e.Info.QueueMessages, e.Info.BytesOut)
			}
			if e.Seq == r.hub.LastEvent() {
				break
			}
		}
		fmt.Printf("%+v\n", visitors[175].now)
		fmt.Printf("%+v\n", r.socket(t, "175").Info())
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
