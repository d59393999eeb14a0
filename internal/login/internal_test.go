package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// memory are values without a store; before is called before a value is returned, after it was read.
type memory struct {
	values map[string]json.RawMessage
	reads  int
	before func()
}

func (m *memory) GetRevision(_ context.Context, key string) (json.RawMessage, uint64, bool, error) {
	m.reads++
	v, ok := m.values[key]
	if m.before != nil {
		m.before()
	}
	return v, 1, ok, nil
}

func (m *memory) Replace(_ context.Context, key string, value json.RawMessage, _ time.Duration, _ uint64) (bool, error) {
	m.values[key] = value
	return true, nil
}

func (m *memory) Delete(_ context.Context, key string) (bool, error) {
	_, held := m.values[key]
	delete(m.values, key)
	return held, nil
}

func (m *memory) List(context.Context, string, int, string) ([]userdata.Entry, string, error) {
	return nil, "", errors.New("not listed")
}

func (m *memory) Watch(context.Context, string) (iter.Seq[string], error) {
	return nil, errors.New("not watched")
}

// onlyAnna is a user without a password.
type onlyAnna struct{ Users }

func (onlyAnna) ByLogin(_ context.Context, login string) (accounts.User, error) {
	if login != "anna" {
		return accounts.User{}, accounts.ErrNoUser
	}
	return accounts.User{ID: "41", Login: "anna", Epoch: 1}, nil
}

// fixture has one session, of anna, with a token.
func fixture() (s *Server, m *memory, token string) {
	token = newSecret()
	now := time.Now().UTC()
	text, err := json.Marshal(session{UserID: "41", Login: "anna", Epoch: 1, BegunAt: now, SeenAt: now, Deadline: now.Add(time.Hour)})
	if err != nil {
		panic(err)
	}
	m = &memory{values: map[string]json.RawMessage{sessionPrefix + idOf(token): text}}
	return New(Config{}, onlyAnna{}, m), m, token
}

func withCookie(header string) *http.Request {
	r := httptest.NewRequest("GET", "/services/x", nil)
	r.Header.Set("Cookie", header)
	return r
}

// The logout comes when the session was read and has no lease yet.
func TestALogoutBetweenReadingAndTheLeaseIsSeen(t *testing.T) {
	s, m, token := fixture()
	id := idOf(token)
	m.before = func() {
		m.before = nil
		if ok, err := s.sessions.end(context.Background(), id, whyLoggedOut); !ok || err != nil {
			t.Error(ok, err)
		}
		s.changed(id)
	}
	caller, err := s.Authenticate(withCookie("tutorsocket=" + token))
	if !errors.Is(err, auth.ErrUnauthenticated) || !strings.Contains(err.Error(), whyLoggedOut) {
		t.Errorf("%+v, %v", caller, err)
	}
	if n := s.grounds.len(); n != 0 {
		t.Errorf("%d sessions are held", n)
	}
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	s, _, token := fixture()
	caller, err := s.Authenticate(withCookie("tutorsocket=" + token))
	if err != nil {
		t.Fatal(err)
	}
	s.grounds.sweep()
	if n := s.grounds.len(); n != 1 {
		t.Errorf("%d sessions are held, one is in use", n)
	}
	caller.Lease.End("test")
	s.grounds.sweep()
	if n := s.grounds.len(); n != 0 {
		t.Errorf("%d sessions are held", n)
	}
}

// A socket is open and nobody opens a page: the session is in use. When the socket is gone it is not.
func TestAnOpenSocketIsUseOfItsSession(t *testing.T) {
	s, m, token := fixture()
	id, now := idOf(token), time.Now()
	s.cfg.Clock = func() time.Time { return now }
	s.sessions.clock = s.cfg.Clock
	s.cfg.Idle, s.sessions.idle = 10*time.Minute, 10*time.Minute
	seen := func() time.Time {
		var kept session
		if err := json.Unmarshal(m.values[sessionPrefix+id], &kept); err != nil {
			t.Fatal(err)
		}
		return kept.SeenAt
	}
	caller, err := s.Authenticate(withCookie("tutorsocket=" + token))
	if err != nil {
		t.Fatal(err)
	}
	begun := seen()
	s.noteOpen(t.Context())
	now = now.Add(2 * time.Minute)
	s.noteOpen(t.Context())
	if !seen().Equal(begun) {
		t.Error("a session without a socket is in use")
	}
	close := caller.Lease.OnEnd(func(string) {})
	for range 5 { // 25 minutes, of an hour that it lasts
		s.noteOpen(t.Context())
		if !seen().Equal(now.UTC()) {
			t.Fatalf("the use of the socket is not noted: %v", now.Sub(seen()))
		}
		now = now.Add(5 * time.Minute)
		if _, err := s.Authenticate(withCookie("tutorsocket=" + token)); err != nil {
			t.Fatal(err)
		}
	}
	reads, last := m.reads, seen()
	s.noteOpen(t.Context())
	now = now.Add(time.Minute - time.Second)
	s.noteOpen(t.Context())
	if !seen().Equal(last) || m.reads != reads {
		t.Error("it is noted too often")
	}
	close()
	now = now.Add(5 * time.Minute)
	s.noteOpen(t.Context())
	if !seen().Equal(last) {
		t.Error("a socket that is gone is use")
	}
	if now = now.Add(5 * time.Minute); !seen().Equal(last) {
		t.Error("it is in use")
	}
	if _, err := s.Authenticate(withCookie("tutorsocket=" + token)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("after the idle time: %v", err)
	}
	// Not even an open socket keeps a session beyond its lifetime.
	s, m, token = fixture()
	id, now = idOf(token), time.Now()
	s.cfg.Clock = func() time.Time { return now }
	s.sessions.clock = s.cfg.Clock
	if caller, err = s.Authenticate(withCookie("tutorsocket=" + token)); err != nil {
		t.Fatal(err)
	}
	defer caller.Lease.OnEnd(func(string) {})()
	now = now.Add(time.Hour)
	s.cfg.Idle = time.Minute
	s.noteOpen(t.Context())
	if why, over := caller.Lease.Over(); !over || why != whyOver {
		t.Errorf("after its lifetime: %v %q", over, why)
	}
}

func TestCountsStayBounded(t *testing.T) {
	now := time.Now()
	b := newBuckets(10, Config{AttemptsWindow: time.Minute}.withDefaults())
	b.add("much", 9, now)
	for i := range 3 * maxCounted {
		b.add(fmt.Sprint("address", i), 1, now)
	}
	if len(b.counts) > maxCounted {
		t.Errorf("%d are counted", len(b.counts))
	}
	if b.left("much", now) != 9 {
		t.Error("the one that matters is forgotten")
	}
	if b.left("much", now.Add(30*time.Second)) != 4 || b.left("much", now.Add(time.Hour)) != 0 || b.left("much", now.Add(-time.Hour)) != 9 {
		t.Error("it is not forgotten bit by bit")
	}
}

func TestDelaysGrow(t *testing.T) {
	now := time.Now()
	b := newBuckets(10, Config{}.withDefaults())
	var delays []time.Duration
	for range 10 {
		delays = append(delays, b.add("anna", 1, now))
	}
	ms := time.Millisecond
	want := []time.Duration{0, 0, 0, 250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 4000 * ms, 4000 * ms}
	for i := range want {
		if delays[i] != want[i] {
			t.Fatalf("delays %v, want %v", delays, want)
		}
	}
	if wait := b.wait("anna", now); wait != 90*time.Second {
		t.Errorf("the time to wait is %v", wait)
	}
}

func TestAddressesAreCountedByNetwork(t *testing.T) {
	for remote, want := range map[string]string{
		"198.51.100.7:1": "198.51.100.7", "[2001:db8:1:2:3::4]:1": "2001:db8:1:2::/64", "[::ffff:198.51.100.7]:1": "198.51.100.7",
		"[fe80::1%eth0]:1": "fe80::/64", "@": "@", "": "",
	} {
		if got := network(clientAddress(&http.Request{RemoteAddr: remote})); got != want {
			t.Errorf("%s is counted as %s", remote, got)
		}
	}
}

func TestRussianMinutes(t *testing.T) {
	for n, want := range map[int]string{1: "минуту", 2: "2 минуты", 5: "5 минут", 11: "11 минут", 12: "12 минут", 21: "21 минуту", 24: "24 минуты", 111: "111 минут"} {
		if got := allTexts[russian].minutes(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// Chrome 109 and Firefox 115, the last ones for Windows 7, take a colour written with light-dark() for none.
func TestColoursOfOldBrowsers(t *testing.T) {
	for _, part := range regexp.MustCompile(`--[a-z-]+: [^;]*;`).FindAllString(style, -1) {
		if !regexp.MustCompile(`: (#[0-9a-f]{6}|rgba\([0-9., ]+\));$`).MatchString(part) {
			t.Errorf("%s is no colour everywhere", part)
		}
	}
}

// FuzzCookies: no header Cookie but the one with the token lets anybody in, none makes the server ask
// the store for what is no token, and what is refused is not repeated.
func FuzzCookies(f *testing.F) {
	s, m, token := fixture()
	for _, header := range []string{
		"", "tutorsocket=", "tutorsocket=" + newSecret(), `tutorsocket="` + newSecret() + `"`, "__Host-tutorsocket=" + token, "tutorsocket=x; tutorsocket=y",
		"tutorsocket =x", "a=b; tutorsocket=" + strings.Repeat("A", 42) + "B", "tutorsocket=../user/anna", "tutorsocket-form=" + newSecret(), ";;=;", "tutorsocket=\x00",
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := withCookie(header)
		before := m.reads
		caller, err := s.Authenticate(r)
		if err == nil || !errors.Is(err, auth.ErrNoCredentials) && !errors.Is(err, auth.ErrUnauthenticated) {
			t.Fatalf("%q: %+v, %v", header, caller, err)
		}
		secret, there := secretOf(r, sessionCookie)
		if secret != "" && (!there || !isSecret(secret) || strings.Contains(err.Error(), secret)) {
			t.Errorf("%q: secret %q, %v", header, secret, err)
		}
		if m.reads > before && secret == "" {
			t.Errorf("%q is looked for", header)
		}
		if there == errors.Is(err, auth.ErrNoCredentials) {
			t.Errorf("%q: there is a cookie: %v, and %v", header, there, err)
		}
		w := httptest.NewRecorder()
		page := httptest.NewRequest("GET", "/login", nil)
		page.Header.Set("Cookie", header)
		s.ServeHTTP(w, page)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `type="password"`) {
			t.Errorf("%q: the page has status %d", header, w.Code)
		}
	})
}

// FuzzNext: wherever a browser is led, it is to a path of this server.
func FuzzNext(f *testing.F) {
	for _, next := range []string{"/", "//evil", `/\evil`, "/\t/evil", "/a?b#c", "https://evil", "/..//evil", "/%2f/evil", "/:80", "/@evil"} {
		f.Add(next)
	}
	base, err := url.Parse("https://self.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := localPath(next)
		// As browsers read an address: tabs and line breaks are left out, blanks around too, a backslash is a slash.
		seen := strings.ReplaceAll(strings.Trim(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(got), "\x00 "), `\`, "/")
		to, err := base.Parse(seen)
		if err != nil || to.Host != "self.example" || to.Scheme != "https" || to.User != nil || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads to %v, %v", next, to, err)
		}
		if strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			t.Errorf("%q becomes the header %q", next, got)
		}
	})
}

// FuzzForm: any text as a form is answered with a page, and no text in it is markup.
func FuzzForm(f *testing.F) {
	s, _, _ := fixture()
	secret := newSecret()
	f.Add("anna", "/", "en", "")
	f.Add(`"><script>`, "javascript:", "xx", "\x00")
	f.Fuzz(func(t *testing.T, login, next, lang, rest string) {
		body := url.Values{"login": {login}, "next": {next}, "lang": {lang}, "form": {formToken(secret, loginForm)}}.Encode() + rest
		r := httptest.NewRequest("POST", "/login", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", formCookie+"="+secret)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r) // without a password nobody is asked
		if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest && w.Code != http.StatusForbidden {
			t.Errorf("status %d", w.Code)
		}
		if n := strings.Count(w.Body.String(), "<input"); n != 5 || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("the page has %d fields:\n%s", n, w.Body)
		}
	})
}
