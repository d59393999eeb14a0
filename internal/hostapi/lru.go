package hostapi

import (
	"container/list"
	"sync"
	"time"
)

// lru keeps values of several runs under text keys, within bounds of number and size: what was not
// used for longest goes first. Values must not be changed once they are in. The zero value with its
// bounds set is ready; safe for concurrent use.
type lru struct {
	maxEntries, maxBytes int
	clock                func() time.Time // nil: time.Now

	mu      sync.Mutex
	entries map[string]*list.Element // of *lruEntry
	order   list.List                // used last first
	bytes   int
}

type lruEntry struct {
	key     string
	value   any
	size    int
	expires time.Time // zero: never
}

// sizeEntry is what an entry takes beside its key and value, roughly.
const sizeEntry = 200

func (c *lru) now() time.Time {
	if c.clock != nil {
		return c.clock()
	}
	return time.Now()
}

// get returns a value that has not expired and counts as its use.
func (c *lru) get(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.find(key)
	if e == nil {
		return nil, false
	}
	return e.value, true
}

// find returns a live entry, dropping it if its time is over. c.mu is held.
func (c *lru) find(key string) *lruEntry {
	element := c.entries[key]
	if element == nil {
		return nil
	}
	e := element.Value.(*lruEntry)
	if !e.expires.IsZero() && !c.now().Before(e.expires) {
		c.drop(element)
		return nil
	}
	c.order.MoveToFront(element)
	return e
}

// put stores a value of about size bytes for ttl; 0 means until it has to make room.
func (c *lru) put(key string, value any, size int, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(key, value, size, ttl)
}

// update replaces a value by what change makes of it, nil if there was none; nobody else changes it
// meanwhile. change must not use the cache.
func (c *lru) update(key string, ttl time.Duration, change func(old any) (value any, size int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var old any
	if e := c.find(key); e != nil {
		old = e.value
	}
	value, size := change(old)
	c.store(key, value, size, ttl)
}

// store is put with c.mu held.
func (c *lru) store(key string, value any, size int, ttl time.Duration) {
	if element := c.entries[key]; element != nil {
		c.drop(element)
	}
	e := &lruEntry{key: key, value: value, size: size + len(key) + sizeEntry}
	if ttl > 0 {
		e.expires = c.now().Add(ttl)
	}
	if c.entries == nil {
		c.entries = make(map[string]*list.Element)
	}
	c.entries[key] = c.order.PushFront(e)
	c.bytes += e.size
	for (c.bytes > c.maxBytes || len(c.entries) > c.maxEntries) && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

// remove drops a key and reports whether it held a value that had not expired.
func (c *lru) remove(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.find(key) == nil {
		return false
	}
	c.drop(c.entries[key])
	return true
}

// matching returns the live values whose key is accepted, used last first.
func (c *lru) matching(accept func(key string) bool) []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []any
	for element := c.order.Front(); element != nil; {
		next := element.Next()
		e := element.Value.(*lruEntry)
		switch {
		case !e.expires.IsZero() && !c.now().Before(e.expires):
			c.drop(element)
		case accept(e.key):
			found = append(found, e.value)
		}
		element = next
	}
	return found
}

// drop removes an entry. c.mu is held.
func (c *lru) drop(element *list.Element) {
	e := c.order.Remove(element).(*lruEntry)
	delete(c.entries, e.key)
	c.bytes -= e.size
}
