package auth

import "errors"

// Errors of an Authenticate method. They are wrapped with the reason; the edge
// that answers the request turns them into its status.
var (
	// ErrUnauthenticated says that the request does not prove who is calling: 401.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrForbidden says that the caller is known and may not come in: 403.
	ErrForbidden = errors.New("forbidden")
)
