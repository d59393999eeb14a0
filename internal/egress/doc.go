// Package egress lets requests of scripts out to other servers, and only to those on a list.
//
// A [Transport] is an [net/http.RoundTripper]: whoever follows redirects asks it anew for each hop, so
// every hop is checked. It checks twice. Before a request the host and port of its address must be on
// the list ([Config], [CheckEntry]). When a connection is made the name is resolved once and the very
// address that is dialled is looked at, so that a name whose answer changes cannot lead inside: a name
// on the list reaches public and private addresses, but this machine and its link only if that was
// meant, see [Config.Allow].
//
// Only http and https exist. No proxy is taken from the environment, since it would dial in our place;
// no cookies are kept; certificates are always verified. Size and time of an answer are the caller's
// to bound: the body is read where the budget of the run is known.
//
// A Transport is safe for concurrent use. It knows nothing of scripts.
package egress
