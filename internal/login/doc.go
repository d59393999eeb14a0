// Package login lets users of accounts in with a browser: the page at /login, sessions kept in the
// durable store, and the [auth.Method] that knows the cookie of a session.
//
// A [Server] is an http.Handler for its paths, an auth.Method for handshakes, and what api
// lists and ends sessions with. Its background work is [Server.Run]. It does not know sockets: it
// gives each caller the [auth.Lease] of his session, and ends that.
//
// # Sessions
//
// A session is a value under session/<hash of its token>; the token itself is in the browser's cookie
// only. It ends when it was not used for a while, after its lifetime, and when somebody ends it. What
// was ended stays for an hour with the reason, so that every node can tell its sockets. A session names
// the epoch of its user; a new password, disabling and removal make another one, and so end all
// sessions of the user with one write.
//
// Tokens, cookies and their renewal at login are those of github.com/alexedwards/scs; its store is
// [store]. Each request of a session reads it and its user, so that what was ended is refused at once on
// every node. Only a write now and then notes that a session is in use, by requests or by open sockets. A user who
// has become another one to scripts has the leases of his sessions ended, and not the sessions.
//
// Leases of open sockets follow the store: Run watches sessions and users, looks at those that change,
// and at all of them where the watch had a gap. See ground.go for why none slips through.
//
// # Against guessing
//
// Failed logins are counted by login and by address, in memory, and in the store for all nodes (shared.go). From a third of the
// allowed number on answers are held back, longer each time; then attempts are refused with 429 and the
// time to wait. A pair of a login and an address that was right lately has a count of its own, so that a
// stranger cannot lock its user out. Verifications are bounded by accounts.
//
// # Against other pages
//
// Forms carry a token made from a cookie, and are taken from the server's own pages only. Cookies count
// for the server's own origin and listed ones ([auth.Origins]); they are HttpOnly and SameSite=Lax, and
// where the client came by TLS Secure with the prefix __Host-. The page loads one style sheet and no
// script. What stands in next is a path of this server or is ignored.
package login
