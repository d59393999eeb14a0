package basescript

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fault is what the pre-pass found wrong, at an offset of the author's text.
type fault struct {
	offset  int
	message string
}

// rewrite puts text in place of from…to of the author's text.
type rewrite struct {
	from, to int
	text     string
}

// edit is a place where the rewritten text differs from the author's in length: from…to of the
// author's text became start…end.
type edit struct{ from, to, start, end int }

// authorOffset leads from an offset of the rewritten text to the author's.
func authorOffset(edits []edit, offset int) int {
	i := sort.Search(len(edits), func(i int) bool { return edits[i].start > offset }) - 1
	switch {
	case i < 0:
		return offset
	case offset < edits[i].end:
		return min(edits[i].from+offset-edits[i].start, edits[i].to)
	}
	return edits[i].to + offset - edits[i].end
}

// sourceMode is what a source may hold beside script code.
type sourceMode uint8

const (
	modeScript sourceMode = iota // <% %> around everything (spec/basescript.md 1.13)
	modePage                     // text outside <% %>, which goes to the output
)

// prepare is the pre-pass (spec/basescript.md 1.9, 1.13). It scans tokens just far enough to know
// strings, comments, templates, regular expressions, numbers and brackets apart, and rewrites what
// the borrowed parser does not take, keeping lines, and columns by way of edits:
//
//   - a raw line break inside a quoted string becomes an escape and a line continuation;
//   - leading zeros of decimal literals, types and optional markers of V2 sources, <!-- and tags become blanks;
//   - a reserved word used as a name is marked (reserved.go);
//   - text outside the tags of a page becomes calls of the page's writer (page.go).
//
// It also bounds what makes the parser recurse.
func prepare(text string, mode sourceMode) *prepass {
	p := &prepass{in: text, mode: mode, nest: make([]bracket, 1, 16), paramsAt: -1, raw: -1}
	p.run()
	return p
}

// prepass is the state of the pre-pass: flags that tell about the last token, and the open brackets.
type prepass struct {
	in       string
	mode     sourceMode
	pos      int
	rewrites []rewrite
	ordered  int // offset the rewrites reach; -1: they are out of order
	edits    []edit
	fault    *fault

	end      int  // where the last token ended
	value    bool // it ends a value, so a slash divides
	name     bool // it is a name
	control  bool // it is if, while, for or with: its brackets hold no value
	bare     bool // it is the end of these brackets, else or do: a statement follows
	newline  bool // a line break came after it
	expect   bool // a name with a type may come next
	expected bool // … and that is the token being scanned

	prefixes int
	arrows   int
	labels   int       // names with a colon in a row
	links    int       // assignments, choices and statements that may each be inside the one before
	nest     []bracket // nest[0] is the source itself
	paramsAt int       // offset of the bracket that opens the parameters of the function begun
	pending  []rewrite // types in brackets that may turn out to be the parameters of an arrow function
	optional map[int]uint64

	raw        int // where the last token began, if it is a string with raw line breaks; else -1
	suspect    *span
	mismatch   *bracket // the first bracket that another kind of bracket closes
	mismatchAt int

	namespace  string
	renamed    bool // a reserved word was marked
	tags       tags
	noRegExp   int  // a regular expression that begins before has no end
	noComments bool // no comment tag ends in the rest of the page
	rowEnd     int  // where the last token before a row of page text ended
}

// span is a part of the author's text.
type span struct{ start, end int }

// bracket is an open bracket.
type bracket struct {
	kind    bracketKind
	pattern bool // it is a pattern where a name with a type may stand
	decl    bool // directly inside, a var statement is going on
	class   bool // directly inside, the head of a class is going on
	at      int
	depth   int // parameter lists nested inside it so far
	choices int // ? without their : so far
	params  int // its commas, if it holds parameters
	pending int // length of prepass.pending when it was opened
	marks   uint64
}

// bracketKind is what a bracket holds.
type bracketKind byte

const (
	kindRound    bracketKind = '('
	kindSquare   bracketKind = '['
	kindCurly    bracketKind = '{'
	kindTemplate bracketKind = '`' // a ${ of a template
	kindControl  bracketKind = 'c' // of if, while, for and with
	kindParams   bracketKind = 'p'
	kindGroup    bracketKind = 'g' // round ones that are no call: an arrow function may begin here
	kindClass    bracketKind = 'C' // the body of a class
	kindSpace    bracketKind = 'N' // the body of a namespace
)

// char is the character a bracket is opened with.
func (k bracketKind) char() string {
	switch k {
	case kindSquare:
		return "["
	case kindTemplate:
		return "${"
	case kindCurly, kindClass, kindSpace:
		return "{"
	}
	return "("
}

// closedBy reports whether c is the other half of the bracket.
func (k bracketKind) closedBy(c byte) bool {
	switch k.char() {
	case "(":
		return c == ')'
	case "[":
		return c == ']'
	}
	return c == '}'
}

func (p *prepass) top() *bracket { return &p.nest[len(p.nest)-1] }

// replace puts text in place of in[from:to].
func (p *prepass) replace(from, to int, text string) {
	if from < p.ordered {
		p.ordered = len(p.in) + 1
	} else {
		p.ordered = to
	}
	p.rewrites = append(p.rewrites, rewrite{from, to, text})
}

// blank replaces in[from:to] by blanks, keeping its line breaks.
func (p *prepass) blank(from, to int) { p.replace(from, to, blanked(p.in[from:to])) }

func blanked(text string) string {
	if !strings.ContainsAny(text, "\n\r") {
		return strings.Repeat(" ", len(text))
	}
	out := []byte(text)
	for i, c := range out {
		if c != '\n' && c != '\r' {
			out[i] = ' '
		}
	}
	return string(out)
}

// text is the rewritten text; it fills edits.
func (p *prepass) text() string {
	if len(p.rewrites) == 0 {
		return p.in
	}
	if p.ordered > len(p.in) {
		sort.SliceStable(p.rewrites, func(i, j int) bool { return p.rewrites[i].from < p.rewrites[j].from })
	}
	out, copied := make([]byte, 0, len(p.in)+len(p.in)/8), 0
	for _, r := range p.rewrites {
		out = append(out, p.in[copied:r.from]...)
		start := len(out)
		out = append(out, r.text...)
		if len(r.text) != r.to-r.from {
			p.edits = append(p.edits, edit{from: r.from, to: r.to, start: start, end: len(out)})
		}
		copied = r.to
	}
	return string(append(out, p.in[copied:]...))
}

func (p *prepass) fail(at int, message string) {
	if p.fault == nil {
		p.fault = &fault{offset: at, message: message}
	}
	p.pos = len(p.in)
}

func (p *prepass) run() {
	if p.mode == modePage {
		p.pageText(0)
	} else {
		p.skipOpenTag()
	}
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		class := charClasses[c]
		if class <= charBetween && p.between(c, class) {
			continue
		}
		p.expected, p.expect = p.expect, false
		if p.raw >= 0 {
			p.afterRaw(c)
		}
		p.token(c, class)
		p.end, p.newline = p.pos, false
	}
	if p.tags.open && p.fault == nil {
		p.fail(p.tags.at, "Unterminated <%")
	}
}

// between skips what stands between tokens, if c begins such a thing.
func (p *prepass) between(c byte, class charClass) bool {
	switch class {
	case charBlank:
		p.pos++
	case charBreak:
		p.pos++
		p.newline = true
	default:
		switch {
		case c == '/':
			return p.comment()
		case c >= 0x80:
			return p.wideSpace()
		case c == '%' && p.tags.open && strings.HasPrefix(p.in[p.pos:], "%>"):
			p.closeTag()
		default:
			return false
		}
	}
	return true
}

// charClass is what a character can begin.
type charClass uint8

const (
	charBlank   charClass = iota
	charBreak             // a line break
	charBetween           // maybe a comment, a wide blank or a tag
	charOther             // punctuation
	charName
	charDigit
	charQuote
)

// charClasses are the classes of all bytes; those beyond ASCII are charBetween.
var charClasses = func() (classes [256]charClass) {
	for i := range classes {
		switch c := byte(i); {
		case c == ' ' || c == '\t':
			classes[i] = charBlank
		case c == '\n' || c == '\r':
			classes[i] = charBreak
		case c == '/' || c == '%' || c >= 0x80:
			classes[i] = charBetween
		case isNameByte(c):
			classes[i] = charName
		case c >= '0' && c <= '9':
			classes[i] = charDigit
		case c == '"' || c == '\'' || c == '`':
			classes[i] = charQuote
		default:
			classes[i] = charOther
		}
	}
	return classes
}()

// afterRaw is before the token that follows a string with raw line breaks. A value on the same line
// cannot be: the string was to end before.
func (p *prepass) afterRaw(c byte) {
	value := c == '"' || c == '\'' || c >= '0' && c <= '9' || isNameByte(c)
	if word := p.in[p.pos:nameEnd(p.in, p.pos)]; value && p.suspect == nil && !p.newline && word != "in" && word != "instanceof" {
		p.suspect = &span{p.raw, p.end}
	}
	p.raw = -1
}

// token scans one token.
func (p *prepass) token(c byte, class charClass) {
	switch {
	case class == charName || c >= 0x80:
		p.identifier()
	case class == charDigit || c == '.' && p.digitAt(p.pos+1):
		p.number()
	case c == '`':
		p.pos++
		p.template(p.pos - 1)
	case class == charQuote:
		p.quoted(c)
	case c == '/':
		p.slash()
	default:
		p.punctuation(c)
	}
}

func (p *prepass) digitAt(i int) bool { return i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c == '\\' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// wideSpace skips a blank or line break beyond ASCII, if there is one.
func (p *prepass) wideSpace() bool {
	c, n := utf8.DecodeRuneInString(p.in[p.pos:])
	if !unicode.IsSpace(c) && c != '\ufeff' && c != '\u2028' && c != '\u2029' {
		return false
	}
	p.pos += n
	p.newline = p.newline || c == '\u2028' || c == '\u2029'
	return true
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// nameEnd returns where the name at i ends.
func nameEnd(s string, i int) int {
	for ; i < len(s); i++ {
		c := s[i]
		if class := charClasses[c]; class == charName || class == charDigit {
			continue
		}
		if c < 0x80 {
			break
		}
		wide, n := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(wide) || wide == '\ufeff' {
			break
		}
		i += n - 1
	}
	return i
}

// operand notes the end of a token that is a value.
func (p *prepass) operand() {
	p.value, p.name, p.prefixes, p.bare, p.control = true, false, 0, false, false
}

// operator notes a token after which a value comes.
func (p *prepass) operator() { p.value, p.prefixes, p.control = false, 0, false }

func (p *prepass) quoted(quote byte) {
	start, raw := p.pos, -1
	for p.pos++; p.pos < len(p.in); p.pos++ {
		switch c := p.in[p.pos]; c {
		case quote:
			p.pos++
			p.operand()
			p.raw = raw
			return
		case '\\':
			p.pos++
			if p.pos+1 < len(p.in) && p.in[p.pos] == '\r' && p.in[p.pos+1] == '\n' {
				p.pos++
			}
		case '\n':
			raw = start
			p.replace(p.pos, p.pos, `\n\`)
		case '\r':
			raw = start
			if p.pos+1 < len(p.in) && p.in[p.pos+1] == '\n' {
				p.replace(p.pos, p.pos, `\r\n\`)
				p.pos++
			} else {
				p.replace(p.pos, p.pos+1, `\r\`+"\n")
			}
		}
	}
	p.fail(start, unterminatedString)
}

// template scans the text of the template literal that starts at an offset up to its end or to a ${.
func (p *prepass) template(start int) {
	for ; p.pos < len(p.in); p.pos++ {
		switch p.in[p.pos] {
		case '\\':
			p.pos++
		case '`':
			p.pos++
			p.operand()
			return
		case '$':
			if p.pos+1 < len(p.in) && p.in[p.pos+1] == '{' {
				p.pos += 2
				p.open(kindTemplate, start)
				p.value = false
				return
			}
		}
	}
	p.fail(start, "Unterminated template string")
}

// comment skips a comment, if there is one.
func (p *prepass) comment() bool {
	rest := p.in[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		p.lineComment(false)
	case strings.HasPrefix(rest, "/*"):
		if i := strings.Index(rest[2:], "*/"); i >= 0 {
			p.newline = p.newline || strings.ContainsAny(rest[:i+4], "\n\r")
			p.pos += i + 4
		} else {
			p.fail(p.pos, "Unterminated comment")
		}
	default:
		return false
	}
	return true
}

// lineComment skips to the end of the line, or to the %> before it: what follows that tag is text.
func (p *prepass) lineComment(blank bool) {
	end := p.pos
	for ; end < len(p.in) && p.in[end] != '\n' && p.in[end] != '\r'; end++ {
		if p.in[end] == '%' && p.tags.open && strings.HasPrefix(p.in[end:], "%>") {
			blank = true
			break
		}
	}
	if blank {
		p.blank(p.pos, end)
	}
	p.pos = end
}

func (p *prepass) slash() {
	if p.value {
		p.pos++
		p.operator()
		return
	}
	p.regExp()
}

func (p *prepass) regExp() {
	if p.pos < p.noRegExp {
		p.pos++
		return
	}
	inClass, i := false, p.pos+1
	for ; i < len(p.in) && p.in[i] != '\n'; i++ {
		switch c := p.in[i]; {
		case c == '\\':
			i++
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '/' && !inClass:
			p.pos = i + 1
			p.operand()
			return
		}
	}
	p.pos++ // not a regular expression after all: the parser will say what is wrong
	p.noRegExp = i
}

// number rewrites leading zeros: decimal in this dialect, never octal (spec/basescript.md 1.5).
func (p *prepass) number() {
	start := p.pos
	for p.digitAt(p.pos) {
		p.pos++
	}
	zeros := start
	for zeros < p.pos-1 && p.in[zeros] == '0' {
		zeros++
	}
	if zeros > start {
		p.blank(start, zeros)
	}
	for p.pos < len(p.in) { // fraction, exponent, hex digits
		c := p.in[p.pos]
		sign := (c == '+' || c == '-') && (p.in[p.pos-1] == 'e' || p.in[p.pos-1] == 'E') && !isHex(p.in[start:p.pos])
		if !sign && c != '.' && !isNameByte(c) && !p.digitAt(p.pos) {
			break
		}
		p.pos++
	}
	p.operand()
}

func isHex(s string) bool { return strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") }

func (p *prepass) identifier() {
	start := p.pos
	if p.pos = nameEnd(p.in, p.pos); p.pos == start {
		p.pos++ // not part of a name after all
	}
	word := p.in[start:p.pos]
	if p.end > 0 && p.in[p.end-1] == '.' && !strings.HasSuffix(p.in[:p.end], "...") { // a member may have any name
		p.operand()
		p.name = true
		return
	}
	if c := word[0]; c < 'a' || len(word) == 1 || c > 'y' { // no keyword
		p.plainName()
		return
	}
	if p.expected && (p.top().kind == kindClass || word == "of" || word == "await" || word == "yield") {
		p.plainName()
		return
	}
	switch word {
	case "if", "while", "for", "with":
		p.link(start)
		p.operand()
		p.control = true
	case "typeof", "void", "delete", "new", "await":
		p.prefix(start)
		p.value, p.control, p.bare = false, false, false
	case "return", "case", "in", "of", "instanceof", "else", "do", "throw", "yield":
		p.operator()
		p.bare = word == "else" || word == "do"
		switch word {
		case "case":
			p.top().choices++
		case "else", "do":
			p.link(start)
		}
	case "var", "let", "const":
		p.links = 0
		p.declare(start, word)
	case "function":
		p.function()
	case "class", "enum", "extends", "import", "export", "namespace":
		p.reserved(start, word)
	default:
		p.plainName()
	}
}

// plainName is a name that is no keyword.
func (p *prepass) plainName() {
	expected := p.expected || p.top().kind == kindClass && p.newline && p.value
	if p.value { // behind a value: a statement begins
		p.links = 0
	}
	p.operand()
	p.name = true
	if expected {
		p.typed()
	}
}

// countParams counts parameter lists of arrow functions inside the defaults of others, when a bracket
// has closed.
func (p *prepass) countParams(at int, b *bracket, arrow bool) {
	depth := b.depth
	if arrow {
		if depth++; depth > maxParams {
			p.fail(at, "Parameter lists are nested too deeply")
		}
	}
	top := p.top()
	top.depth = max(top.depth, depth)
}

func (p *prepass) arrowFollows(i int) bool { return strings.HasPrefix(p.in[skipSpace(p.in, i):], "=>") }

func (p *prepass) prefix(at int) {
	if p.prefixes++; p.prefixes > maxPrefix {
		p.fail(at, "Too many operators in a row")
	}
}

// link counts what makes the parser recurse without a bracket: a = a = …, a ? b : a ? …, if (a) if (a) ….
func (p *prepass) link(at int) {
	if p.links++; p.links > maxLinks {
		p.fail(at, "Nested too deeply")
	}
}

func (p *prepass) punctuation(c byte) {
	at := p.pos
	if c == '<' && p.angle() || c == '-' && p.arrowComment() {
		return
	}
	p.pos++
	if c != ':' || !p.name {
		p.labels = 0
	} else if p.labels++; p.labels > maxLabels {
		p.fail(at, "Too many labels")
	}
	p.name, p.bare = false, false
	switch c {
	case '(', '[', '{':
		p.open(p.bracketKind(c, at), at)
		p.value, p.control = false, false
	case ')', ']', '}':
		p.close(at, c)
	case '!', '~', '+', '-':
		if (c == '+' || c == '-') && p.value && p.pos < len(p.in) && p.in[p.pos] == c {
			p.pos++ // a++ stays a value
			return
		}
		p.prefix(at)
		p.value, p.control = false, false
	case '=':
		if p.pos < len(p.in) && p.in[p.pos] == '>' {
			p.pos++
			if p.arrows++; p.arrows > maxArrows {
				p.fail(at, "Too many arrow functions")
			}
		} else {
			p.link(at)
		}
		p.value, p.control = false, false
	default:
		p.separator(c, at)
		p.operator()
	}
}

// separator scans the punctuation that matters to lists of names and to choices.
func (p *prepass) separator(c byte, at int) {
	top := p.top()
	switch c {
	case ',':
		p.links = 0
		top.params++
		p.expect = top.decl || top.kind == kindParams || top.kind == kindGroup
	case ';':
		p.links = 0
		top.decl = false
		p.expect = top.kind == kindClass
		if p.tags.output && len(p.nest) == p.tags.nest {
			p.blank(at, at+1) // <%= x; %>
		}
	case '.', '*':
		p.expect = p.expected // …rest, *generator
	case '?':
		if p.pos < len(p.in) && p.in[p.pos] == '?' {
			p.pos++
		} else if !strings.HasPrefix(p.in[at:], "?.") || p.digitAt(at+2) {
			top.choices++
			p.link(at)
		}
	case ':':
		top.choices = max(0, top.choices-1)
	}
}

// angle is at a <: a tag where none can be, or the comment <!-- of old scripts.
func (p *prepass) angle() bool {
	switch rest := p.in[p.pos:]; {
	case strings.HasPrefix(rest, "<%"):
		p.strayTag()
	case strings.HasPrefix(rest, "<!--"):
		p.lineComment(true)
	default:
		return false
	}
	return true
}

// arrowComment skips a --> at the start of a line, the end of a <!-- in old scripts.
func (p *prepass) arrowComment() bool {
	if !strings.HasPrefix(p.in[p.pos:], "-->") || !p.newline && p.end > 0 {
		return false
	}
	p.lineComment(true)
	return true
}

// bracketKind says what the bracket at an offset begins.
func (p *prepass) bracketKind(c byte, at int) bracketKind {
	top := p.top()
	switch {
	case c == '(' && at == p.paramsAt:
		return kindParams
	case c == '(' && p.control:
		return kindControl
	case c == '(' && !p.value:
		return kindGroup
	case c == '{' && top.class:
		top.class = false
		return kindClass
	}
	return bracketKind(c)
}

func (p *prepass) open(kind bracketKind, at int) {
	if len(p.nest) > maxNesting {
		p.fail(at, "Nested too deeply")
		return
	}
	pattern := p.expected && (kind == kindCurly || kind == kindSquare)
	p.nest = append(p.nest, bracket{kind: kind, at: at, pattern: pattern, pending: len(p.pending)})
	p.expect = kind == kindParams || kind == kindGroup || kind == kindClass
	p.prefixes = 0
}

func (p *prepass) close(at int, c byte) {
	if len(p.nest) == 1 {
		p.fail(at, "Unexpected token "+string(c))
		return
	}
	b := *p.top()
	p.nest = p.nest[:len(p.nest)-1]
	if p.mismatch == nil && !b.kind.closedBy(c) {
		lost := b
		p.mismatch, p.mismatchAt = &lost, at
	}
	arrow := b.kind == kindRound && p.arrowFollows(p.pos)
	if b.kind == kindGroup {
		arrow = p.closeGroup(&b)
	}
	p.countParams(at, &b, arrow)
	if b.kind == kindTemplate && c == '}' {
		p.template(b.at)
		return
	}
	// After a block a slash starts an expression; after ) and ] it divides, but for if (…) /re/.
	p.value, p.prefixes, p.control = c != '}' && b.kind != kindControl, 0, false
	p.bare = b.kind == kindControl
	if c == '}' {
		p.links = 0
	}
	switch {
	case b.kind == kindSpace:
		p.blank(at, at+1)
	case b.kind == kindParams:
		p.closeParameters(&b)
	case b.pattern:
		p.typed()
	case c == '}' && p.top().kind == kindClass:
		p.expect = true // after a method
	}
}
