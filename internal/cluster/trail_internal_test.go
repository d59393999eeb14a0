package cluster

import (
	"strings"
	"testing"
)

func TestTrail(t *testing.T) {
	for name, c := range map[string]struct{ own, before, want string }{
		"of nobody's key":       {"", "", ""},
		"of a first claim":      {"a", "", "a"},
		"of a claim before":     {"a", "b,c", "a b c"},
		"without this node":     {"self", "b,self,c", "b c"},
		"of this node alone":    {"self", "", "-"},
		"twice the same":        {"a", "b,a,b", "a b"},
		"of a life without one": {"-", "-", "-"},
		"of what was lost once": {"a", "-", "a"},
		"too long":              {"a", "b,c,d,e", "a b c d"},
	} {
		if got := strings.Join(trail("self", c.own, c.before), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
