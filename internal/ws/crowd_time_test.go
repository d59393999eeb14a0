package ws

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A client that takes no bytes for so long that its queue overflows is closed with 1013 after the grace time, and finds
// its socket when it is back: first it hears what was dropped, then all that was queued.
func TestOverflowInTime(t *testing.T) {
	const (
		crowd = 40
		grace = 5 * time.Second
		room  = 8
	)
	cfg := hub.Config{ResumeWindow: window, MaxMessages: room, Grace: grace}
	inTime(t, rigConfig{hub: cfg}, func(t *testing.T, r *rig) {
		visitors := make([]*visitor, crowd)
		full := make([]time.Time, crowd) // when the first message was dropped
		for i := range visitors {
			visitors[i] = &visitor{id: strconv.Itoa(i)}
			visitors[i].come(t, r)
			visitors[i].now.stall()
			time.Sleep(100 * time.Millisecond)
		}
		for n := range 3 * room {
			for i, v := range visitors {
				if _, err := v.send(r, n); errors.Is(err, hub.ErrQueueFull) && full[i].IsZero() {
					full[i] = time.Now()
				}
			}
			time.Sleep(grace / (3 * room))
		}
		time.Sleep(grace)
		for e := range r.hub.Events(t.Context(), 0) {
			if e.Kind == hub.EventDetached {
				i, _ := strconv.Atoi(e.Info.StatefulID)
				if d := e.Time.Sub(full[i]); d < grace || d > grace+late {
					t.Errorf("visitor %d was closed %v after the overflow began", i, d)
				}
			}
			if e.Seq == r.hub.LastEvent() {
				break
			}
		}
		lost := make([]*peer, crowd)
		for i, v := range visitors {
			lost[i] = v.now
			v.come(t, r)
		}
		time.Sleep(staleTime + late) // so long an older connection may keep what it was writing
		for i, v := range visitors {
			v.mu.Lock()
			if len(v.got) != 1+room || v.got[0] != (item{missed: 2 * room, reason: "overflow"}) {
				t.Errorf("visitor %s got %v", v.id, v.got)
			}
			v.mu.Unlock()
			if at, code := lost[i].ended(); at.IsZero() || code != 0 {
				t.Errorf("visitor %s: the connection that took nothing ended at %v with %d", v.id, at, code)
			}
		}
		r.wantNoEnd(t)
	})
}

// Slow clients are kept as long as they take something, however little; one that takes nothing more is dropped when
// the write has taken too long. Both get all messages, once.
func TestClientsThatTrickle(t *testing.T) {
	const crowd, messages, size = 40, 20, 10 << 10
	cfg := rigConfig{ws: Config{Heartbeat: -1}, hub: hub.Config{ResumeWindow: window}}
	inTime(t, cfg, func(t *testing.T, r *rig) {
		var taking sync.WaitGroup
		got := make([][]string, crowd)
		peers := make([]*peer, crowd)
		connect := func(i int) *peer {
			p := &peer{onText: func(_ *peer, text string) { got[i] = append(got[i], text[:4]) }}
			p.connect(t, r, fmt.Sprintf("/services/echo?X-StatefulSocketId=%d", i))
			return p
		}
		for i := range peers {
			peers[i] = connect(i)
			peers[i].stall()
			for n := range messages {
				if _, err := r.socket(t, strconv.Itoa(i)).Send(hub.NewMessage(fmt.Sprintf("%04d%s", n, repeat("x", size))), hub.ModeText); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, p := range peers {
			random := rand.New(rand.NewPCG(5, uint64(i)))
			goesOn := i%2 == 0
			taking.Go(func() {
				for left := messages * (size + 1000); left > 0 && (goesOn || left > messages*size/2); {
					time.Sleep(time.Duration(random.Int64N(int64(9 * time.Second))))
					n := 1 + random.IntN(4000)
					p.take(n)
					left -= n
				}
				if goesOn {
					return
				}
				last := time.Now()
				// How far a write is, is looked at once in that time.
				if d := p.untilClosed().Sub(last); d < defaultTimeout || d > 2*defaultTimeout+late {
					t.Errorf("client %d was dropped %v after the last bytes it took", i, d)
				}
				connect(i)
			})
		}
		taking.Wait()
		for i, p := range peers {
			if at, _ := p.ended(); i%2 == 0 && !at.IsZero() {
				t.Errorf("client %d is slow, and was dropped", i)
			}
		}
		synctest.Wait()
		for i := range got {
			for n, text := range got[i] {
				if text != fmt.Sprintf("%04d", n) {
					t.Fatalf("client %d: message %d is %s", i, n, text)
				}
			}
			if len(got[i]) != messages {
				t.Errorf("client %d got %d messages", i, len(got[i]))
			}
		}
	})
}

// A drain closes a crowd evenly over its time, each socket behind what was sent to it until its turn; stateful sockets are
// then detached, the others closed. Who answers no close is not waited for long.
func TestDrainInTime(t *testing.T) {
	crowd, spread := 1000, 20*time.Second
	if underRace {
		crowd = 200
	}
	inTime(t, rigConfig{hub: hub.Config{ResumeWindow: time.Hour}}, func(t *testing.T, r *rig) {
		began := time.Now()
		var mu sync.Mutex
		var turns []time.Duration
		visitors := make([]*visitor, crowd)
		for i := range visitors {
			visitors[i] = &visitor{id: strconv.Itoa(i), told: func(code int) {
				mu.Lock()
				defer mu.Unlock()
				turns = append(turns, time.Since(began))
				if code != hub.CodeShutdown {
					t.Errorf("visitor %d was closed with %d", i, code)
				}
			}}
			visitors[i].come(t, r)
		}
		visitors[0].now.setMute(true)
		drained := make(chan time.Duration, 1)
		go func() {
			if err := r.server.Drain(t.Context(), spread); err != nil {
				t.Error(err)
			}
			drained <- time.Since(began)
		}()
		for n := range 15 {
			time.Sleep(time.Second)
			for _, v := range visitors {
				if _, err := v.send(r, n); err != nil {
					t.Errorf("visitor %s: %v", v.id, err) // those who were closed already are detached
				}
			}
		}
		if took := <-drained; took < spread || took > spread+lingerTime+late {
			t.Errorf("the drain took %v", took)
		}
		slices.Sort(turns)
		for i, turn := range turns {
			if due := spread * time.Duration(i+1) / time.Duration(crowd); turn < due-2*drainStep || turn > due+2*drainStep {
				t.Errorf("close %d came after %v, due after %v", i, turn, due)
			}
		}
		if len(turns) != crowd || len(r.hub.Detached()) != crowd {
			t.Errorf("%d were told, %d are detached", len(turns), len(r.hub.Detached()))
		}
		for _, v := range visitors {
			v.check(t, true)
		}
		r.wantNoEnd(t)
	})
}
