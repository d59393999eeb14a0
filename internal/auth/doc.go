// Package auth says who is calling and from where a call may come. It answers
// with a [hub.User] and does not decide what that user may then do.
//
// Three things live here:
//
//   - [Dev] names the caller of a development server: the built-in
//     administrator, or whoever X-Dev-User asks for. It believes everybody and
//     is therefore only ever used behind a [Guard].
//   - [Admin] holds the token that opens the HTTP API, and compares bearer
//     tokens with it.
//   - [Guard] turns away requests a foreign web page could make a browser send:
//     a Host that is not ours (DNS rebinding) and an Origin nobody allowed.
//
// Callers are ws (handshakes), api (bearer tokens) and server (the guard around
// everything). All values are safe for concurrent use once made.
package auth
