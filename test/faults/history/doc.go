// Package history judges what the clients of a server received. A test writes down in a [History] who sent
// what to which socket and what the sender was answered, which connections each socket had and what came on
// them. [History.Judge] then finds every message that was lost, came twice, out of order or to somebody else,
// every loss the server did not announce, and every announcement that does not fit what is missing.
//
// Messages are the items of [Item]. Each sender numbers its messages from 1 on and sends one after the other,
// so the numbers of one sender must rise over all connections of a socket. A message that did not come must
// be counted by a gap that comes before what its sender sent next, or have been handed to a connection that was
// torn before it arrived (design: "Sockets over the wire": plain clients are not covered there), or have waited for a
// socket that ended for good.
//
// A gap node_lost may come later than that: a node that was cut off counts what it lost when it is back.
//
// A History is safe for concurrent use; Judge is called when all is over.
package history
