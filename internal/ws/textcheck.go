package ws

import "unicode/utf8"

// textCheck checks UTF-8 that comes in pieces, and fails at the first byte that no continuation
// could make good. The zero value is at the beginning of a text.
type textCheck struct {
	need   uint8 // bytes the current character still wants
	lo, hi byte  // range of the next one
}

// feed takes a piece and reports whether the text can still be valid.
func (t *textCheck) feed(p []byte) bool {
	if t.need == 0 && utf8.Valid(p) {
		return true
	}
	for _, b := range p {
		if t.need > 0 {
			if b < t.lo || b > t.hi {
				return false
			}
			t.need--
			t.lo, t.hi = 0x80, 0xbf
			continue
		}
		if b >= 0x80 && !t.begin(b) {
			return false
		}
	}
	return true
}

// begin takes the first byte of a character of several bytes (RFC 3629, section 4).
func (t *textCheck) begin(b byte) bool {
	t.lo, t.hi = 0x80, 0xbf
	switch {
	case b >= 0xc2 && b <= 0xdf:
		t.need = 1
	case b >= 0xe0 && b <= 0xef:
		t.need = 2
	case b >= 0xf0 && b <= 0xf4:
		t.need = 3
	default:
		return false
	}
	switch b {
	case 0xe0:
		t.lo = 0xa0 // shorter encodings exist
	case 0xed:
		t.hi = 0x9f // surrogates
	case 0xf0:
		t.lo = 0x90 // shorter encodings exist
	case 0xf4:
		t.hi = 0x8f // beyond the last character
	}
	return true
}

// complete reports whether the text may end here.
func (t *textCheck) complete() bool { return t.need == 0 }
