package accounts

import (
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config holds the settings of accounts. Zero values mean the defaults.
type Config struct {
	MinPassword   int `yaml:"min_password" default:"12" min:"8" doc:"Characters that a password has at least."`
	Verifications int `yaml:"verifications" default:"2" min:"1" doc:"Passwords that are verified at the same time; each takes 64 MiB of memory while it is."`

	Hash    Params            `yaml:"-"` // of new hashes; the zero value: those of RFC 9106
	Metrics *metrics.Registry `yaml:"-"` // counts verifications; nil: nothing does
	Clock   func() time.Time  `yaml:"-"` // nil: time.Now
}

const (
	defaultMinPassword   = 12 // OWASP ASVS 4, 2.1.1
	defaultVerifications = 2
)

func (c Config) withDefaults() Config {
	if c.MinPassword <= 0 {
		c.MinPassword = defaultMinPassword
	}
	if c.Verifications <= 0 {
		c.Verifications = defaultVerifications
	}
	if c.Hash == (Params{}) {
		c.Hash = recommended
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}
