package cluster

import (
	"context"
	"iter"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// LastEvent returns the number of the newest event of a socket, 0 before the first.
func (c *Cluster) LastEvent() uint64 { return c.hub.LastEvent() }

// Events yields what happened to sockets after the event with the number, then what happens,
// until ctx ends or the loop is left. See [hub.Hub.Events].
func (c *Cluster) Events(ctx context.Context, after uint64) iter.Seq[hub.Event] {
	return c.hub.Events(ctx, after)
}

// Present returns the sockets of this node that match at one moment, and the number of the last event before
// it. missing names the other nodes: each numbers its own events. Errors: ctx's.
func (c *Cluster) Present(ctx context.Context, f hub.Filter) (sockets []hub.Present, last uint64, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, nil, err
	}
	sockets, last = c.hub.Present(f)
	if c.far != nil {
		missing = c.far.others()
	}
	return sockets, last, missing, nil
}
