package scale

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// patience is how long something may take that is to happen.
const patience = time.Minute

const service = "main_ws_service"

var noContext = context.Background()

// node is one of several, without anything before or behind it: no WebSocket, no scripts.
type node struct {
	*cluster.Cluster
	name  string
	hub   *hub.Hub
	dir   *directory.Directory
	peers *peers.Peers // nil: it is alone
	nats  *nats.Conn
}

// startNode starts a node that is a client of the NATS server at url; "" is none, then it is alone and claims nothing.
// It stops with the test.
func startNode(t testing.TB, name, url string) *node {
	t.Helper()
	n := &node{name: name, hub: hub.New(hub.Config{Node: name})}
	if url == "" {
		n.Cluster = cluster.New(n.hub)
		return n
	}
	n.join(t, connect(t, url))
	return n
}

// join makes a node one of those that meet at a NATS server.
func (n *node) join(t testing.TB, nc *nats.Conn) {
	t.Helper()
	n.nats = nc
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if n.dir, err = directory.Open(t.Context(), js, directory.Config{}); err != nil {
		t.Fatal(err)
	}
	n.Cluster = cluster.Prepare(n.hub, cluster.Config{})
	if n.peers, err = peers.Join(t.Context(), nc, peers.Config{Name: n.name, Settle: 50 * time.Millisecond}, n.Handlers()); err != nil {
		t.Fatal(err)
	}
	n.Start(n.peers, cluster.Stores{Directory: n.dir})
	ctx, cancel := context.WithCancel(noContext)
	ended := make(chan struct{})
	go func() { defer close(ended); n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = n.peers.Leave(noContext)
	})
}

func connect(t testing.TB, url string, options ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// startNodes starts n1, n2… and waits until all know each other.
func startNodes(t testing.TB, n int, url string) []*node {
	t.Helper()
	all := make([]*node, n)
	for i := range all {
		all[i] = startNode(t, fmt.Sprint("n", i+1), url)
	}
	for _, x := range all {
		eventually(t, x.name+" knows the others", func() bool { return len(x.peers.Others()) == n-1 })
	}
	return all
}

// eventually waits until ok holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came about: " + what)
		}
	}
}

// sink takes what waits for a socket at once and forgets it: the queue without the client's write.
type sink struct {
	conn  chan *hub.Conn // holds it once it is known
	batch hub.Batch
}

// Wake implements [hub.Waker]. Only one goroutine drains a queue at a time.
func (s *sink) Wake() {
	conn := <-s.conn
	s.conn <- conn
	for conn.Next(&s.batch) == hub.DutyWrite {
	}
}

// open opens a socket whose messages go nowhere. An empty id makes it volatile.
func (n *node) open(t testing.TB, id string, tags map[string]string) *hub.Conn {
	t.Helper()
	conn, err := n.tryOpen(id, tags)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (n *node) tryOpen(id string, tags map[string]string) (*hub.Conn, error) {
	s := &sink{conn: make(chan *hub.Conn, 1)}
	req := hub.OpenRequest{Key: hub.BuildKey(service, id), Service: service, StatefulID: id, User: hub.User{ID: id}, Waker: s}
	if id == "" {
		req.Key = n.VolatileKey(service)
	}
	conn, err := n.Open(noContext, req)
	if err != nil {
		return nil, err
	}
	s.conn <- conn
	if tags == nil {
		return conn, nil
	}
	return conn, conn.Socket().ReplaceTags(hub.NewTags(tags))
}
