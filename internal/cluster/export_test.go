package cluster

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/directory"
)

// Miss has the claim on a key looked at, as when the answer to a write of it was lost.
func (c *Cluster) Miss(key string, before directory.Held) {
	c.claims.miss(key, before.Revision, before)
}

// Doubt has the claim on a key looked at, as when the connection to the others was lost.
func (c *Cluster) Doubt(key string) { c.claims.doubt(key) }

// Check is Doubt, and the look.
func (c *Cluster) Check(key string) {
	c.Doubt(key)
	c.checkClaim(context.Background(), key)
}

// Tell tells a node of a key of this one, as when it did not answer when it was first told.
func (c *Cluster) Tell(key string, node, incarnation string) {
	h, _ := c.claims.get(key)
	s, _ := c.hub.Get(key)
	c.tellAgain(context.Background(), unheard{node, handOver{key, s.User().ID, h.revision, incarnation}, h.Life, false})
}

// TellLost has the client of a socket told of a loss.
func (c *Cluster) TellLost(key string, life uint64) { c.tellLost(context.Background(), key, life) }
