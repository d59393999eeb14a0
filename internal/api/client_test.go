package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func TestClientLists(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", map[string]string{"kind": "a"})
	f.open(t, bob, "2", nil)
	c := f.client(t)
	agents, err := c.Agents(t.Context())
	if err != nil || len(agents.Items) != 2 || agents.Items[0].Problem == "" {
		t.Errorf("agents %+v, error %v", agents, err)
	}
	services, err := c.Services(t.Context())
	if err != nil || len(services.Items) != 1 {
		t.Errorf("services %+v, error %v", services, err)
	}
	page, err := c.Sockets(t.Context(), api.SocketQuery{Limit: 1})
	if err != nil || len(page.Items) != 1 || page.Items[0].Tags["kind"] != "a" || page.Next == "" {
		t.Errorf("page %+v, error %v", page, err)
	}
	page, err = c.Sockets(t.Context(), api.SocketQuery{After: page.Next, Filter: `{"$user":"2"}`, Node: "n1"})
	if err != nil || len(page.Items) != 1 || page.Items[0].Key != bob {
		t.Errorf("page %+v, error %v", page, err)
	}
	_, err = c.Sockets(t.Context(), api.SocketQuery{Filter: "kind"})
	var refusal *api.Refusal
	if !errors.As(err, &refusal) || refusal.Status != 400 || strings.Count(err.Error(), "position 0") != 1 {
		t.Errorf("a wrong filter gives %v", err)
	}
}

func TestClientSends(t *testing.T) {
	f := newFixture(t)
	f.open(t, "/services/x-s-a:b%2Fc d/я?#", "1", nil)
	queued, err := f.client(t).Send(t.Context(), "/services/x-s-a:b%2Fc d/я?#", api.Message{Message: "x"})
	if err != nil || queued.QueueDepth != 1 {
		t.Errorf("queued %+v, error %v", queued, err)
	}
	_, err = f.client(t).Send(t.Context(), bob, api.Message{Message: "x"})
	if !api.IsNotFound(err) || !strings.Contains(err.Error(), bob) {
		t.Errorf("an unknown key gives %v", err)
	}
}

func TestClientRuns(t *testing.T) {
	f := newFixture(t)
	f.run = twoLines
	var got []string
	outcome, err := f.client(t).Run(t.Context(), api.RunRequest{Source: "x"}, func(l api.Line) { got = append(got, l.Text) })
	if err != nil || outcome.OK || outcome.DurationMS != 3 || !strings.HasPrefix(outcome.Error, "boom\n(x-local") {
		t.Errorf("outcome %+v, error %v", outcome, err)
	}
	if strings.Join(got, "|") != "<first>\nline|boom\n(x-local://a.js,   line 2)" {
		t.Errorf("lines %q", got)
	}
	if _, err := f.client(t).RunAgent(t.Context(), "missing", api.AgentRunRequest{}, nil); !api.IsNotFound(err) {
		t.Errorf("an unknown agent gives %v", err)
	}
}

func TestClientStopsItsRun(t *testing.T) {
	f := newFixture(t)
	ended := make(chan struct{})
	f.run = func(ctx context.Context, run playedRun) api.Outcome {
		run.OnLine(logs.Line{Text: "x"})
		<-ctx.Done()
		close(ended)
		return api.Outcome{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := f.client(t).RunAgent(ctx, "a", api.AgentRunRequest{}, func(api.Line) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	wait(t, ended, "the run went on")
}

func TestClientFollowsLogs(t *testing.T) {
	f := newFixture(t)
	f.log.Write(logs.Line{Thread: 5, Text: "one"})
	var got []string
	if err := f.client(t).Logs(t.Context(), api.LogQuery{Thread: 5, Contains: "on", Since: "1h"}, nil, func(l api.Line) {
		got = append(got, fmt.Sprint(l.Seq, l.Text))
	}); err != nil || strings.Join(got, " ") != "1one" {
		t.Errorf("lines %q, error %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := f.client(t).Logs(ctx, api.LogQuery{Follow: true}, nil, func(l api.Line) {
		if l.Seq == 1 {
			f.log.Write(logs.Line{Text: "two"})
		} else {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestClientErrors has servers that answer wrongly, or do not.
func TestClientErrors(t *testing.T) {
	answer := func(status int, kind, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	l.Close()
	for name, c := range map[string]struct{ server, want string }{
		"nobody listens":       {closed, "no server answers at"},
		"another program":      {answer(404, "text/html", "<p>not found"), "is not a tutorsocket server: it says 404 Not Found"},
		"another JSON API":     {answer(403, "application/json", "{}"), "is not a tutorsocket server"},
		"a problem":            {answer(503, "application/problem+json", `{"detail":"Busy.","errors":[{"location":"body.x","message":"bad"}]}`), "Busy: body.x: bad"},
		"a problem unsaid":     {answer(503, "application/problem+json", `{}`), "503"},
		"a redirect":           {answer(302, "text/html", ""), "is not a tutorsocket server"},
		"stream ends":          {answer(200, "text/event-stream", "event: line\ndata: {}\n\n"), "ended before the run did"},
		"stream ends midway":   {answer(200, "text/event-stream", "event: outcome\ndata: {\"ok\":true}\n"), "ended before the run did"},
		"stream of nonsense":   {answer(200, "text/event-stream", "event: line\ndata: x\n\n"), "read a line"},
		"an endless line":      {answer(200, "text/event-stream", "data: "+strings.Repeat("x", 2<<20)), "longer than"},
		"outcome of nonsense":  {answer(200, "text/event-stream", "event: outcome\ndata: x\n\n"), "ended before the run did"},
		"unknown events first": {answer(200, "text/event-stream", "event: x\ndata: y\n\n: c\n\nretry: 1\r\nevent: outcome\ndata: {\"ok\":\ndata: true}\n\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := api.NewClient(c.server+"/", "")
			if err != nil {
				t.Fatal(err)
			}
			outcome, err := client.Run(t.Context(), api.RunRequest{}, func(api.Line) {})
			if c.want == "" {
				if err != nil || !outcome.OK {
					t.Errorf("outcome %+v, error %v", outcome, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestClientWantsAServer(t *testing.T) {
	for _, server := range []string{"", "127.0.0.1:8080", "localhost", "ws://localhost", "http://", "http://x/?a=1", "::"} {
		if _, err := api.NewClient(server, ""); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:8080") {
			t.Errorf("%q gives %v", server, err)
		}
	}
}
