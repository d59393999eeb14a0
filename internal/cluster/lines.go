package cluster

import (
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
)

// lines are the durable queues of the sockets of this node. Safe for concurrent use.
type lines struct {
	mu    sync.Mutex
	byKey map[string]*outbox.Line
}

// get returns the queue of a socket, nil if it has none.
func (l *lines) get(key string) *outbox.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byKey[key]
}

// count adds what is stored for a durable socket, and not in its queue yet, to what waits for it.
func (l *lines) count(info *hub.Info) {
	if line := l.get(info.Key); line != nil {
		messages, bytes := line.Behind()
		info.QueueMessages += messages
		info.QueueBytes += bytes
	}
}

// open enters the queue of a socket that begins here; one of an earlier life of the key ends.
func (l *lines) open(key string, line *outbox.Line) {
	l.mu.Lock()
	if l.byKey == nil {
		l.byKey = map[string]*outbox.Line{}
	}
	old := l.byKey[key]
	l.byKey[key] = line
	l.mu.Unlock()
	if old != nil {
		old.End()
	}
}

// detach says that the connection of a socket is over. The socket may have the next one already.
func (l *lines) detach(key string) {
	if line := l.get(key); line != nil {
		line.Lost()
	}
}

// end ends the queue of a socket that is over.
func (l *lines) end(key string) {
	if line := l.take(key); line != nil {
		line.End()
	}
}

// take takes the queue of a socket out that another node has from now on.
func (l *lines) take(key string) *outbox.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.byKey[key]
	delete(l.byKey, key)
	return line
}
