package userdata

import (
	"regexp"
	"strings"
	"testing"
)

// natsToken is what NATS takes as one token of a key.
var natsToken = regexp.MustCompile(`^[-/_=a-zA-Z0-9]+$`)

func FuzzKeyEncoding(f *testing.F) {
	f.Add("ws_group_recipients", "ws_group")
	f.Add("группа пользователей", "группа")
	f.Add("a.b*c>d =41", "a.")
	f.Add(strings.Repeat("ы", 2000), strings.Repeat("ы", 1500))
	f.Add("\x00\xff\r\n", "\x00")
	f.Fuzz(func(t *testing.T, key, prefix string) {
		token, whole := encodeKey(key)
		if key != "" && !natsToken.MatchString(token) || len(token) > maxToken {
			t.Fatalf("%q becomes %q", key, token)
		}
		if back, ok := unescape(escape(key)); !ok || back != key {
			t.Fatalf("%q comes back as %q, %v", key, back, ok)
		}
		if back, ok := unescape(token); whole && (!ok || back != key) {
			t.Fatalf("token %q stands for %q, %v, not for %q", token, back, ok, key)
		}
		if strings.HasPrefix(key, prefix) && !tokenMayHavePrefix(token, escape(prefix)) {
			t.Fatalf("%q is not found by its prefix %q", key, prefix)
		}
		if other, _ := encodeKey(prefix); prefix != key && other == token {
			t.Fatalf("%q and %q have the same token", key, prefix)
		}
	})
}

func TestLongKeysThatBeginAlikeDiffer(t *testing.T) {
	a, wholeA := encodeKey(strings.Repeat("x", 2000) + "a")
	b, wholeB := encodeKey(strings.Repeat("x", 2000) + "b")
	if a == b || wholeA || wholeB {
		t.Errorf("tokens %q (%v) and %q (%v)", a, wholeA, b, wholeB)
	}
	if _, ok := unescape(a); ok {
		t.Error("a shortened token is taken for a whole one")
	}
}

func TestUnescapeRefusesWhatEscapeDoesNotWrite(t *testing.T) {
	for _, token := range []string{"=", "=4", "a=G0", "==", "=4=41", "=4g"} {
		if got, ok := unescape(token); ok {
			t.Errorf("%q gives %q", token, got)
		}
	}
}
