package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// servicesPath is what the paths of socket services begin with.
const servicesPath = "/services/"

// Chain asks methods in order; the first that knows the caller decides. It is a [Method] itself.
type Chain struct {
	Methods  []Method            // for every request
	Services map[string][]Method // for handshakes of a service that has methods of its own; an empty list lets nobody in
}

// Authenticate returns the caller that the first method names which knows one. If none does, the
// error is the one that says most: [ErrUnavailable] before [ErrForbidden] before
// [ErrUnauthenticated] before [ErrNoCredentials]; of several that say as much, the first. An
// error that is none of these counts as ErrUnavailable. A caller who may not open the service
// that the request names gets [ErrForbidden], and so does one whose tags hold user_id, socket_type or pong: these say
// who a socket belongs to, and the server sets them itself.
func (c Chain) Authenticate(r *http.Request) (Caller, error) {
	methods := c.Methods
	service, handshake := strings.CutPrefix(r.URL.Path, servicesPath)
	if own, ok := c.Services[service]; ok && handshake {
		methods = own
	}
	best := fmt.Errorf("%w: nobody is let in here", ErrNoCredentials)
	for i, m := range methods {
		caller, err := m.Authenticate(r)
		switch {
		case err == nil && handshake && !caller.MayOpen(service):
			return Caller{}, fmt.Errorf("%w: you may not open sockets of the service %q", ErrForbidden, service)
		case err == nil && PosesAs(caller.Tags) != "":
			return Caller{}, fmt.Errorf("%w: what says who you are holds the tag %s, which the server sets itself; name it otherwise where it is made", ErrForbidden, PosesAs(caller.Tags))
		case err == nil:
			return caller, nil
		case i == 0 || weight(err) > weight(best):
			best = err
		}
	}
	if weight(best) == weightUnknown {
		best = fmt.Errorf("%w (%w)", ErrUnavailable, best)
	}
	return Caller{}, best
}

const weightUnknown = 4

// weight says how much an error says about the caller.
func weight(err error) int {
	switch {
	case errors.Is(err, ErrUnavailable):
		return 3
	case errors.Is(err, ErrForbidden):
		return 2
	case errors.Is(err, ErrUnauthenticated):
		return 1
	case errors.Is(err, ErrNoCredentials):
		return 0
	}
	return weightUnknown
}
