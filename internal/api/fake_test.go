package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/runs"
)

const token = "token-of-the-test"

// fixture is the API over a real hub and log, with scripts that the test plays.
type fixture struct {
	hub     *hub.Hub
	log     *logs.Log
	runs    *runs.Registry
	run     func(ctx context.Context, run playedRun) api.Outcome // nil: runs are an error of the server
	refused error                                                // why runs do not begin
	server  *httptest.Server

	figures  fakeFigures
	traces   map[string]*fakeTrace
	refusals []api.RefusedRequest // the oldest first
	kept     keptKeys
	keys     *keys.Store
}

func newFixture(t *testing.T, cfg ...api.Config) *fixture {
	t.Helper()
	return newFixtureOver(t, hub.Config{Profile: hub.Profile124, Node: "n1", MaxMessages: 3}, cfg...)
}

// newFixtureOver is newFixture with another hub.
func newFixtureOver(t *testing.T, sockets hub.Config, cfg ...api.Config) *fixture {
	t.Helper()
	cfg = append(cfg, api.Config{Version: "test", Node: "n1", Heartbeat: 20 * time.Millisecond})
	f := &fixture{
		hub: hub.New(sockets),
		log: logs.New(logs.Config{}, nil, nil), runs: runs.New(runs.Config{}),
	}
	f.keys = keys.NewStore(keys.Config{Values: &f.kept})
	t.Cleanup(f.keys.Close)
	f.server = httptest.NewServer(api.New(cfg[0], api.Deps{
		Auth: keys.Bearers{Admin: auth.NewAdmin(token), Keys: f.keys}, Keys: f.keys, Sockets: cluster.New(f.hub), Runs: (*fakeRuns)(f), RunList: f.runs, Scripts: fakeScripts{}, Logs: f.log, Checker: fakeChecker{}, Figures: &f.figures,
		Events: cluster.New(f.hub), Tags: cluster.New(f.hub), Traces: (*fakeTraces)(f), Refusals: (*fakeRefusals)(f),
		Sources: newFakeSources(),
	}))
	t.Cleanup(f.server.Close)
	return f
}

// open opens a socket nobody reads from.
func (f *fixture) open(t *testing.T, key, user string, tags map[string]string) *hub.Socket {
	t.Helper()
	conn := f.connect(t, key, user)
	if err := conn.Socket().ReplaceTags(hub.NewTags(tags)); err != nil {
		t.Fatal(err)
	}
	return conn.Socket()
}

// connect opens a socket, takes it over or resumes it.
func (f *fixture) connect(t *testing.T, key, user string) *hub.Conn {
	t.Helper()
	service, id, _, err := hub.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := f.hub.Open(hub.OpenRequest{Key: key, Service: service, StatefulID: id, User: hub.User{ID: user}, Waker: sleeper{}})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends a request with the token and returns the answer and its body.
func (f *fixture) ask(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	// The default client would follow redirects; there must be none.
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// client returns a client of the fixture's server.
func (f *fixture) client(t *testing.T) *api.Client {
	t.Helper()
	c, err := api.NewClient(f.server.URL, token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type sleeper struct{}

func (sleeper) Wake() {}

// playedRun is a run as the test plays it.
type playedRun struct {
	api.Run
	OnLine func(logs.Line)
}

// fakeRuns does what the test says.
type fakeRuns fixture

func (r *fakeRuns) Start(_ context.Context, run api.Run) (*runs.Reader, error) {
	switch {
	case run.Agent == "missing":
		return nil, api.ErrNoAgent
	case r.run == nil:
		return nil, errors.New("the test plays no script")
	case r.refused != nil:
		return nil, r.refused
	}
	ctx, stop := context.WithCancel(context.Background())
	entry := r.runs.Begin(runs.Start{Agent: run.Agent, Name: run.Name, User: run.UserID, Thread: 7, Trigger: runs.ByAPI, Stop: stop})
	reader := entry.Read(0)
	go func() {
		defer stop()
		outcome := r.run(ctx, playedRun{run, entry.Line})
		entry.End(runs.Outcome{Error: outcome.Error, Duration: time.Duration(outcome.DurationMS) * time.Millisecond})
	}()
	return reader, nil
}

type fakeScripts struct{}

func (fakeScripts) Services() []api.Script {
	return []api.Script{{Name: "main_ws_service", URL: "x-local://wtv/wtv_main_ws_service.js"}}
}

func (fakeScripts) Agents() []api.Script {
	return []api.Script{{Name: "broken", URL: "x-local://agents/broken.js", Problem: "unexpected }"}, {Name: "hello", URL: "x-local://agents/hello.js"}}
}

// fakeChecker finds fault with the word bad, and tells what it was asked.
type fakeChecker struct{}

func (fakeChecker) Check(req api.CheckRequest) []api.Diagnostic {
	if req.Source != "bad" {
		return nil
	}
	return []api.Diagnostic{{File: req.Name, Line: 1, Column: 1, Level: "error", Kind: "syntax", Message: req.Kind + " " + req.Level + " " + req.Version}}
}

func (fakeChecker) Bindings() []api.Binding {
	return []api.Binding{{Name: "tools", Kind: "namespace", Origin: "shared", Members: []api.Binding{{Name: "f", Kind: "function", Signature: "(): void", Origin: "refused", Since: "1.24"}}}}
}
