package cluster

import (
	"context"
	"sync"
)

// ownersKept is how many owners are remembered at least, if there are so many; twice as many at most.
const ownersKept = 32 << 10

// owners remembers which node owned a key when it was last asked: a hint, which the node itself corrects.
// Safe for concurrent use.
type owners struct {
	mu    sync.Mutex
	nodes recent[string] // by key
}

func (o *owners) get(key string) (node string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.nodes.get(key)
}

func (o *owners) put(key, node string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nodes.atLeast = ownersKept
	o.nodes.put(key, node)
}

func (o *owners) drop(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nodes.drop(key)
}

// place is what knows where the stateful keys are, for requests about their sockets.
type place struct{ *core }

func (p place) owner(ctx context.Context, key string) (node string, ok bool, err error) {
	o, err := p.findOwner(ctx, key, false)
	return o.node, o.known, err
}

func (p place) moved(key, _ string) { p.owners.drop(key) }
