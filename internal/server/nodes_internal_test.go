package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// joinNode makes a node over the store of a server, which leaves with the test.
func joinNode(t *testing.T, s *Server, name string, handlers map[peers.Op]peers.Handler) *peers.Peers {
	t.Helper()
	p, err := peers.Join(t.Context(), s.store.conn, peers.Config{Name: name, Settle: 20 * time.Millisecond, Timeout: 10 * time.Second}, handlers)
	if err != nil {
		t.Fatal(err)
	}
	leave := sync.OnceFunc(func() { _ = p.Leave(context.WithoutCancel(t.Context())) })
	t.Cleanup(leave)
	return p
}

// TestNodesDescribeThemselves to each other, and can be stopped from each other.
func TestNodesDescribeThemselves(t *testing.T) {
	settings := config.Default()
	settings.Listen, settings.Data = "127.0.0.1:0", t.TempDir()
	s, err := Start(t.Context(), Config{Settings: settings, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	data, err := userdata.Open(t.Context(), s.store.js, userdata.Config{Bucket: "nodes"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(data.Close)
	n := nodes{server: s, started: time.Now(), hub: hub.New(hub.Config{Node: "n1"}), runs: runs.New(runs.Config{}), data: data}
	if list, missing, err := n.List(t.Context()); err != nil || len(list) != 1 || list[0].Name != "n1" || len(missing) > 0 {
		t.Errorf("alone: %v, %v, %v", list, missing, err)
	}
	if _, err := n.Drain(t.Context(), "n2"); !errors.Is(err, api.ErrNoNode) {
		t.Errorf("drain another, alone: %v", err)
	}
	asked := make(chan peers.Op, 10)
	n.peers = joinNode(t, s, "n1", n.handlers())
	second := joinNode(t, s, "n2", map[peers.Op]peers.Handler{
		cluster.OpDescribe: func(q *peers.Request) { q.Reply([]byte(`{"name":"n2","sockets":5}`)) },
		cluster.OpDrain: func(q *peers.Request) {
			asked <- q.Op
			q.Reply([]byte(`{"name":"n2","state":"draining"}`))
		},
	})
	joinNode(t, s, "n3", map[peers.Op]peers.Handler{cluster.OpDescribe: func(q *peers.Request) { q.Fail("failed", "it is unwell") }})
	for deadline := time.Now().Add(time.Minute); len(n.peers.Others()) < 2 || len(second.Others()) < 2; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the nodes do not know each other")
		}
	}
	list, missing, err := n.List(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "n1" || list[1].Name != "n2" || list[1].Sockets != 5 || fmt.Sprint(missing) != "[n3]" {
		t.Errorf("nodes %+v, missing %v, %v", list, missing, err)
	}
	if node, err := n.Drain(t.Context(), "n2"); err != nil || node.Name != "n2" || node.State != peers.Draining || <-asked != cluster.OpDrain {
		t.Errorf("drain another: %+v, %v", node, err)
	}
	if _, err := n.Drain(t.Context(), "n4"); !errors.Is(err, api.ErrNoNode) {
		t.Errorf("drain nobody: %v", err)
	}
	var node api.Node
	body, err := second.Ask(t.Context(), "n1", cluster.OpDescribe, nil)
	if err != nil || json.Unmarshal(body, &node) != nil || node.Name != "n1" || node.State != peers.Ready || node.Version != "test" || node.Data.Sync == "" || node.Data.UserDataBytes < 0 {
		t.Errorf("described: %+v, %v", node, err)
	}
	body, err = second.Ask(t.Context(), "n1", cluster.OpDrain, nil)
	if err != nil || json.Unmarshal(body, &node) != nil || node.State != peers.Draining || s.routes.phase.now() != draining {
		t.Errorf("drain this one: %+v, %v", node, err)
	}
}
