package basescript

import (
	"math"
	"strconv"
	"strings"
)

// equal is the dialect's equality (spec/basescript.md 1.3): scalars by type and value, integer and
// real numerically, objects by identity, anything else unequal.
func equal(a, b Value) bool {
	if a.k == KindObject {
		a = a.Scalar()
	}
	if b.k == KindObject {
		b = b.Scalar()
	}
	if a.k != b.k {
		if a.k == KindInt && b.k == KindReal {
			return intEqualsReal(a.Int(), b.Real())
		}
		if a.k == KindReal && b.k == KindInt {
			return intEqualsReal(b.Int(), a.Real())
		}
		return false
	}
	switch a.k {
	case KindUndefined, KindNull:
		return true
	case KindBool, KindInt:
		return a.n == b.n
	case KindReal:
		return a.Real() == b.Real()
	case KindString:
		return a.n == b.n && a.Str() == b.Str()
	case KindDate:
		return a.Date().Compare(b.Date()) == 0
	}
	return a.p == b.p
}

// intEqualsReal compares without losing digits of a large integer.
func intEqualsReal(i int64, f float64) bool {
	return float64(i) == f && (f < math.MaxInt64 && int64(f) == i)
}

// toNumber is the ECMAScript conversion used where arithmetic or order meets other types.
func toNumber(v Value) Value {
	switch v.k {
	case KindInt, KindReal:
		return v
	case KindBool:
		return Int(int64(v.n))
	case KindNull:
		return Int(0)
	case KindString:
		if v.n > maxNumber {
			break
		}
		s := strings.TrimSpace(v.Str())
		if s == "" {
			return Int(0)
		}
		if f, ok := parseReal(s); ok {
			if i, exact := parseInt(s); exact && float64(i) == f {
				return Int(i)
			}
			return Real(f)
		}
	case KindDate:
		return Int(v.Date().Time.UnixMilli())
	case KindObject:
		if s, ok := v.obj().scalar(); ok {
			return toNumber(s)
		}
	}
	return Real(math.NaN())
}

// real returns the number of an int or real value as float64.
func (v Value) real() float64 {
	if v.k == KindInt {
		return float64(v.Int())
	}
	return v.Real()
}

// less is -1, 0 or 1 for a before, equal to or after b; ok is false where no order exists (NaN).
// Numbers compare numerically, dates chronologically, strings ordinally, mixed types as in ECMAScript.
func order(a, b Value) (cmp int, ok bool) {
	if a.k == KindObject {
		a = a.Scalar()
	}
	if b.k == KindObject {
		b = b.Scalar()
	}
	switch {
	case a.k == KindInt && b.k == KindInt:
		return compareInts(a.Int(), b.Int()), true
	case a.k == KindString && b.k == KindString:
		return strings.Compare(a.Str(), b.Str()), true
	case a.k == KindDate && b.k == KindDate:
		return a.Date().Compare(b.Date()), true
	}
	a, b = toNumber(a), toNumber(b)
	switch {
	case a.k == KindInt && b.k == KindInt:
		return compareInts(a.Int(), b.Int()), true
	case a.k == KindInt:
		return orderIntReal(a.Int(), b.Real())
	case b.k == KindInt:
		cmp, ok := orderIntReal(b.Int(), a.Real())
		return -cmp, ok
	}
	x, y := a.real(), b.real()
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	}
	return 0, false
}

// orderIntReal compares without losing digits of a large integer.
func orderIntReal(i int64, f float64) (cmp int, ok bool) {
	switch {
	case f != f:
		return 0, false
	case f >= math.MaxInt64:
		return -1, true
	case f < math.MinInt64:
		return 1, true
	}
	whole := math.Trunc(f)
	if cmp := compareInts(i, int64(whole)); cmp != 0 {
		return cmp, true
	}
	switch {
	case f > whole:
		return -1, true
	case f < whole:
		return 1, true
	}
	return 0, true
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// add is the dialect's + (spec/basescript.md 1.2, 5 row 2): numbers add, integers wrapping at 64
// bits; with text, a date or an object on either side it concatenates, null counting as empty.
func (r *Run) add(a, b Value) (Value, *Error) {
	if a.k == KindInt && b.k == KindInt {
		return Int(a.Int() + b.Int()), nil
	}
	if a.isNumber() && b.isNumber() {
		return Real(a.real() + b.real()), nil
	}
	if a.k == KindObject {
		a = a.Scalar()
	}
	if b.k == KindObject {
		b = b.Scalar()
	}
	if a.k >= KindString || b.k >= KindString {
		switch {
		case a.k == KindString && b.k == KindString && a.n == 0:
			return b, nil
		case a.k == KindString && (b.k == KindNull || b.k == KindString && b.n == 0):
			return a, nil
		}
		return r.concat(a.Text(), b.Text())
	}
	a, b = toNumber(a), toNumber(b)
	if a.k == KindInt && b.k == KindInt {
		return Int(a.Int() + b.Int()), nil
	}
	return Real(a.real() + b.real()), nil
}

func (r *Run) concat(a, b string) (Value, *Error) {
	r.steps -= int64((len(a) + len(b)) >> 8) // texts of errors and dates are made for this
	switch {
	case a == "":
		return String(b), nil
	case b == "":
		return String(a), nil
	}
	if e := r.alloc(int64(len(a) + len(b))); e != nil {
		return Undefined, e
	}
	if len(a)+len(b) > pieceBytes {
		v, err := r.joinTexts(a, b)
		if err != nil {
			return Undefined, toError(err)
		}
		return v, nil
	}
	return String(a + b), nil
}

// appendText is + where the left side is the variable being assigned (s = s + x, s += x): the text
// grows in place in a buffer while nothing else has appended to it.
func (r *Run) appendText(a, b Value) (Value, *Error) {
	if a.k != KindString {
		return r.add(a, b)
	}
	if v, ok := a.appended(b); ok {
		return v, nil
	}
	var digits [20]byte // of an integer: no text of its own
	var t string
	switch b = b.Scalar(); b.k {
	case KindString:
		t = b.Str()
	case KindInt:
		t = string(strconv.AppendInt(digits[:0], b.Int(), 10))
	default:
		t = b.Text()
	}
	if t == "" {
		return a, nil
	}
	n := int(a.n) + len(t)
	buf := a.textBuf()
	if buf == nil || len(buf.b) != int(a.n) {
		size := max(2*n, 64)
		if e := r.alloc(int64(size)); e != nil {
			return Undefined, e
		}
		b, e := r.appendPieces(make([]byte, 0, size), a.Str())
		if e != nil {
			return Undefined, e
		}
		buf = &textBuffer{b: b}
	} else if n > cap(buf.b) {
		if e := r.alloc(int64(2 * n)); e != nil {
			return Undefined, e
		}
		grown, e := r.appendPieces(make([]byte, 0, 2*n), a.Str())
		if e != nil {
			return Undefined, e
		}
		buf.b = grown
	}
	if len(t) <= pieceBytes {
		buf.b = append(buf.b, t...)
		return bufferValue(buf, n), nil
	}
	var e *Error
	if buf.b, e = r.appendPieces(buf.b, t); e != nil {
		return Undefined, e
	}
	return bufferValue(buf, n), nil
}

// appended appends a short text or an integer where the buffer has room for it already; ok is false
// otherwise.
func (v Value) appended(b Value) (sum Value, ok bool) {
	buf := v.textBuf()
	if buf == nil || len(buf.b) != int(v.n) {
		return v, false
	}
	const digits = 20 // the most an integer has
	switch room := cap(buf.b) - len(buf.b); {
	case b.k == KindString && b.n <= min(uint64(room), pieceBytes):
		buf.b = append(buf.b, b.Str()...)
	case b.k == KindInt && room >= digits:
		buf.b = strconv.AppendInt(buf.b, b.Int(), 10)
	default:
		return v, false
	}
	return bufferValue(buf, len(buf.b)), true
}

// arith computes - * / % on any values; the compiler handles two integers itself.
func arith(op byte, a, b Value) Value {
	a, b = toNumber(a.Scalar()), toNumber(b.Scalar())
	if a.k == KindInt && b.k == KindInt {
		x, y := a.Int(), b.Int()
		switch op {
		case '-':
			return Int(x - y)
		case '*':
			return Int(x * y)
		case '%':
			if y != 0 && y != -1 {
				return Int(x % y)
			}
			if y == -1 {
				return Int(0)
			}
		case '/':
			return divide(x, y)
		}
	}
	x, y := a.real(), b.real()
	switch op {
	case '-':
		return Real(x - y)
	case '*':
		return Real(x * y)
	case '%':
		return Real(math.Mod(x, y))
	case 'p':
		return power(a, b)
	}
	return Real(x / y)
}

// divide is real division; a quotient without remainder stays an integer, so that long ids keep
// their digits (spec/basescript.md 1.5: an integral result prints without fraction).
func divide(x, y int64) Value {
	switch {
	case y == -1 && x != math.MinInt64:
		return Int(-x)
	case y != 0 && y != -1 && x%y == 0:
		return Int(x / y)
	}
	return Real(float64(x) / float64(y))
}

// power keeps integers whole as long as 64 bits hold them.
func power(a, b Value) Value {
	if a.k == KindInt && b.k == KindInt && b.Int() >= 0 {
		if n, ok := powerInt(a.Int(), b.Int()); ok {
			return Int(n)
		}
	}
	x, y := a.real(), b.real()
	if math.Abs(x) == 1 && math.IsInf(y, 0) {
		return Real(math.NaN()) // as in JavaScript
	}
	return Real(math.Pow(x, y))
}

// powerInt is exact; ok is false for what 64 bits do not hold.
func powerInt(base, exponent int64) (n int64, ok bool) {
	n = 1
	for ; ; exponent >>= 1 {
		if exponent&1 != 0 {
			if n, ok = multiply(n, base); !ok {
				return 0, false
			}
		}
		if exponent <= 1 {
			return n, true
		}
		if base, ok = multiply(base, base); !ok {
			return 0, false
		}
	}
}

// multiply reports whether 64 bits hold the product.
func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
}

// bits computes & | ^ << >> on 64-bit integers.
func bits(op byte, a, b Value) Value {
	x, y := toBits(a), toBits(b)
	switch op {
	case '&':
		return Int(x & y)
	case '|':
		return Int(x | y)
	case '^':
		return Int(x ^ y)
	case '<':
		return Int(x << (uint64(y) & 63))
	case '>':
		return Int(x >> (uint64(y) & 63))
	}
	return Int(int64(uint64(x) >> (uint64(y) & 63)))
}

func toBits(v Value) int64 {
	v = toNumber(v.Scalar())
	if v.k == KindInt {
		return v.Int()
	}
	i, _ := realToInt(v.Real())
	return i
}

func negate(v Value) Value {
	v = toNumber(v.Scalar())
	if v.k == KindInt {
		return Int(-v.Int())
	}
	return Real(-v.Real())
}

// typeOf is typeof: any number is "number", a date an "object" (spec/basescript.md 1.9).
func typeOf(v Value) string {
	switch v.k {
	case KindUndefined:
		return "undefined"
	case KindBool:
		return "boolean"
	case KindInt, KindReal:
		return "number"
	case KindString:
		return "string"
	case KindObject:
		if v.obj().class == classFunction {
			return "function"
		}
	}
	return "object"
}
