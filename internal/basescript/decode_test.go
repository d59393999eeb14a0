package basescript_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// spec/basescript.md 1.13: the text of a file.
func TestDecodeText(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"empty", "", ""},
		{"ASCII", "alert(1)", "alert(1)"},
		{"UTF-8", "Привет", "Привет"},
		{"UTF-8 with its mark", "\ufeffПривет", "Привет"},
		{"Windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"UTF-16", "\xff\xfe\x1f\x04a\x00", "Пa"},
		{"UTF-16, the other order", "\xfe\xff\x04\x1f\x00a", "Пa"},
		{"UTF-16, a pair of units", "\xff\xfe\x3d\xd8\x00\xde", "😀"},
		{"UTF-16, cut", "\xff\xfea\x00b", "a"},
	} {
		if got := basescript.DecodeText([]byte(tc.data)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
