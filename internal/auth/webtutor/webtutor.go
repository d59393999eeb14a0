package webtutor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// How many requests to WebTutor are under way at once: for new callers, and for sessions that are
// checked again. The others wait.
const (
	maxHandshakes = 32
	maxRechecks   = 16
)

// logWindow is the time in which one request that failed is logged; the others are counted.
const logWindow = time.Minute

// Why leases end.
const (
	whyEnded   = "the WebTutor session has ended"
	whyRights  = "your rights in WebTutor have changed"
	whyUnknown = "the WebTutor session cannot be checked"
)

// Why there was no request. They say nothing of WebTutor but errPaused.
var (
	errBusy    = errors.New("too many requests to WebTutor are under way")
	errPaused  = errors.New("WebTutor does not answer")
	errStopped = errors.New("the request was interrupted")
)

// Method is [auth.Method] for WebTutor sessions.
type Method struct {
	cfg     Config
	page    *page
	origins auth.Origins
	secret  [32]byte // of the keys of sessions, drawn at the start
	now     func() time.Time
	tick    time.Duration // how often Run looks for sessions that are due

	places  chan struct{} // one for each request of new callers that may be under way
	outage  outage
	answers *metrics.Counters
	gauge   *metrics.Gauge

	life context.Context // ends with Close
	stop context.CancelFunc

	mu      sync.Mutex // guards what follows, and the sessions in the table
	table   table
	logged  time.Time // when a failure was logged last
	skipped int       // failures since then
}

// New returns a method for the settings. It reads the files they name; WebTutor need not be there yet.
// The errors begin with the name of a setting.
func New(cfg Config) (*Method, error) {
	if cfg.URL == "" {
		return nil, errors.New("url is not set: say where the WebTutor page is")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p, err := newPage(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Method{
		cfg: cfg, page: p, origins: auth.NewOrigins(cfg.Origins), now: cfg.Clock, tick: max(min(cfg.Recheck/20, time.Second), 5*time.Millisecond),
		places:  make(chan struct{}, maxHandshakes),
		answers: cfg.Metrics.Counters("tutorsocket_auth_webtutor_requests_total", "Requests to WebTutor about a session, by what it said: user, nobody, or error.", "answer"),
		gauge:   cfg.Metrics.Gauge("tutorsocket_auth_webtutor_sessions", "WebTutor sessions whose answers are kept."),
		table:   newTable(),
	}
	m.cfg.Cookies = slices.Clone(cfg.Cookies)
	_, _ = rand.Read(m.secret[:]) // never fails
	m.life, m.stop = context.WithCancel(context.Background())
	return m, nil
}

// Authenticate asks WebTutor who has the session of the request's cookies, unless that is known. Errors:
// [auth.ErrNoCredentials] if none of the cookies is there, or another site has made the browser send
// them; [auth.ErrUnauthenticated] if nobody is logged in, or they are no cookies; [auth.ErrUnavailable]
// if WebTutor does not answer, answers what cannot be understood, or there are too many sessions.
func (m *Method) Authenticate(r *http.Request) (auth.Caller, error) {
	cookies, err := named(r.Header, m.cfg.Cookies)
	if err != nil {
		return auth.Caller{}, err
	}
	if !m.asked(r) {
		return auth.Caller{}, fmt.Errorf("%w: cookies of another origin do not count", auth.ErrNoCredentials)
	}
	return m.who(r.Context(), cookies)
}

func (m *Method) who(ctx context.Context, cookies string) (auth.Caller, error) {
	s, f, mine := m.lookUp(cookies)
	switch {
	case f == nil:
		return auth.Caller{}, fmt.Errorf("%w: there are too many sessions", auth.ErrUnavailable)
	case mine:
		m.fly(m.life, s, f, m.places)
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			return auth.Caller{}, fmt.Errorf("%w: the client has gone", auth.ErrUnavailable)
		}
	}
	switch {
	case f.err != nil:
		return auth.Caller{}, fmt.Errorf("%w: WebTutor gives no answer", auth.ErrUnavailable)
	case f.answer.nobody():
		return auth.Caller{}, fmt.Errorf("%w: nobody is logged in to WebTutor", auth.ErrUnauthenticated)
	}
	return auth.Caller{User: f.answer.user, Method: auth.MethodWebTutor, Services: f.answer.services, Lease: f.lease}, nil
}

// landed is closed from the start: what is known needs no request.
var landed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// lookUp finds or makes the session of cookies, and the flight that says who has it: one that is over if
// the last answer is fresh, one that somebody else makes, or, if it is mine, one to make. No flight means
// that there is no room for the session.
func (m *Method) lookUp(cookies string) (s *session, f *flight, mine bool) {
	k := m.keyOf(cookies)
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	s = m.table.sessions[k]
	switch {
	case s == nil:
		s = &session{key: k, cookies: cookies}
		if !m.table.add(s, now) {
			return nil, nil, false
		}
		m.gauge.Set(int64(len(m.table.sessions)))
	case s.fresh(now, m.cfg.Cache):
		f = &flight{done: landed, answer: s.known}
		if !s.known.nobody() {
			f.lease = s.grant()
		}
		return s, f, false
	case s.flight != nil:
		return s, s.flight, false
	}
	s.flight = &flight{done: make(chan struct{})}
	return s, s.flight, true
}

// keyOf is the name of a session. The hash has a key of this process, so that nothing that shows a name
// says anything about cookies.
func (m *Method) keyOf(cookies string) (k key) {
	h := hmac.New(sha256.New, m.secret[:])
	h.Write([]byte(cookies))
	h.Sum(k[:0])
	return k
}

// fly asks WebTutor about a session and lands the flight. places are those to wait for first; nil: none.
// ctx is not that of a client: others wait for the same answer.
func (m *Method) fly(ctx context.Context, s *session, f *flight, places chan struct{}) {
	asked := m.now()
	a, err := answer{}, errStopped
	defer func() { m.land(s, f, a, err, asked) }()
	request, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	if places != nil {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-request.Done():
			if ctx.Err() == nil {
				err = errBusy
				m.logFailure(err, false)
			}
			return
		}
	}
	asked = m.now()
	if !m.outage.admit(asked) {
		err = errPaused
		return
	}
	a, err = m.page.ask(request, s.cookies)
	if ctx.Err() != nil { // the server stops, which says nothing of WebTutor
		m.outage.dropped()
		a, err = answer{}, errStopped
		return
	}
	m.heard(a, err)
}

// heard counts and logs what a request has come to.
func (m *Method) heard(a answer, err error) {
	var gone awayError
	began, ended := m.outage.over(m.now(), errors.As(err, &gone))
	switch {
	case err != nil:
		m.answers.With("error").Inc()
		m.logFailure(err, began)
	case a.nobody():
		m.answers.With("nobody").Inc()
	default:
		m.answers.With("user").Inc()
	}
	if ended {
		m.cfg.Logger.Info("WebTutor answers again")
	}
}

// logFailure logs one failure a minute and the beginning of an outage, with the number of those that
// were not logged.
func (m *Method) logFailure(err error, began bool) {
	now := m.now()
	m.mu.Lock()
	if !began && !m.logged.IsZero() && now.Before(m.logged.Add(logWindow)) {
		m.skipped++
		m.mu.Unlock()
		return
	}
	skipped := m.skipped
	m.logged, m.skipped = now, 0
	m.mu.Unlock()
	m.cfg.Logger.Warn("WebTutor sessions cannot be checked", slog.String("error", err.Error()), slog.Int("skipped", skipped))
}

// land notes what a flight has found, tells those who wait for it, and ends the lease of the callers
// there were if their ground is gone.
func (m *Method) land(s *session, f *flight, a answer, err error, asked time.Time) {
	m.mu.Lock()
	s.flight = nil
	f.answer, f.err = a, err
	var over *auth.Lease
	var why string
	if err != nil {
		over, why = m.failed(s, err)
	} else {
		over, why = m.settle(s, a, asked)
		if !a.nobody() {
			f.lease = s.grant()
		}
	}
	m.gauge.Set(int64(len(m.table.sessions)))
	m.mu.Unlock()
	over.End(why)
	close(f.done)
}

// settle notes an answer. It returns a lease that is over by it. Called with mu held.
func (m *Method) settle(s *session, a answer, asked time.Time) (over *auth.Lease, why string) {
	lease := s.held()
	switch {
	case lease == nil:
	case a.user.ID != s.known.user.ID:
		over, why = lease, whyEnded
	case a.lessThan(s.known):
		over, why = lease, whyRights
	}
	if over != nil {
		s.lease = weak.Pointer[auth.Lease]{}
	}
	m.table.learn(s, a, asked)
	if a.nobody() {
		m.table.wake(s, asked.Add(min(m.cfg.Cache, nobodyCache)))
	} else {
		m.table.wake(s, asked.Add(spread(m.cfg.Recheck)))
	}
	return over, why
}

// failed notes that a session could not be checked. It returns the lease if the grace is over. Called
// with mu held.
func (m *Method) failed(s *session, err error) (over *auth.Lease, why string) {
	now := m.now()
	lease := s.held()
	if lease == nil && !s.fresh(now, m.cfg.Cache) {
		m.table.remove(s)
		return nil, ""
	}
	if s.failing.IsZero() && err != errBusy && err != errStopped {
		s.failing = now
	}
	if lease != nil && m.graceOver(s, now) {
		m.table.remove(s)
		return lease, whyUnknown
	}
	m.again(s, now)
	return nil, ""
}

// graceOver reports whether a session could not be checked for too long.
func (m *Method) graceOver(s *session, now time.Time) bool {
	return !s.failing.IsZero() && !now.Before(s.failing.Add(m.cfg.Grace))
}

// again has a session that could not be checked looked at soon, and when its grace is over.
func (m *Method) again(s *session, now time.Time) {
	at := now.Add(spread(min(m.cfg.Recheck, maxRetry)))
	if end := s.failing.Add(m.cfg.Grace); !s.failing.IsZero() && end.Before(at) {
		at = end
	}
	m.table.wake(s, at)
}

// maxRetry is how long a session that could not be checked waits at most to be tried again.
const maxRetry = 15 * time.Second

// Close stops the requests under way; who waits for one is refused. The Method is of no use after it.
func (m *Method) Close() {
	m.stop()
	m.page.close()
}
