package userdata

import "errors"

var (
	// ErrTooLarge says that a value is larger than the store takes.
	ErrTooLarge = errors.New("value too large")
	// ErrFull says that the store has no room for more; what is removed makes room.
	ErrFull = errors.New("the store is full")
	// ErrBadKey says that a key or a socket's key is empty or too long.
	ErrBadKey = errors.New("bad key")
	// ErrBadValue says that a value is not JSON.
	ErrBadValue = errors.New("value is not JSON")
	// ErrChanged says that a key does not hold what the condition of a write wants.
	ErrChanged = errors.New("the value is another one by now")
	// ErrBadTTL says that a time to live is negative.
	ErrBadTTL = errors.New("negative time to live")
	// ErrUnavailable says that the servers that keep the data do not answer. A write may have been stored all the same.
	ErrUnavailable = errors.New("the store cannot be reached")
	// ErrClosed says that the store, or the connection under it, was closed.
	ErrClosed = errors.New("user data store is closed")
)
