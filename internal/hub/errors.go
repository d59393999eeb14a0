package hub

import "errors"

var (
	// ErrNotFound says that no socket has the key.
	ErrNotFound = errors.New("no socket has this key")
	// ErrClosed says that the socket has ended or is being closed: it takes no messages or tags.
	ErrClosed = errors.New("the socket is closed")
	// ErrMoving says that another node has the socket, or is about to: ask there. See [Hub.HandOver].
	ErrMoving = errors.New("another node takes the socket over")
	// ErrQueueFull says that the message was dropped because the queue of the socket overflowed.
	ErrQueueFull = errors.New("the queue of the socket is full; the message was dropped")
	// ErrStale says that the connection is not that of its socket any more.
	ErrStale = errors.New("the connection is not the socket's any more")
	// ErrKeyTaken says that another user has a socket under the key, open or detached.
	ErrKeyTaken = errors.New("the socket id is in use by another user")
	// ErrKeyLive says that a socket is open under the key and connections do not take over.
	ErrKeyLive = errors.New("the socket id is in use by a live connection, which has been ended; connect again")
	// ErrLimit says that there are as many open sockets as there may be. What wraps it says whose, see [LimitError].
	ErrLimit = errors.New("too many sockets")
	// ErrBadKey says that a text is not the key of a socket.
	ErrBadKey = errors.New("not a socket key")
	// ErrBadID says that a text cannot be a stateful id.
	ErrBadID = errors.New("not a stateful socket id")
	// ErrUnavailable says that something needs the other nodes and the cluster cannot be reached now. Trying
	// again later may help.
	ErrUnavailable = errors.New("the cluster cannot be reached now; try again in a moment")
	// ErrNoAnswer says that the node which has the socket did not answer in time. What wraps it names the
	// node. Whether what was asked of it has happened is not known.
	ErrNoAnswer = errors.New("the node that has the socket did not answer in time")
	// ErrTooLarge says that a message of a service with durable delivery is larger than the store takes.
	ErrTooLarge = errors.New("the message is too large")

	// ErrNotStored says that a message of a service with durable delivery could not be stored: it will not be
	// delivered, unless an answer of the store was all that was lost. What wraps it says why.
	ErrNotStored = errors.New("the message could not be stored")
	// ErrTagLimit says that tags exceed what one socket may carry.
	ErrTagLimit = errors.New("tag limit")
)

// LimitError wraps [ErrLimit] and says whose limit it is.
type LimitError struct {
	Of   string // "total", "per_user" or "per_address"
	text string
}

func (e *LimitError) Error() string { return ErrLimit.Error() + ": " + e.text }

// Unwrap returns [ErrLimit].
func (e *LimitError) Unwrap() error { return ErrLimit }
