package basescript

import (
	"strconv"

	"github.com/dop251/goja/ast"
)

// This file compiles and runs code evaluated at run time (spec/basescript.md 1.12). Such code is a
// function of its own, called where it is evaluated: its env hangs on that of the caller, all of whose
// variables live in envs (see captureAll). String expressions are another thing: see text.go.

// maxEvalObjects bounds the objects whose fields evaluated code sees.
const maxEvalObjects = 32

// evalText is code to evaluate.
type evalText struct {
	kind textKind
	text string
	// url and line are where its positions lie; without a url at the caller's line. Code of a file has
	// its own lines: line is 0.
	url  string
	line int
	// objects is the number of objects whose fields are names.
	objects int
}

// textKind says how a text is compiled.
type textKind uint8

const (
	textExpression textKind = iota // a string expression: the kind of textAt
	textOwn                        // code on a level of its own
	textInPlace                    // code on the level of its caller
	textGlobal                     // code that sees globals, but no caller
	textSafe                       // code that sees neither
	textPage                       // a page on the level of its caller
)

// isolated reports whether the code has no caller around it.
func (k textKind) isolated() bool { return k == textGlobal || k == textSafe }

// inPlace reports whether names the code makes stay.
func (k textKind) inPlace() bool { return k == textInPlace || k == textPage }

// caller is the frame of the script function that called the built-in in progress, nil if a host called
// it.
func (r *Run) caller() *frame {
	for at := r.top - 1; at >= 0; at-- {
		if f := r.frames[at]; f.active { // others are calls whose arguments are being evaluated
			return f
		}
	}
	return nil
}

// layout is the innermost scope of the frame that has an env; scopes inside it have no variables that
// text made at run time could reach.
func (f *frame) layout() *scope {
	s := f.code.scope
	if f.env != nil && f.env.scope.fn.root == s.fn.root {
		return f.env.scope
	}
	return s
}

// evaluate runs code where the built-in in progress was called. The error has no position of the call:
// the call adds it.
func (r *Run) evaluate(t evalText, objects []Value) (Value, *Error) {
	f := r.caller()
	if f == nil {
		return Undefined, NewError("Code is evaluated inside a script only")
	}
	t.objects = len(objects)
	if t.url == "" {
		t.url, t.line = f.code.prog.url, max(r.line, 1)
	}
	s := f.layout()
	if t.kind.isolated() {
		s = nil
	}
	code, e := r.evalCodeAt(f.code.prog, s, t)
	if e != nil {
		return Undefined, e
	}
	g := r.pushFrame(code)
	copy(g.slots, objects)
	if t.kind.isolated() {
		g.inst, g.env = &Instance{prog: code.prog}, nil
	} else {
		g.inst, g.env, g.this, g.fn, g.cold = f.inst, f.env, f.this, f.fn, true
	}
	if t.line == 0 {
		return r.exec(g)
	}
	return r.execText(g)
}

// execText is exec for text, which is no function its author would know: it leaves no line.
func (r *Run) execText(f *frame) (Value, *Error) {
	depth := r.depth
	r.steps--
	r.depth = depth + f.code.weight
	var v Value
	var e *Error
	if r.steps <= 0 || r.depth > r.limit {
		e = r.refuse(f.code)
	}
	if e == nil {
		f.active = true
		v, e = f.code.run(f)
	}
	r.depth = depth
	r.popFrame(f)
	return v, e
}

// evalCodeAt returns code compiled against a scope, or on its own if that is nil. Compiling is work in
// proportion to the text, and looks at the clock before.
func (r *Run) evalCodeAt(p *Program, s *scope, t evalText) (*funcCode, *Error) {
	cache := p.texts
	if t.line == 0 {
		cache = p.files
	} else if len(t.text) > maxText { // code in files is written by people, text may be made by anyone
		return nil, Errorf("Code to evaluate is larger than %d KiB", maxText>>10)
	}
	if e := r.step(int64(1 + len(t.text)/8)); e != nil {
		return nil, e
	}
	key := textKey{s, t.text, t.url, t.line, t.kind, t.objects}
	entry := cache.get(key)
	if entry == nil {
		if e := r.step(int64(clockEvery/16 + len(t.text))); e != nil {
			return nil, e
		}
		entry = p.compileEval(s, t)
		cache.put(key, entry)
	}
	if entry.err != nil {
		return nil, &Error{Message: entry.err.Message, Frames: append([]Frame(nil), entry.err.Frames...)}
	}
	return entry.eval, nil
}

// parse parses the code. Text that is an expression as a whole is one: {a: 1} is an object. Code in
// place is statements, since what it declares stays.
func (t evalText) parse() (*source, *ast.FunctionLiteral, error) {
	switch {
	case t.kind == textPage:
		return parsedSource(newPage(t.url, t.text))
	case !t.kind.inPlace():
		src, fn, err := parsedSource(wrapSource(t.url, t.text, exprHead, exprTail, modeScript))
		if err == nil && len(fn.Body.List) == 1 {
			if ret, ok := fn.Body.List[0].(*ast.ReturnStatement); ok && ret.Argument != nil {
				return src, fn, nil
			}
		}
	}
	return parsedSource(newSource(t.url, t.text))
}

func parsedSource(src *source, err error) (*source, *ast.FunctionLiteral, error) {
	if err != nil {
		return nil, nil, err
	}
	fn, err := src.parse()
	return src, fn, err
}

// fault is an error of the code as the script that evaluates it sees it. Lines of text are in the
// message; the position is that of the call.
func (t evalText) fault(err error) *textEntry {
	se, ok := err.(*SyntaxError)
	switch {
	case !ok:
		return &textEntry{err: toError(err)}
	case t.line == 0:
		return &textEntry{err: &Error{Message: se.Message, Frames: []Frame{{URL: se.URL, Line: se.Line}}}}
	}
	return &textEntry{err: NewError(se.inText())}
}

// inText is the message with the place in a text that has no address.
func (e *SyntaxError) inText() string {
	return e.Message + " (line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + " of the code)"
}

// compileEval compiles code against a scope kept from compile time, or on its own.
func (p *Program) compileEval(s *scope, t evalText) (entry *textEntry) {
	defer func() {
		if fault := recover(); fault != nil { // a fault of ours must not take the run down
			entry = &textEntry{err: Errorf("The code cannot be compiled: %v", fault)}
		}
	}()
	src, fn, err := t.parse()
	if err != nil {
		return t.fault(err)
	}
	globals := p.globals
	if t.kind == textSafe {
		globals = noGlobals
	}
	src.call = t.line
	prog := &Program{url: t.url, library: p.library, strict: p.strict, globals: globals, texts: p.texts, files: p.files}
	c := newCompilation(prog, src)
	a := newAnalysis(c)
	c.analysis = a
	scope := a.evalScope(fn, s, t)
	if a.err == nil {
		a.finish(&funcScopeless)
	}
	if a.err != nil {
		return t.fault(a.err)
	}
	code := &funcCode{prog: prog, line: max(t.line, 1), arrow: true}
	k := &compiler{compilation: c, scope: scope, fn: scope.fn, code: code}
	k.completion = k.temp() + 1
	k.function(code, fn, scope)
	code.params = t.objects
	if c.err != nil {
		return t.fault(c.err)
	}
	return &textEntry{eval: code}
}

// noGlobals are the names of code that has none.
var noGlobals = &Globals{}

// evalScope walks evaluated code: a function whose parameters are hidden, the objects.
func (a *analysis) evalScope(fn *ast.FunctionLiteral, outer *scope, t evalText) *scope {
	fs := &funcScope{arrow: true, slots: t.objects}
	if outer != nil {
		fs.parent, fs.within = outer.fn, outer.fn
	}
	s := a.open(fn, outer, fs)
	fs.root, s.inPlace = s, t.kind.inPlace()
	for i := range t.objects {
		v := s.declare("\x00object"+strconv.Itoa(i), varObject)
		v.param = i + 1
		s.objects = append([]*variable{v}, s.objects...) // the last one comes first, as with nested with
	}
	parts := partsOf(fn)
	a.declareFunction(s, parts)
	var table *variable
	if t.kind.inPlace() {
		table = s.stay(outer)
	}
	w := assignedNames{a: a, local: map[string]int{}, found: func(name string, local map[string]int) {
		if v, _ := s.lookup(name); v != nil || local[name] > 0 {
			return
		}
		v := s.declare(name, varPlain)
		v.implicit = true
		if table != nil && !(a.c.library && table.scope.parent == nil) {
			v.table = table // but a library's own undeclared names are not its functions' (spec/basescript.md 1.8)
		}
	}}
	w.block(parts.body)
	a.statements(parts.body, s)
	captureAll(s)
	return s
}

// level is the function-level scope around s.
func (s *scope) level() *scope {
	for s.parent != nil && (s.inPlace || s != s.fn.root && s.table == nil) {
		s = s.parent
	}
	return s
}

// addTable gives a scope a table of names made at run time, unless it is compiled already.
func (s *scope) addTable() {
	if s.table == nil && !s.done {
		s.table = s.declare("\x00made", varTable)
		s.objects = append(s.objects, s.table)
	}
}

// stay makes the names declared in code evaluated in place those of its level: a variable the level has
// already, or a name in its table, which is returned. At a level without a table (its source mentions
// nothing that makes names) they are the code's own.
func (s *scope) stay(outer *scope) *variable {
	level := outer.level()
	declared := s.vars
	s.vars = nil
	for _, v := range declared {
		switch {
		case v.kind == varObject:
		case outer.has(v.name, level):
			continue
		case level.table != nil:
			v.table = level.table
		}
		s.vars = append(s.vars, v)
	}
	s.indexNames()
	return level.table
}

// has reports whether s, or a scope around it up to a level, has the name.
func (s *scope) has(name string, level *scope) bool {
	for ; s != nil; s = s.parent {
		if s.own(name) != nil {
			return true
		}
		if s == level {
			break
		}
	}
	return false
}

// loadMade reads a name that evaluated text made.
func (c *compiler) loadMade(v *variable) expr {
	table := c.loadEnv(v.table)
	return func(f *frame) (Value, *Error) {
		t, _ := table(f)
		if t.k == KindObject {
			if got, ok := t.obj().Get(v.name); ok {
				return got, nil
			}
		}
		return Undefined, nil
	}
}

// storeMade writes a name that evaluated text makes, making the table with the first one.
func (c *compiler) storeMade(v *variable) storer {
	load, store := c.loadEnv(v.table), c.store(v.table)
	return func(f *frame, x Value) *Error {
		t, _ := load(f)
		if t.k != KindObject {
			if e := f.run.alloc(sizeObject); e != nil {
				return e
			}
			t = ObjectValue(&Object{})
			if e := store(f, t); e != nil {
				return e
			}
		}
		if i := t.obj().find(v.name); i >= 0 {
			t.obj().vals[i] = x
			return nil
		}
		return f.run.addProperty(t.obj(), v.name, x)
	}
}

// makeNames gives the names declared in code evaluated in place the value undefined, where they are new.
func (c *compiler) makeNames(s *scope) []stmt {
	var list []stmt
	for _, v := range s.vars {
		if v.table == nil || v.implicit {
			continue
		}
		table, store := c.loadEnv(v.table), c.storeMade(v)
		list = append(list, func(f *frame) ctl {
			t, _ := table(f)
			if t.k == KindObject && t.obj().find(v.name) >= 0 {
				return ctlNext
			}
			if e := store(f, Undefined); e != nil {
				return f.throw(e)
			}
			return ctlNext
		})
	}
	return list
}

// loadSoft reads a constant function that text may have assigned.
func (c *compiler) loadSoft(v *variable) expr {
	load, code := c.loadEnv(v), v.code
	return func(f *frame) (Value, *Error) {
		if x, _ := load(f); x.k != KindUndefined {
			return x, nil
		}
		return f.funcValue(code)
	}
}

// callSoft calls a constant function that text may have assigned.
func (c *compiler) callSoft(v *variable, direct expr, args []argument, p *at) expr {
	load := c.loadEnv(v)
	return func(f *frame) (Value, *Error) {
		x, _ := load(f)
		if x.k == KindUndefined {
			return direct(f)
		}
		return f.callWith(x, Undefined, args, v.name, p)
	}
}

// assignable leaves out the elements of string expressions: those write variables, never fields.
func assignable(elements []*variable) (list []*variable) {
	for _, e := range elements {
		if e.kind != varElement {
			list = append(list, e)
		}
	}
	return list
}

// fieldStoreFirst writes a name that may be a field of an object given to eval, or one made at run time.
func (c *compiler) fieldStoreFirst(name string, elements []*variable, rest storer, p *at) storer {
	list := assignable(elements)
	for i := len(list) - 1; i >= 0; i-- {
		object, after := c.load(list[i]), rest
		rest = func(f *frame, x Value) *Error {
			o, _ := object(f)
			if o.k != KindObject {
				return after(f, x)
			}
			ok, e := f.run.hasProperty(o, name)
			if e == nil && !ok {
				return after(f, x)
			}
			if e == nil {
				e = f.run.setProperty(o, name, x)
			}
			if e != nil {
				return p.raise(e)
			}
			return nil
		}
	}
	return rest
}

// completed compiles an expression statement whose value may be what evaluated text returns.
func (c *compiler) completed(n ast.Expression) stmt {
	value, i := c.probed(n), c.completion-1
	return func(f *frame) ctl {
		v, e := value(f)
		if e != nil {
			return f.throw(e)
		}
		f.slots[i] = v
		return ctlNext
	}
}
