package cluster

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// dealt notes messages to many of a node, and returns those that a socket gets.
func dealt(g *groups, key, from string, seqs ...uint64) (gets []uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, seq := range seqs {
		s := &groupSend{from: from, seq: seq, m: hub.NewMessage("m")}
		g.note(s)
		if !g.had(key, s) {
			gets = append(gets, seq)
		}
	}
	return gets
}

// comes hands a socket from one node to another, and returns the messages that it missed on the way.
func comes(from, to *groups, key string) (missed []uint64) {
	from.mu.Lock()
	had := from.leave(key)
	from.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	sends, _ := to.come(key, had)
	return seqs(sends)
}

func wantSeqs(t *testing.T, what string, got []uint64, want ...uint64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestASocketGetsWhatBothNodesWereBetween(t *testing.T) {
	var a, b groups
	defer b.arrive()()
	dealt(&a, "k", "n3", 1, 2)
	dealt(&b, "k", "n3", 1, 2, 3, 4) // it is ahead, and a never gets to 3
	wantSeqs(t, "what the socket missed", comes(&a, &b, "k"), 3, 4)
	wantSeqs(t, "what it gets then", dealt(&b, "k", "n3", 5), 5)
}

// The second node is behind the first, and the socket goes on to a third before it has caught up.
func TestASocketGetsNothingTwiceFromANodeThatIsBehind(t *testing.T) {
	var a, b, c groups
	defer b.arrive()()
	defer c.arrive()()
	dealt(&a, "k", "n4", 1, 2, 3)
	dealt(&b, "k", "n4", 1)
	dealt(&c, "k", "n4", 1, 2, 3, 4)
	wantSeqs(t, "missed at the second node", comes(&a, &b, "k"))
	wantSeqs(t, "got at the second node", dealt(&b, "k", "n4", 2))
	wantSeqs(t, "missed at the third node", comes(&b, &c, "k"), 4)
	wantSeqs(t, "got at the third node", dealt(&c, "k", "n4", 5), 5)
	if len(b.ahead) > 0 || len(c.ahead) > 0 {
		t.Errorf("left behind: %v, %v", b.ahead, c.ahead)
	}
}

func TestNodesFadeSlowly(t *testing.T) {
	var g groups
	dealt(&g, "k", "n2", 7)
	nobody := func(string) bool { return false }
	g.prune(nobody)
	g.prune(nobody)
	if !maps.Equal(g.seen, vector{"n2": 7}) {
		t.Fatalf("a node that may be back is forgotten: %v", g.seen)
	}
	g.fading["n2"] = time.Now().Add(-2 * fadeTime)
	g.prune(nobody)
	if len(g.seen) > 0 || len(g.fading) > 0 {
		t.Errorf("a node that is gone stays: %v, %v", g.seen, g.fading)
	}
}

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

// NATS keeps the order of what a node sends as long as servers do not connect anew. What was overtaken must not set back how
// far this node says it has come.
func TestWhatWasOvertakenIsPast(t *testing.T) {
	var a groups
	dealt(&a, "k", "n3", 1, 3)
	for _, c := range []struct {
		from string
		seq  uint64
		want bool
	}{{"n3", 2, true}, {"n3", 3, true}, {"n3", 4, false}, {"n4", 1, false}, {"", 0, false}} {
		if got := a.past(&groupSend{from: c.from, seq: c.seq}); got != c.want {
			t.Errorf("%d of %q: %v", c.seq, c.from, got)
		}
	}
}
