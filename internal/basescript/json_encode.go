package basescript

import (
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// JSONOptions says how EncodeJSON writes. The zero value is compact JSON of any depth up to 500.
type JSONOptions struct {
	// PrettyFormat breaks lines and indents, by Indent or two blanks.
	PrettyFormat bool
	Indent       string
	// ExportLargeIntegersAsStrings quotes integers above 0x7FFFFFFF (spec/basescript.md 2.5).
	ExportLargeIntegersAsStrings bool
	// MaxDepth bounds the nesting: objects and arrays that lie deeper than so many levels are written as
	// null. tools.object_to_text cuts at 5 levels. 0: everything is written, and what contains itself is
	// an error.
	MaxDepth int
}

// maxSmallInteger is the largest integer ExportLargeIntegersAsStrings leaves unquoted.
const maxSmallInteger = 0x7fffffff

// maxTextBytes bounds a text a built-in makes, whatever the budgets of the run.
const maxTextBytes = 1 << 29

// jsonEncoder writes one value. Its buffer is used again by later ones.
type jsonEncoder struct {
	r       *Run
	opt     JSONOptions
	buf     []byte
	charged int // bytes of buf charged to the run
	steps   int64
	depth   int
	path    []*Object // the objects being written, outermost first
}

var jsonEncoders = sync.Pool{New: func() any {
	return &jsonEncoder{buf: make([]byte, 0, 512), path: make([]*Object, 0, 16)}
}}

// EncodeJSON writes v as JSON: properties in insertion order, "/" and characters beyond ASCII as they
// are, integers with all digits (spec/basescript.md 2.5). Undefined members and functions are left out,
// in arrays and alone they are null; so are NaN and the infinities. Dates are quoted XML dates. A host
// object with a scalar value counts as that value, a collection as an array, one with enumerable names
// as an object, any other is null. Bytes that are not UTF-8 become U+FFFD.
//
// Errors: a value that contains itself or is nested too deep, a failing getter or host object, and
// the budgets of the run.
func (r *Run) EncodeJSON(v Value, opt JSONOptions) (string, error) {
	if opt.PrettyFormat && opt.Indent == "" {
		opt.Indent = "  "
	}
	e := jsonEncoders.Get().(*jsonEncoder)
	e.r, e.opt = r, opt
	err := e.value(v)
	if err == nil {
		err = r.step(e.steps)
	}
	var text string
	switch {
	case err != nil:
	case cap(e.buf) > jsonPooled: // the buffer becomes the text
		text, e.buf = ownedText(e.buf).Str(), nil
	default:
		if err = r.alloc(int64(len(e.buf))); err == nil {
			text = string(e.buf)
		}
	}
	e.release()
	if err != nil {
		return "", err
	}
	return text, nil
}

// jsonPooled is the largest buffer kept for the next encoding.
const jsonPooled = 1 << 16

func (e *jsonEncoder) release() {
	buf, path := e.buf[:0], e.path[:cap(e.path)]
	clear(path)
	*e = jsonEncoder{buf: buf, path: path[:0]}
	if cap(buf) <= jsonPooled {
		jsonEncoders.Put(e)
	}
}

// grow charges the run for what was written and for n bytes about to be written.
func (e *jsonEncoder) grow(n int) *Error {
	e.steps++
	size := len(e.buf) + n
	if size-e.charged <= 4096 && e.steps < 256 {
		return nil
	}
	if size > maxTextBytes {
		return errTextTooLong()
	}
	steps, bytes, held := e.steps+int64(n)>>6, int64(size-e.charged), int64(e.charged)
	e.steps, e.charged = 0, size
	if err := e.r.step(steps); err != nil {
		return err
	}
	if size > cap(e.buf) && size > jsonPooled { // the old buffer and the new one exist at once
		room := size + size/4
		if err := e.r.allocHeld(int64(room), int64(cap(e.buf))); err != nil {
			return err
		}
		buf, err := e.r.appendPieces(make([]byte, 0, room), ownedText(e.buf).Str())
		e.buf = buf
		return err
	}
	return e.r.allocHeld(bytes, held)
}

func errTextTooLong() *Error {
	return Errorf("Text is longer than %d MiB", maxTextBytes>>20)
}

func (e *jsonEncoder) value(v Value) *Error {
	switch v.k {
	case KindString:
		s := v.Str()
		if len(s) > pieceBytes {
			return e.longText(s)
		}
		if err := e.grow(len(s) + 2); err != nil {
			return err
		}
		e.buf = appendJSONText(e.buf, s)
		return nil
	case KindInt:
		e.integer(v.Int())
	case KindReal:
		e.buf = appendJSONReal(e.buf, v.Real())
	case KindBool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case KindDate:
		e.buf = append(e.buf, '"')
		e.buf = appendXMLDate(e.buf, v.Date(), true, true)
		e.buf = append(e.buf, '"')
	case KindObject:
		return e.object(v)
	default:
		e.buf = append(e.buf, "null"...)
	}
	return e.grow(0)
}

// longText writes a long text piece by piece.
func (e *jsonEncoder) longText(s string) *Error {
	e.buf = append(e.buf, '"')
	for s != "" {
		cut := pieceEnd(s)
		if err := e.grow(cut + cut/8 + 2); err != nil {
			return err
		}
		e.buf = appendJSONInner(e.buf, s[:cut])
		if err := e.r.step(int64(cut) >> 6); err != nil {
			return err
		}
		s = s[cut:]
	}
	e.buf = append(e.buf, '"')
	return nil
}

func (e *jsonEncoder) integer(i int64) {
	quote := e.opt.ExportLargeIntegersAsStrings && i > maxSmallInteger
	if quote {
		e.buf = append(e.buf, '"')
	}
	e.buf = strconv.AppendInt(e.buf, i, 10)
	if quote {
		e.buf = append(e.buf, '"')
	}
}

// appendJSONReal writes a number with all its digits; the text conversion of the dialect would drop
// those beyond the tenth.
func appendJSONReal(buf []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(buf, "null"...)
	case f == 0:
		return append(buf, '0')
	case abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(buf, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(buf, f, 'e', -1, 64)
}

func (e *jsonEncoder) object(v Value) *Error {
	o := v.obj()
	switch o.class {
	case classFunction:
		e.buf = append(e.buf, "null"...)
		return e.grow(0)
	case classHost:
		if s, ok := o.scalar(); ok {
			return e.value(s)
		}
	}
	if e.opt.MaxDepth > 0 && e.depth >= e.opt.MaxDepth {
		e.buf = append(e.buf, "null"...)
		return e.grow(0)
	}
	if err := e.enter(o); err != nil {
		return err
	}
	var err *Error
	switch o.class {
	case classArray:
		err = e.array(o)
	case classHost:
		err = e.host(v)
	default:
		err = e.members(v)
	}
	e.depth--
	e.path = e.path[:len(e.path)-1]
	if err == nil {
		err = e.grow(0)
	}
	return err
}

// enter refuses what contains itself; where the depth is bounded anyway, that bound ends it.
func (e *jsonEncoder) enter(o *Object) *Error {
	if e.depth >= maxJSONDepth {
		return Errorf("Object is nested deeper than %d levels", maxJSONDepth)
	}
	if e.opt.MaxDepth == 0 {
		for _, outer := range e.path {
			if outer == o {
				return NewError("Object contains itself")
			}
		}
	}
	e.depth++
	e.path = append(e.path, o)
	return nil
}

// newline begins an item of the object or array being written.
func (e *jsonEncoder) newline(first bool) {
	if !first {
		e.buf = append(e.buf, ',')
	}
	if e.opt.PrettyFormat {
		e.indent(e.depth)
	}
}

func (e *jsonEncoder) indent(depth int) {
	e.buf = append(e.buf, '\n')
	for range depth {
		e.buf = append(e.buf, e.opt.Indent...)
	}
}

func (e *jsonEncoder) end(bracket byte, empty bool) {
	if e.opt.PrettyFormat && !empty {
		e.indent(e.depth - 1)
	}
	e.buf = append(e.buf, bracket)
}

func (e *jsonEncoder) array(o *Object) *Error {
	e.buf = append(e.buf, '[')
	for i := 0; i < len(o.vals); i++ {
		e.newline(i == 0)
		if err := e.value(o.vals[i]); err != nil {
			return err
		}
	}
	e.end(']', len(o.vals) == 0)
	return nil
}

// members writes a plain object or an error: its own properties. A getter may
// change the object meanwhile.
func (e *jsonEncoder) members(v Value) *Error {
	o := v.obj()
	e.buf = append(e.buf, '{')
	first := true
	for i := 0; i < len(o.keys) && i < len(o.vals); i++ {
		key, val := o.keys[i], o.vals[i]
		if o.index != nil && key == gone {
			continue
		}
		if val.k == kindAccessor {
			var err *Error
			if val, _, err = e.r.unfold(val, v); err != nil {
				return err
			}
			e.r.keepResult(val)
		}
		if err := e.member(&first, key, val); err != nil {
			return err
		}
	}
	e.end('}', first)
	return nil
}

func (e *jsonEncoder) member(first *bool, key string, val Value) *Error {
	if val.k == KindUndefined || val.Object().IsFunction() {
		return nil
	}
	if len(key) > 64 {
		if err := e.grow(len(key)); err != nil {
			return err
		}
	}
	e.newline(*first)
	*first = false
	e.buf = appendJSONText(e.buf, key)
	e.buf = append(e.buf, ':')
	if e.opt.PrettyFormat {
		e.buf = append(e.buf, ' ')
	}
	return e.value(val)
}

func (e *jsonEncoder) host(v Value) *Error {
	h := v.obj().ext.(Host)
	if names, ok := h.(Enumerated); ok {
		return e.hostMembers(h, names.PropertyNames())
	}
	if items := h.Iterate(e.r); items != nil {
		return e.hostItems(items)
	}
	if _, ok := Self[*regExp](v); ok { // as JavaScript does
		return e.hostMembers(h, nil)
	}
	e.buf = append(e.buf, "null"...)
	return nil
}

func (e *jsonEncoder) hostMembers(h Host, names []string) *Error {
	e.buf = append(e.buf, '{')
	first := true
	for _, name := range names {
		val, ok, err := h.Get(e.r, name)
		if err != nil {
			return toError(err)
		}
		if !ok {
			continue
		}
		if err := e.member(&first, name, val); err != nil {
			return err
		}
	}
	e.end('}', first)
	return nil
}

func (e *jsonEncoder) hostItems(items iter.Seq[Value]) *Error {
	e.buf = append(e.buf, '[')
	first := true
	for v := range items {
		e.newline(first)
		first = false
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.end(']', first)
	return nil
}

// jsonText classifies the bytes of a string for writing: plain, to be escaped, or beyond ASCII.
var jsonText = func() (class [256]uint8) {
	for c := range 0x20 {
		class[c] = jsonEscaped
	}
	class['"'], class['\\'] = jsonEscaped, jsonEscaped
	for c := utf8.RuneSelf; c < 256; c++ {
		class[c] = jsonBeyondASCII
	}
	return class
}()

const (
	jsonEscaped = 1 + iota
	jsonBeyondASCII
)

// appendJSONText appends s as a JSON string.
func appendJSONText(buf []byte, s string) []byte {
	return append(appendJSONInner(append(buf, '"'), s), '"')
}

// appendJSONInner appends what stands between the quotes.
func appendJSONInner(buf []byte, s string) []byte {
	begin := len(buf)
	from, checked := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch jsonText[c] {
		case 0:
			continue
		case jsonBeyondASCII:
			if !checked && !utf8.ValidString(s[i:]) {
				return appendJSONInner(buf[:begin], strings.ToValidUTF8(s, "\ufffd"))
			}
			checked = true
			continue
		}
		buf = append(buf, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '\t':
			buf = append(buf, '\\', 't')
		case '\b':
			buf = append(buf, '\\', 'b')
		case '\f':
			buf = append(buf, '\\', 'f')
		default:
			const digits = "0123456789abcdef"
			buf = append(buf, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(buf, s[from:]...)
}
