package cluster

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// sweepSlack is how much longer than a resume window the claims of a node that is gone are kept: its clients may
// take a moment to notice.
const sweepSlack = 10 * time.Second

// sweeper decides when claims of nodes that are gone are removed. One node does it, the first by name. Reading
// all claims is not cheap, so that they are read only when a node has come or gone, and once more when the
// time of what is gone is over.
type sweeper struct {
	wake chan struct{} // holds an element when nodes have come or gone

	mu    sync.Mutex
	live  map[string]bool      // incarnations, when it was last looked
	since map[string]time.Time // since when an incarnation is known to be gone, of those that have claims
	// claimed are the keys that were claimed at the last sweep, as hashes, while somebody asks for them.
	claimed map[uint64]struct{}
	seed    maphash.Seed
	tags    map[uint32]*goneTag // nodes that are gone, by their tags, of those that something is kept of beside claims
}

// goneTag is a node that volatile keys name and that is not there.
type goneTag struct {
	since time.Time
	asked bool // since the last sweep
}

// saw notes a key that is claimed, for those who ask soon after the sweep: they would ask the directory for each.
func (s *sweeper) saw(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claimed == nil {
		s.claimed = map[uint64]struct{}{}
	}
	s.claimed[maphash.String(s.seed, key)] = struct{}{}
}

// hasSeen reports whether a key was claimed when claims were last read; true too often is no harm.
func (s *sweeper) hasSeen(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, seen := s.claimed[maphash.String(s.seed, key)]
	return seen
}

// forget drops what was noted.
func (s *sweeper) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed = nil
}

func newSweeper() *sweeper {
	return &sweeper{seed: maphash.MakeSeed(), wake: make(chan struct{}, 1), since: map[string]time.Time{}, tags: map[uint32]*goneTag{}}
}

// sweepSoon has claims looked at if nodes have come or gone since it was last called.
func (c *Cluster) sweepSoon() {
	live := map[string]bool{c.cfg.Incarnation: true}
	for _, n := range c.others() {
		live[n.Incarnation] = true
	}
	s := c.sweeper
	s.mu.Lock()
	changed := len(live) != len(s.live)
	for incarnation := range live {
		changed = changed || !s.live[incarnation]
	}
	s.live = live
	s.mu.Unlock()
	if !changed {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// sweeps removes claims of nodes that are gone, when it is time, until ctx ends.
func (c *Cluster) sweeps(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.sweeper.wake:
		case <-timer.C:
		}
		next, swept := c.sweep(ctx)
		if swept && c.cfg.Swept != nil {
			c.cfg.Swept(ctx)
			c.sweeper.forget()
			next = sooner(next, c.sweeper.nextTag(time.Now(), c.cfg.Window+sweepSlack))
		}
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// sweep looks at all claims once, if that is for this node to do, and returns when to look again; 0: not before
// nodes come or go.
func (c *Cluster) sweep(ctx context.Context) (next time.Duration, swept bool) {
	if !c.firstNode() || !c.connected() {
		return c.cfg.Window + sweepSlack, false // the one that is first may have gone by then
	}
	now, keep := time.Now(), c.cfg.Window+sweepSlack
	gone := map[string]time.Time{}
	removed := 0
	c.sweeper.forget()
	err := c.claims.dir.All(ctx, func(key string, h directory.Held) error {
		if c.isLive(h.Incarnation) {
			c.sweeper.saw(key)
			return nil
		}
		since := c.sweeper.goneSince(h.Incarnation, now)
		if now.Sub(since) < keep {
			c.sweeper.saw(key)
			gone[h.Incarnation] = since
			return nil
		}
		removed++
		return c.claims.dir.Release(ctx, key, h.Revision)
	})
	if removed > 0 {
		c.cfg.Logger.Info("claims of nodes that are gone are removed", "count", removed)
	}
	if err != nil {
		return keep, false
	}
	c.sweeper.remember(gone)
	for _, since := range gone {
		next = sooner(next, since.Add(keep).Sub(now))
	}
	return next, true
}

// sooner returns the shorter time; 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Has reports whether a socket with the key may be there, on any node: false only if it is known that none is. The
// sockets of a node that is gone may be for as long as its claims are kept: it may only be cut off.
func (c *Cluster) Has(ctx context.Context, key string) bool {
	if _, here := c.hub.Get(key); here || ctx.Err() != nil || !c.connected() {
		return true
	}
	if done := c.claims.onTheWay(key); done != nil || c.claims == nil {
		return done != nil
	}
	if tag, ok := hub.TagOfKey(key); ok && c.peers != nil {
		_, there := c.peers.ByTag(tag)
		return there || !c.sweeper.isOver(tag, time.Now(), c.cfg.Window+sweepSlack)
	}
	if c.sweeper.hasSeen(key) {
		return true
	}
	o, err := c.findOwner(ctx, key, true)
	return err != nil || o.known
}

// firstNode reports whether this node is the first of all that are there.
func (c *Cluster) firstNode() bool {
	others := c.others()
	return len(others) == 0 || c.hub.Node() < others[0].Name
}

func (s *sweeper) goneSince(incarnation string, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, ok := s.since[incarnation]
	if !ok {
		since = now
		s.since[incarnation] = now
	}
	return since
}

// remember forgets all that is gone but what is given.
func (s *sweeper) remember(gone map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = gone
}

// isOver reports whether the node with a tag, which is not there, has been gone for the time given.
func (s *sweeper) isOver(tag uint32, now time.Time, keep time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.tags[tag]
	if gone == nil {
		gone = &goneTag{since: now}
		s.tags[tag] = gone
	}
	gone.asked = true
	return now.Sub(gone.since) >= keep
}

// nextTag returns when the time of a node that isOver was asked about ends, 0 if it was about none, and forgets the others.
func (s *sweeper) nextTag(now time.Time, keep time.Duration) (next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tag, gone := range s.tags {
		left := gone.since.Add(keep).Sub(now)
		if !gone.asked || left <= 0 {
			delete(s.tags, tag)
			continue
		}
		gone.asked = false
		next = sooner(next, left)
	}
	return next
}
