package hub

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// ChangeKind says what became of a stateful socket.
type ChangeKind uint8

const (
	ChangeAttached ChangeKind = iota + 1 // it has a connection, another one than before if it had one
	ChangeDetached                       // it has none, but may again; or it was restored
	ChangeEnded                          // it is gone
	ChangeMoved                          // another node has it; see [Hub.HandOver]
)

// Change is the latest of what became of a socket since it was asked for.
type Change struct {
	Socket *Socket
	Kind   ChangeKind
}

// Following hears what becomes of the stateful sockets of a hub. Nothing is lost, however late it asks, and
// nobody waits for it; but of a socket that has changed more than once meanwhile it hears the latest only. So it
// may hear that one is attached of which it knew that already, and has another connection then; and of the end
// of one that it has never heard of. Safe for concurrent use.
type Following struct {
	hub   *Hub
	ready chan struct{} // has room for one; full when something may wait

	mu      sync.Mutex
	changes []Change
	at      map[*Socket]int // where in changes; no more than one for each socket
}

// Follow begins to follow. Sockets that are there already are not told before they change. Stop must be called
// when nobody calls Next any more.
func (h *Hub) Follow() *Following {
	f := &Following{hub: h, ready: make(chan struct{}, 1), at: map[*Socket]int{}}
	h.followers.replace(func(all []*Following) []*Following { return append(all, f) })
	return f
}

// Stop ends it. What has not been asked for is forgotten. It may be called twice.
func (f *Following) Stop() {
	f.hub.followers.replace(func(all []*Following) []*Following {
		return slices.DeleteFunc(all, func(other *Following) bool { return other == f })
	})
	f.take()
}

// Next waits until something has changed and returns it: at least one change, and one for each socket at most.
// Those of one socket come in their order from call to call, and so do those of sockets that had the same key one
// after the other. It returns the error of ctx when that ends first.
func (f *Following) Next(ctx context.Context) ([]Change, error) {
	for {
		if changes := f.take(); len(changes) > 0 {
			return changes, nil
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *Following) take() []Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	changes := f.changes
	if len(changes) > 0 {
		f.changes, f.at = nil, map[*Socket]int{}
	}
	return changes
}

func (f *Following) add(c Change) {
	f.mu.Lock()
	if i, known := f.at[c.Socket]; known {
		f.changes[i].Kind = c.Kind
	} else {
		f.at[c.Socket] = len(f.changes)
		f.changes = append(f.changes, c)
	}
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// followers are those who follow a hub. The lists are immutable, so that nobody pays for it when there is none.
type followers struct {
	list atomic.Pointer[[]*Following]
}

func (l *followers) replace(change func([]*Following) []*Following) {
	for {
		old := l.list.Load()
		var all []*Following
		if old != nil {
			all = slices.Clone(*old)
		}
		if all = change(all); l.list.CompareAndSwap(old, &all) {
			return
		}
	}
}

// changed tells those who follow. Called with the lock of the socket held, which orders the changes.
func (s *Socket) changed(kind ChangeKind) {
	if !s.stateful {
		return
	}
	all := s.hub.followers.list.Load()
	if all == nil {
		return
	}
	for _, f := range *all {
		f.add(Change{s, kind})
	}
}
