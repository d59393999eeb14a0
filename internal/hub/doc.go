// Package hub holds this node's sockets: their keys, their tags, the filters that find
// them, and the queue of messages each of them still has to receive.
//
// A [Socket] is what scripts and the HTTP API address: it has a key, a user, tags and a queue.
// A [Conn] is one connection of a socket. The two are apart because a second connection that
// brings the key of a live socket takes the socket over: tags and queue stay, the older
// connection is told to close with 4001 and from then on is stale. Whatever a stale connection
// still asks of the hub gets nothing and changes nothing, except that it gives back what it holds.
//
// A stateful socket whose connection breaks is detached: it keeps tags and queue, takes
// messages, is in no list, and waits for its user to come back with the key; when its window ends it
// is gone (detached.go). What did not fit a queue, or was in one that is gone, is announced to the client by
// an item of its own when it is back (loss.go, overflow.go): nothing is passed over in silence.
// Detached sockets can be saved and restored, so that they outlive the process. A socket of either state can be
// handed over to another node (handover.go). A durable one has its queue elsewhere, and here only what its
// connection may get now (durable.go).
//
// Who calls whom. The WebSocket room opens sockets with [Hub.Open] and drains them through
// their Conn; senders call [Socket.Send] from anywhere. The hub calls back in one place only:
// the [Waker] a connection was opened with, never while a lock is held. Wake means "look at me":
// a message met an idle queue, the connection shall end, the queue began to overflow, or the socket
// ended that the connection had left detached ([Conn.Final]). Windows end by timers of their own.
//
// What runs concurrently. Everything exported may be called from any goroutine, except that
// the writing side of one Conn (Next, Return) belongs to one goroutine at a time. Sockets are
// spread over shards by key; the lock of a shard guards which sockets exist, their tags and the
// inverted index over those (tag name to value to sockets). The lock of a socket guards its
// connection and its queue. Where both are needed the shard's comes first; those of the limits and of the
// notes on losses come last.
//
// Who must miss nothing of what becomes of stateful sockets follows them with [Hub.Follow], which keeps only the
// latest change of each. What happens to sockets is kept for a while as [Event]s, which are recorded under the lock of the
// shard: [Hub.Present] and [Hub.Events] together give a reader every change once. Readers hold
// nobody up.
//
// A message is immutable and shared by all queues it waits in; tags are immutable sets, replaced
// whole. The hub knows nothing of WebSocket frames (it keeps encoded ones as opaque bytes for
// whoever made them), HTTP, scripts or other nodes.
package hub
