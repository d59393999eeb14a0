package natstest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Cluster is servers that keep their streams together, each listening on a loopback port.
type Cluster struct {
	servers []*server.Server
}

// StartCluster starts a cluster of size servers and returns once a stream can be made in it. They stop with the
// test. Each of changes may change the options of every server before.
func StartCluster(t testing.TB, size int, changes ...func(*server.Options)) *Cluster {
	t.Helper()
	routes := make([]string, size)
	for i := range routes {
		routes[i] = fmt.Sprintf("nats://127.0.0.1:%d", freePort(t))
	}
	c := &Cluster{}
	for i := range size {
		opts := &server.Options{
			ServerName: fmt.Sprint("s", i+1), Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), MaxPayload: 2 << 20, JetStreamMaxStore: 16 << 30,
			Routes: server.RoutesFromStr(strings.Join(routes, ",")),
		}
		opts.Cluster.Name, opts.Cluster.Host = "test", "127.0.0.1"
		opts.Cluster.Port = portOf(t, routes[i])
		for _, change := range changes {
			change(opts)
		}
		srv, err := server.NewServer(opts)
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		c.servers = append(c.servers, srv)
	}
	c.awaitLeader(t)
	return c
}

// awaitLeader waits until the cluster has a leader that knows all servers.
func (c *Cluster) awaitLeader(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, s := range c.servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(c.servers) {
				return
			}
		}
	}
	t.Fatal("the NATS cluster does not elect a leader")
}

// URLs names all servers, for a client that may use any.
func (c *Cluster) URLs() string {
	urls := make([]string, len(c.servers))
	for i, s := range c.servers {
		urls[i] = s.ClientURL()
	}
	return strings.Join(urls, ",")
}

// Folders are where the servers keep their streams.
func (c *Cluster) Folders() []string {
	folders := make([]string, len(c.servers))
	for i, s := range c.servers {
		folders[i] = s.StoreDir()
	}
	return folders
}

// Connect connects to any of the servers, and to another one when that stops. It ends with the test.
func (c *Cluster) Connect(t testing.TB, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	options = append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(50 * time.Millisecond)}, options...)
	nc, err := nats.Connect(c.URLs(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// Stop stops the server of this name ("s1", "s2"…) and waits until it has.
func (c *Cluster) Stop(t testing.TB, name string) {
	t.Helper()
	for _, s := range c.servers {
		if s.Name() == name {
			s.Shutdown()
			s.WaitForShutdown()
			return
		}
	}
	t.Fatalf("there is no NATS server %q", name)
}

// freePort is one that nobody listened on a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func portOf(t testing.TB, url string) int {
	t.Helper()
	var port int
	if _, err := fmt.Sscanf(url, "nats://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	return port
}
