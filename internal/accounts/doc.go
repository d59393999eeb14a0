// Package accounts keeps users of the server's own: who they are, and a hash of their password.
//
// [Store] is the only door: login verifies passwords with it, api and the command line list and
// change users. It lies over values with compare-and-set, which the server takes from userdata, so
// users outlive the process and are the same on all nodes. It does not know what a session is; who
// wants to hear of changes watches.
//
// # What is stored
//
//	user/<login>  everything about a user, under the login in lower case
//	id/<id>       the login of the user with an id
//
// So a login is taken by one write, whoever else tries. The id comes first: if the process dies in
// between, an id without a user is left, which nobody notices unless he asks for that id.
//
// # Passwords
//
// Hashes are Argon2id with the second recommended parameters of RFC 9106 (64 MiB, three passes,
// four lanes), which are written beside each hash. A hash made with others is replaced when its
// user logs in. A verification takes the memory it takes, so few run at once, a bounded number
// waits, and for no longer than ten seconds: a flood of logins costs time, not memory. A login that
// does not exist costs what one with a wrong password does.
//
// A [Store] starts no goroutines of its own; Argon2id computes on one for each lane. Its methods
// are safe for concurrent use.
package accounts
