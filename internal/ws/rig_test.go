package ws

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/quota"
)

// rig is a server with a hub, a handler made of functions, and a record of what ended.
type rig struct {
	t      testing.TB
	hub    *hub.Hub
	server *Server
	url    string
	log    *safeBuffer

	refusals *auth.Refusals
	quota    *quota.Table

	// What the handler does; nil does nothing. Set before sockets are opened.
	onOpen    func(ctx context.Context, s *hub.Socket) error
	onMessage func(ctx context.Context, s *hub.Socket, text string) error
	onClose   func(s *hub.Socket, reason hub.Reason)

	closed chan ending
}

// ending is one call of Closed.
type ending struct {
	socket *hub.Socket
	reason hub.Reason
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// rigConfig is what a test may want different.
type rigConfig struct {
	ws  Config
	hub hub.Config
	tls bool
	own bool // no HTTP server: the test brings connections of its own

	sendBuffer int // of the kernel, for each connection of the server; 0: as it is

	metrics *metrics.Registry // of both rooms; nil: nothing is counted
	quota   *quota.Config     // of users and addresses; nil: they are not limited

	auth Authenticator // nil: users are taken from the query
}

func (c rigConfig) door() Authenticator {
	if c.auth != nil {
		return c.auth
	}
	return queryAuth{}
}

func newRig(t testing.TB, cfg rigConfig) *rig {
	t.Helper()
	cfg.hub.Metrics = cfg.metrics
	r := &rig{t: t, hub: hub.New(cfg.hub), closed: make(chan ending, 4096), log: &safeBuffer{}}
	r.refusals = auth.NewRefusals()
	deps := Deps{
		Refusals: r.refusals,
		Opener:   localOpener{r.hub},
		Auth:     cfg.door(),
		Local: func(key string) (hub.Ref, bool) {
			s, ok := r.hub.Get(key)
			return hub.Ref{Key: key, Local: s}, ok
		},
		Handler:       r,
		ServiceExists: func(name string) bool { return name == "echo" || name == "other" },
		Logger:        slog.New(slog.NewTextHandler(r.log, nil)),
		Metrics:       cfg.metrics,
	}
	if cfg.quota != nil {
		r.quota = quota.New(*cfg.quota)
		deps.Quota = r.quota
	}
	r.server = New(cfg.ws, deps)
	if !cfg.own {
		hs := httptest.NewUnstartedServer(r.server)
		if cfg.sendBuffer != 0 {
			hs.Config.ConnState = func(nc net.Conn, state http.ConnState) {
				if state == http.StateNew {
					setSendBuffer(nc, cfg.sendBuffer)
				}
			}
		}
		if cfg.tls {
			hs.StartTLS()
		} else {
			hs.Start()
		}
		r.url = hs.URL
		t.Cleanup(hs.Close)
	}
	t.Cleanup(r.shutdown)
	return r
}

func setSendBuffer(nc net.Conn, size int) {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	nc.(*net.TCPConn).SetWriteBuffer(size)
}

func (r *rig) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		r.t.Errorf("shutdown: %v", err)
	}
}

func (r *rig) Opened(ctx context.Context, s *hub.Socket) error {
	if r.onOpen == nil {
		return nil
	}
	return r.onOpen(ctx, s)
}

// Message echoes, unless the test wants something else.
func (r *rig) Message(ctx context.Context, s *hub.Socket, text string) error {
	if r.onMessage == nil {
		_, err := s.Send(hub.NewMessage(text), hub.ModeText)
		return err
	}
	return r.onMessage(ctx, s, text)
}

func (r *rig) Closed(s *hub.Socket, reason hub.Reason) {
	if r.onClose != nil {
		r.onClose(s, reason)
	}
	r.closed <- ending{s, reason}
}

// wantEnd waits for a call of Closed.
func (r *rig) wantEnd(t testing.TB, code int) ending {
	t.Helper()
	e := within(t, r.closed, "the call of Closed")
	if e.reason.Code != code {
		t.Fatalf("the socket ended with %v, want %d", e.reason, code)
	}
	return e
}

// wantNoEnd checks that Closed is not called; whatever could call it has run.
func (r *rig) wantNoEnd(t testing.TB) {
	t.Helper()
	select {
	case e := <-r.closed:
		t.Errorf("an unwanted call of Closed: %v", e.reason)
	default:
	}
}

// socket returns the one socket with a stateful id.
func (r *rig) socket(t testing.TB, id string) *hub.Socket {
	t.Helper()
	s, ok := r.hub.Get(hub.BuildKey("echo", id))
	if !ok {
		t.Fatalf("there is no socket %q", id)
	}
	return s
}

// localOpener opens in a hub, without a cluster.
type localOpener struct{ hub *hub.Hub }

func (o localOpener) Open(_ context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	return o.hub.Open(req)
}

func (o localOpener) VolatileKey(service string) string { return hub.NewVolatileKey(service, 0) }

func (o localOpener) Restore(d hub.Detached, w hub.Waker) (*hub.Conn, error) {
	return o.hub.Restore(d, w)
}

// queryAuth takes the user from the query.
type queryAuth struct{}

func (queryAuth) Authenticate(r *http.Request) (auth.Caller, error) {
	switch user := r.URL.Query().Get("user"); user {
	case "stranger":
		return auth.Caller{}, fmt.Errorf("%w: there is no token", auth.ErrNoCredentials)
	case "nobody":
		return auth.Caller{}, fmt.Errorf("%w: log in first", auth.ErrUnauthenticated)
	case "banned":
		return auth.Caller{}, fmt.Errorf("%w: the account is disabled", auth.ErrForbidden)
	case "broken":
		return auth.Caller{}, fmt.Errorf("the directory does not answer")
	case "unknown":
		return auth.Caller{}, fmt.Errorf("%w: the portal is down", auth.ErrUnavailable)
	default:
		return auth.Caller{User: hub.User{ID: strings.Clone(user)}}, nil
	}
}

// within receives from a channel, or fails.
func within[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case v := <-ch:
		return v
	case <-ctx.Done():
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !cond() {
		if ctx.Err() != nil {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// both runs a test on the path with readiness and on the buffered one.
func both(t *testing.T, cfg rigConfig, test func(t *testing.T, r *rig)) {
	for _, tls := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "TLS"}[tls], func(t *testing.T) {
			cfg.tls = tls
			test(t, newRig(t, cfg))
		})
	}
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
