package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxDiscarded is how much of a body beyond the limit is read and forgotten, in bytes.
const maxDiscarded = 4 << 20

// readBody reads the body of a request, so that one that breaks off is the fault of
// the client, and leaves what was read in its place.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) *huma.ErrorModel {
	// Writers that know no deadlines are those of tests.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
	text, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		return at(problem(http.StatusRequestTimeout, "The body took longer than %v to arrive.", timeout), "body", "took too long", nil)
	case err != nil:
		return at(problem(http.StatusBadRequest, "The body cannot be read: %s.", shorten(err.Error())), "body", "broke off", nil)
	case int64(len(text)) >= limit: // the library refuses this many
		// A client that is still sending when the connection is closed may never see the answer.
		_, _ = io.CopyN(io.Discard, r.Body, maxDiscarded)
		return at(problem(http.StatusRequestEntityTooLarge, "The body is too large: it must be smaller than %d bytes.", limit), "body", "too large", nil)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return nil
}

// A member is known by its name as it is written: the library and encoding/json would
// take "Message" for "message", which the document does not say.
func init() { huma.ValidateStrictCasing = true }

// jsonFormat reads bodies strictly: what could be understood in two ways is an
// error, where encoding/json would take one of them.
func jsonFormat() huma.Format {
	format := huma.DefaultJSONFormat
	format.Unmarshal = unmarshalStrictly
	return format
}

// unmarshalStrictly decodes one JSON value. The library calls it first for any
// value at all, to check it, and then for the type of the handler.
func unmarshalStrictly(text []byte, into any) error {
	if _, first := into.(*any); !first {
		return json.Unmarshal(text, into)
	}
	if i := invalidUTF8(text); i >= 0 {
		return fmt.Errorf("%s: not UTF-8", position(text, i))
	}
	if err := json.Unmarshal(text, into); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("%s: %w", position(text, int(syntax.Offset)-1), err)
		}
		return err
	}
	return oneNameEach(text)
}

// invalidUTF8 returns where the text stops to be UTF-8, -1 if it does not.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// oneNameEach returns an error if an object has two members of one name, of which
// the decoder would take the last. The text is valid JSON.
func oneNameEach(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // a number need not fit anything here
	type level struct {
		names map[string]bool // nil in an array
		name  bool            // whether a name comes next
	}
	var levels []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		top := len(levels) - 1
		switch token {
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:top]
			continue
		}
		if top >= 0 && levels[top].name {
			name := token.(string) // the only kind of token there is at this place
			if levels[top].names[name] {
				return fmt.Errorf("%s: the member %q is there twice", position(text, int(dec.InputOffset())-1), shorten(name))
			}
			levels[top].names[name], levels[top].name = true, false
			continue
		}
		if top >= 0 {
			levels[top].name = levels[top].names != nil
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}, name: true})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

// position says in which line and column of a text the byte is.
func position(text []byte, offset int) string {
	before := text[:max(0, min(offset, len(text)))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte{'\n'})+1, utf8.RuneCount(before[start:])+1)
}
