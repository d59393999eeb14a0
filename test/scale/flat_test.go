package scale

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestSocketsStayFlat opens and ends sockets on a node of a cluster, half of them with stateful ids. Afterwards neither
// the node nor NATS, which are both in this process, nor the directory may remember them.
func TestSocketsStayFlat(t *testing.T) {
	folder := t.TempDir()
	js, _ := natstest.Start(t, folder)
	n := &node{name: "n1", hub: hub.New(hub.Config{Node: "n1"})}
	n.join(t, js.Conn())
	rounds, perRound := 10, size(100_000, 1_000)
	var first, last uint64
	for round := range rounds {
		openAndEnd(t, n, round, perRound)
		eventually(t, "the claims are released", func() bool { return stateOf(t, js).Msgs == 0 })
		last = heap()
		if round == 0 {
			first = last
		}
		s := stateOf(t, js)
		t.Logf("%8d sockets: heap %.1f MiB, disk %.1f MiB, claims %d, traces of claims %d, subscriptions %d",
			(round+1)*perRound, float64(last)/mib, float64(disk(t, folder))/mib, s.Msgs, s.NumDeleted, js.Conn().NumSubscriptions())
		if s.NumDeleted > 0 {
			t.Errorf("the stream remembers %d removed claims", s.NumDeleted)
		}
	}
	if last > first+8*mib {
		t.Errorf("memory grew from %d KiB to %d KiB", first>>10, last>>10)
	}
	if left := n.hub.Select(hub.Filter{}); len(left) > 0 {
		t.Errorf("%d sockets are left", len(left))
	}
	err := n.dir.All(t.Context(), func(key string, _ directory.Held) error { return fmt.Errorf("%s is still claimed", key) })
	if err != nil {
		t.Error(err)
	}
}

func openAndEnd(t *testing.T, n *node, round, count int) {
	const goroutines = 50
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range count / goroutines {
				id := ""
				if i%2 == 0 {
					id = fmt.Sprintf("%d-%d-%d", round, g, i)
				}
				conn, err := n.tryOpen(id, map[string]string{"user_id": id, "socket_type": "other"})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := conn.Socket().Send(hub.NewMessage("hello"), hub.ModeText); err != nil {
					t.Error(err)
				}
				conn.Ended(hub.Reason{Code: hub.CodeNormal})
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
