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
	doubts   map[string]doubt // keys of which the directory may say something else than this node believes
	number   uint64           // of the last doubt
	over     recent[standing] // keys whose sockets have ended here, so that their lives are over, or were given up
}

// held is a claim in force.
type held struct {
	directory.Claim
	revision uint64
	sure     uint64 // it was checked since so many absences, and one; 0: never
	came     bool   // the socket has come here, or began here
}

// arrival is a socket on its way to this node: its claim is, or is about to be, this node's, and the
// socket is not here yet. Who has something for it waits.
type arrival struct {
	done chan struct{} // closed when it is here, or will not come
	news chan struct{} // closed then, too, and when a claim is taken: another one takes its place. Guarded by the mutex of claims
}

// doubt is about a key whose claim is to be looked at: the connection to the others was lost, or an answer of
// the directory.
type doubt struct {
	number  uint64
	unheard bool           // a claim of this node may have been written, or still be: the answer was lost
	before  directory.Held // the claim that it replaces, if there was one: its node may have the socket
	after   uint64         // the revision that it is written after
}

// keyLock orders what opens and releases one key.
type keyLock struct {
	free    chan struct{} // holds one element while nobody has the lock
	waiting int           // who has it and who waits; guarded by the mutex of claims
}

func newClaims(dir *directory.Directory) *claims {
	return &claims{dir: dir, held: map[string]held{}, over: recent[standing]{atLeast: 4 << 10}, locks: map[string]*keyLock{}, arriving: map[string]*arrival{}, doubts: map[string]doubt{}}
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

// hold notes a claim that was taken. came says that the socket begins with it, or is here; otherwise come does.
func (c *claims) hold(key string, claim directory.Claim, revision uint64, came bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[key] = held{Claim: claim, revision: revision, came: came}
	delete(c.doubts, key)
	c.over.drop(key)
	if a := c.arriving[key]; a != nil {
		close(a.news)
		a.news = make(chan struct{})
	}
}

// come notes that the socket is here whose claim was taken.
func (c *claims) come(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[key]; ok {
		h.came = true
		c.held[key] = h
	}
}

// renew notes by which claim a key is this node's, unless another one has taken the key over meanwhile.
func (c *claims) renew(key string, claim directory.Claim, revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[key]; ok {
		h.Claim, h.revision = claim, revision
		c.held[key] = h
	}
}

// get returns the claim of this node on a key.
func (c *claims) get(key string) (held, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.held[key]
	return h, ok
}

// giveUp drops the claim of a socket that is given up here, because another node has the key by one with the revision.
func (c *claims) giveUp(key string, revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.held[key]; ok && h.revision < revision {
		delete(c.held, key)
		if h.came {
			c.over.put(key, givenUp)
		}
	}
}

// forget drops a claim that is none any more by a revision, or later.
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

// standing is how the claim of this node on a key stands to a newer one of another.
type standing int

const (
	neverCame standing = iota // there is none, or it is given up just now: the socket was never here
	yielded                   // it is given up just now, with the socket, if that has not ended
	ended                     // the socket has ended here before
	givenUp                   // the socket was given up before
	newer                     // it is the newer one, and kept
	arriving                  // a socket is on its way here
)

// yield gives up the claim on a key for one of another node that has the revision. While a socket is on its way here
// nothing is given up: news is closed when yield is to be called again.
func (c *claims) yield(key string, revision uint64) (s standing, news <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, held := c.held[key]
	if held && h.revision > revision {
		return newer, nil
	}
	if a := c.arriving[key]; a != nil {
		return arriving, a.news
	}
	delete(c.held, key)
	if h.came {
		return yielded, nil
	}
	s, _ = c.over.get(key)
	return s, nil
}

// end notes that the socket has ended whose claim this node has. A node that has replaced the claim hears of it.
func (c *claims) end(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.held[key]; ok {
		c.over.put(key, ended)
	}
}

// doubt has the claims on keys looked at soon.
func (c *claims) doubt(keys ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		c.number++
		d := c.doubts[key]
		d.number = c.number
		c.doubts[key] = d
	}
}

// miss has the claim on a key looked at that may have been written after a revision, in place of the one before.
func (c *claims) miss(key string, after uint64, before directory.Held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	c.doubts[key] = doubt{number: c.number, unheard: true, before: before, after: after}
}

// doubted returns what is doubtful about a key; number 0: nothing is.
func (c *claims) doubted(key string) doubt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubts[key]
}

// settle ends a doubt, unless there is a newer one.
func (c *claims) settle(key string, d doubt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doubts[key].number == d.number {
		delete(c.doubts, key)
	}
}

// doubtful returns the keys whose claims are to be looked at.
func (c *claims) doubtful() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := make([]string, 0, len(c.doubts))
	for key := range c.doubts {
		keys = append(keys, key)
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
	a := &arrival{done: make(chan struct{}), news: make(chan struct{})}
	c.mu.Lock()
	c.arriving[key] = a
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.arriving, key)
		close(a.news)
		c.mu.Unlock()
		close(a.done)
	}
}

// onTheWay returns what is closed when the socket has come that is on its way here, nil if none is.
func (c *claims) onTheWay(key string) <-chan struct{} {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.arriving[key]; a != nil {
		return a.done
	}
	return nil
}
