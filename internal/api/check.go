package api

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// ParseTimeout reads how long a run may take, such as 30s. It must be more than
// nothing.
func ParseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, errors.New("expected a duration such as 30s or 5m")
	}
	return timeout, nil
}

// ParseSince reads from when on log lines are wanted: a time as RFC 3339 has it,
// or how long before now. An empty text is the zero time.
func ParseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errors.New("expected a time such as 2026-11-23T10:00:00Z, or a duration such as 10m")
	}
	return when, nil
}

// CheckFilter says whether a text is a filter; if not it returns the
// [*hub.FilterError].
func CheckFilter(text string) error {
	_, err := hub.ParseFilter(text)
	return err
}

// CheckConflateKey says what is wrong with the ConflateKey of a [Message] that has one.
func CheckConflateKey(key string) error {
	switch n := utf8.RuneCountInString(key); {
	case n == 0:
		return errors.New("it is empty; leave it out, or say what the message is about")
	case n > hub.MaxConflateKey: // as the schema of Message says
		return fmt.Errorf("it has %d characters; at most %d are possible", n, hub.MaxConflateKey)
	case !utf8.ValidString(key):
		return errors.New("it is not UTF-8")
	}
	return nil
}
