package timetable

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// mirror is the bucket as this node has seen it, in memory. It lags behind a little; nothing is lost by that,
// since a change of an entry names the revision it is made from.
type mirror struct {
	seen func() // called after each change

	mu      sync.Mutex
	entries map[string]mirrored
	changed chan struct{} // closed by the next change
}

type mirrored struct {
	entry    entry
	revision uint64
	gone     bool // somebody has removed it
	refused  bool // a change from this revision on was refused
}

func newMirror(seen func()) *mirror {
	return &mirror{seen: seen, entries: map[string]mirrored{}, changed: make(chan struct{})}
}

// get returns an entry, with its revision, 0 if there is none, and what the next change closes.
func (m *mirror) get(key string) (e entry, revision uint64, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.entries[key]
	if seen.gone {
		return entry{}, 0, m.changed
	}
	return seen.entry, seen.revision, m.changed
}

// put takes a newer state of an entry.
func (m *mirror) put(key string, e entry, revision uint64, gone bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[key].revision >= revision {
		return
	}
	m.entries[key] = mirrored{entry: e, revision: revision, gone: gone}
	close(m.changed)
	m.changed = make(chan struct{})
}

// stuck notes that a change from a revision on was refused, and says whether one was before: the watch
// has fallen silent then, which it does not notice for a while when NATS was away.
func (m *mirror) stuck(key string, revision uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.entries[key]
	if seen.revision != revision {
		return false
	}
	before := seen.refused
	seen.refused = true
	m.entries[key] = seen
	return before
}

// refresh reads an entry that the watch has not brought.
func (t *Timetable) refresh(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	value, err := t.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil // removed: the watch will tell the revision
	}
	if err == nil {
		t.mirror.see(value)
	}
	return err
}

// follow keeps the mirror until ctx ends. complete is called once all that was there is in it.
func (m *mirror) follow(ctx context.Context, kv jetstream.KeyValue, complete func()) error {
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case update, ok := <-watcher.Updates():
			switch {
			case !ok:
				return errors.New("the watch has ended")
			case update == nil:
				complete()
			default:
				m.see(update)
			}
		}
	}
}

func (m *mirror) see(update jetstream.KeyValueEntry) {
	if update.Operation() != jetstream.KeyValuePut {
		m.put(update.Key(), entry{}, update.Revision(), true)
	} else {
		var e entry
		if json.Unmarshal(update.Value(), &e) != nil {
			return // of a version to come, or nobody's
		}
		m.put(update.Key(), e, update.Revision(), false)
	}
	m.seen()
}

// errChanged says that another node was first.
var errChanged = errors.New("the entry has changed")

// writeTime bounds one write.
const writeTime = 2 * time.Second

// write puts an entry over a revision, over none if it is 0. errChanged: somebody else did.
func (t *Timetable) write(ctx context.Context, key string, e entry, over uint64) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	var revision uint64
	var err error
	if over == 0 {
		revision, err = t.kv.Create(ctx, key, e.encode())
	} else {
		revision, err = t.kv.Update(ctx, key, e.encode(), over)
	}
	if isConflict(err) {
		return errChanged
	}
	if err == nil {
		t.mirror.put(key, e, revision, false)
	}
	return err
}

// isConflict reports that somebody else wrote first. A bucket that several servers keep says so with a code of its own.
func isConflict(err error) bool {
	if errors.Is(err, jetstream.ErrKeyExists) {
		return true
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// conflictPause is how long the mirror may take to show what was in the way.
const conflictPause = 250 * time.Millisecond

// change makes something of an entry, again and again until nobody is in between. fn returns false if there
// is nothing to do any more.
func (t *Timetable) change(ctx context.Context, key string, fn func(*entry) bool) error {
	for {
		e, revision, changed := t.mirror.get(key)
		if revision == 0 || !fn(&e) {
			return nil
		}
		err := t.write(ctx, key, e, revision)
		if !errors.Is(err, errChanged) {
			return err
		}
		select {
		case <-changed:
		case <-time.After(conflictPause):
			if err := t.refresh(ctx, key); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
