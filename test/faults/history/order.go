package history

import (
	"cmp"
	"slices"
)

// inOrder returns connections of one key in the order in which the server had them. Where they were asked for
// at the same time, what came on them tells; wrong says what contradicts itself.
func inOrder(conns []*Conn) (sorted []*Conn, wrong string) {
	left := slices.Clone(conns)
	slices.SortStableFunc(left, func(a, b *Conn) int { return cmp.Compare(a.opened, b.opened) })
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(c *Conn) bool {
			return !slices.ContainsFunc(left, func(o *Conn) bool { return o != c && o.before(c) })
		})
		if next < 0 {
			next, wrong = 0, "two connections each have messages that come after some of the other"
		}
		sorted = append(sorted, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return sorted, wrong
}

// before reports whether c is known to have been the connection of the socket before o was.
func (c *Conn) before(o *Conn) bool {
	switch {
	case c.opened < o.dialed:
		return true
	case o.opened < c.dialed:
		return false
	}
	first := o.firsts()
	for from, n := range c.firsts() {
		if m, ok := first[from]; ok && n < m {
			return true
		}
	}
	return false
}

// firsts returns the first number of each sender that came on the connection.
func (c *Conn) firsts() map[string]int {
	first := map[string]int{}
	for _, r := range c.items {
		if _, ok := first[r.from]; !ok && r.missed == 0 {
			first[r.from] = r.n
		}
	}
	return first
}
