package basescript

import (
	"fmt"
	"sort"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// MaxSource bounds a source, in bytes of UTF-8: a compilation that has begun is not stopped, and takes
// time and memory in proportion to its text.
const MaxSource = 2 << 20

// Limits of a source. A Go stack overflow cannot be recovered from, so what makes the parser and the
// compiler recurse is bounded before they see it.
const (
	maxNesting = 400    // brackets of any kind
	maxLinks   = 10_000 // assignments, choices and statements without brackets, each inside the one before
	maxPrefix  = 400    // prefix operators in a row
	maxArrows  = 10_000 // arrow functions in one source
	maxParams  = 6      // parameter lists inside each other's defaults: the parser takes twice as long for each
	maxLabels  = 100    // labels in a row: the parser compares each with all before it
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
	url    string
	text   string // wrapped
	head   int    // bytes before the author's text on line 1
	tail   int    // bytes after it
	lines  []int  // offset of each line's start
	author string // the text as its author knows it
	edits  []edit // where text differs from it in length
	prep   *prepass
	// line, if set, is where every position lies: text evaluated at run time has its caller's line.
	line int
	// call, if set, is where every position of the running code lies, though what is wrong with the
	// text itself has its place in it: code evaluated at run time.
	call int
}

// newSource prepares the text of a file: a BOM and surrounding <% %> go, raw line breaks in quoted
// strings and leading zeros are rewritten in place.
func newSource(url, text string) (*source, error) {
	return wrapSource(url, text, wrapHead, wrapTail, modeScript)
}

// newSourceIn is newSource for a text that is the body of a function, unless its name is empty.
func newSourceIn(url, text, function string) (*source, error) {
	if function == "" {
		return newSource(url, text)
	}
	return wrapSource(url, text, wrapHead+"function "+function+"(){", "\n}"+wrapTail, modeScript)
}

// newPage prepares the text of a page (see pageSource). Positions are those of the page.
func newPage(url, text string) (*source, error) {
	return wrapSource(url, text, wrapHead, wrapTail, modePage)
}

// wrapSource prepares text and puts it between head and tail. A source with a fault has no tree, but
// it knows its positions.
func wrapSource(url, text, head, tail string, mode sourceMode) (*source, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if len(text) > MaxSource {
		return nil, &SyntaxError{URL: url, Line: 1, Column: 1,
			Message: fmt.Sprintf("Source is larger than %d KiB", MaxSource>>10)}
	}
	text = strings.ToValidUTF8(text, "\ufffd")
	p := prepare(text, mode)
	s := &source{url: url, author: text, head: len(head), tail: len(tail), prep: p}
	if p.fault != nil {
		return nil, s.preparationError(p.fault)
	}
	s.text = head + p.text() + tail
	s.edits = p.edits
	s.indexLines()
	return s, nil
}

func (s *source) indexLines() {
	s.lines = append(make([]int, 0, strings.Count(s.text, "\n")+2), 0)
	for i := 0; i < len(s.text); i++ {
		if endsLine(s.text, i) {
			s.lines = append(s.lines, i+1)
		}
	}
}

// lineOf returns the author's line of a position in the tree.
func (s *source) lineOf(idx file.Idx) int {
	if s.line > 0 {
		return s.line
	}
	if s.call > 0 {
		return s.call
	}
	offset := int(idx) - 1
	return max(1, sort.SearchInts(s.lines, offset+1))
}

// endsLine reports whether the byte at i is the last of a line break: LF, CR LF or CR.
func endsLine(text string, i int) bool {
	return text[i] == '\n' || text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n')
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
				if s.prep.renamed {
					restoreNames(fn)
				}
				return fn, nil
			}
		}
	}
	return nil, s.errorAt(len(s.text)-1, "Unexpected token }")
}
