package basescript

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// Limits of a source. A Go stack overflow cannot be recovered from, so what makes the parser and the
// compiler recurse is bounded before they see it.
const (
	maxSource  = 1 << 20 // bytes
	maxNesting = 400     // brackets of any kind
	maxPrefix  = 400     // prefix operators in a row
	maxArrows  = 10_000  // arrow functions in one source
	maxParams  = 6       // parameter lists inside each other's defaults: the parser takes twice as long for each
	maxLabels  = 100     // labels in a row: the parser compares each with all before it
)

// A source is parsed inside a function on line 1, so that a top-level return ends the script
// (spec/basescript.md 1.13).
const (
	wrapHead = "(function(){"
	wrapTail = "\n})"
	exprHead = "(function(){return ("
	exprTail = "\n)})"
)

// source is a text made ready for the parser, and the way back from its positions.
type source struct {
	url   string
	text  string // wrapped
	head  int    // bytes before the author's text on line 1
	lines []int  // offset of each line's start
	// line, if set, is where every position lies: text evaluated at run time has its caller's line.
	line int
}

// newSource prepares the text of a file: a BOM and one surrounding <% %> pair go, raw line breaks in
// quoted strings and leading zeros are rewritten in place.
func newSource(url, text string) (*source, error) { return newSourceIn(url, text, "") }

// newSourceIn is newSource for a text that is the body of a function, unless its name is empty.
func newSourceIn(url, text, function string) (*source, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if len(text) > maxSource {
		return nil, &SyntaxError{URL: url, Line: 1, Column: 1,
			Message: fmt.Sprintf("Source is larger than %d KiB", maxSource>>10)}
	}
	ready, fault := prepare(stripPageTags(text))
	head, tail := wrapHead, wrapTail
	if function != "" {
		head, tail = head+"function "+function+"(){", "\n}"+tail
	}
	s := &source{url: url, text: head + ready + tail, head: len(head)}
	s.indexLines()
	if fault != nil {
		return nil, s.errorAt(s.head+fault.offset, fault.message)
	}
	return s, nil
}

// stripPageTags blanks a single surrounding <% %> pair (spec/basescript.md 1.13).
func stripPageTags(text string) string {
	trimmed := strings.TrimSpace(text)
	if len(trimmed) < len("<%%>") || !strings.HasPrefix(trimmed, "<%") || strings.HasPrefix(trimmed, "<%=") || !strings.HasSuffix(trimmed, "%>") ||
		strings.Count(trimmed, "<%") != 1 {
		return text
	}
	open, end := strings.Index(text, "<%"), strings.LastIndex(text, "%>")
	return text[:open] + "  " + text[open+2:end] + "  " + text[end+2:]
}

func (s *source) indexLines() {
	s.lines = append(s.lines[:0], 0)
	for i := 0; i < len(s.text); i++ {
		if s.text[i] == '\n' || s.text[i] == '\r' && (i+1 == len(s.text) || s.text[i+1] != '\n') {
			s.lines = append(s.lines, i+1)
		}
	}
}

// lineOf returns the author's line of a position in the tree.
func (s *source) lineOf(idx file.Idx) int {
	if s.line > 0 {
		return s.line
	}
	offset := int(idx) - 1
	return max(1, sort.SearchInts(s.lines, offset+1))
}

// errorAt makes a syntax error at a byte offset of the wrapped text.
func (s *source) errorAt(offset int, message string) *SyntaxError {
	line := max(1, sort.SearchInts(s.lines, offset+1))
	start := s.lines[line-1]
	if line == 1 {
		start = s.head
	}
	end := len(s.text)
	if line < len(s.lines) {
		end = s.lines[line] - 1
	}
	offset = min(max(offset, start), end)
	column := utf8.RuneCountInString(s.text[start:offset])
	e := &SyntaxError{URL: s.url, Line: line, Column: column + 1, Message: message}
	if s.line > 0 {
		e.Line, e.Column = s.line, 1
		return e
	}
	e.Caret = caret(s.text[start:end], column)
	return e
}

// caret is a source line with a marker under a column, cut to a readable width.
func caret(line string, column int) string {
	const width = 100
	chars := []rune(strings.TrimRight(strings.ReplaceAll(line, "\t", " "), "\r"))
	from := 0
	if column > width-20 {
		from = column - (width - 20)
	}
	chars = chars[min(from, len(chars)):]
	if len(chars) > width {
		chars = chars[:width]
	}
	return string(chars) + "\n" + strings.Repeat(" ", column-from) + "^"
}

// parse returns the wrapper function's tree.
func (s *source) parse() (fn *ast.FunctionLiteral, err error) {
	defer func() {
		if p := recover(); p != nil { // the borrowed parser must not take the process down
			fn, err = nil, s.errorAt(s.head, "The source cannot be parsed")
		}
	}()
	program, err := parser.ParseFile(nil, "", s.text, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, s.parseError(err)
	}
	if len(program.Body) == 1 {
		if st, ok := program.Body[0].(*ast.ExpressionStatement); ok {
			if fn, ok := st.Expression.(*ast.FunctionLiteral); ok {
				return fn, nil
			}
		}
	}
	return nil, s.errorAt(len(s.text)-1, "Unexpected token }")
}

func (s *source) parseError(err error) *SyntaxError {
	list, ok := err.(parser.ErrorList)
	if !ok || len(list) == 0 {
		return s.errorAt(s.head, err.Error())
	}
	first := list[0]
	line := min(max(first.Position.Line, 1), len(s.lines))
	offset := s.lines[line-1] + max(first.Position.Column-1, 0)
	message := first.Message
	if offset >= len(s.text)-len(wrapTail) || strings.Contains(message, "end of input") {
		offset, message = len(strings.TrimRight(s.text[:len(s.text)-len(wrapTail)], " \t\r\n")), "Unexpected end of input"
	}
	return s.errorAt(max(offset, s.head), message)
}

// fault is what the pre-pass found wrong, at an offset of the rewritten text.
type fault struct {
	offset  int
	message string
}

// prepare is the pre-pass (spec/basescript.md 1.9, 1.13): inside quoted strings a raw line break
// becomes an escape and a line continuation, which keeps lines; leading zeros of decimal literals
// become blanks, which keeps columns. It also bounds nesting.
func prepare(text string) (string, *fault) {
	p := prepass{in: text}
	p.run()
	if p.fault != nil {
		return p.in, p.fault
	}
	if p.out == nil {
		return p.in, nil
	}
	return string(append(p.out, p.in[p.copied:]...)), nil
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
}

// replace puts text in place of in[from:to].
func (p *prepass) replace(from, to int, text string) {
	p.out = append(p.out, p.in[p.copied:from]...)
	p.out = append(p.out, text...)
	p.copied = to
}

func (p *prepass) fail(at int, message string) {
	if p.fault == nil {
		p.fault = &fault{offset: at, message: message}
	}
	p.pos = len(p.in)
}

func (p *prepass) run() {
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.pos++
		case c == '"' || c == '\'':
			p.quoted(c)
		case c == '`':
			p.pos++
			p.template()
		case c == '/':
			p.slash()
		case c >= '0' && c <= '9' || c == '.' && p.digitAt(p.pos+1):
			p.number()
		case isNameByte(c):
			p.identifier()
		default:
			p.punctuation(c)
		}
	}
}

func (p *prepass) digitAt(i int) bool { return i < len(p.in) && p.in[i] >= '0' && p.in[i] <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c == '\\' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// operand notes the end of a token that is a value.
func (p *prepass) operand() { p.value, p.name, p.prefixes = true, false, 0 }

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

func (p *prepass) slash() {
	rest := p.in[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		if i := strings.IndexAny(rest, "\n\r"); i >= 0 {
			p.pos += i
		} else {
			p.pos = len(p.in)
		}
	case strings.HasPrefix(rest, "/*"):
		if i := strings.Index(rest[2:], "*/"); i >= 0 {
			p.pos += i + 4
		} else {
			p.fail(p.pos, "Unterminated comment")
		}
	case p.value:
		p.pos++
		p.value = false
	default:
		p.regExp()
	}
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
	switch p.in[start:p.pos] {
	case "typeof", "void", "delete", "new", "await":
		p.prefix(start)
		p.value = false
	case "return", "case", "in", "of", "instanceof", "else", "do", "throw", "yield":
		p.value, p.prefixes = false, 0
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

func (p *prepass) punctuation(c byte) {
	at := p.pos
	p.pos++
	if c != ':' || !p.name {
		p.labels = 0
	} else if p.labels++; p.labels > maxLabels {
		p.fail(at, "Too many labels")
	}
	p.name = false
	switch c {
	case '(', '[', '{':
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
	// After a block a slash starts an expression; after ) and ] it divides. An if (…) /re/ is so
	// rare in the dialect that it is not told apart.
	p.value, p.prefixes = c != '}', 0
}
