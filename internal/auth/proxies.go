package auth

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Proxies are the reverse proxies that are believed when they say who their client is.
type Proxies struct {
	trusted prefixes
}

// NewProxies makes the list; an empty one believes nobody. Entries are addresses or networks; the
// error says what is wrong with one.
func NewProxies(list []string) (*Proxies, error) {
	trusted, err := parsePrefixes(list)
	if err != nil {
		return nil, fmt.Errorf("trusted_proxies: %w", err)
	}
	return &Proxies{trusted}, nil
}

// Trusts reports whether an address is one of them.
func (p *Proxies) Trusts(addr netip.Addr) bool { return p.trusted.has(addr) }

// arrival is what is known of how a request came here.
type arrival struct {
	peer  netip.Addr // whose connection it is; not valid: it has no address
	https bool       // the client spoke https with a proxy that is trusted
}

type arrivalKey struct{}

// Peer returns the address whose connection a request came by: that of a proxy, if there is one. It is
// not valid if the connection has none.
func Peer(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(arrivalKey{}).(arrival); ok {
		return a.peer
	}
	addr, _ := parseHop(r.RemoteAddr)
	return addr
}

// Secure reports whether the client sent the request encrypted, to this server or to a proxy that is
// trusted.
func Secure(r *http.Request) bool {
	a, _ := r.Context().Value(arrivalKey{}).(arrival)
	return r.TLS != nil || a.https
}

// Handler is a middleware that puts the client's address in the place of a trusted proxy's, as
// RemoteAddr; see [Peer] for that of the proxy. Requests of others keep their own address and lose
// what they say of forwarding. It stands before everything that asks who is calling.
//
// The client is the last address of X-Forwarded-For that is not trusted itself, seen from the right:
// what stands before it anybody may have written. Forwarded (RFC 7239) is read the same way, and only
// where there is no X-Forwarded-For. An entry that is no address ends the search: the proxy that named
// it is the client then.
func (p *Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := arrival{}
		a.peer, _ = parseHop(r.RemoteAddr)
		if p.trusted.has(a.peer) {
			client := p.client(a.peer, r.Header)
			if client.addr != a.peer {
				r.RemoteAddr = client.remoteAddr()
			}
			a.https = client.https
		} else {
			dropForwarding(r.Header)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, a)))
	})
}

// dropForwarding removes what only a proxy may say.
func dropForwarding(h http.Header) {
	for name := range h {
		if name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			delete(h, name)
		}
	}
}

// hop is one who passed a request on, as the next one names him.
type hop struct {
	addr  netip.Addr // not valid: nobody knows
	port  string
	https bool // he sent it encrypted
}

// remoteAddr writes a hop as net/http writes where a request is from.
func (h hop) remoteAddr() string {
	port := h.port
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		port = "0"
	}
	return net.JoinHostPort(h.addr.String(), port)
}

// client returns who sent a request to the outermost proxy that is trusted.
func (p *Proxies) client(peer netip.Addr, header http.Header) hop {
	found := hop{addr: peer}
	hops := forwardedHops
	if len(header["X-Forwarded-For"]) > 0 {
		hops = xForwardedHops
	} else if len(header["Forwarded"]) == 0 {
		found.https = lastProto(header)
		return found
	}
	for h := range hops(header) {
		if !h.addr.IsValid() {
			break
		}
		if found = h; !p.trusted.has(h.addr) {
			break
		}
	}
	return found
}

// xForwardedHops yields the entries of X-Forwarded-For from the last to the first. X-Forwarded-Proto
// says something of each if it has as many, else its last entry is about all.
func xForwardedHops(header http.Header) func(func(hop) bool) {
	return func(yield func(hop) bool) {
		entries := strings.Split(strings.Join(header["X-Forwarded-For"], ","), ",")
		protos := strings.Split(strings.Join(header["X-Forwarded-Proto"], ","), ",")
		for i := len(entries) - 1; i >= 0; i-- {
			proto := protos[len(protos)-1]
			if len(protos) == len(entries) {
				proto = protos[i]
			}
			h := hop{https: isHTTPS(proto)}
			h.addr, h.port = parseHop(entries[i])
			if !yield(h) {
				return
			}
		}
	}
}

func isHTTPS(proto string) bool { return strings.EqualFold(strings.TrimSpace(proto), "https") }

// lastProto reports whether a proxy that names no client says that it was spoken to by https.
func lastProto(header http.Header) bool {
	protos := header["X-Forwarded-Proto"]
	if len(protos) == 0 {
		return false
	}
	last := protos[len(protos)-1]
	return isHTTPS(last[strings.LastIndexByte(last, ',')+1:])
}

// forwardedHops yields the elements of Forwarded from the last to the first. A line that cannot be
// read is one hop that nobody knows; lines after it are those of others.
func forwardedHops(header http.Header) func(func(hop) bool) {
	return func(yield func(hop) bool) {
		for _, line := range slices.Backward(header["Forwarded"]) {
			all, ok := parseForwarded(line)
			if !ok {
				all = []hop{{}}
			}
			for _, h := range slices.Backward(all) {
				if !yield(h) {
					return
				}
			}
		}
	}
}

// parseForwarded reads the elements of a line (RFC 7239, 4). Empty ones are passed over. ok is false if
// not all can be read: what stands at the right of a mistake may be a part of it.
func parseForwarded(text string) (all []hop, ok bool) {
	var h hop
	seen := false // anything of the element
	named := map[string]bool{}
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" || text[0] == ',' {
			if seen {
				all = append(all, h)
			}
			if text == "" {
				return all, true
			}
			h, seen = hop{}, false
			clear(named)
			text = text[1:]
			continue
		}
		name, value, rest, ok := forwardedPair(text)
		if name = strings.ToLower(name); !ok || named[name] {
			return nil, false
		}
		seen, named[name] = true, true
		switch name {
		case "for":
			h.addr, h.port = parseHop(value)
		case "proto":
			h.https = isHTTPS(value)
		}
		text = strings.TrimLeft(rest, " \t")
		if after, more := strings.CutPrefix(text, ";"); more {
			text = after
		} else if text != "" && text[0] != ',' {
			return nil, false
		}
	}
}

// forwardedPair reads one name=value, the value a token or a quoted string.
func forwardedPair(text string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(text, "=")
	if !ok || !isToken(name) {
		return "", "", "", false
	}
	if !strings.HasPrefix(rest, `"`) {
		end := strings.IndexAny(rest, ",; \t")
		if end < 0 {
			end = len(rest)
		}
		// Addresses of IPv6 must be quoted; many forget it, and what they mean is clear.
		value, rest = rest[:end], rest[end:]
		return name, value, rest, value != "" && !strings.ContainsAny(value, `"=`)
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return name, b.String(), rest[i+1:], true
		case c == '\\' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", "", false // the quote does not end
}

// isToken reports whether a text may be the name of something in a header (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	}) < 0
}
