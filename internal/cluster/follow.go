package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// Run releases the keys of sockets that end, checks claims when the connection to the other nodes was lost, and
// removes those of nodes that are gone. It returns when ctx ends.
func (c *Cluster) Run(ctx context.Context) {
	if c.claims == nil {
		<-ctx.Done()
		return
	}
	var work sync.WaitGroup
	work.Go(func() { c.follow(ctx) })
	work.Go(func() { c.sweeps(ctx) })
	work.Go(func() { c.watch(ctx) })
	work.Wait()
}

// releasers is how many keys are released at once.
const releasers = 64

// follow does what is to be done when sockets end or lose their connection.
func (c *Cluster) follow(ctx context.Context) {
	changes := c.hub.Follow()
	defer changes.Stop()
	places := make(chan struct{}, releasers)
	// Those of sockets that end with this node are still released, as many as can be in a while.
	releasing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(releasePatience, cancel) })()
	var work sync.WaitGroup
	defer work.Wait()
	for {
		batch, err := changes.Next(ctx)
		if err != nil {
			return
		}
		for _, change := range batch {
			s := change.Socket
			switch {
			case change.Kind == hub.ChangeDetached:
				c.detached(s)
			case change.Kind != hub.ChangeEnded || !c.isClaimed(s.Service(), true):
			default:
				places <- struct{}{}
				work.Go(func() {
					defer func() { <-places }()
					c.ended(releasing, s)
				})
			}
		}
	}
}

// detached is called when the connection of a socket is over.
func (c *Cluster) detached(s *hub.Socket) {
	if now, ok := c.hub.Get(s.Key()); ok && now == s && now.State() == hub.StateDetached {
		c.lines.detach(s.Key())
	}
}

// ended releases the key of a socket, unless another one has it by now.
func (c *Cluster) ended(ctx context.Context, s *hub.Socket) {
	ctx, cancel := context.WithTimeout(ctx, releasePatience)
	defer cancel()
	unlock, err := c.claims.lock(ctx, s.Key())
	if err != nil {
		c.claims.doubt(s.Key(), directory.Held{})
		return
	}
	defer unlock()
	if _, here := c.hub.Get(s.Key()); !here {
		c.letGo(ctx, s.Key())
	}
}

// checkers is how many claims are checked at once.
const checkers = 32

// checkPause is how long to wait before claims that could not be checked are checked again.
const checkPause = time.Second

// checkClaims looks whether this node still owns what it believes to own: others may have taken it for gone.
func (c *Cluster) checkClaims(ctx context.Context, keys []string) {
	places := make(chan struct{}, checkers)
	var work sync.WaitGroup
	defer work.Wait()
	for _, key := range keys {
		places <- struct{}{}
		if ctx.Err() != nil || !c.connected() {
			return // they stay doubtful
		}
		work.Go(func() {
			defer func() { <-places }()
			c.checkClaim(ctx, key)
		})
	}
}

// checkClaim looks at one claim, and reports whether it could.
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
	if doubt.number == 0 {
		return true
	}
	defer func() {
		if could {
			c.claims.settle(key, doubt)
		}
	}()
	mine, ok := c.claims.get(key)
	_, here := c.hub.Get(key)
	switch {
	case !ok:
		return c.giveBack(ctx, key, doubt.before)
	case !here:
		c.letGo(ctx, key)
		_, still := c.claims.get(key)
		return !still && c.giveBack(ctx, key, doubt.before)
	}
	now, found, err := c.claims.dir.Look(ctx, key)
	if err == nil && !found { // it was removed, because this node was taken for gone
		var revision uint64
		if revision, err = c.claims.dir.Take(ctx, key, mine.Claim, 0); err == nil {
			c.claims.renew(key, mine.Claim, revision)
		}
		return err == nil
	}
	switch {
	case err != nil:
		return false
	case now.Incarnation == c.cfg.Incarnation:
		c.claims.renew(key, now.Claim, now.Revision)
	default:
		c.giveUp(ctx, key, now)
	}
	return true
}

// giveBack sees to a key which this node may have claimed without hearing of it: the claim that was there before is put back,
// or nothing if there was none. It reports whether it could.
func (c *Cluster) giveBack(ctx context.Context, key string, before directory.Held) bool {
	now, found, err := c.claims.dir.Look(ctx, key)
	switch {
	case err != nil:
		return false
	case !found || now.Incarnation != c.cfg.Incarnation:
		return true
	case before.Incarnation == "" || before.Incarnation == c.cfg.Incarnation:
		return c.claims.dir.Release(ctx, key, now.Revision) == nil
	}
	_, err = c.claims.dir.Take(ctx, key, before.Claim, now.Revision)
	if err == nil && c.isLive(before.Incarnation) { // its claim has another revision by now
		_, err = c.peers.Ask(ctx, before.Node, opCheck, writeKey(key))
	}
	if err != nil {
		c.cfg.Logger.Debug("claim is given back later", "socket", key, "peer", before.Node, "error", err.Error())
	}
	return err == nil || errors.Is(err, directory.ErrChanged)
}

// serveCheck has a claim of this node looked at, which another one has replaced and put back.
func (c *Cluster) serveCheck(q *peers.Request) {
	key, err := readKey(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	c.claims.doubt(key, directory.Held{})
	q.Reply(nil)
}

// giveUp ends a socket that another node has by now. What still waits for it here is nobody's to deliver; the
// client hears of it.
func (c *Cluster) giveUp(ctx context.Context, key string, now directory.Held) {
	node := now.Node
	c.claims.forget(key, now.Revision)
	c.owners.put(key, node)
	s, ok := c.hub.Get(key)
	if !ok {
		return
	}
	c.cfg.Logger.Info("socket is ended here, another node has it by now", "socket", key, "peer", node)
	moving, _, err := c.beginMove(key, s.User().ID, node)
	if err != nil {
		return
	}
	settle, cancel := context.WithTimeout(ctx, c.settlePatience())
	defer cancel()
	d, err := moving.Wait(settle)
	if line := c.lines.take(key); line != nil {
		line.Detach()
	}
	if n := len(d.Waiting) + d.Overflow + d.Expired; err == nil && n > 0 {
		_, err = c.peers.Ask(ctx, node, opLate, writeLate(late{key, now.Life, n}))
		if err != nil && !errors.Is(err, context.Canceled) {
			c.cfg.Logger.Warn("client is not told of lost messages", "socket", key, "count", n, "error", err.Error())
		}
	}
}

// watch checks claims that are doubtful, as all are when the connection to the other nodes is back, and has those of
// nodes removed that are gone.
func (c *Cluster) watch(ctx context.Context) {
	again := time.NewTicker(checkPause)
	defer again.Stop()
	var changes, back <-chan struct{}
	if c.peers != nil {
		changes, back = c.peers.Changes(), c.peers.Reconnected()
	}
	for {
		if keys := c.claims.doubtful(); len(keys) > 0 && c.connected() {
			c.checkClaims(ctx, keys)
		}
		c.groups.prune(c.isLive)
		c.sweepSoon()
		select {
		case <-ctx.Done():
			return
		case _, ok := <-back: // others may have taken this node for gone
			if !ok {
				back = nil
				continue
			}
			c.claims.doubtAll()
		case _, ok := <-changes:
			if !ok { // this node has left
				changes = nil
			}
		case <-again.C:
		}
	}
}
