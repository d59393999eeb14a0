// Package ws turns an upgrade request into a hub socket and carries UTF-8 text both ways, with
// limits, heartbeat and close codes.
//
// [Server] is the http.Handler of /services/<name>. It names the request (service, user, key),
// opens the socket through an [Opener], completes the handshake and lets the HTTP handler
// return: nothing of the request is kept but what scripts may ask for. What happens on a socket
// afterwards goes to a [Handler]; the engine is one. Messages for the client come out of the
// queue the hub keeps.
//
// A socket that is silent costs one parked goroutine and no buffers:
//
//   - The reading goroutine waits until bytes are there (wait_unix.go) and only then takes a
//     pooled buffer. TLS and platforms without readiness take the buffered path behind the same
//     method, [conn.await].
//   - A stack that has grown stays grown. So Handler calls run on a bounded pool of workers
//     (workers.go), and a reader that has handled something leaves the next wait to a fresh
//     goroutine ([conn.read]). The reader waits for the call, which is what keeps the calls of
//     a socket in wire order and apart from each other.
//   - There is no permanent writer. [conn.Wake] starts one (write.go), which drains the queue,
//     puts whole frames together in a pooled buffer, and ends when nothing waits.
//   - Compression (extension.go, deflate.go) keeps nothing between messages.
//   - Frames are kept for nobody: until somebody watches a socket (trace.go), a frame costs one
//     atomic load.
//   - Heartbeats and time-outs are looked at by one timer wheel (wheel.go).
//
// A connection is not the socket. A stateful socket outlives its connections (conn.go): they share
// one [life], the context of its calls, and each waits for the calls of the one before to end. When
// one breaks, the hub keeps the socket detached, and its last connection, from which all that a
// reader and a writer need is gone, waits to hear what becomes of it: the next connection takes
// its life, or the window ends and it has Closed called. What a broken write has handed to the
// kernel whole counts as written, to the byte; the rest goes back to the queue, and to whoever
// comes back. A message may ask for more: that the client confirms it, which it does by answering a ping that
// stands behind it (receipts.go).
//
// Leases. A connection stands on what let its user in, and closes with 4003 when that ends; until then
// it may be renewed (lease.go).
//
// Limits. A bounded number of handshakes is under way at once (gate.go). A socket that sends too
// fast is read more slowly, and closed when it does not let up (pace.go). So are those whose user or address does
// with all its sockets, and their handshakes wait, then are refused (quota.go); what that costs a socket is nothing
// while it is silent. A client that takes
// no bytes is dropped; one that takes them slowly is not, and what it costs is one parked writer,
// one buffer and its queue. A connection that closes has a fixed time for it, and a shorter one when a
// newer connection waits for what it holds.
//
// Who owns what. The reader owns the inbound state and ends the connection; the writer owns the
// outgoing bytes; whoever wants either to do something sets a field under conn.mu and wakes the
// writer, or closes the TCP connection, which wakes the reader. [Server.Drain] closes them one
// after the other, [Server.Shutdown] all at once; both wait for all. No lock is held across a network
// call or a Handler call.
//
// The package does not know what a service does with a message, nor what a key or a queue mode
// means.
package ws
