package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deaf is the waker of a connection that never writes.
type deaf struct{}

func (deaf) Wake() {}

const service = "main_ws_service"

func key(id string) string { return hub.BuildKey(service, id) }

func request(id, user string) hub.OpenRequest {
	return hub.OpenRequest{Key: key(id), Service: service, StatefulID: id, User: hub.User{ID: user}, Waker: deaf{}}
}

// alone returns a cluster with sockets of the given ids, of which each is tagged
// with its id.
func alone(t *testing.T, ids ...string) *cluster.Cluster {
	t.Helper()
	c := cluster.New(hub.New(hub.Config{Node: "n1", MaxMessages: 4}))
	for _, id := range ids {
		conn, err := c.Open(t.Context(), request(id, "1"))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Socket().ReplaceTags(hub.NewTags(map[string]string{"id": id})); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func find(t *testing.T, c *cluster.Cluster, id string) hub.Ref {
	t.Helper()
	ref, ok, err := c.Find(t.Context(), key(id))
	if err != nil || !ok || ref.Key != key(id) {
		t.Fatalf("find %q: %+v, %v, %v", id, ref, ok, err)
	}
	return ref
}

// remote is a reference as another node would have made it.
func remote(id string) hub.Ref { return hub.Ref{Key: key(id)} }

func TestOpenAndFind(t *testing.T) {
	c := alone(t, "a")
	if ref, ok := c.Local(key("a")); !ok || ref.Local == nil || ref.Local != find(t, c, "a").Local {
		t.Errorf("local: %+v, %v", ref, ok)
	}
	if _, ok := c.Local(key("b")); ok {
		t.Error("a socket that was never opened is there")
	}
	if _, ok, err := c.Find(t.Context(), key("b")); ok || err != nil {
		t.Errorf("find a socket that is not there: %v, %v", ok, err)
	}
	if _, err := c.Open(t.Context(), request("a", "2")); !errors.Is(err, hub.ErrKeyTaken) {
		t.Errorf("another user's key: %v", err)
	}
}

func TestSelect(t *testing.T) {
	c := alone(t, "a", "b", "c")
	for text, want := range map[string]string{"": "a b c", "$id:b": "b", "$id:[a,c]": "a c", "$id:z": ""} {
		f, err := hub.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, allNodes := range []bool{true, false} {
			refs, missing, err := c.Select(t.Context(), f, allNodes)
			if err != nil || len(missing) > 0 {
				t.Fatalf("%q: missing %v, %v", text, missing, err)
			}
			var got []string
			for _, r := range refs {
				if r.Local == nil || r.Local.Key() != r.Key {
					t.Errorf("%q: reference %+v", text, r)
				}
				got = append(got, r.Local.StatefulID())
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("%q (all nodes: %v) selects %v, want %s", text, allNodes, got, want)
			}
		}
	}
}

func TestSend(t *testing.T) {
	c := alone(t, "a", "b", "full")
	m := hub.NewMessage("hello")
	for want := 1; want <= 2; want++ {
		if depth, err := c.Send(t.Context(), key("a"), m, hub.ModeText); depth != want || err != nil {
			t.Errorf("depth %d, %v; want %d", depth, err, want)
		}
	}
	if _, err := c.Send(t.Context(), key("nobody"), m, hub.ModeText); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("send to nobody: %v", err)
	}
	var err error
	for range 5 {
		_, err = c.Send(t.Context(), key("full"), m, hub.ModeText)
	}
	if !errors.Is(err, hub.ErrQueueFull) {
		t.Errorf("send to a full queue: %v", err)
	}
	keys := []string{key("full"), key("a"), key("nobody"), key("b"), "no key", key("b")}
	if d, err := c.SendMany(t.Context(), keys, m, hub.ModeText); d.Nodes["n1"] != 3 || d.Addressed() != 3 || err != nil {
		t.Errorf("sent to %+v, %v", d, err)
	}
	for id, want := range map[string]int{"a": 3, "b": 2} {
		if info, ok, err := c.Info(t.Context(), remote(id)); info.QueueMessages != want || !ok || err != nil {
			t.Errorf("%d messages wait for %s, %v, %v", info.QueueMessages, id, ok, err)
		}
	}
}

func TestTags(t *testing.T) {
	c := alone(t, "a")
	ctx := t.Context()
	for name, ref := range map[string]hub.Ref{"local": find(t, c, "a"), "by key": remote("a")} {
		if err := c.ReplaceTags(ctx, ref, hub.NewTags(map[string]string{"x": "1", "y": "2"})); err != nil {
			t.Fatal(err)
		}
		two := "2"
		for i, want := range []bool{true, false} {
			if changed, err := c.PatchTags(ctx, ref, map[string]*string{"x": nil, "z": &two}); changed != want || err != nil {
				t.Errorf("%s: patch number %d: %v, %v", name, i+1, changed, err)
			}
		}
		tags, err := c.Tags(ctx, ref)
		if got := fmt.Sprint(tags.Map()); err != nil || got != "map[y:2 z:2]" {
			t.Errorf("%s: tags %s, %v", name, got, err)
		}
		huge := hub.NewTags(map[string]string{"x": strings.Repeat("x", 1<<20)})
		if err := c.ReplaceTags(ctx, ref, huge); !errors.Is(err, hub.ErrTagLimit) {
			t.Errorf("%s: a huge tag: %v", name, err)
		}
	}
}

func TestEndedSockets(t *testing.T) {
	c := alone(t, "a", "b")
	ctx := t.Context()
	before := find(t, c, "a")
	if err := c.Abort(ctx, remote("a")); err != nil {
		t.Fatal(err)
	}
	if err := c.Abort(ctx, before); err != nil {
		t.Errorf("abort twice: %v", err)
	}
	if _, ok := c.Local(key("a")); ok {
		t.Error("still there after the abort")
	}
	if _, err := c.Open(ctx, request("a", "9")); err != nil { // a new socket under the same key
		t.Fatal(err)
	}
	for name, ref := range map[string]hub.Ref{"old": before, "nobody": remote("nobody")} {
		if info, ok, err := c.Info(ctx, ref); ok || err != nil {
			t.Errorf("%s: info %+v, %v", name, info, err)
		}
		if err := c.ReplaceTags(ctx, ref, hub.Tags{}); !errors.Is(err, hub.ErrNotFound) {
			t.Errorf("%s: replace tags: %v", name, err)
		}
		if _, err := c.PatchTags(ctx, ref, map[string]*string{"x": nil}); !errors.Is(err, hub.ErrNotFound) {
			t.Errorf("%s: patch tags: %v", name, err)
		}
	}
	if tags, err := c.Tags(ctx, before); err != nil || tags.Len() != 1 {
		t.Errorf("last tags of an ended socket: %v, %v", tags, err)
	}
	if _, err := c.Tags(ctx, remote("nobody")); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("tags of nobody: %v", err)
	}
	if err := c.Abort(ctx, remote("nobody")); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("abort nobody: %v", err)
	}
	if info, ok, err := c.Info(ctx, remote("a")); !ok || err != nil || info.User.ID != "9" {
		t.Errorf("the new socket suffered: %+v, %v, %v", info, ok, err)
	}
}

func TestEndedContext(t *testing.T) {
	c := alone(t, "a")
	ref := find(t, c, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := hub.NewMessage("x")
	_, errOpen := c.Open(ctx, request("b", "1"))
	_, _, errFind := c.Find(ctx, key("a"))
	_, _, errSelect := c.Select(ctx, hub.Filter{}, true)
	_, errSend := c.Send(ctx, key("a"), m, hub.ModeText)
	_, errMany := c.SendMany(ctx, []string{key("a")}, m, hub.ModeText)
	_, _, errInfo := c.Info(ctx, ref)
	_, errTags := c.Tags(ctx, ref)
	_, errPatch := c.PatchTags(ctx, ref, nil)
	for name, err := range map[string]error{
		"open": errOpen, "find": errFind, "select": errSelect, "send": errSend, "send to many": errMany,
		"info": errInfo, "tags": errTags, "patch": errPatch,
		"replace": c.ReplaceTags(ctx, ref, hub.Tags{}), "abort": c.Abort(ctx, ref),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, ok, err := c.Info(t.Context(), ref); !ok || err != nil || info.QueueMessages != 0 || info.Tags.Len() != 1 {
		t.Errorf("something happened all the same: %+v", info)
	}
}

func TestManyAtOnce(t *testing.T) {
	c := alone(t, "shared")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			id := fmt.Sprint("s", i)
			for range 50 {
				if _, err := c.Open(t.Context(), request(id, "1")); err != nil {
					t.Error(err)
				}
				if d, err := c.SendMany(t.Context(), []string{key(id), key("gone")}, hub.NewMessage("x"), hub.ModeJSON); d.Addressed() != 1 || err != nil {
					t.Errorf("addressed %+v, %v", d, err)
				}
				if _, err := c.PatchTags(t.Context(), remote("shared"), map[string]*string{id: &id}); err != nil {
					t.Error(err)
				}
				if err := c.Abort(t.Context(), remote(id)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	refs, _, err := c.Select(t.Context(), hub.Filter{}, true)
	if err != nil || len(refs) != 1 || refs[0].Local.Tags().Len() != 17 {
		t.Errorf("left: %v, %v", refs, err)
	}
}
