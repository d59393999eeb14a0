package cluster

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// duties are what is still to be done about keys, because it could not be done at once. Safe for concurrent use.
type duties struct {
	mu      sync.Mutex
	unheard map[told]unheard // sockets that were taken over without a word from the node that had them
}

// told is what a process is told of.
type told struct{ key, incarnation string }

// unheard is a node that did not hand a socket over in time. It may have it still, and not know that the key is
// another's: it must hear of that.
type unheard struct {
	node string
	handOver
	life   uint64
	silent bool // it was told before, and may have heard, though it did not answer
}

// insist has a node told again of a key that is another's.
func (d *duties) insist(u unheard) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unheard == nil {
		d.unheard = map[told]unheard{}
	}
	which := told{u.key, u.from}
	if now, ok := d.unheard[which]; !ok || now.revision < u.revision {
		d.unheard[which] = u
	}
}

// take returns all there is to be done.
func (d *duties) take() (tell []unheard) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tell = slices.Collect(maps.Values(d.unheard))
	d.unheard = nil
	return tell
}

const (
	// tendEvery is how often what is left to be done is tried again.
	tendEvery = time.Second
	// tenders is how many keys are dealt with at once.
	tenders = 32
)

// tend does what is left to be done until ctx ends: it checks claims, tells nodes of keys that are not theirs any
// more, and has claims removed of nodes that are gone.
func (c *Cluster) tend(ctx context.Context) {
	again := time.NewTicker(tendEvery)
	defer again.Stop()
	var changes, back <-chan struct{} // nil without other nodes
	if c.peers != nil {
		changes, back = c.peers.Changes(), c.peers.Reconnected()
	}
	absences := c.suspect()
	for {
		if c.connected() {
			each(c.claims.doubtful(), func(key string) { c.checkClaim(ctx, key) })
			if len(c.claims.doubtful()) == 0 {
				c.sure.Store(absences + 1)
			}
			each(c.duties.take(), func(u unheard) { c.tellAgain(ctx, u) })
		}
		if c.peers != nil {
			c.groups.prune(c.isLive)
			c.sweepSoon()
		}
		select {
		case <-ctx.Done():
			return
		case _, ok := <-back: // others may have taken this node for gone
			if !ok {
				return // this node has left
			}
			absences = c.suspect()
		case _, ok := <-changes:
			if !ok {
				return
			}
		case <-again.C:
		}
	}
}

// suspect has all claims checked, and returns the absences they are in doubt for.
func (c *Cluster) suspect() (absences uint64) {
	absences, _ = c.absences()
	c.claims.doubt(c.claims.keys()...)
	return absences
}

// each calls do with each of the things, several at once, and returns when all are done.
func each[T any](things []T, do func(T)) {
	places := make(chan struct{}, tenders)
	var work sync.WaitGroup
	for _, thing := range things {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			do(thing)
		})
	}
	work.Wait()
}

// tellAgain tells a node of a key that it may still take for its own. What it had for the socket comes too late; the
// client hears of that, wherever it is by now.
func (c *Cluster) tellAgain(ctx context.Context, u unheard) {
	if !c.isLive(u.from) {
		return // if it comes back it checks all its claims
	}
	answer, err := c.peers.Ask(ctx, u.node, opHandOver, writeHandOver(u.handOver))
	if err != nil {
		switch err = Unreached(u.node, err); {
		case isNoAnswer(err):
			u.silent = u.silent || !errors.Is(err, errNobody)
			c.duties.insist(u)
		case errors.Is(err, hub.ErrNotFound), u.silent && errors.Is(err, errNeverCame):
			c.tellLost(ctx, u.key, u.life) // the socket has ended there, with what waited for it, or did when this node was not heard
		}
		return
	}
	if d, _, err := readHandedOver(answer); err == nil && misses(&d) {
		c.tellLost(ctx, u.key, u.life)
	}
}

// misses reports whether something is lost with what is left of a socket.
func misses(d *hub.Detached) bool {
	return len(d.Waiting) > 0 || d.Overflow != 0 || d.Expired != 0 || d.NodeLost != 0
}

// tellLost has the client of a socket told that messages for it may be lost, wherever the socket is by now.
func (c *Cluster) tellLost(ctx context.Context, key string, life uint64) {
	ctx, cancel := context.WithTimeout(ctx, c.openPatience()) // others wait for their turn
	defer cancel()
	err := c.tellLostOnce(ctx, late{key, life})
	for try := 0; err != nil && try < sendTries && pause(ctx, min(movePause<<try, maxMovePause)) == nil; try++ {
		err = c.tellLostOnce(ctx, late{key, life})
	}
	if err == nil || errors.Is(ctx.Err(), context.Canceled) { // this node ends
		return
	}
	c.cfg.Logger.Warn("client is not told of lost messages", "socket", key, "error", err.Error())
}

// tellLostOnce is one try of tellLost. There is nobody to be told if the life of the key is over, and no need if its node is
// gone: its next one tells the client of that.
func (c *Cluster) tellLostOnce(ctx context.Context, l late) error {
	if c.noteLost(l) {
		return nil
	}
	o, err := c.findOwner(ctx, l.key, true)
	switch {
	case err != nil:
		return err
	case !o.known, o.claim.Life != l.life, !o.live:
		return nil
	case o.node == c.hub.Node():
		return hub.ErrMoving
	}
	_, err = c.peers.Ask(ctx, o.node, opLate, writeLate(l))
	return Unreached(o.node, err)
}

// checkClaim looks at one claim, if it is in doubt, and reports whether it could. A doubt stays until it could.
func (c *Cluster) checkClaim(ctx context.Context, key string) bool {
	ctx, cancel := context.WithTimeout(ctx, c.openPatience())
	defer cancel()
	unlock, err := c.claims.lock(ctx, key)
	if err != nil {
		return false
	}
	defer unlock()
	return c.checkLocked(ctx, key)
}

// checkLocked does the work of checkClaim with the lock of the key held.
func (c *Cluster) checkLocked(ctx context.Context, key string) (could bool) {
	doubt := c.claims.doubted(key)
	defer func() {
		if could && doubt.number != 0 {
			c.claims.settle(key, doubt)
		}
	}()
	_, mine := c.claims.get(key)
	_, here := c.hub.Get(key)
	switch {
	case mine && !here:
		c.lines.end(key)
		if !c.release(ctx, key) {
			return false
		}
		return !doubt.unheard || c.giveBack(ctx, key, doubt)
	case !mine:
		return doubt.number == 0 || c.giveBack(ctx, key, doubt)
	case doubt.number == 0 && !c.doubtful(key):
		return true
	}
	return c.verify(ctx, key)
}

// verify finds out with the lock of its key held whether a claim is in force, and reports whether it could. It writes the
// claim anew: reading proves nothing, because a server that was cut off or paused answers with what was.
func (c *Cluster) verify(ctx context.Context, key string) bool {
	absences, unseen := c.absences()
	mine, ok := c.claims.get(key)
	if !ok {
		return true
	}
	revision, err := c.claims.dir.Take(ctx, key, mine.Claim, mine.revision)
	if errors.Is(err, directory.ErrChanged) {
		var still bool
		if revision, still, err = c.replaced(ctx, key, mine); err == nil && !still {
			return true
		}
	}
	if err != nil {
		return false
	}
	c.claims.renew(key, mine.Claim, revision)
	if !unseen {
		c.claims.check(key, absences)
	}
	return true
}

// giveBack sees to a key which this node may have claimed without hearing of it: the claim that was there before is put back,
// or nothing if there was none. It reports whether it could.
func (c *Cluster) giveBack(ctx context.Context, key string, d doubt) bool {
	now, found, err := c.claims.dir.Look(ctx, key)
	switch {
	case err != nil:
		return false
	case !found:
		return true
	case now.Incarnation == c.cfg.Incarnation:
		back, begun := c.replacedBy(d, now)
		if begun {
			return c.claims.dir.Release(ctx, key, now.Revision) == nil
		}
		return c.putBack(ctx, key, back, now.Revision)
	case d.unheard && now.Revision == d.after:
		return c.putBack(ctx, key, now.Claim, now.Revision) // what this node has written may only be on its way
	}
	return true
}

// replacedBy returns the claim that is to be put back in place of one of this node whose socket is not here. begun: that one
// began the life of the key, and nobody knows of it.
func (c *Cluster) replacedBy(d doubt, now directory.Held) (back directory.Claim, begun bool) {
	if d.unheard && d.before.Incarnation != c.cfg.Incarnation {
		return d.before.Claim, d.before.Incarnation == ""
	}
	from := trail(c.cfg.Incarnation, "", now.Before)
	if len(from) == 0 {
		return directory.Claim{}, true
	}
	for len(from) > 1 && !c.isLive(from[0]) {
		from = from[1:]
	}
	back = directory.Claim{Node: c.nodeOf(from[0]), Incarnation: from[0], User: now.User, Life: now.Life, Since: now.Since, Before: nobody}
	if len(from) > 1 {
		back.Before = joinTrail(from[1:])
	}
	return back, false
}

// putBack writes a claim of another node after a revision, and tells that node to look. It reports whether it could, or need
// not.
func (c *Cluster) putBack(ctx context.Context, key string, claim directory.Claim, after uint64) bool {
	_, err := c.claims.dir.Take(ctx, key, claim, after)
	if err == nil {
		err = c.haveChecked(ctx, key, claim.Node, claim.Incarnation)
	}
	if err != nil {
		c.cfg.Logger.Debug("claim is given back later", "socket", key, "peer", claim.Node, "error", err.Error())
	}
	return err == nil
}

// haveChecked has a node look at its claim on a key, if it is there.
func (c *Cluster) haveChecked(ctx context.Context, key, node, incarnation string) error {
	if incarnation == c.cfg.Incarnation {
		c.claims.doubt(key)
		return nil
	}
	if !c.isLive(incarnation) {
		return nil
	}
	_, err := c.peers.Ask(ctx, node, opCheck, writeKey(key))
	return err
}

// serveCheck has a claim of this node looked at: another one has replaced it and put it back, or finds nothing here.
func (c *Cluster) serveCheck(q *peers.Request) {
	key, err := readKey(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	c.claims.doubt(key)
	q.Reply(nil)
}

// replaced sees to a claim of this node that is not the latest of its key, and returns the revision of the one that
// is its own all the same. What is read may be old: a server that was cut off answers until it has heard of it.
func (c *Cluster) replaced(ctx context.Context, key string, mine held) (revision uint64, still bool, err error) {
	now, found, err := c.claims.dir.Look(ctx, key)
	switch {
	case err != nil:
		return 0, false, err
	case !found: // it was removed, because this node was taken for gone
		revision, err = c.claims.dir.Take(ctx, key, mine.Claim, 0)
		return revision, err == nil, err
	case now.Revision <= mine.revision:
		return 0, false, directory.ErrChanged
	case now.Incarnation == c.cfg.Incarnation: // it was written without an answer
		return now.Revision, true, nil
	}
	c.giveUp(ctx, key, now)
	return 0, false, nil
}

// isNoAnswer reports whether a node may not have heard what it was asked.
func isNoAnswer(err error) bool {
	return errors.Is(err, hub.ErrNoAnswer) || errors.Is(err, hub.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}
