package ws

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestRefusals(t *testing.T) {
	r := newRig(t, rigConfig{})
	taken := dial(t, r.url, "/services/echo?X-StatefulSocketId=taken&user=u1")
	tests := []struct {
		name, target string
		status       int
		detail       string
	}{
		{"unknown service", "/services/nope", 404, "/services/nope"},
		{"no service", "/services/", 404, "no socket service"},
		{"deeper path", "/services/echo/more", 404, "no socket service"},
		{"impossible name", "/services/%00", 404, "no socket service"},
		{"empty id", "/services/echo?X-StatefulSocketId=", 400, "empty"},
		{"long id", "/services/echo?X-StatefulSocketId=" + repeat("x", 257), 400, "257 bytes"},
		{"control character", "/services/echo?X-StatefulSocketId=a%0Ab", 400, "control character"},
		{"invalid UTF-8", "/services/echo?X-StatefulSocketId=%ff", 400, "UTF-8"},
		{"two ids", "/services/echo?X-StatefulSocketId=a&X-StatefulSocketId=b", 400, "more than once"},
		{"broken query", "/services/echo?X-StatefulSocketId=%zz", 400, "percent-encode"},
		{"semicolon in the query", "/services/echo?X-StatefulSocketId=a;b", 400, "percent-encode"},
		{"not logged in", "/services/echo?user=nobody", 401, "log in first"},
		{"no credentials", "/services/echo?user=stranger", 401, "there is no token"},
		{"forbidden", "/services/echo?user=banned", 403, "account is disabled"},
		{"directory down", "/services/echo?user=broken", 503, "cannot be checked now"},
		{"portal down", "/services/echo?user=unknown", 503, "cannot be checked now"},
		{"id of another user", "/services/echo?X-StatefulSocketId=taken&user=u2", 403, "another user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := ask(t, r.url, tt.target, nil)
			wantProblem(t, c.response, tt.status, tt.detail)
			if c.response.StatusCode == 401 && c.response.Header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 without WWW-Authenticate")
			}
		})
	}
	taken.text("still here")
	taken.wantText("still here")
	if !strings.Contains(r.log.String(), "the directory does not answer") {
		t.Error("the log does not say why users cannot be checked")
	}
}

func wantProblem(t *testing.T, resp *http.Response, status int, detail string) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal(body, &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("status %d, %s: %q is no problem details", resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
	if resp.StatusCode != status || p.Status != status || p.Title != http.StatusText(status) || !strings.Contains(p.Detail, detail) {
		t.Errorf("status %d, %s; want %d with %q", resp.StatusCode, body, status, detail)
	}
}

func TestRequestsThatAreNoUpgrade(t *testing.T) {
	r := newRig(t, rigConfig{})
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		detail string
	}{
		{"plain GET", func(q *http.Request) { q.Header.Del("Upgrade") }, 426, "ws://"},
		{"no Connection", func(q *http.Request) { q.Header.Set("Connection", "keep-alive") }, 426, "ws://"},
		{"POST", func(q *http.Request) { q.Method = "POST" }, 405, "POST"},
		{"HTTP/2", func(q *http.Request) { q.Proto, q.ProtoMajor, q.ProtoMinor = "HTTP/2.0", 2, 0 }, 426, "HTTP/2.0"},
		{"old version", func(q *http.Request) { q.Header.Set("Sec-WebSocket-Version", "8") }, 426, "must be 13"},
		{"no key", func(q *http.Request) { q.Header.Del("Sec-WebSocket-Key") }, 400, "16 bytes"},
		{"short key", func(q *http.Request) { q.Header.Set("Sec-WebSocket-Key", "eA==") }, 400, "16 bytes"},
		{"no host", func(q *http.Request) { q.Host = "" }, 400, "Host"},
		{"cannot be hijacked", func(*http.Request) {}, 500, "cannot be upgraded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := httptest.NewRequest("GET", "/services/echo", nil)
			q.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
				"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
			tt.change(q)
			w := httptest.NewRecorder()
			r.server.ServeHTTP(w, q)
			wantProblem(t, w.Result(), tt.status, tt.detail)
		})
	}
	if r.hub.Len() != 0 {
		t.Error("a refused request left a socket")
	}
	r.wantNoEnd(t)
}

// While nobody can say who is calling, a crowd that comes back does not fill the log.
func TestHandshakesThatCannotBeJudgedAreLoggedSeldom(t *testing.T) {
	r := newRig(t, rigConfig{})
	for range 20 {
		wantProblem(t, ask(t, r.url, "/services/echo?user=unknown", nil).response, 503, "cannot be checked now")
	}
	if n := strings.Count(r.log.String(), "authentication failed"); n != 1 || !strings.Contains(r.log.String(), "the portal is down") {
		t.Errorf("%d records:\n%s", n, r.log)
	}
	const last = "skipped=19"
	r.server.unjudged.until = time.Time{} // a minute later
	wantProblem(t, ask(t, r.url, "/services/echo?user=unknown", nil).response, 503, "cannot be checked now")
	if !strings.Contains(r.log.String(), last) {
		t.Errorf("the next record does not count those before it:\n%s", r.log)
	}
}

func TestRefusedWhileDraining(t *testing.T) {
	r := newRig(t, rigConfig{})
	r.shutdown()
	wantProblem(t, ask(t, r.url, "/services/echo", nil).response, 503, "shutting down")
}

func TestOpenerThatFails(t *testing.T) {
	r := newRig(t, rigConfig{})
	for err, status := range map[error]int{
		hub.ErrBadKey:                   400,
		context.Canceled:                503,
		errors.New("no quorum for now"): 503,
	} {
		r.server.deps.Opener = failingOpener{err}
		wantProblem(t, ask(t, r.url, "/services/echo", nil).response, status, "")
	}
	if !strings.Contains(r.log.String(), "no quorum for now") {
		t.Error("the log does not say why no socket can be opened")
	}
}

type failingOpener struct{ err error }

func (o failingOpener) Open(context.Context, hub.OpenRequest) (*hub.Conn, error) { return nil, o.err }
func (o failingOpener) Restore(hub.Detached, hub.Waker) (*hub.Conn, error)       { return nil, o.err }
func (o failingOpener) VolatileKey(service string) string                        { return hub.NewVolatileKey(service, 7) }

func TestKeys(t *testing.T) {
	r := newRig(t, rigConfig{})
	opened := make(chan *hub.Socket, 1)
	r.onOpen = func(_ context.Context, s *hub.Socket) error { opened <- s; return nil }
	for target, want := range map[string]string{
		"/services/echo": `^/services/echo-v-[0-9a-f-]{36}$`,
		"/services/echo?X-StatefulSocketId=id:10003::group_id:10002": `^/services/echo-s-id:10003::group_id:10002$`,
		"/services/other?X-StatefulSocketId=%D1%87%D0%B0%D1%82+1":    `^/services/other-s-чат 1$`,
		"/services/echo?x=y": `^/services/echo-v-`,
	} {
		dial(t, r.url, target)
		if key := within(t, opened, "Opened").Key(); !regexp.MustCompile(want).MatchString(key) {
			t.Errorf("%s gave the key %q, want %s", target, key, want)
		}
	}
}

func TestSubprotocol(t *testing.T) {
	wanted := func(service string) []string {
		if service == "echo" {
			return []string{"tutorsocket.v1", "b", "a"}
		}
		return nil
	}
	tests := []struct {
		name, service, offered string
		dev                    bool
		want                   string
	}{
		{"none offered", "echo", "", true, ""},
		{"the service's first", "echo", "a, b", false, "b"},
		{"one of the service's", "echo", "x, a", false, "a"},
		{"unknown in production", "other", "x", false, ""},
		{"unknown in dev", "other", "x, y", true, "x"},
		{"not the token", "other", "bearer.secret, y", true, "y"},
		{"the token in other letters", "other", "Bearer.secret, y", true, "y"},
		{"the token alone", "other", "bearer.secret", true, ""},
		{"planned, not there yet", "echo", "tutorsocket.v1", true, ""},
		{"planned and another", "other", "tutorsocket.v1, y", true, "y"},
		{"no token", "other", "a b", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, rigConfig{ws: Config{Protocols: wanted, DevProtocols: tt.dev}})
			c := dial(t, r.url, "/services/"+tt.service, "Sec-WebSocket-Protocol: "+tt.offered)
			if got := c.response.Header.Get("Sec-WebSocket-Protocol"); got != tt.want {
				t.Errorf("selected %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHandshakeIsKeptWithoutSecrets(t *testing.T) {
	r := newRig(t, rigConfig{})
	dial(t, r.url, "/services/echo?X-StatefulSocketId=1&access_token=secret1&q=%D1%87&Access%5fToken=secret2",
		"Authorization: Bearer secret3", "Cookie: session=secret4", "Sec-WebSocket-Protocol: bearer.secret5, BEARER.secret6, x", "User-Agent: test", "X-Big: "+repeat("b", 9000))
	h := r.socket(t, "1").Handshake()
	if h.Method != "GET" || h.URL != "/services/echo?X-StatefulSocketId=1&q=%D1%87" || h.Host != "test" || h.RemoteAddr == "" {
		t.Errorf("handshake is %+v", h)
	}
	if !strings.Contains(h.Header, "User-Agent: test\r\n") || !strings.Contains(h.Header, "Sec-Websocket-Protocol: x\r\n") {
		t.Errorf("headers are %q", h.Header)
	}
	if all := h.URL + h.Header; strings.Contains(all, "secret") || len(all) > 9000 {
		t.Errorf("too much is kept: %q", all)
	}
}

// The first message may come in the packet of the handshake, and so may a part of it.
func TestFirstFrameInTheSamePacket(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		frames := append(masked(ws.OpText, true, "first"), masked(ws.OpText, true, "second")...)
		half := masked(ws.OpText, true, "third")
		c := ask(t, r.url, "/services/echo", append(frames, half[:4]...)).upgraded()
		c.wantText("first")
		c.wantText("second")
		c.raw(half[4:])
		c.wantText("third")
	})
}
