package recent

import (
	"context"
	"iter"
	"sync"
)

// Limits bound what a [Ring] keeps. Both must be positive.
type Limits struct {
	Values int
	Bytes  int // in all, as the ring's size function counts them
}

// Ring keeps the last values added to it. Safe for concurrent use. It has no goroutines; closing it
// only ends those who follow.
type Ring[T any] struct {
	limits Limits
	size   func(T) int

	mu     sync.Mutex // guards what follows; held for moments only
	kept   []sized[T] // kept[i] has number first+i
	first  uint64
	bytes  int
	closed bool
	news   chan struct{} // closed by the next Add or Close; nil while nobody waits
}

type sized[T any] struct {
	value T
	bytes int
}

// Item is a value as readers get it.
type Item[T any] struct {
	Seq   uint64 // counts the values of the ring from 1
	Value T
	// Skipped is how many values were forgotten just before this one, before this reader came to
	// them. Only Follow fills it.
	Skipped uint64
}

// New returns an empty ring. size says how many bytes a value takes; it is called once for each
// value, while the ring is locked.
func New[T any](limits Limits, size func(T) int) *Ring[T] {
	return &Ring[T]{limits: limits, size: size, first: 1}
}

// Add keeps a value and returns its number. The newest value stays even if it alone is beyond the
// limits. A closed ring takes nothing and returns 0.
func (r *Ring[T]) Add(value T) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0
	}
	bytes := r.size(value)
	r.kept = append(r.kept, sized[T]{value, bytes})
	r.bytes += bytes
	for len(r.kept) > 1 && (len(r.kept) > r.limits.Values || r.bytes > r.limits.Bytes) {
		r.bytes -= r.kept[0].bytes
		r.kept[0] = sized[T]{} // the array lives on for a while, its values should not
		r.kept = r.kept[1:]
		r.first++
	}
	r.wake()
	return r.last()
}

// Close ends the sequences of [Ring.Follow] behind the last value. A second call does nothing.
func (r *Ring[T]) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.wake()
}

// Closed says whether the ring was closed.
func (r *Ring[T]) Closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// wake has readers look again. Called with mu held.
func (r *Ring[T]) wake() {
	if r.news != nil {
		close(r.news)
		r.news = nil
	}
}

// Last returns the number of the newest value, 0 before the first. Following after it gives new
// values only.
func (r *Ring[T]) Last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last()
}

// Oldest returns the number of the oldest value that is kept; that of the next one while there is none.
func (r *Ring[T]) Oldest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

func (r *Ring[T]) last() uint64 { return r.first + uint64(len(r.kept)) - 1 }

// batch is how many values a follower copies at a time: enough to make the lock cheap, few enough
// to hold it shortly.
const batch = 128

// Follow yields the values numbered above after, those that are kept and then new ones as they
// come, until ctx ends, the loop is left, or the ring is closed and all was yielded. Values that
// were forgotten before their turn are counted in Skipped of the next one; a number above the
// newest is that of the newest. The sequence can be ranged over more than once, each time anew.
func (r *Ring[T]) Follow(ctx context.Context, after uint64) iter.Seq[Item[T]] {
	return func(yield func(Item[T]) bool) {
		next := min(after, r.Last()) + 1
		buf := make([]sized[T], 0, batch)
		for ctx.Err() == nil {
			values, first, news := r.read(next, buf)
			if len(values) == 0 {
				if news == nil {
					return
				}
				select {
				case <-ctx.Done():
				case <-news:
				}
				continue
			}
			skipped := first - next
			for i, v := range values {
				if ctx.Err() != nil || !yield(Item[T]{Seq: first + uint64(i), Value: v.value, Skipped: skipped}) {
					return
				}
				skipped = 0
			}
			next = first + uint64(len(values))
			clear(values) // nothing is held while waiting
		}
	}
}

// read copies values from number next on into buf and says which number the first of them has.
// Without any it returns a channel that the next Add or Close closes, or none if no more will come.
func (r *Ring[T]) read(next uint64, buf []sized[T]) (values []sized[T], first uint64, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first = max(next, r.first)
	if first <= r.last() {
		kept := r.kept[first-r.first:]
		return append(buf[:0], kept[:min(len(kept), batch)]...), first, nil
	}
	if r.closed {
		return nil, first, nil
	}
	if r.news == nil {
		r.news = make(chan struct{})
	}
	return nil, first, r.news
}

// Newest returns up to n kept values numbered below before, the newest first, and whether there
// are older ones. before 0 begins with the newest of all.
func (r *Ring[T]) Newest(before uint64, n int) (items []Item[T], more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before == 0 || before > r.last()+1 {
		before = r.last() + 1
	}
	for seq := before - 1; seq >= r.first && seq > 0; seq-- {
		if len(items) == n {
			return items, true
		}
		items = append(items, Item[T]{Seq: seq, Value: r.kept[seq-r.first].value})
	}
	return items, false
}
