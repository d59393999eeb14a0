package cluster

import (
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// Codes of failures that nodes answer each other with.
const (
	codeMalformed   = "malformed"
	codeUnavailable = "unavailable"
	codeOther       = "error"
)

// failures are the errors that mean the same on the other side.
var failures = []struct {
	code string
	err  error
}{
	{"not_found", hub.ErrNotFound},
	{"queue_full", hub.ErrQueueFull},
	{"moving", hub.ErrMoving},
	{"key_taken", hub.ErrKeyTaken},
	{"key_live", hub.ErrKeyLive},
	{"not_stored", hub.ErrNotStored},
	{"tag_limit", hub.ErrTagLimit},
	{codeUnavailable, hub.ErrUnavailable},
	{"superseded", errSuperseded},
}

// failure returns an error as the answer to a request.
func failure(err error) (code, text string) {
	if errors.Is(err, hub.ErrClosed) {
		err = hub.ErrNotFound
	}
	for _, f := range failures {
		if errors.Is(err, f.err) {
			return f.code, err.Error()
		}
	}
	return codeOther, err.Error()
}

// explain returns what a request came to nothing for in the words of hub.
func explain(err error) error {
	var f *peers.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		for _, known := range failures {
			if f.Code != known.code {
				continue
			}
			if f.Text == known.err.Error() || f.Text == "" {
				return known.err
			}
			return &answered{known.err, f.Text}
		}
		return err
	case errors.Is(err, peers.ErrDisconnected):
		return fmt.Errorf("%w: %w", hub.ErrUnavailable, err)
	case errors.Is(err, peers.ErrNoAnswer), errors.Is(err, peers.ErrGone):
		return fmt.Errorf("%w: %w", hub.ErrNoAnswer, err)
	}
	return err
}

// answered is an error of another node: a known one, in the words of that node.
type answered struct {
	known error
	text  string
}

func (a *answered) Error() string { return a.text }
func (a *answered) Unwrap() error { return a.known }
