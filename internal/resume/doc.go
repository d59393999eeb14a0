// Package resume keeps detached sockets while no process holds them: over a restart.
//
// A server that drains gives what [hub.Hub.Detached] returns to [Store.Save]; the next one gives what
// [Store.Load] returns back to the hub before its first socket opens. Load takes: what it returned is in
// the store no more, so nothing is delivered twice, whatever becomes of the process then.
//
// The sockets are written as records into one stream of JetStream with a subject per node, not per socket.
// Records are put together, and large ones cut, into pieces of one size (piece.go), so that a thousand
// small sockets are a few writes and a queue may hold a message of any size. A message that waits in many
// queues is written once, and is one message again afterwards (record.go). Each piece says which sockets
// there are in all, where its first record begins, and what its bytes add up to: a piece that is damaged
// or missing costs the sockets that have something in it, the others are read, and the number of those
// that were lost is told.
//
// A [Store] may be used by one goroutine at a time. The package does not know what a socket is good for;
// nor does it read the time: what is left of a resume window is kept as a duration, so that the time
// between two processes does not count.
package resume
