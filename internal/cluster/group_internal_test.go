package cluster

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func seqs(sends []*groupSend) (all []uint64) {
	for _, s := range sends {
		all = append(all, s.seq)
	}
	return all
}

// noted enters messages of one node.
func noted(g *groups, from, to uint64) {
	for seq := from; seq <= to; seq++ {
		g.note(&groupSend{from: "x", seq: seq, m: hub.NewMessage("m")})
	}
}

// Where a socket is always on its way the log must not grow, nor lack what one of them needs.
func TestTheLogIsThatOfTheOldestArrival(t *testing.T) {
	var g groups
	left := g.arrive()
	for round := uint64(1); round <= 3*groupLogMost; round++ {
		noted(&g, round, round)
		next := g.arrive()
		left()
		left = next
		if len(g.log) > 1 || len(g.arrivals) > 2 {
			t.Fatalf("after %d: %d messages, %d arrivals", round, len(g.log), len(g.arrivals))
		}
	}
	last := uint64(3 * groupLogMost)
	noted(&g, last+1, last+1)
	missed, more := g.come("k", vector{"x": last})
	if got := seqs(missed); len(got) != 1 || got[0] != last+1 || more {
		t.Errorf("missed %v, more: %v", got, more)
	}
	left()
	if g.log != nil || g.arrivals != nil || g.logBytes != 0 {
		t.Errorf("%d messages, %d arrivals stay", len(g.log), len(g.arrivals))
	}
}

func TestALogWithoutRoomSaysSo(t *testing.T) {
	var g groups
	slow := g.arrive()
	noted(&g, 1, groupLogMost+1)
	quick := g.arrive()
	quick()
	if missed, more := g.come("k", vector{"x": 0}); len(missed) != groupLogMost || !more {
		t.Errorf("one that needs the first: %d, more: %v", len(missed), more)
	}
	if missed, more := g.come("k", vector{"x": 1}); len(missed) != groupLogMost || more {
		t.Errorf("one that does not: %d, more: %v", len(missed), more)
	}
	next := g.arrive()
	slow()
	if len(g.log) != 0 || g.dropped != nil {
		t.Errorf("%d messages stay, dropped: %v", len(g.log), g.dropped)
	}
	next()
}

func TestWhatSocketsHadIsForgottenWhenThisNodeHadItToo(t *testing.T) {
	var g groups
	g.come("k", vector{"x": 3})
	if noted(&g, 1, 2); !g.had("k", &groupSend{from: "x", seq: 2}) {
		t.Error("it gets a message twice")
	}
	noted(&g, 3, 4) // which it was not asked about: they were not for it
	g.prune(func(string) bool { return true })
	if len(g.ahead) != 0 {
		t.Errorf("%v stays", g.ahead)
	}
}
