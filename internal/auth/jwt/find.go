package jwt

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Parameter is the query parameter that may hold a token (RFC 6750, 2.3).
const Parameter = "access_token"

// find returns the token that a request brings: in the header Authorization, the cookie, the query or a
// subprotocol. It may be in several places; two different ones are refused, for others may look at the other.
func (m *Method) find(r *http.Request) (string, error) {
	var token string
	var places []string
	differ := false
	add := func(place, found string) {
		if found == "" {
			return
		}
		differ = differ || len(places) > 0 && found != token
		if token = found; !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 {
		return "", fmt.Errorf("%w: the request has %d headers Authorization", auth.ErrUnauthenticated, len(headers))
	}
	if bearer, ok := auth.BearerToken(r); ok {
		add("the header Authorization", bearer)
	} else if len(headers) == 1 && claimsBearer(headers[0]) {
		return "", fmt.Errorf("%w: the header Authorization is not of the form Bearer TOKEN", auth.ErrUnauthenticated)
	}
	for _, found := range r.URL.Query()[Parameter] {
		add("the parameter "+Parameter, found)
	}
	for _, value := range r.Header.Values("Sec-Websocket-Protocol") {
		for protocol := range strings.SplitSeq(value, ",") {
			if found, ok := auth.BearerProtocol(strings.TrimSpace(protocol)); ok {
				add("a subprotocol", found)
			}
		}
	}
	explicit := len(places) > 0
	if m.cfg.Cookie != "" {
		for _, cookie := range r.CookiesNamed(m.cfg.Cookie) {
			add("the cookie "+m.cfg.Cookie, cookie.Value)
		}
	}
	switch {
	case len(places) == 0:
		return "", fmt.Errorf("%w: the request has no token", auth.ErrNoCredentials)
	case differ:
		return "", fmt.Errorf("%w: the request has different tokens, in %s", auth.ErrUnauthenticated, strings.Join(places, " and "))
	case !explicit && !auth.NewOrigins(nil).MayUseCookies(r): // browsers add cookies to handshakes of any page
		return "", fmt.Errorf("%w: a page of another origin must send the token itself; the cookie %s counts on pages of this server only", auth.ErrForbidden, m.cfg.Cookie)
	}
	return token, nil
}

// claimsBearer reports whether a header Authorization is meant for us, whatever it then holds.
func claimsBearer(header string) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(header), " ")
	return strings.EqualFold(scheme, "Bearer")
}
