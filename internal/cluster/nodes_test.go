package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// patience is how long something may take that is expected to happen soon.
const patience = time.Minute

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came about: " + what)
		}
	}
}

// node is one of several, with a hub and connections that write into texts.
type node struct {
	*cluster.Cluster
	hub    *hub.Hub
	peers  *peers.Peers
	dir    *directory.Directory
	nats   *nats.Conn
	cancel context.CancelFunc
	left   sync.WaitGroup
}

// nodes starts n1, n2 and so on.
func nodes(t *testing.T, n int, cfg cluster.Config) (all []*node, srv *server.Server) {
	t.Helper()
	srv = natstest.Listen(t, t.TempDir())
	for i := range n {
		all = append(all, start(t, srv, "n"+strconv.Itoa(i+1), cfg))
	}
	for _, x := range all {
		eventually(t, "all see each other", func() bool { return len(x.peers.Others()) == n-1 })
	}
	return all, srv
}

func start(t *testing.T, srv *server.Server, name string, cfg cluster.Config) *node {
	t.Helper()
	nc, err := nats.Connect(srv.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	x := &node{nats: nc, hub: hub.New(hub.Config{Node: name, ResumeWindow: time.Minute, MaxMessages: 1 << 20, MaxBytes: 1 << 30})}
	if x.dir, err = directory.Open(t.Context(), js, directory.Config{}); err != nil {
		t.Fatal(err)
	}
	cfg.GiveUp = patience / 3 // a slow machine is none that is gone
	cfg.Restore = func(d hub.Detached) error { _, err := x.Restore(d, deaf{}); return err }
	x.Cluster = cluster.Prepare(x.hub, cfg)
	x.peers, err = peers.Join(t.Context(), nc, peers.Config{Name: name, Settle: 50 * time.Millisecond, Timeout: patience / 4}, x.Handlers())
	if err != nil {
		t.Fatal(err)
	}
	x.Start(x.peers, cluster.Stores{Directory: x.dir})
	ctx, cancel := context.WithCancel(context.Background())
	x.cancel = cancel
	x.left.Go(func() { x.Run(ctx) })
	t.Cleanup(x.stop)
	return x
}

// stop ends the node as a process that is killed does: nothing is said to anybody.
func (x *node) stop() {
	x.cancel()
	x.left.Wait()
	x.nats.Close()
	_ = x.peers.Leave(context.Background()) // it only ends its goroutines now
}

// client is who has a socket, on one node after the other: what it reads is in texts.
type client struct {
	mu    sync.Mutex
	texts []string
	conn  *hub.Conn // the latest
	bye   []hub.Reason
}

// pen writes what waits for one connection.
type pen struct {
	client *client
	conn   chan *hub.Conn // holds it once it is known
	mu     sync.Mutex     // one writer at a time
}

// Wake implements [hub.Waker].
func (p *pen) Wake() {
	go func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		conn := <-p.conn
		p.conn <- conn
		var b hub.Batch
		for {
			// What is taken is read at once: else a newer connection could be read from before.
			p.client.mu.Lock()
			switch conn.Next(&b) {
			case hub.DutyNone:
				p.client.mu.Unlock()
				return
			case hub.DutyClose:
				reason, _ := conn.Closing()
				p.client.bye = append(p.client.bye, reason)
				p.client.mu.Unlock()
				conn.Ended(reason)
				return
			}
			for frame := range b.Frames() {
				p.client.texts = append(p.client.texts, strings.Join(slices.Collect(frame.Parts()), ""))
			}
			p.client.mu.Unlock()
		}
	}()
}

// open opens the client's socket at a node.
func (c *client) open(x *node, id, user string) error {
	p := &pen{client: c, conn: make(chan *hub.Conn, 1)}
	req := request(id, user)
	req.Waker = p
	conn, err := x.Open(context.Background(), req)
	if err != nil {
		return err
	}
	p.conn <- conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	return nil
}

func (c *client) read() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts)
}

func (c *client) reasons() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var codes []int
	for _, r := range c.bye {
		codes = append(codes, r.Code)
	}
	return codes
}

func mustOpen(t *testing.T, c *client, x *node, id, user string) {
	t.Helper()
	if err := c.open(x, id, user); err != nil {
		t.Fatalf("open %s at %s: %v", id, x.hub.Node(), err)
	}
}

func send(t *testing.T, x *node, id, text string) {
	t.Helper()
	if _, err := x.Send(t.Context(), key(id), hub.NewMessage(text), hub.ModeText); err != nil {
		t.Fatalf("send %s: %v", text, err)
	}
}

func wantTexts(t *testing.T, c *client, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprint("the client reads ", want), func() bool { return len(c.read()) >= len(want) })
	if got := c.read(); !slices.Equal(got, want) {
		t.Fatalf("the client has read %q, want %q", got, want)
	}
}

func TestASocketMovesToAnotherNode(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	if err := c.conn.Socket().ReplaceTags(hub.NewTags(map[string]string{"room": "7"})); err != nil {
		t.Fatal(err)
	}
	send(t, all[2], "a", "one")
	wantTexts(t, &c, "one")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, all[2], "a", "two") // waits at n1
	send(t, all[1], "a", "three")
	mustOpen(t, &c, all[1], "a", "1")
	send(t, all[2], "a", "four")
	wantTexts(t, &c, "one", "two", "three", "four")
	if got := c.conn.Socket().Tags().Map(); got["room"] != "7" {
		t.Errorf("tags are left behind: %v", got)
	}
	if _, here := all[0].hub.Get(key("a")); here {
		t.Error("the socket is at the first node too")
	}
	mustOpen(t, &c, all[2], "a", "1") // while it is open
	send(t, all[0], "a", "five")
	wantTexts(t, &c, "one", "two", "three", "four", "five")
	eventually(t, "the older connection is closed with 4001", func() bool { return slices.Contains(c.reasons(), hub.CodeTakenOver) })
	now, found, err := all[0].dir.Look(t.Context(), key("a"))
	if err != nil || !found || now.Node != "n3" {
		t.Errorf("the directory says %+v, %v, %v", now, found, err)
	}
}

func TestAnIDBelongsToItsUserOnAllNodes(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c, stranger client
	mustOpen(t, &c, all[0], "a", "1")
	if err := stranger.open(all[1], "a", "2"); !errors.Is(err, hub.ErrKeyTaken) {
		t.Fatalf("somebody else opens it: %v", err)
	}
	send(t, all[1], "a", "still there")
	wantTexts(t, &c, "still there")
	c.conn.Ended(hub.Reason{Code: hub.CodeNormal})
	eventually(t, "the key is free", func() bool { return stranger.open(all[1], "a", "2") == nil })
	if len(c.reasons()) > 0 {
		t.Errorf("closed with %v", c.reasons())
	}
}

func TestRefusedLiveIDEndsBoth(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{RefuseLiveID: true})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	if err := c.open(all[1], "a", "1"); !errors.Is(err, hub.ErrKeyLive) {
		t.Fatalf("the second connection: %v", err)
	}
	eventually(t, "the first one ends", func() bool { return slices.Equal(c.reasons(), []int{hub.CodeLost}) })
	eventually(t, "the key is free", func() bool { return c.open(all[1], "a", "1") == nil })
}

func TestKeysAreReleased(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	for i := range 50 {
		var c client
		mustOpen(t, &c, all[i%2], fmt.Sprint("a", i), "1")
		c.conn.Ended(hub.Reason{Code: hub.CodeNormal})
	}
	eventually(t, "no claim is left", func() bool {
		n := 0
		if err := all[0].dir.All(t.Context(), func(string, directory.Held) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	if _, err := all[0].Send(t.Context(), key("a1"), hub.NewMessage("x"), hub.ModeText); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("send to a socket that has ended: %v", err)
	}
}

func TestVolatileKeysSayWhereTheyAre(t *testing.T) {
	all, _ := nodes(t, 2, cluster.Config{})
	var c client
	p := &pen{client: &c, conn: make(chan *hub.Conn, 1)}
	k := all[0].VolatileKey(service)
	conn, err := all[0].Open(t.Context(), hub.OpenRequest{Key: k, Service: service, User: hub.User{ID: "1"}, Waker: p})
	if err != nil {
		t.Fatal(err)
	}
	p.conn <- conn
	if depth, err := all[1].Send(t.Context(), k, hub.NewMessage("hello"), hub.ModeText); depth != 1 || err != nil {
		t.Fatalf("depth %d, %v", depth, err)
	}
	wantTexts(t, &c, "hello")
	if _, found, err := all[1].dir.Look(t.Context(), k); found || err != nil {
		t.Errorf("it is claimed: %v, %v", found, err)
	}
	if _, err := all[1].Send(t.Context(), hub.NewVolatileKey(service, 77), hub.NewMessage("x"), hub.ModeText); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("send to nobody: %v", err)
	}
}

// A socket hops from node to node while messages come from all of them, one by one and to many: each comes
// once, and those of one sender in their order.
func TestNothingIsLostOrDoubledOnTheMove(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	const perSender = 150
	var senders sync.WaitGroup
	var expected sync.Map
	for i, x := range all {
		for kind, one := range map[string]func(m *hub.Message) (int, error){
			"one": func(m *hub.Message) (int, error) {
				_, err := x.Send(t.Context(), key("a"), m, hub.ModeText)
				return 1, err
			},
			"keys": func(m *hub.Message) (int, error) {
				d, err := x.SendMany(t.Context(), []string{key("nobody"), key("a")}, m, hub.ModeText)
				return d.Addressed(), err
			},
			"filter": func(m *hub.Message) (int, error) {
				d, err := x.SendWhere(t.Context(), hub.Filter{}, m, hub.ModeText)
				return d.Addressed(), err
			},
		} {
			senders.Go(func() {
				for n := range perSender {
					text := fmt.Sprintf("%s-%d %d", kind, i, n)
					if _, err := one(hub.NewMessage(text)); err != nil {
						t.Errorf("%s: %v", text, err)
					}
					expected.Store(text, true)
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { senders.Wait(); close(done) }()
	for hop := 1; ; hop++ {
		mustOpen(t, &c, all[hop%3], "a", "1")
		if hop%4 == 0 {
			c.conn.Ended(hub.Reason{Code: hub.CodeLost})
		}
		select {
		case <-done:
			mustOpen(t, &c, all[0], "a", "1")
		default:
			continue
		}
		break
	}
	want := 9 * perSender
	missing := func() (texts []string) {
		read := map[string]bool{}
		for _, text := range c.read() {
			read[text] = true
		}
		expected.Range(func(text, _ any) bool {
			if !read[text.(string)] {
				texts = append(texts, text.(string))
			}
			return true
		})
		return texts
	}
	for deadline := time.Now().Add(patience / 4); len(missing()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("of %d messages these never came: %v", want, missing())
		}
	}
	last, seen := map[string]int{}, map[string]int{}
	for _, text := range c.read() {
		seen[text]++
		sender, number, _ := strings.Cut(text, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("the client has read %q", text)
		}
		if before, ok := last[sender]; ok && n < before {
			t.Errorf("%s: %d comes after %d", sender, n, before)
		}
		last[sender] = n
	}
	expected.Range(func(text, _ any) bool {
		if n := seen[text.(string)]; n != 1 {
			t.Errorf("%s came %d times", text, n)
		}
		return true
	})
}

func TestANodeThatDies(t *testing.T) {
	all, _ := nodes(t, 3, cluster.Config{Window: time.Minute})
	var c, stranger client
	mustOpen(t, &c, all[0], "a", "1")
	send(t, all[1], "a", "one")
	wantTexts(t, &c, "one")
	all[0].stop()
	if _, err := all[1].Send(t.Context(), key("a"), hub.NewMessage("x"), hub.ModeText); !errors.Is(err, hub.ErrNoAnswer) || !strings.Contains(err.Error(), "n1") {
		t.Errorf("send to a socket of a node that died: %v", err)
	}
	if err := stranger.open(all[1], "a", "2"); !errors.Is(err, hub.ErrKeyTaken) {
		t.Errorf("somebody else takes the id: %v", err)
	}
	var back client
	mustOpen(t, &back, all[2], "a", "1")
	send(t, all[1], "a", "two")
	eventually(t, "the client reads", func() bool { return len(back.read()) == 2 })
	if got := back.read(); !strings.Contains(got[0], `"missed":-1,"reason":"node_lost"`) || got[1] != "two" {
		t.Errorf("the client has read %q", got)
	}
}

func TestWithoutNATS(t *testing.T) {
	all, srv := nodes(t, 2, cluster.Config{})
	var c, other client
	mustOpen(t, &c, all[0], "a", "1")
	srv.Shutdown()
	srv.WaitForShutdown()
	eventually(t, "the connection is down", func() bool { return !all[0].peers.Connected() })
	send(t, all[0], "a", "local")
	wantTexts(t, &c, "local")
	if err := other.open(all[0], "b", "1"); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("open without NATS: %v", err)
	}
	if _, err := all[0].Send(t.Context(), key("b"), hub.NewMessage("x"), hub.ModeText); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("send to a key nobody can look up: %v", err)
	}
	d, err := all[0].SendWhere(t.Context(), hub.Filter{}, hub.NewMessage("all"), hub.ModeText)
	if err != nil || d.Nodes["n1"] != 1 || !slices.Equal(d.Missing, []string{"n2"}) {
		t.Errorf("to all: %+v, %v", d, err)
	}
	p := &pen{client: &other, conn: make(chan *hub.Conn, 1)}
	if _, err := all[0].Open(t.Context(), hub.OpenRequest{Key: all[0].VolatileKey(service), Service: service, User: hub.User{ID: "1"}, Waker: p}); err != nil {
		t.Errorf("a volatile socket: %v", err)
	}
}

// A node that was killed is up again at once, under its name: that it does not have the socket says nothing about what
// became of it.
func TestANodeThatIsRestartedAtOnce(t *testing.T) {
	all, srv := nodes(t, 2, cluster.Config{Window: time.Minute})
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	before, _, err := all[1].dir.Look(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	all[0].stop()
	again := start(t, srv, "n1", cluster.Config{Window: time.Minute})
	eventually(t, "the new process is known", func() bool {
		_, ok := all[1].peers.ByIncarnation(again.peers.Self().Incarnation)
		return ok
	})
	var back client
	mustOpen(t, &back, all[1], "a", "1")
	send(t, again, "a", "two")
	eventually(t, "the client reads", func() bool { return len(back.read()) == 2 })
	if got := back.read(); !strings.Contains(got[0], `"reason":"node_lost"`) || got[1] != "two" {
		t.Errorf("the client has read %q", got)
	}
	now, _, err := all[1].dir.Look(t.Context(), key("a"))
	if err != nil || now.Life != before.Life {
		t.Errorf("it is another life of the key: %+v, before it was %+v, %v", now, before, err)
	}
}
