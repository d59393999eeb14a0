package cluster

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// Cluster is the one way to a socket, wherever it is open. Its methods are safe
// for concurrent use. It needs no closing; the sockets are the hub's.
type Cluster struct {
	hub     *hub.Hub
	unknown *metrics.Counter
	tracer  *tracing.Tracer // nil: sends are not traced
	far     *far            // nil: the node is alone
}

// New returns the cluster of a node that is alone.
func New(h *hub.Hub) *Cluster { return &Cluster{hub: h} }

// Register counts on r, which may be nil. It is called before anything is sent.
func (c *Cluster) Register(r *metrics.Registry) {
	c.unknown = r.Counter("tutorsocket_cluster_unknown_keys_total", "Messages for keys that no socket had.")
}

// Traced returns a cluster of the same sockets whose sends are traced by t; nil is by nobody.
func (c *Cluster) Traced(t *tracing.Tracer) *Cluster {
	return &Cluster{hub: c.hub, unknown: c.unknown, tracer: t, far: c.far}
}

// Open makes a connection a socket. Errors: ctx's, and those of [hub.Hub.Open].
func (c *Cluster) Open(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.hub.Open(req)
}

// VolatileKey makes a key for a connection that brings no stateful id.
func (c *Cluster) VolatileKey(service string) string { return hub.NewVolatileKey(service, 0) }

// Restore makes a socket again that was detached when it was saved; see [hub.Hub.Restore].
func (c *Cluster) Restore(d hub.Detached, w hub.Waker) (*hub.Conn, error) { return c.hub.Restore(d, w) }

// Local returns a socket that this node holds.
func (c *Cluster) Local(key string) (hub.Ref, bool) {
	s, ok := c.hub.Get(key)
	if !ok {
		return hub.Ref{}, false
	}
	return hub.Ref{Key: key, Local: s}, true
}

// resolve returns the socket that a reference means. A reference made on this
// node means that very socket, also when another has its key by now.
func (c *Cluster) resolve(ctx context.Context, ref hub.Ref) (*hub.Socket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ref.Local != nil {
		return ref.Local, nil
	}
	if s, ok := c.hub.Get(ref.Key); ok {
		return s, nil
	}
	return nil, hub.ErrNotFound
}

// gone makes one error of the two ways in which a socket is not there any more.
func gone(err error) error {
	if errors.Is(err, hub.ErrClosed) {
		return hub.ErrNotFound
	}
	return err
}
