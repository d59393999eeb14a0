package connect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// editor is a screen at which a person types: a prompt at the bottom that stays while messages come in above it.
type editor struct {
	cfg     Config
	term    *term.Terminal
	keys    *keys
	history *history // belongs to the goroutine that reads lines
	restore func() error
	raw     bool // belongs to the session

	mu        sync.Mutex // guards what the prompt is made of
	connected bool
	doing     string
	inside    bool // a text of several lines is being entered
}

func newEditor(cfg Config) (*editor, error) {
	history, problem := openHistory(cfg.History)
	restore, err := cfg.Console.MakeRaw()
	if err != nil {
		return nil, fmt.Errorf("the terminal cannot be used for editing (%w); pass lines with --exec or through a pipe", err)
	}
	e := &editor{cfg: cfg, keys: &keys{console: cfg.Console}, history: history, restore: restore, raw: cfg.Raw}
	e.term = term.NewTerminal(consoleOf{e.keys, cfg.Console}, "")
	e.term.History = history
	e.term.AutoCompleteCallback = e.complete
	e.term.SetBracketedPasteMode(true)
	if problem != nil {
		e.wrong(problem.Error())
	}
	return e, nil
}

// consoleOf reads keys and writes to the console.
type consoleOf struct {
	io.Reader
	io.Writer
}

func (e *editor) close() {
	e.term.SetBracketedPasteMode(false)
	_, _ = e.cfg.Console.Write([]byte("\r\x1b[K")) // the prompt; a terminal that is gone needs nothing
	_ = e.restore()
}

func (e *editor) read(in inputs) {
	go func() {
		for {
			text, more := e.text()
			if e.keys.end == byQuit {
				in.interrupt <- struct{}{} // there is room, and it comes once
				return
			}
			select {
			case in.lines <- entry{text: text, end: !more}:
			case <-in.quit:
				return
			}
			if !more {
				return
			}
		}
	}()
}

// text returns the next text that is complete, false at the end.
func (e *editor) text() (string, bool) {
	var lines []string
	for {
		e.prompt(len(lines) > 0)
		line, err := e.term.ReadLine()
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return "", false
		}
		switch e.keys.end {
		case byQuit:
			return "", false
		case byInterrupt:
			lines = nil
			e.note("Ctrl-C again or Ctrl-D ends")
			continue
		case byPaste:
			lines = append(lines, line)
			continue
		}
		if line == "" && len(lines) > 0 {
			lines = nil
			e.note("dropped")
			continue
		}
		lines = append(lines, line)
		text := fromLine.Replace(strings.Join(lines, "\n"))
		if strings.TrimSpace(text) == "" {
			lines = nil
			continue
		}
		if !complete(text) {
			continue
		}
		if err := e.history.remember(text); err != nil {
			e.wrong(err.Error())
		}
		return text, true
	}
}

// prompt shows where the next line goes.
func (e *editor) prompt(inside bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inside = inside
	e.setPrompt()
}

func (e *editor) state(connected bool, doing string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.connected, e.doing = connected, doing
	e.setPrompt()
	e.write("") // the prompt that is there is replaced
}

func (e *editor) setPrompt() {
	sign := e.cfg.Colour("36", "› ")
	switch {
	case e.inside:
		sign = e.cfg.Colour("36", "… ")
	case !e.connected && e.doing != "":
		sign = e.cfg.Colour("33", "("+e.doing+") › ")
	case !e.connected:
		sign = e.cfg.Colour("33", "(not connected) › ")
	}
	e.term.SetPrompt(sign)
}

// write writes above the prompt. A terminal that is gone ends the reading of lines.
func (e *editor) write(text string) {
	if width, height := e.cfg.Console.Size(); width > 0 {
		_ = e.term.SetSize(width, height)
	}
	_, _ = e.term.Write([]byte(text))
}

func (e *editor) sent(time.Time, string) {} // it stands there as it was typed

// maxVisible bounds how much of a message is shown, in bytes.
const maxVisible = 64 << 10

func (e *editor) message(at time.Time, text string, took time.Duration) error {
	text = cut(logs.Printable(e.pretty(text)), maxVisible)
	line := e.cfg.Colour("2", at.Local().Format(time.TimeOnly)) + " " + e.cfg.Colour("32", "‹") + " " + text
	if took > 0 {
		line += e.cfg.Colour("2", "  "+short(took))
	}
	e.write(line + "\n")
	return nil
}

// longLine is what still is read easily in one line, in characters.
const longLine = 80

// pretty puts JSON that is long into lines.
func (e *editor) pretty(text string) string {
	if e.raw || utf8.RuneCountInString(text) <= longLine || !strings.ContainsRune("{[", rune(text[0])) {
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

func (e *editor) record(time.Time, wsclient.Direction, string) error { return nil }

func (e *editor) note(text string)   { e.write(e.cfg.Colour("2", "• "+logs.Printable(text)) + "\n") }
func (e *editor) answer(text string) { e.write(logs.Printable(text) + "\n") }
func (e *editor) wrong(text string)  { e.write(e.cfg.Colour("31", "! "+logs.Printable(text)) + "\n") }

func (e *editor) toggleRaw() bool {
	e.raw = !e.raw
	return e.raw
}

// complete is called for each key; the tab key completes the name of a command, or lists those that fit.
func (e *editor) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' || pos != len(line) || !strings.HasPrefix(line, "/") {
		return "", 0, false
	}
	done, options := completion(line)
	if len(options) > 1 && done == line {
		e.note(strings.Join(options, "  "))
	}
	return done, len(done), true
}

// completion returns the line as far as it is clear, and what it may become.
func completion(line string) (string, []string) {
	names := commandNames(false)
	if strings.HasPrefix(line, "/tags ") {
		names = []string{"/tags set", "/tags remove"}
	}
	var fitting []string
	for _, name := range names {
		if strings.HasPrefix(name, line) {
			fitting = append(fitting, name)
		}
	}
	if len(fitting) == 0 {
		return line, nil
	}
	common := fitting[0]
	for _, name := range fitting[1:] {
		for !strings.HasPrefix(name, common) {
			common = common[:len(common)-1]
		}
	}
	if len(fitting) == 1 && takesMore(common) {
		common += " "
	}
	return common, fitting
}

func takesMore(name string) bool {
	if strings.HasPrefix(name, "/tags ") {
		return true
	}
	for _, c := range commands {
		if "/"+c.name == name {
			return c.args != ""
		}
	}
	return false
}
