package connect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// screen is where a session reads lines and shows what happens. Its methods are called by the session alone.
type screen interface {
	// read starts to pass on what is entered, until the end of it or of the session.
	read(in inputs)
	sent(at time.Time, text string)
	// message shows what came. took is the time since the last message went out, for the first answer to it.
	message(at time.Time, text string, took time.Duration) error
	record(at time.Time, dir wsclient.Direction, text string) error
	note(text string)   // something about the connection
	answer(text string) // to a command
	wrong(text string)
	// state says whether there is a connection, and if not what is done about it.
	state(connected bool, doing string)
	toggleRaw() (raw bool)
	close()
}

// page shows messages on one stream and says the rest on another; its lines come from a script or a pipe.
type page struct {
	cfg     Config
	entries *wsclient.Recording // with JSON
}

func newPage(cfg Config) *page {
	p := &page{cfg: cfg}
	if cfg.JSON {
		p.entries = wsclient.NewRecording(cfg.Out, wsclient.Service(cfg.Dial.URL))
	}
	return p
}

// maxLine bounds a line of a pipe, in bytes.
const maxLine = 16 << 20

// read passes on the lines. A pipe that nobody writes to is left reading when the session ends.
func (p *page) read(in inputs) {
	pass := func(e entry) bool {
		select {
		case in.lines <- e:
			return true
		case <-in.quit:
			return false
		}
	}
	go func() {
		for _, line := range p.cfg.Script {
			if !pass(entry{text: line}) {
				return
			}
		}
		if p.cfg.Script != nil || p.cfg.In == nil {
			pass(entry{end: true})
			return
		}
		passLines(p.cfg.In, pass)
	}()
}

// passLines passes on the lines of a pipe, without the empty ones.
func passLines(in io.Reader, pass func(entry) bool) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		if line := strings.TrimRight(scanner.Text(), "\r"); line != "" && !pass(entry{text: line}) {
			return
		}
	}
	err := scanner.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("a line of the input has more than %d MiB", maxLine>>20)
	case err != nil:
		err = fmt.Errorf("read the input: %w", err)
	}
	pass(entry{end: true, err: err})
}

func (p *page) sent(time.Time, string) {}

func (p *page) message(_ time.Time, text string, _ time.Duration) error {
	if p.entries != nil {
		return nil // record has written it
	}
	if p.cfg.Visible {
		text = logs.Printable(text)
	}
	if _, err := fmt.Fprintln(p.cfg.Out, text); err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	return nil
}

func (p *page) record(at time.Time, dir wsclient.Direction, text string) error {
	if p.entries == nil {
		return nil
	}
	return p.entries.Add(at, dir, text)
}

// What cannot be said on standard error cannot be said at all.

func (p *page) note(text string) {
	if p.entries == nil { // which say it for machines
		fmt.Fprintln(p.cfg.Err, logs.Printable(text))
	}
}
func (p *page) answer(text string) { fmt.Fprintln(p.cfg.Err, logs.Printable(text)) }
func (p *page) wrong(text string) {
	fmt.Fprintln(p.cfg.Err, p.cfg.Colour("31", logs.Printable(text)))
}
func (p *page) state(bool, string) {}
func (p *page) toggleRaw() bool    { return true }
func (p *page) close()             {}

// watch is what a script waits for before its next line.
type watch struct {
	on    bool
	clock *time.Timer
	text  string // what a message must contain; "" to wait for the time alone
	came  []string
	size  int // of came, in bytes
}

// Bounds of what a script remembers for /expect.
const (
	maxCame     = 10_000
	maxCameSize = 64 << 20
	maxShown    = 10 // of what came instead
)

func (w *watch) timer() <-chan time.Time {
	if w.clock == nil {
		return nil
	}
	return w.clock.C
}

func (w *watch) start(limit time.Duration, text string) {
	w.on, w.text, w.clock = true, text, time.NewTimer(limit)
}

func (w *watch) stop() {
	if w.clock != nil {
		w.clock.Stop()
	}
	w.on, w.clock = false, nil
}

// heard remembers a message for /expect, or ends the one that waits for it.
func (s *session) heard(text string) {
	if !s.script {
		return
	}
	w := &s.watch
	if w.on && w.text != "" && strings.Contains(text, w.text) {
		w.came, w.size = nil, 0
		w.stop()
		return
	}
	w.came, w.size = append(w.came, text), w.size+len(text)
	for len(w.came) > maxCame || w.size > maxCameSize {
		w.size -= len(w.came[0])
		w.came = w.came[1:]
	}
}

// expect waits for a message that contains a text, among those that came since the last one it found.
func (s *session) expect(text string) {
	w := &s.watch
	for i, came := range w.came {
		w.size -= len(came)
		if strings.Contains(came, text) {
			w.came = w.came[i+1:]
			return
		}
	}
	for _, came := range w.came {
		w.size += len(came)
	}
	if s.conn == nil && !s.retry.on {
		s.leave(fmt.Errorf("/expect: there is no connection, and no message with %q came%s", text, s.instead()))
		return
	}
	w.start(s.cfg.Expect, text)
}

// timeUp ends a wait.
func (s *session) timeUp() {
	expected := s.watch.text
	s.watch.stop()
	switch {
	case expected != "":
		s.leave(fmt.Errorf("/expect: no message with %q came within %v%s", expected, s.cfg.Expect, s.instead()))
	case s.inputEnd:
		s.leave(nil)
	}
}

// instead lists what came and was not expected.
func (s *session) instead() string {
	came := s.watch.came
	if len(came) == 0 {
		return "; nothing came"
	}
	text := "; this came:"
	if extra := len(came) - maxShown; extra > 0 {
		text += fmt.Sprintf("\n  … %d earlier messages", extra)
		came = came[extra:]
	}
	for _, c := range came {
		text += "\n  " + cut(logs.Printable(c), 1000)
	}
	return text
}

// finish is the end of the input. A script waits for what comes yet, unless its last line was a command.
func (s *session) finish() {
	if s.script && s.conn != nil && !s.command {
		s.settle()
		return
	}
	s.leave(nil)
}

// settleTimeout is how long a server may be silent while it works on what was sent.
const settleTimeout = 30 * time.Second

// settle begins the last wait when the server has read all that was sent, which the pong shows that follows it. A pipe
// may be far ahead of the server.
func (s *session) settle() {
	conn, lost, before := s.conn, s.lost, s.in
	s.do(func() func() {
		ctx, cancel := context.WithTimeout(lost, settleTimeout)
		defer cancel()
		_, err := conn.Ping(ctx)
		return func() {
			switch {
			case s.leaving:
			case s.conn == conn && errors.Is(err, context.DeadlineExceeded) && s.in > before:
				s.settle()
			default: // a connection that was lost is another matter
				s.watch.start(s.cfg.Wait, "")
			}
		}
	})
}

// scriptCut ends a script whose connection ended, or lets it end by itself if the server said good-bye.
func (s *session) scriptCut(c *wsclient.Closed) {
	switch {
	case s.watch.on && s.watch.text != "":
		s.end(fmt.Errorf("/expect: no message with %q came: %w%s", s.watch.text, c, s.instead()))
	case c.Code != wsclient.CodeNormal:
		s.end(c)
	case s.cfg.Script == nil || s.inputEnd:
		s.noteClosed(c)
		s.end(nil)
	default:
		s.noteClosed(c)
	}
}

// cut shortens a text that is long, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + fmt.Sprintf(" … %d bytes more", len(text)-limit)
}
