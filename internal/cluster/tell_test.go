package cluster_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A node that did not answer still has the socket and takes messages for it. When it hears that the socket is another's, the
// client hears that something is lost, though it has gone on to a third node meanwhile.
func TestALossFollowsTheSocket(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	now, _, err := all[0].dir.Look(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	gone := directory.Claim{Node: "n9", Incarnation: "gone", User: "1", Life: now.Life, Before: "gone too"}
	if _, err := all[1].dir.Take(t.Context(), key("a"), gone, now.Revision); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, &c, all[1], "a", "1")
	eventually(t, "the client hears of a node that is gone", func() bool { return len(gaps(&c)) == 1 })
	send(t, all[0], "a", "nobody reads this") // n1 has not heard that the socket is another's
	mustOpen(t, &c, all[2], "a", "1")
	all[2].Tell(key("a"), "n1", all[0].peers.Self().Incarnation)
	eventually(t, "the client hears of another loss", func() bool { return len(gaps(&c)) == 2 })

	mustOpen(t, &c, all[1], "a", "1")
	mustOpen(t, &c, all[0], "a", "1")
	mustOpen(t, &c, all[2], "a", "1")
	send(t, all[1], "a", "the end")
	eventually(t, "the client reads", func() bool { return slices.Contains(c.read(), "the end") })
	if got := gaps(&c); len(got) != 2 {
		t.Errorf("it has heard of %v", got)
	}
}

// TestALossIsToldWhereTheSocketIs: who is told of a stale socket may have given its own on before the answer comes.
func TestALossIsToldWhereTheSocketIs(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	now, _, err := all[0].dir.Look(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	all[2].TellLost(key("a"), now.Life+1)
	all[2].TellLost(key("nobody"), now.Life)
	all[2].TellLost(key("a"), now.Life)
	eventually(t, "the client hears of a loss", func() bool { return len(gaps(&c)) == 1 })
}

// gaps are the gaps a client has heard of.
func gaps(c *client) (list []string) {
	for _, text := range c.read() {
		if strings.Contains(text, `"reason":"node_lost"`) {
			list = append(list, text)
		}
	}
	return list
}
