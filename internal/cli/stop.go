package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server"
)

// ErrTerminated is the cause with which the context of [Main] ends where the program is asked to end gently, as
// service managers do (SIGTERM); any other cause means that somebody does not want to wait (Ctrl-C). Only a
// server knows the difference.
var ErrTerminated = errors.New("asked to end")

// stopTime bounds how long a server takes to stop for somebody who does not want to wait.
const stopTime = 10 * time.Second

// stop ends a server, gently unless it has failed or somebody is in a hurry, and tells how far it is.
func (p *program) stop(ctx context.Context, s *server.Server, failed bool, t *stopTeller) error {
	hurry := func() error {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return s.Close(ending)
	}
	switch {
	case failed:
		return hurry()
	case ctx.Err() == nil: // by the API; a signal may still come
		defer t.tell(s, "draining", "Ctrl-C hurries")()
		defer context.AfterFunc(ctx, func() {
			if !errors.Is(context.Cause(ctx), ErrTerminated) {
				_ = hurry() // Drain returns the same
			}
		})()
	case errors.Is(context.Cause(ctx), ErrTerminated):
		defer t.tell(s, "draining", "Ctrl-C ends at once")()
	default:
		defer t.tell(s, "stopping", "Ctrl-C again ends at once")()
		return hurry()
	}
	return s.Drain(context.WithoutCancel(ctx))
}

// stopTeller says how far the end of a server is: to a person in a line that changes, or in a line now and then, to
// programs in records.
type stopTeller struct {
	line   *statusLine  // nil: no person looks
	out    io.Writer    // for lines; nil: records
	logger *slog.Logger // for records
}

// tellInterval is the time between two lines where they cannot be replaced.
const tellInterval = 5 * time.Second

// tell begins to tell what the server is doing, and what a person can do; the function returned ends it.
func (t *stopTeller) tell(s *server.Server, doing, way string) (end func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	interval := tellInterval
	if t.line != nil {
		interval = progressInterval
		fmt.Fprintln(t.out) // behind the ^C that the terminal shows
	}
	t.say(s.Left(), doing, way)
	go func() {
		defer close(done)
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				t.say(s.Left(), doing, way)
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
		if t.line != nil {
			t.line.set("")
		}
	}
}

func (t *stopTeller) say(left server.Left, doing, way string) {
	switch text := doing + stopText(left) + "; " + way; {
	case t.line != nil:
		t.line.set(text)
	case t.out != nil:
		fmt.Fprintln(t.out, text)
	case left.Sockets > 0:
		t.logger.Info("stopping, sockets are left", "node", left.Node, "count", left.Sockets)
	case left.Runs > 0:
		t.logger.Info("stopping, runs are left", "node", left.Node, "count", left.Runs)
	default:
		t.logger.Info("stopping", "node", left.Node)
	}
}

// stopText says what a server still waits for.
func stopText(left server.Left) string {
	var parts []string
	if left.Sockets > 0 {
		parts = append(parts, count(left.Sockets, "socket"))
	}
	if left.Runs > 0 {
		parts = append(parts, count(left.Runs, "run"))
	}
	if parts == nil {
		return ""
	}
	return ": " + strings.Join(parts, ", ") + " left"
}

// statusLine is the last line of a terminal, which changes, while others are written above it. Safe for
// concurrent use.
type statusLine struct {
	out io.Writer

	mu   sync.Mutex
	text string
}

const eraseLine = "\r\x1b[K"

// set replaces the line; an empty one is none.
func (l *statusLine) set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text != l.text {
		l.text = text
		fmt.Fprint(l.out, eraseLine+text)
	}
}

// above returns a writer of whole lines to w, which is the same terminal.
func (l *statusLine) above(w io.Writer) io.Writer { return lineAbove{l, w} }

type lineAbove struct {
	line *statusLine
	to   io.Writer
}

func (a lineAbove) Write(p []byte) (int, error) {
	a.line.mu.Lock()
	defer a.line.mu.Unlock()
	if a.line.text == "" {
		return a.to.Write(p)
	}
	fmt.Fprint(a.line.out, eraseLine)
	n, err := a.to.Write(p)
	fmt.Fprint(a.line.out, a.line.text)
	return n, err
}
