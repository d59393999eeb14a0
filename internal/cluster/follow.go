package cluster

import (
	"context"
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
	work.Go(func() { c.tend(ctx) })
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
		for _, change := range batch { // these first: releases may have to wait for their turn
			if change.Kind == hub.ChangeDetached {
				c.detached(change.Socket)
			}
		}
		for _, change := range batch {
			s := change.Socket
			if change.Kind != hub.ChangeEnded || !c.isClaimed(s.Service(), true) {
				continue
			}
			places <- struct{}{}
			work.Go(func() {
				defer func() { <-places }()
				c.ended(releasing, s)
			})
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
		c.claims.doubt(s.Key())
		return
	}
	defer unlock()
	if _, here := c.hub.Get(s.Key()); !here {
		c.claims.end(s.Key())
		c.letGo(ctx, s.Key())
	}
}

// giveUp ends a socket that another node has by now. What still waits for it here is nobody's to deliver; the
// client hears of it.
func (c *Cluster) giveUp(ctx context.Context, key string, now directory.Held) {
	node := now.Node
	c.claims.giveUp(key, now.Revision)
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
	if err == nil && misses(&d) {
		c.tellLost(ctx, key, now.Life)
	}
}
