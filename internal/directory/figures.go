package directory

import (
	"context"
	"errors"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// operation names what callers ask of a directory, as the metrics have it.
type operation string

const (
	opLook    operation = "look"
	opTake    operation = "take"
	opRelease operation = "release"
	opList    operation = "list"
)

// figures counts operations by outcome and measures how long they take.
type figures struct {
	operations *metrics.Counters
	seconds    *metrics.Histograms
}

func newFigures(r *metrics.Registry) figures {
	return figures{
		r.Counters("tutorsocket_directory_operations_total",
			"Requests to the directory of stateful keys, by outcome: ok, refused (the claim is another one by now), unavailable (no answer), failed.", "operation", "outcome"),
		r.Histograms("tutorsocket_directory_seconds", "Time of a request to the directory of stateful keys.",
			[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}, "operation"),
	}
}

// done counts an operation that began then and ends with *err.
func (f *figures) done(op operation, began time.Time, err *error) {
	f.operations.With(string(op), outcome(*err)).Inc()
	f.seconds.With(string(op)).Observe(time.Since(began))
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrChanged), errors.Is(err, context.Canceled):
		return "refused"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	}
	return "failed"
}
