package peers_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func TestConnectionLostAndBack(t *testing.T) {
	srv := startServer(t)
	port := srv.Addr().(*net.TCPAddr).Port
	reg := metrics.New()
	cfg := func(name string) peers.Config {
		return peers.Config{Name: name, Beat: 50 * time.Millisecond, Lapse: 300 * time.Millisecond, Settle: 50 * time.Millisecond, Timeout: time.Hour}
	}
	asked := make(chan struct{}, 2)
	var handled atomic.Int32
	b := join(t, dial(t, srv.ClientURL()), cfg("b"), map[peers.Op]peers.Handler{
		1: func(*peers.Request) { asked <- struct{}{} }, // and no answer
		2: func(q *peers.Request) { handled.Add(1); q.Reply(nil) },
	})
	counting := cfg("a")
	counting.Metrics = reg
	a := join(t, dial(t, srv.ClientURL()), counting, nil)
	back := a.Reconnected()
	await(t, "a sees b", func() bool { return len(a.Others()) == 1 })

	under := make(chan error, 2)
	go func() { _, err := a.Ask(t.Context(), "b", 1, nil); under <- err }()
	go func() { _, err := a.Gather(t.Context(), []string{"b"}, 1, nil, nil); under <- err }()
	<-asked
	<-asked
	srv.Shutdown()
	srv.WaitForShutdown()
	for range 2 {
		if err := <-under; !errors.Is(err, peers.ErrDisconnected) {
			t.Errorf("a request under way ends with %v", err)
		}
	}
	await(t, "both notice", func() bool { return !a.Connected() && !b.Connected() })
	if _, unseen := a.Absences(); !unseen {
		t.Error("without a connection nobody could take a for gone")
	}
	for range 10 {
		if _, err := a.Ask(t.Context(), "b", 2, nil); !errors.Is(err, peers.ErrDisconnected) {
			t.Errorf("a request without a connection ends with %v", err)
		}
		called := false
		if _, err := a.Group(t.Context(), []string{"b"}, 2, nil, func(uint64) { called = true }, nil); !errors.Is(err, peers.ErrDisconnected) || called {
			t.Errorf("a group message without a connection: %v, before was called: %v", err, called)
		}
	}
	time.Sleep(2 * counting.Lapse) // silence that is held against nobody
	if got := names(a.Others()); !slices.Equal(got, []string{"b"}) {
		t.Errorf("without a connection a lets others lapse: %q are left", got)
	}

	startServer(t, func(o *server.Options) { o.Port = port })
	<-back
	await(t, "the absence is counted", func() bool { n, unseen := a.Absences(); return n > 0 && !unseen })
	await(t, "both see each other again", func() bool {
		return a.Connected() && b.Connected() && len(a.Others()) == 1 && len(b.Others()) == 1
	})
	await(t, "b answers again", func() bool { _, err := a.Ask(t.Context(), "b", 2, nil); return err == nil })
	if n := handled.Load(); n != 1 {
		t.Errorf("b has handled %d requests: those of before were kept", n)
	}
	if reg.Sum("tutorsocket_peers_reconnects_total") == 0 {
		t.Error("the reconnect is not counted")
	}
}

// TestServerOfAClusterStops has three NATS servers; the nodes of the one that stops go to another.
func TestServerOfAClusterStops(t *testing.T) {
	servers := startCluster(t, 3)
	var nodes []*peers.Peers
	for i, srv := range servers {
		urls := srv.ClientURL()
		for _, other := range servers {
			urls += "," + other.ClientURL()
		}
		nodes = append(nodes, join(t, dial(t, urls, nats.DontRandomize()), peers.Config{Name: fmt.Sprintf("n%d", i+1)},
			map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(q.Body) }}))
	}
	allSee := func() bool {
		for _, p := range nodes {
			if !p.Connected() || len(p.Others()) != len(nodes)-1 {
				return false
			}
		}
		return true
	}
	allAnswer := func() bool {
		for _, p := range nodes {
			answered := 0
			missing, err := p.Gather(t.Context(), names(p.Others()), 1, nil, func(string, []byte) error { answered++; return nil })
			if missing != nil || err != nil || answered != len(nodes)-1 {
				return false
			}
		}
		return true
	}
	await(t, "all see all", allSee)
	await(t, "all answer", allAnswer)
	back := nodes[1].Reconnected()
	servers[1].Shutdown()
	servers[1].WaitForShutdown()
	<-back
	await(t, "all see all again", allSee)
	await(t, "all answer again", allAnswer)
}

// startCluster starts NATS servers that are routed to each other.
func startCluster(t *testing.T, n int) (servers []*server.Server) {
	t.Helper()
	var routes []*url.URL
	for i := range n {
		srv := startServer(t, func(o *server.Options) {
			o.ServerName = fmt.Sprintf("s%d", i)
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: server.RANDOM_PORT}
			o.Routes = routes
		})
		await(t, "the routes listen", func() bool { return srv.ClusterAddr() != nil })
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: srv.ClusterAddr().String()})
		servers = append(servers, srv)
	}
	for _, srv := range servers {
		await(t, "all servers are routed", func() bool {
			routez, err := srv.Routez(nil)
			if err != nil {
				return false
			}
			remotes := map[string]bool{}
			for _, r := range routez.Routes {
				remotes[r.RemoteID] = true
			}
			return len(remotes) == n-1
		})
	}
	return servers
}
