package tracing_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/tracing/tracingtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log counts and keeps records.
type log struct {
	text strings.Builder
	n    atomic.Int32
}

func (l *log) Write(p []byte) (int, error) { // the exporter's goroutine is the only one that logs
	l.n.Add(1)
	return l.text.Write(p)
}

// start returns a tracer that sends to the collector, and its log, to be read when it is closed.
func start(t *testing.T, c *tracingtest.Collector, change ...func(*tracing.Config)) (*tracing.Tracer, *log) {
	t.Helper()
	cfg := tracing.Config{Endpoint: c.URL, Sample: 1}
	for _, f := range change {
		f(&cfg)
	}
	l := &log{}
	tracer, err := tracing.New(cfg, tracing.Process{Version: "1", Node: "n1"}, slog.New(slog.NewJSONHandler(l, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tracer.Close(context.Background()) })
	return tracer, l
}

func TestWrongSettingsAreToldByName(t *testing.T) {
	ok := tracing.Config{Sample: 1}
	for want, change := range map[string]func(*tracing.Config){
		`endpoint is not an address such`: func(c *tracing.Config) { c.Endpoint = "127.0.0.1:4318" },
		`endpoint "ftp://a" is not`:       func(c *tracing.Config) { c.Endpoint = "ftp://a" },
		`endpoint "http://" is not`:       func(c *tracing.Config) { c.Endpoint = "http://" },
		`endpoint is not an address`:      func(c *tracing.Config) { c.Endpoint = "http://a b" },
		`endpoint must not hold a name`:   func(c *tracing.Config) { c.Endpoint = "http://u:hush@a" },
		`endpoint must end with the path`: func(c *tracing.Config) { c.Endpoint = "http://a/?key=hush" },
		`sample must be from 0 to 1`:      func(c *tracing.Config) { c.Sample = 1.5 },
		"sample must be":                  func(c *tracing.Config) { c.Sample = math.NaN() },
		"headers are not all of the form": func(c *tracing.Config) { c.Headers = []string{"a=b", "hush"} },
		"headers must be of one line":     func(c *tracing.Config) { c.Headers = []string{"a=hush\r\nb: c"} },
	} {
		cfg := ok
		change(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
		if tracer, err := tracing.New(cfg, tracing.Process{}, slog.Default()); cfg.Endpoint != "" && err == nil {
			t.Errorf("%+v gives a tracer", cfg)
			tracer.Close(t.Context())
		}
	}
	for _, endpoint := range []string{"", "http://127.0.0.1:4318", "https://otel.example/base/", "http://[::1]:4318/v1/traces"} {
		ok.Endpoint = endpoint
		if err := ok.Validate(); err != nil {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestTheAddressIsThatOfTheSpecification(t *testing.T) {
	for path, want := range map[string]string{
		"": "/v1/traces", "/": "/v1/traces", "/v1/traces": "/v1/traces", "/v1/traces/": "/v1/traces/", "/base": "/base/v1/traces",
	} {
		c := tracingtest.Start(t)
		tracer, _ := start(t, c, func(cfg *tracing.Config) {
			cfg.Endpoint += path
			cfg.Headers = []string{"Authorization=Bearer abc=", " x-team = a b "}
		})
		tracer.Receive("s", "k", "u", 1).End()
		tracer.Close(t.Context())
		requests := c.Requests()
		if len(requests) != 1 {
			t.Fatalf("%q: %d requests", path, len(requests))
		}
		if r := requests[0]; r.URL.Path != want || r.Header.Get("Authorization") != "Bearer abc=" || r.Header.Get("X-Team") != "a b" {
			t.Errorf("%q: %s with %v, want %s", path, r.URL.Path, r.Header, want)
		}
	}
}

func TestSpansKeepWithinTheirBounds(t *testing.T) {
	c := tracingtest.Start(t)
	tracer, _ := start(t, c)
	run := tracer.Script(t.Context(), tracing.Script{Name: tracing.SpanProcess, Service: strings.Repeat("я", 5000)})
	run.Fail(strings.Repeat("я", 5000), "")
	ctx := run.In(t.Context())
	for range 200 {
		tracer.Send(ctx, "k", 1).End()
	}
	run.End()
	run.End()
	tracer.Close(t.Context())
	sends := 0
	for _, s := range c.Spans() {
		if s.Name == tracing.SpanSend {
			sends++
			continue
		}
		text, _ := json.Marshal(s)
		if left := s.Attributes["tutorsocket.left_out"]; len(text) > 8<<10 || left != int64(200-128) {
			t.Errorf("a span of %d bytes, %v left out", len(text), left)
		}
	}
	if sends != 128 || len(c.Spans()) != 129 {
		t.Errorf("%d sends of %d spans", sends, len(c.Spans()))
	}
}

func TestSharesOfMessages(t *testing.T) {
	c := tracingtest.Start(t)
	tracer, _ := start(t, c, func(cfg *tracing.Config) { cfg.Sample = 0.5 })
	const n = 2000
	for range n {
		root := tracer.Receive("s", "k", "u", 1)
		run := tracer.Script(root.In(t.Context()), tracing.Script{Name: tracing.SpanProcess})
		if (root.TraceID() == "") != (run.TraceID() == "") || root.TraceID() != run.TraceID() {
			t.Fatal("a run is not traced as its message is")
		}
		if send := tracer.Send(run.In(t.Context()), "k", 1); (send.TraceID() == "") != (run.TraceID() == "") {
			t.Fatal("a send is not traced as its run is")
		}
		run.End()
		root.End()
	}
	tracer.Close(t.Context())
	if got := len(c.Spans()); got < n*2/3 || got > n*4/3 { // two spans for half of the messages
		t.Errorf("%d spans of %d messages", got, n)
	}
}

func TestNothingIsTracedByNobody(t *testing.T) {
	tracer, err := tracing.New(tracing.Config{}, tracing.Process{}, nil)
	if tracer != nil || err != nil {
		t.Fatalf("%v, %v", tracer, err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		span := tracer.Receive("s", "k", "u", 1)
		tracer.Send(span.In(ctx), "k", 1).End()
		tracer.SendMany(ctx, 1, 1).End()
		run := tracer.Script(ctx, tracing.Script{Name: "x"})
		run.Outcome(tracing.OutcomeOK)
		run.Fail("x", "")
		run.Queued(1)
		run.Addressed(1)
		run.End()
		if run.TraceID() != "" || run.In(ctx) != ctx {
			t.Error("something is traced")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	tracer.Close(ctx)
}

// TestACollectorIsAskedAgain: what it cannot take now it gets later, when it wants to.
func TestACollectorIsAskedAgain(t *testing.T) {
	for _, status := range []int{429, 502, 503, 504} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			c := tracingtest.Start(t)
			var refused atomic.Pointer[time.Time]
			c.AnswerWith(func(w http.ResponseWriter, _ *http.Request) {
				now := time.Now()
				refused.Store(&now)
				c.AnswerWith(nil)
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(status)
			})
			tracer, l := start(t, c)
			tracer.Receive("s", "k", "u", 1).End()
			c.Expect(t, tracing.SpanReceive)
			if waited := time.Since(*refused.Load()); waited < time.Second {
				t.Errorf("asked again after %v", waited)
			}
			tracer.Close(t.Context())
			if n := l.n.Load(); n != 0 {
				t.Errorf("a warning though nothing is lost: %s", l.text.String())
			}
		})
	}
}

func TestWhatACollectorRefusesIsTold(t *testing.T) {
	for want, answer := range map[string]func(http.ResponseWriter){
		`"error":"it answered 400 Bad Request","count":3`: func(w http.ResponseWriter) { http.Error(w, "hush", 400) },
		`"error":"it rejected a part of them: too old","count":2`: func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}`))
		},
		`"error":"it answered 503 Service Unavailable","count":3`: func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600") // it is not waited for, and nothing is sent to it before
			w.WriteHeader(503)
		},
	} {
		c := tracingtest.Start(t)
		c.AnswerWith(func(w http.ResponseWriter, _ *http.Request) { answer(w) })
		tracer, l := start(t, c)
		for range 3 {
			tracer.Receive("s", "k", "u", 1).End()
		}
		tracer.Close(t.Context())
		tracer.Close(t.Context())
		if text := l.text.String(); !strings.Contains(text, want) || strings.Contains(text, "hush") || l.n.Load() != 1 {
			t.Errorf("%s is not in the log:\n%s", want, text)
		}
		if n := len(c.Requests()); n != 1 {
			t.Errorf("%s: %d requests", want, n)
		}
	}
}

// TestASlowCollectorHoldsNobodyUp: spans that find no room are dropped at once.
func TestASlowCollectorHoldsNobodyUp(t *testing.T) {
	c := tracingtest.Start(t)
	c.AnswerWith(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	tracer, _ := start(t, c)
	for range 20_000 { // far more than the queue takes
		tracer.Receive("s", "k", "u", 1).End()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tracer.Close(ctx) // somebody who has no time at all
}
