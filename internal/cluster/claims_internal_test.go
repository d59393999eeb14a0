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
	news, newer := c.yield("k", 2)
	if news == nil || newer || closed(news) {
		t.Fatalf("before the claim is taken: %v, %v", news, newer)
	}
	c.hold("k", directory.Claim{}, 3)
	if !closed(news) {
		t.Fatal("nobody hears that the claim is taken")
	}
	if news, newer = c.yield("k", 2); !newer {
		t.Errorf("an older claim: %v, %v", news, newer)
	}
	if news, newer = c.yield("k", 4); news == nil || newer || closed(news) {
		t.Errorf("a newer claim while the socket is on its way: %v, %v", news, newer)
	}
	left()
	if !closed(news) {
		t.Fatal("nobody hears that the socket is there")
	}
	if news, newer = c.yield("k", 4); news != nil || newer {
		t.Errorf("a newer claim: %v, %v", news, newer)
	}
	if _, mine := c.get("k"); mine {
		t.Error("the claim is not given up")
	}
}

func TestAClaimThatIsGivenUpStaysSo(t *testing.T) {
	c := newClaims(nil)
	c.hold("k", directory.Claim{}, 3)
	c.yield("k", 4)
	c.renew("k", directory.Claim{}, 3)
	if _, mine := c.get("k"); mine {
		t.Error("it is back")
	}
}

func TestANewDoubtIsNotSettledByAnOldAnswer(t *testing.T) {
	c := newClaims(nil)
	before := directory.Held{Claim: directory.Claim{Node: "n2"}, Revision: 1}
	c.doubt("k", before)
	old := c.doubted("k")
	c.doubt("k", directory.Held{})
	c.settle("k", old)
	if d := c.doubted("k"); d.number == 0 || d.before != before {
		t.Errorf("%+v", d)
	}
	c.settle("k", c.doubted("k"))
	if keys := c.doubtful(); len(keys) != 0 {
		t.Errorf("%v stay", keys)
	}
}
