package ws

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

var long = flag.Bool("long", false, "simulate a whole day of a thousand sockets")

const (
	beat = 25 * time.Second
	// late is how much later than due the wheel does what depends on time: two ticks.
	late = 2 * lingerTime / 8
	// day is how many heartbeats there are in 24 hours.
	day = 24 * time.Hour / beat
)

// days are the crowds that live through a number of heartbeats: many for a while, a few for a day. With
// -args -long many live for a day, which takes half a minute, and ten times as long with the race detector.
func days() [][2]int {
	switch {
	case *long:
		return [][2]int{{1000, int(day)}}
	case underRace:
		return [][2]int{{1000, 30}, {10, int(day)}}
	}
	return [][2]int{{1000, 200}, {50, int(day)}}
}

// crowdIn connects n peers, evenly over the time of a heartbeat. Each has a stateful id, its number.
func crowdIn(t *testing.T, r *rig, n int) []*peer {
	t.Helper()
	peers := make([]*peer, n)
	for i := range peers {
		peers[i] = &peer{}
		peers[i].connect(t, r, fmt.Sprintf("/services/echo?X-StatefulSocketId=%d", i))
		time.Sleep(beat / time.Duration(n))
	}
	return peers
}

// Clients that answer are kept, all day, and cost on its evening what they cost in its morning.
func TestADayOfHeartbeats(t *testing.T) {
	for _, d := range days() {
		crowd, beats := d[0], d[1]
		t.Run(fmt.Sprintf("%d sockets, %d heartbeats", crowd, beats), func(t *testing.T) {
			began := time.Now()
			inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
				peers := crowdIn(t, r, crowd)
				time.Sleep(time.Minute)
				morning := weigh()
				span := time.Duration(beats) * (beat + late)
				time.Sleep(span)
				evening := weigh()
				for i, p := range peers {
					// Before the span there were a minute, and the others' time to connect.
					if pings, open := p.counts(); !open || pings < beats || pings > int(span/beat)+4 {
						t.Fatalf("socket %d has had %d pings in the time of %d; it is open: %v", i, pings, beats, open)
					}
				}
				r.wantNoEnd(t)
				if evening.goroutines > morning.goroutines {
					t.Errorf("%d goroutines have become %d", morning.goroutines, evening.goroutines)
				}
				if grown := evening.heap - morning.heap; grown > int64(crowd)*64+64<<10 {
					t.Errorf("the heap has grown by %d bytes, from %d", grown, morning.heap)
				}
			})
			t.Logf("took %v", time.Since(began).Round(time.Millisecond))
		})
	}
}

// weight is what this process carries.
type weight struct {
	goroutines int
	heap       int64
}

// weigh looks when all is quiet, and after everything that is free was given back.
func weigh() weight {
	synctest.Wait()
	for range 3 { // pools let go of their content in two collections
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return weight{runtime.NumGoroutine(), int64(m.HeapAlloc)}
}

// Whoever falls silent is dropped after two pings it did not answer, whenever that happens; a client that
// only takes its time is not.
func TestClientsThatFallSilent(t *testing.T) {
	const crowd = 200
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		random := rand.New(rand.NewPCG(1, 2))
		peers := crowdIn(t, r, crowd)
		silent := map[*peer]bool{}
		for _, p := range peers[:crowd/2] {
			silent[p] = true
			time.AfterFunc(time.Duration(random.Int64N(int64(time.Hour))), func() { p.setMute(true) })
		}
		for _, p := range peers[crowd/2:] {
			p.setSlow(time.Duration(random.Int64N(int64(beat))))
		}
		time.Sleep(time.Hour + 4*beat)
		for i, p := range peers {
			lost, code := p.ended()
			switch {
			case !silent[p] && !lost.IsZero():
				t.Errorf("client %d answers, and was dropped", i)
			case silent[p] && lost.IsZero():
				t.Errorf("client %d is silent, and is kept", i)
			case silent[p]:
				if wait := lost.Sub(p.pingAt); code != 0 || p.missed != heartbeatMisses || wait < beat || wait > beat+late {
					t.Errorf("client %d was dropped %v after %d pings that it did not answer, with code %d", i, wait, p.missed, code)
				}
			}
		}
		for range silent {
			if e := r.wantEnd(t, hub.CodeLost); e.reason.Cause != hub.CauseHeartbeat {
				t.Errorf("a silent client ended with %v", e.reason)
			}
		}
		r.wantNoEnd(t)
	})
}
