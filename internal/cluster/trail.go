package cluster

import (
	"slices"
	"strings"
)

// A claim says which nodes had the key before ([directory.Claim].Before): who claims a key fetches the socket then, and may
// not come to it, because it does not hear that it has the claim, or another one claims the key meanwhile. The socket stays
// where it was, and whoever has the key next must find it there.

// maxTrail bounds the incarnations a claim names. Each claim that was followed by another before its socket came makes one
// more; with a socket that comes the older ones have no meaning any more, though they stay named.
const maxTrail = 4

// nobody is the incarnation in the claim of a key that lives, though no node is known to have the socket.
const nobody = "-"

// trail returns the incarnations that may have a socket, from a claim's own, "" if it is not to be among them, and from those
// before it, without self; nobody if there is none of them, nil if there never was.
func trail(self, own, before string) (from []string) {
	all := splitTrail(before)
	if own != "" {
		all = append([]string{own}, all...)
	}
	for _, one := range all {
		if one != self && one != nobody && len(from) < maxTrail && !slices.Contains(from, one) {
			from = append(from, one)
		}
	}
	if len(from) == 0 && len(all) > 0 {
		from = []string{nobody}
	}
	return from
}

func splitTrail(before string) []string {
	if before == "" {
		return nil
	}
	return strings.Split(before, ",")
}

func joinTrail(from []string) string { return strings.Join(from, ",") }
