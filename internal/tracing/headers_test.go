package tracing_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/tracing/tracingtest"
)

// TestHeadersOfCallers: a trace goes on as W3C Trace Context says, and headers that are wrong begin one.
func TestHeadersOfCallers(t *testing.T) {
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	long := strings.Repeat("a=b,", 200)
	for _, c := range []struct {
		name, parent, state string
		goesOn              bool
		passed              string // of tracestate
	}{
		{"a trace", "00-" + trace + "-" + span + "-01", "", true, ""},
		{"state", "00-" + trace + "-" + span + "-01", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
		{"state that is too long", "00-" + trace + "-" + span + "-01", long, true, ""},
		{"state that is none", "00-" + trace + "-" + span + "-01", "nonsense", true, ""},
		{"a version to come", "cc-" + trace + "-" + span + "-01-what-the-future-brings", "", true, ""},
		{"a version to come, run on", "cc-" + trace + "-" + span + "-01what", "", false, ""},
		{"more than version 0 has", "00-" + trace + "-" + span + "-01-x", "", false, ""},
		{"no version", "ff-" + trace + "-" + span + "-01", "", false, ""},
		{"capitals", "00-" + strings.ToUpper(trace) + "-" + span + "-01", "", false, ""},
		{"no trace", "00-" + strings.Repeat("0", 32) + "-" + span + "-01", "", false, ""},
		{"no span", "00-" + trace + "-" + strings.Repeat("0", 16) + "-01", "", false, ""},
		{"too short", "00-" + trace, "", false, ""},
		{"not hex", "00-" + trace[:31] + "x-" + span + "-01", "", false, ""},
		{"nothing", "", "a=b", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			collector := tracingtest.Start(t)
			tracer, _ := start(t, collector)
			var passed http.Header
			transport := &http.Transport{} // the default one is closed by each server of a test that ends
			other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { passed = r.Header }))
			defer other.Close()
			h := tracer.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, other.URL, nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := tracer.Transport(transport).RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}))
			r := httptest.NewRequest(http.MethodGet, "/x", nil)
			r.Header.Set("Traceparent", c.parent)
			r.Header.Set("Tracestate", c.state)
			h.ServeHTTP(httptest.NewRecorder(), r)
			transport.CloseIdleConnections()
			tracer.Close(t.Context())
			var request, below tracingtest.Span
			for _, s := range collector.Spans() {
				if s.Name == tracing.SpanRequest {
					below = s
				} else {
					request = s
				}
			}
			if goesOn := request.TraceID == trace && request.Parent == span; goesOn != c.goesOn || !c.goesOn && request.Parent != "" {
				t.Errorf("the span is %+v", request)
			}
			if want := "00-" + request.TraceID + "-" + below.ID + "-01"; passed.Get("Traceparent") != want || below.Parent != request.ID {
				t.Errorf("passed on as %q, want %q", passed.Get("Traceparent"), want)
			}
			if got := passed.Get("Tracestate"); got != c.passed {
				t.Errorf("passed on the state %q, want %q", got, c.passed)
			}
		})
	}
}

// TestSpansThatComeTooFastAreTold: what found no room in the queue is lost, and a warning says so.
func TestSpansThatComeTooFastAreTold(t *testing.T) {
	c := tracingtest.Start(t)
	held := make(chan struct{})
	begun := make(chan struct{}, 1)
	c.AnswerWith(func(http.ResponseWriter, *http.Request) {
		select {
		case begun <- struct{}{}:
		default:
		}
		<-held
	})
	tracer, l := start(t, c)
	tracer.Receive("s", "k", "u", 1).End()
	<-begun          // the goroutine waits for the collector
	for range 5000 { // the queue takes 4096
		tracer.Receive("s", "k", "u", 1).End()
	}
	close(held)
	tracer.Close(t.Context())
	if text := l.text.String(); !strings.Contains(text, "come faster") || !strings.Contains(text, `"count":904`) {
		t.Errorf("the log is %q", text)
	}
}

// TestTheEndTellsAllThatIsLost: what the last batches lost is told, though the minute is not over.
func TestTheEndTellsAllThatIsLost(t *testing.T) {
	c := tracingtest.Start(t)
	c.AnswerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	tracer, l := start(t, c)
	const n = 2000 // four batches
	for range n {
		tracer.Receive("s", "k", "u", 1).End()
	}
	tracer.Close(t.Context())
	sum := 0
	for line := range strings.Lines(l.text.String()) {
		var record struct{ Count int }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		sum += record.Count
	}
	if sum != n || l.n.Load() > 2 {
		t.Errorf("%d of %d are told:\n%s", sum, n, l.text.String())
	}
}
