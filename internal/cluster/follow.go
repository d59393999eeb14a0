package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
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
	if c.peers != nil {
		work.Go(func() { c.watchPeers(ctx) })
	}
	work.Wait()
}

// releasers is how many keys are released at once.
const releasers = 64

// follow does what is to be done when sockets end or lose their connection.
func (c *Cluster) follow(ctx context.Context) {
	changes := c.hub.Follow()
	defer changes.Stop()
	places := make(chan struct{}, releasers)
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
					c.ended(s)
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
func (c *Cluster) ended(s *hub.Socket) {
	ctx, cancel := context.WithTimeout(context.Background(), releasePatience)
	defer cancel()
	unlock, err := c.claims.lock(ctx, s.Key())
	if err != nil {
		return // it is released when claims are checked
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

// checkClaims looks whether this node still owns what it owned before the connection to the others was lost:
// they may have taken it for gone. It returns those it could not look at.
func (c *Cluster) checkClaims(ctx context.Context, keys []string) (left []string) {
	places := make(chan struct{}, checkers)
	var work sync.WaitGroup
	var mu sync.Mutex
	for _, key := range keys {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			if ctx.Err() == nil && c.connected() && c.checkClaim(ctx, key) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			left = append(left, key)
		})
	}
	work.Wait()
	return left
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
	mine, ok := c.claims.get(key)
	if !ok {
		return true
	}
	if _, here := c.hub.Get(key); !here {
		c.letGo(ctx, key)
		_, still := c.claims.get(key)
		return !still
	}
	now, found, err := c.claims.dir.Look(ctx, key)
	if err == nil && !found { // it was removed, because this node was taken for gone
		var revision uint64
		if revision, err = c.claims.dir.Take(ctx, key, mine.Claim, 0); err == nil {
			c.claims.hold(key, mine.Claim, revision)
		}
		return err == nil
	}
	switch {
	case err != nil:
		return false
	case now.Incarnation == c.cfg.Incarnation:
		c.claims.hold(key, now.Claim, now.Revision)
	default:
		c.giveUp(ctx, key, now)
	}
	return true
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

// watchPeers checks claims when the connection to the other nodes is back, and has those of nodes removed that
// are gone.
func (c *Cluster) watchPeers(ctx context.Context) {
	again := time.NewTicker(checkPause)
	defer again.Stop()
	var unchecked []string
	changes, back := c.peers.Changes(), c.peers.Reconnected()
	for {
		if len(unchecked) > 0 && c.connected() {
			unchecked = c.checkClaims(ctx, unchecked)
		}
		c.groups.prune(c.isLive)
		c.sweepSoon()
		select {
		case <-ctx.Done():
			return
		case <-back: // others may have taken this node for gone
			unchecked = c.claims.keys()
		case <-changes: // closed when this node has left: ctx ends then, too
		case <-again.C:
		}
	}
}
