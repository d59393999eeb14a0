package auth

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// origin is a serialised web origin, taken apart and normalised: lower case, no
// trailing dot in the name, the scheme's default port left out.
type origin struct {
	scheme string
	host   string
	port   string
}

// nullOrigin is what browsers send for pages without an origin of their own:
// files, sandboxed frames, some redirects.
const nullOrigin = "null"

// parseOrigin takes apart an Origin header or a configured origin. A trailing
// slash, often copied from an address bar, is forgiven.
func parseOrigin(text string) (origin, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return origin{}, fmt.Errorf("%q is not an origin such as https://portal.example.com", text)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return origin{}, fmt.Errorf("%q is more than an origin: leave only scheme, host and port", text)
	}
	host, port, err := splitHost(u.Host)
	if err != nil {
		return origin{}, fmt.Errorf("%q: %w", text, err)
	}
	scheme := strings.ToLower(u.Scheme)
	return origin{scheme: scheme, host: host, port: withoutDefault(scheme, port)}, nil
}

func (o origin) String() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port != "" {
		host += ":" + o.port
	}
	return o.scheme + "://" + host
}

// sameAs reports whether a page of this origin was served under the request's
// Host. A page over https may talk to a server that sees plain http, because a
// proxy ends the encryption in front of it; the reverse is a downgrade.
func (o origin) sameAs(host, port string, encrypted bool) bool {
	if o.scheme != "https" && (o.scheme != "http" || encrypted) {
		return false
	}
	return o.host == host && o.port == withoutDefault(o.scheme, port)
}

// splitHost takes apart "host", "host:port" and "[v6]:port" and normalises the
// host. It checks form only as far as comparisons need it.
func splitHost(text string) (host, port string, err error) {
	host = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || strconv.FormatUint(n, 10) != port) {
			return "", "", fmt.Errorf("%q is not a port", port)
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !ok || err != nil || !addr.Is6() {
			return "", "", fmt.Errorf("%q is not an IPv6 address", host)
		}
		return addr.String(), port, nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || strings.HasSuffix(host, ".") || strings.HasPrefix(host, ".") || strings.Contains(host, "..") ||
		strings.ContainsAny(host, " \t/\\@:*?#[]%\"'<>,") {
		return "", "", fmt.Errorf("%q is not a host", text)
	}
	if strings.ContainsFunc(host, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return "", "", fmt.Errorf("%q: write the name as browsers send it, in its xn-- form", text)
	}
	return host, port, nil
}

// withoutDefault drops the port a scheme uses when none is written.
func withoutDefault(scheme, port string) string {
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return ""
	}
	return port
}

// loopback reports whether a normalised host can only mean this machine. Names
// below .localhost are left out: not every resolver keeps them local.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}
