package cluster

import (
	"context"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/directory"
)

// claims are the keys that this node owns in the directory, and those it is about to. Safe for
// concurrent use.
type claims struct {
	dir *directory.Directory

	mu       sync.Mutex
	held     map[string]held
	locks    map[string]*keyLock
	arriving map[string]*arrival
}

// held is a claim in force.
type held struct {
	directory.Claim
	revision uint64
	sure     uint64 // it was checked since so many absences, and one; 0: never
}

// arrival is a socket on its way to this node: its claim is, or is about to be, this node's, and the
// socket is not here yet. Who has something for it waits.
type arrival struct {
	done     chan struct{} // closed when it is here, or will not come
	revision uint64        // of the claim; 0 while it is not taken. Guarded by the mutex of claims
}

// keyLock orders what opens and releases one key.
type keyLock struct {
	free    chan struct{} // holds one element while nobody has the lock
	waiting int           // who has it and who waits; guarded by the mutex of claims
}

func newClaims(dir *directory.Directory) *claims {
	return &claims{dir: dir, held: map[string]held{}, locks: map[string]*keyLock{}, arriving: map[string]*arrival{}}
}

// lock waits until nobody else opens or releases the key. Errors: ctx's.
func (c *claims) lock(ctx context.Context, key string) (unlock func(), err error) {
	c.mu.Lock()
	l := c.locks[key]
	if l == nil {
		l = &keyLock{free: make(chan struct{}, 1)}
		l.free <- struct{}{}
		c.locks[key] = l
	}
	l.waiting++
	c.mu.Unlock()
	leave := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if l.waiting--; l.waiting == 0 {
			delete(c.locks, key)
		}
	}
	select {
	case <-l.free:
		return func() {
			l.free <- struct{}{}
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// hold notes a claim that was taken.
func (c *claims) hold(key string, claim directory.Claim, revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[key] = held{claim, revision, 0}
	if a := c.arriving[key]; a != nil {
		a.revision = revision
	}
}

// get returns the claim of this node on a key.
func (c *claims) get(key string) (held, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.held[key]
	return h, ok
}

// forget drops a claim that another has taken over by one with the revision, or later.
func (c *claims) forget(key string, revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[key]; ok && h.revision < revision {
		delete(c.held, key)
	}
}

// check notes that a claim was looked at since so many absences.
func (c *claims) check(key string, absences uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[key]; ok {
		h.sure = absences + 1
		c.held[key] = h
	}
}

// keys returns the keys this node owns, and those it is about to.
func (c *claims) keys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := make([]string, 0, len(c.held)+len(c.arriving))
	for key := range c.held {
		keys = append(keys, key)
	}
	for key := range c.arriving {
		if _, ok := c.held[key]; !ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// release gives up the claim with the revision. Errors are those of the directory; the claim then stays,
// to be released later.
func (c *claims) release(ctx context.Context, key string) error {
	h, ok := c.get(key)
	if !ok {
		return nil
	}
	if err := c.dir.Release(ctx, key, h.revision); err != nil {
		return err
	}
	c.forget(key, h.revision+1)
	return nil
}

// arrive says that a socket is about to come here. left must be called when it is here, or does not come.
func (c *claims) arrive(key string) (left func()) {
	a := &arrival{done: make(chan struct{})}
	c.mu.Lock()
	c.arriving[key] = a
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.arriving, key)
		c.mu.Unlock()
		close(a.done)
	}
}

// onTheWay returns what is closed when the socket has come that is on its way here, and by which claim; nil
// if none is.
func (c *claims) onTheWay(key string) (done <-chan struct{}, revision uint64) {
	if c == nil {
		return nil, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.arriving[key]; a != nil {
		return a.done, a.revision
	}
	return nil, 0
}
