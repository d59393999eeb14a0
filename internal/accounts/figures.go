package accounts

import (
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// figures counts verifications of passwords.
type figures struct {
	verified *metrics.Counters
	running  *metrics.Gauge
	waiting  *metrics.Gauge
}

func newFigures(r *metrics.Registry) figures {
	f := figures{
		verified: r.Counters("tutorsocket_accounts_verifications_total", "Passwords verified, by outcome: right, wrong (or no such login), disabled, busy (too many at once), failed.", "outcome"),
		running:  r.Gauge("tutorsocket_accounts_verifications_running", "Passwords being verified."),
		waiting:  r.Gauge("tutorsocket_accounts_verifications_waiting", "Passwords that wait to be verified."),
	}
	for _, outcome := range []string{"right", "wrong", "disabled", "busy", "failed"} {
		f.verified.With(outcome) // shown from the start, so that an alarm sees the first
	}
	return f
}

func (f *figures) done(err *error) { f.verified.With(outcome(*err)).Inc() }

func outcome(err error) string {
	switch {
	case err == nil, errors.As(err, new(*FieldError)): // of the new password: the old one was right
		return "right"
	case errors.Is(err, ErrWrong):
		return "wrong"
	case errors.Is(err, ErrDisabled):
		return "disabled"
	case errors.Is(err, ErrBusy):
		return "busy"
	}
	return "failed"
}
