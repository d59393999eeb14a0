package egress

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// anyHost is the entry that allows every host.
const anyHost = "*"

// entry is one line of the list.
type entry struct {
	host string // lower case; a name, an address, or with below the domain after "*."
	port string // "" for any
	// below makes the entry stand for the names below host, not for host itself.
	below bool
}

// parseEntry reads host, host:port, *.domain, *.domain:port. A literal IPv6 address is written bare,
// or in brackets before a port.
func parseEntry(text string) (entry, error) {
	wrong := func() (entry, error) {
		return entry{}, fmt.Errorf("%q is not a host: write example.com, example.com:8080, *.example.com, 10.0.0.1 or *", text)
	}
	e := entry{host: strings.ToLower(strings.TrimSpace(text))}
	if _, err := netip.ParseAddr(e.host); err != nil {
		if host, port, err := net.SplitHostPort(e.host); err == nil {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return wrong()
			}
			e.host, e.port = host, port
		} else if inner, ok := strings.CutPrefix(e.host, "["); ok {
			e.host = strings.TrimSuffix(inner, "]")
		}
	}
	if rest, ok := strings.CutPrefix(e.host, "*."); ok {
		e.host, e.below = rest, true
	}
	if a, err := netip.ParseAddr(e.host); err == nil {
		if e.below {
			return wrong()
		}
		e.host = a.Unmap().String()
		return e, nil
	}
	if !isHostName(e.host) {
		return wrong()
	}
	return e, nil
}

// CheckEntry says why a text cannot stand on the list; nil if it can.
func CheckEntry(text string) error {
	if text == anyHost {
		return nil
	}
	_, err := parseEntry(text)
	return err
}

// isHostName accepts letters and digits of any script, "-", "_" and "." between them. Dots that only
// look like dots, and slashes that do, are refused before anybody normalises them.
func isHostName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" {
			return false
		}
		for _, c := range label {
			if c == unicode.ReplacementChar || c != '-' && c != '_' && !unicode.In(c, unicode.Letter, unicode.Digit, unicode.Mark) {
				return false
			}
		}
	}
	return true
}

// allowList says where requests may go.
type allowList struct {
	any     bool
	entries []entry
}

func newAllowList(cfg Config) (allowList, error) {
	list := allowList{any: cfg.AnyHost}
	for _, text := range cfg.Allow {
		if text == anyHost {
			list.any = true
			continue
		}
		e, err := parseEntry(text)
		if err != nil {
			return allowList{}, err
		}
		list.entries = append(list.entries, e)
	}
	return list, nil
}

// target is where a URL leads.
type target struct{ host, port string }

// targetOf reads host and port of an http or https URL, as the list writes them.
func targetOf(u *url.URL) (target, error) {
	t := target{host: strings.ToLower(u.Hostname()), port: u.Port()}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return target{}, &SchemeError{Scheme: u.Scheme}
	case t.port == "" && u.Scheme == "https":
		t.port = "443"
	case t.port == "":
		t.port = "80"
	}
	if a, err := netip.ParseAddr(t.host); err == nil {
		if a.Zone() != "" {
			return target{}, &RefusedError{Host: u.Hostname()}
		}
		t.host = a.Unmap().String()
		return t, nil
	}
	if !isHostName(t.host) {
		return target{}, fmt.Errorf("%q is not the name of a host", u.Hostname())
	}
	t.host = strings.TrimSuffix(t.host, ".")
	return t, nil
}

// allows reports whether a request may go there by its name, or its literal address.
func (l allowList) allows(t target) bool {
	return l.any || slices.ContainsFunc(l.entries, func(e entry) bool { return e.matches(t) })
}

func (e entry) matches(t target) bool {
	if e.port != "" && e.port != t.port {
		return false
	}
	if e.below {
		return strings.HasSuffix(t.host, "."+e.host)
	}
	return e.host == strings.TrimSuffix(t.host, ".")
}

// reaches reports whether a name that is allowed may lead to an address. This machine, its link (where
// clouds answer with credentials) and addresses of nobody are reached only where that was meant: the
// address is on the list itself, or the name is localhost.
func (l allowList) reaches(t target, a netip.Addr) bool {
	a = plain(a)
	if l.any || l.allows(target{a.String(), t.port}) {
		return true
	}
	if a.IsLoopback() {
		return t.host == "localhost" || strings.HasSuffix(t.host, ".localhost")
	}
	return !a.IsUnspecified() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && a.IsValid() &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !thisNetwork.Contains(a) && !embedsIPv4(a)
}

// thisNetwork is 0.0.0.0/8, which some systems take for this machine.
var thisNetwork = netip.MustParsePrefix("0.0.0.0/8")

// translating is the prefix under which networks without IPv4 reach an IPv4 address (RFC 6052).
var translating = netip.MustParsePrefix("64:ff9b::/96")

// plain is the IPv4 address that an IPv6 one stands for, or the address itself.
func plain(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if !translating.Contains(a) {
		return a
	}
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// tunnelled are prefixes of IPv6 addresses that some systems turn into an IPv4 address of their own.
var tunnelled = []netip.Prefix{netip.MustParsePrefix("::/96"), netip.MustParsePrefix("2002::/16")}

func embedsIPv4(a netip.Addr) bool {
	return a.Is6() && slices.ContainsFunc(tunnelled, func(p netip.Prefix) bool { return p.Contains(a) })
}
