package login_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// clock is the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestThePageLoadsNothingFromElsewhere(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	resp, page := v.do("GET", "/login", nil)
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if regexp.MustCompile(`<script|<style|\sstyle=|\son\w+=|https?://[^w]`).MatchString(page) {
		t.Errorf("the page has more than it may:\n%s", page)
	}
	for _, m := range regexp.MustCompile(`<link rel="(\w+)" href="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		resp, body := v.do("GET", m[2], nil)
		if resp.StatusCode != 200 || body == "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(body, "url(") {
			t.Errorf("%s: status %d, %d bytes", m[2], resp.StatusCode, len(body))
		}
	}
}

func TestMethodsOfThePaths(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"HEAD", "/login", 200, ""}, {"PUT", "/login", 405, "GET, HEAD, POST"}, {"DELETE", "/logout", 405, "GET, HEAD, POST"},
		{"PUT", "/login/password", 405, "GET, HEAD, POST"}, {"POST", "/login.css", 405, "GET, HEAD"}, {"HEAD", "/login.svg", 200, ""},
	} {
		if resp, _ := v.do(c.method, c.path, nil); resp.StatusCode != c.status || resp.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: status %d, Allow %q", c.method, c.path, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

func TestThePageSpeaksTheVisitorsLanguage(t *testing.T) {
	n := single(t, nil)
	for header, want := range map[string]string{
		"": "en", "ru": "ru", "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7": "ru", "en-US,en;q=0.9,ru;q=0.8": "en", "de, ru;q=0.3": "ru", "de": "en",
		"ru;q=0, en;q=0.1": "en", "ru;q=x": "en", "ru;q=7": "en", ";;,,": "en", "en;q=0.5, RU;q=0.6": "ru",
	} {
		v := visit(t, n)
		resp, page := v.do("GET", "/login", nil, "Accept-Language", header)
		if got := resp.Header.Get("Content-Language"); got != want || !strings.Contains(page, `<html lang="`+want+`">`) {
			t.Errorf("%q gives %s", header, got)
		}
	}
	v := visit(t, n)
	_, page := v.do("GET", "/login?lang=ru&next=/a%3Fb%3D%22%3E", nil, "Accept-Language", "en")
	if !strings.Contains(page, "Войти") || !strings.Contains(page, `href="/login?lang=en&amp;next=%2Fa%3Fb%3D%22%3E"`) {
		t.Errorf("switched:\n%s", page)
	}
	values := hidden(page)
	values.Set("login", "anna")
	values.Set("password", "wrong")
	if _, page = v.do("POST", "/login", values, "Accept-Language", "en"); !strings.Contains(page, "Неверный логин или пароль.") || !strings.Contains(page, `value="anna"`) {
		t.Errorf("after a wrong password:\n%s", page)
	}
}

func TestNextStaysHere(t *testing.T) {
	n := single(t, nil)
	for next, want := range map[string]string{
		"": "/", "/": "/", "/chat/?room=7&x=%2F": "/chat/?room=7&x=%2F", "/чат": "/%D1%87%D0%B0%D1%82", "/a#b": "/a#b",
		"https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "/\t/evil.example": "/",
		"/\n/evil.example": "/", "evil.example": "/", "javascript:alert(1)": "/", "/login": "/", "/logout": "/", " /a": "/", "/a\r\nSet-Cookie: x=y": "/",
		"///evil.example": "/", "/" + strings.Repeat("a", 3000): "/", "/%zz": "/",
	} {
		v := visit(t, n)
		_, page := v.do("GET", "/login?next="+url.QueryEscape(next), nil)
		values := hidden(page)
		if got := values.Get("next"); strings.ReplaceAll(got, "&amp;", "&") != want {
			t.Errorf("%q stands on the page as %q", next, got)
		}
		values.Set("next", next) // as an attacker would send it
		values.Set("login", "anna")
		values.Set("password", password)
		if resp, _ := v.do("POST", "/login", values); resp.StatusCode != 303 || resp.Header.Get("Location") != want {
			t.Errorf("%q leads to %q (status %d)", next, resp.Header.Get("Location"), resp.StatusCode)
		}
	}
}

func TestGuessingIsSlowedAndRefused(t *testing.T) {
	now := &clock{now: time.Now()}
	n := single(t, func(c *login.Config) {
		c.Attempts, c.AddressAttempts, c.Clock, c.FirstDelay = 4, 8, now.Now, time.Millisecond
	})
	from := func(address string) *visitor {
		v := visit(t, n)
		v.header.Set("X-Forwarded-For", address)
		return v
	}
	status := func(v *visitor, name, password string) (int, string, string) {
		resp, page := v.logIn(name, password)
		return resp.StatusCode, resp.Header.Get("Retry-After"), page
	}
	home := from("198.51.100.1")
	if s, _, page := status(home, "anna", password); s != 303 {
		t.Fatalf("status %d: %s", s, page)
	}
	for i := range 4 {
		if s, _, _ := status(from("198.51.100."+strconv.Itoa(10+i)), "anna", "guess"); s != 403 {
			t.Fatalf("guess %d: status %d", i, s)
		}
	}
	if slowed := n.figures.Sum("tutorsocket_login_slowed_total"); slowed != 3 {
		t.Errorf("%v answers were held back", slowed)
	}
	s, wait, page := status(from("198.51.100.20"), "Anna", password)
	if s != 429 || wait != "225" || !strings.Contains(page, "Too many failed attempts. Try again in 4\u00a0minutes.") {
		t.Errorf("status %d, Retry-After %q: %s", s, wait, page)
	}
	if strings.Contains(page, "aria-invalid") || !strings.Contains(page, `aria-describedby="problem" autofocus`) {
		t.Errorf("what was typed is said to be wrong, and is not: %s", page)
	}
	if s, _, _ := status(from("198.51.100.1"), "anna", password); s != 303 {
		t.Errorf("anna herself, where she was before: status %d", s)
	}
	now.Advance(226 * time.Second)
	if s, _, _ := status(from("198.51.100.20"), "anna", password); s != 303 {
		t.Errorf("after the time to wait: status %d", s)
	}
	guesser := from("203.0.113.5")
	for i := range 8 {
		if s, _, _ := status(guesser, "user"+strconv.Itoa(i), "guess"); s != 403 {
			t.Fatalf("guess %d: status %d", i, s)
		}
	}
	if s, wait, _ := status(guesser, "bob", password); s != 429 || wait == "" {
		t.Errorf("one address: status %d, Retry-After %q", s, wait)
	}
	if s, _, _ := status(from("203.0.113.6"), "bob", password); s != 303 {
		t.Errorf("another address: status %d", s)
	}
	for outcome, want := range map[string]float64{"wrong": 12, "refused_login": 1, "refused_address": 1, "right": 4} {
		if got := n.figures.Sum("tutorsocket_login_attempts_total", "outcome", outcome); got != want {
			t.Errorf("%v attempts are counted as %s, want %v", got, outcome, want)
		}
	}
	refused, _ := n.refusals.Newest(0, 1)
	if len(refused) != 1 || refused[0].Value.Status != 429 || refused[0].Value.What != "limit" || refused[0].Value.Remote != "203.0.113.5:0" {
		t.Errorf("refused %+v", refused)
	}
}

// Many attempts at once do not all pass before the first has failed.
func TestGuessingAtOnceIsCounted(t *testing.T) {
	n := single(t, func(c *login.Config) { c.Attempts, c.FirstDelay = 4, time.Millisecond })
	const many = 12
	visitors := make([]*visitor, many)
	forms := make([]url.Values, many)
	for i := range visitors {
		visitors[i] = visit(t, n)
		_, page := visitors[i].do("GET", "/login", nil)
		forms[i] = hidden(page)
		forms[i].Set("login", "anna")
		forms[i].Set("password", "guess")
	}
	var wg sync.WaitGroup
	statuses := make([]int, many)
	for i, v := range visitors {
		wg.Go(func() {
			req, _ := http.NewRequest("POST", v.base+"/login", strings.NewReader(forms[i].Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if resp, err := v.client.Do(req); err == nil {
				resp.Body.Close()
				statuses[i] = resp.StatusCode
			}
		})
	}
	wg.Wait()
	tried := 0
	for _, s := range statuses {
		switch s {
		case 403:
			tried++
		case 429:
		default:
			t.Errorf("status %d", s)
		}
	}
	if tried != 4 {
		t.Errorf("%d were tried", tried)
	}
}

// Whoever guesses does so at all nodes, and after a restart; so does whoever is known from an address.
func TestNodesCountTogether(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	now := &clock{now: time.Now()}
	start := func() *node {
		return startNode(t, js, func(c *login.Config) {
			c.Attempts, c.AddressAttempts, c.Clock, c.FirstDelay = 4, 8, now.Now, time.Millisecond
		})
	}
	first, second := start(), start()
	first.addUsers(t)
	status := func(n *node, address, name, password string) int {
		v := visit(t, n)
		v.header.Set("X-Forwarded-For", address)
		resp, _ := v.logIn(name, password)
		return resp.StatusCode
	}
	if s := status(first, "198.51.100.1", "anna", password); s != 303 {
		t.Fatalf("status %d", s)
	}
	for i, n := range []*node{first, second, first, second} {
		if s := status(n, "198.51.100."+strconv.Itoa(10+i), "Anna", "guess"); s != 403 {
			t.Fatalf("guess %d: status %d", i, s)
		}
		if s := status(n, "198.51.100."+strconv.Itoa(10+i), "nobody", "guess"); s != 403 {
			t.Fatalf("guess %d of nobody: status %d", i, s)
		}
	}
	third := start()
	for what, n := range map[string]*node{"first": first, "second": second, "third": third} {
		if s := status(n, "198.51.100.20", "anna", password); s != 429 {
			t.Errorf("%s node: status %d", what, s)
		}
		if s := status(n, "198.51.100.20", "nobody", "guess"); s != 429 { // or one would learn who exists
			t.Errorf("%s node, nobody: status %d", what, s)
		}
		if s := status(n, "198.51.100.1", "anna", password); s != 303 {
			t.Errorf("%s node, anna herself, where she was before: status %d", what, s)
		}
	}
	for i := range 8 {
		if s := status([]*node{first, second}[i%2], "203.0.113.5", "user"+strconv.Itoa(i), "guess"); s != 403 {
			t.Fatalf("guess %d: status %d", i, s)
		}
	}
	if s := status(third, "203.0.113.5", "bob", password); s != 429 {
		t.Errorf("one address: status %d", s)
	}
	now.Advance(226 * time.Second)
	if s := status(third, "198.51.100.21", "anna", password); s != 303 {
		t.Errorf("after the time to wait: status %d", s)
	}
	now.Advance(24 * time.Hour)
	for i := range 4 {
		if s := status(first, "198.51.100.1", "anna", "guess"); s != 403 {
			t.Fatalf("guess %d: status %d", i, s)
		}
	}
	if s := status(second, "198.51.100.1", "anna", password); s != 429 {
		t.Errorf("an address that was right a day ago: status %d", s)
	}
}

// What people type where a login belongs may be a password, and is not kept.
func TestTypedLoginsAreNotKept(t *testing.T) {
	n := single(t, func(c *login.Config) { c.FirstDelay = time.Millisecond })
	const typed = "secret-of-anna"
	if resp, _ := visit(t, n).logIn(typed, "guess"); resp.StatusCode != 403 {
		t.Fatalf("status %d", resp.StatusCode)
	}
	entries, _, err := n.values.List(t.Context(), "failed/", 100, "")
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d counts are kept, %v", len(entries), err)
	}
	for _, e := range entries {
		value, _, _, err := n.values.GetRevision(t.Context(), e.Key)
		if err != nil || strings.Contains(e.Key+string(value), typed) {
			t.Errorf("%s holds %s, %v", e.Key, value, err)
		}
	}
	for _, r := range refusalsOf(n) {
		if strings.Contains(r, typed) {
			t.Errorf("refused: %s", r)
		}
	}
	if strings.Contains(n.log.String(), typed) {
		t.Errorf("the log is %s", n.log)
	}
}

func refusalsOf(n *node) (all []string) {
	refused, _ := n.refusals.Newest(0, 10)
	for _, r := range refused {
		all = append(all, fmt.Sprintf("%+v", r.Value))
	}
	return all
}
