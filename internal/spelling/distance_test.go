package spelling_test

import (
	"strings"
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

func TestNearest(t *testing.T) {
	names := []string{"main_ws_service", "rtk_ws_service", "echo"}
	for word, want := range map[string]string{"main_ws_servise": "main_ws_service", "rtk": "echo", "ecko": "echo", strings.Repeat("a", 65): ""} {
		if got, _ := spelling.Nearest(word, names); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
	if got, distance := spelling.Nearest("echo", nil); got != "" || distance <= len("echo") {
		t.Errorf("of none: %q, %d", got, distance)
	}
}
