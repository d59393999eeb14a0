package hostapi

import "time"

// Bounds of what runs share. A cache at its bounds forgets what was not used for longest.
const (
	maxCacheEntries = 10_000
	maxCacheBytes   = 64 << 20
	maxCacheValue   = 4 << 20
	maxCacheKey     = 4096

	// Of a value of GlobalStorage, as JSON and as a copy in memory.
	maxStoredText = 1 << 20
	maxStoredCopy = 8 << 20

	maxSessions     = 10_000
	maxSessionBytes = 64 << 20
	maxSessionValue = 256 << 10
	sessionIdle     = 4 * time.Hour
)

// Shared is what the runs of a server have in common besides user data: caches, locks, sessions. It
// is gone with the process. Safe for concurrent use.
type Shared struct {
	globalCache lru // GlobalCache
	portalCache lru // tools_web.set_data_cache
	sessions    lru // of *sessionData, by session
	locks       lockTable
}

// NewShared returns an empty Shared. clock tells what time it is for what expires; nil means time.Now.
func NewShared(clock func() time.Time) *Shared {
	return &Shared{
		globalCache: lru{maxEntries: maxCacheEntries, maxBytes: maxCacheBytes, clock: clock},
		portalCache: lru{maxEntries: maxCacheEntries, maxBytes: maxCacheBytes, clock: clock},
		sessions:    lru{maxEntries: maxSessions, maxBytes: maxSessionBytes, clock: clock},
	}
}
