package peers

import "errors"

var (
	// ErrNameTaken says that a live node has the name; the error around it says which.
	ErrNameTaken = errors.New("the node name is taken")
	// ErrNoAnswer says that a node did not answer in time, or was gone before it answered; the error
	// around it names it. The node may have done what it was asked to all the same.
	ErrNoAnswer = errors.New("no answer")
	// ErrGone says that nobody listened under the name of a node; the error around it names it.
	// The request reached nobody. A node whose connection to NATS is just coming back looks like that, too.
	ErrGone = errors.New("the node is not there")
	// ErrDisconnected says that there is no connection to NATS, or that it broke before the
	// answer came; in the latter case the request may have been carried out.
	ErrDisconnected = errors.New("no connection to NATS")
	// ErrLeft says that [Peers.Leave] was called.
	ErrLeft = errors.New("this node has left the cluster")
	// ErrTooLarge says that a body is larger than [MaxBody], or that more pages wait than that.
	ErrTooLarge = errors.New("too large for a request between nodes")
)

// Codes of failures that this package itself answers with.
const (
	// CodePanic is the code of the failure of a handler that panicked.
	CodePanic = "panic"
	// CodeUnknown is the code for an operation the asked node does not know: it runs another version.
	CodeUnknown = "unknown_operation"
)

// Failure is the answer of a node that could not do what it was asked to; see [Request.Fail].
type Failure struct {
	Node string // who answered
	Code string // a word to decide by
	Text string // what went wrong, for people
}

// Error implements error.
func (f *Failure) Error() string { return "node " + f.Node + ": " + f.Text }
