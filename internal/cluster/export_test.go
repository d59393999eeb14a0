package cluster

import "github.com/tutorsocket/tutorsocket/internal/directory"

// Doubt has the claim on a key looked at, as when the answer to a write of it was lost.
func (c *Cluster) Doubt(key string, before directory.Held) { c.claims.doubt(key, before) }
