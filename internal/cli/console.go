package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// logger returns the structured log in the form asked for, on standard error.
// The settings were validated.
func (p *program) logger(settings config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(settings.Level)); err != nil {
		level = slog.LevelInfo
	}
	if settings.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.Stderr, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(&console{out: p.Stderr, mu: new(sync.Mutex), level: level, colour: p.colour})
}

// console writes records for a person, with the time as script lines have it:
//
//	16:14:11 WARN  script does not load  script=x-local://agents/a.js
//	    Unexpected token )
//	    (x-local://agents/a.js,   line 3, column 7)
//
// Values of several lines follow below. The node that every record has is left out.
type console struct {
	out    io.Writer
	mu     *sync.Mutex // one record is written at a time; shared with what derives from it
	level  slog.Level
	colour func(style, text string) string
	attrs  []slog.Attr
	group  string // ends with a dot if not empty
}

func (c *console) Enabled(_ context.Context, level slog.Level) bool { return level >= c.level }

func (c *console) Handle(_ context.Context, r slog.Record) error {
	var line, below strings.Builder
	for _, a := range c.attrs {
		writeAttr(&line, &below, "", a)
	}
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&line, &below, c.group, a)
		return true
	})
	text := fmt.Sprintf("%s %s %s%s\n%s", r.Time.Local().Format("15:04:05"),
		c.colour(levelStyle(r.Level), fmt.Sprintf("%-5s", r.Level)), logs.Printable(r.Message), line.String(), below.String())
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := io.WriteString(c.out, text)
	return err
}

func levelStyle(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "31" // red
	case level >= slog.LevelWarn:
		return "33" // yellow
	}
	return "2" // dim
}

// writeAttr writes a value behind the message, or below it if it needs room.
func writeAttr(line, below *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			writeAttr(line, below, group, member)
		}
		return
	}
	text := logs.Printable(value.String())
	switch {
	case a.Equal(slog.Attr{}):
	case strings.Contains(text, "\n"):
		below.WriteString("    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n")
	case strings.ContainsAny(text, " \t\"=") || text == "":
		fmt.Fprintf(line, "  %s%s=%q", group, a.Key, text)
	default:
		fmt.Fprintf(line, "  %s%s=%s", group, a.Key, text)
	}
}

func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *c
	derived.attrs = append([]slog.Attr(nil), c.attrs...)
	for _, a := range attrs {
		if a.Key == "node" && c.group == "" { // who looks at a terminal looks at one node
			continue
		}
		a.Key = c.group + a.Key
		derived.attrs = append(derived.attrs, a)
	}
	return &derived
}

func (c *console) WithGroup(name string) slog.Handler {
	derived := *c
	if name != "" {
		derived.group += name + "."
	}
	return &derived
}
