package auth

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// refusalWindow is the time in which each refused value is logged once.
	refusalWindow = time.Minute
	// refusalsPerWindow is how many different values of one header are logged in that time.
	refusalsPerWindow = 10
)

// refusalLog logs refused requests so that one line per cause remains, however
// often a page in some forgotten tab tries again.
type refusalLog struct {
	logger *slog.Logger
	now    func() time.Time

	mu      sync.Mutex // guards what follows
	until   time.Time
	logged  map[string]map[string]bool // header to values
	skipped int
}

func newRefusalLog(logger *slog.Logger) *refusalLog {
	return &refusalLog{logger: logger, now: time.Now, logged: map[string]map[string]bool{}}
}

// refused logs the refusal, or counts it for the next line that is logged.
func (l *refusalLog) refused(f *refusal) {
	skipped, ok := l.admit(f.header, f.shown())
	if !ok {
		return
	}
	attrs := []any{slog.String("header", f.header), slog.String("value", f.shown())}
	if f.flag != "" {
		attrs = append(attrs, slog.String("flag", f.flag))
	}
	if f.setting != "" {
		attrs = append(attrs, slog.String("setting", f.setting))
	}
	if f.because != "" {
		attrs = append(attrs, slog.String("reason", f.because))
	}
	if skipped > 0 {
		attrs = append(attrs, slog.Int("skipped", skipped))
	}
	l.logger.Warn("request refused", attrs...)
}

// admit reports whether a line about this value is due, and how many refusals went
// by without one since the last. A flood in one header does not silence the other.
func (l *refusalLog) admit(header, value string) (skipped int, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.until) {
		l.until = now.Add(refusalWindow)
		clear(l.logged)
	}
	values := l.logged[header]
	if values[value] || len(values) >= refusalsPerWindow {
		l.skipped++
		return 0, false
	}
	if values == nil {
		values = map[string]bool{}
		l.logged[header] = values
	}
	values[value] = true
	skipped, l.skipped = l.skipped, 0
	return skipped, true
}
