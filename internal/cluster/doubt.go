package cluster

import (
	"context"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A node that stood still, or was cut off from the others, may have lost keys without knowing. Until it has looked
// at a claim again it must not say that a message is stored in the durable queue of the key: the owner by now does
// not look for what others store, except while it settles. So each claim is in doubt until it was checked since
// the last absence, and one that was checked in time holds for what is sent after that; what is stored while the
// node stands still is confirmed after storage. A socket that is not durable goes on while the node is cut off, but not
// when it is back before its claim was checked: its client would be told of a loss (giveUp). What is for many
// is queued at once all the same, in the order of its numbers, and counted after the check: a new owner has it from
// the sender.

// absences says how often others may have taken this node for gone, and whether they may have since that was counted.
func (c *core) absences() (n uint64, unseen bool) {
	if c.peers == nil {
		return 0, false
	}
	return c.peers.Absences()
}

// absentSince reports whether others may have taken this node for gone since n was what absences says.
func (c *core) absentSince(n uint64) bool {
	now, unseen := c.absences()
	return unseen || now != n
}

// doubtful reports whether another node may have a key by now that this one believes to own.
func (c *core) doubtful(key string) bool {
	if c.peers == nil {
		return false
	}
	n, unseen := c.peers.Absences()
	if unseen {
		return true
	}
	if c.sure.Load() == n+1 {
		return false
	}
	h, mine := c.claims.get(key)
	return mine && h.sure != n+1
}

// inDoubt reports whether another node may have a socket by now that is still here.
func (c *core) inDoubt(s *hub.Socket) bool {
	if c.peers == nil {
		return false
	}
	if s.Durable() {
		return c.doubtful(s.Key())
	}
	n, paused := c.peers.AbsencesSeen()
	if !paused && c.sure.Load() == n+1 {
		return false
	}
	h, mine := c.heldClaim(s.Key())
	return mine && (paused || h.sure != n+1) && c.peers.Connected()
}

// assure looks whether a key is still this node's, if that is in doubt. Errors: [hub.ErrNotStored] if that
// cannot be known now.
func (c *Cluster) assure(key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.openPatience())
	defer cancel()
	if c.doubtful(key) && !c.checkClaim(ctx, key) {
		return fmt.Errorf("%w: this node was cut off, and cannot find out now whether it still has the socket", hub.ErrNotStored)
	}
	return nil
}

// putChecked is put for a key that is in doubt. It waits until that is resolved.
func (c *Cluster) putChecked(key string, m *hub.Message, mode hub.Mode, expired func() bool, done func(depth int, err error)) {
	err := c.assure(key)
	s, here := c.hub.Get(key)
	switch {
	case !here:
		done(0, c.missing(key))
	case err != nil && s.Durable():
		done(0, err)
	case expired != nil && expired():
		done(0, fmt.Errorf("%w: this node was cut off for too long", hub.ErrNotStored)) // nobody waits for it
	default:
		c.queue(s, m, mode, done)
	}
}

// putDurable queues a message for a socket of this node with a durable queue.
func (c *Cluster) putDurable(key string, m *hub.Message, mode hub.Mode, done func(depth int, err error)) {
	line := c.lines.get(key)
	if line == nil {
		done(0, hub.ErrNotFound) // it is ending
		return
	}
	before, _ := c.absences()
	line.Send(m, mode, func(depth int, err error) {
		if err == nil && c.absentSince(before) {
			go c.confirm(key, depth, done) // it may have been stored too late for who has the key by now
			return
		}
		done(depth, gone(err))
	})
}

// confirm ends a send whose message was stored, if the key is still this node's.
func (c *Cluster) confirm(key string, depth int, done func(depth int, err error)) {
	err := c.assure(key)
	if _, mine := c.claims.get(key); err == nil && !mine {
		err = fmt.Errorf("%w: another node has the socket since, and may have it or not", hub.ErrNotStored)
	}
	if err != nil {
		done(0, err)
		return
	}
	done(depth, nil)
}
