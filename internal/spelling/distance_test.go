package spelling_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"listen", "listen", 0},
		{"listen", "listens", 1},
		{"lisen", "listen", 1},
		{"listan", "listen", 1},
		{"lisetn", "listen", 1}, // two neighbours swapped
		{"Listen", "listen", 1},
		{"сокет", "сокеты", 1}, // letters, not bytes
		{"abcd", "badc", 2},
		{"kitten", "sitting", 3},
	} {
		if got := spelling.Distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := spelling.Distance(c.b, c.a); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
