package basescript

import (
	"strings"
	"sync"

	"github.com/dop251/goja/ast"
)

// maxText bounds script text evaluated at run time, in bytes.
const maxText = 64 << 10

func errLongText() *Error { return Errorf("Script text is larger than %d KiB", maxText>>10) }

// parseText parses a string expression: an expression, or a body with return (spec/basescript.md
// 1.11). Every position in it is the given line of its caller.
func parseText(url, text string, line int) *parsedText {
	if len(text) > maxText {
		return &parsedText{fn: &ast.FunctionLiteral{}, err: errLongText()}
	}
	// An expression may be written as a statement: "This.id == id;"
	if src, err := wrapSource(url, strings.TrimRight(text, "; \t\r\n"), exprHead, exprTail, modeScript); err == nil {
		src.line = line
		if fn, err := src.parse(); err == nil && len(fn.Body.List) == 1 {
			if ret, ok := fn.Body.List[0].(*ast.ReturnStatement); ok && ret.Argument != nil {
				return &parsedText{src: src, fn: fn, expr: ret.Argument}
			}
		}
	}
	src, err := newSource(url, text)
	if err == nil {
		src.line = line
		var fn *ast.FunctionLiteral
		if fn, err = src.parse(); err == nil {
			return &parsedText{src: src, fn: fn}
		}
	}
	return &parsedText{fn: &ast.FunctionLiteral{}, err: textError(err)}
}

func textError(err error) error {
	if se, ok := err.(*SyntaxError); ok {
		return NewError(se.Message + " in a string expression")
	}
	return err
}

// textCode is a compiled string expression. It runs on the frame of its caller.
type textCode struct {
	scope   *scope
	element *variable
	slots   int
	body    expr
	test    test // the truth of body, where that is known without its value; else nil
}

// eval evaluates the expression with This as the element.
func (t *textCode) eval(f *frame, elem Value) (Value, *Error) {
	if n := t.slots; n > len(f.slots) {
		f.growSlots(n)
	}
	outer := f.env
	if t.scope.hasEnv {
		inner, e := f.run.newEnv(t.scope, outer)
		if e != nil {
			return Undefined, e
		}
		f.env = inner
	}
	var v Value
	var e *Error
	if t.element.inEnv {
		f.env.vals[t.element.index] = elem
		v, e = t.body(f)
	} else {
		i := t.element.index
		saved := f.slots[i]
		f.slots[i] = elem
		v, e = t.body(f)
		f.slots[i] = saved
	}
	f.env = outer
	return v, e
}

// lend makes room for an expression evaluated for many elements, and returns the slot of its element
// and what is in it: whoever puts elements there puts that back.
func (f *frame) lend(t *textCode) (slot int, saved Value) {
	if n := t.slots; n > len(f.slots) {
		f.growSlots(n)
	}
	return t.element.index, f.slots[t.element.index]
}

func (f *frame) growSlots(n int) {
	if n <= cap(f.slots) {
		f.slots = f.slots[:n]
		return
	}
	f.slots = append(make([]Value, 0, n+8), f.slots...)[:n]
}

// textCache holds the text compiled at run time of one program, by text and layout. It is bounded:
// text built from data never fills memory.
type textCache struct {
	most  int // bytes of text
	mu    sync.Mutex
	codes map[textKey]*textEntry
	bytes int
}

type textKey struct {
	scope   *scope
	text    string
	url     string
	line    int
	kind    textKind
	objects int
}

// textEntry is compiled text: a string expression, evaluated code, or why it is neither.
type textEntry struct {
	code *textCode
	eval *funcCode
	err  *Error
}

const (
	maxCachedTexts = 512
	maxCachedText  = 256 << 10
	maxCachedFiles = 4 << 20
)

func (c *textCache) get(key textKey) *textEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[key]
}

func (c *textCache) put(key textKey, entry *textEntry) {
	// The text may be part of a message: keep a copy, not the message.
	key.text = strings.Clone(key.text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.codes) >= maxCachedTexts || c.bytes+len(key.text) > c.most || c.codes == nil {
		c.codes, c.bytes = make(map[textKey]*textEntry), 0
	}
	c.codes[key] = entry
	c.bytes += len(key.text)
}

// textAt returns script text compiled against the layout of a scope. Compiling is work in proportion
// to the text.
func (r *Run) textAt(p *Program, s *scope, text string, line int) (*textCode, *Error) {
	if e := r.step(int64(1 + len(text)/8)); e != nil {
		return nil, e
	}
	key := textKey{scope: s, text: text, url: p.url, line: line}
	entry := p.texts.get(key)
	if entry == nil {
		entry = p.compileText(s, text, line)
		p.texts.put(key, entry)
	}
	if entry.err != nil {
		return nil, &Error{Message: entry.err.Message}
	}
	return entry.code, nil
}

// compileText compiles text against a scope kept from compile time. Every variable there lives in an
// env, and so do those of the text: other text may be evaluated on the same frame meanwhile, in the same
// slots. The element of an expression needs none: its slot is the same in every text, and given back.
func (p *Program) compileText(s *scope, text string, line int) *textEntry {
	t := parseText(p.url, text, line)
	if t.err != nil {
		return &textEntry{err: toError(t.err)}
	}
	c := newCompilation(p, t.src)
	a := newAnalysis(c)
	c.analysis = a
	fs := &funcScope{parent: s.fn.parent, root: s.fn.root, arrow: s.fn.arrow, slots: s.fn.slots, frame: s.fn.owner()}
	anchor := newScope(s, fs)
	scope := a.textImplicit(t, anchor)
	if a.err == nil {
		if t.expr == nil || len(scope.vars) > 1 || p.indirect {
			captureAll(scope)
		}
		a.finish(&funcScopeless)
	}
	if a.err != nil {
		return &textEntry{err: &Error{Message: a.err.Message}}
	}
	k := &compiler{compilation: c, scope: anchor, fn: fs, code: &funcCode{prog: p, line: line, scope: anchor}}
	code := k.text(t, scope)
	if c.err != nil {
		return &textEntry{err: &Error{Message: c.err.Message}}
	}
	code.slots = fs.slots
	return &textEntry{code: code}
}

// funcScopeless stands for a script level without constant functions.
var funcScopeless scope

// textImplicit walks text made at run time; names it assigns that exist nowhere are its own.
func (a *analysis) textImplicit(t *parsedText, parent *scope) *scope {
	s := a.text(t, parent)
	w := assignedNames{a: a, found: func(name string, local map[string]int) {
		if v, _ := s.lookup(name); v == nil && local[name] == 0 {
			s.declare(name, varPlain).implicit = true
		}
	}}
	w.block(partsOf(t.fn).body)
	return s
}

// textFunction makes a callback of text that reached a built-in without its call site knowing
// (through a variable or CallObjectMethod). The source's scopes are then all captured, so the env of
// the calling frame tells the layout.
func (r *Run) textFunction(text string) (Value, *Error) {
	f := r.caller()
	if f == nil {
		return Undefined, NewError("A string expression needs a script around it")
	}
	if len(text) > maxText {
		return Undefined, errLongText()
	}
	line := max(r.line, 1)
	code, e := r.textAt(f.code.prog, f.layout(), text, line)
	if e != nil {
		return Undefined, e.raisedAt(f.code.prog.url, line)
	}
	return f.textValue(code)
}

// textValue makes the callback of a string expression for one call of a built-in.
func (f *frame) textValue(code *textCode) (Value, *Error) {
	o, e := f.run.newFunction(function{text: code, frame: f})
	if e != nil {
		return Undefined, e
	}
	return ObjectValue(o), nil
}
