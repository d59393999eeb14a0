package cluster

import (
	"errors"
	"fmt"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// outcomes is what became of a message to many.
type outcomes struct {
	addressed int   // queues that took it
	unstored  int   // durable queues that did not, for certain
	why       error // of one of these; nil: there are none
}

func (o *outcomes) add(other outcomes) {
	if o.unstored == 0 {
		o.why = other.why
	}
	o.addressed += other.addressed
	o.unstored += other.unstored
}

// failure is the error of a message that was not stored for all who were to have it, nil if it was.
func (o *outcomes) failure() error {
	if o.unstored == 0 {
		return nil
	}
	return fmt.Errorf("%w (for %d of %d sockets)", o.why, o.unstored, o.unstored+o.addressed)
}

// tally counts what becomes of a message to many. Safe for concurrent use.
type tally struct {
	mu   sync.Mutex
	open int
	all  outcomes
	done func(outcomes)
}

// newTally returns one that calls done when close was called for it, and one for all that are expected.
func newTally(done func(outcomes)) *tally { return &tally{open: 1, done: done} }

func (t *tally) expect() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open++
}

func (t *tally) one(_ int, err error) { t.several(1, err) }

// several settles one that was expected, which stands for n sockets.
func (t *tally) several(n int, err error) {
	var o outcomes
	switch {
	case err == nil:
		o.addressed = n
	case errors.Is(err, hub.ErrNotStored), errors.Is(err, hub.ErrTooLarge):
		o.unstored, o.why = n, err
	}
	t.settle(o)
}

func (t *tally) close() { t.settle(outcomes{}) }

func (t *tally) settle(o outcomes) {
	t.mu.Lock()
	t.all.add(o)
	t.open--
	last, all := t.open == 0, t.all
	t.mu.Unlock()
	if last {
		t.done(all)
	}
}
