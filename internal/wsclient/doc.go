// Package wsclient is the client side of a WebSocket: [Dial] opens a connection, [Conn] carries text both ways,
// measures round trips and ends with a code and a reason.
//
// [Resolve] makes a URL of what a person types, [Meaning] says in words what a close code is, [Recording] keeps a
// connection as the JSON lines that script tests replay.
//
// One goroutine calls Receive, which also answers pings and sees pongs; every other method of a Conn may be called at
// the same time from anywhere. The package starts no goroutine. It does not connect again by itself, and knows
// nothing of terminals.
package wsclient
