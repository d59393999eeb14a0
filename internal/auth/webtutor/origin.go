package webtutor

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// origins are the listed ones, as canonical writes them, or "null".
type origins map[string]bool

func newOrigins(listed []string) origins {
	o := origins{}
	for _, text := range listed {
		if scheme, host, ok := canonical(text); ok {
			o[scheme+"://"+host] = true
		} else if text == "null" {
			o[text] = true
		}
	}
	return o
}

// own reports whether the cookies of a request are meant for this server: the page that sends it is of
// the request's own origin or of a listed one. A page over https may talk to a server that sees plain
// http, because a proxy ends the encryption in front of it; the reverse is a downgrade. Without an
// Origin no page opens a WebSocket; of other requests browsers say whether another site is behind them.
func (o origins) own(r *http.Request) bool {
	values := r.Header.Values("Origin")
	switch {
	case len(values) > 1:
		return false
	case len(values) == 0:
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	case o[values[0]]:
		return true
	}
	scheme, host, ok := canonical(values[0])
	if !ok {
		return false
	}
	if o[scheme+"://"+host] {
		return true
	}
	if scheme != "https" && (scheme != "http" || auth.Secure(r)) {
		return false
	}
	_, own, ok := canonical(scheme + "://" + r.Host)
	return ok && own == host
}

// canonical takes apart an origin: lower case, no trailing dot in the name, the scheme's own port left
// out. ok is false for what is none.
func canonical(text string) (scheme, host string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		u.Path != "" && u.Path != "/" {
		return "", "", false
	}
	name, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(name, port)
	case strings.Contains(name, ":"):
		host = "[" + name + "]"
	default:
		host = name
	}
	return u.Scheme, host, name != ""
}
