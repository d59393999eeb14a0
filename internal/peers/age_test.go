package peers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// clock is one that a test sets.
type clock struct{ now atomic.Int64 }

func (c *clock) read() time.Duration { return time.Duration(c.now.Load()) }

func (c *clock) add(d time.Duration) { c.now.Add(int64(d)) }

// stalled is a node whose handlers are stopped by the first request, until free is closed. The clocks of both nodes, which
// are far apart, go when the test says so.
type stalled struct {
	srv           *server.Server
	asker, node   *peers.Peers
	here, there   clock
	metrics       *metrics.Registry
	blocked, free chan struct{}
	mu            sync.Mutex
	handled       []string
}

const (
	opBlock peers.Op = iota + 1
	opNote
	opLate
	opWait // answers when the test says so
)

func newStalled(t *testing.T) *stalled {
	s := &stalled{srv: startServer(t), metrics: metrics.New(), blocked: make(chan struct{}), free: make(chan struct{})}
	s.here.add(900 * time.Hour)
	note := func(q *peers.Request) {
		s.mu.Lock()
		s.handled = append(s.handled, fmt.Sprintf("%s/%d", q.Body, q.GroupSeq))
		s.mu.Unlock()
		q.Reply(nil)
	}
	cfg := func(name string, c *clock) peers.Config {
		return peers.Clocked(peers.Config{
			Name: name, Settle: 50 * time.Millisecond, Timeout: patience, Beat: 20 * time.Millisecond,
			Lapse: time.Hour, Ops: map[peers.Op]peers.OpInfo{opLate: {Late: true}},
		}, c.read)
	}
	with := cfg("b", &s.there)
	with.Metrics = s.metrics
	s.node = join(t, dial(t, s.srv.ClientURL()), with, map[peers.Op]peers.Handler{
		opBlock: func(q *peers.Request) { close(s.blocked); <-s.free; q.Reply(nil) }, // what no handler may do
		opNote:  note, opLate: note,
	})
	s.asker = join(t, dial(t, s.srv.ClientURL()), cfg("a", &s.here), nil)
	await(t, "they see each other", func() bool { return len(s.asker.Others()) == 1 && len(s.node.Others()) == 1 })
	return s
}

// pass has time go by.
func (s *stalled) pass(d time.Duration) { s.here.add(d); s.there.add(d) }

// short returns a context that ends soon.
func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func (s *stalled) expired() float64 {
	return s.metrics.Sum("tutorsocket_peers_dropped_messages_total", "reason", "expired")
}

func TestWhatNobodyWaitsForIsNotDone(t *testing.T) {
	s := newStalled(t)
	blocking := make(chan error, 1)
	go func() { _, err := s.asker.Ask(t.Context(), "b", opBlock, nil); blocking <- err }()
	<-s.blocked
	ask := func(op peers.Op, text string) error {
		_, err := s.asker.Ask(short(t), "b", op, []byte(text))
		return err
	}
	_, grouped := s.asker.Group(short(t), []string{"b"}, opNote, []byte("old group"), nil, nil)
	for _, err := range []error{ask(opNote, "old 1"), ask(opNote, "old 2"), ask(opLate, "late"), grouped} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a node that stands still answers: %v", err)
		}
	}
	s.pass(time.Second)
	close(s.free)
	if err := <-blocking; err != nil {
		t.Fatal(err)
	}
	if missing, err := s.asker.Group(t.Context(), []string{"b"}, opNote, []byte("new group"), nil, nil); err != nil || missing != nil {
		t.Fatalf("missing %q, error %v", missing, err)
	}
	if _, err := s.asker.Ask(t.Context(), "b", opNote, []byte("new")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := []string{"late/0", "new group/2", "new/0"}; !slices.Equal(s.handled, want) {
		t.Errorf("handled %q, want %q", s.handled, want)
	}
	if n := s.expired(); n != 3 {
		t.Errorf("%v requests count as expired", n)
	}
}

// A handler that goes on by itself can see that nobody waits any more.
func TestExpired(t *testing.T) {
	s := newStalled(t)
	taken := make(chan *peers.Request, 1)
	other := join(t, dial(t, s.srv.ClientURL()), peers.Clocked(peers.Config{Name: "c", Settle: 50 * time.Millisecond}, s.there.read),
		map[peers.Op]peers.Handler{opWait: func(q *peers.Request) { taken <- q }})
	await(t, "they see each other", func() bool { return len(other.Others()) == 2 })
	answered := make(chan error, 1)
	go func() { _, err := s.asker.Ask(t.Context(), "c", opWait, nil); answered <- err }()
	q := <-taken
	if q.Expired() {
		t.Error("a fresh request has expired")
	}
	s.pass(2 * patience)
	if !q.Expired() {
		t.Error("a request has not expired long after its time-out")
	}
	q.Reply(nil)
	<-answered
}
