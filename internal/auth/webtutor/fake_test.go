package webtutor_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long tests wait for what must happen.
const patience = 30 * time.Second

// portal is a WebTutor server: it knows sessions by the cookie SessionID.
type portal struct {
	*httptest.Server
	asked atomic.Int64

	mu       sync.Mutex
	sessions map[string]string                            // cookie to answer
	instead  func(w http.ResponseWriter, r *http.Request) // answers in place of the page; nil: the page does
	last     http.Header
}

func newPortal(t *testing.T) *portal {
	p := &portal{sessions: map[string]string{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	p.mu.Lock()
	instead := p.instead
	p.last = r.Header.Clone()
	text, known := "", false
	if c, err := r.Cookie("SessionID"); err == nil {
		text, known = p.sessions[c.Value]
	}
	p.mu.Unlock()
	switch {
	case instead != nil:
		instead(w, r)
	case known:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	default:
		_, _ = w.Write([]byte(`{"id":null}`))
	}
}

// login has a session belong to somebody; logout to nobody.
func (p *portal) login(session, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[session] = answer
}

func (p *portal) logout(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, session)
}

// answer has all requests answered so; nil: by the page again.
func (p *portal) answer(instead func(w http.ResponseWriter, r *http.Request)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instead = instead
}

// away has the server answer as one whose scripts do not work.
func (p *portal) away() {
	p.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
}

func (p *portal) header() http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

const (
	anna  = `{"id":7177256154427237596,"login":"anna","name":"Анна Петрова","admin":false,"fields":{"email":"anna@example.com"}}`
	boris = `{"id":"42","login":"boris","name":"Boris","admin":true,"services":["chat","course"]}`
)

// clock is a time that only tests move.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time        { return time.Unix(0, c.ns.Load()) }
func (c *clock) move(by time.Duration) { c.ns.Add(int64(by)) }

// lines is what was logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// world is a method before a portal, at a time that only the test moves.
type world struct {
	*testing.T
	*webtutor.Method
	portal *portal
	clock  *clock
	lines  *lines
}

func newWorld(t *testing.T, change func(*webtutor.Config)) *world {
	t.Helper()
	w := &world{T: t, portal: newPortal(t), clock: newClock(), lines: &lines{}}
	w.portal.login("a", anna)
	w.portal.login("b", boris)
	cfg := webtutor.Config{
		URL: w.portal.URL + "/tutorsocket_session.html", Cookies: []string{"SessionID", "x-auth-id"},
		Timeout: patience, Cache: 10 * time.Second, Recheck: 60 * time.Second, Grace: 5 * time.Minute,
		InsecureHTTP: true, Clock: w.clock.now, Logger: slog.New(slog.NewTextHandler(w.lines, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.Method, err = webtutor.New(cfg); err != nil {
		t.Fatal(err)
	}
	w.Hurry()
	t.Cleanup(w.Close)
	return w
}

// handshake is what a browser of the portal's page sends.
func handshake(cookies string) *http.Request {
	r := httptest.NewRequest("GET", "https://sockets.example.com/services/chat", nil)
	r.Header.Set("Origin", "https://sockets.example.com")
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	return r
}

// enter logs in, which must succeed, as who is named.
func (w *world) enter(session, id string) auth.Caller {
	w.Helper()
	c, err := w.Authenticate(handshake("SessionID=" + session))
	if err != nil || c.User.ID != id || c.Method != "webtutor" || c.Lease == nil {
		w.Fatalf("session %s is %+v, error %v; want the user %s", session, c, err, id)
	}
	return c
}

// refused tries to log in, which must fail with an error that shows no cookie.
func (w *world) refused(r *http.Request, want error) {
	w.Helper()
	c, err := w.Authenticate(r)
	if !errors.Is(err, want) {
		w.Fatalf("got %+v and error %v, want %v", c, err, want)
	}
	for _, cookie := range r.Header["Cookie"] {
		if _, value, _ := strings.Cut(cookie, "="); len(value) > 5 && strings.Contains(err.Error(), value) {
			w.Fatalf("the error shows the cookie: %v", err)
		}
	}
}

// run checks sessions until the test ends.
func (w *world) run() {
	ended := make(chan error)
	go func() { ended <- w.Method.Run(w.Context()) }()
	w.Cleanup(func() { // the context of the test has ended by now
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
	})
}

// eventually waits for a condition.
func (w *world) eventually(what string, ok func() bool) {
	w.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("%s: it did not happen in time; log: %s", what, w.lines)
		}
	}
}

// over waits for the end of a lease.
func (w *world) over(l *auth.Lease, want string) {
	w.Helper()
	w.eventually("the lease ends", func() bool { _, over := l.Over(); return over })
	if why, _ := l.Over(); why != want {
		w.Errorf("the lease says %q, want %q", why, want)
	}
}

// holds checks that a lease is not over.
func (w *world) holds(l *auth.Lease) {
	w.Helper()
	if why, over := l.Over(); over {
		w.Fatalf("the lease is over: %s", why)
	}
}

// rechecked moves the clock by an interval and waits until the portal was asked once more, at least, and
// nothing is left to ask.
func (w *world) rechecked(by time.Duration) {
	w.Helper()
	before := w.portal.asked.Load()
	w.clock.move(by)
	w.eventually("a check", func() bool { return w.portal.asked.Load() > before && w.Due() == 0 })
}
