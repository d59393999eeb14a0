package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// patience is how long something may take that must happen.
const patience = time.Minute

// node is a node over a real NATS server.
type node struct {
	*Cluster
	peers *peers.Peers
	conn  *nats.Conn
	once  sync.Once
}

// knownOwners are who has which stateful key.
type knownOwners struct{ sync.Map }

func (o *knownOwners) owner(_ context.Context, key string) (string, bool, error) {
	if node, ok := o.Load(key); ok {
		return node.(string), true, nil
	}
	return "", false, nil
}

func (o *knownOwners) moved(string, string) {}

func startNATS(t testing.TB) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
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

// startNodes joins nodes n1, n2… over one NATS server.
func startNodes(t testing.TB, n int, timeout time.Duration) ([]*node, *knownOwners) {
	t.Helper()
	srv, who := startNATS(t), new(knownOwners)
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = startNode(t, srv, fmt.Sprint("n", i+1), who, timeout)
	}
	for _, one := range nodes {
		await(t, "nodes know each other", func() bool { return len(one.peers.Others()) == n-1 })
	}
	return nodes, who
}

func startNode(t testing.TB, srv *server.Server, name string, who *knownOwners, timeout time.Duration) *node {
	t.Helper()
	conn, err := nats.Connect(srv.ClientURL(), nats.ReconnectBufSize(-1), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	c := New(hub.New(hub.Config{Node: name}))
	c.far = &far{where: who}
	p, err := peers.Join(t.Context(), conn, peers.Config{Name: name, Timeout: timeout, Settle: 20 * time.Millisecond, Ops: RemoteOps()}, c.remoteHandlers())
	if err != nil {
		t.Fatal(err)
	}
	c.far.network = p
	n := &node{Cluster: c, peers: p, conn: conn}
	t.Cleanup(n.end)
	return n
}

// end makes the node leave.
func (n *node) end() {
	n.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = n.peers.Leave(ctx) // the connection may be down
		n.far.lists.wait()
		closed := make(chan struct{})
		n.conn.SetClosedHandler(func(*nats.Conn) { close(closed) })
		if n.conn.IsClosed() {
			return
		}
		n.conn.Close()
		<-closed
	})
}

func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func (n *node) open(t testing.TB, who *knownOwners, id string, tags map[string]string) *hub.Socket {
	t.Helper()
	key := hub.BuildKey("m", id)
	if id == "" {
		key = hub.NewVolatileKey("m", n.peers.Self().Tag)
	}
	conn, err := n.hub.Open(hub.OpenRequest{Key: key, Service: "m", StatefulID: id, User: hub.User{ID: "7"}, Waker: still{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Socket().ReplaceTags(hub.NewTags(tags)); err != nil {
		t.Fatal(err)
	}
	who.Store(key, n.hub.Node())
	return conn.Socket()
}

// TestNodesOverNATS does everything with sockets of three nodes from the first of them.
func TestNodesOverNATS(t *testing.T) {
	nodes, who := startNodes(t, 3, 0)
	ctx := t.Context()
	var sockets []*hub.Socket
	for i := range 300 {
		sockets = append(sockets, nodes[i%3].open(t, who, fmt.Sprintf("s%03d", i), map[string]string{"id": fmt.Sprint(i), "text": strings.Repeat("x", 4000)}))
	}
	sockets = append(sockets, nodes[2].open(t, who, "", map[string]string{"id": "v"}))
	first := nodes[0]
	refs, missing, err := first.Select(ctx, hub.Filter{}, true)
	if err != nil || len(missing) > 0 || len(refs) != 301 {
		t.Fatalf("selected %d, missing %v, %v", len(refs), missing, err)
	}
	for _, ref := range refs {
		if tags, err := first.Tags(ctx, ref); err != nil || tags.Len() == 0 {
			t.Fatalf("tags of %s: %v, %v", ref.Key, tags, err)
		}
	}
	after, seen := "", 0
	for more := true; more; {
		infos, follow, missing, err := first.List(ctx, hub.ListQuery{Limit: 70, After: after})
		if err != nil || len(missing) > 0 || len(infos) == 0 || follow && len(infos) != 70 {
			t.Fatalf("a page of %d, missing %v, %v", len(infos), missing, err)
		}
		for _, i := range infos {
			if i.Key <= after {
				t.Fatalf("%s comes behind %s", i.Key, after)
			}
			after = i.Key
			seen++
		}
		more = follow
	}
	if seen != 301 {
		t.Errorf("listed %d", seen)
	}
	infos, _, _, err := first.List(ctx, hub.ListQuery{Limit: 1000, Node: "n3"})
	if err != nil || len(infos) != 101 {
		t.Errorf("n3 has %d, %v", len(infos), err)
	}
	if names, _, err := first.TagNames(ctx); err != nil || fmt.Sprint(names) != "map[id:301 text:300]" {
		t.Errorf("tag names %v, %v", names, err)
	}
	two := "2"
	for _, s := range sockets[len(sockets)-4:] {
		ref := hub.Ref{Key: s.Key()}
		if _, err := first.PatchTags(ctx, ref, map[string]*string{"new": &two}); err != nil {
			t.Fatal(err)
		}
		if info, ok, err := first.Info(ctx, ref); err != nil || !ok || !info.Tags.Equal(s.Tags()) || info.Node != s.Info().Node {
			t.Errorf("%+v, %v, %v", info, ok, err)
		}
		if err := first.Abort(ctx, ref); err != nil || s.State() != hub.StateGone {
			t.Errorf("abort: %v", err)
		}
		if _, ok, err := first.Info(ctx, ref); ok || err != nil {
			t.Errorf("after the abort: %v, %v", ok, err)
		}
	}
	if _, err := first.far.Ask(ctx, "n2", OpPatchTags, []byte{200}); !isMalformed(err) {
		t.Errorf("nonsense: %v", err)
	}
	nodes[2].end()
	await(t, "n3 is gone", func() bool { return len(first.peers.Others()) == 1 })
	refs, missing, err = first.Select(ctx, hub.Filter{}, true)
	if err != nil || len(missing) > 0 || len(refs) != 198 {
		t.Errorf("without n3: %d, missing %v, %v", len(refs), missing, err)
	}
}

func isMalformed(err error) bool {
	var failure *peers.Failure
	return errors.As(err, &failure) && failure.Code == codeMalformed
}

// TestANodeThatDoesNotAnswer is named, and waited for no longer than the time-out.
func TestANodeThatDoesNotAnswer(t *testing.T) {
	srv, who := startNATS(t), new(knownOwners)
	first := startNode(t, srv, "n1", who, 300*time.Millisecond)
	second := startNode(t, srv, "n2", who, 0)
	conn, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	deaf, err := peers.Join(t.Context(), conn, peers.Config{Name: "n3", Settle: 20 * time.Millisecond}, silentHandlers())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deaf.Leave(context.Background()) })
	await(t, "nodes know each other", func() bool { return len(first.peers.Others()) == 2 })
	second.open(t, who, "b", nil)
	who.Store(hub.BuildKey("m", "c"), "n3")
	if _, _, err := first.Info(t.Context(), hub.Ref{Key: hub.BuildKey("m", "c")}); !errors.Is(err, hub.ErrNoAnswer) || err.Error() != "no answer from n3" {
		t.Errorf("info: %v", err)
	}
	refs, missing, err := first.Select(t.Context(), hub.Filter{}, true)
	if len(refs) != 1 || fmt.Sprint(missing) != "[n3]" || err != nil {
		t.Errorf("selected %v, missing %v, %v", refs, missing, err)
	}
	infos, _, missing, err := first.List(t.Context(), hub.ListQuery{Limit: 10})
	if len(infos) != 1 || fmt.Sprint(missing) != "[n3]" || err != nil {
		t.Errorf("listed %v, missing %v, %v", infos, missing, err)
	}
}

// silentHandlers take requests and never answer.
func silentHandlers() map[peers.Op]peers.Handler {
	handlers := map[peers.Op]peers.Handler{}
	for op := range RemoteOps() {
		handlers[op] = func(*peers.Request) {}
	}
	return handlers
}

// BenchmarkSelect lists the sockets of another node, 100,000 of them with four tags each.
func BenchmarkSelect(b *testing.B) {
	nodes, who := startNodes(b, 2, 0)
	for i := range 100_000 {
		nodes[1].open(b, who, fmt.Sprint("id:", i, "::group_id:", i%100), map[string]string{"user_id": fmt.Sprint(i), "group": fmt.Sprint(i % 100), "role": "student", "room": "lobby"})
	}
	b.ReportAllocs()
	for b.Loop() {
		refs, missing, err := nodes[0].Select(b.Context(), hub.Filter{}, true)
		if err != nil || len(missing) > 0 || len(refs) != 100_000 {
			b.Fatal(len(refs), missing, err)
		}
		for _, ref := range refs {
			if tags, err := nodes[0].Tags(b.Context(), ref); err != nil || tags.Len() != 4 {
				b.Fatal(tags, err)
			}
		}
	}
}

// BenchmarkInfo asks another node about a socket.
func BenchmarkInfo(b *testing.B) {
	nodes, who := startNodes(b, 2, 0)
	s := nodes[1].open(b, who, "a", map[string]string{"user_id": "1", "role": "student"})
	for b.Loop() {
		if _, ok, err := nodes[0].Info(b.Context(), hub.Ref{Key: s.Key()}); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkPage lists the first hundred of 100,000 sockets of another node.
func BenchmarkPage(b *testing.B) {
	nodes, who := startNodes(b, 2, 0)
	for i := range 100_000 {
		nodes[1].open(b, who, fmt.Sprint("id:", i), map[string]string{"user_id": fmt.Sprint(i)})
	}
	for b.Loop() {
		if infos, more, _, err := nodes[0].List(b.Context(), hub.ListQuery{Limit: 100}); len(infos) != 100 || !more || err != nil {
			b.Fatal(len(infos), err)
		}
	}
}
