package hub

import (
	"sync/atomic"
	"time"
)

// Ref is a socket as scripts and the HTTP API address it: one of this node, one of another, or, where both
// pointers are nil, whichever has the key when it is asked for.
type Ref struct {
	Key    string
	Local  *Socket
	Remote *RemoteSocket
}

// RemoteSocket is a socket of another node as it was when that node told of it: a snapshot. Only what
// is changed through the reference that has it is seen by later reads. Safe for concurrent use.
type RemoteSocket struct {
	node   string
	opened int64 // unix nanoseconds
	tags   atomic.Pointer[tagSet]
}

// NewRemoteSocket makes the snapshot of a socket that a node holds. opened is its [Socket.OpenedAt], which
// tells it from others that have had its key.
func NewRemoteSocket(node string, opened time.Time, tags Tags) *RemoteSocket {
	r := &RemoteSocket{node: node, opened: opened.UnixNano()}
	r.tags.Store(tags.set)
	return r
}

// Node returns the name of the node that held it then.
func (r *RemoteSocket) Node() string { return r.node }

// OpenedAt returns when the socket was opened, by the clock of the node where that was.
func (r *RemoteSocket) OpenedAt() time.Time { return time.Unix(0, r.opened) }

// Tags returns the tags it had then, or has got through this reference since.
func (r *RemoteSocket) Tags() Tags { return Tags{r.tags.Load()} }

// SetTags notes tags that the socket has by now.
func (r *RemoteSocket) SetTags(tags Tags) { r.tags.Store(tags.set) }

// What a reference to a remote socket costs in memory, about: the snapshot, and each tag beside its text.
const (
	remoteSize    = 96
	remoteTagSize = 32
)

// Size returns about how many bytes of memory the snapshot takes.
func (r *RemoteSocket) Size() int {
	size := remoteSize
	for name, value := range r.Tags().All() {
		size += remoteTagSize + len(name) + len(value)
	}
	return size
}
