package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// recorder is who has asked and keeps the answer.
type recorder struct {
	mu    sync.Mutex
	pages [][]byte // the last one is the answer
	err   error
	done  chan struct{}
}

func newRecorder() *recorder { return &recorder{done: make(chan struct{})} }

func (r *recorder) Page(body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages = append(r.pages, slices.Clone(body))
}

func (r *recorder) Reply(body []byte) {
	r.Page(body)
	close(r.done)
}

func (r *recorder) Fail(code, text string) {
	r.err = &peers.Failure{Code: code, Text: text}
	close(r.done)
}

// wire joins nodes without a network, and fails as the test says.
type wire struct {
	mu       sync.Mutex
	clusters map[string]*Cluster
	failing  map[string]error // by node: what a request gets
	asked    []string         // "node op" of each request
	cut      bool             // there is no connection
	owners   map[string]string
	stale    map[string]string // what the cache of owners says first
	looked   int
}

// fakeNetwork is the wire as one node sees it.
type fakeNetwork struct {
	*wire
	name string
}

// newWire joins nodes n1, n2… and so many.
func newWire(n int) (*wire, []*Cluster) {
	w := &wire{clusters: map[string]*Cluster{}, failing: map[string]error{}, owners: map[string]string{}, stale: map[string]string{}}
	var all []*Cluster
	for i := range n {
		name := fmt.Sprint("n", i+1)
		c := New(hub.New(hub.Config{Node: name, MaxMessages: 4}))
		c.far = &far{network: fakeNetwork{w, name}, where: w}
		w.clusters[name] = c
		all = append(all, c)
	}
	return w, all
}

// nodeTag is the tag of n1, n2…
func nodeTag(name string) uint32 { return 0xabcd0000 + uint32(name[1]-'0') }

func (f fakeNetwork) Others() []peers.Node {
	var nodes []peers.Node
	for i := range len(f.clusters) {
		if name := fmt.Sprint("n", i+1); name != f.name {
			nodes = append(nodes, peers.Node{Name: name, Tag: nodeTag(name)})
		}
	}
	return nodes
}

func (f fakeNetwork) ByTag(tag uint32) (peers.Node, bool) {
	for name := range f.clusters {
		if nodeTag(name) == tag {
			return peers.Node{Name: name, Tag: tag}, true
		}
	}
	return peers.Node{}, false
}

func (w *wire) Connected() bool { return !w.cut }

func (w *wire) ask(node string, op peers.Op, body []byte) ([][]byte, error) {
	w.mu.Lock()
	w.asked = append(w.asked, fmt.Sprintf("%s %s", node, RemoteOps()[op].Name))
	err := w.failing[node]
	w.mu.Unlock()
	if w.cut {
		err = peers.ErrDisconnected
	}
	if err != nil {
		return nil, err
	}
	q := newRecorder()
	w.clusters[node].serve(op, body, q)
	<-q.done
	return q.pages, q.err
}

func (w *wire) Ask(_ context.Context, node string, op peers.Op, body []byte) ([]byte, error) {
	pages, err := w.ask(node, op, body)
	if err != nil {
		return nil, err
	}
	if len(pages) != 1 {
		return nil, errors.New("pages for who asked for one answer")
	}
	return pages[0], nil
}

func (w *wire) AskPages(_ context.Context, node string, op peers.Op, body []byte, page func([]byte) error) error {
	pages, err := w.ask(node, op, body)
	for _, p := range pages {
		if err := page(p); err != nil {
			return err
		}
	}
	return err
}

func (w *wire) Gather(ctx context.Context, nodes []string, op peers.Op, body []byte, page func(string, []byte) error) (missing []string, err error) {
	for _, node := range nodes {
		if err := w.AskPages(ctx, node, op, body, func(p []byte) error { return page(node, p) }); err != nil {
			missing = append(missing, node)
		}
	}
	return missing, nil
}

func (w *wire) owner(_ context.Context, key string) (string, bool, error) {
	w.looked++
	if w.cut {
		return "", false, hub.ErrUnavailable
	}
	if node, ok := w.stale[key]; ok {
		return node, true, nil
	}
	node, ok := w.owners[key]
	return node, ok, nil
}

func (w *wire) moved(key, _ string) { delete(w.stale, key) }

// took returns the requests so far and forgets them.
func (w *wire) took() []string {
	asked := w.asked
	w.asked = nil
	return asked
}

// open opens a socket of a node, tagged with its id.
func (w *wire) open(t testing.TB, node, id, user string) *hub.Socket {
	t.Helper()
	c := w.clusters[node]
	key := hub.BuildKey("m", id)
	conn, err := c.hub.Open(hub.OpenRequest{Key: key, Service: "m", StatefulID: id, User: hub.User{ID: user, Name: "user " + user}, Waker: still{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Socket().ReplaceTags(hub.NewTags(map[string]string{"id": id, "node": node})); err != nil {
		t.Fatal(err)
	}
	w.owners[key] = node
	return conn.Socket()
}

// openVolatile opens a socket without an id.
func (w *wire) openVolatile(t testing.TB, node string) *hub.Socket {
	t.Helper()
	key := hub.NewVolatileKey("m", nodeTag(node))
	conn, err := w.clusters[node].hub.Open(hub.OpenRequest{Key: key, Service: "m", User: hub.User{ID: "1"}, Waker: still{}})
	if err != nil {
		t.Fatal(err)
	}
	return conn.Socket()
}

type still struct{}

func (still) Wake() {}
