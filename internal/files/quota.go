package files

import (
	"fmt"
	"sync"
)

// quota bounds what scripts add to a root.
type quota struct {
	what               string
	maxBytes, maxFiles int64

	mu           sync.Mutex // guards what follows
	bytes, files int64
}

// fullError says that a root takes no more.
type fullError string

func (e fullError) Error() string { return string(e) }

// take counts bytes and files that are about to be added, or refuses them.
func (q *quota) take(bytes, files int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+bytes > q.maxBytes {
		return fullError(fmt.Sprintf("%s is full: scripts may keep %d MiB there (scratch.max_bytes)", q.what, q.maxBytes>>20))
	}
	if q.files+files > q.maxFiles {
		return fullError(fmt.Sprintf("%s is full: scripts may keep %d files and folders there", q.what, q.maxFiles))
	}
	q.bytes += bytes
	q.files += files
	return nil
}

// used returns what take has counted and give has not.
func (q *quota) used() (bytes, files int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes, q.files
}

// give counts what was removed. In the app folder that may be more than scripts have added.
func (q *quota) give(bytes, files int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes = max(0, q.bytes-bytes)
	q.files = max(0, q.files-files)
}
