package basescript

import (
	"sort"
	"strings"
)

// fault is what the pre-pass found wrong, at an offset of the rewritten text.
type fault struct {
	offset  int
	message string
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

// prepare is the pre-pass (spec/basescript.md 1.9, 1.13): inside quoted strings a raw line break
// becomes an escape and a line continuation, which keeps lines; leading zeros of decimal literals
// become blanks, which keeps columns. It also bounds nesting.
func prepare(text string, mode sourceMode) *prepass {
	p := &prepass{in: text, mode: mode}
	p.run()
	return p
}

// text is the rewritten text.
func (p *prepass) text() string {
	if p.out == nil {
		return p.in
	}
	return string(append(p.out, p.in[p.copied:]...))
}

// prepass scans tokens just far enough to know strings, comments, templates, regular expressions,
// numbers and brackets apart.
type prepass struct {
	in     string
	out    []byte // rewritten text up to copied; nil while nothing changed
	copied int
	pos    int
	// value: the last token ends a value, so a slash divides.
	value    bool
	prefixes int
	arrows   int
	name     bool   // the last token is a name
	labels   int    // names with a colon in a row
	nest     []byte // open brackets; '`' marks a ${ of a template
	params   []int  // for each open bracket: how deep parameter lists are nested inside it so far
	fault    *fault
	edits    []edit
	mode     sourceMode
	tags     tags
	end      int  // where the last token ended
	control  bool // the last token is if, while, for or with: its brackets hold no value
	bare     bool // the last token is the end of these brackets, else or do: a statement follows
	rowEnd   int  // where the last token before a row of page text ended
}

// replace puts text in place of in[from:to].
func (p *prepass) replace(from, to int, text string) {
	p.out = append(p.out, p.in[p.copied:from]...)
	start := len(p.out)
	p.out = append(p.out, text...)
	if len(text) != to-from {
		p.edits = append(p.edits, edit{from: from, to: to, start: start, end: len(p.out)})
	}
	p.copied = to
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
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.pos++
			continue
		case c == '"' || c == '\'':
			p.quoted(c)
		case c == '`':
			p.pos++
			p.template()
		case c == '/':
			if p.comment() {
				continue
			}
			p.slash()
		case c >= '0' && c <= '9' || c == '.' && p.digitAt(p.pos+1):
			p.number()
		case isNameByte(c):
			p.identifier()
		case c == '%' && p.tags.open && strings.HasPrefix(p.in[p.pos:], "%>"):
			p.closeTag()
			continue
		default:
			p.punctuation(c)
		}
		p.end = p.pos
	}
	if p.tags.open && p.fault == nil {
		p.fail(p.tags.at, "Unterminated <%")
	}
}

func (p *prepass) digitAt(i int) bool { return i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c == '\\' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// operand notes the end of a token that is a value.
func (p *prepass) operand() { p.value, p.name, p.prefixes, p.bare = true, false, 0, false }

func (p *prepass) quoted(quote byte) {
	start := p.pos
	for p.pos++; p.pos < len(p.in); p.pos++ {
		switch c := p.in[p.pos]; c {
		case quote:
			p.pos++
			p.operand()
			return
		case '\\':
			p.pos++
			if p.pos+1 < len(p.in) && p.in[p.pos] == '\r' && p.in[p.pos+1] == '\n' {
				p.pos++
			}
		case '\n':
			p.replace(p.pos, p.pos, `\n\`)
		case '\r':
			if p.pos+1 < len(p.in) && p.in[p.pos+1] == '\n' {
				p.replace(p.pos, p.pos, `\r\n\`)
				p.pos++
			} else {
				p.replace(p.pos, p.pos+1, `\r\`+"\n")
			}
		}
	}
	p.fail(start, "Unterminated string")
}

// template scans the text of a template literal up to its end or to a ${.
func (p *prepass) template() {
	start := p.pos - 1
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
				p.open('`')
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
		p.lineComment(rest)
	case strings.HasPrefix(rest, "/*"):
		if i := strings.Index(rest[2:], "*/"); i >= 0 {
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
func (p *prepass) lineComment(rest string) {
	n := strings.IndexAny(rest, "\n\r")
	if n < 0 {
		n = len(rest)
	}
	if p.tags.open {
		if i := strings.Index(rest[:n], "%>"); i >= 0 {
			p.replace(p.pos, p.pos+i, strings.Repeat(" ", i))
			n = i
		}
	}
	p.pos += n
}

func (p *prepass) slash() {
	if p.value {
		p.pos++
		p.value = false
		return
	}
	p.regExp()
}

func (p *prepass) regExp() {
	inClass := false
	for i := p.pos + 1; i < len(p.in); i++ {
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
		case c == '\n':
			p.pos++ // not a regular expression after all: the parser will say what is wrong
			return
		}
	}
	p.pos++
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
		p.replace(start, zeros, strings.Repeat(" ", zeros-start))
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
	for p.pos < len(p.in) && (isNameByte(p.in[p.pos]) || p.digitAt(p.pos)) {
		p.pos++
	}
	p.control, p.bare = false, false
	switch word := p.in[start:p.pos]; word {
	case "if", "while", "for", "with":
		p.operand()
		p.control = true
	case "typeof", "void", "delete", "new", "await":
		p.prefix(start)
		p.value = false
	case "return", "case", "in", "of", "instanceof", "else", "do", "throw", "yield":
		p.value, p.prefixes = false, 0
		p.bare = word == "else" || word == "do"
	default:
		p.operand()
		p.name = true
	}
}

// closeParams counts parameter lists inside the defaults of others, when a bracket closes.
func (p *prepass) closeParams(at int, c byte) {
	depth := p.params[len(p.params)-1]
	p.params = p.params[:len(p.params)-1]
	if c == ')' && strings.HasPrefix(strings.TrimLeft(p.in[p.pos:min(len(p.in), p.pos+200)], " \t\r\n"), "=>") {
		if depth++; depth > maxParams {
			p.fail(at, "Parameter lists are nested too deeply")
			return
		}
	}
	if n := len(p.params); n > 0 {
		p.params[n-1] = max(p.params[n-1], depth)
	}
}

func (p *prepass) prefix(at int) {
	if p.prefixes++; p.prefixes > maxPrefix {
		p.fail(at, "Too many operators in a row")
	}
}

// controlParen marks the brackets of if, while, for and with among the open ones.
const controlParen = 'c'

func (p *prepass) punctuation(c byte) {
	at := p.pos
	if c == '<' && strings.HasPrefix(p.in[at:], "<%") {
		p.strayTag()
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
	case ';':
		if p.tags.output && len(p.nest) == p.tags.nest {
			p.replace(at, at+1, " ") // <%= x; %>
		}
		p.value, p.prefixes, p.control = false, 0, false
	case '(', '[', '{':
		if c == '(' && p.control {
			c = controlParen
		}
		p.open(c)
		p.value = false
	case ')', ']', '}':
		p.close(at, c)
	case '!', '~', '+', '-':
		if (c == '+' || c == '-') && p.value && p.pos < len(p.in) && p.in[p.pos] == c {
			p.pos++ // a++ stays a value
			return
		}
		p.prefix(at)
		p.value = false
	case '=':
		if p.pos < len(p.in) && p.in[p.pos] == '>' {
			p.pos++
			if p.arrows++; p.arrows > maxArrows {
				p.fail(at, "Too many arrow functions")
			}
		}
		p.value = false
	default:
		p.value, p.prefixes = false, 0
	}
}

func (p *prepass) open(c byte) {
	if len(p.nest) >= maxNesting {
		p.fail(p.pos-1, "Nested too deeply")
		return
	}
	p.nest = append(p.nest, c)
	p.control = false
	p.params = append(p.params, 0)
	p.prefixes = 0
}

func (p *prepass) close(at int, c byte) {
	if len(p.nest) == 0 {
		p.fail(at, "Unexpected token "+string(c))
		return
	}
	top := p.nest[len(p.nest)-1]
	p.nest = p.nest[:len(p.nest)-1]
	p.closeParams(at, c)
	if top == '`' && c == '}' {
		p.template()
		return
	}
	// After a block a slash starts an expression; after ) and ] it divides, but for if (…) /re/.
	p.value, p.prefixes = c != '}' && top != controlParen, 0
	p.bare = top == controlParen
}
