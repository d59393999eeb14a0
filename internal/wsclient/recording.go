package wsclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Direction says what an entry of a recording is.
type Direction string

// Directions. The text of Opened is the address without secrets, that of Ended the code and the reason.
const (
	In     Direction = "in"
	Out    Direction = "out"
	Opened Direction = "open"
	Ended  Direction = "close"
)

// entry is a line of a recording, the same as in the test client (web/src/client/recording.ts).
type entry struct {
	T      int64     `json:"t"` // ms since the first entry
	Dir    Direction `json:"dir"`
	Socket string    `json:"socket"`
	Text   string    `json:"text"`
}

// Recording writes what happens on a socket as JSON lines, each whole and at once. It belongs to one goroutine.
type Recording struct {
	out    *json.Encoder
	socket string
	start  time.Time
}

// NewRecording writes to out and calls the socket by a name.
func NewRecording(out io.Writer, socket string) *Recording {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &Recording{out: enc, socket: socket}
}

// Add writes an entry. The time of the first one is 0.
func (r *Recording) Add(at time.Time, dir Direction, text string) error {
	if r.start.IsZero() {
		r.start = at
	}
	t := max(0, at.Sub(r.start).Milliseconds())
	if err := r.out.Encode(entry{T: t, Dir: dir, Socket: r.socket, Text: text}); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// CreateRecording makes the file of a recording. One that exists is an error, unless overwrite is set.
func CreateRecording(name string, overwrite bool) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o600) // messages may hold anything
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists; name another file, or overwrite it with --force", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	return f, nil
}
