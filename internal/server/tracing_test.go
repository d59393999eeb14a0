package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/tracing/tracingtest"
)

// traced has the server send traces to a collector.
func traced(endpoint string) servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Tracing.Endpoint = endpoint })
}

// structured has the server write its log as JSON, lines of scripts included.
func structured(log io.Writer) servertest.Option {
	return func(_ testing.TB, cfg *server.Config) {
		cfg.Lines = nil
		cfg.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// named returns the only span of a name.
func named(t *testing.T, spans []tracingtest.Span, name string) tracingtest.Span {
	t.Helper()
	var found []tracingtest.Span
	for _, s := range spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q in %+v", len(found), name, spans)
	}
	return found[0]
}

// path checks that each of the spans is the parent of the next, in one trace and in the order of time.
func path(t *testing.T, spans ...tracingtest.Span) {
	t.Helper()
	for i, s := range spans[1:] {
		before := spans[i]
		if s.TraceID != before.TraceID || s.Parent != before.ID || s.Start.Before(before.Start) {
			t.Errorf("%q is not below and after %q:\n%+v\n%+v", s.Name, before.Name, s, before)
		}
	}
}

func TestOneMessageIsOneTrace(t *testing.T) {
	collector := tracingtest.Start(t)
	log := &servertest.Buffer{}
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL), structured(log))
	anna := s.Dial(t, "echo", "anna", "77")
	anna.Send(t, "secret text")
	anna.Expect(t, "one secret text")
	anna.Send(t, "$hbt")
	anna.Expect(t, "$ok")
	spans := collector.Expect(t, tracing.SpanReceive, tracing.SpanProcess, tracing.SpanSend, tracing.SpanWrite)
	if len(spans) != 4 {
		t.Errorf("%d spans for one message", len(spans))
	}
	receive, process := named(t, spans, tracing.SpanReceive), named(t, spans, tracing.SpanProcess)
	send, write := named(t, spans, tracing.SpanSend), named(t, spans, tracing.SpanWrite)
	path(t, receive, process, send, write)
	if receive.Parent != "" {
		t.Errorf("the trace begins below %q", receive.Parent)
	}
	const key = "/services/echo-s-anna"
	for _, want := range []struct {
		span  tracingtest.Span
		name  string
		value any
	}{
		{receive, "tutorsocket.service", "echo"}, {receive, "tutorsocket.socket", key},
		{receive, "tutorsocket.user", "77"}, {receive, "tutorsocket.message.bytes", int64(11)},
		{process, "tutorsocket.script", "x-local://services/echo.js"}, {process, "tutorsocket.outcome", "ok"},
		{process, "tutorsocket.socket", key}, {process, "tutorsocket.user", "77"},
		{send, "tutorsocket.socket", key}, {send, "tutorsocket.queue.depth", int64(1)}, {send, "tutorsocket.outcome", "ok"},
		{write, "tutorsocket.socket", key}, {write, "service.name", "tutorsocket"}, {write, "service.version", "test"},
		{write, "tutorsocket.node", "n1"},
	} {
		got := want.span.Attributes[want.name]
		if got == nil {
			got = want.span.Resource[want.name]
		}
		if got != want.value {
			t.Errorf("%s of %q is %v, want %v", want.name, want.span.Name, got, want.value)
		}
	}
	if wait, ok := write.Attributes["tutorsocket.queue.wait_ms"].(float64); !ok || wait < 0 {
		t.Errorf("the message waited for %v", write.Attributes)
	}
	if text, _ := json.Marshal(spans); bytes.Contains(text, []byte("secret text")) {
		t.Errorf("the text of a message is in its trace: %s", text)
	}
}

func TestErrorsAndLinesOfScriptsAreFoundByTheirTrace(t *testing.T) {
	collector := tracingtest.Start(t)
	log := &servertest.Buffer{}
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/bad.js": "function open(context) { alert('welcome') }\nfunction process(context) {\n alert('here');\n throw 'broken' }\nfunction close(context) { alert('bye') }",
	}), traced(collector.URL), structured(log))
	anna := s.Dial(t, "bad", "anna")
	anna.Send(t, "x")
	spans := collector.Expect(t, tracing.SpanOpen, tracing.SpanReceive, tracing.SpanProcess)
	process := named(t, spans, tracing.SpanProcess)
	path(t, named(t, spans, tracing.SpanReceive), process)
	if !process.Failed || process.Attributes["tutorsocket.outcome"] != "error" || len(process.Events) != 1 {
		t.Fatalf("the span of a failed run: %+v", process)
	}
	event := process.Events[0]
	stack, _ := event.Attributes["exception.stacktrace"].(string)
	if event.Name != "exception" || event.Attributes["exception.message"] != "broken" || !strings.Contains(stack, "x-local://services/bad.js,   line 4") {
		t.Errorf("the error of the run: %+v", event)
	}
	anna.Close(t)
	spans = collector.Expect(t, tracing.SpanClose)
	for name, text := range map[string]string{tracing.SpanOpen: "welcome", tracing.SpanProcess: "here", tracing.SpanClose: "bye"} {
		log.Expect(t, `"text":"`+text+`"`)
		span := named(t, spans, name)
		found := false
		for line := range strings.Lines(log.String()) {
			var record struct{ Text, Trace, Node, Socket string }
			if json.Unmarshal([]byte(line), &record) == nil && record.Text == text {
				found = record.Trace == span.TraceID && record.Node == "n1" && record.Socket == "/services/bad-s-anna"
			}
		}
		if !found {
			t.Errorf("the line %q is not found by trace %s in\n%s", text, span.TraceID, log)
		}
	}
}

func TestAMessageToManyHasOneSendAndFewWrites(t *testing.T) {
	collector := tracingtest.Start(t)
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL))
	const crowd = 20
	var sockets []*servertest.Socket
	for i := range crowd {
		sockets = append(sockets, s.Dial(t, "echo", "s"+string(rune('a'+i))))
	}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	resp, body := s.Ask(t, "POST", "/api/v1/messages", `{"filter":{"$service":"echo"},"message":"to all","json_compound":false}`,
		"Content-Type", "application/json", "Traceparent", parent)
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	spans := collector.Expect(t, "POST /api/v1/messages", tracing.SpanSend, tracing.SpanWrite)
	collector.Wait(t, func() bool { return len(collector.Spans()) >= 2+16 })
	request, send := named(t, spans, "POST /api/v1/messages"), named(t, spans, tracing.SpanSend)
	path(t, request, send)
	if request.TraceID != "0af7651916cd43dd8448eb211c80319c" || request.Parent != "b7ad6b7169203331" {
		t.Errorf("the request does not go on with its caller's trace: %+v", request)
	}
	if request.Attributes["http.response.status_code"] != int64(202) || send.Attributes["tutorsocket.addressed"] != int64(crowd) {
		t.Errorf("%v, %v", request.Attributes, send.Attributes)
	}
	for _, c := range sockets {
		c.Expect(t, "to all")
		c.Close(t)
	}
	s.Stop(t) // everything that was recorded has come
	writes := 0
	for _, span := range collector.Spans() {
		if span.Name == tracing.SpanWrite {
			writes++
			path(t, send, span)
		}
	}
	if writes != 16 {
		t.Errorf("%d writes are recorded", writes)
	}
}

// TestAMessageToKeysSaysForHowManyItWas, and how many queues took it.
func TestAMessageToKeysSaysForHowManyItWas(t *testing.T) {
	collector := tracingtest.Start(t)
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL))
	anna := s.Dial(t, "echo", "anna")
	resp, body := s.Ask(t, "POST", "/api/v1/messages", `{"keys":["/services/echo-s-anna","/services/echo-s-nobody"],"message":"both"}`, "Content-Type", "application/json")
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	anna.Expect(t, "both")
	send := named(t, collector.Expect(t, tracing.SpanSend), tracing.SpanSend)
	if send.Attributes["tutorsocket.targets"] != int64(2) || send.Attributes["tutorsocket.addressed"] != int64(1) {
		t.Errorf("%v", send.Attributes)
	}
}

func TestATraceThatACallerDoesNotRecordIsNotRecorded(t *testing.T) {
	collector := tracingtest.Start(t)
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL))
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	s.Ask(t, "POST", "/api/v1/runs", `{"source":"alert(1)"}`, "Content-Type", "application/json", "Traceparent", parent)
	s.Ask(t, "GET", "/api/v1/agents", "", "Traceparent", "nonsense")
	s.Stop(t)
	if spans := collector.Spans(); len(spans) != 1 || spans[0].Name != "GET /api/v1/agents" || spans[0].Parent != "" {
		t.Errorf("recorded: %+v", spans)
	}
}

func TestNothingIsRecordedWithoutSampling(t *testing.T) {
	collector := tracingtest.Start(t)
	log := &servertest.Buffer{}
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL), structured(log),
		servertest.Settings(func(c *config.Config) { c.Tracing.Sample = 0 }))
	anna := s.Dial(t, "echo", "anna")
	anna.Send(t, "x")
	anna.Expect(t, "one x")
	anna.Close(t)
	if _, err := s.API.Run(t.Context(), api.RunRequest{Source: "alert('line')"}, func(api.Line) {}); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if spans, requests := collector.Spans(), collector.Requests(); len(spans)+len(requests) != 0 {
		t.Errorf("recorded %+v in %d requests", spans, len(requests))
	}
	if text := log.String(); !strings.Contains(text, `"text":"line"`) || strings.Contains(text, `"trace"`) {
		t.Errorf("the log:\n%s", text)
	}
}

func TestWhatAScriptStartsAndAsksBelongsToItsTrace(t *testing.T) {
	collector := tracingtest.Start(t)
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
	t.Cleanup(other.Close)
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/echo.js": "function process(context) {}",
		"agents/second.js": "alert('second')",
		"agents/first.js":  "HttpRequest('" + other.URL + "/secret/path?token=secret'); tools.start_agent('second')",
	}), traced(collector.URL))
	outcome, err := s.API.RunAgent(t.Context(), "first", api.AgentRunRequest{}, func(api.Line) {})
	if err != nil || !outcome.OK {
		t.Fatalf("%+v, %v", outcome, err)
	}
	spans := collector.Expect(t, tracing.SpanAgent, tracing.SpanAgent, tracing.SpanRequest, "POST /api/v1/agents/{name}/runs")
	var first, second tracingtest.Span
	for _, span := range spans {
		switch span.Attributes["tutorsocket.agent"] {
		case "first":
			first = span
		case "second":
			second = span
		}
	}
	request := named(t, spans, tracing.SpanRequest)
	path(t, named(t, spans, "POST /api/v1/agents/{name}/runs"), first, second)
	path(t, first, request)
	if want := "00-" + request.TraceID + "-" + request.ID + "-01"; got.Get("Traceparent") != want {
		t.Errorf("the other server got traceparent %q, want %q", got.Get("Traceparent"), want)
	}
	if text, _ := json.Marshal(spans); bytes.Contains(text, []byte("secret")) {
		t.Errorf("the address of a request is in its trace: %s", text)
	}
}

// TestABadCollectorHurtsNothing: messages go on as if it were not there, and there is a warning.
func TestABadCollectorHurtsNothing(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"answers 500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"answers 429": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
		"is moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"breaks off":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hangs":          func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"never finishes": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			collector := tracingtest.Start(t)
			collector.AnswerWith(answer)
			s := servertest.Start(t, servertest.App(echo), traced(collector.URL))
			anna := s.Dial(t, "echo", "anna")
			anna.Send(t, "first")
			anna.Expect(t, "one first")
			collector.Wait(t, func() bool { return len(collector.Requests()) > 0 })
			for range 100 {
				anna.Send(t, "again")
				anna.Expect(t, "one again")
			}
			anna.Close(t)
			if n := strings.Count(s.Log.String(), "traces are lost"); n > 1 {
				t.Errorf("%d warnings in less than a minute:\n%s", n, s.Log)
			}
			ending(t, s)                  // tells what was lost since
			if name != "never finishes" { // its 200 says that it has the spans
				s.Log.Expect(t, "traces are lost")
			}
			if n := strings.Count(s.Log.String(), "traces are lost"); n > 2 {
				t.Errorf("%d warnings, the one at the end included:\n%s", n, s.Log)
			}
		})
	}
	t.Run("is not there", func(t *testing.T) {
		t.Parallel()
		s := servertest.Start(t, servertest.App(echo), traced("http://127.0.0.1:1"))
		anna := s.Dial(t, "echo", "anna")
		anna.Send(t, "x")
		anna.Expect(t, "one x")
		anna.Close(t)
		ending(t, s)
		s.Log.Expect(t, "traces are lost")
	})
}

// ending stops a server, which must not take as long as a collector likes.
func ending(t *testing.T, s *servertest.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if ctx.Err() != nil {
		t.Error("the server waited for the collector")
	}
}

func TestTracesAreSentBeforeTheEnd(t *testing.T) {
	collector := tracingtest.Start(t)
	s := servertest.Start(t, servertest.App(echo), traced(collector.URL+"/v1/traces"))
	anna := s.Dial(t, "echo", "anna")
	anna.Send(t, "x")
	anna.Expect(t, "one x")
	anna.Close(t)
	s.Stop(t)
	named(t, collector.Spans(), tracing.SpanWrite)
	for _, r := range collector.Requests() {
		if r.URL.Path != "/v1/traces" {
			t.Errorf("traces went to %s", r.URL.Path)
		}
	}
}

// TestSecretsStayOutOfLogAndTraces tries the ways in which a secret comes in.
func TestSecretsStayOutOfLogAndTraces(t *testing.T) {
	collector := tracingtest.Start(t)
	log := &servertest.Buffer{}
	s := servertest.Start(t, servertest.App(echo), structured(log), traced(collector.URL),
		servertest.Settings(func(c *config.Config) { c.Tracing.Headers = []string{"Authorization=Bearer hush-collector"} }))
	anna := s.DialPath(t, "/services/echo?X-StatefulSocketId=anna&access_token=hush-query", "Cookie", "hush-cookie=1", "Authorization", "Bearer hush-bearer")
	anna.Send(t, "hush-message")
	anna.Expect(t, "one hush-message")
	for _, path := range []string{"/services/none?access_token=hush-query", "/services/echo?access_token=hush-query&X-StatefulSocketId=a&X-StatefulSocketId=b", "/services/echo?access_token=hush-query&x=%zz"} {
		if _, err := s.TryDial(t, path); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
	s.Ask(t, "GET", "/api/v1/sockets?access_token=hush-query", "", "Authorization", "Bearer hush-bearer")
	s.Ask(t, "GET", "/api/v1/sockets?access_token=hush-query", "", "Origin", "https://evil.example")
	s.Ask(t, "POST", "/api/v1/messages", `{"keys":["/services/echo-s-anna"],"message":"hush-message","json_compound":false}`, "Content-Type", "application/json")
	anna.Expect(t, "hush-message")
	collector.Expect(t, tracing.SpanReceive, "POST /api/v1/messages")
	collector.AnswerWith(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "hush-answer", http.StatusForbidden) })
	anna.Send(t, "hush-message")
	anna.Expect(t, "one hush-message")
	anna.Close(t)
	log.Expect(t, "traces are lost")
	s.Stop(t)
	spans, _ := json.Marshal(collector.Spans())
	for name, text := range map[string]string{"log": log.String(), "traces": string(spans)} {
		if strings.Contains(text, "hush") || strings.Contains(text, s.Token()) {
			t.Errorf("a secret is in the %s:\n%s", name, text)
		}
	}
	if got := collector.Requests()[0].Header.Get("Authorization"); got != "Bearer hush-collector" {
		t.Errorf("the collector got %q", got)
	}
}
