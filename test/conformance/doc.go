// Package conformance holds the WebSocket endpoint against RFC 6455 and RFC 7692, section by section, over TCP
// and over TLS. Its client is written for it alone: it builds frames that lie in every field, cuts what it sends
// wherever it likes, inflates by itself so that it notices what a library forgives, and takes from the server
// only what the RFCs allow. It talks to the echo server of [test/echo], which is the ws room with binary
// messages allowed; what the product refuses beside (binary, more than 64 KiB) is tested in that room.
//
// Without -args -long the large messages are few, with it they are all there.
package conformance
