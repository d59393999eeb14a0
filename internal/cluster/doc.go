// Package cluster makes all nodes look like one hub. Everything that opens,
// finds, changes or writes to a socket goes through a [Cluster], whoever asks:
// ws for connections, hostapi for scripts, api for the outside.
//
// A node that is alone has no others to ask: there is no claim on keys and no
// list of owners, every call goes straight to the node's own [hub.Hub]
// (architecture.md 4). Callers must not rely on that. They pass a context,
// expect errors of the way to another node, take a [hub.Ref] without a local
// socket, and handle lists that say which nodes are missing.
//
// Errors are those of hub. A socket that has ended is [hub.ErrNotFound] here,
// whether it left long ago or between two steps of a call.
package cluster
