package auth

import (
	"net/http"
	"slices"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Caller is who is calling, and on what ground. A value is not modified after it was made, what
// it refers to included.
type Caller struct {
	User     hub.User
	Method   string            // what proved it, one of the Method constants
	Tags     map[string]string // tags a new socket begins with; none of those that say who it is, see [Chain]
	Services []string          // services the caller may open, "*" for all; nil: all
	Lease    *Lease            // how long this holds; nil: for ever
}

// What proves who a caller is.
const (
	MethodDev      = "dev" // nothing: whoever reaches a development server
	MethodJWT      = "jwt"
	MethodWebTutor = "webtutor"
	MethodAccounts = "accounts"
	MethodHeader   = "header"
)

// MayOpen reports whether the caller may open sockets of a service. An empty list that is not nil
// allows none.
func (c Caller) MayOpen(service string) bool {
	return c.Services == nil || slices.Contains(c.Services, "*") || slices.Contains(c.Services, service)
}

// identityTags are the tags that the server sets itself: by them scripts know whose a socket is and what group it is in
// (spec/websocket.md B.2). Claims and fields that become tags may be what users have written into their own profiles.
var identityTags = []string{"user_id", "socket_type", "pong"}

// PosesAs returns the tag by which its owner would pass for somebody else, "" if there is none.
func PosesAs(tags map[string]string) string {
	for _, name := range identityTags {
		if _, ok := tags[name]; ok {
			return name
		}
	}
	return ""
}

// Method is one way to say who is calling. Safe for concurrent use.
type Method interface {
	// Authenticate judges a request, a handshake or one for a page. Its errors wrap one of these:
	// [ErrNoCredentials] if the request brings nothing that this method knows,
	// [ErrUnauthenticated] if what it brings is not valid, [ErrForbidden] if the caller may not
	// come in, [ErrUnavailable] if nobody can say now. Their texts may reach the client and hold
	// no secrets.
	Authenticate(r *http.Request) (Caller, error)
}
