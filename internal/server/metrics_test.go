package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/metrics/exposition"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

func metricsOff() servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Metrics.Enabled = false })
}

// scrape reads /metrics as strictly as can be, without a token.
func scrape(t *testing.T, s *servertest.Server) map[string]*exposition.Family {
	t.Helper()
	resp, body := s.Ask(t, "GET", "/metrics", "", "Authorization", "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("%s, %s: %s", resp.Status, resp.Header.Get("Content-Type"), body)
	}
	families, err := exposition.Parse(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return families
}

// addMissing adds the families that there are in clusters only.
func addMissing(families, more map[string]*exposition.Family) {
	for name, family := range more {
		if families[name] == nil {
			families[name] = family
		}
	}
}

// sample returns a sample written as in a query, such as a_total{x="1"}; ok is false if there is none.
func sample(t *testing.T, families map[string]*exposition.Family, query string) (value float64, ok bool) {
	t.Helper()
	name, rest, _ := strings.Cut(strings.TrimSuffix(query, "}"), "{")
	wanted := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		wanted[m[1]] = m[2]
	}
	family := families[strings.TrimSuffix(strings.TrimSuffix(name, "_count"), "_bucket")]
	if family == nil {
		t.Fatalf("there is no family %s", name)
	}
	for _, s := range family.Samples {
		if s.Name == name && fmt.Sprint(s.Labels) == fmt.Sprint(wanted) {
			return s.Value, true
		}
	}
	return 0, false
}

// expectFigures waits until all figures are as wanted: a client often sees the end of something before
// it is counted.
func expectFigures(t *testing.T, s *servertest.Server, want map[string]float64) {
	t.Helper()
	var wrong []string
	for patience := time.Now().Add(servertest.Patience); time.Now().Before(patience); time.Sleep(20 * time.Millisecond) {
		families := scrape(t, s)
		wrong = nil
		for query, value := range want {
			if got, ok := sample(t, families, query); got != value || !ok && value != 0 {
				wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", query, got, value))
			}
		}
		if len(wrong) == 0 {
			return
		}
	}
	t.Errorf("%s", strings.Join(wrong, "\n"))
}

func TestEveryRoomCounts(t *testing.T) {
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) {
		c.Resume.Window = time.Second
		c.Limits.UserMessages = 1e6 // dev has no limits
	}))
	s.Traffic(t)
	expectFigures(t, s, map[string]float64{
		`tutorsocket_hub_opened_sockets_total{service="echo"}`:                                     1,
		`tutorsocket_hub_takeovers_total{service="echo"}`:                                          1,
		`tutorsocket_hub_closes_total{code="4001",reason="takeover"}`:                              1,
		`tutorsocket_hub_closes_total{code="1000",reason="client"}`:                                1,
		`tutorsocket_hub_sockets{service="echo",state="open"}`:                                     0,
		`tutorsocket_hub_sockets{service="echo",state="gone"}`:                                     0,
		`tutorsocket_hub_queue_messages`:                                                           0,
		`tutorsocket_hub_queue_bytes`:                                                              0,
		`tutorsocket_ws_messages_total{service="echo",direction="in"}`:                             2,
		`tutorsocket_ws_messages_total{service="echo",direction="out"}`:                            4,
		`tutorsocket_ws_accepted_handshakes_total`:                                                 2,
		`tutorsocket_ws_refused_handshakes_total{reason="no_service"}`:                             1,
		`tutorsocket_ws_calls{state="running"}`:                                                    0,
		`tutorsocket_auth_guard_refusals_total{header="Host"}`:                                     1,
		`tutorsocket_engine_calls_total{service="echo",hook="open",outcome="ok"}`:                  2,
		`tutorsocket_engine_calls_total{service="echo",hook="process",outcome="ok"}`:               2,
		`tutorsocket_engine_calls_total{service="echo",hook="close",outcome="ok"}`:                 1,
		`tutorsocket_engine_call_duration_seconds_count{service="echo",hook="process"}`:            2,
		`tutorsocket_engine_call_duration_seconds_bucket{service="echo",hook="process",le="+Inf"}`: 2,
		`tutorsocket_engine_agent_runs_total{agent="(source)",outcome="ok"}`:                       1,
		`tutorsocket_engine_agent_runs_total{agent="(source)",outcome="stopped"}`:                  1,
		`tutorsocket_engine_budget_stops_total{budget="depth"}`:                                    1,
		`tutorsocket_engine_running{kind="agent"}`:                                                 0,
		`tutorsocket_egress_requests_total{outcome="answered"}`:                                    1,
		`tutorsocket_userdata_operations_total{bucket="userdata",operation="write",outcome="ok"}`:  1,
		`tutorsocket_nats_stream_messages{stream="KV_userdata"}`:                                   1,
		`tutorsocket_logs_lines_total{level="error"}`:                                              1,
		`tutorsocket_logs_lines_total{level="info"}`:                                               2,
		`tutorsocket_app_scripts{kind="service"}`:                                                  3,
		`tutorsocket_app_problems`:                                                                 0,
		`tutorsocket_api_requests_total{operation="run-source",status="2xx"}`:                      2,
		`tutorsocket_server_info{node="n1",version="test"}`:                                        1,
		`tutorsocket_server_ready`:                                                                 1,
	})
	s.Away(t)
	families := scrape(t, s)
	node, _ := servertest.Nodes(t)
	addMissing(families, scrape(t, node))
	for _, f := range families {
		if strings.HasPrefix(f.Name, "tutorsocket_") && f.Name != "tutorsocket_hub_sockets" && len(f.Samples) == 0 {
			t.Errorf("%s has no sample", f.Name)
		}
	}
}

// TestBytesAreThoseOfTheSocket: what is counted for a service is what its sockets say.
func TestBytesAreThoseOfTheSocket(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	for range 3 {
		anna.Send(t, "привет")
		anna.Expect(t, "one привет")
	}
	list, err := s.API.Sockets(t.Context(), api.SocketQuery{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, error %v", list, err)
	}
	expectFigures(t, s, map[string]float64{
		`tutorsocket_hub_sockets{service="echo",state="open"}`:       1,
		`tutorsocket_ws_bytes_total{service="echo",direction="in"}`:  float64(list.Items[0].BytesIn),
		`tutorsocket_ws_bytes_total{service="echo",direction="out"}`: float64(list.Items[0].BytesOut),
	})
}

// TestDropsAndQueues: what waits for a client that does not read is counted while it waits, what it
// will never see when it is lost.
func TestDropsAndQueues(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) {
		c.Queue.MaxMessages, c.Queue.MaxBytes, c.Queue.Grace = 16, 1<<30, time.Hour
		c.WS.Heartbeat, c.WS.WriteTimeout = -1, time.Hour
	}))
	s.Dial(t, "echo", "slow").ExpectQuiet(t)
	// A full queue of these is more than the buffers of any system.
	_, failure := runs(t, s, `s = 'x'; for (i = 0; i < 22; i++) s = s + s;
		x = tools.get_object_assembly('XHTTPMiddlewareStatic');
		for (i = 0; i < 30; i++) try { x.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', ['/services/echo-s-slow', s, false]) } catch (err) {}`)
	if failure != "" {
		t.Fatal(failure)
	}
	families := scrape(t, s)
	for _, name := range []string{"tutorsocket_hub_queue_messages", "tutorsocket_hub_queue_bytes"} {
		if n, _ := sample(t, families, name); n < 1 {
			t.Errorf("%s is %v while a client does not read", name, n)
		}
	}
	if resp, body := s.Ask(t, "DELETE", "/api/v1/sockets/%2Fservices%2Fecho-s-slow", ""); resp.StatusCode != 204 {
		t.Fatalf("%s %s", resp.Status, body)
	}
	expectFigures(t, s, map[string]float64{
		`tutorsocket_hub_queue_messages`:                             0,
		`tutorsocket_hub_queue_bytes`:                                0,
		`tutorsocket_hub_closes_total{code="1006",reason="aborted"}`: 1,
	})
	families = scrape(t, s)
	lost, _ := sample(t, families, `tutorsocket_hub_dropped_messages_total{reason="closed"}`)
	out, _ := sample(t, families, `tutorsocket_ws_messages_total{service="echo",direction="out"}`)
	overflow, _ := sample(t, families, `tutorsocket_hub_dropped_messages_total{reason="overflow"}`)
	// The answer to the heartbeat went out too; a message may end to be written while it is dropped.
	if all := overflow + lost + out; overflow < 1 || lost < 1 || all < 31 || all > 32 {
		t.Errorf("of 30 messages %v did not fit, %v were lost and %v written", overflow, lost, out-1)
	}
	if _, err := s.API.Send(t.Context(), "/services/echo-s-slow", api.Message{Message: "late"}); !api.IsNotFound(err) {
		t.Errorf("error %v", err)
	}
	expectFigures(t, s, map[string]float64{"tutorsocket_cluster_unknown_keys_total": 1})
}

// TestLabelsAreBounded: what clients send becomes no label.
func TestLabelsAreBounded(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	for _, path := range []string{"/services/no%0Aservice%22", "/services/none", "/api/v1/nothing-" + strings.Repeat("x", 50)} {
		s.Ask(t, "GET", path, "")
	}
	s.Ask(t, "BREW", "/api/v1/sockets", "")
	for code := 3000; code < 3020; code++ {
		c := s.Dial(t, "echo", "")
		c.CloseWith(t, code, fmt.Sprintf("reason %d", code))
	}
	expectFigures(t, s, map[string]float64{`tutorsocket_hub_closes_total{code="other",reason="client"}`: 20})
	for _, f := range scrape(t, s) {
		for _, sample := range f.Samples {
			for name, value := range sample.Labels {
				if strings.Contains(value, "nothing") || strings.Contains(value, "none") && name == "service" || strings.Contains(value, "300") {
					t.Errorf("%s has the label %s=%q", f.Name, name, value)
				}
			}
		}
	}
}

// TestRequestsAreCountedByOperation: each request once, under the operation it was for, also when it is
// wrong, answered again from memory, or asks for headers only.
func TestRequestsAreCountedByOperation(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	const send = "/api/v1/sockets/%2Fservices%2Fecho-s-anna/messages"
	for _, c := range []struct {
		method, path, body string
		headers            []string
	}{
		{"GET", "/api/v1/sockets", "", nil},
		{"HEAD", "/api/v1/sockets", "", nil},
		{"GET", "/api/v1/sockets?limit=x", "", nil},
		{"GET", "/api/v1/sockets?nonsense=1", "", nil},
		{"GET", "/api/v1/sockets", "", []string{"Accept", "image/png"}},
		{"GET", "/api/v1/sockets", "", []string{"Authorization", "Bearer wrong"}},
		{"POST", "/api/v1/sockets", "{}", nil},
		{"POST", send, `{"message":"a"}`, nil},
		{"POST", send, `{"message":"b"}`, []string{"Idempotency-Key", "k"}},
		{"POST", send, `{"message":"b"}`, []string{"Idempotency-Key", "k"}}, // from memory
		{"POST", send, `{"message":"c"}`, []string{"Idempotency-Key", "k"}},
		{"POST", send, `{`, []string{"Idempotency-Key", "l"}},
	} {
		s.Ask(t, c.method, c.path, c.body, c.headers...)
	}
	expectFigures(t, s, map[string]float64{
		`tutorsocket_api_requests_total{operation="list-sockets",status="2xx"}`: 2,
		`tutorsocket_api_requests_total{operation="list-sockets",status="4xx"}`: 3,
		`tutorsocket_api_requests_total{operation="send-message",status="2xx"}`: 3,
		`tutorsocket_api_requests_total{operation="send-message",status="4xx"}`: 2,
		`tutorsocket_api_requests_total{operation="none",status="4xx"}`:         2,
	})
}

func TestMetricsPage(t *testing.T) {
	s := servertest.Start(t)
	if resp, body := s.Ask(t, "HEAD", "/metrics", "", "Authorization", ""); resp.StatusCode != 200 || body != "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("HEAD: %s %q", resp.Status, body)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		resp, body := s.Ask(t, method, "/metrics", "")
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" || !strings.Contains(body, `"status":405`) {
			t.Errorf("%s: %s %s", method, resp.Status, body)
		}
	}
	if resp, _ := s.Ask(t, "GET", "/metrics", "", "Host", "elsewhere.example"); resp.StatusCode != 403 {
		t.Errorf("a foreign host: %s", resp.Status)
	}
}

func TestMetricsSwitchedOff(t *testing.T) {
	s := servertest.Start(t, metricsOff())
	s.Traffic(t)
	for _, method := range []string{"GET", "HEAD", "POST"} {
		resp, body := s.Ask(t, method, "/metrics", "")
		if resp.StatusCode != 404 || resp.Header.Get("Content-Type") != "application/problem+json" || method == "GET" && !strings.Contains(body, "metrics.enabled") {
			t.Errorf("%s: %s %s", method, resp.Status, body)
		}
	}
	resp, body := s.Ask(t, "GET", "/api/v1/stats", "")
	if resp.StatusCode != 409 || !strings.Contains(body, "metrics.enabled") {
		t.Errorf("stats: %s %s", resp.Status, body)
	}
}

func TestStatsOfAServer(t *testing.T) {
	s := servertest.Start(t)
	s.Traffic(t)
	expectFigures(t, s, map[string]float64{`tutorsocket_hub_closes_total{code="1000",reason="client"}`: 1,
		`tutorsocket_engine_calls_total{service="echo",hook="close",outcome="ok"}`: 1})
	stats, err := s.API.Stats(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := stats.Totals
	if got.BytesIn == 0 || got.BytesOut == 0 {
		t.Errorf("%+v", got)
	}
	got.BytesIn, got.BytesOut = 0, 0
	want := api.StatsCount{
		MessagesIn: 2, MessagesOut: 4, Handshakes: 2, RefusedHandshakes: 1, Closes: 2, Takeovers: 1,
		ScriptCalls: 5, AgentRuns: 2, AgentErrors: 1, LogLines: 3,
	}
	if got != want || stats.Node != "n1" || time.Since(stats.StartedAt) > time.Hour || stats.IntervalSeconds != 10 {
		t.Errorf("got  %+v\nwant %+v\n%+v", got, want, stats)
	}
}

// query is what a panel of a dashboard asks for.
var query = regexp.MustCompile(`\b(?:tutorsocket|go|process)_[a-z0-9_]+`)

// TestDashboard: the dashboard in the repository asks for figures that exist, by labels they have.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana", "tutorsocket.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t)
	s.Traffic(t)
	families := scrape(t, s)
	node, _ := servertest.Nodes(t)
	addMissing(families, scrape(t, node))
	asked := map[string]bool{}
	for _, q := range board.queries() {
		names := query.FindAllString(q, -1)
		if len(names) == 0 {
			t.Errorf("%s asks for nothing", q)
		}
		for _, name := range names {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if base := strings.TrimSuffix(name, suffix); base != name && families[base] != nil {
					name = base
				}
			}
			if families[name] == nil && !missingHere(name) {
				t.Errorf("%s asks for %s, and there is none", q, name)
			}
			asked[name] = true
		}
	}
	for name := range families {
		if strings.HasPrefix(name, "tutorsocket_") && !asked[name] && name != "tutorsocket_server_ready" {
			t.Errorf("no panel shows %s", name)
		}
	}
	board.check(t)
}
