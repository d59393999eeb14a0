package cluster

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/directory"
)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Two nodes that claim a key one after the other, each while the other's socket is still on its way, must not wait for
// each other: who has the newer claim says so as soon as it has it.
func TestANewerClaimIsNotWaitedFor(t *testing.T) {
	c := newClaims(nil)
	left := c.arrive("k")
	stands, news := c.yield("k", 2)
	if stands != arriving || closed(news) {
		t.Fatalf("before the claim is taken: %v, %v", stands, news)
	}
	c.hold("k", directory.Claim{}, 3, false)
	if !closed(news) {
		t.Fatal("nobody hears that the claim is taken")
	}
	if stands, _ = c.yield("k", 2); stands != newer {
		t.Errorf("an older claim: %v", stands)
	}
	if stands, news = c.yield("k", 4); stands != arriving || closed(news) {
		t.Errorf("a newer claim while the socket is on its way: %v, %v", stands, news)
	}
	c.come("k")
	left()
	if !closed(news) {
		t.Fatal("nobody hears that the socket is there")
	}
	if stands, _ = c.yield("k", 4); stands != yielded {
		t.Errorf("a newer claim: %v", stands)
	}
	if _, mine := c.get("k"); mine {
		t.Error("the claim is not given up")
	}
}

// Whether a socket has ended here, or was given up to another node, decides about what is stored for it.
func TestASocketThatHasEndedIsToldFromOneGivenUp(t *testing.T) {
	c := newClaims(nil)
	c.hold("ended", directory.Claim{}, 3, true)
	c.end("ended")
	c.forget("ended", 4)
	c.hold("given up", directory.Claim{}, 3, true)
	c.giveUp("given up", 4)
	c.end("given up")
	c.hold("anew", directory.Claim{}, 3, true)
	c.end("anew")
	c.hold("anew", directory.Claim{}, 5, false)
	c.forget("anew", 6)
	c.hold("never came", directory.Claim{}, 3, false)
	c.hold("here", directory.Claim{}, 3, false)
	c.come("here")
	c.hold("on its way", directory.Claim{}, 3, false)
	c.giveUp("on its way", 4)
	for key, want := range map[string]standing{
		"ended": ended, "given up": givenUp, "anew": neverCame, "never came": neverCame, "here": yielded, "on its way": neverCame, "never here": neverCame,
	} {
		if stands, _ := c.yield(key, 7); stands != want {
			t.Errorf("%s: %v", key, stands)
		}
	}
}

func TestAClaimThatIsGivenUpStaysSo(t *testing.T) {
	c := newClaims(nil)
	c.hold("k", directory.Claim{}, 3, true)
	c.yield("k", 4)
	c.renew("k", directory.Claim{}, 3)
	if _, mine := c.get("k"); mine {
		t.Error("it is back")
	}
}

func TestANewDoubtIsNotSettledByAnOldAnswer(t *testing.T) {
	c := newClaims(nil)
	before := directory.Held{Claim: directory.Claim{Node: "n2"}, Revision: 1}
	c.miss("k", 1, before)
	old := c.doubted("k")
	c.doubt("k")
	c.settle("k", old)
	if d := c.doubted("k"); d.number == 0 || d.before != before {
		t.Errorf("%+v", d)
	}
	c.settle("k", c.doubted("k"))
	if keys := c.doubtful(); len(keys) != 0 {
		t.Errorf("%v stay", keys)
	}
}
