package login

import (
	"log/slog"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config holds the settings of logins. Zero values mean the defaults.
type Config struct {
	Idle            time.Duration `yaml:"idle" default:"24h" min:"1m" doc:"How long a session lasts without a request that shows its cookie, and without an open socket."`
	Lifetime        time.Duration `yaml:"lifetime" default:"168h" min:"1m" doc:"How long a session lasts at most, however much it is used."`
	Attempts        int           `yaml:"attempts" default:"10" min:"3" doc:"Failed logins of one user within attempts_window before further ones are refused; after a third of them answers become slower."`
	AddressAttempts int           `yaml:"address_attempts" default:"100" min:"3" doc:"The same for one address, which many people may share; of IPv6 for a network of 64 bits."`
	AttemptsWindow  time.Duration `yaml:"attempts_window" default:"15m" min:"1m" doc:"The time in which failed logins are forgotten, bit by bit."`

	FirstDelay time.Duration `yaml:"-"` // by which the first answer is held back that is; further ones twice as long each, up to 16 times

	Origins  auth.Origins      `yaml:"-"` // pages whose cookies count
	Refusals *auth.Refusals    `yaml:"-"` // keeps logins that failed; nil: nothing does
	Metrics  *metrics.Registry `yaml:"-"` // nil: nothing is counted
	Logger   *slog.Logger      `yaml:"-"` // nil: nothing is logged
	Clock    func() time.Time  `yaml:"-"` // nil: time.Now
}

const (
	defaultIdle            = 24 * time.Hour
	defaultLifetime        = 7 * 24 * time.Hour
	defaultAttempts        = 10
	defaultAddressAttempts = 100
	defaultWindow          = 15 * time.Minute
	defaultFirstDelay      = 250 * time.Millisecond
)

func (c Config) withDefaults() Config {
	if c.Idle <= 0 {
		c.Idle = defaultIdle
	}
	if c.Lifetime <= 0 {
		c.Lifetime = defaultLifetime
	}
	if c.Attempts <= 0 {
		c.Attempts = defaultAttempts
	}
	if c.AddressAttempts <= 0 {
		c.AddressAttempts = defaultAddressAttempts
	}
	if c.AttemptsWindow <= 0 {
		c.AttemptsWindow = defaultWindow
	}
	if c.FirstDelay <= 0 {
		c.FirstDelay = defaultFirstDelay
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// openAfter is how old the note of a session's last use may get that nothing but open sockets use: there may be many,
// and each note is a write to the store.
func (c Config) openAfter() time.Duration { return c.Idle / 10 }

// openLook is how often such sessions are looked for.
func (c Config) openLook() time.Duration {
	return max(min(c.openAfter()/4, time.Minute), 10*time.Millisecond)
}

// touchAfter is how old the note of a session's last use may get: a twentieth of what it tells, but
// five minutes at most.
func (c Config) touchAfter() time.Duration { return min(c.Idle/20, 5*time.Minute) }
