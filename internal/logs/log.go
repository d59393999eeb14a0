package logs

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/mask"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// Config bounds what a log remembers. Zero values mean the defaults.
type Config struct {
	History      int // lines; 10,000 by default
	HistoryBytes int // memory they may take; 4 MiB by default
	// Level is that of the least severe lines written for a person; history and followers get all.
	Level slog.Level
	// Metrics counts lines; nil: nothing does.
	Metrics *metrics.Registry
}

const (
	defaultHistory      = 10_000
	defaultHistoryBytes = 4 << 20
	// lineOverhead is what a kept line costs besides its strings.
	lineOverhead = 192
)

// Log takes the lines of all scripts of a node. Its methods are safe for
// concurrent use. It has no goroutines and needs no closing.
type Log struct {
	lines  *recent.Ring[Line]
	logger *slog.Logger
	texts  *metrics.Counter // lines that are no errors
	errors *metrics.Counter

	// writing serialises whole writes, so that out and logger get the lines in
	// the order of their numbers.
	writing sync.Mutex
	out     io.Writer
	level   slog.Level // of the least severe lines written to out
}

// New returns a Log that records lines with logger (nil: not at all) and writes
// them for a person to out (nil: not at all), in the form of [Line.String] with
// the text made [Printable]. Zero values in cfg mean the defaults. A writer that
// blocks holds up the scripts, as with any program that prints; errors of the
// writer are ignored, there is nowhere left to tell.
func New(cfg Config, logger *slog.Logger, out io.Writer) *Log {
	if cfg.History <= 0 {
		cfg.History = defaultHistory
	}
	if cfg.HistoryBytes <= 0 {
		cfg.HistoryBytes = defaultHistoryBytes
	}
	counts := cfg.Metrics.Counters("tutorsocket_logs_lines_total", "Lines that scripts have logged, by level: info or error.", "level")
	return &Log{
		lines: recent.New(recent.Limits{Values: cfg.History, Bytes: cfg.HistoryBytes}, size),
		level: cfg.Level, logger: logger, out: out,
		texts: counts.With("info"), errors: counts.With("error"),
	}
}

// Write takes a line, gives it its number, its time if it has none, hides tokens of users in its text and
// cuts one longer than [MaxText]. It returns the line as it was kept.
func (l *Log) Write(line Line) Line {
	line.Text = mask.Tokens(Cut(line.Text))
	line.Skipped = 0
	if line.Error {
		l.errors.Inc()
	} else {
		l.texts.Inc()
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if line.Time.IsZero() {
		line.Time = time.Now()
	}
	line.Seq = l.lines.Add(line)
	if l.out != nil && levelOf(line) >= l.level {
		shown := line
		shown.Text = Printable(line.Text)
		_, _ = io.WriteString(l.out, shown.String()+"\n")
	}
	l.record(line)
	return line
}

// Last is the number of the newest line, 0 before the first. Following after it
// gives new lines only.
func (l *Log) Last() uint64 { return l.lines.Last() }

func size(l Line) int {
	return lineOverhead + len(l.Text) + len(l.Service) + len(l.Agent) + len(l.Socket) + len(l.User) + len(l.Trace)
}

// levelOf: script errors are errors; the rest is information, because a script's
// author wrote it on purpose.
func levelOf(line Line) slog.Level {
	if line.Error {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// record passes the line to the structured log.
func (l *Log) record(line Line) {
	if l.logger == nil {
		return
	}
	level := levelOf(line)
	ctx := context.Background()
	if !l.logger.Enabled(ctx, level) {
		return
	}
	text := slog.String("text", line.Text)
	if line.Error {
		text = slog.String("error", line.Text)
	}
	attrs := []slog.Attr{slog.Int("thread", line.Thread), text}
	for _, a := range []slog.Attr{
		slog.String("service", line.Service),
		slog.String("agent", line.Agent),
		slog.String("socket", line.Socket),
		slog.String("user", line.User),
		slog.String("trace", line.Trace),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	l.logger.LogAttrs(ctx, level, "script line", attrs...)
}
