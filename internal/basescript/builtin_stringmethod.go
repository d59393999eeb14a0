package basescript

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Methods of texts. Those that take or return positions count characters (spec/basescript.md 2.2);
// length, which the evaluator answers, counts bytes.

var stringMethods map[string]*Method

var stringClass = &Class{Name: "String", Methods: []Method{
	{Name: "fromCharCode", Origin: Superset, Call: static(fromCharCode), Sig: "(...codes: number[]): string", Doc: "Returns the text of UTF-16 codes."},
	{Name: "fromCodePoint", Origin: Superset, Call: static(fromCharCode), Sig: "(...codes: number[]): string", Doc: "Returns the text of character codes."},
}}

func init() { // the table refers to functions that refer to the table
	const one = "(): string"
	stringMethods = methodTable(onText([]Method{
		{Name: "charAt", Call: stringCharAt, Sig: "(index?: number): string", Doc: "Returns one character, an empty text past the end."},
		{Name: "at", Origin: Superset, Call: stringAt, Sig: "(index?: number): string", Doc: "Returns one character, counted from the end if negative."},
		{Name: "charCodeAt", Call: stringCodeAt(Real(math.NaN())), Sig: "(index?: number): number", Doc: "Returns the code of one character, NaN past the end."},
		{Name: "codePointAt", Origin: Superset, Call: stringCodeAt(Undefined), Sig: "(index?: number): number", Doc: "Returns the code of one character, undefined past the end."},
		{Name: "indexOf", Call: stringIndexOf, Sig: "(part: any, start?: number): number", Doc: "Returns the position of a part, -1 if there is none."},
		{Name: "lastIndexOf", Call: stringLastIndexOf, Sig: "(part: any, start?: number): number", Doc: "Returns the position of the last occurrence of a part, -1 if there is none."},
		{Name: "includes", Origin: Superset, Call: stringHas((*Run).containsText), Sig: "(part: any, start?: number): boolean", Doc: "Tells whether the text contains the part."},
		{Name: "startsWith", Origin: Superset, Call: stringHas((*Run).beginsText), Sig: "(part: any, start?: number): boolean", Doc: "Tells whether the text begins with the part."},
		{Name: "endsWith", Origin: Superset, Call: stringEndsWith, Sig: "(part: any, end?: number): boolean", Doc: "Tells whether the text ends with the part."},
		{Name: "slice", Call: stringSlice, Sig: "(start?: number, end?: number): string", Doc: "Returns a part; negative positions count from the end."},
		{Name: "substring", Origin: Superset, Call: stringSubstring, Sig: "(start?: number, end?: number): string", Doc: "Returns the part between two positions."},
		{Name: "substr", Call: stringSubstr, Sig: "(start?: number, count?: number): string", Doc: "Returns so many characters from a position on."},
		{Name: "split", Call: stringSplit, Sig: "(separator?: any, limit?: number): string[]", Doc: "Returns the parts between separators."},
		{Name: "replace", Min: 2, Call: stringReplace(false), Sig: "(part: any, replacement: any): string", Doc: "Replaces the first occurrence of a part."},
		{Name: "replaceAll", Origin: Superset, Min: 2, Call: stringReplace(true), Sig: "(part: any, replacement: any): string", Doc: "Replaces all occurrences of a part."},
		{Name: "match", Origin: Superset, Call: stringMatch, Sig: "(pattern: any): string[] | null", Doc: "Returns what matches a pattern, null if nothing does."},
		{Name: "matchAll", Origin: Superset, Call: stringMatchAll, Sig: "(pattern: any): string[][]", Doc: "Returns all matches of a pattern with their groups."},
		{Name: "search", Origin: Superset, Call: stringSearch, Sig: "(pattern: any): number", Doc: "Returns the position of the first match, -1 if there is none."},
		{Name: "toLowerCase", Call: stringMap(strLower), Sig: one, Doc: "Returns the text in lower case."},
		{Name: "toUpperCase", Origin: Superset, Call: stringMap(strUpper), Sig: one, Doc: "Returns the text in upper case."},
		{Name: "toLocaleLowerCase", Origin: Superset, Call: stringMap(strLower), Sig: one, Doc: "Returns the text in lower case."},
		{Name: "toLocaleUpperCase", Origin: Superset, Call: stringMap(strUpper), Sig: one, Doc: "Returns the text in upper case."},
		{Name: "trim", Origin: Superset, Call: stringTrim(true, true), Sig: one, Doc: "Returns the text without white space at its ends."},
		{Name: "trimStart", Origin: Superset, Call: stringTrim(true, false), Sig: one, Doc: "Returns the text without white space at its beginning."},
		{Name: "trimEnd", Origin: Superset, Call: stringTrim(false, true), Sig: one, Doc: "Returns the text without white space at its end."},
		{Name: "repeat", Call: stringRepeat, Sig: "(count: number): string", Doc: "Returns the text so many times."},
		{Name: "padStart", Origin: Superset, Call: stringPad(true), Sig: "(length: number, fill?: any): string", Doc: "Fills the text up at its beginning."},
		{Name: "padEnd", Origin: Superset, Call: stringPad(false), Sig: "(length: number, fill?: any): string", Doc: "Fills the text up at its end."},
		{Name: "concat", Origin: Superset, Call: stringConcat, Sig: "(...texts: any[]): string", Doc: "Returns the text with others behind it."},
		{Name: "localeCompare", Origin: Superset, Call: stringLocaleCompare, Sig: "(other: any): number", Doc: "Orders two texts, letters of either case together: -1, 0 or 1."},
		{Name: "toString", Call: selfValue, Sig: one, Doc: "Returns the text itself."},
		{Name: "valueOf", Call: selfValue, Sig: one, Doc: "Returns the text itself."},
	}))
}

// onText lets methods rely on a text as self; through Function.call they can be given anything.
func onText(methods []Method) []Method {
	for i := range methods {
		call := methods[i].Call
		methods[i].Call = func(r *Run, self Value, args []Value) (Value, error) {
			if self.k != KindString {
				self = String(self.Text())
			}
			return call(r, self, args)
		}
	}
	return methods
}

// indexArg reads a position as JavaScript does: fractions are dropped, what is no number is 0.
func indexArg(args []Value, i, def int) int {
	v := arg(args, i)
	if v.IsUndefined() {
		return def
	}
	switch v = toNumber(v.Scalar()); {
	case v.k == KindInt:
		return int(max(-maxTextBytes-1, min(v.Int(), maxTextBytes+1)))
	case v.Real() > maxTextBytes:
		return maxTextBytes + 1
	case v.Real() < -maxTextBytes:
		return -maxTextBytes - 1
	}
	n, _ := realToInt(v.Real())
	return int(n)
}

// charRange returns the byte positions of the characters from one position to before another. Negative
// positions count from the end.
func (r *Run) charRange(s string, from, to int) (begin, end int, err error) {
	if from < 0 || to < 0 {
		n, err := r.countChars(s)
		if err != nil {
			return 0, 0, err
		}
		if from < 0 {
			from = max(0, from+n)
		}
		if to < 0 {
			to = max(0, to+n)
		}
	}
	if begin, err = r.offsetOf(s, from); err != nil {
		return 0, 0, err
	}
	length, err := r.offsetOf(s[begin:], max(0, to-from))
	return begin, begin + length, err
}

func stringCharAt(r *Run, self Value, args []Value) (Value, error) {
	i := indexArg(args, 0, 0)
	if i < 0 {
		return emptyText, nil
	}
	return r.charText(self, i)
}

// charText returns the ith character, an empty text if there is none.
func (r *Run) charText(v Value, i int) (Value, error) {
	s := v.Str()
	at, err := r.offsetOf(s, i)
	if err != nil || at >= len(s) {
		return emptyText, err
	}
	end := charEnd(s[:min(len(s), at+64)], at)
	if end == at+64 { // bytes that are not UTF-8 can make one character of any length
		if end, err = r.offsetOf(s[at:], 1); err != nil {
			return Undefined, err
		}
		end += at
	}
	return r.part(v, at, end)
}

func stringAt(r *Run, self Value, args []Value) (Value, error) {
	s, i := self.Str(), indexArg(args, 0, 0)
	n, err := r.countChars(s)
	if err != nil {
		return Undefined, err
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return Undefined, nil
	}
	return r.charText(self, i)
}

func stringCodeAt(missing Value) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		s, i := self.Str(), indexArg(args, 0, 0)
		if i < 0 {
			return missing, nil
		}
		at, err := r.offsetOf(s, i)
		if err != nil || at >= len(s) {
			return missing, err
		}
		c, _ := utf8.DecodeRuneInString(s[at:])
		return Int(int64(c)), nil
	}
}

func stringIndexOf(r *Run, self Value, args []Value) (Value, error) {
	s, part := self.Str(), arg(args, 0).Text()
	begin, err := r.offsetOf(s, indexArg(args, 1, 0))
	if err != nil {
		return Undefined, err
	}
	i, err := r.findText(s[begin:], part)
	if err != nil || i < 0 {
		return Int(-1), err
	}
	n, err := r.countChars(s[:begin+i])
	return Int(int64(n)), err
}

func stringLastIndexOf(r *Run, self Value, args []Value) (Value, error) {
	s, part := self.Str(), arg(args, 0).Text()
	if v := arg(args, 1); !v.IsUndefined() {
		end, err := r.offsetOf(s, max(0, indexArg(args, 1, 0)))
		if err != nil {
			return Undefined, err
		}
		s = s[:min(len(s), end+len(part))]
	}
	i, err := r.findLastText(s, part)
	if err != nil || i < 0 {
		return Int(-1), err
	}
	n, err := r.countChars(s[:i])
	return Int(int64(n)), err
}

func stringHas(test func(r *Run, s, part string) (bool, error)) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		s := self.Str()
		begin, err := r.offsetOf(s, indexArg(args, 1, 0))
		if err != nil {
			return Undefined, err
		}
		ok, err := test(r, s[begin:], arg(args, 0).Text())
		return Bool(ok), err
	}
}

func stringEndsWith(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	if v := arg(args, 1); !v.IsUndefined() {
		end, err := r.offsetOf(s, indexArg(args, 1, 0))
		if err != nil {
			return Undefined, err
		}
		s = s[:end]
	}
	ok, err := r.endsText(s, arg(args, 0).Text())
	return Bool(ok), err
}

func (r *Run) charPart(v Value, from, to int) (Value, error) {
	begin, end, err := r.charRange(v.Str(), from, to)
	if err != nil {
		return Undefined, err
	}
	return r.part(v, begin, end)
}

func stringSlice(r *Run, self Value, args []Value) (Value, error) {
	return r.charPart(self, indexArg(args, 0, 0), indexArg(args, 1, maxTextBytes))
}

func stringSubstring(r *Run, self Value, args []Value) (Value, error) {
	from, to := max(0, indexArg(args, 0, 0)), max(0, indexArg(args, 1, maxTextBytes))
	if from > to {
		from, to = to, from
	}
	return r.charPart(self, from, to)
}

func stringSubstr(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	begin, end, err := r.charRange(s, indexArg(args, 0, 0), maxTextBytes)
	if err != nil {
		return Undefined, err
	}
	length, err := r.offsetOf(s[begin:end], indexArg(args, 1, maxTextBytes))
	if err != nil {
		return Undefined, err
	}
	return r.part(self, begin, begin+length)
}

func stringMap(mapping func(string) string) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, _ []Value) (Value, error) {
		return r.mapPieces(self.Str(), mapping, mapping)
	}
}

func stringTrim(start, end bool) func(*Run, Value, []Value) (Value, error) {
	space := func(c rune) bool { return unicode.IsSpace(c) || c == '\ufeff' }
	return func(r *Run, self Value, _ []Value) (Value, error) {
		s := self.Str()
		kept, err := r.trim(s, false, end, space)
		if err != nil {
			return Undefined, err
		}
		to := len(kept)
		if kept, err = r.trim(kept, start, false, space); err != nil {
			return Undefined, err
		}
		return r.part(self, to-len(kept), to)
	}
}

func stringRepeat(r *Run, self Value, args []Value) (Value, error) {
	n := toNumber(arg(args, 0).Scalar())
	if n.real() < 0 || n.real() != n.real() {
		return Undefined, errNotA("a count", arg(args, 0))
	}
	s := self.Str()
	if s == "" {
		return emptyText, nil
	}
	if n.real() > float64(maxTextBytes/len(s)) {
		return Undefined, errTextTooLong()
	}
	count := int(n.real())
	if err := r.reserve(int64(count*len(s)), 1); err != nil {
		return Undefined, err
	}
	return r.repeat(s, count)
}

// repeat returns a text so many times; its memory is charged.
func (r *Run) repeat(s string, count int) (Value, error) {
	if len(s)*count <= pieceBytes {
		return String(strings.Repeat(s, count)), nil
	}
	var b strings.Builder
	b.Grow(len(s) * count)
	piece := s
	if len(s) < pieceBytes {
		piece = strings.Repeat(s, pieceBytes/len(s))
	}
	for left := len(s) * count; left > 0; left -= len(piece) {
		if err := r.fillPieces(&b, piece[:min(left, len(piece))]); err != nil {
			return Undefined, err
		}
	}
	return String(b.String()), nil
}

func stringPad(atStart bool) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		s, fill := self.Str(), " "
		if v := arg(args, 1); !v.IsUndefined() {
			fill = v.Text()
		}
		n, err := r.countChars(s)
		if err != nil {
			return Undefined, err
		}
		missing := indexArg(args, 0, 0) - n
		if missing <= 0 || fill == "" {
			return self, nil
		}
		width, err := r.countChars(fill)
		if err != nil || width == 0 {
			return self, err
		}
		times := missing / width
		if times > maxTextBytes/len(fill) {
			return Undefined, errTextTooLong()
		}
		rest, err := r.offsetOf(fill, missing%width)
		if err != nil {
			return Undefined, err
		}
		size := times*len(fill) + rest
		if err := r.reserve(int64(2*size+len(s)), 1); err != nil { // the filling exists beside the result
			return Undefined, err
		}
		filling, err := r.repeat(fill, times)
		if err != nil {
			return Undefined, err
		}
		if atStart {
			return r.joinTexts(filling.Str(), fill[:rest], s)
		}
		return r.joinTexts(s, filling.Str(), fill[:rest])
	}
}

func stringConcat(r *Run, self Value, args []Value) (Value, error) {
	b := textBuilder{r: r}
	if err := b.add(self.Str()); err != nil {
		return Undefined, err
	}
	for _, v := range args {
		if err := b.add(v.Text()); err != nil {
			return Undefined, err
		}
	}
	return b.value(), nil
}

// stringLocaleCompare puts letters of either case together, the lower case first, as dictionaries do.
func stringLocaleCompare(r *Run, self Value, args []Value) (Value, error) {
	a, b := self.Str(), arg(args, 0).Text()
	for i, j := 0, 0; i < len(a) || j < len(b); {
		pieceA, pieceB := a[i:i+pieceEnd(a[i:])], b[j:j+pieceEnd(b[j:])]
		if i+j > 0 || len(pieceA) < len(a) || len(pieceB) < len(b) {
			pieceA, pieceB = sameChars(pieceA, pieceB, i+len(pieceA) == len(a), j+len(pieceB) == len(b))
		}
		if err := r.Step((len(pieceA) + len(pieceB)) >> 4); err != nil {
			return Undefined, err
		}
		if c := strings.Compare(collationKey(pieceA), collationKey(pieceB)); c != 0 {
			return Int(int64(c)), nil
		}
		i, j = i+len(pieceA), j+len(pieceB)
	}
	c, err := r.compareTexts(a, b)
	return Int(int64(-c)), err
}

// sameChars cuts pieces of two texts to the same number of characters, unless the texts end there.
func sameChars(a, b string, endA, endB bool) (shortA, shortB string) {
	x, y := charCount(a), charCount(b)
	switch {
	case x < y && !endA:
		b = b[:charOffset(b, x)]
	case y < x && !endB:
		a = a[:charOffset(a, y)]
	}
	return a, b
}

// collationKey is the text in lower case, with ё where the Russian alphabet has it: right after е.
func collationKey(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strLower(s), "е", "е\x00"), "ё", "е\x01")
}
