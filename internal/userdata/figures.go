package userdata

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// operation names what callers ask of a store, as the metrics have it.
type operation string

const (
	opRead   operation = "read"
	opWrite  operation = "write"
	opJoin   operation = "join"
	opRemove operation = "remove"
	opLeave  operation = "leave"
	opList   operation = "list"
)

// figures counts operations by outcome: ok, refused (the caller asked for what
// cannot be), failed.
type figures struct {
	bucket     string
	operations *metrics.Counters
}

func newFigures(bucket string, r *metrics.Registry) figures {
	return figures{bucket, r.Counters("tutorsocket_userdata_operations_total",
		"Operations on stored values, by outcome: ok, refused (a bad key or value, too large, no room), failed.", "bucket", "operation", "outcome")}
}

// done counts an operation that ends with *err.
func (f *figures) done(op operation, err *error) {
	f.operations.With(f.bucket, string(op), outcome(*err)).Inc()
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrBadKey), errors.Is(err, ErrBadValue), errors.Is(err, ErrBadTTL), errors.Is(err, ErrTooLarge),
		errors.Is(err, ErrFull), errors.Is(err, ErrChanged), errors.Is(err, context.Canceled):
		return "refused"
	}
	return "failed"
}
