package peers_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// patience is how long something may take that must happen.
const patience = time.Minute

// startServer starts a NATS server on a free port of the loopback.
func startServer(t testing.TB, changes ...func(*server.Options)) *server.Server {
	t.Helper()
	opts := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}
	for _, change := range changes {
		change(opts)
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(patience) {
		t.Fatal("NATS server does not start")
	}
	return srv
}

func dial(t testing.TB, url string, options ...nats.Option) *nats.Conn {
	t.Helper()
	options = append([]nats.Option{nats.ReconnectBufSize(-1), nats.MaxReconnects(-1), nats.ReconnectWait(20 * time.Millisecond), nats.ReconnectJitter(0, 0)}, options...)
	nc, err := nats.Connect(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	return nc
}

// join makes a node on a connection, which leaves with the test.
func join(t testing.TB, nc *nats.Conn, cfg peers.Config, handlers map[peers.Op]peers.Handler) *peers.Peers {
	t.Helper()
	p, err := peers.Join(t.Context(), nc, cfg, handlers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leave(p) })
	return p
}

func leave(p *peers.Peers) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.Leave(ctx) // the connection may be down
}

// node makes a node on a connection of its own.
func node(t testing.TB, srv *server.Server, name string, handlers map[peers.Op]peers.Handler) *peers.Peers {
	t.Helper()
	return join(t, dial(t, srv.ClientURL()), peers.Config{Name: name, Settle: 50 * time.Millisecond, Timeout: patience}, handlers)
}

// await waits for a condition that something else brings about.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func names(nodes []peers.Node) (names []string) {
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return names
}
