package basescript

import (
	"errors"
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
		{Name: "StrContains", Min: 2, Call: strTest((*Run).containsText), Sig: find, Doc: "Tells whether the text contains the part."},
		{Name: "StrBegins", Min: 2, Call: strTest((*Run).beginsText), Sig: find, Doc: "Tells whether the text begins with the part."},
		{Name: "StrEnds", Min: 2, Call: strTest((*Run).endsText), Sig: find, Doc: "Tells whether the text ends with the part."},
		{Name: "StrEqual", Min: 2, Call: strTest((*Run).sameText), Sig: "(a: any, b: any, ignoreCase?: boolean): boolean", Doc: "Compares two values as texts."},
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
		{Name: "StrLeftRange", Min: 2, Call: strLeft((*Run).bytePos), Sig: "(text: any, count: number): string", Doc: "Returns the first bytes of the text."},
		{Name: "StrLeftCharRange", Min: 2, Call: strLeft((*Run).offsetOf), Sig: "(text: any, count: number): string", Doc: "Returns the first characters of the text."},
		{Name: "StrRangePos", Min: 2, Call: strRange((*Run).bytePos), Sig: "(text: any, from: number, to: number): string", Doc: "Returns the bytes from one position to before another."},
		{Name: "StrCharRangePos", Min: 2, Call: strRange((*Run).offsetOf), Sig: "(text: any, from: number, to: number): string", Doc: "Returns the characters from one position to before another."},
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

func (r *Run) containsText(s, part string) (bool, error) {
	i, err := r.findText(s, part)
	return i >= 0, err
}

func (r *Run) beginsText(s, part string) (bool, error) {
	return r.sameText(s[:min(len(s), len(part))], part)
}

func (r *Run) endsText(s, part string) (bool, error) {
	return r.sameText(s[max(0, len(s)-len(part)):], part)
}

func strTest(test func(r *Run, s, part string) (bool, error)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		a, b, err := strPair(r, args)
		if err != nil {
			return Undefined, err
		}
		ok, err := test(r, a, b)
		return Bool(ok), err
	}
}

func strReplace(limit int) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		return r.replaceText(args[0], args[1].Text(), args[2].Text(), limit)
	}
}

// replaceText replaces up to limit occurrences (-1: all); an empty old text leaves s unchanged.
func (r *Run) replaceText(v Value, old, with string, limit int) (Value, error) {
	s, n := v.Text(), 0
	if old != "" {
		var err error
		if n, err = r.countText(s, old, limit); err != nil {
			return Undefined, err
		}
	}
	if n == 0 {
		return textOf(v), nil
	}
	if len(s) <= pieceBytes && len(with) <= len(old) {
		if err := r.Alloc(len(s)); err != nil {
			return Undefined, err
		}
		return String(strings.Replace(s, old, with, n)), r.scan(len(s))
	}
	if len(with) > 0 && n > maxTextBytes/len(with) {
		return Undefined, errTextTooLong()
	}
	size := len(s) + n*(len(with)-len(old))
	if err := r.reserve(int64(size), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	b.Grow(size)
	for range n {
		at, err := r.findText(s, old)
		if err != nil {
			return Undefined, err
		}
		for _, part := range []string{s[:at], with} {
			if err := r.fillPieces(&b, part); err != nil {
				return Undefined, err
			}
		}
		s = s[at+len(old):]
		if e := r.step(1); e != nil {
			return Undefined, e
		}
	}
	if err := r.fillPieces(&b, s); err != nil {
		return Undefined, err
	}
	return String(b.String()), nil
}

// countText counts the occurrences of a part that is not empty, up to limit of them (-1: all).
func (r *Run) countText(s, part string, limit int) (n int, err error) {
	if len(s) <= pieceBytes {
		if n = strings.Count(s, part); limit >= 0 {
			n = min(n, limit)
		}
		return n, r.scan(len(s))
	}
	for n != limit {
		at, err := r.findText(s, part)
		if err != nil || at < 0 {
			return n, err
		}
		n++
		s = s[at+len(part):]
		if e := r.step(1); e != nil {
			return 0, e
		}
	}
	return n, nil
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
	t, err := r.trim(s, true, false, isBlankChar)
	if err != nil {
		return Undefined, err
	}
	from := len(s) - len(t)
	if t, err = r.trim(t, false, true, isBlankChar); err != nil {
		return Undefined, err
	}
	return r.part(args[0], from, from+len(t))
}

// strUnifySpaces leaves a text of nothing but blanks as it is (observed on the original).
func strUnifySpaces(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if t, err := r.trim(s, true, false, isBlankChar); err != nil || t == "" {
		return textOf(args[0]), err
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
	n, err := r.countChars(s)
	return Int(int64(n)), err
}

// bytePos is the byte position of the nth byte, as offsetOf is that of the nth character.
func (r *Run) bytePos(s string, n int) (int, error) { return max(0, min(n, len(s))), nil }

// posArg reads a position, which may be beyond any text.
func posArg(args []Value, i int) (int, error) {
	v := arg(args, i)
	n, ok := v.ToInt()
	if !ok {
		return 0, errNotA("an integer", v)
	}
	return int(max(-maxTextBytes-1, min(n, maxTextBytes+1))), nil
}

func strLeft(offset func(*Run, string, int) (int, error)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		n, err := posArg(args, 1)
		if err != nil {
			return Undefined, err
		}
		s := args[0].Text()
		end, err := offset(r, s, n)
		if err != nil {
			return Undefined, err
		}
		return r.part(args[0], 0, end)
	}
}

func strRange(offset func(*Run, string, int) (int, error)) func(*Run, []Value) (Value, error) {
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
		begin, err := offset(r, s, from)
		if err != nil {
			return Undefined, err
		}
		length, err := offset(r, s[begin:], to-from)
		if err != nil {
			return Undefined, err
		}
		return r.part(args[0], begin, begin+length)
	}
}

func strRight(r *Run, args []Value) (Value, error) {
	n, err := posArg(args, 1)
	if err != nil {
		return Undefined, err
	}
	s := args[0].Text()
	return r.part(args[0], max(0, min(n, len(s))), len(s))
}

func strPos(r *Run, args []Value) (Value, error) {
	s, part, ignoreCase := args[0].Text(), args[1].Text(), flagArg(args, 2)
	from, err := intArg(args, 3, 0)
	if err != nil {
		return Undefined, err
	}
	if from > int64(len(s)) {
		return Undefined, nil
	}
	begin := int(max(0, from))
	i, err := r.indexText(s[begin:], part, ignoreCase, (*Run).findText)
	if err != nil || i < 0 {
		return Undefined, err
	}
	return Int(int64(begin + i)), nil
}

func strRightPos(r *Run, args []Value) (Value, error) {
	s, part, ignoreCase := args[0].Text(), args[1].Text(), flagArg(args, 2)
	from, err := intArg(args, 3, int64(len(s)))
	if err != nil {
		return Undefined, err
	}
	if from < 0 {
		return Undefined, nil
	}
	if end := min(from, int64(len(s))) + int64(len(part)); end < int64(len(s)) {
		s = s[:end]
	}
	i, err := r.indexText(s, part, ignoreCase, (*Run).findLastText)
	if err != nil || i < 0 {
		return Undefined, err
	}
	return Int(int64(i)), nil
}

// indexText finds part in s. Lower case may take another number of bytes, never another number of
// characters, so a position is carried over by counting those.
func (r *Run) indexText(s, part string, ignoreCase bool, index func(r *Run, s, part string) (int, error)) (int, error) {
	if !ignoreCase {
		return index(r, s, part)
	}
	low, lowPart, err := r.lowerPair(s, part)
	if err != nil {
		return 0, err
	}
	i, err := index(r, low, lowPart)
	if err != nil || i <= 0 {
		return i, err
	}
	if ascii, err := r.isASCII(s); err != nil || ascii && len(low) == len(s) {
		return i, err
	}
	chars, err := r.countChars(low[:i])
	if err != nil {
		return 0, err
	}
	return r.offsetOf(s, chars)
}

func (r *Run) isASCII(s string) (bool, error) {
	ascii := true
	err := r.pieces(s, func(piece string) error {
		for i := 0; ascii && i < len(piece); i++ {
			ascii = piece[i] < utf8.RuneSelf
		}
		return nil
	})
	return ascii, err
}

func strOptScan(r *Run, args []Value) (Value, error) {
	s, template := args[0].Text(), args[1].Text()
	found, ok, err := r.scanText(s, template)
	if err != nil || !ok {
		return Undefined, err
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
func (r *Run) scanText(s, template string) (found []string, ok bool, err error) {
	literal, rest, more, err := r.nextDirective(template)
	if err != nil {
		return nil, false, err
	}
	if begins, err := r.beginsText(s, literal); err != nil || !begins {
		return nil, false, err
	}
	s = s[len(literal):]
	for more {
		if err := r.Step(1); err != nil {
			return nil, false, err
		}
		capture := rest[1] == 's'
		rest = rest[strings.IndexByte(rest, 's')+1:]
		if literal, rest, more, err = r.nextDirective(rest); err != nil {
			return nil, false, err
		}
		at := len(s)
		if literal != "" {
			if at, err = r.findText(s, literal); err != nil || at < 0 {
				return nil, false, err
			}
		} else if more {
			at = 0 // nothing separates two directives: the first takes nothing
		}
		if capture {
			if err := r.Alloc(sizeKey); err != nil {
				return nil, false, err
			}
			found = append(found, s[:at])
		}
		s = s[at+len(literal):]
	}
	return found, true, nil
}

// nextDirective cuts a template before its next %s or %*s.
func (r *Run) nextDirective(template string) (literal, rest string, more bool, err error) {
	for at := 0; ; at++ {
		i, err := r.findText(template[at:], "%")
		if err != nil || i < 0 {
			return template, "", false, err
		}
		if err := r.Step(1); err != nil {
			return "", "", false, err
		}
		at += i
		if after := template[at+1:]; strings.HasPrefix(after, "s") || strings.HasPrefix(after, "*s") {
			return template[:at], template[at:], true, nil
		}
	}
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
	left, right := s, ""
	if delimiter != "" {
		at, err := r.findText(s, delimiter)
		if err != nil {
			return Undefined, err
		}
		if at >= 0 {
			left, right = s[:at], s[at+len(delimiter):]
		}
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
	if err != nil {
		return v, err
	}
	if at, err := r.findText(s, "\r"); err != nil || at < 0 {
		return v, err
	}
	for i, line := range v.Object().Elements() {
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
		v.Object().vals[i] = String(strings.TrimSuffix(line.Str(), "\r"))
	}
	return v, nil
}

// splitText returns the parts of s between separators, at most limit of them; an empty separator
// splits into characters.
func (r *Run) splitText(s, separator string, limit int) (Value, error) {
	n, err := 0, error(nil)
	if separator == "" {
		n, err = r.countChars(s)
	} else if n, err = r.countText(s, separator, limit); err == nil {
		n++
	}
	if err != nil {
		return Undefined, err
	}
	n = min(n, limit)
	if err := r.reserve(int64(n), sizeValue); err != nil {
		return Undefined, err
	}
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return Undefined, err
	}
	vals := make([]Value, 0, n)
	for len(vals) < n {
		end, next := len(s), len(s)
		if separator == "" {
			end = charEnd(s, 0)
			next = end
		} else if i, err := r.findText(s, separator); err != nil {
			return Undefined, err
		} else if i >= 0 {
			end, next = i, i+len(separator)
		}
		if e := r.step(1); e != nil {
			return Undefined, e
		}
		vals = append(vals, String(ownPart(s[:end])))
		s = s[next:]
	}
	return ObjectValue(r.NewArray(vals)), nil
}

func strMatches(r *Run, args []Value) (Value, error) {
	ok, err := r.matchesMask(args[0].Text(), args[1].Text())
	return Bool(ok), err
}

func strMatchesMulti(r *Run, args []Value) (Value, error) {
	s, masks := args[0].Text(), args[1].Text()
	for more := true; more; {
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
		end, err := r.findText(masks, ",")
		if err != nil {
			return Undefined, err
		}
		mask := masks
		if more = end >= 0; more {
			mask, masks = masks[:end], masks[end+1:]
		}
		if mask, err = r.trim(mask, true, true, isBlankChar); err != nil {
			return Undefined, err
		}
		if ok, err := r.matchesMask(s, mask); err != nil || ok {
			return Bool(ok), err
		}
	}
	return False, nil
}

// matchesMask matches in linear time: each piece between stars is taken where it occurs first.
func (r *Run) matchesMask(s, mask string) (bool, error) {
	star, err := r.findText(mask, "*")
	if err != nil {
		return false, err
	}
	if star < 0 {
		return r.sameText(s, mask)
	}
	if begins, err := r.beginsText(s, mask[:star]); err != nil || !begins {
		return false, err
	}
	s, mask = s[star:], mask[star+1:]
	for {
		if err := r.Step(1); err != nil {
			return false, err
		}
		if star, err = r.findText(mask, "*"); err != nil {
			return false, err
		}
		if star < 0 {
			return r.endsText(s, mask)
		}
		i, err := r.findText(s, mask[:star])
		if err != nil || i < 0 {
			return false, err
		}
		s, mask = s[i+star:], mask[star+1:]
	}
}

func strIsAlphaNum(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	plain := s != ""
	err := r.pieces(s, func(piece string) error {
		for i := 0; plain && i < len(piece); i++ {
			plain = isAlphaNumByte(piece[i])
		}
		if !plain {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return Bool(plain), err
}

// fromCharCode is String.fromCharCode: UTF-16 codes, pairs of which make one character; codes of
// characters beyond those are taken too.
func fromCharCode(r *Run, args []Value) (Value, error) {
	if err := r.reserve(int64(3*len(args)), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	for i := 0; i < len(args); i++ {
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
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
	n, err := r.countChars(s)
	if err != nil {
		return Undefined, err
	}
	if err := r.reserve(int64(n)*2, sizeValue); err != nil {
		return Undefined, err
	}
	vals := make([]Value, 0, n)
	for _, c := range s {
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
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
			initials += s[:min(charEnd(s[:min(len(s), 16)], 0), len(s))] + "."
		}
	}
	blank := ""
	if name != "" && initials != "" {
		blank = " "
	}
	if err := r.Alloc(len(name) + len(initials)); err != nil {
		return Undefined, err
	}
	return r.joinTexts(name, blank, initials)
}
