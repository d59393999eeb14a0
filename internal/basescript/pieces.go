package basescript

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Work on long texts is done in pieces: before each one the run is charged, and once a piece of pieceBytes is
// done it looks at the clock. So a run does not outlive its budget by the time a whole text takes.

// pieces calls fn for one piece of a text after the other. Pieces end between characters.
func (r *Run) pieces(s string, fn func(piece string) error) error {
	for len(s) > 0 {
		cut := pieceEnd(s)
		if err := r.scan(cut); err != nil {
			return err
		}
		if err := fn(s[:cut]); err != nil {
			return err
		}
		s = s[cut:]
	}
	return nil
}

// Pieces calls fn for one piece of a text after the other, charging the run before each, so that a host
// function that works on long texts ends soon after the run's time. Pieces end between characters and not
// inside a line end; most are of 256 KiB.
func (r *Run) Pieces(text string, fn func(piece string) error) error { return r.pieces(text, fn) }

// MapPieces puts together what a mapping makes of each piece. The mapping must take each character by itself.
func (r *Run) MapPieces(text string, mapping func(piece string) string) (Value, error) {
	return r.mapPieces(text, mapping, mapping)
}

// UnescapeHTML reads the entities of a text of any length.
func (r *Run) UnescapeHTML(text string) (Value, error) { return r.unescapeHTML(text) }

// countChars is charCount of a text of any length.
func (r *Run) countChars(s string) (n int, err error) {
	err = r.pieces(s, func(piece string) error {
		n += charCount(piece)
		return nil
	})
	return n, err
}

// offsetOf is charOffset in a text of any length.
func (r *Run) offsetOf(s string, n int) (int, error) {
	if n <= 0 {
		return 0, nil
	}
	at := 0
	for len(s)-at > pieceBytes {
		if err := r.scan(pieceBytes); err != nil {
			return 0, err
		}
		count := charCount(s[at : at+pieceBytes])
		if count > n {
			break
		}
		n -= count
		at += pieceBytes
	}
	if n > 0 {
		return at + charOffset(s[at:], n), nil
	}
	for at < len(s) && continues(s[at]) {
		at++
	}
	return at, nil
}

// findText is strings.Index in a text of any length.
func (r *Run) findText(s, part string) (int, error) {
	head := part[:min(len(part), pieceBytes)]
	for at := 0; ; {
		window := s[at:min(len(s), at+pieceBytes+len(head))]
		i := strings.Index(window, head)
		if i < 0 {
			if err := r.scan(len(window)); err != nil || at+len(window) == len(s) {
				return -1, err
			}
			at += len(window) - len(head) + 1
			continue
		}
		if err := r.scan(i + len(head)); err != nil || len(s)-at-i < len(part) {
			return -1, err
		}
		at += i
		same, err := r.sameText(s[at+len(head):at+len(part)], part[len(head):])
		if err != nil || same {
			return at, err
		}
		at++
	}
}

// findLastText is strings.LastIndex in a text of any length.
func (r *Run) findLastText(s, part string) (int, error) {
	head := part[:min(len(part), pieceBytes)]
	for end := len(s) - (len(part) - len(head)); end >= len(head); {
		from := max(0, end-pieceBytes-len(head))
		if err := r.scan(end - from); err != nil {
			return 0, err
		}
		i := strings.LastIndex(s[from:end], head)
		if i < 0 {
			if from == 0 {
				break
			}
			end = from + len(head) - 1
			continue
		}
		at := from + i
		same, err := r.sameText(s[at+len(head):at+len(part)], part[len(head):])
		if err != nil || same {
			return at, err
		}
		end = at + len(head) - 1
	}
	return -1, nil
}

// sameText compares texts of any length.
func (r *Run) sameText(a, b string) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	for len(a) > pieceBytes {
		if err := r.scan(pieceBytes); err != nil || a[:pieceBytes] != b[:pieceBytes] {
			return false, err
		}
		a, b = a[pieceBytes:], b[pieceBytes:]
	}
	return a == b, r.scan(len(a))
}

// compareTexts is strings.Compare of texts of any length.
func (r *Run) compareTexts(a, b string) (int, error) {
	for len(a) > pieceBytes && len(b) > pieceBytes {
		if err := r.scan(pieceBytes); err != nil {
			return 0, err
		}
		if c := strings.Compare(a[:pieceBytes], b[:pieceBytes]); c != 0 {
			return c, nil
		}
		a, b = a[pieceBytes:], b[pieceBytes:]
	}
	return strings.Compare(a, b), r.scan(min(len(a), len(b)))
}

// joinTexts returns texts one behind the other; their memory is charged by the caller.
func (r *Run) joinTexts(parts ...string) (Value, error) {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	var b strings.Builder
	b.Grow(n)
	for _, part := range parts {
		if err := r.fillPieces(&b, part); err != nil {
			return Undefined, err
		}
	}
	return String(b.String()), nil
}

// copyText returns a copy of a text, charged to the run.
func (r *Run) copyText(s string) (Value, error) {
	if err := r.Alloc(len(s)); err != nil {
		return Undefined, err
	}
	if len(s) <= pieceBytes {
		return String(strings.Clone(s)), nil
	}
	return r.joinTexts(s)
}

// appendPieces appends a text of any length to a buffer with room for it. The steps were charged with the
// memory; only the clock is looked at.
func (r *Run) appendPieces(buf []byte, s string) ([]byte, *Error) {
	for len(s) > pieceBytes {
		if e := r.look(); e != nil {
			return buf, e
		}
		buf = append(buf, s[:pieceBytes]...)
		s = s[pieceBytes:]
	}
	return append(buf, s...), nil
}

// trim returns a text without the characters at its ends that cut accepts.
func (r *Run) trim(s string, atStart, atEnd bool, cut func(c rune) bool) (string, error) {
	for atStart && s != "" {
		end := pieceEnd(s)
		if err := r.scan(end); err != nil {
			return "", err
		}
		rest := strings.TrimLeftFunc(s[:end], cut)
		s = s[end-len(rest):]
		atStart = rest == ""
	}
	for atEnd && s != "" {
		from := max(0, len(s)-pieceBytes)
		for back := 0; from > 0 && back < utf8.UTFMax && continues(s[from]); back++ {
			from--
		}
		if err := r.scan(len(s) - from); err != nil {
			return "", err
		}
		rest := strings.TrimRightFunc(s[from:], cut)
		s = s[:from+len(rest)]
		atEnd = rest == ""
	}
	return s, nil
}

func isBlankChar(c rune) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// write hands a text of any length to a writer that does not fail, such as a hash.
func (r *Run) write(w io.Writer, s string) error {
	var buf []byte
	return r.pieces(s, func(piece string) error {
		buf = append(buf[:0], piece...)
		w.Write(buf)
		return r.scan(len(piece)) // hashing takes longer than going through a text
	})
}
