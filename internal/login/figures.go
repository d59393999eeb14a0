package login

import "github.com/tutorsocket/tutorsocket/internal/metrics"

// Outcomes of attempts to log in, as the metrics have them.
const (
	outcomeRight       = "right"
	outcomeWrong       = "wrong"
	outcomeDisabled    = "disabled"
	outcomeLogin       = "refused_login"
	outcomeAddress     = "refused_address"
	outcomeBusy        = "busy"
	outcomeForm        = "form"
	outcomeUnavailable = "unavailable"
	outcomeRefused     = "refused_password" // of changes only: the new one cannot be taken
)

// figures count logins.
type figures struct {
	attempts *metrics.Counters
	changes  *metrics.Counters
	slowed   *metrics.Counter
	logouts  *metrics.Counter
}

func newFigures(r *metrics.Registry, s *Server) figures {
	r.Read("tutorsocket_login_sessions_held", "Sessions that callers of this node have used and that hold.", nil, func(set func(float64, ...string)) {
		set(float64(s.grounds.len()))
	})
	r.Read("tutorsocket_login_throttled", "Logins and addresses with failed attempts that are not forgotten yet.", []string{"kind"}, func(set func(float64, ...string)) {
		logins, addresses := s.throttle.counted()
		set(float64(logins), ofLogin)
		set(float64(addresses), ofAddress)
	})
	f := figures{
		attempts: r.Counters("tutorsocket_login_attempts_total", "Attempts to log in, by outcome: right, wrong, disabled, refused_login and refused_address (too many failed before), busy, form (not from our page), unavailable.", "outcome"),
		changes:  r.Counters("tutorsocket_login_password_changes_total", "Attempts of users to change their password, by outcome: those of tutorsocket_login_attempts_total, of the old password, and refused_password (the new one is too short, or the old one).", "outcome"),
		slowed:   r.Counter("tutorsocket_login_slowed_total", "Attempts to log in or to change a password whose answer was held back, because others had failed."),
		logouts:  r.Counter("tutorsocket_login_logouts_total", "Sessions that their users have ended."),
	}
	for _, outcome := range []string{outcomeRight, outcomeWrong, outcomeDisabled, outcomeLogin, outcomeAddress, outcomeBusy, outcomeForm, outcomeUnavailable} {
		f.attempts.With(outcome) // shown from the start, so that an alarm sees the first
		f.changes.With(outcome)
	}
	f.changes.With(outcomeRefused)
	return f
}
