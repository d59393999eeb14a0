package versions

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
)

// Errors of a [Store]; they may be wrapped.
var (
	// ErrNotFound says that there is no such version, or none any more.
	ErrNotFound = errors.New("no such version")
	// ErrTooLarge says that a text has no room in the store.
	ErrTooLarge = errors.New("the text is too large for the history")
	// ErrBehind says that more texts wait to be stored than are kept in memory.
	ErrBehind = errors.New("too many versions wait to be stored")
	// ErrClosed says that the recorder has ended.
	ErrClosed = errors.New("the history is closed")
)

// Script names a script: its kind, such as "service", and its name.
type Script struct {
	Kind, Name string
}

// Version is a text that was in force, and what is known of it. Lists leave the text out.
type Version struct {
	N      int
	At     time.Time
	By     string
	Note   string
	Bytes  int
	ETag   string
	Source string
}

// New is a text to become a version.
type New struct {
	By     string // who brought it
	Note   string // why; may be empty
	Source string
}

// ETag returns the entity tag of a text: equal for equal texts, different for others.
func ETag(text string) string {
	sum := sha256.Sum256([]byte(text))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// Diff returns the unified diff from one text to another, "" if they are equal. The names stand in its
// first lines.
func Diff(fromName, from, toName, to string) string {
	text := string(diff.Diff(fromName, []byte(from), toName, []byte(to)))
	_, rest, _ := strings.Cut(text, "\n") // the first line is a command, for which there are no files
	return rest
}

// escape turns a name into one token of a subject.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "=%02X", c)
	}
	return b.String()
}
