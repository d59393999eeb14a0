package cluster

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// dealt notes messages to many of a node, and returns those that a socket gets.
func dealt(g *groups, key, from string, seqs ...uint64) (gets []uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, seq := range seqs {
		s := &groupSend{from: from, seq: seq}
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
	for _, s := range to.come(key, had) {
		missed = append(missed, s.seq)
	}
	return missed
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
