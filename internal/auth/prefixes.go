package auth

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

const (
	// leastBits4 and leastBits6 are those of the largest networks that are anybody's own: 10.0.0.0/8 and fc00::/7. Two
	// halves of all addresses there are would else be let through.
	leastBits4 = 8
	leastBits6 = 7
)

// mappedBits is how much of a mapped IPv6 address stands before the IPv4 one.
const mappedBits = 96

// CheckPrefix says what is wrong with an entry of a list of addresses that are trusted.
func CheckPrefix(text string) error {
	_, err := parsePrefix(text)
	return err
}

// parsePrefix reads an address or a network, such as 10.0.0.7 or 10.0.0.0/8. One that holds all
// addresses there are is refused: whoever trusts everybody is asked for a name he did not choose.
func parsePrefix(text string) (netip.Prefix, error) {
	var p netip.Prefix
	var err error
	if strings.Contains(text, "/") {
		p, err = netip.ParsePrefix(text)
	} else {
		var addr netip.Addr
		if addr, err = netip.ParseAddr(text); err == nil && addr.Zone() == "" {
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
	}
	if addr := p.Addr(); addr.Is4In6() && p.Bits() >= mappedBits {
		p = netip.PrefixFrom(addr.Unmap(), p.Bits()-mappedBits)
	}
	switch {
	case err != nil || !p.IsValid():
		return netip.Prefix{}, fmt.Errorf("%q is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/8", text)
	case p.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%q are all addresses there are: list those of your proxies", text)
	case p.Addr().Is4() && p.Bits() < leastBits4 || p.Addr().Is6() && p.Bits() < leastBits6:
		return netip.Prefix{}, fmt.Errorf("%q is larger than any network of proxies: list the addresses of yours", text)
	}
	return p.Masked(), nil
}

// prefixes are addresses that are trusted.
type prefixes []netip.Prefix

func parsePrefixes(list []string) (prefixes, error) {
	all := make(prefixes, 0, len(list))
	for _, text := range list {
		p, err := parsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// has reports whether an address is trusted. One that is not valid is not.
func (l prefixes) has(addr netip.Addr) bool {
	return slices.ContainsFunc(l, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseHop reads an address as servers and proxies write it: alone, in brackets, or with a port. The
// result is not valid if it is none, such as "unknown" or a name.
func parseHop(text string) (addr netip.Addr, port string) {
	text = strings.TrimSpace(text)
	if host, p, err := net.SplitHostPort(text); err == nil {
		text, port = host, p
	} else if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, ""
	}
	return addr.Unmap().WithZone(""), port
}
