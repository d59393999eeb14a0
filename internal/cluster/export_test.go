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
