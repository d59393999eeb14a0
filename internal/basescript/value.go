package basescript

import (
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// Kind is the type of a Value as DataType names it (spec/basescript.md 1.1).
type Kind uint8

// The kinds of values. Int and Real are different types; a date is a scalar, not an object.
const (
	KindUndefined Kind = iota
	KindNull
	KindBool
	KindInt
	KindReal
	KindString
	KindDate
	KindObject

	// kindAccessor marks a property that is a getter and setter pair. It never leaves an object.
	kindAccessor
	// kindKeys marks the memory of a key list (see keysValue). It never leaves a frame.
	kindKeys
	// kindKey marks the memory of one key (see keyValue), likewise.
	kindKey
)

// String returns the name DataType gives to values of the kind.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "bool"
	case KindInt:
		return "integer"
	case KindReal:
		return "real"
	case KindString:
		return "string"
	case KindDate:
		return "date"
	case KindObject:
		return "object"
	}
	return "undefined"
}

// Value is a value of the dialect. The zero Value is undefined. Values are small, copied freely and
// compared with Run.Equal, never with Go's ==.
//
// It is 24 bytes so that numbers and strings need no allocation of their own: p points to text, a
// date or an object, n holds a number or the length of the text. unsafe is confined to this file.
type Value struct {
	p   unsafe.Pointer
	n   uint64
	k   Kind
	buf bool // KindString: p is a *textBuffer, the text is its first n bytes
}

// textBuffer is shared by the strings of an append chain: each sees its own prefix, and only the
// string that ends where the buffer ends may append in place. Bytes below a published length never
// change, so a prefix may be read by any goroutine.
type textBuffer struct{ b []byte }

// Undefined and Null are the two empty values.
var (
	Undefined = Value{}
	Null      = Value{k: KindNull}
	True      = Value{k: KindBool, n: 1}
	False     = Value{k: KindBool}
	emptyText = Value{k: KindString}
)

// Bool returns the boolean b as a Value.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Int returns a 64-bit integer Value.
func Int(i int64) Value { return Value{k: KindInt, n: uint64(i)} }

// Real returns a floating point Value.
func Real(f float64) Value { return Value{k: KindReal, n: math.Float64bits(f)} }

// String returns a byte string Value sharing the memory of s.
func String(s string) Value {
	return Value{k: KindString, p: unsafe.Pointer(unsafe.StringData(s)), n: uint64(len(s))}
}

// DateValue returns d as a scalar Value.
func DateValue(d Date) Value {
	return Value{k: KindDate, p: unsafe.Pointer(&d)}
}

// ObjectValue returns o as a Value; a nil o is Null.
func ObjectValue(o *Object) Value {
	if o == nil {
		return Null
	}
	return Value{k: KindObject, p: unsafe.Pointer(o)}
}

func accessorValue(a *accessor) Value { return Value{k: kindAccessor, p: unsafe.Pointer(a)} }

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.k }

// IsUndefined, IsNull and IsNil report an empty value; IsNil means either of the two.
func (v Value) IsUndefined() bool { return v.k == KindUndefined }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.k == KindNull }

// IsNil reports whether v is undefined or null.
func (v Value) IsNil() bool { return v.k <= KindNull }

// Int returns the number of an integer Value, and anything at all for another kind: check Kind first
// or use ToInt.
func (v Value) Int() int64 { return int64(v.n) }

// Real returns the number of a real Value; as with Int, the kind is the caller's duty.
func (v Value) Real() float64 { return math.Float64frombits(v.n) }

// Bool returns the truth of a boolean Value; see Truthy for the others.
func (v Value) Bool() bool { return v.n != 0 }

// Str returns the bytes of a string Value without copying. It must be a string; Text converts.
func (v Value) Str() string {
	if v.buf {
		return unsafe.String(unsafe.SliceData((*textBuffer)(v.p).b), int(v.n))
	}
	return unsafe.String((*byte)(v.p), int(v.n))
}

// Date returns the date of a date Value.
func (v Value) Date() Date { return *(*Date)(v.p) }

// Object returns the object of an object Value, nil for every other kind.
func (v Value) Object() *Object {
	if v.k != KindObject {
		return nil
	}
	return (*Object)(v.p)
}

func (v Value) obj() *Object        { return (*Object)(v.p) }
func (v Value) accessor() *accessor { return (*accessor)(v.p) }

// textBuf returns the append buffer behind a string Value, nil where the text stands alone.
func (v Value) textBuf() *textBuffer {
	if v.k == KindString && v.buf {
		return (*textBuffer)(v.p)
	}
	return nil
}

// Truthy reports how v counts in a condition: undefined, null, ”, 0, NaN and false are false
// (spec/basescript.md 1.4). An object with a scalar value counts as that scalar.
func (v Value) Truthy() bool {
	if v.k <= KindInt {
		return v.n != 0 // undefined and null have no number
	}
	return v.truth()
}

func (v Value) truth() bool {
	switch v.k {
	case KindReal:
		f := v.Real()
		return f != 0 && f == f
	case KindString:
		return v.n != 0
	case KindDate:
		return true
	case KindObject:
		if s, ok := v.obj().scalar(); ok {
			return s.Truthy()
		}
		return true
	}
	return false
}

// Scalar returns the scalar value of an object that has one (RValue of the dialect), v itself otherwise.
func (v Value) Scalar() Value {
	if v.k != KindObject {
		return v
	}
	return v.objectScalar()
}

func (v Value) objectScalar() Value {
	if s, ok := v.obj().scalar(); ok {
		return s
	}
	return v
}

// Text converts v to text as every built-in does with its string arguments: null is empty, undefined
// is "undefined", plain objects and arrays are empty, an error is its message with position lines
// (spec/basescript.md 1.2). The result may share memory with v.
func (v Value) Text() string {
	switch v.k {
	case KindString:
		return v.Str()
	case KindUndefined:
		return "undefined"
	case KindBool:
		if v.n != 0 {
			return "true"
		}
		return "false"
	case KindInt:
		return strconv.FormatInt(int64(v.n), 10)
	case KindReal:
		return formatReal(v.Real())
	case KindDate:
		return v.Date().String()
	case KindObject:
		return v.obj().text()
	}
	return ""
}

// formatReal prints the shortest form with at most ten fractional digits (spec/basescript.md 1.2).
func formatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case math.Abs(f) >= 1e21:
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if dot := strings.IndexByte(s, '.'); dot >= 0 && len(s)-dot-1 > 10 {
		s = strings.TrimRight(strconv.FormatFloat(f, 'f', 10, 64), "0")
		s = strings.TrimSuffix(s, ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// ToInt converts v to an integer as OptInt does: integers, reals (truncated), booleans and numeric
// text, all 64 bits of it; ok is false for everything else, empty text included.
func (v Value) ToInt() (i int64, ok bool) {
	switch v.k {
	case KindInt:
		return int64(v.n), true
	case KindReal:
		return realToInt(v.Real())
	case KindBool:
		return int64(v.n), true
	case KindString:
		return parseInt(v.Str())
	case KindObject:
		if s, has := v.obj().scalar(); has {
			return s.ToInt()
		}
	}
	return 0, false
}

func realToInt(f float64) (int64, bool) {
	if f != f || f >= math.MaxInt64 || f <= math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

// maxNumber is the longest text taken for a number.
const maxNumber = 1024

func parseInt(s string) (int64, bool) {
	if len(s) > maxNumber {
		return 0, false
	}
	s = strings.TrimSpace(s)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	f, ok := parseReal(s)
	if !ok {
		return 0, false
	}
	return realToInt(f)
}

// parseReal accepts decimal notation only: no hex, no underscores, no names such as "inf".
func parseReal(s string) (float64, bool) {
	if len(s) > maxNumber {
		return 0, false
	}
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.+-eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// ToReal converts v to a real as OptReal does; ok is false for what is not a number.
func (v Value) ToReal() (f float64, ok bool) {
	switch v.k {
	case KindReal:
		return v.Real(), true
	case KindInt, KindBool:
		return float64(int64(v.n)), true
	case KindString:
		return parseReal(v.Str())
	case KindObject:
		if s, has := v.obj().scalar(); has {
			return s.ToReal()
		}
	}
	return 0, false
}

// isNumber reports whether v is an integer or a real.
func (v Value) isNumber() bool { return v.k == KindInt || v.k == KindReal }

func bufferValue(b *textBuffer, n int) Value {
	return Value{k: KindString, buf: true, p: unsafe.Pointer(b), n: uint64(n)}
}

// keysValue remembers a key list. Lists are appended to and replaced but never written into, so a list at
// the same place with the same length is the same, as long as the memory is held.
func keysValue(keys []string) Value {
	return Value{k: kindKeys, p: unsafe.Pointer(unsafe.SliceData(keys)), n: uint64(len(keys))}
}

// isKeys reports whether v remembers just this key list.
func (v *Value) isKeys(keys []string) bool {
	return v.k == kindKeys && v.p == unsafe.Pointer(unsafe.SliceData(keys)) && v.n == uint64(len(keys))
}

// keyValue remembers the key at a position of a key list.
func keyValue(key string, at int) Value {
	return Value{k: kindKey, p: unsafe.Pointer(unsafe.StringData(key)), n: uint64(at)}
}

// isKey reports whether v remembers a name as just this key. A key at another place in memory may be the
// same nevertheless.
func (v *Value) isKey(key, name string) bool {
	return v.p == unsafe.Pointer(unsafe.StringData(key)) && len(key) == len(name)
}

// ownText is Text for a text that is kept where its memory is not seen: a copy where v is the beginning of
// an append buffer, which may have grown far beyond it.
func (v Value) ownText() string {
	if v.k == KindString && v.buf {
		return strings.Clone(v.Str())
	}
	return v.Text()
}

// textIdentity tells strings apart that share memory, for the live-bytes budget.
func (v Value) textIdentity() unsafe.Pointer { return v.p }

// sameMemory reports that two texts are the same bytes in memory, without looking at them.
func sameMemory(a, b string) bool {
	return len(a) == len(b) && (len(a) == 0 || unsafe.StringData(a) == unsafe.StringData(b))
}

// ownedText is a string Value over bytes that nothing else will write to.
func ownedText(b []byte) Value {
	return Value{k: KindString, p: unsafe.Pointer(unsafe.SliceData(b)), n: uint64(len(b))}
}
