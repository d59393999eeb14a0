package scale

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// TestBroadcast compares what it costs to send a message to all sockets when they are on three nodes with what it costs
// when they are on one: processor time of the nodes for each delivery, the write to the client included. The clients and
// the NATS server are processes of their own; all nodes are this one.
func TestBroadcast(t *testing.T) {
	srv := startPart(t, "nats")
	sockets := size(3000, 30)
	crowds := []*crowdOfClients{
		newCrowdOfClients(t, sockets, startNode(t, "n1", "")),
		newCrowdOfClients(t, sockets, startNodes(t, 3, srv.line())...),
	}
	messages, rounds := size(50, 3), size(7, 1)
	for round := -1; round < rounds; round++ {
		for _, c := range crowds {
			own, nats := processorTime(t, os.Getpid()), processorTime(t, srv.pid)
			c.broadcast(t, messages)
			if round >= 0 {
				c.own += processorTime(t, os.Getpid()) - own
				c.nats += processorTime(t, srv.pid) - nats
			}
		}
	}
	deliveries := time.Duration(rounds * messages * sockets)
	one, three := crowds[0], crowds[1]
	ratio := three.own.Seconds() / max(one.own, 1).Seconds()
	t.Logf("%d sockets: processor time per delivery on one node %v, on three %v: %.2f times; with the NATS server's %v",
		sockets, one.own/deliveries, three.own/deliveries, ratio, (three.own+three.nats)/deliveries)
	if *long && ratio > 1.15 {
		t.Errorf("a delivery on three nodes costs %.2f times what it costs on one, 1.15 are wanted", ratio)
	}
}

// crowdOfClients is sockets with clients, on nodes.
type crowdOfClients struct {
	nodes     []*node
	clients   *process
	sockets   int
	bytes     int // that the clients have got
	own, nats time.Duration
}

func newCrowdOfClients(t *testing.T, sockets int, nodes ...*node) *crowdOfClients {
	t.Helper()
	c := &crowdOfClients{nodes: nodes, sockets: sockets, clients: startPart(t, "clients")}
	for i, n := range nodes {
		c.clients.do("open %s %d %d", serveSockets(t, n), i*sockets/len(nodes), (i+1)*sockets/len(nodes))
	}
	return c
}

// text is as long as messages to groups are.
var text = `{"socket_action":"send_message","text":"` + strings.Repeat("x", 200) + `"}`

// broadcast sends messages to all sockets, from one node after the other, each when the clients have the one before.
func (c *crowdOfClients) broadcast(t *testing.T, messages int) {
	t.Helper()
	const head = 4 // of a frame of this length
	for i := range messages {
		d, err := c.nodes[i%len(c.nodes)].SendWhere(noContext, hub.Filter{}, hub.NewMessage(text), hub.ModePlain)
		if err != nil {
			t.Fatal(err)
		}
		if d.Addressed() != c.sockets || len(d.Missing) > 0 {
			t.Fatalf("a message to all %d sockets reached %+v", c.sockets, d)
		}
		c.bytes += c.sockets * (head + len(text))
		c.clients.do("await %d", c.bytes)
	}
}

// serveSockets serves WebSockets of a node and returns their URL.
func serveSockets(t *testing.T, n *node) string {
	t.Helper()
	sockets := ws.New(ws.Config{Heartbeat: -1}, ws.Deps{
		Opener: n, Auth: door{}, Handler: door{}, ServiceExists: func(string) bool { return true },
	})
	ln := listen(t)
	srv := &http.Server{Handler: sockets, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(noContext, time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		_ = sockets.Shutdown(ctx) // it drops who does not go
		_ = sockets.Shutdown(noContext)
		<-ended
	})
	return fmt.Sprintf("ws://%s/services/%s", ln.Addr(), service)
}

// door lets everybody in and listens to nobody.
type door struct{}

// Authenticate implements [ws.Authenticator]: each connection is a person of its own.
func (door) Authenticate(r *http.Request) (auth.Caller, error) {
	return auth.Caller{User: hub.User{ID: r.URL.RawQuery}}, nil
}

// Opened implements [ws.Handler].
func (door) Opened(context.Context, *hub.Socket) error { return nil }

// Message implements [ws.Handler].
func (door) Message(context.Context, *hub.Socket, string) error { return nil }

// Closed implements [ws.Handler].
func (door) Closed(*hub.Socket, hub.Reason) {}
