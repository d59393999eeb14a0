package server

import (
	"context"
	"errors"
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
	if name != n.server.node {
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
	data, err := n.describeData(ctx)
	if err != nil {
		return api.Node{}, err
	}
	state := "ready"
	if n.server.routes.phase.now() == draining {
		state = "draining"
	}
	settings := n.server.cfg.Settings
	return api.Node{
		Name: n.server.node, Version: n.server.cfg.Version, StartedAt: n.started, State: state,
		Sockets: n.hub.Len(), Runs: n.runs.Running(),
		App: n.server.app.Dir(), DatexVersion: settings.Queue.Profile.String(),
		Data: data,
	}, nil
}

// describeData is what a node tells of its data, also while the store is away: then it is asked who is there.
func (n thisNode) describeData(ctx context.Context) (api.NodeData, error) {
	store := n.server.store
	data := api.NodeData{Folder: n.server.data.dir, Store: store.describe(), Connected: store.connected(), Replicas: store.replicas}
	if !store.outside() {
		data.Sync = n.server.cfg.Settings.NATS.Sync.String()
	}
	if !data.Connected {
		return data, nil
	}
	asking, cancel := context.WithTimeout(ctx, n.server.cfg.Settings.NATS.Timeout)
	defer cancel()
	bytes, err := n.data.Bytes(asking)
	if errors.Is(err, userdata.ErrUnavailable) {
		data.Connected = false
		return data, nil
	}
	data.UserDataBytes = bytes
	return data, err
}
