package ws

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// slowAuth takes as long to say who asks as a test wants.
type slowAuth struct {
	proceed chan struct{}

	mu    sync.Mutex
	order []string
}

func (a *slowAuth) Authenticate(r *http.Request) (auth.Caller, error) {
	user := r.URL.Query().Get("user")
	a.mu.Lock()
	a.order = append(a.order, user)
	a.mu.Unlock()
	<-a.proceed
	return auth.Caller{User: hub.User{ID: user}}, nil
}

// knock sends an upgrade request without a network; the answer is there when done is closed.
func knock(r *rig, ctx context.Context, user string) (answer *httptest.ResponseRecorder, done chan struct{}) {
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/services/echo?user="+user, nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		req.Header.Set(name, value)
	}
	answer, done = httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		r.server.ServeHTTP(answer, req)
	}()
	return answer, done
}

// gated runs a test with two handshakes at once, both of which are under way.
func gated(t *testing.T, test func(t *testing.T, r *rig, a *slowAuth, registry *metrics.Registry)) {
	registry := metrics.New()
	inTime(t, rigConfig{ws: Config{Handshakes: 2}, metrics: registry}, func(t *testing.T, r *rig) {
		a := &slowAuth{proceed: make(chan struct{})}
		r.server.deps.Auth = a
		for _, user := range []string{"1", "2"} {
			knock(r, t.Context(), user)
			synctest.Wait()
		}
		test(t, r, a, registry)
	})
}

func TestHandshakesTakeTurns(t *testing.T) {
	gated(t, func(t *testing.T, r *rig, a *slowAuth, registry *metrics.Registry) {
		giveUp, cancel := context.WithCancel(t.Context())
		_, gone := knock(r, giveUp, "3")
		synctest.Wait()
		for _, user := range []string{"4", "5", "6"} {
			knock(r, t.Context(), user)
			synctest.Wait()
		}
		if running, waiting := registry.Sum("tutorsocket_ws_handshakes", "state", "running"), registry.Sum("tutorsocket_ws_handshakes", "state", "waiting"); running != 2 || waiting != 4 {
			t.Errorf("%v run and %v wait", running, waiting)
		}
		cancel()
		<-gone // who gives up leaves the line
		for range 5 {
			a.proceed <- struct{}{}
			synctest.Wait()
		}
		if want := []string{"1", "2", "4", "5", "6"}; !slices.Equal(a.order, want) {
			t.Errorf("the order was %v", a.order)
		}
		if n := registry.Sum("tutorsocket_ws_handshakes"); n != 0 {
			t.Errorf("%v handshakes are left", n)
		}
	})
}

func TestAHandshakeThatWaitsTooLong(t *testing.T) {
	gated(t, func(t *testing.T, r *rig, a *slowAuth, _ *metrics.Registry) {
		begin := time.Now()
		answer, done := knock(r, t.Context(), "3")
		<-done
		if d := time.Since(begin); d != 10*time.Second {
			t.Errorf("it waited %v", d)
		}
		if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
			t.Errorf("the answer is %d with %v", answer.Code, answer.Header())
		}
		close(a.proceed)
	})
}

// A shutdown does not wait for those whose turn has not come.
func TestAHandshakeThatWaitsAtShutdown(t *testing.T) {
	gated(t, func(t *testing.T, r *rig, a *slowAuth, _ *metrics.Registry) {
		answer, done := knock(r, t.Context(), "3")
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- r.server.Shutdown(t.Context()) }()
		<-done
		if answer.Code != http.StatusServiceUnavailable {
			t.Errorf("the answer is %d", answer.Code)
		}
		close(a.proceed)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(a.order) != 2 {
			t.Errorf("%v began", a.order)
		}
	})
}
