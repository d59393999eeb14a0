package accounts

import (
	"strings"
	"testing"
	"time"
)

// The hash is that of the reference implementation: echo -n password |
// argon2 somesalt -id -t 2 -m 16 -p 4 -l 24, of its own tests.
func TestHashesOfOtherProgramsAreRead(t *testing.T) {
	h, err := parseHash("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches("password") || h.matches("passwore") {
		t.Error("the password is another one")
	}
}

func TestNewHashesAreTheSecondRecommendation(t *testing.T) {
	h := newHash("x", Config{}.withDefaults().Hash)
	text := h.String()
	if !strings.HasPrefix(text, "$argon2id$v=19$m=65536,t=3,p=4$") || len(h.salt) != 16 || len(h.sum) != 32 {
		t.Errorf("got %s", text)
	}
	again, err := parseHash(text)
	if err != nil || !again.matches("x") || newHash("x", h.Params).String() == text {
		t.Errorf("written and read: %v", err)
	}
}

func TestDearAndBrokenHashesAreNotComputed(t *testing.T) {
	for _, text := range []string{
		"", "$", "$$$$$", "x$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1,x$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
	} {
		if h, err := parseHash(text); err == nil {
			t.Errorf("%s is read as %+v", text, h)
		}
	}
}

// An unknown login must not be told by the time: both compute one hash of the same cost, so that
// neither may take more than twice the other, of many.
func TestAnUnknownLoginCostsTheSame(t *testing.T) {
	p := Params{Memory: 8 << 10, Passes: 1, Lanes: 1}
	stored := newHash("password", p)
	took := func(fn func()) time.Duration {
		start := time.Now()
		fn()
		return time.Since(start)
	}
	// What else the machine does takes its time from either; where they differ by themselves no round is even.
	var known, unknown time.Duration
	for range 20 {
		known, unknown = time.Hour, time.Hour
		for range 10 {
			known = min(known, took(func() { stored.matches("wrong") }))
			unknown = min(unknown, took(func() { newHash("wrong", p) }))
		}
		if known < 2*unknown && unknown < 2*known {
			return
		}
	}
	t.Errorf("%v for a known login, %v for an unknown one", known, unknown)
}

func FuzzParseHash(f *testing.F) {
	f.Add(newHash("x", Params{Memory: 64, Passes: 1, Lanes: 1}).String())
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err == nil && (h.String() != text || !h.within(worst)) {
			t.Errorf("%q is read as %q", text, h)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Anna", "АННА", "İ", "ß", "a@b", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, login string) {
		if folded := Fold(login); folded != "" && Fold(folded) != folded {
			t.Errorf("%q folds to %q, and that to %q", login, folded, Fold(folded))
		}
	})
}
