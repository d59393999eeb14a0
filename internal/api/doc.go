// Package api is the HTTP API under /api/v1 and the Go client that speaks it:
// wire types, handlers, the OpenAPI document made from both, and [Client].
//
// [New] returns one http.Handler. Everything behind it is reached through the
// small interfaces in deps.go, which server plugs together; the package knows
// sockets, scripts and log lines only by what it sends and receives. The
// handlers run concurrently, and keep nothing between requests but the answers to
// those with an Idempotency-Key (idempotency.go).
//
// Answers are JSON. Whatever goes wrong is answered with problem details
// (RFC 9457), also what the router or the library below would answer otherwise:
// 400 means that the request cannot be read (JSON, query, filter, key), 422 that it was
// read and a field is wrong. Runs, log lines, events and frames of sockets come as
// event streams (stream.go). A caller shows the admin token as
// "Authorization: Bearer"; only the OpenAPI document is open to everybody.
//
// A client that goes away ends what it was waiting for: its run is stopped.
package api
