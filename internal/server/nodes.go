package server

import (
	"context"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// thisNode describes the node to the API, which for now is the only one.
type thisNode struct {
	server  *Server
	started time.Time
	hub     *hub.Hub
	runs    *runs.Registry
	data    *userdata.Store
}

func (n thisNode) List(ctx context.Context) ([]api.Node, []string, error) {
	node, err := n.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	return []api.Node{node}, nil, nil
}

// Drain implements [api.Nodes]. The node is described before: a server that has nothing to wait for ends the
// contexts of requests right away, and then waits for their answers.
func (n thisNode) Drain(ctx context.Context, name string) (api.Node, error) {
	if name != nodeName {
		return api.Node{}, api.ErrNoNode
	}
	node, err := n.describe(ctx)
	if err != nil {
		return api.Node{}, err
	}
	n.server.BeginDrain()
	node.State = "draining"
	return node, nil
}

func (n thisNode) describe(ctx context.Context) (api.Node, error) {
	bytes, err := n.data.Bytes(ctx)
	if err != nil {
		return api.Node{}, err
	}
	state := "ready"
	if n.server.routes.phase.now() == draining {
		state = "draining"
	}
	settings := n.server.cfg.Settings
	return api.Node{
		Name: nodeName, Version: n.server.cfg.Version, StartedAt: n.started, State: state,
		Sockets: n.hub.Len(), Runs: n.runs.Running(),
		App: n.server.app.Dir(), DatexVersion: settings.Queue.Profile.String(),
		Data: api.NodeData{Folder: n.server.data.dir, Store: "embedded", Sync: settings.NATS.Sync.String(), UserDataBytes: bytes},
	}, nil
}
