package basescript

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

var numberMethods, boolMethods map[string]*Method

func init() { // the tables refer to functions that refer to the tables
	numberMethods = methodTable(superset(onNumber([]Method{
		{Name: "toString", Call: numberToString, Sig: "(radix?: number): string", Doc: "Returns the number as text, in base 10 unless told otherwise."},
		{Name: "toFixed", Call: numberToFixed, Sig: "(digits?: number): string", Doc: "Returns the number with a fixed count of fractional digits."},
		{Name: "toPrecision", Call: numberToPrecision, Sig: "(digits?: number): string", Doc: "Returns the number with a fixed count of significant digits."},
		{Name: "toExponential", Call: numberToExponential, Sig: "(digits?: number): string", Doc: "Returns the number with an exponent."},
		{Name: "toLocaleString", Call: numberToLocaleString, Sig: "(): string", Doc: "Returns the number with its thousands apart."},
		{Name: "valueOf", Call: selfValue, Sig: "(): number", Doc: "Returns the number."},
	})))
	boolMethods = methodTable(superset([]Method{
		{Name: "toString", Call: selfText, Sig: "(): string", Doc: "Returns true or false as text."},
		{Name: "valueOf", Call: selfValue, Sig: "(): boolean", Doc: "Returns the value itself."},
	}))
}

// onNumber lets methods rely on a number as self; through Function.call they can be given anything.
func onNumber(methods []Method) []Method {
	for i := range methods {
		call := methods[i].Call
		methods[i].Call = func(r *Run, self Value, args []Value) (Value, error) {
			return call(r, toNumber(self), args)
		}
	}
	return methods
}

func convertGlobals() []Global {
	globals := functionGlobals([]Func{
		{Name: "Int", Min: 1, Call: convertInt, Sig: "(value: any): number", Doc: "Converts to an integer; fails for what is not one."},
		{Name: "OptInt", Min: 1, Call: convertOptInt, Sig: "(value: any, otherwise?: any): any", Doc: "Converts to an integer; returns the default for what is not one."},
		{Name: "Real", Min: 1, Call: convertReal, Sig: "(value: any): number", Doc: "Converts to a real number; fails for what is not one."},
		{Name: "OptReal", Min: 1, Call: convertOptReal, Sig: "(value: any, otherwise?: any): any", Doc: "Converts to a real number; returns the default for what is not one."},
		{Name: "RValue", Min: 1, Call: func(_ *Run, args []Value) (Value, error) { return args[0].Scalar(), nil }, Sig: "(value: any): any", Doc: "Returns the scalar an object stands for."},
		{Name: "IsEmptyValue", Min: 1, Call: isEmptyValue, Sig: "(value: any): boolean", Doc: "Tells whether the value is undefined, null or an empty text."},
		{Name: "IsArray", Min: 1, Call: isArray, Sig: "(value: any): boolean", Doc: "Tells whether the value is an array or a collection."},
		{Name: "DataType", Min: 1, Call: func(_ *Run, args []Value) (Value, error) { return String(args[0].Kind().String()), nil }, Sig: "(value: any): string", Doc: "Returns undefined, null, string, integer, real, bool, date or object."},
		{Name: "ObjectType", Min: 1, Call: objectType, Sig: "(value: any): string", Doc: "Returns the class of an object, an empty text for a scalar."},
		{Name: "Compare", Min: 2, Call: func(_ *Run, args []Value) (Value, error) { return Int(int64(compareAny(args[0], args[1]))), nil }, Sig: "(a: any, b: any): number", Doc: "Orders any two values: -1, 0 or 1."},
		{Name: "StrInt", Min: 1, Call: strInt, Sig: "(value: number, digits?: number, group?: boolean): string", Doc: "Writes an integer, padded with zeros, its thousands apart if wanted."},
		{Name: "StrSignedInt", Min: 1, Call: strInt, Sig: "(value: number, digits?: number, group?: boolean): string", Doc: "Writes an integer with its sign."},
		{Name: "StrIntZero", Min: 1, Call: strIntZero, Sig: "(value: number, digits?: number, group?: boolean): string", Doc: "Writes an integer, a dash for zero."},
		{Name: "StrReal", Min: 1, Call: strReal, Sig: "(value: number, maxPrecision?: number, group?: boolean, options?: {ReplaceZero?: boolean}): string", Doc: "Writes a real number, rounded, without trailing zeros."},
		{Name: "StrRealFixed", Min: 1, Call: strRealFixed, Sig: "(value: number, precision?: number, group?: boolean): string", Doc: "Writes a real number with a fixed count of fractional digits."},
		{Name: "StrHexInt", Min: 1, Call: strHexInt, Sig: "(value: number): string", Doc: "Writes an integer as 16 hexadecimal digits."},
		{Name: "TextInt", Min: 1, Call: textInt, Sig: "(value: number, gender?: 0 | 1): string", Doc: "Writes an integer in Russian words; gender 1 is feminine."},
		{Name: "parseInt", Min: 1, Call: parseIntPrefix, Sig: "(text: any, radix?: number): number", Doc: "Reads the integer a text begins with."},
		{Name: "parseFloat", Min: 1, Call: parseFloatPrefix, Sig: "(text: any): number", Doc: "Reads the number a text begins with."},
		{Name: "isNaN", Call: isNaN, Sig: "(value: any): boolean", Doc: "Tells whether the value does not convert to a number."},
		{Name: "isFinite", Origin: Superset, Call: isFinite, Sig: "(value: any): boolean", Doc: "Tells whether the value converts to a finite number."},
		{Name: "Boolean", Origin: Superset, Call: convertBoolean, New: convertBoolean, Sig: "(value?: any): boolean", Doc: "Returns how the value counts in a condition."},
	})
	return append(globals,
		Global{Name: "String", Static: stringClass, Sig: "(value?: any): string", Doc: "Converts to text.",
			Func: &Func{Name: "String", Call: convertString, New: convertString, Sig: "(value?: any): string", Doc: "Converts to text."}},
		Global{Name: "Number", Static: numberClass, Sig: "(value?: any): number", Doc: "Converts to a number as JavaScript does.",
			Func: &Func{Name: "Number", Call: convertNumber, New: convertNumber, Sig: "(value?: any): number", Doc: "Converts to a number as JavaScript does."}},
		Global{Name: "NaN", Origin: Superset, Value: constant(Real(math.NaN())), Sig: "number", Doc: "Not a number."},
		Global{Name: "Infinity", Origin: Superset, Value: constant(Real(math.Inf(1))), Sig: "number", Doc: "The infinite number."},
	)
}

var numberClass = &Class{Name: "Number",
	Props: supersetProps([]Prop{
		constProp("MAX_SAFE_INTEGER", Int(1<<53-1), "The largest integer JavaScript holds exactly."),
		constProp("MIN_SAFE_INTEGER", Int(1-1<<53), "The smallest integer JavaScript holds exactly."),
		constProp("MAX_VALUE", Real(math.MaxFloat64), "The largest real number."),
		constProp("MIN_VALUE", Real(math.SmallestNonzeroFloat64), "The smallest positive real number."),
		constProp("EPSILON", Real(0x1p-52), "The distance from 1 to the next real number."),
		constProp("POSITIVE_INFINITY", Real(math.Inf(1)), "The infinite number."),
		constProp("NEGATIVE_INFINITY", Real(math.Inf(-1)), "The negative infinite number."),
		constProp("NaN", Real(math.NaN()), "Not a number."),
	}),
	Methods: superset([]Method{
		{Name: "isInteger", Call: numberTest(isInteger), Sig: "(value: any): boolean", Doc: "Tells whether the value is a whole number."},
		{Name: "isSafeInteger", Call: numberTest(isSafeInteger), Sig: "(value: any): boolean", Doc: "Tells whether JavaScript holds the whole number exactly."},
		{Name: "isNaN", Call: numberTest(func(v Value) bool { return v.k == KindReal && math.IsNaN(v.Real()) }), Sig: "(value: any): boolean", Doc: "Tells whether the value is NaN."},
		{Name: "isFinite", Call: numberTest(finite), Sig: "(value: any): boolean", Doc: "Tells whether the value is a finite number."},
		{Name: "parseInt", Min: 1, Call: static(parseIntPrefix), Sig: "(text: any, radix?: number): number", Doc: "Reads the integer a text begins with."},
		{Name: "parseFloat", Min: 1, Call: static(parseFloatPrefix), Sig: "(text: any): number", Doc: "Reads the number a text begins with."},
	}),
}

// constant is the Value of a global that is the same in every run.
func constant(v Value) func(*Run) (Value, bool) {
	return func(*Run) (Value, bool) { return v, true }
}

func constProp(name string, v Value, doc string) Prop {
	return Prop{Name: name, Sig: typeOf(v), Doc: doc, Get: func(*Run, Value) (Value, error) { return v, nil }}
}

// static makes a member of a namespace of a function.
func static(call func(*Run, []Value) (Value, error)) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, _ Value, args []Value) (Value, error) { return call(r, args) }
}

func selfValue(_ *Run, self Value, _ []Value) (Value, error) { return self, nil }

func selfText(_ *Run, self Value, _ []Value) (Value, error) { return textOf(self), nil }

func convertInt(_ *Run, args []Value) (Value, error) {
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	return Int(n), nil
}

func convertOptInt(_ *Run, args []Value) (Value, error) {
	if n, ok := args[0].ToInt(); ok {
		return Int(n), nil
	}
	return arg(args, 1), nil
}

func convertReal(_ *Run, args []Value) (Value, error) {
	f, ok := args[0].ToReal()
	if !ok {
		return Undefined, errNotA("a number", args[0])
	}
	return Real(f), nil
}

func convertOptReal(_ *Run, args []Value) (Value, error) {
	if f, ok := args[0].ToReal(); ok {
		return Real(f), nil
	}
	return arg(args, 1), nil
}

func convertString(r *Run, args []Value) (Value, error) {
	if len(args) == 0 {
		return emptyText, nil
	}
	if v := args[0].Scalar(); v.k == KindString {
		return v, nil
	}
	return r.text(args[0].Text())
}

func convertBoolean(_ *Run, args []Value) (Value, error) { return Bool(arg(args, 0).Truthy()), nil }

func convertNumber(_ *Run, args []Value) (Value, error) {
	if len(args) == 0 {
		return Int(0), nil
	}
	v := args[0].Scalar()
	if v.k == KindString {
		if v.n > maxNumber {
			return toNumber(v), nil
		}
		if s := strings.TrimSpace(v.Str()); len(s) > 2 && s[0] == '0' {
			if base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]; base > 0 {
				if n, err := strconv.ParseUint(s[2:], base, 63); err == nil {
					return Int(int64(n)), nil
				}
			}
		}
	}
	return toNumber(v), nil
}

func isEmptyValue(_ *Run, args []Value) (Value, error) {
	v := args[0].Scalar()
	return Bool(v.IsNil() || (v.k == KindString && v.n == 0)), nil
}

func isArray(r *Run, args []Value) (Value, error) {
	_, ok := r.Items(args[0])
	return Bool(ok), nil
}

func objectType(_ *Run, args []Value) (Value, error) {
	if o := args[0].Object(); o != nil {
		return String(o.ClassName()), nil
	}
	return emptyText, nil
}

// compareAny orders values of any kinds: empty ones first, then numbers and booleans (NaN before the
// rest), dates, texts, objects. Objects with a scalar value count as that value; others are equal.
func compareAny(a, b Value) int {
	a, b = a.Scalar(), b.Scalar()
	ra, rb := compareRank(a), compareRank(b)
	if ra != rb || ra == 0 || ra == 5 {
		return compareInts(int64(ra), int64(rb))
	}
	if c, ok := order(a, b); ok {
		return c
	}
	return compareInts(notNaN(a), notNaN(b))
}

func compareRank(v Value) int {
	switch v.k {
	case KindUndefined, KindNull:
		return 0
	case KindDate:
		return 2
	case KindString:
		return 3
	case KindObject:
		return 5
	}
	return 1
}

func notNaN(v Value) int64 {
	if v.k == KindReal && math.IsNaN(v.Real()) {
		return 0
	}
	return 1
}

// maxDigits bounds the digits a number can be asked to show.
const maxDigits = 100

// digitsArg reads an optional number of digits.
func digitsArg(args []Value, i int, def int64) (int, error) {
	n, err := intArg(args, i, def)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > maxDigits {
		return 0, Errorf("Number of digits must be from 0 to %d", maxDigits)
	}
	return int(n), nil
}

// isBlank reports null and empty text, which the number formats print as nothing (spec/basescript.md 2.1).
func isBlank(v Value) bool {
	v = v.Scalar()
	return v.k == KindNull || (v.k == KindString && v.n == 0)
}

func strInt(_ *Run, args []Value) (Value, error) {
	if isBlank(args[0]) {
		return emptyText, nil
	}
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	digits, err := digitsArg(args, 1, 0)
	if err != nil {
		return Undefined, err
	}
	s, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		s, sign = s[1:], "-"
	}
	s = strings.Repeat("0", max(0, digits-len(s))) + s
	if flagArg(args, 2) {
		s = groupDigits(s)
	}
	return String(sign + s), nil
}

func strIntZero(r *Run, args []Value) (Value, error) {
	if n, ok := args[0].ToInt(); ok && n == 0 {
		return String("-"), nil
	}
	return strInt(r, args)
}

// groupDigits puts a space between the thousands of a number without a sign.
func groupDigits(s string) string {
	whole, fraction := s, ""
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		whole, fraction = s[:dot], s[dot:]
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(whole[i])
	}
	return b.String() + fraction
}

func strReal(r *Run, args []Value) (Value, error) {
	precision, err := digitsArg(args, 1, 6)
	if err != nil {
		return Undefined, err
	}
	replaceZero, err := r.option(arg(args, 3), "ReplaceZero")
	if err != nil {
		return Undefined, err
	}
	s, err := formatRounded(args, precision, false)
	if err == nil && replaceZero.Truthy() && s == "0" {
		s = "-"
	}
	return String(s), err
}

func strRealFixed(_ *Run, args []Value) (Value, error) {
	precision, err := digitsArg(args, 1, 2)
	if err != nil {
		return Undefined, err
	}
	s, err := formatRounded(args, precision, true)
	return String(s), err
}

// formatRounded writes the real args[0], its thousands apart if args[2] says so.
func formatRounded(args []Value, precision int, fixed bool) (string, error) {
	if isBlank(args[0]) {
		return "", nil
	}
	f, ok := args[0].ToReal()
	if !ok {
		return "", errNotA("a number", args[0])
	}
	s := roundReal(f, precision)
	if v := toNumber(args[0].Scalar()); v.k == KindInt { // a real would lose digits of a long integer
		s = fixedInt(v.Int(), precision)
	}
	if !fixed && strings.IndexByte(s, '.') >= 0 {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	sign := ""
	if s[0] == '-' {
		s, sign = s[1:], "-"
	}
	if flagArg(args, 2) {
		s = groupDigits(s)
	}
	if sign != "" && strings.Trim(s, "0. ") == "" {
		sign = ""
	}
	return sign + s, nil
}

// roundReal writes f with the given number of fractional digits. It rounds the decimal form a reader
// sees, half away from zero: 1.005 is 1.01, though its binary value lies a little lower.
func roundReal(f float64, precision int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return formatReal(f)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	dot := strings.IndexByte(s, '.')
	if dot < 0 || len(s)-dot-1 <= precision {
		return strconv.FormatFloat(f, 'f', precision, 64)
	}
	digits := []byte(s[:dot] + s[dot+1:dot+1+precision])
	if s[dot+1+precision] >= '5' {
		digits = incrementDigits(digits)
	}
	if precision == 0 {
		return string(digits)
	}
	at := len(digits) - precision
	return string(digits[:at]) + "." + string(digits[at:])
}

// incrementDigits adds one to the last of the decimal digits, which may follow a sign.
func incrementDigits(digits []byte) []byte {
	i := len(digits) - 1
	for ; i >= 0 && digits[i] == '9'; i-- {
		digits[i] = '0'
	}
	if i >= 0 && digits[i] != '-' {
		digits[i]++
		return digits
	}
	grown := append([]byte(nil), digits[:i+1]...)
	grown = append(grown, '1')
	return append(grown, digits[i+1:]...)
}

func strHexInt(_ *Run, args []Value) (Value, error) {
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	return String(fmt.Sprintf("%016X", uint64(n))), nil
}

// numberText is the beginning of a text behind its blanks. No number is longer than maxNumberPrefix.
func (r *Run) numberText(s string) (string, error) {
	s, err := r.trim(s, true, false, unicode.IsSpace)
	return strings.TrimSpace(s[:min(len(s), maxNumberPrefix)]), err
}

const maxNumberPrefix = 1 << 20

// parseIntPrefix is parseInt of JavaScript, with 64 bits: 12px is 12, text without digits NaN.
func parseIntPrefix(r *Run, args []Value) (Value, error) {
	radix, err := intArg(args, 1, 0)
	if err != nil {
		return Undefined, err
	}
	if args[0].k == KindInt && (radix == 0 || radix == 10) {
		return args[0], nil
	}
	s, err := r.numberText(args[0].Text())
	if err != nil {
		return Undefined, err
	}
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if (radix == 0 || radix == 16) && len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		s, radix = s[2:], 16
	}
	if radix == 0 {
		radix = 10
	}
	if radix < 2 || radix > 36 {
		return Real(math.NaN()), nil
	}
	return parseDigits(s, radix, negative), nil
}

func parseDigits(s string, radix int64, negative bool) Value {
	n, f, exact, end := int64(0), 0.0, true, 0
	for ; end < len(s); end++ {
		d := digitValue(s[end])
		if d >= radix {
			break
		}
		f = f*float64(radix) + float64(d)
		if exact = exact && n <= (math.MaxInt64-d)/radix; exact {
			n = n*radix + d
		}
	}
	if !exact && radix == 10 {
		f, _ = strconv.ParseFloat(s[:end], 64) // digit by digit it would gather rounding errors
	}
	switch {
	case end == 0:
		return Real(math.NaN())
	case negative && exact:
		return Int(-n)
	case exact:
		return Int(n)
	case negative:
		return Real(-f)
	}
	return Real(f)
}

func digitValue(c byte) int64 {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int64(c|0x20-'a') + 10
	}
	return 99
}

// parseFloatPrefix is parseFloat of JavaScript; whole numbers stay integers and keep their digits.
func parseFloatPrefix(r *Run, args []Value) (Value, error) {
	if args[0].isNumber() {
		return args[0], nil
	}
	s, err := r.numberText(args[0].Text())
	if err != nil {
		return Undefined, err
	}
	n := floatPrefix(s)
	switch {
	case n > 0:
		return toNumber(String(s[:n])), nil
	case strings.HasPrefix(s, "Infinity"), strings.HasPrefix(s, "+Infinity"):
		return Real(math.Inf(1)), nil
	case strings.HasPrefix(s, "-Infinity"):
		return Real(math.Inf(-1)), nil
	}
	return Real(math.NaN()), nil
}

// floatPrefix returns the length of the decimal number s begins with, 0 if there is none.
func floatPrefix(s string) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits := func() (n int) {
		for ; i < len(s) && s[i]-'0' <= 9; i++ {
			n++
		}
		return n
	}
	n := digits()
	if i < len(s) && s[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return 0
	}
	end := i
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		if digits() > 0 {
			end = i
		}
	}
	return end
}

func isNaN(r *Run, args []Value) (Value, error) {
	v, err := convertNumber(r, []Value{arg(args, 0)})
	return Bool(v.k == KindReal && math.IsNaN(v.Real())), err
}

func isFinite(r *Run, args []Value) (Value, error) {
	v, err := convertNumber(r, []Value{arg(args, 0)})
	return Bool(finite(v)), err
}

func finite(v Value) bool {
	return v.k == KindInt || (v.k == KindReal && !math.IsNaN(v.Real()) && !math.IsInf(v.Real(), 0))
}

func isInteger(v Value) bool {
	return v.k == KindInt || (finite(v) && v.Real() == math.Trunc(v.Real()))
}

func isSafeInteger(v Value) bool { return isInteger(v) && math.Abs(v.real()) < 1<<53 }

func numberTest(test func(Value) bool) func(*Run, Value, []Value) (Value, error) {
	return func(_ *Run, _ Value, args []Value) (Value, error) { return Bool(test(arg(args, 0).Scalar())), nil }
}

func numberToString(_ *Run, self Value, args []Value) (Value, error) {
	radix, err := intArg(args, 0, 10)
	if err != nil {
		return Undefined, err
	}
	if radix < 2 || radix > 36 {
		return Undefined, NewError("Radix must be from 2 to 36")
	}
	switch {
	case radix == 10 || !finite(self):
		return textOf(self), nil
	case self.k == KindInt:
		return String(strconv.FormatInt(self.Int(), int(radix))), nil
	}
	return String(realInRadix(self.Real(), int(radix))), nil
}

// realInRadix writes a real in another base, with as many fractional digits as a real can mean.
func realInRadix(f float64, radix int) string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	whole, fraction := math.Modf(f)
	s := sign
	if whole < math.MaxInt64 {
		s += strconv.FormatInt(int64(whole), radix)
	} else {
		s += strconv.FormatFloat(whole, 'f', -1, 64)
	}
	if fraction == 0 {
		return s
	}
	b := []byte(s + ".")
	for bits := 52.0; fraction > 0 && bits > 0; bits -= math.Log2(float64(radix)) {
		var digit float64
		digit, fraction = math.Modf(fraction * float64(radix))
		b = strconv.AppendInt(b, int64(digit), radix)
	}
	return string(b)
}

func numberToFixed(_ *Run, self Value, args []Value) (Value, error) {
	digits, err := digitsArg(args, 0, 0)
	if err != nil {
		return Undefined, err
	}
	if self.k == KindInt {
		return String(fixedInt(self.Int(), digits)), nil
	}
	f := self.Real()
	if !finite(self) || math.Abs(f) >= 1e21 {
		return textOf(self), nil
	}
	s := strconv.FormatFloat(math.Abs(f), 'f', digits, 64)
	if isTie(f, digits) {
		s = roundReal(math.Abs(f), digits)
	}
	if f < 0 {
		s = "-" + s
	}
	return String(s), nil
}

// fixedInt keeps all digits of a long integer.
func fixedInt(n int64, digits int) string {
	s := strconv.FormatInt(n, 10)
	if digits > 0 {
		s += "." + strings.Repeat("0", digits)
	}
	return s
}

// isTie reports whether f lies exactly between two numbers with so many fractional digits. There
// JavaScript rounds up, Go to the even digit; elsewhere both round the exact binary value.
func isTie(f float64, digits int) bool {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	dot := strings.IndexByte(s, '.')
	if dot < 0 || len(s)-dot-2 != digits || s[len(s)-1] != '5' {
		return false
	}
	exact, ok := new(big.Rat).SetString(s)
	return ok && exact.Cmp(new(big.Rat).SetFloat64(f)) == 0
}

func numberToPrecision(_ *Run, self Value, args []Value) (Value, error) {
	if arg(args, 0).IsUndefined() || !finite(self) {
		return textOf(self), nil
	}
	digits, err := digitsArg(args, 0, 0)
	if err != nil {
		return Undefined, err
	}
	if digits == 0 {
		return Undefined, Errorf("Number of digits must be from 1 to %d", maxDigits)
	}
	f := self.real()
	if places := digits - 1 - decimalExponent(f); places >= 0 && isTie(f, places) {
		f, _ = strconv.ParseFloat(roundReal(f, places), 64) // away from zero
	}
	s := strconv.FormatFloat(f, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -6 || exp >= digits {
		return String(fmt.Sprintf("%se%+d", mantissa, exp)), nil
	}
	return String(strconv.FormatFloat(f, 'f', digits-1-exp, 64)), nil
}

// decimalExponent is the power of ten of a number's first digit.
func decimalExponent(f float64) int {
	_, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	return n
}

func numberToLocaleString(_ *Run, self Value, _ []Value) (Value, error) {
	if self.k == KindInt {
		return strInt(nil, []Value{self, Int(0), True})
	}
	s, err := formatRounded([]Value{self, Int(3), True}, 3, false)
	return String(s), err
}

func numberToExponential(_ *Run, self Value, args []Value) (Value, error) {
	if !finite(self) {
		return textOf(self), nil
	}
	digits := -1 // as many as the number has
	if !arg(args, 0).IsUndefined() {
		var err error
		if digits, err = digitsArg(args, 0, 0); err != nil {
			return Undefined, err
		}
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(self.real(), 'e', digits, 64), "e")
	n, _ := strconv.Atoi(exponent)
	return String(fmt.Sprintf("%se%+d", mantissa, n)), nil
}
