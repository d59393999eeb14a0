package config

import (
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cron"
)

// Zone is the name of a time zone: one of the time zone database, UTC, or Local.
type Zone string

// UnmarshalText reads a name that exists.
func (z *Zone) UnmarshalText(text []byte) error {
	name := string(text)
	if _, err := cron.Zone(name); err != nil {
		return fmt.Errorf("must be a time zone such as Europe/Moscow, UTC or Local, not %q", name)
	}
	*z = Zone(name)
	return nil
}

// Location is the zone; Local if there is none of the name.
func (z Zone) Location() *time.Location {
	if zone, err := cron.Zone(string(z)); err == nil {
		return zone
	}
	return time.Local
}
