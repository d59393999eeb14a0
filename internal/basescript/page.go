package basescript

import "strings"

// pageWriter is the function a page's script calls with what goes to the output, one argument a call:
// literal text as a string, the value of <%= %> as it is (its text is that of "" + value, made by
// the function). Whoever runs a page binds the name; scripts do not use it.
const pageWriter = "__page_write__"

// pageSource makes a script of an ASP-style page (spec/basescript.md 1.13): code in <% %>, output with
// <%= %>, and text outside, which is written as it stands each time the script comes by, loops
// and branches that span tags included. Every line of the page is the same line of the script.
//
// A tag ends at the first %> that is not inside a string, a regular expression or a /* */ comment; a //
// comment ends with its tag. <%-- --%> is a comment. White space between a } and a tag that goes on
// with else, catch or finally, or between switch (…) { and its first case, is not written: no
// statement can stand there. An empty page is an empty script. The error is a *SyntaxError of the
// page: a tag that nothing closes, <%= %> without an expression, or what makes any script
// unreadable (an open string).
//
// The script is only sound after Compile has parsed it: pageSource does not check the code. newPage
// is the same for a source whose syntax errors lie where the author wrote them.
func pageSource(text string) (script string, err error) {
	src, err := newPage("", text)
	if err != nil {
		return "", err
	}
	return src.text[src.head : len(src.text)-src.tail], nil
}

// tags is where the pre-pass is among the tags of a source.
type tags struct {
	open   bool // inside <% … %>
	output bool // the tag is <%= … %>
	at     int  // where the tag begins
	code   int  // where the code in it begins
	nest   int  // brackets open where it begins
}

// skipOpenTag begins a script that stands in <% %>.
func (p *prepass) skipOpenTag() {
	if at := skipSpace(p.in, 0); strings.HasPrefix(p.in[at:], "<%") {
		p.openTag(at)
	}
}

// openTag goes into the tag at an offset, in a script: tags become blanks.
func (p *prepass) openTag(at int) {
	if strings.HasPrefix(p.in[at:], "<%=") {
		p.fail(at, "<%= writes to a page, and this is not one")
		return
	}
	p.blank(at, at+2)
	p.pos = at + 2
	p.tags = tags{open: true, at: at, code: p.pos}
}

// strayTag is a <% where no tag can begin: inside another one, or after other text.
func (p *prepass) strayTag() {
	if p.tags.open {
		p.fail(p.pos, "<% inside <%")
		return
	}
	p.fail(skipSpace(p.in, 0), "Text outside <% %> in a script that is not a page")
}

// closeTag is at the %> of the open tag.
func (p *prepass) closeTag() {
	if p.mode == modePage {
		p.pageText(p.pos)
		return
	}
	p.blank(p.pos, p.pos+2)
	p.pos += 2
	p.tags.open = false
	at := skipSpace(p.in, p.pos)
	switch {
	case strings.HasPrefix(p.in[at:], "<%"):
		p.openTag(at)
	case at < len(p.in):
		p.fail(at, "Text outside <% %> in a script that is not a page")
	default:
		p.pos = at
	}
}

// pageText makes statements of the text between the %> at an offset, or the start of the page, and the
// next code; the pre-pass goes on there. A row of text and output is one statement, so that it can be
// the body of an if without brackets.
func (p *prepass) pageText(from int) {
	w := pageRow{p: p, written: p.tags.output}
	at := from
	if p.tags.open {
		at += len("%>")
		w.closeTag()
	}
	next := p.nextTag(at)
	for end := p.commentTag(next); end > 0; end = p.commentTag(next) {
		w.text(p.in[at:next])
		w.lines(p.in[next:end])
		at, next = end, p.nextTag(end)
	}
	if code, ok := strings.CutPrefix(p.in[next:], "<%"); ok && !w.written && p.goesOn(p.in[at:next], code) {
		w.lines(p.in[at:next])
	} else {
		w.text(p.in[at:next])
	}
	p.tags = tags{}
	if next < len(p.in) {
		p.tags = tags{open: true, output: strings.HasPrefix(p.in[next:], "<%="), at: next, code: next + 2, nest: len(p.nest)}
		if p.tags.output {
			p.tags.code++
		}
		next = p.tags.code
	}
	w.end()
	if p.fault == nil {
		p.replace(from, next, w.out.String())
		p.pos, p.rowEnd = next, p.end
	}
}

// goesOn reports whether text is white space where no statement can stand, between the code before and
// the code after it.
func (p *prepass) goesOn(text, code string) bool {
	if skipSpace(text, 0) < len(text) || p.end == 0 {
		return false
	}
	code = code[skipSpace(code, 0):]
	n := 0
	for n < len(code) && isNameByte(code[n]) {
		n++
	}
	switch code[:n] {
	case "else", "catch", "finally":
		return p.in[p.end-1] == '}'
	case "case", "default":
		return p.in[p.end-1] == '{'
	}
	return false
}

// nextTag returns where the next <% is, or the end of the source.
func (p *prepass) nextTag(from int) int {
	if i := strings.Index(p.in[from:], "<%"); i >= 0 {
		return from + i
	}
	return len(p.in)
}

// commentTag returns where the <%-- --%> at an offset ends, 0 if there is none: <%--i%> is code.
func (p *prepass) commentTag(at int) int {
	if p.noComments || !strings.HasPrefix(p.in[at:], "<%--") {
		return 0
	}
	if i := strings.Index(p.in[at:], "--%>"); i >= 0 {
		return at + i + len("--%>")
	}
	p.noComments = true // looked for once: a page may have any number of tags
	return 0
}

// pageRow writes the script of one row of text and output.
type pageRow struct {
	p       *prepass
	out     strings.Builder
	written bool // the row has a part
}

// closeTag ends the expression of <%= %>.
func (w *pageRow) closeTag() {
	if t := w.p.tags; t.output {
		if w.p.end <= t.code {
			w.p.fail(t.at, "<%= %> without an expression")
		}
		w.out.WriteString("))")
	}
}

// part begins a part of the row: what came before is ended, unless the row is what an if goes on with.
func (w *pageRow) part() {
	switch {
	case w.written:
		w.out.WriteByte(',')
	case w.p.end > w.p.rowEnd && !w.p.bare:
		w.out.WriteByte(';')
	}
	w.written = true
	w.out.WriteString(pageWriter + "(")
}

// text writes text as a string literal that has its line breaks.
func (w *pageRow) text(text string) {
	if text == "" {
		return
	}
	w.part()
	w.out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			w.out.WriteByte('\\')
			w.out.WriteByte(c)
		case c == '\n':
			w.out.WriteString("\\n\\\n")
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			w.out.WriteString("\\r\\n\\\n")
			i++
		case c == '\r':
			w.out.WriteString("\\r\\\n")
		default:
			w.out.WriteByte(c)
		}
	}
	w.out.WriteString("\")")
}

// lines keeps the line breaks of text that is not written.
func (w *pageRow) lines(text string) {
	for i := range len(text) {
		if endsLine(text, i) {
			w.out.WriteByte('\n')
		}
	}
}

// end ends the row before the code that follows.
func (w *pageRow) end() {
	switch {
	case w.p.tags.output:
		w.part()
		w.out.WriteByte('(')
	case w.written:
		w.out.WriteByte(';')
	}
}
