package basescript

import "strings"

// This file takes the types out of V2 sources (spec/basescript.md 1.8, 1.13): parameter lists of functions,
// methods and arrow functions, return types, var, let and const, members of classes. A type can only
// follow a name that is being declared, so a ? b : c, labels, case and object literals never meet
// it. Types become blanks; optional markers are remembered.

// declare is at var, let or const.
func (p *prepass) declare(start int, word string) {
	if word == "let" && !p.declaration(start) {
		p.plainName() // an ordinary name in old scripts
		return
	}
	p.operator()
	p.top().decl = true
	p.expect = true
}

// declaration reports whether the let at an offset declares something.
func (p *prepass) declaration(start int) bool {
	next := skipSpace(p.in, start+len("let"))
	return next < len(p.in) && (isNameByte(p.in[next]) || p.in[next] == '[' || p.in[next] == '{')
}

// function is at the word function: it finds the parameters and takes <T> out.
func (p *prepass) function() {
	p.operator()
	i := skipSpace(p.in, p.pos)
	if i < len(p.in) && p.in[i] == '*' {
		i = skipSpace(p.in, i+1)
	}
	p.parametersAfter(nameEnd(p.in, i))
}

// parametersAfter notes where the parameters of the function begin whose name ends at i.
func (p *prepass) parametersAfter(i int) {
	i = skipSpace(p.in, i)
	if i < len(p.in) && p.in[i] == '<' {
		if end := scanTypeList(p.in, i+1, '>', 0); end > 0 {
			p.blank(i, end)
			i = skipSpace(p.in, end)
		}
	}
	if i < len(p.in) && p.in[i] == '(' {
		p.paramsAt = i
	}
}

// modifiers are the words TypeScript puts before a member of a class.
var modifiers = map[string]bool{"public": true, "private": true, "protected": true, "readonly": true, "declare": true, "abstract": true, "override": true}

// typed is behind a declared name or pattern: it takes an optional marker and a type out.
func (p *prepass) typed() {
	top := p.top()
	i := skipSpace(p.in, p.pos)
	if i == len(p.in) {
		return
	}
	if top.kind == kindClass && !top.decl && p.member(i) {
		return
	}
	if c := p.in[i]; c == '?' || c == '!' {
		next := skipSpace(p.in, i+1)
		if next == len(p.in) || !p.marks(c, p.in[next:]) {
			return
		}
		p.takeOut(i, i+1)
		if c == '?' && top.params < 64 {
			top.marks |= 1 << top.params
		}
		p.pos, i = i+1, next
	}
	if p.in[i] != ':' {
		return
	}
	if end := scanType(p.in, i+1, 0); end > 0 && p.endsType(end) {
		p.takeOut(i, end)
		p.pos = end
	}
}

// member is behind a name in the body of a class; i is what follows. It reports whether the name was
// a word before the member's own name, or a method's.
func (p *prepass) member(i int) bool {
	word := p.in[p.end:p.pos]
	word = word[skipSpace(word, 0):]
	if next := p.in[i]; isNameByte(next) || next == '[' || next == '#' || next == '*' || next == '{' {
		p.expect = true
		if modifiers[word] {
			p.blank(p.pos-len(word), p.pos)
		}
		return true
	}
	if p.in[i] == '(' || p.in[i] == '<' {
		p.parametersAfter(p.pos)
		return true
	}
	return false
}

// marks reports whether a ? or ! after a declared name is a marker; rest is what follows it.
func (p *prepass) marks(c byte, rest string) bool {
	top := p.top()
	switch {
	case rest[0] == ':':
		return top.kind == kindClass || top.decl == (c == '!')
	case c == '!' || top.decl:
		return false
	case top.kind == kindClass:
		return rest[0] == ';' || rest[0] == '='
	}
	return rest[0] == ',' || rest[0] == ')' || rest[0] == '=' && !strings.HasPrefix(rest, "==")
}

// takeOut blanks part of a declaration. In brackets that may or may not be parameters it waits for
// their end.
func (p *prepass) takeOut(from, to int) {
	if p.top().kind == kindGroup {
		p.pending = append(p.pending, rewrite{from, to, blanked(p.in[from:to])})
		return
	}
	p.blank(from, to)
}

// endsType reports whether a declaration can go on at i, behind its type.
func (p *prepass) endsType(i int) bool {
	next := skipSpace(p.in, i)
	if next == len(p.in) || strings.ContainsAny(p.in[i:next], "\n\r") {
		return true
	}
	switch rest := p.in[next:]; rest[0] {
	case ',', ')', ';', '}', '/':
		return true
	case '=':
		return !strings.HasPrefix(rest, "==") && !strings.HasPrefix(rest, "=>")
	case 'i', 'o':
		return strings.HasPrefix(rest, "in ") || strings.HasPrefix(rest, "of ")
	}
	return false
}

// closeParameters is behind the parameters of a function: a return type may follow.
func (p *prepass) closeParameters(b *bracket) {
	p.markOptional(b)
	if i := skipSpace(p.in, p.pos); strings.HasPrefix(p.in[i:], ":") {
		if end := scanType(p.in, i+1, 0); end > 0 && strings.HasPrefix(p.in[skipSpace(p.in, end):], "{") {
			p.blank(i, end)
			p.pos = end
		}
	}
}

// closeGroup is behind brackets that were the parameters of an arrow function if => follows, maybe
// after a return type; it reports whether it does.
func (p *prepass) closeGroup(b *bracket) (arrow bool) {
	types := p.pending[b.pending:]
	p.pending = p.pending[:b.pending]
	i := skipSpace(p.in, p.pos)
	end := p.pos
	if strings.HasPrefix(p.in[i:], ":") && p.top().choices == 0 {
		if after := scanType(p.in, i+1, 0); after > 0 {
			end = after
		}
	}
	if !p.arrowFollows(end) {
		return false
	}
	for _, r := range types {
		p.replace(r.from, r.to, r.text)
	}
	if end > p.pos {
		p.blank(i, end)
		p.pos = end
	}
	p.markOptional(b)
	return true
}

// markOptional keeps the optional markers of a parameter list, by the offset of its bracket.
func (p *prepass) markOptional(b *bracket) {
	if b.marks == 0 {
		return
	}
	if p.optional == nil {
		p.optional = make(map[int]uint64)
	}
	p.optional[b.at] = b.marks
}

// Limits of types: how deep they nest, and how far one is looked for, in bytes.
const (
	maxTypeDepth = 50
	maxType      = 32 << 10
)

// scanType returns where the type at i ends, -1 if there is none.
func scanType(s string, i, depth int) int {
	if depth > maxTypeDepth {
		return -1
	}
	if j := skipSpace(s, i); j < len(s) && (s[j] == '|' || s[j] == '&') {
		i = j + 1
	}
	for {
		if i = scanTypePart(s, skipSpace(s, i), depth); i < 0 {
			return -1
		}
		j := skipSpace(s, i)
		switch {
		case j+1 < len(s) && (s[j] == '|' || s[j] == '&') && s[j+1] != s[j]:
			i = j + 1
		case strings.HasPrefix(s[j:], "is ") && !strings.ContainsAny(s[i:j], "\n\r"):
			i = j + len("is")
		default:
			return i
		}
	}
}

// scanTypePart scans a type without | and &.
func scanTypePart(s string, i, depth int) int {
	if i == len(s) {
		return -1
	}
	switch c := s[i]; {
	case c == '(':
		i = balanced(s, i)
		if i > 0 && strings.HasPrefix(s[skipSpace(s, i):], "=>") {
			return scanType(s, skipSpace(s, i)+len("=>"), depth+1)
		}
	case c == '{' || c == '[':
		i = balanced(s, i)
	case c == '\'' || c == '"':
		i = stringEnd(s, i)
	case c == '-' || c >= '0' && c <= '9':
		for i++; i < len(s) && (s[i] == '.' || s[i] >= '0' && s[i] <= '9'); i++ {
		}
	case isNameByte(c):
		i = scanTypeName(s, i, depth)
	default:
		return -1
	}
	for i > 0 && i < len(s) && s[i] == '[' { // arrays and members of types
		i = balanced(s, i)
	}
	return i
}

// scanTypeName scans a name with its members and arguments: a.b<C, D>.
func scanTypeName(s string, i, depth int) int {
	end := nameEnd(s, i)
	switch s[i:end] {
	case "typeof", "keyof", "readonly", "unique", "new":
		if next := skipSpace(s, end); next < len(s) && (isNameByte(s[next]) || s[next] == '(' || s[next] == '[' || s[next] == '{') {
			return scanTypePart(s, next, depth+1)
		}
	}
	for end < len(s) && s[end] == '.' && nameEnd(s, end+1) > end+1 {
		end = nameEnd(s, end+1)
	}
	if next := skipSpace(s, end); next < len(s) && s[next] == '<' {
		return scanTypeList(s, next+1, '>', depth+1)
	}
	return end
}

// scanTypeList returns where a list of types ends, behind the closing character.
func scanTypeList(s string, i int, closing byte, depth int) int {
	for {
		if i = scanType(s, i, depth); i < 0 {
			return -1
		}
		for _, more := range []string{"extends ", "="} { // of type parameters
			if i = skipSpace(s, i); strings.HasPrefix(s[i:], more) {
				if i = scanType(s, i+len(more), depth+1); i < 0 {
					return -1
				}
			}
		}
		i = skipSpace(s, i)
		switch {
		case i < len(s) && s[i] == ',':
			i++
		case i < len(s) && s[i] == closing:
			return i + 1
		default:
			return -1
		}
	}
}

// balanced returns the offset behind the bracket that closes the one at i, -1 if there is none near.
func balanced(s string, i int) int {
	depth := 0
	for limit := min(len(s), i+maxType); i < limit; i++ {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\'', '"', '`':
			if i = stringEnd(s, i) - 1; i < 0 {
				return -1
			}
		}
	}
	return -1
}

// stringEnd returns the offset behind the string at i, -1 if it does not end on its line.
func stringEnd(s string, i int) int {
	quote := s[i]
	for i++; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return -1
}
