// Package cluster makes all nodes look like one hub. Everything that opens,
// finds, changes or writes to a socket goes through a [Cluster], whoever asks:
// ws for connections, hostapi for scripts, api for the outside.
//
// A node that is alone has no others to ask: every call goes straight to the
// node's own [hub.Hub] (architecture.md 4), and only the keys of durable
// services are claimed, since their queues outlive the process.
//
// # Who has a key
//
// A volatile key says which node it is on. A stateful key is claimed in the
// directory before its socket opens, by compare-and-set: one write when it
// opens, one when it has ended (claims.go, open.go, follow.go). A node whose
// claim is replaced by another's hands the socket over, with tags and queue
// (handover.go), and one that never had the socket says so: the node before it is
// asked then (trail.go). Nothing depends on what a node believes of others: a claim of
// one that is gone is taken like any other, and one that was only cut off finds
// out when its connection is back (tend.go). Who only sends remembers
// owners, and is corrected by them (owners.go, send.go).
//
// # What is sent
//
// A message for one socket is one request to its node, answered with the number
// that wait there; a sender that waits for it is sure of the order. A message
// for many is one request to all nodes, each of which delivers to its own
// sockets (group.go; grouplog.go says how a socket on its way between two nodes gets
// it once). For services with durable queues a message is stored before the
// answer, in the order in which the socket will get it (package outbox); for a
// key whose node is gone the sender stores it itself.
//
// # When a node stops
//
// It saves its detached sockets, and another node takes them from there with
// their claims (adopt.go). The claims of a node that is gone are kept for those
// who come back, and removed after that (sweep.go).
//
// Callers pass a context, expect errors of the way to another node, take a
// [hub.Ref] without a local socket, and handle lists that say which nodes are
// missing. Errors are those of hub. A socket that has ended is [hub.ErrNotFound]
// here, whether it left long ago or between two steps of a call.
package cluster
