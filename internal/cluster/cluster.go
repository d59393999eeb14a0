package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// Config says what a node is in its cluster, and how its sockets are treated.
type Config struct {
	// Incarnation is this process of the node. Where there are other nodes they have given it one.
	Incarnation string
	// Durable says whether the queues of a service are durable; nil: none are.
	Durable func(service string) bool
	// Window is how long a socket outlives its connection, and how long the claims of a node that
	// is gone are kept for those who come back.
	Window time.Duration
	// GiveUp is how long another node may take to hand a socket over; 3 s if zero.
	GiveUp time.Duration
	// RefuseLiveID makes a second connection with a live id end both (spec/websocket.md A.7).
	RefuseLiveID bool
	// Restore makes a detached socket again that comes from another node, or from a process before;
	// it is expected to call [Cluster.Restore].
	Restore func(hub.Detached) error
	// Adopt passes the detached sockets that a node has saved to each; nil: this node takes none.
	Adopt func(ctx context.Context, node string, each func(hub.Detached) error) error
	// Swept is called when nodes have come or gone, by one node of all: what else is kept of their sockets may be
	// removed; see [Cluster.Has]. Nil: nothing is.
	Swept   func(ctx context.Context)
	Logger  *slog.Logger      // nil: nothing is logged
	Metrics *metrics.Registry // nil: nothing is counted
}

// Stores are what a node shares with others, or with its process before. Each may be nil.
type Stores struct {
	// Directory says who owns a stateful key. Without one nothing is claimed.
	Directory *directory.Directory
	// Outbox keeps durable queues. It needs the directory.
	Outbox *outbox.Outbox
}

// Cluster is the one way to a socket, wherever it is open. Its methods are safe for concurrent use. It
// needs no closing as long as it is alone; the sockets are the hub's. [Cluster.Run] does what is to be done in the background.
type Cluster struct {
	*core
	tracer *tracing.Tracer // nil: sends are not traced
}

// core is what a cluster and those made of it by Traced share.
type core struct {
	cfg     Config
	hub     *hub.Hub
	started chan struct{} // closed by Start, which sets what others may use after that
	unknown *metrics.Counter
	peers   *peers.Peers // nil: this node is alone
	far     *far         // likewise: what is asked of peers about their sockets
	claims  *claims      // nil: nothing is claimed
	outbox  *outbox.Outbox
	owners  owners
	groups  groups
	lines   lines
	duties  duties

	adoptions adoptions
	sure      atomic.Uint64 // all claims were checked since so many absences, and one
	frozen    atomic.Bool   // this node leaves: nothing is queued here any more
	sweeper   *sweeper
}

// New returns the cluster of a node that is alone and claims nothing.
func New(h *hub.Hub) *Cluster {
	c := Prepare(h, Config{})
	c.Start(nil, Stores{})
	return c
}

// Prepare returns a cluster that knows its hub only: its handlers are needed to join the others. Nothing may be
// opened or sent before [Cluster.Start].
func Prepare(h *hub.Hub, cfg Config) *Cluster {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.GiveUp = cmp.Or(cfg.GiveUp, defaultGiveUp)
	c := &core{cfg: cfg, hub: h, sweeper: newSweeper(), started: make(chan struct{})}
	c.unknown = cfg.Metrics.Counter("tutorsocket_cluster_unknown_keys_total", "Messages for keys that no socket had.")
	return &Cluster{core: c}
}

// Start says who the other nodes are, nil if there are none, and what is shared with them. It is called once.
func (c *Cluster) Start(p *peers.Peers, stores Stores) {
	c.peers, c.outbox = p, stores.Outbox
	if p != nil {
		c.cfg.Incarnation = p.Self().Incarnation
		c.far = &far{network: p, where: place{c.core}}
	}
	if stores.Directory != nil {
		c.claims = newClaims(stores.Directory)
	}
	if c.cfg.Durable == nil || c.claims == nil || c.outbox == nil {
		c.cfg.Durable = func(string) bool { return false }
	}
	if p != nil {
		absences, _ := p.Absences() // nothing is claimed yet
		c.sure.Store(absences + 1)
	}
	close(c.started)
}

// Handlers are what answers the requests of other nodes, for [peers.Join]. Until the start there is nothing here
// for others.
func (c *Cluster) Handlers() map[peers.Op]peers.Handler {
	handlers := c.remoteHandlers()
	maps.Copy(handlers, map[peers.Op]peers.Handler{
		opSend: c.serveSend, opGroup: c.serveGroup, opStored: c.serveStored,
		opHandOver: c.serveHandOver, opLate: c.serveLate, opEnd: c.serveEnd,
		opAdopt: c.serveAdopt, opCheck: c.serveCheck,
	})
	for op, serve := range handlers {
		handlers[op] = func(q *peers.Request) {
			select {
			case <-c.started:
				serve(q)
			default:
				refuse(q, fmt.Errorf("%w: the node is starting", hub.ErrUnavailable))
			}
		}
	}
	return handlers
}

// Close waits for the lists that other nodes have asked for. It is called when this node has left them.
func (c *Cluster) Close() {
	if c.far != nil {
		c.far.lists.wait()
	}
}

// Traced returns a cluster of the same sockets whose sends are traced by t; nil is by nobody.
func (c *Cluster) Traced(t *tracing.Tracer) *Cluster { return &Cluster{core: c.core, tracer: t} }

// VolatileKey returns a key nobody else has, for a connection without a stateful id. It says which node it
// is on.
func (c *Cluster) VolatileKey(service string) string {
	if c.peers == nil {
		return hub.NewVolatileKey(service, 0)
	}
	return hub.NewVolatileKey(service, c.peers.Self().Tag)
}

// Local returns a socket that this node holds.
func (c *Cluster) Local(key string) (hub.Ref, bool) {
	s, ok := c.hub.Get(key)
	if !ok {
		return hub.Ref{}, false
	}
	return hub.Ref{Key: key, Local: s}, true
}

// gone makes one error of the two ways in which a socket is not there any more.
func gone(err error) error {
	if errors.Is(err, hub.ErrClosed) {
		return hub.ErrNotFound
	}
	return err
}

// isClaimed reports whether the key of a socket is claimed in the directory: every stateful one where there are
// other nodes, and those of durable services, whose queues outlive the node.
func (c *core) isClaimed(service string, stateful bool) bool {
	return c.claims != nil && stateful && (c.peers != nil || c.cfg.Durable(service))
}

// durableKey reports whether what is sent to a key is stored.
func (c *core) durableKey(key string) bool {
	service, _, stateful, err := hub.ParseKey(key)
	return err == nil && stateful && c.cfg.Durable(service)
}

// isLive reports whether the process of a node runs, as far as this one knows.
func (c *core) isLive(incarnation string) bool {
	if incarnation == c.cfg.Incarnation {
		return true
	}
	if c.peers == nil {
		return false
	}
	_, ok := c.peers.ByIncarnation(incarnation)
	return ok
}

// nodeOf returns the name of the node whose process an incarnation is, "" if it is not there.
func (c *core) nodeOf(incarnation string) string {
	if c.peers == nil {
		return ""
	}
	n, _ := c.peers.ByIncarnation(incarnation)
	return n.Name
}

// others are the other nodes.
func (c *core) others() []peers.Node {
	if c.peers == nil {
		return nil
	}
	return c.peers.Others()
}

// connected reports whether other nodes and what is shared can be reached.
func (c *core) connected() bool { return c.peers == nil || c.peers.Connected() }

// unavailable is the error for something that only the cluster knows and does not say now.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return fmt.Errorf("%w: %w", hub.ErrUnavailable, err)
}
