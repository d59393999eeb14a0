package peers_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func TestGatherOverNobody(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	for _, nodes := range [][]string{nil, {"a"}} {
		if missing, err := a.Gather(t.Context(), nodes, 1, nil, nil); missing != nil || err != nil {
			t.Errorf("%v: missing %v, error %v", nodes, missing, err)
		}
	}
	var seqs []uint64
	for range 3 {
		missing, err := a.Group(t.Context(), nil, 1, nil, func(seq uint64) { seqs = append(seqs, seq) }, nil)
		if missing != nil || err != nil {
			t.Errorf("missing %v, error %v", missing, err)
		}
	}
	if !slices.Equal(seqs, []uint64{1, 2, 3}) {
		t.Errorf("numbers %v", seqs)
	}
}

func TestGatherNamesWhoDoesNotAnswer(t *testing.T) {
	srv := startServer(t)
	reg := metrics.New()
	a := join(t, dial(t, srv.ClientURL()), peers.Config{
		Name: "a", Metrics: reg, Timeout: time.Hour,
		Ops: map[peers.Op]peers.OpInfo{1: {Name: "one", Timeout: 300 * time.Millisecond}, 2: {Name: "two"}},
	}, nil)
	var late *peers.Request
	lateIs := make(chan struct{})
	node(t, srv, "answers", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(nil) }, 2: func(q *peers.Request) { q.Reply(nil) }})
	node(t, srv, "fails", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(nil) }, 2: func(q *peers.Request) { q.Fail("no", "not today") }})
	node(t, srv, "late", map[peers.Op]peers.Handler{1: func(q *peers.Request) { late = q; close(lateIs) }, 2: func(q *peers.Request) { q.Reply(nil) }})
	nodes := []string{"answers", "fails", "late"}
	missing, err := a.Gather(t.Context(), nodes, 1, nil, nil)
	if err != nil || !slices.Equal(missing, []string{"late"}) {
		t.Fatalf("missing %v, error %v", missing, err)
	}
	<-lateIs
	late.Reply([]byte("too late"))
	await(t, "the late answer is counted", func() bool {
		return reg.Sum("tutorsocket_peers_dropped_messages_total", "reason", "late") > 0
	})
	answered := 0
	missing, err = a.Gather(t.Context(), nodes, 2, nil, func(string, []byte) error { answered++; return nil })
	var failure *peers.Failure
	if !errors.As(err, &failure) || failure.Node != "fails" || failure.Code != "no" || missing != nil || answered != 2 {
		t.Errorf("missing %v, error %v, %d answers", missing, err, answered)
	}
	if n := reg.Sum("tutorsocket_peers_requests_total", "operation", "one", "outcome", "no_answer"); n != 1 {
		t.Errorf("%v requests without an answer are counted", n)
	}
}

// TestKilledWhileAsked has a node vanish that has the request already: a probe tells.
func TestKilledWhileAsked(t *testing.T) {
	srv := startServer(t)
	a := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "a", Timeout: time.Hour, Probe: 10 * time.Millisecond}, nil)
	ask := func(node string) error { _, err := a.Ask(t.Context(), node, 1, nil); return err }
	gather := func(node string) error {
		missing, err := a.Gather(t.Context(), []string{node}, 1, nil, nil)
		if err == nil && slices.Equal(missing, []string{node}) {
			err = fmt.Errorf("node %s is missing: %w", node, peers.ErrNoAnswer)
		}
		return err
	}
	for i, c := range []struct {
		what  string
		ask   func(node string) error
		again bool
	}{{"asked", ask, false}, {"gathered", gather, false}, {"asked, started again", ask, true}, {"gathered, started again", gather, true}} {
		t.Run(c.what, func(t *testing.T) {
			name := fmt.Sprintf("b%d", i)
			nc := dial(t, srv.ClientURL())
			asked, answer := make(chan struct{}), make(chan error)
			join(t, nc, peers.Config{Name: name, Settle: 50 * time.Millisecond}, map[peers.Op]peers.Handler{1: func(*peers.Request) { close(asked) }})
			await(t, "a sees the node", func() bool { return slices.Contains(names(a.Others()), name) })
			go func() { answer <- c.ask(name) }()
			<-asked
			nc.Close()
			if c.again {
				node(t, srv, name, nil)
			}
			if err := <-answer; !errors.Is(err, peers.ErrNoAnswer) || !strings.Contains(err.Error(), name) {
				t.Errorf("who has asked is told: %v", err)
			}
		})
	}
}

// TestAnswersTwice has somebody send each answer again.
func TestAnswersTwice(t *testing.T) {
	srv := startServer(t)
	echo := dial(t, srv.ClientURL(), nats.NoEcho())
	if _, err := echo.Subscribe("_INBOX.>", func(m *nats.Msg) { echo.Publish(m.Subject, m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := echo.Flush(); err != nil {
		t.Fatal(err)
	}
	reg := metrics.New()
	handlers := map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply([]byte(q.From)) }}
	node(t, srv, "b", handlers)
	node(t, srv, "c", handlers)
	node(t, srv, "not asked", handlers)
	a := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "a", Metrics: reg}, nil)
	const rounds = 200
	for range rounds {
		got := []string{}
		missing, err := a.Gather(t.Context(), []string{"b", "c"}, 1, nil, func(node string, body []byte) error {
			got = append(got, node)
			return nil
		})
		slices.Sort(got)
		if err != nil || missing != nil || !slices.Equal(got, []string{"b", "c"}) {
			t.Fatalf("answers of %v, missing %v, error %v", got, missing, err)
		}
	}
	await(t, "those that came behind the last of a round are counted", func() bool {
		return reg.Sum("tutorsocket_peers_dropped_messages_total", "reason", "late") >= rounds
	})
}

func TestPages(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	const pages = 2000
	number := func(n int) []byte { return binary.BigEndian.AppendUint32(bytes.Repeat([]byte("x"), n%3000), uint32(n)) }
	node(t, srv, "b", map[peers.Op]peers.Handler{1: func(q *peers.Request) {
		go func() {
			for n := range pages - 1 {
				q.Page(number(n))
			}
			q.Page(make([]byte, 3<<20)) // larger than NATS takes
			q.Reply(number(pages - 1))
			q.Page(nil)
			q.Reply(nil)
			q.Fail("", "")
		}()
	}})
	n, large := 0, 0
	err := a.AskPages(t.Context(), "b", 1, nil, func(body []byte) error {
		if len(body) == 3<<20 {
			large++
			return nil
		}
		if !bytes.Equal(body, number(n)) {
			return fmt.Errorf("page %d is another one", n)
		}
		n++
		return nil
	})
	if err != nil || n != pages || large != 1 {
		t.Errorf("%d pages, %d large ones, error %v", n, large, err)
	}
	enough := errors.New("enough")
	if err := a.AskPages(t.Context(), "b", 1, nil, func([]byte) error { return enough }); err != enough {
		t.Errorf("the callback's error became %v", err)
	}
}

// TestOrder has several goroutines of one node send to all and to one, bodies of all sizes, and compares
// what each has done with what arrives.
func TestOrder(t *testing.T) {
	srv := startServer(t)
	type message struct {
		sender, n uint32
		group     uint64
	}
	var arrived []message // the dispatcher's, until all is answered
	take := func(q *peers.Request) {
		arrived = append(arrived, message{binary.BigEndian.Uint32(q.Body), binary.BigEndian.Uint32(q.Body[4:]), q.GroupSeq})
		q.Reply(nil)
	}
	node(t, srv, "b", map[peers.Op]peers.Handler{1: take})
	a := node(t, srv, "a", nil)
	const senders, each = 6, 24
	var all sync.WaitGroup
	for sender := range uint32(senders) {
		all.Go(func() {
			for n := range uint32(each) {
				body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, sender), n)
				body = append(body, make([]byte, int(n%4)*700_000)...)
				if n%2 == 0 {
					if missing, err := a.Group(t.Context(), []string{"b"}, 1, body, nil, nil); err != nil || missing != nil {
						t.Error(missing, err)
					}
				} else {
					if _, err := a.Ask(t.Context(), "b", 1, body); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	next := map[uint32]uint32{}
	group := uint64(0)
	for _, m := range arrived {
		if m.n != next[m.sender] {
			t.Fatalf("message %d of sender %d arrived when %d was due", m.n, m.sender, next[m.sender])
		}
		next[m.sender]++
		if (m.group != 0) != (m.n%2 == 0) {
			t.Fatalf("message %d has the number %d", m.n, m.group)
		}
		if m.group != 0 {
			if m.group != group+1 {
				t.Fatalf("group message %d after %d", m.group, group)
			}
			group = m.group
		}
	}
	if len(arrived) != senders*each {
		t.Errorf("%d messages arrived", len(arrived))
	}
}

// TestOrderAcrossSubjects publishes without waiting: what goes to all, and what goes to one, arrive as they were sent.
func TestOrderAcrossSubjects(t *testing.T) {
	srv := startServer(t)
	const rounds = 500
	got := make(chan uint64, 2*rounds)
	node(t, srv, "b", map[peers.Op]peers.Handler{
		1: func(q *peers.Request) { got <- q.GroupSeq; q.Reply(nil) },
		2: func(q *peers.Request) { got <- binary.BigEndian.Uint64(q.Body) | 1<<63; q.Reply(nil) },
	})
	a := node(t, srv, "a", nil)
	for range rounds {
		// A group message to nobody returns once it is published.
		var seq uint64
		if _, err := a.Group(t.Context(), nil, 1, nil, func(n uint64) { seq = n }, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Ask(t.Context(), "b", 2, binary.BigEndian.AppendUint64(nil, seq)); err != nil {
			t.Fatal(err)
		}
	}
	for n := uint64(1); n <= rounds; n++ {
		if first, second := <-got, <-got; first != n || second != n|1<<63 {
			t.Fatalf("round %d: %x, %x", n, first, second)
		}
	}
}
