// Package directory says which node of a cluster owns a stateful key. A node claims the key before it opens a
// socket under it, so that no id is owned by two nodes, and releases it when the socket is over. Sockets
// without a stateful id are not in here.
//
// A [Directory] is the only door. Everything else is JetStream: the claims are the messages of one stream, one
// subject and at most one message for each key.
//
// # What is stored
//
//	sockets.<token>    a claim; token is a hash of the key, the key itself is in the value
//
// A hash, because keys are longer than what NATS keeps per subject and have bytes a subject may not have. The
// value names the key, and whoever reads a claim checks it: two keys with the same token, which nobody will
// meet, are an error and never one claim.
//
// # Compare and set
//
// The revision of a claim is the sequence of its message, never used twice. [Directory.Take] writes with the
// revision it expects as a condition which the stream's leader checks, so of any number of nodes that take a
// key at the same time one wins. A write whose answer is lost may have won all the same. Take repeats it with
// the same condition, and a claim that carries the mark of this very write is its own: the caller never has to
// guess. It has to when time is up before anything is known ([ErrUnavailable]): then the claim may be there or
// still come to be there. It names the node's incarnation, by which a sweep over [Directory.All] finds it.
//
// # Reading
//
// [Directory.Look] asks the leader of the stream and no other replica. Only a leader that has just lost its
// majority and does not know it yet may still answer with what was; a Take after such a reading fails, because
// writing takes the majority.
//
// # Nothing is left
//
// [Directory.Release] removes the message by its sequence. No marker stays behind, so that the memory and the
// disk of the servers follow the claims that are there and not those that ever were: the figures are in
// docs/en/scaling.md.
package directory
