// Package tracingtest is a collector of OTLP/HTTP for tests: it takes traces as one of OpenTelemetry
// would, is strict about their form, and answers as badly as it is told to.
package tracingtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// patience is how long spans may take to come. Tests that pass never wait so long.
const patience = time.Minute

// Span is what a collector knows of a span.
type Span struct {
	TraceID, ID, Parent string
	Name                string
	Kind                int
	Start, End          time.Time
	Attributes          map[string]any // string, bool, int64 or float64
	Events              []Event
	Failed              bool
	StatusText          string
	Resource            map[string]any
}

// Event is something that happened during a span.
type Event struct {
	Name       string
	Attributes map[string]any
}

// Collector takes traces at URL until the test ends.
type Collector struct {
	URL string

	mu       sync.Mutex
	spans    []Span
	requests []*http.Request
	problems []string
	answer   http.HandlerFunc
	news     chan struct{}
}

// Start starts a collector that takes everything.
func Start(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{news: make(chan struct{})}
	s := httptest.NewServer(c)
	c.URL = s.URL
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, p := range c.problems {
			t.Errorf("the collector could not read what it got: %s", p)
		}
	})
	return c
}

// AnswerWith has the collector answer with h and keep nothing; nil has it take everything again.
func (c *Collector) AnswerWith(h http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = h
}

// ServeHTTP takes a request.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	answer := c.answer
	c.requests = append(c.requests, r)
	if answer == nil {
		spans, err := decode(r, body)
		if err != nil {
			c.problems = append(c.problems, err.Error())
		}
		c.spans = append(c.spans, spans...)
	}
	close(c.news)
	c.news = make(chan struct{})
	c.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"partialSuccess":{}}`)
}

// Spans returns all that have come, by their beginning.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// Requests returns all that have come, answered badly or not. Their bodies are read.
func (c *Collector) Requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Wait waits until ok says that enough has come.
func (c *Collector) Wait(t testing.TB, ok func() bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		c.mu.Lock()
		news := c.news
		c.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-news:
		case <-limit:
			t.Fatalf("the spans did not come; there are %+v", c.Spans())
		}
	}
}

// Expect waits until there are spans of these names, as many as the name is given, and returns all
// spans there are.
func (c *Collector) Expect(t testing.TB, names ...string) []Span {
	t.Helper()
	c.Wait(t, func() bool {
		missing := slices.Clone(names)
		for _, s := range c.Spans() {
			if i := slices.Index(missing, s.Name); i >= 0 {
				missing = slices.Delete(missing, i, i+1)
			}
		}
		return len(missing) == 0
	})
	return c.Spans()
}

// The JSON of OTLP, as far as a program like ours sends it. Unknown members are errors here.
type (
	request struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []attribute }
			ScopeSpans []struct {
				Scope struct{ Name, Version string }
				Spans []span
			}
		}
	}
	span struct {
		TraceID, SpanID, TraceState, ParentSpanID string
		Flags                                     uint32
		Name                                      string
		Kind                                      int
		StartTimeUnixNano, EndTimeUnixNano        string
		Attributes                                []attribute
		DroppedAttributesCount                    int
		Events                                    []struct {
			TimeUnixNano, Name string
			Attributes         []attribute
		}
		Status struct {
			Message string
			Code    int
		}
	}
	attribute struct {
		Key   string
		Value struct {
			StringValue *string
			BoolValue   *bool
			IntValue    *string
			DoubleValue *float64
		}
	}
)

func decode(r *http.Request, body []byte) ([]Span, error) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		return nil, fmt.Errorf("%s with Content-Type %q", r.Method, r.Header.Get("Content-Type"))
	}
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, fmt.Errorf("%w in %s", err, body)
	}
	var spans []Span
	for _, rs := range req.ResourceSpans {
		resource, err := attributes(rs.Resource.Attributes)
		if err != nil {
			return nil, err
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				read, err := s.read()
				if err != nil {
					return nil, fmt.Errorf("%w in %+v", err, s)
				}
				read.Resource = resource
				spans = append(spans, read)
			}
		}
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("no spans in %s", body)
	}
	return spans, nil
}

var (
	traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	spanID  = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

func (s span) read() (read Span, err error) {
	switch {
	case !traceID.MatchString(s.TraceID), !spanID.MatchString(s.SpanID), s.ParentSpanID != "" && !spanID.MatchString(s.ParentSpanID):
		return read, fmt.Errorf("wrong ids")
	case s.Name == "" || s.Kind < 1 || s.Kind > 5 || s.Flags&1 == 0:
		return read, fmt.Errorf("wrong name, kind or flags")
	}
	read = Span{TraceID: s.TraceID, ID: s.SpanID, Parent: s.ParentSpanID, Name: s.Name, Kind: s.Kind, Failed: s.Status.Code == 2, StatusText: s.Status.Message}
	if read.Start, err = moment(s.StartTimeUnixNano); err != nil {
		return read, err
	}
	if read.End, err = moment(s.EndTimeUnixNano); err != nil {
		return read, err
	}
	if read.End.Before(read.Start) {
		return read, fmt.Errorf("the end is before the start")
	}
	if read.Attributes, err = attributes(s.Attributes); err != nil {
		return read, err
	}
	for _, e := range s.Events {
		attrs, err := attributes(e.Attributes)
		if err != nil {
			return read, err
		}
		read.Events = append(read.Events, Event{e.Name, attrs})
	}
	return read, nil
}

func moment(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}, fmt.Errorf("the time %q", text)
	}
	return time.Unix(0, n), nil
}

func attributes(list []attribute) (map[string]any, error) {
	all := map[string]any{}
	for _, a := range list {
		switch v := a.Value; {
		case v.StringValue != nil:
			all[a.Key] = *v.StringValue
		case v.BoolValue != nil:
			all[a.Key] = *v.BoolValue
		case v.DoubleValue != nil:
			all[a.Key] = *v.DoubleValue
		case v.IntValue != nil:
			n, err := strconv.ParseInt(*v.IntValue, 10, 64)
			if err != nil {
				return nil, err
			}
			all[a.Key] = n
		default:
			return nil, fmt.Errorf("the attribute %s has no value", a.Key)
		}
	}
	return all, nil
}
