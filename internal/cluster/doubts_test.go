package cluster_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// usurp has a node claim a key as if it had not heard that it did, and returns the claim that was there.
func usurp(t *testing.T, x *node, k string) (before directory.Held) {
	t.Helper()
	before, found, err := x.dir.Look(t.Context(), k)
	if err != nil || !found {
		t.Fatalf("no claim: %v, %v", found, err)
	}
	claim := before.Claim
	claim.Node, claim.Incarnation = x.hub.Node(), x.peers.Self().Incarnation
	if claim.Before = before.Incarnation; before.Before != "" {
		claim.Before += "," + before.Before
	}
	if _, err := x.dir.Take(t.Context(), k, claim, before.Revision); err != nil {
		t.Fatal(err)
	}
	return before
}

func owner(t *testing.T, x *node, k string) string {
	t.Helper()
	now, _, err := x.dir.Look(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return now.Node
}

func TestAClaimThatWasWrittenUnheardIsGivenBack(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	all[1].Miss(key("a"), usurp(t, all[1], key("a")))
	eventually(t, "the key is the first node's again", func() bool { return owner(t, all[1], key("a")) == "n1" })
	send(t, all[1], "a", "still there")
	wantTexts(t, &c, "still there")
	eventually(t, "the claim goes with the socket", func() bool {
		c.conn.Ended(hub.Reason{Code: hub.CodeNormal})
		return owner(t, all[1], key("a")) == ""
	})
}

func TestASocketIsFetchedByAClaimThatWasWrittenUnheard(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, all[0], "a", "waits")
	all[1].Miss(key("a"), usurp(t, all[1], key("a")))
	mustOpen(t, &c, all[1], "a", "1")
	wantTexts(t, &c, "waits")
	if _, here := all[0].hub.Get(key("a")); here {
		t.Error("the socket is at the first node too")
	}
}

// A node that was cut off, and whose socket another one has by now, must not give it to the client that comes back.
func TestADoubtfulClaimIsLookedAtBeforeASocketOpens(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	usurp(t, all[1], key("a"))
	all[0].Doubt(key("a"))
	mustOpen(t, &c, all[0], "a", "1")
	if now := owner(t, all[0], key("a")); now != "n1" {
		t.Errorf("the socket is open at n1, and the directory says %q", now)
	}
	eventually(t, "the older connection is closed with 4001", func() bool { return slices.Contains(c.reasons(), hub.CodeTakenOver) })
	send(t, all[1], "a", "hello")
	eventually(t, "the client reads", func() bool { return slices.Contains(c.read(), "hello") })
}

// A third node takes the key over from one that has never fetched the socket.
func TestASocketIsHandedOnByAClaimThatWasWrittenUnheard(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, all[0], "a", "waits")
	before := usurp(t, all[1], key("a"))
	all[1].Miss(key("a"), before)
	mustOpen(t, &c, all[2], "a", "1")
	wantTexts(t, &c, "waits")
	eventually(t, "the socket is at the third node only", func() bool {
		_, first := all[0].hub.Get(key("a"))
		_, second := all[1].hub.Get(key("a"))
		return !first && !second
	})
}

// Nodes have claimed a key, and given up the opening before they came to fetch the socket.
func TestASocketIsFoundBehindClaimsThatNothingCameOf(t *testing.T) {
	all, _ := nodes(t, 4, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, all[0], "a", "waits")
	usurp(t, all[1], key("a"))
	usurp(t, all[2], key("a"))
	usurp(t, all[1], key("a")) // the second node tries again
	mustOpen(t, &c, all[3], "a", "1")
	wantTexts(t, &c, "waits")
	for i, x := range all[:3] {
		if _, here := x.hub.Get(key("a")); here {
			t.Errorf("the socket is at node %d too", i+1)
		}
	}
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, all[3], "a", "waits again")
	usurp(t, all[2], key("a"))
	mustOpen(t, &c, all[1], "a", "1")
	wantTexts(t, &c, "waits", "waits again")
}

// The node that took a key over was killed before it had the socket.
func TestASocketIsFoundWhereItStayed(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	claim := usurp(t, all[1], key("a")).Claim
	now, _, err := all[1].dir.Look(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	claim.Node, claim.Incarnation, claim.Before = "n9", "gone", claim.Incarnation
	if _, err := all[1].dir.Take(t.Context(), key("a"), claim, now.Revision); err != nil {
		t.Fatal(err)
	}
	send(t, all[1], "a", "waits")
	mustOpen(t, &c, all[2], "a", "1")
	wantTexts(t, &c, "waits")
	if _, here := all[0].hub.Get(key("a")); here {
		t.Error("the socket is at the first node too")
	}
}

// A claim is written when its node has long given up waiting for the answer.
func TestAClaimThatComesLateIsGivenBack(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	usurp(t, all[1], key("a"))
	if _, err := all[2].Send(t.Context(), key("a"), hub.NewMessage("too early"), hub.ModeText); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("sent to a node that does not have the socket: %v", err)
	}
	eventually(t, "the key is the first node's again", func() bool { return owner(t, all[1], key("a")) == "n1" })
	send(t, all[2], "a", "still there")
	wantTexts(t, &c, "still there")
}

// A claim that was given up waiting for must not be written any more when the key is believed to be another's.
func TestAClaimThatMayStillComeIsForestalled(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	before, _, err := all[1].dir.Look(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	all[1].Miss(key("a"), before)
	eventually(t, "the claim is written anew", func() bool {
		now, _, err := all[1].dir.Look(t.Context(), key("a"))
		return err == nil && now.Revision != before.Revision && now.Claim == before.Claim
	})
	if _, err := all[1].dir.Take(t.Context(), key("a"), before.Claim, before.Revision); !errors.Is(err, directory.ErrChanged) {
		t.Errorf("the late claim: %v", err)
	}
	send(t, all[1], "a", "still there")
	wantTexts(t, &c, "still there")
}

// A node finds out that a key is another's before that one asks for the socket: what is stored for it is not of a life that
// has ended.
func TestWhatIsStoredOutlivesASocketThatIsGivenUp(t *testing.T) {
	srv := natstest.Listen(t, t.TempDir())
	first, _ := durableNode(t, srv, "n1")
	second, _ := durableNode(t, srv, "n2")
	eventually(t, "they see each other", func() bool { return len(first.peers.Others()) == 1 && len(second.peers.Others()) == 1 })
	var c client
	mustOpen(t, &c, first, "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, first, "a", "waits")
	before := usurp(t, second, key("a"))
	first.Check(key("a"))
	if _, here := first.hub.Get(key("a")); here {
		t.Fatal("the first node has not given the socket up")
	}
	second.Miss(key("a"), before)
	mustOpen(t, &c, second, "a", "1")
	wantTexts(t, &c, "waits")
}
