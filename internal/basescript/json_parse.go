package basescript

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	// maxJSONDepth bounds the nesting of what is parsed and of what is encoded: a Go stack overflow
	// cannot be recovered.
	maxJSONDepth = 500
	// maxJSONNumber is the longest number that is read.
	maxJSONNumber = 64 << 10
)

// jsonParser reads one text. Members of objects and elements of arrays are collected on two stacks, so
// that each object is allocated once, with its final size.
type jsonParser struct {
	r      *Run
	text   string
	pos    int
	start  int // of the first value
	depth  int
	strict bool
	steps  int64 // not charged yet
	bytes  int64
	total  int64 // bytes charged
	keys   []string
	vals   []Value
	// stopped is why the run ended while long blanks, words or numbers were read; the rest of the text counts
	// as read then.
	stopped *Error
}

var jsonParsers = sync.Pool{New: func() any {
	return &jsonParser{keys: make([]string, 0, 32), vals: make([]Value, 0, 64)}
}}

// ParseJSON parses JSON text and, unless strict, JavaScript literals: any quotes, bare keys, undefined,
// comments, trailing commas, raw control characters in strings (spec/basescript.md 2.5). Integers keep
// 64 bits, larger ones become reals; of equal keys the last value wins.
//
// Its error is "Invalid format" where the text begins with nothing that can start a value (so also for
// empty text), else "Invalid JSON." with the number of characters read before the parser gave up: past an
// unknown word, at an unexpected character, at the end of a text that breaks off.
func (r *Run) ParseJSON(text string, strict bool) (Value, error) {
	p := jsonParsers.Get().(*jsonParser)
	p.r, p.text, p.strict = r, text, strict
	v, e := p.document()
	p.release()
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

// release gives the parser back without anything of the run in it. Large stacks are left to the
// collector.
func (p *jsonParser) release() {
	clear(p.keys)
	clear(p.vals)
	keys, vals := p.keys[:0], p.vals[:0]
	*p = jsonParser{keys: keys, vals: vals}
	if cap(keys)+cap(vals) <= 4096 {
		jsonParsers.Put(p)
	}
}

func (p *jsonParser) document() (Value, *Error) {
	if !p.strict && strings.HasPrefix(p.text, "\ufeff") {
		p.pos = len("\ufeff")
	}
	p.space()
	p.start = p.pos
	v, e := p.value(nil, false)
	if e == nil {
		p.space()
		if p.pos < len(p.text) {
			e = p.invalid()
		}
	}
	if p.stopped != nil {
		return Undefined, p.stopped
	}
	if e == nil {
		e = p.flush()
	}
	return v, e
}

// halted charges a stretch of scannedAtOnce bytes and reports whether the run is over.
func (p *jsonParser) halted() bool {
	e := p.r.step(scannedAtOnce >> 6)
	if e != nil {
		p.stopped, p.pos = e, len(p.text)
	}
	return e != nil
}

// invalid is the error of a parser that can read no further than pos.
func (p *jsonParser) invalid() *Error {
	chars := 0
	err := p.r.pieces(p.text[:p.pos], func(piece string) error {
		chars += utf8.RuneCountInString(piece)
		return nil
	})
	switch {
	case p.stopped != nil:
		return p.stopped
	case err != nil:
		return toError(err)
	}
	return NewError("Invalid JSON.\nOffset: " + strconv.Itoa(chars))
}

// charge counts a value and what it holds; the run is charged in batches.
func (p *jsonParser) charge(bytes int) *Error {
	p.steps++
	p.bytes += int64(bytes)
	if p.steps < 256 && p.bytes < 1<<15 {
		return nil
	}
	return p.flush()
}

func (p *jsonParser) flush() *Error {
	steps, bytes := p.steps, p.bytes
	p.steps, p.bytes = 0, 0
	if e := p.r.step(steps); e != nil {
		return e
	}
	p.total += bytes
	return p.r.allocHeld(bytes, p.total-bytes)
}

// space moves past white space and, unless strict, comments.
func (p *jsonParser) space() {
	for look := p.pos + scannedAtOnce; p.pos < len(p.text); {
		if p.pos >= look {
			if p.halted() {
				return
			}
			look = p.pos + scannedAtOnce
		}
		switch c := p.text[p.pos]; {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			p.pos++
		case p.strict || (c < utf8.RuneSelf && c != '/' && c != '\v' && c != '\f'):
			return
		case !p.rareSpace():
			return
		}
	}
}

// rareSpace moves past one comment or one of the less common blanks; false if there is none.
func (p *jsonParser) rareSpace() bool {
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			p.pos += end
		} else {
			p.pos = len(p.text)
		}
		return true
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return false
		}
		p.pos += end + 4
		return true
	}
	c, size := utf8.DecodeRuneInString(rest)
	if c == '/' || (c != '\ufeff' && !unicode.IsSpace(c)) {
		return false
	}
	p.pos += size
	return true
}

// value reads one value. like is a value that stood in the same place of the element before, whose key
// list the new object uses if the keys are the same; shared says that such a list may be wanted again.
func (p *jsonParser) value(like *Object, shared bool) (Value, *Error) {
	if p.pos >= len(p.text) {
		return p.noValue()
	}
	switch c := p.text[p.pos]; c {
	case '{':
		return p.object(like, shared)
	case '[':
		return p.array(like)
	case '"':
		s, e := p.quoted(c)
		if e != nil {
			return Undefined, e
		}
		return String(s), p.charge(len(s))
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number()
	case '\'', '`', '+', '.':
		if p.strict {
			return p.noValue()
		}
		if c == '+' || c == '.' {
			return p.number()
		}
		s, e := p.quoted(c)
		if e != nil {
			return Undefined, e
		}
		return String(s), p.charge(len(s))
	}
	return p.constant()
}

// noValue is the error of a character, or an end, where a value should begin.
func (p *jsonParser) noValue() (Value, *Error) {
	if p.pos == p.start {
		return Undefined, NewError("Invalid format")
	}
	return Undefined, p.invalid()
}

// constant reads true, false, null and undefined. An unknown word is an error behind the word
// (spec/basescript.md 4.3: "Привет" gives offset 6).
func (p *jsonParser) constant() (Value, *Error) {
	word := p.word(false)
	p.pos += len(word)
	switch word {
	case "true":
		return True, p.charge(0)
	case "false":
		return False, p.charge(0)
	case "null":
		return Null, p.charge(0)
	case "undefined":
		if !p.strict {
			return Undefined, p.charge(0)
		}
	case "":
		return p.noValue()
	}
	return Undefined, p.invalid()
}

// word returns the letters, digits and underscores at the present position; with dollar also "$".
func (p *jsonParser) word(dollar bool) string {
	rest, look := p.text[p.pos:], scannedAtOnce
	for i, c := range rest {
		if i >= look {
			if p.halted() {
				return ""
			}
			look += scannedAtOnce
		}
		switch {
		case c < utf8.RuneSelf && isWordByte(byte(c)), c == '$' && dollar:
		case c >= utf8.RuneSelf && c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c)):
		default:
			return rest[:i]
		}
	}
	return rest
}

func isWordByte(c byte) bool {
	return c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z') || (c >= '0' && c <= '9')
}

func (p *jsonParser) array(like *Object) (Value, *Error) {
	if e := p.enter(); e != nil {
		return Undefined, e
	}
	base := len(p.vals)
	var prev *Object
	if like.IsArray() && len(like.vals) > 0 {
		prev = like.vals[0].Object()
	}
	for {
		more, e := p.item(']', len(p.vals) == base)
		if e != nil {
			return Undefined, e
		}
		if !more {
			break
		}
		v, e := p.value(prev, true)
		if e != nil {
			return Undefined, e
		}
		prev = v.Object()
		p.vals = append(p.vals, v)
	}
	p.depth--
	o := newArrayOf(p.vals[base:])
	clear(p.vals[base:])
	p.vals = p.vals[:base]
	return ObjectValue(o), p.charge(sizeObject + len(o.vals)*sizeValue)
}

func (p *jsonParser) enter() *Error {
	p.pos++
	p.depth++
	if p.depth > maxJSONDepth {
		return Errorf("JSON is nested deeper than %d levels", maxJSONDepth)
	}
	return nil
}

// item moves to the next item of an array or object, or past its end.
func (p *jsonParser) item(end byte, first bool) (more bool, e *Error) {
	p.space()
	if p.pos < len(p.text) {
		c := p.text[p.pos]
		if c == end {
			p.pos++
			return false, nil
		}
		if first {
			return true, nil
		}
		if c == ',' {
			p.pos++
			p.space()
			if p.pos < len(p.text) && p.text[p.pos] == end && !p.strict {
				p.pos++
				return false, nil
			}
			return true, nil
		}
	}
	return false, p.invalid()
}

func (p *jsonParser) object(like *Object, shared bool) (Value, *Error) {
	if e := p.enter(); e != nil {
		return Undefined, e
	}
	if like != nil && like.class != classObject {
		like = nil
	}
	base, keyBase, same := len(p.vals), len(p.keys), like != nil
	for {
		n := len(p.vals) - base
		more, e := p.item('}', n == 0)
		if e != nil {
			return Undefined, e
		}
		if !more {
			break
		}
		key, e := p.key()
		if e != nil {
			return Undefined, e
		}
		var twin *Object
		if same = same && n < len(like.keys) && like.keys[n] == key; same {
			key, twin = like.keys[n], like.vals[n].Object()
		}
		p.keys = append(p.keys, key)
		v, e := p.value(twin, shared)
		if e != nil {
			return Undefined, e
		}
		p.vals = append(p.vals, v)
	}
	p.depth--
	keys, vals := p.keys[keyBase:], p.vals[base:]
	if !same || len(keys) != len(like.keys) {
		like = nil
	}
	o := newParsedObject(keys, vals, like, shared)
	size := sizeObject + len(vals)*(sizeValue+sizeKey)
	clear(keys)
	clear(vals)
	p.keys, p.vals = p.keys[:keyBase], p.vals[:base]
	return ObjectValue(o), p.charge(size)
}

// key reads a key and the colon after it.
func (p *jsonParser) key() (string, *Error) {
	key, e := p.keyText()
	if e != nil {
		return "", e
	}
	p.space()
	if p.pos >= len(p.text) || p.text[p.pos] != ':' {
		return "", p.invalid()
	}
	p.pos++
	p.space()
	return key, nil
}

func (p *jsonParser) keyText() (string, *Error) {
	if p.pos >= len(p.text) {
		return "", p.invalid()
	}
	c := p.text[p.pos]
	if c == '"' || (!p.strict && (c == '\'' || c == '`')) {
		key, e := p.quoted(c)
		if e == nil {
			p.bytes += int64(len(key))
		}
		return key, e
	}
	if p.strict {
		return "", p.invalid()
	}
	word := p.word(true)
	if word == "" {
		return "", p.invalid()
	}
	p.pos += len(word)
	p.bytes += int64(len(word))
	return ownPart(word), nil
}

// jsonStop marks the bytes at which reading or writing of a string looks closer.
var jsonStop = func() (stop [256]bool) {
	for c := range 0x20 {
		stop[c] = true
	}
	stop['"'], stop['\''], stop['`'], stop['\\'] = true, true, true, true
	return stop
}()

// quoted reads a string that ends with the quote it begins with.
func (p *jsonParser) quoted(quote byte) (string, *Error) {
	p.pos++
	text, from := p.text, p.pos
	for i, look := from, from+scannedAtOnce; i < len(text); i++ {
		c := text[i]
		if i >= look {
			if p.halted() {
				return "", p.stopped
			}
			look += scannedAtOnce
		}
		if !jsonStop[c] {
			continue
		}
		switch {
		case c == quote:
			p.pos = i + 1
			p.steps += int64(i-from) >> 6
			return ownPart(text[from:i]), nil
		case c == '\\':
			return p.escaped(quote, from, i)
		case c < 0x20 && p.strict:
			p.pos = i
			return "", p.invalid()
		}
	}
	p.pos = len(text)
	return "", p.invalid()
}

// escaped reads the rest of a string whose first escape is at i.
func (p *jsonParser) escaped(quote byte, from, i int) (string, *Error) {
	text := p.text
	end := i
	for look := i + scannedAtOnce; end < len(text) && text[end] != quote; {
		if end >= look {
			if p.halted() {
				return "", p.stopped
			}
			look += scannedAtOnce
		}
		if text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(text) {
		p.pos = len(text)
		return "", p.invalid()
	}
	p.steps += int64(end-from) >> 6
	size := end - from
	var b strings.Builder
	b.Grow(size)
	b.WriteString(text[from:i])
	look := i + scannedAtOnce
	for p.pos = i; p.pos < end; {
		if p.pos >= look {
			if p.halted() {
				return "", p.stopped
			}
			look += scannedAtOnce
		}
		c := text[p.pos]
		switch {
		case c == '\\':
			if e := p.escape(&b); e != nil {
				return "", e
			}
		case c < 0x20 && p.strict:
			return "", p.invalid()
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	p.pos = end + 1
	return b.String(), nil
}

// escape reads one escape sequence and appends what it stands for.
func (p *jsonParser) escape(b *strings.Builder) *Error {
	c := p.text[p.pos+1]
	if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[at])
		p.pos += 2
		return nil
	}
	if c == 'u' {
		return p.unicodeEscape(b)
	}
	if p.strict {
		return p.invalid()
	}
	switch c {
	case 'x':
		code, ok := hexDigits(p.text, p.pos+2, 2)
		if !ok {
			return p.invalid()
		}
		b.WriteRune(code)
		p.pos += 4
		return nil
	case 'v':
		b.WriteByte('\v')
	case '0':
		b.WriteByte(0)
	case '\n': // a continued line
	case '\r':
		if strings.HasPrefix(p.text[p.pos+2:], "\n") {
			p.pos++
		}
	default: // JavaScript lets any other character stand for itself
		b.WriteByte(c)
	}
	p.pos += 2
	return nil
}

// unicodeEscape reads \uXXXX, a surrogate pair of two, or \u{X…}. A lone surrogate, which UTF-8 cannot
// hold, becomes U+FFFD.
func (p *jsonParser) unicodeEscape(b *strings.Builder) *Error {
	if !p.strict && p.pos+2 < len(p.text) && p.text[p.pos+2] == '{' {
		end := strings.IndexByte(p.text[p.pos:], '}')
		if end < 4 || end > 9 {
			return p.invalid()
		}
		code, ok := hexDigits(p.text, p.pos+3, end-3)
		if !ok {
			return p.invalid()
		}
		b.WriteRune(code)
		p.pos += end + 1
		return nil
	}
	code, ok := hexDigits(p.text, p.pos+2, 4)
	if !ok {
		return p.invalid()
	}
	p.pos += 6
	if code >= 0xd800 && code < 0xdc00 && strings.HasPrefix(p.text[p.pos:], `\u`) {
		if low, ok := hexDigits(p.text, p.pos+2, 4); ok && low >= 0xdc00 && low < 0xe000 {
			p.pos += 6
			code = (code-0xd800)<<10 + (low - 0xdc00) + 0x10000
		}
	}
	b.WriteRune(code)
	return nil
}

// hexDigits reads exactly n hexadecimal digits.
func hexDigits(s string, from, n int) (rune, bool) {
	if from+n > len(s) {
		return 0, false
	}
	var code rune
	for _, c := range []byte(s[from : from+n]) {
		switch {
		case c >= '0' && c <= '9':
			code = code<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			code = code<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return code, true
}

// number reads a number. Whole numbers of an integer's range are read in one go; the rest is left to numberSlow.
func (p *jsonParser) number() (Value, *Error) {
	text, i := p.text, p.pos
	negative := text[i] == '-'
	if negative {
		i++
	}
	first := i
	var n uint64
	for i < len(text) && text[i]-'0' <= 9 && i-first < 19 {
		n = n*10 + uint64(text[i]-'0')
		i++
	}
	if i == first || n > math.MaxInt64 || (text[first] == '0' && i > first+1) {
		return p.numberSlow()
	}
	if i < len(text) {
		if c := text[i]; c == '.' || c|0x20 == 'e' || c|0x20 == 'x' || c-'0' <= 9 {
			return p.numberSlow()
		}
	}
	p.pos = i
	if negative {
		return Int(-int64(n)), p.charge(0)
	}
	return Int(int64(n)), p.charge(0)
}

// numberSlow reads reals, long integers and the forms only JavaScript knows: +1, .5, 5., 0x1F. Leading
// zeros are decimal, as everywhere in the dialect (spec/basescript.md 1.5).
func (p *jsonParser) numberSlow() (Value, *Error) {
	from := p.pos
	p.skipAny("-+", !p.strict, "-")
	if !p.strict && len(p.text)-p.pos > 2 && p.text[p.pos] == '0' && p.text[p.pos+1]|0x20 == 'x' {
		return p.hexNumber(p.text[from] == '-')
	}
	whole := p.digits()
	leadingZero := whole > 1 && p.text[p.pos-whole] == '0'
	fraction, isReal := 0, false
	if p.pos < len(p.text) && p.text[p.pos] == '.' {
		isReal = true
		p.pos++
		fraction = p.digits()
	}
	if whole+fraction == 0 || (p.strict && (whole == 0 || leadingZero || (isReal && fraction == 0))) {
		return Undefined, p.invalid()
	}
	if p.pos < len(p.text) && p.text[p.pos]|0x20 == 'e' {
		isReal = true
		p.pos++
		p.skipAny("-+", true, "")
		if p.digits() == 0 {
			return Undefined, p.invalid()
		}
	}
	if p.steps += int64(p.pos-from) >> 6; p.pos-from > maxJSONNumber {
		return Undefined, p.invalid()
	}
	return parsedNumber(p.text[from:p.pos], isReal), p.charge(0)
}

// skipAny moves past one byte of lenient if that is allowed, of otherwise if not.
func (p *jsonParser) skipAny(lenient string, allowed bool, otherwise string) {
	if !allowed {
		lenient = otherwise
	}
	if p.pos < len(p.text) && strings.IndexByte(lenient, p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// digits moves past decimal digits and returns their number.
func (p *jsonParser) digits() int {
	from := p.pos
	for p.pos < len(p.text) && p.pos-from <= maxJSONNumber && p.text[p.pos]-'0' <= 9 {
		p.pos++
	}
	return p.pos - from
}

func parsedNumber(s string, isReal bool) Value {
	if !isReal {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Int(n)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		f = math.NaN()
	}
	return Real(f)
}

func (p *jsonParser) hexNumber(negative bool) (Value, *Error) {
	p.pos += 2
	from := p.pos
	for p.pos < len(p.text) && p.pos-from < 16 {
		if _, ok := hexDigits(p.text, p.pos, 1); !ok {
			break
		}
		p.pos++
	}
	n, err := strconv.ParseUint(p.text[from:p.pos], 16, 63)
	if err != nil {
		return Undefined, p.invalid()
	}
	if negative {
		return Int(-int64(n)), p.charge(0)
	}
	return Int(int64(n)), p.charge(0)
}
