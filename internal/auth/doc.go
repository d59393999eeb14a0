// Package auth says who is calling and from where a call may come. It answers
// with a [Caller] and does not decide what that user may then do.
//
// What lives here:
//
//   - [Method] is one way to say who is calling, and [Chain] asks those of a
//     service in order. [Dev] names the caller of a development server: the
//     built-in administrator, or whoever X-Dev-User asks for; it believes
//     everybody and is therefore only ever used behind a [Guard]. [Header]
//     believes a reverse proxy. The other methods are rooms of their own.
//   - [Lease] is how long the ground of a caller holds. Whoever can end it (a
//     logout, a session that is checked again) and whoever depends on it (the
//     sockets of ws) share it and know nothing else of each other.
//   - [Proxies] puts the client's address in the place of a proxy's; [Peer] is
//     still that of the connection.
//   - [Admin] holds the token that opens the HTTP API, and compares bearer
//     tokens with it.
//   - [Guard] turns away requests a foreign web page could make a browser send:
//     a Host that is not ours (DNS rebinding) and an Origin nobody allowed.
//
// Callers are ws (handshakes), api (bearer tokens) and server (the proxies and
// the guard around everything). All values are safe for concurrent use once
// made. A lease runs nothing but the timer of those who wait for its end, and
// tells each of them on a goroutine of its own.
package auth
