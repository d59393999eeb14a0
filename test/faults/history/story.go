package history

import (
	"fmt"
	"slices"
	"strings"
)

// Story tells what happened to the connections of a key, for whoever looks for the cause of a fault, and of the
// messages of one sender.
func (h *History) Story(key, from string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	conns, _ := inOrder(h.conns[key])
	for i, c := range conns {
		ending := "open"
		if c.closed {
			ending = []string{"whole", "torn", "over"}[c.ending]
		}
		fmt.Fprintf(&b, "connection %d of %s: asked for at %d, open at %d, %s at %d, noticed at %d:", i, c.User, c.dialed, c.opened, ending, c.ended, c.noticed)
		for _, r := range c.items {
			switch {
			case r.missed != 0:
				fmt.Fprintf(&b, " gap of %d", r.missed)
			case r.from == from:
				fmt.Fprintf(&b, " %d", r.n)
			}
		}
		b.WriteString("\n")
	}
	sends := slices.DeleteFunc(slices.Clone(h.sends[key]), func(s *Send) bool { return s.From != from })
	for _, s := range sends {
		fmt.Fprintf(&b, "%d at %d–%d %s, ", s.N, s.began, s.ended, []string{"?", "taken", "full", "refused"}[s.answer])
	}
	return b.String()
}
