package api

import (
	"net/http"
	"strconv"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// noOperation is the operation of requests that reach none: without a token, to
// paths that are not there.
const noOperation = "none"

// counted counts the requests that next answers, by operation and class of
// status. A stream counts when it ends.
func counted(r *metrics.Registry, next http.Handler) http.Handler {
	if r == nil {
		return next
	}
	requests := r.Counters("tutorsocket_api_requests_total",
		"Requests of the HTTP API that were answered, by operation (none: it reached no operation) and class of status.", "operation", "status")
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		seen := &seenWriter{ResponseWriter: w, operation: noOperation}
		defer func() { requests.With(seen.operation, seen.class()).Inc() }()
		next.ServeHTTP(seen, req)
	})
}

// nameOperation tells counted which operation a request reached, if w is the writer it gave.
func nameOperation(w http.ResponseWriter, operation string) {
	if seen, ok := w.(*seenWriter); ok && operation != "" {
		seen.operation = operation
	}
}

// seenWriter notes the status of an answer.
type seenWriter struct {
	http.ResponseWriter
	operation string
	status    int // 0: none was written
}

func (w *seenWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *seenWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets a ResponseController find the writer below.
func (w *seenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// class is the class of the status, such as 2xx. An answer without a word is a 200.
func (w *seenWriter) class() string {
	if w.status == 0 {
		return "2xx"
	}
	return strconv.Itoa(w.status/100) + "xx"
}
