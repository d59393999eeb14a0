package tlscert

import (
	"fmt"
	"log/slog"
	"strings"

	"go.uber.org/zap/zapcore"
)

// zapCore makes records of what certmagic warns of: the message, and the fields that say whom it is about and what went
// wrong. Its other fields hold requests and answers, which are nobody's business.
type zapCore struct {
	log    *slog.Logger
	fields []zapcore.Field
}

func (c zapCore) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

func (c zapCore) With(fields []zapcore.Field) zapcore.Core {
	return zapCore{log: c.log, fields: append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c zapCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c zapCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	values := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields[:len(c.fields):len(c.fields)], fields...) {
		switch f.Key {
		case "identifier", "identifiers", "error", "challenge_type":
			f.AddTo(values)
		}
	}
	text := []string{entry.Message}
	for _, key := range []string{"identifier", "identifiers", "challenge_type", "error"} {
		if v, ok := values.Fields[key]; ok {
			text = append(text, fmt.Sprint(v))
		}
	}
	c.log.Warn("getting a certificate", "text", strings.Join(text, ": "))
	return nil
}

func (c zapCore) Sync() error { return nil }
