package hostapi

import (
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// CodeCache holds compiled library files for all runs of a server, by address and text: a file is compiled
// once for as long as it stays the same. It is bounded. Safe for concurrent use.
type CodeCache struct {
	globals *basescript.Globals
	mu      sync.Mutex
	entries map[string]*codeEntry
	bytes   int
}

// NewCodeCache returns an empty cache.
func NewCodeCache() *CodeCache { return &CodeCache{globals: Globals()} }

// codeEntry is a file; once guards its compilation, for which others that want it wait.
type codeEntry struct {
	text    string
	once    sync.Once
	program *basescript.Program
	err     error
}

// Limits of a CodeCache: files, and bytes of their text.
const (
	maxCachedFiles = 256
	maxCachedBytes = 16 << 20
)

// Library returns the text of the file at an address compiled as a library against [Globals]. The error is
// a [*basescript.SyntaxError].
func (c *CodeCache) Library(address, text string) (*basescript.Program, error) {
	e := c.entry(address, text)
	e.once.Do(func() {
		options := basescript.Options{Globals: c.globals, Library: true, V2: isNewFile(address)}
		e.program, e.err = basescript.Compile(address, text, options)
	})
	return e.program, e.err
}

// Has reports whether the file with this text is there.
func (c *CodeCache) Has(address, text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[address]
	return e != nil && e.text == text
}

// entry returns the entry of a file, replacing that of an older text. When there is no room others go, in
// no order: runs that have them keep them.
func (c *CodeCache) entry(address, text string) *codeEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.entries[address]
	if old != nil && old.text == text {
		return old
	}
	if old != nil {
		c.drop(address, old)
	}
	for other, e := range c.entries {
		if len(c.entries) < maxCachedFiles && c.bytes+len(text) <= maxCachedBytes {
			break
		}
		c.drop(other, e)
	}
	if c.entries == nil {
		c.entries = make(map[string]*codeEntry)
	}
	e := &codeEntry{text: text}
	c.entries[address] = e
	c.bytes += len(text)
	return e
}

func (c *CodeCache) drop(address string, e *codeEntry) {
	delete(c.entries, address)
	c.bytes -= len(e.text)
}
