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
		{Name: "includes", Origin: Superset, Call: stringHas(strings.Contains), Sig: "(part: any, start?: number): boolean", Doc: "Tells whether the text contains the part."},
		{Name: "startsWith", Origin: Superset, Call: stringHas(strings.HasPrefix), Sig: "(part: any, start?: number): boolean", Doc: "Tells whether the text begins with the part."},
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
func charRange(s string, from, to int) (begin, end int) {
	if from < 0 || to < 0 {
		n := charCount(s)
		if from < 0 {
			from = max(0, from+n)
		}
		if to < 0 {
			to = max(0, to+n)
		}
	}
	begin = charOffset(s, from)
	return begin, begin + charOffset(s[begin:], max(0, to-from))
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
	if err := r.scan(min(len(s), i)); err != nil {
		return Undefined, err
	}
	at := charOffset(s, i)
	if at >= len(s) {
		return emptyText, nil
	}
	return r.part(v, at, charEnd(s, at))
}

func stringAt(r *Run, self Value, args []Value) (Value, error) {
	s, i := self.Str(), indexArg(args, 0, 0)
	n := charCount(s)
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
		at := charOffset(s, i)
		if at >= len(s) {
			return missing, nil
		}
		c, _ := utf8.DecodeRuneInString(s[at:])
		return Int(int64(c)), r.scan(at)
	}
}

func stringIndexOf(r *Run, self Value, args []Value) (Value, error) {
	s, part := self.Str(), arg(args, 0).Text()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	from := indexArg(args, 1, 0)
	begin := charOffset(s, from)
	i := strings.Index(s[begin:], part)
	if i < 0 {
		return Int(-1), nil
	}
	return Int(int64(charCount(s[:begin+i]))), nil
}

func stringLastIndexOf(r *Run, self Value, args []Value) (Value, error) {
	s, part := self.Str(), arg(args, 0).Text()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	if v := arg(args, 1); !v.IsUndefined() {
		end := charOffset(s, max(0, indexArg(args, 1, 0))) + len(part)
		s = s[:min(len(s), end)]
	}
	i := strings.LastIndex(s, part)
	if i < 0 {
		return Int(-1), nil
	}
	return Int(int64(charCount(s[:i]))), nil
}

func stringHas(test func(s, part string) bool) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		s := self.Str()
		s = s[charOffset(s, indexArg(args, 1, 0)):]
		return Bool(test(s, arg(args, 0).Text())), r.scan(len(s))
	}
}

func stringEndsWith(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	s = s[:charOffset(s, indexArg(args, 1, maxTextBytes))]
	return Bool(strings.HasSuffix(s, arg(args, 0).Text())), r.scan(len(s))
}

func stringSlice(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	from, to := charRange(s, indexArg(args, 0, 0), indexArg(args, 1, maxTextBytes))
	return r.part(self, from, to)
}

func stringSubstring(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	from, to := max(0, indexArg(args, 0, 0)), max(0, indexArg(args, 1, maxTextBytes))
	if from > to {
		from, to = to, from
	}
	begin, end := charRange(s, from, to)
	return r.part(self, begin, end)
}

func stringSubstr(r *Run, self Value, args []Value) (Value, error) {
	s := self.Str()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	begin, end := charRange(s, indexArg(args, 0, 0), maxTextBytes)
	end = begin + charOffset(s[begin:end], indexArg(args, 1, maxTextBytes))
	return r.part(self, begin, end)
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
		from, to := 0, len(s)
		if end {
			to = len(strings.TrimRightFunc(s, space))
		}
		if start {
			from = to - len(strings.TrimLeftFunc(s[:to], space))
		}
		if err := r.scan(len(s) - (to - from)); err != nil {
			return Undefined, err
		}
		return r.part(self, from, to)
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
		missing := indexArg(args, 0, 0) - charCount(s)
		if missing <= 0 || fill == "" {
			return self, nil
		}
		width := charCount(fill)
		if width == 0 {
			return self, nil
		}
		times := missing/width + 1
		if times > maxTextBytes/len(fill) {
			return Undefined, errTextTooLong()
		}
		if err := r.reserve(int64(times*len(fill)+len(s)), 1); err != nil {
			return Undefined, err
		}
		filling := strings.Repeat(fill, times)
		filling = filling[:charOffset(filling, missing)]
		if atStart {
			return String(filling + s), nil
		}
		return String(s + filling), nil
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
	if err := r.scan(len(a) + len(b)); err != nil {
		return Undefined, err
	}
	c := strings.Compare(collationKey(a), collationKey(b))
	if c == 0 {
		c = -strings.Compare(a, b)
	}
	return Int(int64(c)), nil
}

// collationKey is the text in lower case, with ё where the Russian alphabet has it: right after е.
func collationKey(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strLower(s), "е", "е\x00"), "ё", "е\x01")
}
