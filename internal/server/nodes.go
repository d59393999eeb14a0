package server

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// nodes are the processes that serve together, as the API sees them.
type nodes struct {
	server  *Server
	started time.Time
	life    string // this start of the node, as its runs name it
	hub     *hub.Hub
	runs    *runs.Registry
	data    *userdata.Store
	peers   *peers.Peers // nil: this node is alone
}

// List implements [api.Nodes]: the other nodes describe themselves.
func (n *nodes) List(ctx context.Context) (list []api.Node, missing []string, err error) {
	self, err := n.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	list = append(list, self)
	if n.peers == nil {
		return list, nil, nil
	}
	var names []string
	for _, other := range n.peers.Others() {
		names = append(names, other.Name)
	}
	_, err = n.peers.Gather(ctx, names, cluster.OpDescribe, nil, func(_ string, body []byte) error {
		var other api.Node
		if json.Unmarshal(body, &other) == nil {
			list = append(list, other)
		}
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	for _, name := range names { // whatever else went wrong, it is they that did not answer
		if !slices.ContainsFunc(list, func(other api.Node) bool { return other.Name == name }) {
			missing = append(missing, name)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, missing, nil
}

// Drain implements [api.Nodes].
func (n *nodes) Drain(ctx context.Context, name string) (node api.Node, err error) {
	if name == n.server.Node() {
		return n.drain(ctx)
	}
	if n.peers == nil || !slices.ContainsFunc(n.peers.Others(), func(other peers.Node) bool { return other.Name == name }) {
		return api.Node{}, api.ErrNoNode
	}
	body, err := n.peers.Ask(ctx, name, cluster.OpDrain, nil)
	if err != nil {
		return api.Node{}, cluster.Unreached(name, err)
	}
	return node, json.Unmarshal(body, &node)
}

// drain begins to stop this node. The node is described before: a server that has nothing to wait for ends the
// contexts of requests right away, and then waits for their answers.
func (n *nodes) drain(ctx context.Context) (api.Node, error) {
	node, err := n.describe(ctx)
	if err != nil {
		return api.Node{}, err
	}
	n.server.BeginDrain()
	node.State = peers.Draining
	return node, nil
}

// handlers answer other nodes that ask for what this one is like, or that it be stopped. They may be called from
// when the background work of the server begins until the node has left the others.
func (n *nodes) handlers() map[peers.Op]peers.Handler {
	return map[peers.Op]peers.Handler{
		cluster.OpDescribe: n.answer(n.describe),
		cluster.OpDrain:    n.answer(n.drain),
		cluster.OpStopRun:  n.serveStopRun,
	}
}

// StopRun implements [runs.Elsewhere].
func (n *nodes) StopRun(ctx context.Context, node, id string) error {
	if n.peers == nil {
		return errors.New("the node is not there: this one is alone")
	}
	_, err := n.peers.Ask(ctx, node, cluster.OpStopRun, []byte(id))
	if err != nil {
		return cluster.Unreached(node, err)
	}
	return nil
}

// serveStopRun stops a run of this node.
func (n *nodes) serveStopRun(q *peers.Request) {
	n.server.group.Go(func() error {
		if err := n.runs.Stop(n.server.alive, string(q.Body)); err != nil {
			q.Fail("failed", err.Error())
			return nil
		}
		q.Reply(nil)
		return nil
	})
}

// about is what this node says of itself with each heartbeat.
type about struct {
	Life string `json:"life"`
}

func (n *nodes) about() json.RawMessage {
	text, err := json.Marshal(about{n.life})
	if err != nil {
		return nil // plain text always encodes
	}
	return text
}

// gone reports whether a start of a node runs no more.
func (n *nodes) gone(node, life string) bool {
	if n.peers == nil {
		return true
	}
	return !slices.ContainsFunc(n.peers.Others(), func(other peers.Node) bool {
		var a about
		return other.Name == node && json.Unmarshal(other.About, &a) == nil && a.Life == life
	})
}

// loseRuns marks runs as lost whose nodes are gone, until ctx ends.
func (n *nodes) loseRuns(ctx context.Context, history *runs.History) {
	history.Ready(ctx)
	var changes <-chan struct{} // nil without others: nothing changes then
	if n.peers != nil {
		changes = n.peers.Changes()
	}
	for ctx.Err() == nil {
		if n.peers == nil || n.peers.Connected() {
			history.Lose(n.gone)
		}
		select {
		case <-ctx.Done():
		case _, ok := <-changes:
			if !ok {
				return
			}
		}
	}
}

// answer makes a handler of what returns a node and may take a while.
func (n *nodes) answer(get func(context.Context) (api.Node, error)) peers.Handler {
	return func(q *peers.Request) {
		n.server.group.Go(func() error {
			node, err := get(n.server.alive)
			if err != nil {
				q.Fail("failed", err.Error())
				return nil
			}
			body, err := json.Marshal(node)
			if err != nil {
				return err
			}
			q.Reply(body)
			return nil
		})
	}
}

// describe returns what this node is like. Errors: ctx's.
func (n *nodes) describe(ctx context.Context) (api.Node, error) {
	data, err := n.describeData(ctx)
	if err != nil {
		return api.Node{}, err
	}
	state := peers.Ready
	if n.server.routes.phase.now() == draining {
		state = peers.Draining
	}
	settings := n.server.cfg.Settings
	return api.Node{
		Name: n.server.Node(), Version: n.server.cfg.Version, StartedAt: n.started, State: state,
		Sockets: n.hub.Len(), Runs: n.runs.Running(),
		App: n.server.app.Dir(), DatexVersion: settings.Queue.Profile.String(),
		Data: data,
	}, nil
}

// isLive reports whether a node of the name runs, this one included.
func (n *nodes) isLive(name string) bool {
	return name == n.server.Node() || n.peers != nil && slices.ContainsFunc(n.peers.Others(), func(other peers.Node) bool { return other.Name == name })
}

// describeData is what a node tells of its data, also while the store is away: then it is asked who is there.
func (n *nodes) describeData(ctx context.Context) (api.NodeData, error) {
	store := n.server.store
	data := api.NodeData{Folder: n.server.data.dir, Connected: store.connected()}
	if store.outside() {
		data.Store, data.Servers, data.Replicas = "nats", store.url, store.replicas
	} else {
		data.Store, data.Sync = "embedded", n.server.cfg.Settings.NATS.Sync.String()
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
