package basescript

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// compiler turns the tree of one function into closures. Names were resolved by the analysis.
type compiler struct {
	*compilation
	scope *scope
	fn    *funcScope
	code  *funcCode
	// codes are the compiled function declarations, for the program's export table.
	codes  map[*ast.FunctionLiteral]*funcCode
	labels []string
	depth  int
	nest   int // deepest expression so far: what a call takes of the Go stack
	// pending are the labels before the statement compiled next.
	pending labelSet
	// completion, if not 0, is the slot after that of the value of the last expression statement: what
	// evaluated text returns.
	completion int
}

// at is a position of the author's source.
type at struct {
	url  string
	line int
}

// raise gives an error the position, as its origin if it has none yet.
func (p *at) raise(e *Error) *Error {
	if len(e.Frames) == 0 {
		return e.raisedAt(p.url, p.line)
	}
	return e.throughLine(p.url, p.line)
}

// at is the position of a place in the tree. Neighbours on a line share it.
func (c *compiler) at(idx file.Idx) *at {
	line := c.src.lineOf(idx)
	if c.lastAt == nil || c.lastAt.line != line {
		c.lastAt = &at{c.prog.url, line}
	}
	return c.lastAt
}

func (c *compiler) fail(n ast.Node, message string) {
	if c.err == nil {
		c.err = c.src.errorAt(int(n.Idx0())-1, message)
	}
}

// temp reserves a slot for a value that must stay in sight of the live-bytes budget while other
// expressions run.
func (c *compiler) temp() int {
	c.fn.slots++
	return c.fn.slots - 1
}

// weightPer is the nesting of expressions that counts as one more level of call depth.
const weightPer = 40

// function compiles the body of a function-like node into code. s is the scope the analysis opened
// for it.
func (c *compiler) function(code *funcCode, n ast.Node, s *scope) {
	parts := partsOf(n)
	code.scope, code.hasEnv = s, s.hasEnv
	if fn, ok := n.(*ast.FunctionLiteral); ok && c.prog.strict && c.declarations[fn] {
		c.checkArguments(code, fn)
	}
	if parts.params != nil {
		code.params = len(parts.params.List)
		c.parameters(code, parts.params)
	}
	if v := s.fn.args; v != nil {
		code.wantsExtra = true
		code.prologue = append(code.prologue, c.argumentsObject(code, v))
	}
	if fn, ok := n.(*ast.FunctionLiteral); ok && fn.Name != nil && !c.declarations[fn] && n != nil && s.parent != nil {
		code.prologue = append(code.prologue, c.ownName(fn.Name.Name.String()))
	}
	for _, v := range s.vars {
		if v.param > 0 && v.inEnv {
			code.copies = append(code.copies, paramCopy{slot: v.param - 1, index: v.index})
		}
	}
	if s.parent == nil {
		code.prologue = append(code.prologue, func(f *frame) ctl { f.inst.root = f.env; return ctlNext })
	}
	code.prologue = append(code.prologue, c.makeNames(s)...)
	for _, v := range s.vars {
		if v.shadows != nil && v.kind == varPlain {
			code.prologue = append(code.prologue, c.preload(v))
		}
	}
	code.prologue = append(code.prologue, c.hoistedFunctions(s)...)
	if parts.expr != nil {
		code.body = c.expr(parts.expr)
	} else {
		code.body = c.functionBody(parts.body)
	}
	code.plain = !code.hasEnv && len(code.prologue) == 0
	code.slots = c.fn.slots
	code.weight = 1 + c.nest/weightPer
}

// child returns a compiler for a function inside this one.
func (c *compiler) child(s *scope, code *funcCode) *compiler {
	return &compiler{compilation: c.compilation, scope: s, fn: s.fn, code: code}
}

// closureCode compiles a nested function.
func (c *compiler) closureCode(n ast.Node, name string, arrow bool) *funcCode {
	s := c.analysis.scopes[n]
	code := &funcCode{name: name, prog: c.prog, arrow: arrow, line: c.src.lineOf(n.Idx0())}
	if c.enter(n) {
		c.child(s, code).function(code, n, s)
		c.depth--
	}
	return code
}

// enter counts a level of the tree.
func (c *compiler) enter(n ast.Node) bool {
	if c.depth >= maxTreeDepth {
		c.fail(n, "Nested too deeply")
		return false
	}
	c.depth++
	c.nest = max(c.nest, c.depth)
	return true
}

// hoistedFunctions creates the functions declared in a scope before anything else runs there.
func (c *compiler) hoistedFunctions(s *scope) []stmt {
	var list []stmt
	for _, decl := range c.hoisted[s] {
		name := decl.Name.Name.String()
		v := s.own(name)
		if v == nil { // text evaluated in place: the caller has the name
			v, _ = s.lookup(name)
		}
		if v.decl == decl && v.code != nil {
			c.constantFunction(v.code, decl)
			c.exported(decl, v.code)
			continue
		}
		code := c.closureCode(decl, name, false)
		c.exported(decl, code)
		store := c.store(v)
		list = append(list, func(f *frame) ctl {
			fn, e := f.closure(code)
			if e == nil {
				e = store(f, fn)
			}
			if e != nil {
				return f.throw(e)
			}
			return ctlNext
		})
	}
	return list
}

func (c *compiler) exported(decl *ast.FunctionLiteral, code *funcCode) {
	if c.codes == nil {
		c.codes = make(map[*ast.FunctionLiteral]*funcCode)
	}
	c.codes[decl] = code
}

// constantFunction fills the code of a script-level function that nothing reassigns. Calls to it were
// bound before it was compiled.
func (c *compiler) constantFunction(code *funcCode, decl *ast.FunctionLiteral) {
	s := c.analysis.scopes[decl]
	code.line = c.src.lineOf(decl.Idx0())
	c.child(s, code).function(code, decl, s)
}

// closure makes a function object of code with the frame's surroundings.
func (f *frame) closure(code *funcCode) (Value, *Error) {
	fn := function{code: code, env: f.env, inst: f.inst}
	if code.arrow {
		fn.this = f.this
		if f.fn != nil {
			fn.home = f.fn.home
		}
	}
	o, e := f.run.newFunction(fn)
	if e != nil {
		return Undefined, e
	}
	return ObjectValue(o), nil
}

// parameters compiles defaults, patterns and the rest parameter.
func (c *compiler) parameters(code *funcCode, list *ast.ParameterList) {
	for i, b := range list.List {
		if id, ok := b.Target.(*ast.Identifier); ok {
			if b.Initializer != nil {
				code.prologue = append(code.prologue, c.defaultParameter(id, b.Initializer))
			}
			continue
		}
		code.prologue = append(code.prologue, c.patternParameter(i, b))
	}
	if list.Rest != nil {
		code.wantsExtra = true
		assign := c.declareTarget(list.Rest)
		p := c.at(list.Rest.Idx0())
		code.prologue = append(code.prologue, func(f *frame) ctl {
			if e := f.run.alloc(int64(sizeObject + len(f.extra)*sizeValue)); e != nil {
				return f.throw(p.raise(e))
			}
			rest := &Object{class: classArray, vals: append([]Value(nil), f.extra...)}
			if e := assign(f, ObjectValue(rest)); e != nil {
				return f.throw(e)
			}
			return ctlNext
		})
	}
}

func (c *compiler) defaultParameter(id *ast.Identifier, init ast.Expression) stmt {
	v := c.scope.own(id.Name.String())
	load, store, value := c.load(v), c.store(v), c.expr(init)
	return func(f *frame) ctl {
		if got, _ := load(f); got.k != KindUndefined {
			return ctlNext
		}
		got, e := value(f)
		if e == nil {
			e = store(f, got)
		}
		if e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

func (c *compiler) patternParameter(slot int, b *ast.Binding) stmt {
	var value expr
	if b.Initializer != nil {
		value = c.expr(b.Initializer)
	}
	assign := c.declareTarget(b.Target)
	return func(f *frame) ctl {
		v, e := f.slots[slot], (*Error)(nil)
		if v.k == KindUndefined && value != nil {
			v, e = value(f)
		}
		if e == nil {
			e = assign(f, v)
		}
		if e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

// argumentsObject fills the variable arguments with an array of all arguments.
func (c *compiler) argumentsObject(code *funcCode, v *variable) stmt {
	store := c.store(v)
	p := &at{code.prog.url, code.line}
	return func(f *frame) ctl {
		if e := f.run.alloc(int64(sizeObject + (f.code.params+len(f.extra))*sizeValue)); e != nil {
			return f.throw(p.raise(e))
		}
		n := min(f.passed, f.code.params)
		all := append(append([]Value(nil), f.slots[:n]...), f.extra...)
		if e := store(f, ObjectValue(&Object{class: classArray, vals: all})); e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

// ownName makes the name of a function expression refer to the function inside it.
func (c *compiler) ownName(name string) stmt {
	v := c.scope.own(name)
	if v == nil || v.param > 0 {
		return func(*frame) ctl { return ctlNext }
	}
	store := c.store(v)
	return func(f *frame) ctl {
		if f.fn != nil {
			if e := store(f, ObjectValue(f.fn.self)); e != nil {
				return f.throw(e)
			}
		}
		return ctlNext
	}
}

// preload fills a variable with the built-in it shadows.
func (c *compiler) preload(v *variable) stmt {
	store, g := c.store(v), v.shadows
	return func(f *frame) ctl {
		var x Value
		var e *Error
		if g.Value != nil {
			x, _ = g.Value(f.run)
		} else {
			x, e = f.run.globalValue(g)
		}
		if e == nil {
			e = store(f, x)
		}
		if e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

// load reads a variable.
func (c *compiler) load(v *variable) expr {
	switch {
	case v.table != nil:
		return c.loadMade(v)
	case v.soft:
		return c.loadSoft(v)
	case v.code != nil:
		code := v.code
		return func(f *frame) (Value, *Error) { return f.funcValue(code) }
	case !v.inEnv:
		i := v.index
		return func(f *frame) (Value, *Error) { return f.slots[i], nil }
	}
	return c.loadEnv(v)
}

func (c *compiler) loadEnv(v *variable) expr {
	i := v.index
	switch hops := c.hops(v.scope); hops {
	case 0:
		return func(f *frame) (Value, *Error) { return f.env.vals[i], nil }
	case 1:
		return func(f *frame) (Value, *Error) { return f.env.parent.vals[i], nil }
	default:
		return func(f *frame) (Value, *Error) { return f.env.up(hops).vals[i], nil }
	}
}

// hops counts the envs between the current scope and the scope a variable lives in.
func (c *compiler) hops(to *scope) int {
	n := 0
	for s := c.scope; s != to; s = s.parent {
		if s.hasEnv {
			n++
		}
	}
	return n
}

type storer func(f *frame, v Value) *Error

// store writes a variable. A constant function is no target for the source itself: the analysis saw no
// assignment. Text made at run time may try.
func (c *compiler) store(v *variable) storer {
	switch {
	case v.table != nil:
		return c.storeMade(v)
	case v.code != nil && !v.soft:
		return func(*frame, Value) *Error { return Errorf("Function %s cannot be assigned here", v.name) }
	}
	if !v.inEnv {
		i := v.index
		return func(f *frame, x Value) *Error { f.slots[i] = x; return nil }
	}
	i, hops := v.index, c.hops(v.scope)
	if hops == 0 {
		return func(f *frame, x Value) *Error { f.env.vals[i] = x; return nil }
	}
	return func(f *frame, x Value) *Error { f.env.up(hops).vals[i] = x; return nil }
}

// reachable reports whether code compiled here can get at the variable. Text compiled at run time
// cannot reach slots of enclosing functions.
func (c *compiler) reachable(v *variable) bool {
	if v.table != nil {
		return c.reachable(v.table)
	}
	return v.inEnv || v.code != nil || v.scope.fn.owner() == c.fn.owner()
}

// find is lookup for compiled code: v is nil for names that are no variable.
func (c *compiler) find(name string) (v *variable, elements []*variable) {
	v, elements = c.scope.lookup(name)
	if v != nil && !c.reachable(v) {
		v = nil
	}
	return v, slices.DeleteFunc(elements, func(e *variable) bool { return !c.reachable(e) })
}

// identifier compiles a name read as a value.
func (c *compiler) identifier(n *ast.Identifier) expr {
	name := n.Name.String()
	v, elements := c.find(name)
	var rest expr
	switch {
	case v != nil:
		rest = c.load(v)
	default:
		rest = c.global(name, c.at(n.Idx))
	}
	return c.fieldFirst(name, elements, v, rest, c.at(n.Idx))
}

// fieldFirst reads a name of a string expression: a field of the element if it has one, otherwise
// what the name means to the caller (spec/basescript.md 1.11).
func (c *compiler) fieldFirst(name string, elements []*variable, outer *variable, rest expr, p *at) expr {
	for i := len(elements) - 1; i >= 0; i-- {
		element, after, hint := c.load(elements[i]), rest, new(hintCell)
		if !elements[i].inEnv {
			rest = c.newElementField(name, elements[i].index, operandOf(outer, after), p).get
			outer = nil
			continue
		}
		outer = nil
		rest = func(f *frame) (Value, *Error) {
			elem, _ := element(f)
			if elem.k == KindObject {
				v, ok, e := f.run.field(elem, name, &hint.at)
				if e != nil {
					return Undefined, p.raise(e)
				}
				if ok {
					return v, nil
				}
			}
			return after(f)
		}
	}
	return rest
}

// global reads a name that is no variable: a constant of the language, a host name, or an error.
func (c *compiler) global(name string, p *at) expr {
	if v, ok := languageConstants[name]; ok {
		return literal(v)
	}
	g := c.globals.Lookup(name)
	switch {
	case g == nil:
		return undeclared(name, p)
	case g.Value != nil:
		return func(f *frame) (Value, *Error) {
			v, ok := g.Value(f.run)
			if !ok {
				return Undefined, p.raise(errNotDefined(name))
			}
			return v, nil
		}
	}
	return func(f *frame) (Value, *Error) {
		v, e := f.run.globalValue(g)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

// undeclared reads a name nothing declares: an error, unless another file of the namespace has it.
func undeclared(name string, p *at) expr {
	return func(f *frame) (Value, *Error) {
		if f.run.libraries != nil {
			v, ok, e := f.run.fromNamespace(f.inst.prog, name)
			if e != nil {
				return Undefined, p.raise(e)
			}
			if ok {
				return v, nil
			}
		}
		return Undefined, p.raise(errNotDefined(name))
	}
}

// globalValue is a built-in function or namespace as a value: one object per run.
func (r *Run) globalValue(g *Global) (Value, *Error) {
	if v, ok := r.globals[g]; ok {
		return v, nil
	}
	var v Value
	if g.Func != nil {
		o, e := r.newFunction(function{native: g.Func, global: g})
		if e != nil {
			return Undefined, e
		}
		v = ObjectValue(o)
	} else {
		v = NewHost(g.Static, nil)
	}
	if r.globals == nil {
		r.globals = make(map[*Global]Value)
	}
	r.globals[g] = v
	return v, nil
}

//go:noinline
func literal(v Value) expr { return func(*frame) (Value, *Error) { return v, nil } }

// text compiles a string expression whose scope the analysis opened.
func (c *compiler) text(t *parsedText, s *scope) *textCode {
	outerScope, outerSrc, outerLabels, outerCompletion := c.scope, c.src, c.labels, c.completion
	c.scope, c.src, c.labels, c.completion = s, t.src, nil, 0
	code := &textCode{scope: s, element: s.element}
	hoisted := c.hoistedFunctions(s)
	if t.expr != nil {
		code.body = c.expr(t.expr)
		code.test = c.textTest(t.expr)
	} else {
		code.body = c.functionBody(t.fn.Body.List)
	}
	if len(hoisted) > 0 {
		body := code.body
		code.body = func(f *frame) (Value, *Error) {
			for _, h := range hoisted {
				if h(f) == ctlThrow {
					return Undefined, f.err
				}
			}
			return body(f)
		}
	}
	c.scope, c.src, c.labels, c.completion = outerScope, outerSrc, outerLabels, outerCompletion
	return code
}

// textTest compiles an expression that compares, as most that select do, for its truth alone.
func (c *compiler) textTest(n ast.Expression) test {
	if b, ok := n.(*ast.BinaryExpression); ok && (b.Comparison || b.Operator == token.LOGICAL_AND || b.Operator == token.LOGICAL_OR) {
		return c.condition(n)
	}
	return nil
}
