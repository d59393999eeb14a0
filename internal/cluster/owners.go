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
	mu       sync.Mutex
	new, old map[string]string // node by key; what is found in old moves to new
}

func (o *owners) get(key string) (node string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if node, ok = o.new[key]; ok {
		return node, true
	}
	if node, ok = o.old[key]; ok {
		o.add(key, node)
	}
	return node, ok
}

func (o *owners) put(key, node string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(key, node)
}

func (o *owners) add(key, node string) {
	if len(o.new) >= ownersKept {
		o.old, o.new = o.new, nil
	}
	if o.new == nil {
		o.new = map[string]string{}
	}
	o.new[key] = node
}

func (o *owners) drop(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.new, key)
	delete(o.old, key)
}

// place is what knows where the stateful keys are, for requests about their sockets.
type place struct{ *core }

func (p place) owner(ctx context.Context, key string) (node string, ok bool, err error) {
	o, err := p.findOwner(ctx, key, false)
	return o.node, o.known, err
}

func (p place) moved(key, _ string) { p.owners.drop(key) }
