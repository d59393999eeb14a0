// Package outbox keeps the messages of durable sockets: those with a stateful id, of services with
// "delivery: durable".
//
// What it promises. When the done function of a send says nil the message is stored, and it reaches the client at
// least once, whatever process owns the socket then, unless the socket ends or nobody fetches the message for
// Config.MaxAge; the latter is announced (Config.Lost). Messages reach a socket in the order of the stream,
// which for one sender is that of its sends. An error says that the message is not stored, or that nobody knows;
// then it may still come, but not after a newer one of the same process.
//
// How. All is in one stream of JetStream, which is never written twice for one message and never waits for an
// answer before the next is written. Entries are spread over a fixed number of subjects by the key of the socket,
// a message to many sockets being one entry for each subject. The node that owns a socket has a [Line] for it.
// While the line is live a message goes into the queue of the socket when its place in the stream is known; since
// answers are taken in the order of the writes, that is the order of the stream. Otherwise (the connection is new,
// the queue was full) messages are only stored, and read from the stream from where the queue has got to, in
// portions that the client confirms; when all is read the line goes live, under the lock that every message
// passes, so nothing is left out, doubled or overtaken at the switch. Memory therefore holds what is on its way to
// the store and a portion for each socket, however much is stored.
//
// A client has a message when it has answered a ping that was written behind it (hub.Receipt). Receipts move the
// watermark of the line, and watermarks are stored in the same stream, those of many sockets in a record, up to 100 ms
// later. What is behind the watermark is fed to the next connection: that is "at least once". With the
// watermark is stored which entry was the newest of its writer, so that an entry which arrives when its writer has
// long given it up (a server was cut off, and came back) is recognised by its counter and passed over.
//
// Who owns a socket is not decided here. A process that stores something for a socket of another node tells the
// owner, which calls [Line.Stored]. Because owners change, and those that were given up do not always know, a
// resumed line takes all it delivers from the stream for a time (Config.Settle): what others have stored then
// has its place in the stream before what comes later, and is delivered there.
//
// The stream is trimmed by age. A watermark that stood before the place where the stream begins now means that
// something may be lost, so the watermarks of idle lines are moved to the end of the stream now and then.
// Entries carry the number of the life of their key; those of an earlier one are passed over.
//
// What is at the end of the stream nobody can be asked for where several servers keep it: replicas lag, and a leader that
// was cut off or stood still does not know that it is none any more. A line that has to be sure stores an entry for
// nobody and reads until it finds that; all that was confirmed to anybody before is in front of it. That is one
// small entry for each connection that comes, shared by those that come at the same time on one subject. A place that
// is known to be in the stream is looked for until it is found, in the leader too, or was trimmed. Where the answer to
// a send is lost, lines that are live become unsure. What fails is tried again, with pauses that grow to two seconds.
//
// What runs concurrently. The writer has two goroutines, one that publishes and one that takes answers and calls
// back. A partition that has lines which catch up has one goroutine that reads it once for all of them, with
// one subscription; eight read at once at most. One goroutine stores watermarks and looks after what depends on
// time. Everything exported may be called from anywhere and does not wait for NATS, except where it takes a context.
//
// Limits. A message and its address must fit into one message of NATS (max_payload, 1 MiB unless the server
// is configured otherwise): larger ones are refused with [ErrTooLarge]. Binary messages are not kept as such; services
// have none. The package knows nothing of claims, nodes, connections or scripts.
package outbox
