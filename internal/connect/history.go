package connect

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	maxHistory = 1000     // entries
	maxEntry   = 16 << 10 // bytes
)

// A line of the editor has no line breaks and tabs; signs stand for them.
var (
	toLine   = strings.NewReplacer("\n", "␊", "\t", "␉")
	fromLine = strings.NewReplacer("␊", "\n", "␉", "\t")
)

// secret recognizes what does not belong on the disk: tokens and passwords.
var secret = regexp.MustCompile(`(?i)\beyJ[\w-]{8,}\.[\w-]{8,}\.|"[\w-]*(token|password|passwd|secret|authorization|api_?key)[\w-]*"\s*:|\bbearer[ .]`)

// history is what was entered before, the newest last, kept in a file one entry a line. The editor reads it between
// two lines. It is the History of golang.org/x/term.
type history struct {
	entries []string
	file    string // "" for none
}

// openHistory reads the file. One that is not there yet is made with the first entry.
func openHistory(file string) (*history, error) {
	h := &history{file: file}
	if file == "" {
		return h, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return h, nil
		}
		return &history{}, fmt.Errorf("read the history: %w", err)
	}
	h.entries = strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	h.entries = slices.DeleteFunc(h.entries, func(line string) bool { return line == "" || len(line) > maxEntry })
	if extra := len(h.entries) - maxHistory; extra > 0 {
		h.entries = h.entries[extra:]
		return h, h.rewrite()
	}
	return h, nil
}

// rewrite replaces the file by one with the entries kept.
func (h *history) rewrite() error {
	text := []byte(strings.Join(h.entries, "\n") + "\n")
	temporary := h.file + ".new"
	err := os.WriteFile(temporary, text, 0o600)
	if err == nil {
		err = os.Rename(temporary, h.file)
	}
	if err != nil {
		return fmt.Errorf("shorten the history: %w", err)
	}
	return nil
}

// remember adds a text, unless it begins with a blank, is the newest one already or is very long. One that seems to
// hold a secret stays in memory.
func (h *history) remember(text string) error {
	line := toLine.Replace(text)
	if line == "" || line[0] == ' ' || len(line) > maxEntry || len(h.entries) > 0 && h.entries[len(h.entries)-1] == line {
		return nil
	}
	h.entries = append(h.entries, line)
	if len(h.entries) > maxHistory {
		h.entries = slices.Delete(h.entries, 0, 1)
	}
	if h.file == "" || secret.MatchString(text) {
		return nil
	}
	if err := h.write(line); err != nil {
		h.file = "" // it is said once
		return fmt.Errorf("the history is kept in memory only: %w", err)
	}
	return nil
}

func (h *history) write(line string) error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(bytes.ToValidUTF8([]byte(line), []byte("\uFFFD")), '\n'))
	return errors.Join(err, f.Close())
}

// Add does nothing: the editor remembers whole texts, not lines.
func (h *history) Add(string) {}

// Len returns the number of entries.
func (h *history) Len() int { return len(h.entries) }

// At returns an entry, the newest for 0.
func (h *history) At(i int) string { return h.entries[len(h.entries)-1-i] }
