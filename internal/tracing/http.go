package tracing

import (
	"net/http"
	"slices"
	"strconv"
)

// maxPath is the longest path that is recorded; keys of sockets fit.
const maxPath = 256

// Handler returns h with a span for each request, which goes on with the trace its headers name. The
// query is not recorded: it may hold a token. A nil Tracer returns h.
func (t *Tracer) Handler(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := t.request(r)
		r = r.WithContext(span.In(r.Context()))
		if !span.recording() {
			h.ServeHTTP(w, r)
			return
		}
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() { // also when h gives the connection up by a panic
			span.answered(r.Pattern, answer.status)
			span.End()
		}()
		h.ServeHTTP(answer, r)
	})
}

// request begins the span of a request to us.
func (t *Tracer) request(r *http.Request) *Span {
	var caller *place
	if p, ok := extract(r.Header); ok {
		if p.flags&flagSampled == 0 {
			return unchosen
		}
		caller = &p
	} else if !t.chosen() {
		return unchosen
	}
	path := r.URL.Path
	path = path[:min(len(path), maxPath)]
	return t.beginBelow(caller, SpanAPI, kindServer,
		text("http.request.method", methodName(r.Method)), text("url.path", path))
}

// answered records the route of a request and the status of its answer. The faults of callers are none
// of ours; those of 500 and above are.
func (s *Span) answered(route string, status int) {
	if route != "" {
		s.rename(route)
		s.set(text("http.route", route))
	}
	s.set(whole("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		s.fault()
	}
}

// methodName is the method of a request, or what the conventions say for one that nobody knows.
func methodName(method string) string {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	if slices.Contains(known, method) {
		return method
	}
	return "_OTHER"
}

// answer remembers the status of an answer.
type answer struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (a *answer) WriteHeader(status int) {
	if !a.begun && status >= http.StatusOK { // what is below is not the answer yet
		a.status, a.begun = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap lets a ResponseController find the writer below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Transport returns next with a span for each request that belongs to a recorded trace, which it
// passes on by its header traceparent, unless it has one already. The span ends when the head of the
// answer has come. Of the address the host is recorded: the rest may be secret. A nil Tracer returns
// next.
func (t *Tracer) Transport(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return transport{t, next}
}

type transport struct {
	tracer *Tracer
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	parent := t.tracer.sender(r.Context())
	if parent == nil {
		return t.next.RoundTrip(r)
	}
	span := t.tracer.begin(parent, SpanRequest, kindClient,
		text("http.request.method", methodName(r.Method)), text("server.address", r.URL.Hostname()), whole("server.port", port(r)))
	defer span.End()
	if r.Header.Get(headerParent) == "" {
		r = r.Clone(r.Context()) // a transport must not change what it is given
		if r.Header == nil {
			r.Header = http.Header{}
		}
		span.place.inject(r.Header)
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		span.Fail("the request failed", "") // the error may hold the address
		return resp, err
	}
	span.set(whole("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusBadRequest {
		span.fault()
	}
	return resp, nil
}

// port is that of the address of a request.
func port(r *http.Request) int {
	if n, err := strconv.Atoi(r.URL.Port()); err == nil {
		return n
	}
	if r.URL.Scheme == "https" {
		return 443
	}
	return 80
}
