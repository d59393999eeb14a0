package basescript

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Regular expressions are ECMAScript's, a superset: the dialect has none of its own (spec/basescript.md
// 1.9). The borrowed engine speaks another language and is slow to prepare patterns that ignore case, so
// a pattern is read here and written anew in the small part of the engine's language that means the
// same: characters, explicit classes, groups by number, look-around, quantifiers. Differences that
// remain are listed in testdata/regexp.txtar.

// Limits of a pattern. What makes the engine slow to compile is bounded before it sees it.
const (
	maxPattern       = 16 << 10 // bytes
	maxPatternGroups = 1000
	maxPatternNest   = 200
	maxPatternReady  = 256 << 10 // bytes of what is given to the engine
	maxPatternCases  = 200_000   // characters looked at for their other cases
	maxRepeat        = 1<<31 - 1
)

// patternFlags are the flags of a regular expression.
type patternFlags struct {
	global, ignoreCase, multiline, dotAll, unicode, sticky bool
}

// parsePatternFlags reads flags such as "gi". Each may be there once.
func parsePatternFlags(s string) (f patternFlags, err error) {
	known := map[rune]*bool{'g': &f.global, 'i': &f.ignoreCase, 'm': &f.multiline, 's': &f.dotAll, 'u': &f.unicode, 'y': &f.sticky}
	for _, c := range s {
		if flag := known[c]; flag == nil || *flag {
			return f, Errorf("Invalid flags of a regular expression: %s", describe(String(s)))
		}
		*known[c] = true
	}
	return f, nil
}

// String returns the flags in the order JavaScript has them.
func (f patternFlags) String() string {
	b := make([]byte, 0, 6)
	for _, x := range []struct {
		on   bool
		name byte
	}{{f.global, 'g'}, {f.ignoreCase, 'i'}, {f.multiline, 'm'}, {f.dotAll, 's'}, {f.unicode, 'u'}, {f.sticky, 'y'}} {
		if x.on {
			b = append(b, x.name)
		}
	}
	return string(b)
}

// patternParser reads a pattern and writes it for the engine.
type patternParser struct {
	in    string
	pos   int
	flags patternFlags
	out   strings.Builder
	// names holds the name of each group, "" for one without, the whole match first.
	names []string
	// total is the number of groups of the whole pattern, named the numbers of those with a name:
	// references may come before the group.
	total int
	named map[string]int
	nest  int
	cases int // characters looked at for their other cases
}

// patternFault ends the reading of a pattern; it never leaves translatePattern.
type patternFault string

func (p *patternParser) fail(format string, args ...any) {
	panic(patternFault(fmt.Sprintf(format, args...)))
}

// translatePattern returns the pattern in the engine's language and the names of its groups.
func translatePattern(source string, flags patternFlags) (ready string, names []string, err error) {
	if len(source) > maxPattern {
		return "", nil, errLongPattern()
	}
	p := &patternParser{in: source, flags: flags, names: []string{""}}
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case patternFault:
			ready, names, err = "", nil, errPattern(source, string(fault))
		default:
			panic(fault)
		}
	}()
	p.countGroups()
	if flags.sticky {
		p.out.WriteString(`\G(?:`)
	}
	p.alternatives()
	if p.pos < len(p.in) {
		p.fail("unmatched )")
	}
	if flags.sticky {
		p.out.WriteByte(')')
	}
	return p.out.String(), p.names, nil
}

func errPattern(source, reason string) *Error {
	return Errorf("Invalid regular expression %s: %s", describe(String(source)), reason)
}

// countGroups finds the groups before the pattern is read.
func (p *patternParser) countGroups() {
	inClass := false
	for i := 0; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '\\':
			i++
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '(' && !inClass:
			name, isNamed := groupName(p.in[i+1:])
			if isNamed || i+1 == len(p.in) || p.in[i+1] != '?' {
				p.total++
			}
			if isNamed {
				if p.named == nil {
					p.named = make(map[string]int)
				}
				if _, twice := p.named[name]; twice {
					p.fail("two groups are called %.60s", name)
				}
				p.named[name] = p.total
			}
		}
	}
	if p.total > maxPatternGroups {
		p.fail("more than %d groups", maxPatternGroups)
	}
}

// groupName reads the name of a group whose bracket stands before s.
func groupName(s string) (name string, ok bool) {
	if !strings.HasPrefix(s, "?<") || strings.HasPrefix(s, "?<=") || strings.HasPrefix(s, "?<!") {
		return "", false
	}
	name, _, _ = strings.Cut(s[2:], ">")
	return name, true
}

func (p *patternParser) more() bool { return p.pos < len(p.in) }

// take skips s if it comes next.
func (p *patternParser) take(s string) bool {
	if strings.HasPrefix(p.in[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// char takes the next character; bytes that are not UTF-8 count as U+FFFD, as they do in texts.
func (p *patternParser) char() rune {
	c, size := utf8.DecodeRuneInString(p.in[p.pos:])
	p.pos += size
	return c
}

func (p *patternParser) write(s string) {
	if p.out.Len()+len(s) > maxPatternReady {
		p.fail("too large")
	}
	p.out.WriteString(s)
}

func (p *patternParser) alternatives() {
	if p.nest++; p.nest > maxPatternNest {
		p.fail("groups are nested deeper than %d", maxPatternNest)
	}
	for p.more() && p.in[p.pos] != ')' {
		if p.take("|") {
			p.write("|")
			continue
		}
		p.term()
	}
	p.nest--
}

// The engine's assertions of lines know line feeds only, JavaScript's lines end in four ways; its edges of
// words go by all letters, JavaScript's words are made of ASCII.
const (
	wordEdge   = `(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))`
	noWordEdge = `(?:(?<=\w)(?=\w)|(?<!\w)(?!\w))`

	lineEnds  = `\n\r\u2028\u2029`
	lineStart = `(?<![^` + lineEnds + `])`
	lineEnd   = `(?![^` + lineEnds + `])`
	anyChar   = `.` // of the engine, which is told that it matches line feeds
	noChar    = `(?!)`
)

// term reads an assertion, or an atom with its quantifier.
func (p *patternParser) term() {
	switch c := p.in[p.pos]; c {
	case '^':
		p.pos++
		p.assertion(p.flags.multiline, lineStart, "^")
		return
	case '$':
		p.pos++
		p.assertion(p.flags.multiline, lineEnd, "$")
		return
	case '(':
		if !p.group() {
			p.noQuantifier()
			return
		}
	case '.':
		p.pos++
		if p.flags.dotAll {
			p.write(anyChar)
		} else {
			p.write(`[^` + lineEnds + `]`)
		}
	case '[':
		p.pos++
		p.class()
	case '\\':
		p.pos++
		if !p.escape() {
			p.noQuantifier()
			return
		}
	case '*', '+', '?':
		p.fail("nothing to repeat")
	default:
		if c == '{' {
			if _, _, ok := p.counts(); ok {
				p.fail("nothing to repeat")
			}
		}
		p.literal(p.char())
	}
	p.quantifier()
}

func (p *patternParser) assertion(ofLine bool, line, text string) {
	if ofLine {
		p.write(line)
	} else {
		p.write(text)
	}
	p.noQuantifier()
}

// noQuantifier fails if an assertion is to be repeated.
func (p *patternParser) noQuantifier() {
	if !p.more() {
		return
	}
	_, _, counted := p.counts()
	if counted || strings.IndexByte("*+?", p.in[p.pos]) >= 0 {
		p.fail("nothing to repeat")
	}
}

// group reads (…); it reports whether a quantifier may follow.
func (p *patternParser) group() bool {
	p.pos++
	repeatable := true
	switch {
	case p.take("?:"):
		p.write("(?:")
	case p.take("?="):
		p.write("(?=")
	case p.take("?!"):
		p.write("(?!")
	case p.take("?<="):
		p.write("(?<=")
		repeatable = false
	case p.take("?<!"):
		p.write("(?<!")
		repeatable = false
	case p.take("?<"):
		name, _, closed := strings.Cut(p.in[p.pos:], ">")
		if !closed || !isName(name) {
			p.fail("invalid name of a group")
		}
		p.pos += len(name) + 1
		p.names = append(p.names, name)
		p.write("(")
	case p.take("?"):
		p.fail("invalid group")
	default:
		p.names = append(p.names, "")
		p.write("(")
	}
	p.alternatives()
	if !p.take(")") {
		p.fail("unterminated group")
	}
	p.write(")")
	return repeatable
}

func isName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf && c != utf8.RuneError
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// counts reads {n}, {n,} or {n,m} without taking it; most is -1 for no bound.
func (p *patternParser) counts() (least, most int, ok bool) {
	body, _, closed := strings.Cut(p.in[p.pos:], "}")
	if !closed || !strings.HasPrefix(body, "{") {
		return 0, 0, false
	}
	from, to, isRange := strings.Cut(body[1:], ",")
	if least, ok = repeatCount(from); !ok {
		return 0, 0, false
	}
	switch {
	case !isRange:
		return least, least, true
	case to == "":
		return least, -1, true
	}
	most, ok = repeatCount(to)
	return least, most, ok
}

func repeatCount(s string) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > maxRepeat {
		n = maxRepeat
	}
	return n, true
}

func (p *patternParser) quantifier() {
	switch {
	case p.take("*"):
		p.write("*")
	case p.take("+"):
		p.write("+")
	case p.take("?"):
		p.write("?")
	default:
		least, most, ok := p.counts()
		if !ok {
			return
		}
		p.pos += strings.IndexByte(p.in[p.pos:], '}') + 1
		if most >= 0 && least > most {
			p.fail("numbers out of order in {%d,%d}", least, most)
		}
		p.write(countsText(least, most))
	}
	if p.take("?") {
		p.write("?")
	}
	p.noQuantifier()
}

func countsText(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("{%d,}", least)
	case least == most:
		return fmt.Sprintf("{%d}", least)
	}
	return fmt.Sprintf("{%d,%d}", least, most)
}

// literal writes a character that means itself.
func (p *patternParser) literal(c rune) {
	if p.flags.ignoreCase {
		if variants := caseVariants(c, p.flags.unicode); len(variants) > 1 {
			p.write("[")
			for _, v := range variants {
				p.writeChar(v)
			}
			p.write("]")
			return
		}
	}
	p.writeChar(c)
}

// writeChar writes a character so that it means itself, inside a class and outside.
func (p *patternParser) writeChar(c rune) {
	switch {
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_':
		p.write(string(c))
	case c < 0x100:
		p.write(fmt.Sprintf(`\x%02x`, c))
	case c >= 0xd800 && c <= 0xdfff:
		p.write(fmt.Sprintf(`\u%04x`, c))
	default:
		p.write(string(c))
	}
}

// escape reads what follows a backslash outside of a class; it reports whether a quantifier may follow.
func (p *patternParser) escape() bool {
	if !p.more() {
		p.fail(`\ at the end`)
	}
	switch c := p.in[p.pos]; c {
	case 'b':
		p.pos++
		p.write(wordEdge)
		return false
	case 'B':
		p.pos++
		p.write(noWordEdge)
		return false
	case 'd', 'D', 'w', 'W', 's', 'S':
		p.pos++
		p.write(`\` + string(c))
		return true
	case 'p', 'P':
		if text, ok := p.property(); ok {
			p.write("[" + text + "]")
			return true
		}
	case 'k':
		if len(p.named) > 0 {
			p.nameReference()
			return true
		}
	}
	if c := p.in[p.pos]; c >= '1' && c <= '9' && p.numberReference() {
		return true
	}
	p.literal(p.charEscape())
	return true
}

func (p *patternParser) nameReference() {
	p.pos++
	name, _, closed := strings.Cut(p.in[p.pos:], ">")
	if !closed || !strings.HasPrefix(name, "<") {
		p.fail(`\k without a name`)
	}
	group, known := p.named[name[1:]]
	if !known {
		p.fail("no group is called %.60s", name[1:])
	}
	p.pos += len(name) + 1
	p.reference(group)
}

// numberReference reads \1 if there is such a group; otherwise the digits are a character.
func (p *patternParser) numberReference() bool {
	end := p.pos
	for end < len(p.in) && end < p.pos+5 && p.in[end] >= '0' && p.in[end] <= '9' {
		end++
	}
	group, _ := strconv.Atoi(p.in[p.pos:end])
	if group > p.total {
		return false
	}
	p.pos = end
	p.reference(group)
	return true
}

func (p *patternParser) reference(group int) {
	if p.flags.ignoreCase {
		p.write(fmt.Sprintf(`(?i:\%d)`, group))
	} else {
		p.write(fmt.Sprintf(`(?:\%d)`, group))
	}
}

// property reads \p{…}, which only patterns with the flag u have, and returns it as part of a class.
func (p *patternParser) property() (string, bool) {
	if !p.flags.unicode {
		return "", false
	}
	kind := p.in[p.pos]
	rest := p.in[p.pos+1:]
	name, _, closed := strings.Cut(rest, "}")
	if !closed || !strings.HasPrefix(name, "{") {
		p.fail(`\%c without a property`, kind)
	}
	p.pos += len(name) + 2
	name = name[1:]
	if key, value, ok := strings.Cut(name, "="); ok {
		switch key {
		case "Script", "sc", "Script_Extensions", "scx", "General_Category", "gc":
			name = value
		default:
			p.fail("unknown property %.60s", name)
		}
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || name == "" {
		p.fail("unknown property %.60s", name)
	}
	if p.flags.ignoreCase && (name == "Lu" || name == "Ll" || name == "Uppercase_Letter" || name == "Lowercase_Letter") && kind == 'p' {
		return `\p{Lu}\p{Ll}\p{Lt}`, true
	}
	return `\` + string(kind) + `{` + name + `}`, true
}

// charEscape reads an escape that stands for one character.
func (p *patternParser) charEscape() rune {
	switch c := p.char(); c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	case 'r':
		return '\r'
	case 'c':
		if p.more() && isASCIILetter(p.in[p.pos]) {
			p.pos++
			return rune(p.in[p.pos-1] & 31)
		}
		p.pos-- // the backslash means itself, the c comes next
		return '\\'
	case 'x':
		if v, ok := p.hex(2); ok {
			return v
		}
		return 'x'
	case 'u':
		return p.unicodeEscape()
	case '0', '1', '2', '3', '4', '5', '6', '7':
		return p.octal(c - '0')
	default:
		return c
	}
}

func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (p *patternParser) hex(digits int) (rune, bool) {
	if p.pos+digits > len(p.in) {
		return 0, false
	}
	v, err := strconv.ParseUint(p.in[p.pos:p.pos+digits], 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += digits
	return rune(v), true
}

// unicodeEscape reads what follows \u. Two halves of a surrogate pair are the one character they mean:
// texts here hold characters, never halves.
func (p *patternParser) unicodeEscape() rune {
	if p.flags.unicode && p.take("{") {
		digits, _, closed := strings.Cut(p.in[p.pos:], "}")
		v, err := strconv.ParseUint(digits, 16, 32)
		if !closed || err != nil || v > utf8.MaxRune {
			p.fail(`invalid \u{…}`)
		}
		p.pos += len(digits) + 1
		return rune(v)
	}
	v, ok := p.hex(4)
	if !ok {
		return 'u'
	}
	if utf16.IsSurrogate(v) && p.take(`\u`) {
		low, ok := p.hex(4)
		if pair := utf16.DecodeRune(v, low); ok && pair != utf8.RuneError {
			return pair
		}
		p.pos -= len(`\u`)
		if ok {
			p.pos -= 4
		}
	}
	return v
}

// octal reads up to three octal digits, the first of which was taken.
func (p *patternParser) octal(v rune) rune {
	for range 2 {
		if !p.more() || p.in[p.pos] < '0' || p.in[p.pos] > '7' || v*8+rune(p.in[p.pos]-'0') > 0o377 {
			break
		}
		v = v*8 + rune(p.in[p.pos]-'0')
		p.pos++
	}
	return v
}

func errLongPattern() *Error {
	return Errorf("Regular expression is longer than %d KiB", maxPattern>>10)
}
