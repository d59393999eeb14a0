package scale

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// TestSimulation fills nodes with sockets that have no connections, and measures what their operations cost: time,
// processor time of all nodes, and what goes through the nodes' connections to NATS.
func TestSimulation(t *testing.T) {
	srv := startPart(t, "nats")
	nodes := startNodes(t, size(5, 3), srv.line())
	each := size(20_000, 500)
	before := heap()
	for i, n := range nodes {
		fill(t, n, i, each)
	}
	total := each * len(nodes)
	t.Logf("%d nodes with %d sockets each, half of them stateful: %d bytes of memory for a socket, with five tags and its claim",
		len(nodes), each, (heap()-before)/uint64(total))

	s := simulation{t: t, nodes: nodes, nats: srv.pid}
	one := filter(t, "$room:7")
	s.measure("nothing for a second", 1, 1, func(int) { time.Sleep(time.Second) })
	s.measure("send to a socket elsewhere", size(each/2, 50), 64, func(i int) {
		s.try(nodes[0].Send(noContext, hub.BuildKey(service, fmt.Sprintf("1-%d", 2*(i%(each/2)))), hub.NewMessage(text), hub.ModeText))
	})
	s.measure("the same again, its node is known now", size(20_000, 50), 64, func(i int) {
		s.try(nodes[0].Send(noContext, hub.BuildKey(service, fmt.Sprintf("1-%d", 2*(i%(each/2)))), hub.NewMessage(text), hub.ModeText))
	})
	s.volatile(0) // finds their keys
	s.measure("send to a volatile one elsewhere", size(20_000, 50), 64, func(i int) {
		s.try(nodes[0].Send(noContext, s.volatile(i), hub.NewMessage(text), hub.ModeText))
	})
	s.measure("message to a group that is empty", size(5_000, 50), 64, func(int) {
		s.reach(0)(nodes[0].SendWhere(noContext, filter(t, "$room:none"), hub.NewMessage(text), hub.ModeText))
	})
	s.measure(fmt.Sprintf("message to a group of %d", 10*len(nodes)), size(5_000, 50), 64, func(int) {
		s.reach(10 * len(nodes))(nodes[0].SendWhere(noContext, one, hub.NewMessage(text), hub.ModeText))
	})
	s.measure("message to all", size(5, 2), 1, func(int) {
		s.reach(total)(nodes[0].SendWhere(noContext, hub.Filter{}, hub.NewMessage(text), hub.ModeText))
	})
	s.measure("page of 100 sockets", size(20, 5), 1, func(int) {
		infos, more, missing, err := nodes[0].List(noContext, hub.ListQuery{Limit: 100})
		if len(infos) != 100 || !more || len(missing) > 0 || err != nil {
			t.Errorf("a page of %d sockets (more: %v), missing %v, %v", len(infos), more, missing, err)
		}
	})
	s.measure("sockets of a group, chosen by a script", size(500, 20), 1, func(int) {
		refs, missing, err := nodes[0].Select(noContext, one, true)
		if len(refs) != 10*len(nodes) || len(missing) > 0 || err != nil {
			t.Errorf("%d sockets are chosen, missing %v, %v", len(refs), missing, err)
		}
	})
	s.measure("stateful socket opened and ended", size(20_000, 50), 64, func(i int) {
		s.passing(fmt.Sprint("passing-", i))
	})
	s.measure("volatile socket opened and ended", size(20_000, 50), 64, func(int) {
		s.passing("")
	})
}

// fill opens sockets on a node: of each group ten, and half of all with an id.
func fill(t *testing.T, n *node, number, count int) {
	t.Helper()
	inTurn(count, 50, func(i int) {
		id := ""
		if i%2 == 0 {
			id = fmt.Sprintf("%d-%d", number, i)
		}
		_, err := n.tryOpen(id, map[string]string{
			"user_id": fmt.Sprint(number, "-", i), "socket_type": "other", "room": fmt.Sprint(i / 10), "is_person": "1", "pong": "1",
		})
		if err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

func filter(t *testing.T, text string) hub.Filter {
	t.Helper()
	f, err := hub.ParseFilter(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// simulation measures operations of nodes.
type simulation struct {
	t     *testing.T
	nodes []*node
	nats  int
	keys  []string // of the volatile sockets of another node
}

func (s *simulation) volatile(i int) string {
	if s.keys == nil {
		for _, socket := range s.nodes[1].hub.Select(hub.Filter{}) {
			if socket.StatefulID() == "" {
				s.keys = append(s.keys, socket.Key())
			}
		}
	}
	return s.keys[i%len(s.keys)]
}

func (s *simulation) try(_ int, err error) {
	if err != nil {
		s.t.Error(err)
	}
}

// reach returns what checks that a message reached so many sockets.
func (s *simulation) reach(want int) func(hub.Delivery, error) {
	return func(d hub.Delivery, err error) {
		s.t.Helper()
		if err != nil || d.Addressed() != want || len(d.Missing) > 0 {
			s.t.Errorf("a message to %d sockets reached %d, missing %v, %v", want, d.Addressed(), d.Missing, err)
		}
	}
}

// passing opens a socket and ends it.
func (s *simulation) passing(id string) {
	conn, err := s.nodes[0].tryOpen(id, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	conn.Ended(hub.Reason{Code: hub.CodeNormal})
}

// traffic is what all nodes have sent and received, in messages and bytes of their bodies.
func (s *simulation) traffic() (messages, bytes uint64) {
	for _, n := range s.nodes {
		stats := n.nats.Stats()
		messages += stats.InMsgs + stats.OutMsgs
		bytes += stats.InBytes + stats.OutBytes
	}
	return messages, bytes
}

// measure does something so many times, so many at once, and says what each time cost.
func (s *simulation) measure(what string, times, at int, do func(i int)) {
	s.t.Helper()
	messages, bytes := s.traffic()
	own, nats := processorTime(s.t, os.Getpid()), processorTime(s.t, s.nats)
	began := time.Now()
	inTurn(times, at, do)
	took := time.Since(began) * time.Duration(at)
	own, nats = processorTime(s.t, os.Getpid())-own, processorTime(s.t, s.nats)-nats
	messagesAfter, bytesAfter := s.traffic()
	n := time.Duration(times)
	s.t.Logf("%-40s %10v; processor time: nodes %10v, NATS %8v; NATS messages %6.2f, bytes %8.0f", what, took/n, own/n, nats/n,
		float64(messagesAfter-messages)/float64(times), float64(bytesAfter-bytes)/float64(times))
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// inTurn calls do with 0, 1, 2… up to times, so many at once.
func inTurn(times, at int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < times; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}
