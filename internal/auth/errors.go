package auth

import "errors"

// Errors of an Authenticate method. They are wrapped with the reason; the edge
// that answers the request turns them into its status.
var (
	// ErrNoCredentials says that the request brings nothing that would say who is calling: 401.
	ErrNoCredentials = errors.New("log in first")
	// ErrUnauthenticated says that the request does not prove who is calling: 401.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrForbidden says that the caller is known and may not come in: 403.
	ErrForbidden = errors.New("forbidden")
	// ErrUnavailable says that who is calling cannot be judged now: 503.
	ErrUnavailable = errors.New("the user cannot be checked now; try again in a moment")
)
