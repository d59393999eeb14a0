package keys

import "errors"

var (
	// ErrNoKey says that a token has not the form of a key.
	ErrNoKey = errors.New("not an API key")
	// ErrUnknown says that a token is not that of a key there is: its id or its secret is wrong, or it was revoked.
	ErrUnknown = errors.New("not a known API key")
	// ErrExpired says that the time of a key is over.
	ErrExpired = errors.New("the API key has expired")
	// ErrNotFound says that there is no key with an id.
	ErrNotFound = errors.New("no such API key")
	// ErrBadName says that a name cannot be that of a key.
	ErrBadName = errors.New("not a name for a key")
	// ErrBadScope says that there is no such scope, or that a key has none.
	ErrBadScope = errors.New("not a scope")
	// ErrBadTTL says that a key cannot live so long.
	ErrBadTTL = errors.New("not a time for a key to live")
	// ErrTooMany says that there are as many keys as there may be.
	ErrTooMany = errors.New("there are too many API keys")
	// ErrUnavailable says that what is kept of keys cannot be read or written now.
	ErrUnavailable = errors.New("API keys cannot be checked now")
)
