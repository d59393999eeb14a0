package versions

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// maxWaiting and maxWaitingBytes bound what waits to be stored.
	maxWaiting      = 10_000
	maxWaitingBytes = 64 << 20
	// storeTime bounds the storing of one version; a store that takes longer is broken.
	storeTime = 10 * time.Second
)

// Recorder stores versions one after the other without holding up whoever adds them.
type Recorder struct {
	store  *Store
	logger *slog.Logger
	news   chan struct{} // has room for one: something was added

	mu      sync.Mutex
	waiting []*Ticket // guarded by mu
	bytes   int       // guarded by mu; of the texts waiting
	ended   bool      // guarded by mu
}

// Ticket is a version on its way into the store.
type Ticket struct {
	script Script
	text   New
	mark   bool // there is no text: only a place in the order
	done   chan struct{}
	v      Version
	err    error
}

// Wait returns the version once it is stored: an older one if that had the same text.
func (t *Ticket) Wait(ctx context.Context) (Version, error) {
	select {
	case <-t.done:
		return t.v, t.err
	default:
	}
	select {
	case <-t.done:
		return t.v, t.err
	case <-ctx.Done():
		return Version{}, ctx.Err()
	}
}

// NewRecorder returns a recorder before a store. What cannot be stored is a warning of the logger.
func NewRecorder(store *Store, logger *slog.Logger) *Recorder {
	return &Recorder{store: store, logger: logger, news: make(chan struct{}, 1)}
}

// Store returns the store, to read from after [Recorder.Sync].
func (r *Recorder) Store() *Store { return r.store }

// Add adds a text to what is to be stored and returns at once. If too much waits, or the recorder has
// ended, the text is left out, and the ticket says so with [ErrBehind] or [ErrClosed].
func (r *Recorder) Add(script Script, n New) *Ticket {
	t := &Ticket{script: script, text: n, done: make(chan struct{})}
	if err := r.add(t); err != nil {
		t.err = err
		close(t.done)
		r.warn(t)
	}
	return t
}

func (r *Recorder) add(t *Ticket) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return ErrClosed
	case len(r.waiting) >= maxWaiting, r.bytes+len(t.text.Source) > maxWaitingBytes:
		return ErrBehind
	}
	r.waiting = append(r.waiting, t)
	r.bytes += len(t.text.Source)
	select {
	case r.news <- struct{}{}:
	default:
	}
	return nil
}

// Sync waits until everything added before is stored. Errors: [ErrBehind], [ErrClosed], that of ctx.
func (r *Recorder) Sync(ctx context.Context) error {
	t := &Ticket{mark: true, done: make(chan struct{})}
	if err := r.add(t); err != nil {
		return err
	}
	_, err := t.Wait(ctx)
	return err
}

// Run stores what is added until ctx ends, then what still waits, and returns nil. A recorder runs once.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		select {
		case <-r.news:
			r.storeAll(ctx)
		case <-ctx.Done():
			r.mu.Lock()
			r.ended = true
			r.mu.Unlock()
			r.storeAll(ctx)
			return nil
		}
	}
}

// storeAll stores what waits. The end of ctx does not stop it, since the store is closed later; but
// then the first failure is that of all the rest.
func (r *Recorder) storeAll(ctx context.Context) {
	var failed error
	for t := r.next(); t != nil; t = r.next() {
		switch {
		case t.mark:
		case failed != nil && ctx.Err() != nil:
			t.err = failed
		default:
			limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
			t.v, _, t.err = r.store.Append(limited, t.script, t.text)
			cancel()
			failed = t.err
		}
		close(t.done)
		if t.err != nil {
			r.warn(t)
		}
	}
}

// next takes the first of those waiting, nil if there are none.
func (r *Recorder) next() *Ticket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.waiting = nil
		return nil
	}
	t := r.waiting[0]
	r.waiting[0] = nil
	r.waiting = r.waiting[1:]
	r.bytes -= len(t.text.Source)
	return t
}

func (r *Recorder) warn(t *Ticket) {
	r.logger.Warn("version of a script is not in its history", "script", t.script.Kind+"/"+t.script.Name, "error", t.err.Error())
}
