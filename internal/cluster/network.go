package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// network is the way to the other nodes; [*peers.Peers] has these methods.
type network interface {
	Others() []peers.Node
	ByTag(tag uint32) (peers.Node, bool)
	Connected() bool
	Ask(ctx context.Context, node string, op peers.Op, body []byte) ([]byte, error)
	AskPages(ctx context.Context, node string, op peers.Op, body []byte, page func([]byte) error) error
	Gather(ctx context.Context, nodes []string, op peers.Op, body []byte, page func(node string, body []byte) error) (missing []string, err error)
}

// locator knows which nodes have the stateful keys.
type locator interface {
	// owner returns the name of the node that has the key; ok is false if none has.
	owner(ctx context.Context, key string) (node string, ok bool, err error)
	// moved says that a node does not have the key, whatever owner has said: the next owner looks again.
	moved(key, node string)
}

// far is what the cluster of a node that is not alone has beside the hub.
type far struct {
	network
	where locator
	lists lister
}

// others are the names of the other nodes.
func (f *far) others() []string {
	nodes := f.Others()
	names := make([]string, len(nodes))
	for i := range nodes {
		names[i] = nodes[i].Name
	}
	return names
}

// Unreached is the error of a request to a node, as callers of a [Cluster] know it: one that wraps [hub.ErrNoAnswer] and
// names the node, [hub.ErrUnavailable], what the node has failed with, ctx's.
func Unreached(node string, err error) error {
	var failure *peers.Failure
	switch {
	case errors.As(err, &failure):
		return errorOf(failure)
	case errors.Is(err, peers.ErrNoAnswer):
		return &toldError{hub.ErrNoAnswer, "no answer from " + node}
	case errors.Is(err, peers.ErrGone):
		return &toldError{errNobody, "no answer from " + node}
	case errors.Is(err, peers.ErrDisconnected), errors.Is(err, peers.ErrLeft):
		return hub.ErrUnavailable
	}
	return err
}

// errNobody is the [hub.ErrNoAnswer] of a node that nobody listens for: it may have ended, and its sockets be
// elsewhere.
var errNobody = fmt.Errorf("%w: nobody listens there", hub.ErrNoAnswer)
