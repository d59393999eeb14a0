package engine

import "errors"

var (
	// ErrNoAgent says that the app has no agent of the name.
	ErrNoAgent = errors.New("no such agent")
	// ErrBusy says that as many agents run as may.
	ErrBusy = errors.New("too many agents are running")
	// ErrClosed says that the engine was closed, or begins no agents any more.
	ErrClosed = errors.New("the server is shutting down")
	// ErrStopped is why a run ended that somebody stopped.
	ErrStopped = errors.New("on request")
	// ErrRefused is returned by Opened when the hook open returned false.
	ErrRefused = errors.New("the service refused the connection")
	// ErrNoService says that the service of a socket is in the app no more.
	ErrNoService = errors.New("no such service")
)
