package cluster_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// cable is a way to a NATS server that can be pulled out.
type cable struct {
	mu    sync.Mutex
	whole sync.Mutex // held while it is out
	conns []net.Conn
}

// Dial implements [nats.CustomDialer]. It waits while the cable is out.
func (c *cable) Dial(network, address string) (net.Conn, error) {
	c.whole.Lock()
	defer c.whole.Unlock()
	conn, err := net.DialTimeout(network, address, patience)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = append(c.conns, conn)
	return conn, err
}

// pull pulls the cable out, until the function returned is called.
func (c *cable) pull() (plug func()) {
	c.whole.Lock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	return c.whole.Unlock
}

// durableNode starts a node whose services have durable queues. In the background it does nothing: whatever it
// finds out of its claims it does because of what is asked of it.
func durableNode(t *testing.T, srv *server.Server, name string) (*node, *cable) {
	t.Helper()
	var way cable
	nc, err := nats.Connect(srv.ClientURL(), nats.SetCustomDialer(&way), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	x := &node{nats: nc, cancel: func() {}, hub: hub.New(hub.Config{Node: name, ResumeWindow: time.Minute, MaxMessages: 1 << 10, MaxBytes: 1 << 20})}
	if x.dir, err = directory.Open(t.Context(), js, directory.Config{}); err != nil {
		t.Fatal(err)
	}
	x.Cluster = cluster.Prepare(x.hub, cluster.Config{
		Durable: func(string) bool { return true }, GiveUp: time.Second,
		Restore: func(d hub.Detached) error { _, err := x.Restore(d, deaf{}); return err },
	})
	if x.peers, err = peers.Join(t.Context(), nc, peers.Config{Name: name, Settle: 50 * time.Millisecond, Timeout: patience / 4, Ops: x.Ops()}, x.Handlers()); err != nil {
		t.Fatal(err)
	}
	box, err := outbox.Open(t.Context(), js, outbox.Config{Writer: x.peers.Self().Incarnation})
	if err != nil {
		t.Fatal(err)
	}
	x.Start(x.peers, cluster.Stores{Directory: x.dir, Outbox: box})
	t.Cleanup(func() {
		box.Close()
		x.stop()
	})
	return x, &way
}

// A node was cut off, and another one has taken a socket over meanwhile. When the first one is back it must not take
// a message for the old one: nobody would look for it.
func TestBackFromBeingCutOff(t *testing.T) {
	for name, send := range map[string]func(x *node, text string) (nodes []string, err error){
		"to one": func(x *node, text string) ([]string, error) {
			_, err := x.Send(t.Context(), key("a"), hub.NewMessage(text), hub.ModeText)
			return []string{"n2"}, err
		},
		"to many": func(x *node, text string) (nodes []string, err error) {
			eventually(t, "the node has noticed that it was cut off, or that it was not", func() bool { _, unseen := x.peers.Absences(); return !unseen })
			d, err := x.SendWhere(t.Context(), hub.Filter{}, hub.NewMessage(text), hub.ModeText)
			for node := range d.Nodes {
				nodes = append(nodes, node)
			}
			return nodes, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := natstest.Listen(t, t.TempDir())
			first, way := durableNode(t, srv, "n1")
			second, _ := durableNode(t, srv, "n2")
			eventually(t, "they see each other", func() bool { return len(first.peers.Others()) == 1 && len(second.peers.Others()) == 1 })
			var c client
			mustOpen(t, &c, first, "a", "1")
			if _, err := send(first, "one"); err != nil {
				t.Fatal(err)
			}
			wantTexts(t, &c, "one")

			plug := way.pull()
			var back client
			mustOpen(t, &back, second, "a", "1")
			if _, err := second.Send(t.Context(), key("a"), hub.NewMessage("two"), hub.ModeText); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the client reads", func() bool { return slices.Contains(back.read(), "two") })
			plug()
			eventually(t, "the connection is back", func() bool { return first.nats.IsConnected() })
			if nodes, err := send(first, "three"); err != nil || !slices.Equal(nodes, []string{"n2"}) {
				t.Fatalf("sent to %v, error %v", nodes, err)
			}
			eventually(t, "the client reads what the first node took", func() bool { return slices.Contains(back.read(), "three") })
			if _, here := first.hub.Get(key("a")); here {
				t.Error("the first node still has the socket")
			}
		})
	}
}
