package auth

import "net/http"

// Origins tells pages that may use what a browser adds to a request by itself, cookies, from all
// others. It is narrower than the [Guard]: a page of another port of this machine is of the same
// site to a browser, which sends it cookies, and not of the same origin.
type Origins struct {
	listed map[string]bool // as origin.String() writes them
}

// NewOrigins returns the Origins with these besides the own one of each request. Entries that are
// wrong match nothing, and "null" neither: every sandboxed frame has that origin.
func NewOrigins(listed []string) Origins {
	o := Origins{map[string]bool{}}
	for _, text := range listed {
		if parsed, err := parseOrigin(text); err == nil {
			o.listed[parsed.String()] = true
		}
	}
	return o
}

// MayUseCookies reports whether cookies of the request count: it has no Origin, as a page opened
// from an address bar, or that of the server it goes to, or a listed one.
func (o Origins) MayUseCookies(r *http.Request) bool {
	switch origins := r.Header.Values("Origin"); len(origins) {
	case 0:
		return true
	case 1:
		parsed, err := parseOrigin(origins[0])
		return err == nil && (o.listed[parsed.String()] || own(parsed, r))
	}
	return false
}

// Own reports whether a page of the server itself sent the request. Without an Origin nobody knows.
func (o Origins) Own(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) != 1 {
		return false
	}
	parsed, err := parseOrigin(origins[0])
	return err == nil && own(parsed, r)
}

func own(page origin, r *http.Request) bool {
	host, port, err := splitHost(r.Host)
	return err == nil && page.sameAs(host, port, Secure(r))
}
