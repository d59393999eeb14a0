package login_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything expected may take.
const patience = time.Minute

const password = "correct horse battery"

// node is one node that lets users in: over HTTP, with the page and with /whoami, which says whom the
// cookie names.
type node struct {
	*login.Server
	users    *accounts.Store
	values   *userdata.Store
	figures  *metrics.Registry
	refusals *auth.Refusals
	log      *lockedBuffer
	handler  http.Handler
	http     *httptest.Server

	mu      sync.Mutex // guards what follows
	leases  []*auth.Lease
	foreign []string // requests of other origins, and what they were answered
}

// startNode starts a node over a store that others may use, too. change may be nil.
func startNode(t testing.TB, js jetstream.JetStream, change func(*login.Config)) *node {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	values, err := userdata.Open(ctx, js, userdata.Config{Bucket: "accounts"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(values.Close)
	return startOver(t, values, change)
}

func startOver(t testing.TB, values *userdata.Store, change func(*login.Config)) *node {
	t.Helper()
	n := &node{values: values, figures: metrics.New(), refusals: auth.NewRefusals(), log: &lockedBuffer{}}
	cfg := login.Config{
		Origins: auth.NewOrigins([]string{"https://portal.example.com"}), Refusals: n.refusals, Metrics: n.figures,
		Logger: slog.New(slog.NewTextHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	n.users = accounts.New(accounts.Config{Hash: accounts.Params{Memory: 64, Passes: 1, Lanes: 1}, Metrics: n.figures}, values)
	n.Server = login.New(cfg, n.users, values)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	proxies, err := auth.NewProxies([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	n.handler = proxies.Handler(http.HandlerFunc(n.serve))
	n.http = httptest.NewServer(n.handler)
	t.Cleanup(n.http.Close)
	return n
}

func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	if login.Handles(r.URL.Path) {
		n.ServeHTTP(w, r)
		return
	}
	caller, err := n.Authenticate(r)
	for known, status := range map[error]int{auth.ErrNoCredentials: 401, auth.ErrUnauthenticated: 401, auth.ErrForbidden: 403, auth.ErrUnavailable: 503} {
		if errors.Is(err, known) {
			n.noteForeign(r, status)
			http.Error(w, err.Error(), status)
			return
		}
	}
	if err != nil {
		http.Error(w, "another error: "+err.Error(), 500)
		return
	}
	n.noteForeign(r, http.StatusOK)
	n.mu.Lock()
	n.leases = append(n.leases, caller.Lease)
	n.mu.Unlock()
	fmt.Fprintf(w, "%s %s %v %s", caller.User.ID, caller.User.Name, caller.User.Admin, caller.Method)
}

func (n *node) noteForeign(r *http.Request, status int) {
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "http://"+r.Host {
		return
	}
	with := "without cookie"
	if _, err := r.Cookie("tutorsocket"); err == nil {
		with = "with cookie"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.foreign = append(n.foreign, fmt.Sprint(origin, " ", status, " ", with))
}

// lease is that of the last caller.
func (n *node) lease() *auth.Lease {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leases[len(n.leases)-1]
}

// single is one node with a store of its own and the users anna (id 41) and bob (42).
func single(t testing.TB, change func(*login.Config)) *node {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	n := startNode(t, js, change)
	n.addUsers(t)
	return n
}

func (n *node) addUsers(t testing.TB) {
	t.Helper()
	for _, u := range []accounts.NewUser{{ID: "41", Login: "anna", Name: "Anna", Admin: true}, {ID: "42", Login: "bob"}} {
		u.Password = password
		if _, err := n.users.Add(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// visitor is a browser without a screen: it keeps cookies and follows nothing.
type visitor struct {
	t      testing.TB
	base   string
	client *http.Client
	header http.Header // of all requests
}

func visit(t testing.TB, n *node) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := n.http.Client().Transport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, n.http.URL, &http.Client{
		Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{}}
}

func (v *visitor) do(method, path string, body url.Values, headers ...string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header = v.header.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.base)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp, string(text)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// hidden are the hidden fields of the form on a page.
func hidden(page string) url.Values {
	values := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		values.Set(m[1], m[2])
	}
	return values
}

// logIn opens the page and sends its form.
func (v *visitor) logIn(name, password string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	_, page := v.do("GET", "/login?lang=en", nil)
	values := hidden(page)
	values.Set("login", name)
	values.Set("password", password)
	return v.do("POST", "/login", values, headers...)
}

func (v *visitor) mustLogIn(name string) {
	v.t.Helper()
	if resp, page := v.logIn(name, password); resp.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("status %d: %s", resp.StatusCode, page)
	}
}

// whoami is whom the server takes the visitor for.
func (v *visitor) whoami(headers ...string) (status int, who string) {
	v.t.Helper()
	resp, text := v.do("GET", "/whoami", nil, headers...)
	return resp.StatusCode, strings.TrimSpace(text)
}

func (v *visitor) cookie(name string) string {
	base, err := url.Parse(v.base)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(base) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// expectEnd waits until a lease is over.
func expectEnd(t testing.TB, lease *auth.Lease, want string) {
	t.Helper()
	ended := make(chan string, 1)
	stop := lease.OnEnd(func(why string) { ended <- why })
	defer stop()
	select {
	case why := <-ended:
		if why != want {
			t.Errorf("it ended because %q, want %q", why, want)
		}
	case <-time.After(patience):
		t.Fatalf("the lease goes on; it should end: %s", want)
	}
}
