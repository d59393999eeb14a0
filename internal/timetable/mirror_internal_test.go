package timetable

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestConflicts says which errors of a write mean that another node was first: all others mean that the bucket
// cannot be reached, and hold the schedule up.
func TestConflicts(t *testing.T) {
	for what, test := range map[string]struct {
		err  error
		want bool
	}{
		"one server":      {&jetstream.APIError{ErrorCode: jetstream.JSErrCodeStreamWrongLastSequence}, true},
		"several servers": {&jetstream.APIError{ErrorCode: jetstream.JSErrCodeStreamWrongLastSequenceConstant}, true},
		"wrapped":         {fmt.Errorf("update: %w", &jetstream.APIError{ErrorCode: jetstream.JSErrCodeStreamWrongLastSequenceConstant}), true},
		"a new key":       {jetstream.ErrKeyExists, true},
		"no stream":       {jetstream.ErrStreamNotFound, false},
		"something else":  {errors.New("connection lost"), false},
		"nothing":         {nil, false},
	} {
		if got := isConflict(test.err); got != test.want {
			t.Errorf("%s: isConflict(%v) = %v, want %v", what, test.err, got, test.want)
		}
	}
}
