package basescript

import (
	mathbits "math/bits"
	"strings"
	"unicode/utf8"
)

// A character of a text is a byte that does not continue a UTF-8 sequence, with those that do. Texts
// that are not UTF-8 have characters too, and no position in them makes a function fail.

func continues(c byte) bool { return c&0xc0 == 0x80 }

// continuations counts the bytes of s[i:i+8] that continue a character.
func continuations(s string, i int) int {
	_ = s[i+7]
	x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
	return mathbits.OnesCount64(x >> 7 & ^(x >> 6) & 0x0101010101010101)
}

// charCount returns the number of characters of s.
func charCount(s string) int {
	n, i := len(s), 0
	for ; i+8 <= len(s); i += 8 {
		n -= continuations(s, i)
	}
	for ; i < len(s); i++ {
		if continues(s[i]) {
			n--
		}
	}
	return n
}

// charOffset returns the byte position of the nth character, len(s) if there are fewer.
func charOffset(s string, n int) int {
	if n <= 0 {
		return 0
	}
	i := 0
	for ; n >= 8 && i+8 <= len(s); i += 8 {
		n -= 8 - continuations(s, i)
	}
	for ; i < len(s); i++ {
		if !continues(s[i]) {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return len(s)
}

// charEnd returns where the character that begins at i ends.
func charEnd(s string, i int) int {
	for i++; i < len(s) && continues(s[i]); i++ {
	}
	return min(i, len(s))
}

// ownPart returns a part of a text such that keeping it does not keep the whole.
func ownPart(s string) string {
	if len(s) == 1 {
		return byteText(s[0]).Str()
	}
	return recent.own(s)
}

// textBuilder builds a text of unknown length, charging the run as it grows.
type textBuilder struct {
	r *Run
	b strings.Builder
}

func (b *textBuilder) add(s string) error {
	if size := b.b.Len() + len(s); size > b.b.Cap() {
		room := max(32, size+size/2)
		if err := b.r.reserveBeside(int64(room), int64(b.b.Cap())); err != nil {
			return err
		}
		made := b.b.String()
		b.b.Reset() // Grow of a filled builder would take more than was charged
		b.b.Grow(room)
		if err := b.r.fillPieces(&b.b, made); err != nil {
			return err
		}
	}
	if len(s) > pieceBytes {
		return b.r.fillPieces(&b.b, s)
	}
	b.b.WriteString(s)
	return nil
}

func (b *textBuilder) value() Value { return String(b.b.String()) }

// mapText applies a mapping to each character; bytes that are not UTF-8 stay. It returns s itself if
// nothing changes.
func mapText(s string, mapping func(rune) rune) string {
	if utf8.ValidString(s) {
		return strings.Map(mapping, s)
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && size == 1 {
			b.WriteByte(s[i])
		} else {
			b.WriteRune(mapping(c))
		}
		i += size
	}
	return b.String()
}

// pieceBytes is how much of a long text is worked on between two looks at the clock.
const pieceBytes = 256 << 10

// mapPieces maps a long text piece by piece, so that a run does not outlive its budget by the time the
// whole text takes. The mapping must take each character by itself; first is what maps the beginning.
func (r *Run) mapPieces(s string, first, mapping func(string) string) (Value, error) {
	if len(s) <= pieceBytes {
		if err := r.scan(len(s)); err != nil {
			return Undefined, err
		}
		return r.text(apart(first(s), s))
	}
	out := textBuilder{r: r}
	err := r.pieces(s, func(piece string) error {
		mapped := first(piece)
		first = mapping
		return out.add(mapped)
	})
	return out.value(), err
}

// apart returns made, a copy if it is the text it was made of: that may be the beginning of a longer one.
func apart(made, of string) string {
	if sameMemory(made, of) {
		return strings.Clone(made)
	}
	return made
}

// pieceEnd is where the first piece of a text ends: between characters, and not inside a line end.
func pieceEnd(s string) int {
	cut := min(pieceBytes, len(s))
	for more := 0; cut < len(s) && more < utf8.UTFMax && continues(s[cut]); more++ {
		cut++
	}
	if cut < len(s) && s[cut-1] == '\r' && s[cut] == '\n' {
		cut++
	}
	return cut
}

// fillPieces writes a text to a builder with room for it, looking at the clock meanwhile.
func (r *Run) fillPieces(b *strings.Builder, s string) error {
	for len(s) > pieceBytes {
		if err := r.Step(pieceBytes >> 6); err != nil {
			return err
		}
		b.WriteString(s[:pieceBytes])
		s = s[pieceBytes:]
	}
	b.WriteString(s)
	return r.scan(len(s))
}
