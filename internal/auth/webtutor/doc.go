// Package webtutor logs callers in with the session that their browser has in WebTutor: the cookies of
// the handshake that the settings name, and no others, are sent to a page of the WebTutor server, which
// answers who that is.
//
// A [Method] keeps what it was told for a short while, by a keyed hash of the cookies, so that the
// sockets of one browser ask once, also when they come at the same moment. All callers of a session
// share one lease. As long as somebody holds it, [Method.Run] asks again on an interval; the lease ends
// when WebTutor says that nobody is logged in, or names somebody else, or no longer grants what it did.
// Whoever acts on a caller therefore keeps its lease, or the stop function of its OnEnd, as long as the
// ground matters: a lease that nobody holds is forgotten, and its session with it.
//
// WebTutor may be away. Answers that are fresh still count; new callers get [auth.ErrUnavailable], and
// a lease ends when the grace of the settings is over. After a few failures in a row only one request a
// second is tried until one is answered.
//
// The cookies of a session are kept in memory as long as its lease is held or its answer is fresh,
// because the next check sends them again; that nobody holds a lease is seen when memory is collected,
// and acted on when the session is due. Their number and size are bounded. They are in no error and
// in no record of the log; neither are the page's answers.
//
// A browser sends its cookies whatever page asks it to. So only those of requests count whose Origin is
// the request's own or listed; a request without an Origin counts unless the browser says that another
// site is behind it.
//
// A Method is safe for concurrent use. Locks are held for moments only, never during a request. The
// package knows nothing of sockets; server makes a Method, hands it to the chain of auth and runs it.
package webtutor
