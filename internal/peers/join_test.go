package peers_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func TestNodesSeeEachOther(t *testing.T) {
	srv := startServer(t)
	a := join(t, dial(t, srv.ClientURL()), peers.Config{
		Name: "host.example 1", Version: "v9", About: func() json.RawMessage { return json.RawMessage(`{"sockets":7}`) },
	}, nil)
	b := node(t, srv, "b", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply([]byte(q.From)) }})
	await(t, "the newcomer sees the older node", func() bool { return slices.Equal(names(b.Others()), []string{"host.example 1"}) })
	await(t, "the older node sees the newcomer", func() bool { return len(a.Others()) == 1 })
	self := a.Self()
	for _, p := range []*peers.Peers{a, b} {
		byTag, ok := p.ByTag(self.Tag)
		byIncarnation, ok2 := p.ByIncarnation(self.Incarnation)
		if !ok || !ok2 || byTag.Name != self.Name || byIncarnation.Name != self.Name {
			t.Errorf("%s does not find the tag or the incarnation", p.Self().Name)
		}
	}
	if _, ok := a.ByIncarnation("0123456789abcdef"); ok {
		t.Error("an incarnation that nobody has was found")
	}
	seen := b.Others()[0]
	if seen.Version != "v9" || !seen.Started.Equal(self.Started) || seen.State != peers.Ready || seen.Incarnation != self.Incarnation {
		t.Errorf("b sees %+v", seen)
	}
	await(t, "b has what a says about itself", func() bool { return string(b.Others()[0].About) == `{"sockets":7}` })
	if answer, err := a.Ask(t.Context(), "b", 1, nil); err != nil || string(answer) != "host.example 1" {
		t.Errorf("b says it was asked by %q, error %v", answer, err)
	}
}

func TestNamesWithOtherCharacters(t *testing.T) {
	srv := startServer(t)
	echo := map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(q.Body) }}
	a := node(t, srv, "a", nil)
	for _, name := range []string{"x.y", "*", "ж > z", "="} {
		node(t, srv, name, echo)
		if _, err := a.Ask(t.Context(), name, 1, nil); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	nc := dial(t, srv.ClientURL())
	for _, name := range []string{"", strings.Repeat("x", 256)} {
		if _, err := peers.Join(t.Context(), nc, peers.Config{Name: name}, nil); err == nil {
			t.Errorf("a name of %d bytes is taken", len(name))
		}
	}
}

func TestNameOfALiveNodeIsTaken(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	watcher := node(t, srv, "w", nil)
	cfg := peers.Config{Name: "a", Settle: patience} // it ends with the first answer
	_, err := peers.Join(t.Context(), dial(t, srv.ClientURL()), cfg, nil)
	if !errors.Is(err, peers.ErrNameTaken) || !strings.Contains(err.Error(), a.Self().Incarnation) {
		t.Fatalf("joined under the name of a live node: %v", err)
	}
	if n, ok := watcher.ByIncarnation(a.Self().Incarnation); !ok || n.Name != "a" {
		t.Error("others believed the one that was refused")
	}
}

func TestKilledNodeIsSucceededAtOnce(t *testing.T) {
	srv := startServer(t)
	watcher := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "w", Lapse: time.Hour}, nil)
	nc := dial(t, srv.ClientURL())
	old := join(t, nc, peers.Config{Name: "a", Settle: 50 * time.Millisecond}, nil)
	await(t, "the node is seen", func() bool { return len(watcher.Others()) == 1 })
	nc.Close() // no good-bye
	successor := node(t, srv, "a", nil)
	await(t, "the successor is seen", func() bool {
		_, there := watcher.ByIncarnation(successor.Self().Incarnation)
		_, still := watcher.ByIncarnation(old.Self().Incarnation)
		return there && !still
	})
}

func TestTagThatIsTaken(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	tag := uint64(a.Self().Tag) << 32
	draws := []uint64{tag | 5, tag | 6, 1<<32 | 7}
	b := join(t, dial(t, srv.ClientURL()), peers.Drawing(peers.Config{Name: "b", Settle: 2 * time.Second}, func() uint64 {
		n := draws[0]
		draws = draws[1:]
		return n
	}), nil)
	if got := b.Self(); got.Incarnation != "0000000100000007" || got.Tag != 1 {
		t.Errorf("b is %+v", got)
	}
	await(t, "a sees b", func() bool { n, ok := a.ByTag(1); return ok && n.Name == "b" })
}

func TestLeaveAndState(t *testing.T) {
	srv := startServer(t)
	slow := func(name string) peers.Config { // nothing happens by a heartbeat
		return peers.Config{Name: name, Beat: time.Hour, Lapse: 10 * time.Hour, Settle: 50 * time.Millisecond}
	}
	a := join(t, dial(t, srv.ClientURL()), slow("a"), nil)
	b := join(t, dial(t, srv.ClientURL()), slow("b"), nil)
	changes := a.Changes()
	await(t, "a sees b", func() bool { return len(a.Others()) == 1 })
	b.SetState(peers.Draining)
	await(t, "a sees that b drains", func() bool {
		<-changes
		return a.Others()[0].State == peers.Draining
	})
	if err := b.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "a sees that b has left", func() bool {
		<-changes
		return len(a.Others()) == 0
	})
	if _, err := b.Ask(t.Context(), "a", 1, nil); !errors.Is(err, peers.ErrLeft) {
		t.Errorf("who has left asks: %v", err)
	}
	if _, open := <-b.Changes(); open {
		t.Error("who has left hears of changes")
	}
	if _, err := a.Ask(t.Context(), "b", 1, nil); !errors.Is(err, peers.ErrGone) {
		t.Errorf("who has left is asked: %v", err)
	}
}

// TestLeavingNodeAnswers has a node leave while it is asked all the time: what has reached it is answered.
func TestLeavingNodeAnswers(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	b := node(t, srv, "b", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(nil) }})
	var askers sync.WaitGroup
	var answers atomic.Int64
	for range 200 {
		askers.Go(func() {
			for {
				_, err := a.Ask(t.Context(), "b", 1, nil)
				if err != nil {
					if !errors.Is(err, peers.ErrGone) {
						t.Error(err)
					}
					return
				}
				answers.Add(1)
			}
		})
	}
	await(t, "there is traffic", func() bool { return answers.Load() > 100 })
	if err := b.Leave(t.Context()); err != nil {
		t.Error(err)
	}
	askers.Wait()
}

func TestSubscriptionsAreAConstant(t *testing.T) {
	srv := startServer(t)
	before := srv.NumSubscriptions()
	a := node(t, srv, "a", nil)
	node(t, srv, "b", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(nil) }})
	for range 100 {
		if _, err := a.Ask(t.Context(), "b", 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := srv.NumSubscriptions() - before; n != 2*4 {
		t.Errorf("two nodes have %d subscriptions", n)
	}
}

func TestSilentNodeLapses(t *testing.T) {
	srv := startServer(t)
	cfg := func(name string) peers.Config {
		return peers.Config{Name: name, Beat: 20 * time.Millisecond, Lapse: 400 * time.Millisecond, Settle: 50 * time.Millisecond}
	}
	reg := metrics.New()
	withMetrics := cfg("a")
	withMetrics.Metrics = reg
	a := join(t, dial(t, srv.ClientURL()), withMetrics, nil)
	join(t, dial(t, srv.ClientURL()), cfg("c"), nil)
	nc := dial(t, srv.ClientURL())
	join(t, nc, cfg("b"), nil)
	await(t, "a sees both", func() bool { return slices.Equal(names(a.Others()), []string{"b", "c"}) })
	nc.Close()
	await(t, "b lapses, c does not", func() bool { return slices.Equal(names(a.Others()), []string{"c"}) })
	await(t, "the gauge says so, too", func() bool { return reg.Sum("tutorsocket_peers_nodes") == 2 })
}

// TestNodeThatCountedAsGone has a node say nothing for too long: when it is heard again both sides are told.
func TestNodeThatCountedAsGone(t *testing.T) {
	srv := startServer(t)
	silent := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "silent", Beat: time.Hour, Lapse: 10 * time.Hour}, nil)
	a := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "a", Beat: 20 * time.Millisecond, Lapse: time.Second}, nil)
	await(t, "it is seen", func() bool { return len(a.Others()) == 1 })
	await(t, "it lapses", func() bool { return len(a.Others()) == 0 })
	itHears, aHears := silent.Reconnected(), a.Reconnected()
	silent.SetState(peers.Draining)
	<-itHears
	<-aHears
}

func TestMalformedMessagesAreDropped(t *testing.T) {
	srv := startServer(t)
	reg := metrics.New()
	a := node(t, srv, "a", nil)
	join(t, dial(t, srv.ClientURL()), peers.Config{Name: "b", Metrics: reg}, map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(nil) }})
	nc := dial(t, srv.ClientURL())
	bad := [][]byte{nil, {1}, []byte("hello, is there anybody in here?"), {1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 'a'}, {1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', '{'}}
	sent := 0
	for _, subject := range []string{"tutorsocket.nodes", "tutorsocket.all", "tutorsocket.node.b"} {
		for _, data := range bad {
			if err := nc.PublishRequest(subject, "nowhere", data); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
	await(t, "all are counted", func() bool {
		return reg.Sum("tutorsocket_peers_dropped_messages_total", "reason", "malformed") == float64(sent)
	})
	if _, err := a.Ask(t.Context(), "b", 1, nil); err != nil {
		t.Error(err)
	}
}

func TestPrefixesAreApart(t *testing.T) {
	srv := startServer(t)
	for _, prefix := range []string{"one", "two"} {
		p := join(t, dial(t, srv.ClientURL()), peers.Config{Name: "a", Prefix: prefix}, map[peers.Op]peers.Handler{
			1: func(q *peers.Request) { q.Reply([]byte(prefix)) },
		})
		if answer, err := p.Ask(t.Context(), "a", 1, nil); err != nil || string(answer) != prefix { // itself
			t.Errorf("%q answers, error %v", answer, err)
		}
	}
}

func TestOverflowIsCounted(t *testing.T) {
	srv := startServer(t)
	reg := metrics.New()
	blocked, free := make(chan struct{}), make(chan struct{})
	join(t, dial(t, srv.ClientURL()), peers.Config{Name: "b", Metrics: reg, Beat: 50 * time.Millisecond}, map[peers.Op]peers.Handler{
		1: func(q *peers.Request) { close(blocked); <-free; q.Reply(nil) }, // what no handler may do
		2: func(q *peers.Request) { q.Reply(nil) },
	})
	a := node(t, srv, "a", nil)
	asked := make(chan error)
	go func() { _, err := a.Ask(t.Context(), "b", 1, nil); asked <- err }()
	<-blocked
	nc := dial(t, srv.ClientURL())
	for range 70_000 {
		if err := nc.Publish("tutorsocket.node.b", nil); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the loss is counted", func() bool {
		return reg.Sum("tutorsocket_peers_dropped_messages_total", "reason", "overflow") > 0
	})
	close(free)
	if err := <-asked; err != nil {
		t.Error(err)
	}
	if _, err := a.Ask(t.Context(), "b", 2, nil); err != nil {
		t.Error(err)
	}
}

func TestJoinWithoutConnection(t *testing.T) {
	srv := startServer(t)
	nc := dial(t, srv.ClientURL())
	nc.Close()
	if _, err := peers.Join(t.Context(), nc, peers.Config{Name: "a"}, nil); !errors.Is(err, peers.ErrDisconnected) {
		t.Error(err)
	}
}
