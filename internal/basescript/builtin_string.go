package basescript

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func stringGlobals() []Global {
	const find = "(text: any, part: any, ignoreCase?: boolean): boolean"
	const findPos = "(text: any, part: any, ignoreCase?: boolean, start?: number): number"
	const one = "(text: any): string"
	return functionGlobals([]Func{
		{Name: "StrContains", Min: 2, Call: strTest(strings.Contains), Sig: find, Doc: "Tells whether the text contains the part."},
		{Name: "StrBegins", Min: 2, Call: strTest(strings.HasPrefix), Sig: find, Doc: "Tells whether the text begins with the part."},
		{Name: "StrEnds", Min: 2, Call: strTest(strings.HasSuffix), Sig: find, Doc: "Tells whether the text ends with the part."},
		{Name: "StrEqual", Min: 2, Call: strTest(func(a, b string) bool { return a == b }), Sig: "(a: any, b: any, ignoreCase?: boolean): boolean", Doc: "Compares two values as texts."},
		{Name: "StrReplace", Min: 3, Call: strReplace(-1), Sig: "(text: any, old: any, replacement: any): string", Doc: "Replaces all occurrences of a part."},
		{Name: "StrReplaceOne", Min: 3, Call: strReplace(1), Sig: "(text: any, old: any, replacement: any): string", Doc: "Replaces the first occurrence of a part."},
		{Name: "StrLowerCase", Min: 1, Call: strMap(strLower), Sig: one, Doc: "Returns the text in lower case."},
		{Name: "StrUpperCase", Min: 1, Call: strMap(strUpper), Sig: one, Doc: "Returns the text in upper case."},
		{Name: "StrTitleCase", Min: 1, Call: strTitleCase, Sig: one, Doc: "Returns the text with its first character in upper case and the rest in lower case."},
		{Name: "StrNonTitleCase", Min: 1, Call: strNonTitleCase, Sig: one, Doc: "Returns the text with its first character in lower case."},
		{Name: "Trim", Min: 1, Call: strTrim, Sig: one, Doc: "Returns the text without blanks, tabs and line breaks at its ends."},
		{Name: "UnifySpaces", Min: 1, Call: strUnifySpaces, Sig: one, Doc: "Returns the text with runs of white space made single blanks."},
		{Name: "StrLen", Min: 1, Call: strLen, Sig: "(text: any): number", Doc: "Returns the number of bytes."},
		{Name: "StrCharCount", Min: 1, Call: strCharCount, Sig: "(text: any): number", Doc: "Returns the number of characters."},
		{Name: "StrLeftRange", Min: 2, Call: strLeft(bytePos), Sig: "(text: any, count: number): string", Doc: "Returns the first bytes of the text."},
		{Name: "StrLeftCharRange", Min: 2, Call: strLeft(charOffset), Sig: "(text: any, count: number): string", Doc: "Returns the first characters of the text."},
		{Name: "StrRangePos", Min: 2, Call: strRange(bytePos), Sig: "(text: any, from: number, to: number): string", Doc: "Returns the bytes from one position to before another."},
		{Name: "StrCharRangePos", Min: 2, Call: strRange(charOffset), Sig: "(text: any, from: number, to: number): string", Doc: "Returns the characters from one position to before another."},
		{Name: "StrRightRangePos", Min: 2, Call: strRight, Sig: "(text: any, from: number): string", Doc: "Returns the bytes from a position on."},
		{Name: "StrOptSubStrPos", Min: 2, Call: strPos, Sig: findPos, Doc: "Returns the byte position of a part, undefined if there is none."},
		{Name: "StrOptSubStrPosB", Min: 2, Call: strPos, Sig: findPos, Doc: "Returns the byte position of a part in any bytes, undefined if there is none."},
		{Name: "StrOptSubStrRightPos", Min: 2, Call: strRightPos, Sig: findPos, Doc: "Returns the byte position of the last occurrence of a part, undefined if there is none."},
		{Name: "StrScan", Min: 2, Call: strScan, Sig: "(text: any, template: string): string[]", Doc: "Returns what stands at %s of the template; fails if the text does not match it."},
		{Name: "StrOptScan", Min: 2, Call: strOptScan, Sig: "(text: any, template: string): string[]", Doc: "Returns what stands at %s of the template, undefined if the text does not match it."},
		{Name: "StrSplit2", Min: 2, Call: strSplit2, Sig: "(text: any, delimiter: any, useQuotes?: boolean): string[]", Doc: "Returns the two parts around the first delimiter."},
		{Name: "StrSplitToLines", Min: 1, Call: strSplitToLines, Sig: "(text: any): string[]", Doc: "Returns the lines of the text."},
		{Name: "StrMatchesPattern", Min: 2, Call: strMatches, Sig: "(text: any, mask: any): boolean", Doc: "Tells whether the text matches a mask with * for any characters."},
		{Name: "StrMatchesMultiPattern", Min: 2, Call: strMatchesMulti, Sig: "(text: any, masks: any): boolean", Doc: "Tells whether the text matches one of the masks between commas."},
		{Name: "StrIsAlphaNum", Min: 1, Call: strIsAlphaNum, Sig: "(text: any): boolean", Doc: "Tells whether the text consists of ASCII letters and digits."},
		{Name: "StrFromCharCode", Min: 1, Call: fromCharCode, Sig: "(code: number): string", Doc: "Returns the character of a UTF-16 code."},
		{Name: "StrFromCharCodesArray", Min: 1, Call: strFromCodes, Sig: "(codes: number[]): string", Doc: "Returns the text of UTF-16 codes."},
		{Name: "StrToCharArray", Min: 1, Call: strToChars, Sig: "(text: any): string[]", Doc: "Returns the characters of the text."},
		{Name: "StrToCharCodesArray", Min: 1, Call: strToCodes, Sig: "(text: any): number[]", Doc: "Returns the UTF-16 codes of the text."},
		{Name: "PersonShortName", Min: 2, Call: personShortName, Sig: "(last: any, first: any, middle?: any): string", Doc: "Returns the last name with initials."},
	})
}

func strLower(s string) string {
	if utf8.ValidString(s) {
		return strings.ToLower(s) // quick for ASCII
	}
	return mapText(s, unicode.ToLower)
}

func strUpper(s string) string {
	if utf8.ValidString(s) {
		return strings.ToUpper(s)
	}
	return mapText(s, unicode.ToUpper)
}

// strMap makes a function of a mapping whose result is about as long as its argument.
func strMap(mapping func(string) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		return r.mapPieces(args[0].Text(), mapping, mapping)
	}
}

// strPair reads two texts, both in lower case where the flag after them says so.
func strPair(r *Run, args []Value) (a, b string, err error) {
	a, b = args[0].Text(), args[1].Text()
	if err := r.scan(len(a) + len(b)); err != nil {
		return "", "", err
	}
	if len(args) > 2 && flagArg(args, 2) {
		return r.lowerPair(a, b)
	}
	return a, b, nil
}

func (r *Run) lowerPair(a, b string) (lowA, lowB string, err error) {
	x, err := r.mapPieces(a, strLower, strLower)
	if err != nil {
		return "", "", err
	}
	y, err := r.mapPieces(b, strLower, strLower)
	return x.Str(), y.Str(), err
}

func strTest(test func(s, sub string) bool) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		a, b, err := strPair(r, args)
		if err != nil {
			return Undefined, err
		}
		return Bool(test(a, b)), nil
	}
}

func strReplace(limit int) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		return r.replaceText(args[0], args[1].Text(), args[2].Text(), limit)
	}
}

// replaceText replaces up to limit occurrences (-1: all); an empty old text leaves s unchanged.
func (r *Run) replaceText(v Value, old, with string, limit int) (Value, error) {
	s := v.Text()
	if old == "" || !strings.Contains(s, old) {
		return textOf(v), r.scan(len(s))
	}
	n := strings.Count(s, old)
	if limit > 0 {
		n = min(n, limit)
	}
	if len(with) > 0 && n > maxTextBytes/len(with) {
		return Undefined, errTextTooLong()
	}
	if err := r.reserve(int64(len(s)+n*(len(with)-len(old))), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	b.Grow(len(s) + n*(len(with)-len(old)))
	for range n {
		at := strings.Index(s, old)
		b.WriteString(s[:at])
		b.WriteString(with)
		s = s[at+len(old):]
		if e := r.step(int64((at+len(old)+len(with))>>6) + 1); e != nil {
			return Undefined, e
		}
	}
	if err := r.fillPieces(&b, s); err != nil {
		return Undefined, err
	}
	return String(b.String()), nil
}

func strTitleCase(r *Run, args []Value) (Value, error) {
	return r.mapPieces(args[0].Text(), titleCase, strLower)
}

func strNonTitleCase(r *Run, args []Value) (Value, error) {
	return r.mapPieces(args[0].Text(), nonTitleCase, strings.Clone)
}

func titleCase(s string) string {
	first := charEnd(s, 0)
	if s == "" {
		return ""
	}
	return strUpper(s[:first]) + strLower(s[first:])
}

func nonTitleCase(s string) string {
	first := charEnd(s, 0)
	if s == "" {
		return ""
	}
	return strLower(s[:first]) + s[first:]
}

const blanks = " \t\r\n"

func strTrim(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	t := strings.Trim(s, blanks)
	if len(t) == len(s) {
		return textOf(args[0]), nil
	}
	from := strings.Index(s, t)
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	return r.part(args[0], from, from+len(t))
}

// strUnifySpaces leaves a text of nothing but blanks as it is (observed on the original).
func strUnifySpaces(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if strings.Trim(s, blanks) == "" {
		return textOf(args[0]), r.scan(len(s))
	}
	if err := r.Alloc(len(s)); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for i := range len(s) {
		if i%4096 == 0 {
			if err := r.Step(64); err != nil {
				return Undefined, err
			}
		}
		if strings.IndexByte(blanks, s[i]) >= 0 {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteByte(s[i])
	}
	if blank {
		b.WriteByte(' ')
	}
	return String(b.String()), nil
}

func strLen(_ *Run, args []Value) (Value, error) { return Int(int64(len(args[0].Text()))), nil }

func strCharCount(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	return Int(int64(charCount(s))), r.scan(len(s))
}

// bytePos is the byte position of the nth byte, as charOffset is that of the nth character.
func bytePos(s string, n int) int { return max(0, min(n, len(s))) }

// posArg reads a position, which may be beyond any text.
func posArg(args []Value, i int) (int, error) {
	v := arg(args, i)
	n, ok := v.ToInt()
	if !ok {
		return 0, errNotA("an integer", v)
	}
	return int(max(-maxTextBytes-1, min(n, maxTextBytes+1))), nil
}

func strLeft(offset func(string, int) int) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		n, err := posArg(args, 1)
		if err != nil {
			return Undefined, err
		}
		s := args[0].Text()
		return r.part(args[0], 0, offset(s, n))
	}
}

func strRange(offset func(string, int) int) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		from, err := posArg(args, 1)
		if err != nil {
			return Undefined, err
		}
		to := maxTextBytes + 1
		if !arg(args, 2).IsNil() {
			if to, err = posArg(args, 2); err != nil {
				return Undefined, err
			}
		}
		s := args[0].Text()
		if from = max(from, 0); to <= from {
			return emptyText, nil
		}
		if err := r.scan(len(s)); err != nil {
			return Undefined, err
		}
		begin := offset(s, from)
		return r.part(args[0], begin, begin+offset(s[begin:], to-from))
	}
}

func strRight(r *Run, args []Value) (Value, error) {
	n, err := posArg(args, 1)
	if err != nil {
		return Undefined, err
	}
	s := args[0].Text()
	return r.part(args[0], bytePos(s, n), len(s))
}

func strPos(r *Run, args []Value) (Value, error) {
	s, part, ignoreCase := args[0].Text(), args[1].Text(), flagArg(args, 2)
	from, err := intArg(args, 3, 0)
	if err != nil {
		return Undefined, err
	}
	if err := r.scan(len(s) + len(part)); err != nil {
		return Undefined, err
	}
	if from > int64(len(s)) {
		return Undefined, nil
	}
	begin := int(max(0, from))
	i := indexText(s[begin:], part, ignoreCase, strings.Index)
	if i < 0 {
		return Undefined, nil
	}
	return Int(int64(begin + i)), nil
}

func strRightPos(r *Run, args []Value) (Value, error) {
	s, part, ignoreCase := args[0].Text(), args[1].Text(), flagArg(args, 2)
	from, err := intArg(args, 3, int64(len(s)))
	if err != nil {
		return Undefined, err
	}
	if err := r.scan(len(s) + len(part)); err != nil {
		return Undefined, err
	}
	if from < 0 {
		return Undefined, nil
	}
	if end := min(from, int64(len(s))) + int64(len(part)); end < int64(len(s)) {
		s = s[:end]
	}
	if i := indexText(s, part, ignoreCase, strings.LastIndex); i >= 0 {
		return Int(int64(i)), nil
	}
	return Undefined, nil
}

// indexText finds part in s. Lower case may take another number of bytes, never another number of
// characters, so a position is carried over by counting those.
func indexText(s, part string, ignoreCase bool, index func(s, part string) int) int {
	if !ignoreCase {
		return index(s, part)
	}
	low := strLower(s)
	i := index(low, strLower(part))
	if i <= 0 || len(low) == len(s) && isASCII(s) {
		return i
	}
	return charOffset(s, charCount(low[:i]))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func strOptScan(r *Run, args []Value) (Value, error) {
	s, template := args[0].Text(), args[1].Text()
	if err := r.scan(len(s) + len(template)); err != nil {
		return Undefined, err
	}
	found, ok := scanText(s, template)
	if !ok {
		return Undefined, nil
	}
	return r.texts(found)
}

func strScan(r *Run, args []Value) (Value, error) {
	v, err := strOptScan(r, args)
	if err == nil && v.IsUndefined() {
		return Undefined, NewError("Invalid format")
	}
	return v, err
}

// scanText matches s with a template: %s takes what stands before the next literal piece of the
// template, at its end all the rest; %*s too, without returning it. Text after the last literal piece
// does not matter.
func scanText(s, template string) (found []string, ok bool) {
	literal, rest, more := nextDirective(template)
	if !strings.HasPrefix(s, literal) {
		return nil, false
	}
	s = s[len(literal):]
	for more {
		capture := rest[1] == 's'
		rest = rest[strings.IndexByte(rest, 's')+1:]
		literal, rest, more = nextDirective(rest)
		at := len(s)
		if literal != "" {
			if at = strings.Index(s, literal); at < 0 {
				return nil, false
			}
		} else if more {
			at = 0 // nothing separates two directives: the first takes nothing
		}
		if capture {
			found = append(found, s[:at])
		}
		s = s[at+len(literal):]
	}
	return found, true
}

// nextDirective cuts a template before its next %s or %*s.
func nextDirective(template string) (literal, rest string, more bool) {
	for i := 0; i+1 < len(template); i++ {
		if template[i] == '%' && (template[i+1] == 's' || strings.HasPrefix(template[i+1:], "*s")) {
			return template[:i], template[i:], true
		}
	}
	return template, "", false
}

// texts returns an array of texts.
func (r *Run) texts(list []string) (Value, error) {
	if err := r.reserve(int64(len(list)), sizeValue); err != nil {
		return Undefined, err
	}
	vals := make([]Value, len(list))
	for i, s := range list {
		vals[i] = String(s)
	}
	return ObjectValue(r.NewArray(vals)), nil
}

func strSplit2(r *Run, args []Value) (Value, error) {
	s, delimiter := args[0].Text(), args[1].Text()
	if err := r.scan(len(s)); err != nil {
		return Undefined, err
	}
	left, right := s, ""
	if delimiter != "" {
		left, right, _ = strings.Cut(s, delimiter)
	}
	if flagArg(args, 2) {
		left, right = unquote(left), unquote(right)
	}
	return r.texts([]string{left, right})
}

// unquote removes the quotes a text is wrapped in.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

func strSplitToLines(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	v, err := r.splitText(s, "\n", maxArrayLen)
	if err != nil || strings.IndexByte(s, '\r') < 0 {
		return v, err
	}
	for i, line := range v.Object().Elements() {
		v.Object().vals[i] = String(strings.TrimSuffix(line.Str(), "\r"))
	}
	return v, nil
}

// splitText returns the parts of s between separators, at most limit of them; an empty separator
// splits into characters.
func (r *Run) splitText(s, separator string, limit int) (Value, error) {
	n := charCount(s)
	if separator != "" {
		n = strings.Count(s, separator) + 1
	}
	n = min(n, limit)
	if err := r.reserve(int64(n), sizeValue); err != nil {
		return Undefined, err
	}
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return Undefined, err
	}
	vals, kept := make([]Value, 0, n), textKeeper{whole: s}
	for len(vals) < n {
		end, next := len(s), len(s)
		if separator == "" {
			end = charEnd(s, 0)
			next = end
		} else if i := strings.Index(s, separator); i >= 0 {
			end, next = i, i+len(separator)
		}
		vals = append(vals, String(kept.keep(s[:end])))
		s = s[next:]
	}
	return ObjectValue(r.NewArray(vals)), nil
}

func strMatches(r *Run, args []Value) (Value, error) {
	s, mask := args[0].Text(), args[1].Text()
	return Bool(matchesMask(s, mask)), r.scan(len(s) + len(mask))
}

func strMatchesMulti(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	for mask := range strings.SplitSeq(args[1].Text(), ",") {
		if err := r.scan(len(s) + len(mask)); err != nil {
			return Undefined, err
		}
		if matchesMask(s, strings.Trim(mask, blanks)) {
			return True, nil
		}
	}
	return False, nil
}

// matchesMask matches in linear time: each piece between stars is taken where it occurs first.
func matchesMask(s, mask string) bool {
	first, rest, star := strings.Cut(mask, "*")
	if !star {
		return s == mask
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		piece, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, piece)
		}
		i := strings.Index(s, piece)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(piece):], more
	}
}

func strIsAlphaNum(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	for i := range len(s) {
		if s[i] == '_' || !isWordByte(s[i]) {
			return False, nil
		}
	}
	return Bool(s != ""), r.scan(len(s))
}

// fromCharCode is String.fromCharCode: UTF-16 codes, pairs of which make one character; codes of
// characters beyond those are taken too.
func fromCharCode(r *Run, args []Value) (Value, error) {
	if err := r.reserve(int64(3*len(args)), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	for i := 0; i < len(args); i++ {
		code, ok := args[i].ToInt()
		if !ok {
			return Undefined, errNotA("a character code", args[i])
		}
		c := rune(code & 0x1fffff)
		if utf16.IsSurrogate(c) && i+1 < len(args) {
			low, _ := args[i+1].ToInt()
			if pair := utf16.DecodeRune(c, rune(low&0x1fffff)); pair != utf8.RuneError {
				c = pair
				i++
			}
		}
		b.WriteRune(c)
	}
	return String(b.String()), nil
}

func strFromCodes(r *Run, args []Value) (Value, error) {
	codes, err := r.list(args[0])
	if err != nil {
		return Undefined, err
	}
	return fromCharCode(r, codes)
}

func strToChars(r *Run, args []Value) (Value, error) {
	return r.splitText(args[0].Text(), "", maxArrayLen)
}

func strToCodes(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(charCount(s))*2, sizeValue); err != nil {
		return Undefined, err
	}
	vals := make([]Value, 0, charCount(s))
	for _, c := range s {
		if high, low := utf16.EncodeRune(c); high != utf8.RuneError {
			vals = append(vals, Int(int64(high)), Int(int64(low)))
		} else {
			vals = append(vals, Int(int64(c)))
		}
	}
	return ObjectValue(r.NewArray(vals)), nil
}

func personShortName(r *Run, args []Value) (Value, error) {
	name, initials := args[0].Text(), ""
	for _, v := range args[1:min(len(args), 3)] {
		if s := v.Text(); s != "" && !v.IsNil() {
			initials += s[:charEnd(s, 0)] + "."
		}
	}
	if name != "" && initials != "" {
		name += " "
	}
	return r.text(name + initials)
}
