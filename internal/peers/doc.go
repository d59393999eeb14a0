// Package peers says which nodes there are, and carries requests from one to
// another. It needs an ordinary NATS server or cluster of them, no JetStream, and
// keeps nothing there.
//
// A [Peers] is made by [Join] on a connection that somebody else owns, and ends
// with [Peers.Leave]. Its methods are safe for concurrent use.
//
// # Who is there
//
// Each node publishes a heartbeat every [Config].Beat: its name, its incarnation
// (drawn anew at each start of the process), its tag (32 bits of the incarnation,
// unique among the nodes that are there), its state, and what [Config].About says.
// Who has been silent for [Config].Lapse is gone; who leaves says so. A newcomer
// asks first who is there. A live node of the same name refuses it; one that was
// killed does not answer, so its successor is up at once.
//
// Silence is held against nobody when it may be our own: while the connection is
// down, while our own heartbeats do not come back, and after this process stood
// still. When the connection is back, the node says hello, all others answer.
// After any of these, and when a node is heard again that counted as gone (on both
// sides), [Peers.Reconnected] has a word.
//
// # Requests
//
// [Peers.Ask] asks one node, [Peers.Gather] all with one message, [Peers.Group]
// likewise with a number that receivers can order by. A handler answers whenever
// it likes; whoever asks is told at once when nobody listens there ([ErrGone]) or
// when the connection is down ([ErrDisconnected]), and waits no longer than the
// time-out of the operation. A node that has been silent for a while is probed, which
// tells one that works from one that was killed after it got the request. What was
// published while the connection of the asked node was broken is lost, and ends with
// the time-out.
//
// Each node has three subscriptions for what comes to it (<prefix>.nodes,
// <prefix>.node.<name>, <prefix>.all), which share one channel and one goroutine,
// so what one node has sent is handled in the order in which it was sent, whatever
// the subject; and one subscription for all answers.
//
// Requests say when they were sent. Who has given up must not be surprised by what he has asked for: a request that
// comes to its handler later than its asker waits is dropped, unless its operation is [OpInfo].Late; a handler that goes
// on by itself can look at [Request.Expired]. The clocks of nodes need not agree, and setting them does no harm
// (age.go).
//
// Frames are binary and begin with a version ([parse]). Bodies above what NATS
// takes in one message are cut and joined here, up to [MaxBody].
//
// # The connection
//
// It must echo what it publishes (nats.NoEcho is not set), and should have
// nats.ReconnectBufSize(-1): what is published in the instant in which the
// connection breaks then fails, too, instead of being sent later.
// nats.PingInterval decides how soon a cut that sends no reset is noticed.
//
// The package does not know what requests are about, nor sockets, nor scripts.
package peers
