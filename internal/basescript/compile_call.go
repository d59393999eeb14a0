package basescript

import (
	"slices"

	"github.com/dop251/goja/ast"
)

// arguments compiles an argument list.
func (c *compiler) arguments(list []ast.Expression) []argument {
	args := make([]argument, len(list))
	for i, e := range list {
		args[i] = c.argument(e)
	}
	return args
}

// pushArgs evaluates arguments onto the run's argument stack, above base. On an error the stack is
// back at base. The stack keeps them in sight of the live-bytes budget.
func (f *frame) pushArgs(args []argument, base int, p *at) *Error {
	r := f.run
	for i := range args {
		if args[i].spread {
			e := args[i].each(f, p, func(v Value) *Error {
				r.args = append(r.args, v)
				return r.alloc(sizeValue)
			})
			if e != nil {
				r.args = r.args[:base]
				return e
			}
			continue
		}
		v, e := args[i].value(f)
		if e != nil {
			r.args = r.args[:base]
			return e
		}
		r.args = append(r.args, v)
	}
	return nil
}

// argumentList evaluates arguments into a list of their own.
func (f *frame) argumentList(args []argument, p *at) ([]Value, *Error) {
	r := f.run
	base := len(r.args)
	if e := f.pushArgs(args, base, p); e != nil {
		return nil, e
	}
	list := append([]Value(nil), r.args[base:]...)
	r.args = r.args[:base]
	return list, nil
}

// call compiles a call by what its callee is: a script function known now, a host function, a member
// of a namespace, a method, or a value.
func (c *compiler) call(n *ast.CallExpression) expr {
	switch callee := n.Callee.(type) {
	case *ast.Identifier:
		return c.callName(n, callee)
	case *ast.DotExpression:
		name := callee.Identifier.Name.String()
		p := c.at(callee.Identifier.Idx)
		if static := c.staticClass(callee.Left); static != nil {
			if m := static.Method(name); m != nil {
				call := func(r *Run, args []Value) (Value, error) { return m.Call(r, Undefined, args) }
				return callGo(name, m.Min, call, c.arguments(n.ArgumentList), p)
			}
		}
		if _, ok := callee.Left.(*ast.SuperExpression); ok {
			return c.superCall(name, c.arguments(n.ArgumentList), p)
		}
		return c.callMethod(callee.Left, name, n.ArgumentList, p)
	case *ast.BracketExpression:
		return c.callIndexed(callee, n)
	case *ast.SuperExpression:
		return c.superConstructor(c.arguments(n.ArgumentList), c.at(n.LeftParenthesis))
	}
	return c.callValue(c.expr(n.Callee), "", c.arguments(n.ArgumentList), c.at(n.LeftParenthesis))
}

// callName compiles name(…).
func (c *compiler) callName(n *ast.CallExpression, id *ast.Identifier) expr {
	name, p := id.Name.String(), c.at(id.Idx)
	v, elements := c.find(name)
	args := c.arguments(n.ArgumentList)
	var rest expr
	switch {
	case v != nil && v.code != nil && !hasSpreadNode(n.ArgumentList):
		rest = c.callCode(v.code, args, p)
		if v.soft {
			rest = c.callSoft(v, rest, args, p)
		}
	case v != nil:
		rest = c.callValue(c.load(v), name, args, p)
	default:
		rest = c.callGlobal(n, name, args, p)
	}
	return c.fieldCallFirst(name, args, elements, rest, p)
}

func hasSpreadNode(list []ast.Expression) bool {
	for _, e := range list {
		if _, ok := e.(*ast.SpreadElement); ok {
			return true
		}
	}
	return false
}

// fieldCallFirst lets a name called in a string expression be a field of the element, if that field
// is a function (design: architecture 1). A name made at run time is called without an object.
func (c *compiler) fieldCallFirst(name string, args []argument, elements []*variable, rest expr, p *at) expr {
	for i := len(elements) - 1; i >= 0; i-- {
		element, after, hint, made := c.load(elements[i]), rest, new(hintCell), elements[i].kind == varTable
		rest = func(f *frame) (Value, *Error) {
			elem, _ := element(f)
			if elem.k == KindObject && elem.obj().class != classHost {
				fn, ok, e := f.run.field(elem, name, &hint.at)
				if e != nil {
					return Undefined, p.raise(e)
				}
				if ok && fn.Object().IsFunction() {
					if made {
						elem = Undefined
					}
					return f.callWith(fn, elem, args, name, p)
				}
			}
			return after(f)
		}
	}
	return rest
}

// callCode compiles a call of a script function known at compile time: its arguments are evaluated
// straight into the slots of its frame.
func (c *compiler) callCode(code *funcCode, args []argument, p *at) expr {
	values := make([]expr, len(args))
	for i := range args {
		values[i] = args[i].value
	}
	return func(f *frame) (Value, *Error) {
		r := f.run
		g := r.pushFrame(code)
		for i, value := range values {
			v, e := value(f)
			if e != nil {
				r.popFrame(g)
				return Undefined, e
			}
			if i < code.params {
				g.slots[i] = v
			} else if code.wantsExtra {
				g.addExtra(v)
			}
		}
		g.passed = len(values)
		g.inst, g.env = f.inst, f.inst.root
		v, e := r.exec(g)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

// callGlobal compiles a call of a name that is no variable.
func (c *compiler) callGlobal(n *ast.CallExpression, name string, args []argument, p *at) expr {
	g := c.globals.Lookup(name)
	if g == nil || g.Func == nil {
		return c.callValue(c.global(name, p), name, args, p)
	}
	return callGo(name, g.Func.Min, g.Func.Call, c.nativeArguments(g.Func, n.ArgumentList, args, p), p)
}

// callGo compiles a call of a Go function known at compile time: its arguments are evaluated onto the
// run's argument stack.
//
//go:noinline
func callGo(name string, least int, call func(*Run, []Value) (Value, error), args []argument, p *at) expr {
	return func(f *frame) (Value, *Error) {
		r := f.run
		base := len(r.args)
		if e := f.pushArgs(args, base, p); e != nil {
			return Undefined, e
		}
		list := r.args[base:len(r.args):len(r.args)]
		if e := r.enterNative(len(list), least); e != nil {
			r.args = r.args[:base]
			return Undefined, e.throughCall(name, p.url, p.line)
		}
		r.line = p.line
		pins := len(r.pins)
		v, err := call(r, list)
		r.depth--
		if len(r.pins) > pins {
			r.unpin(pins)
		}
		r.args = r.args[:base]
		if err != nil {
			return Undefined, toError(err).throughCall(name, p.url, p.line)
		}
		return v, nil
	}
}

// enterNative checks and charges a call into Go.
func (r *Run) enterNative(args, least int) *Error {
	if args < least {
		return toError(ErrWrongArguments)
	}
	if r.depth >= r.limit {
		return r.stop(BudgetDepth, "calls nested deeper than %d", r.limit)
	}
	if r.steps--; r.steps <= 0 {
		if e := r.look(); e != nil {
			return e
		}
	}
	r.depth++
	return nil
}

// nativeArguments makes the compiled arguments of a call those of a host function: those that are
// string expressions become callbacks on the caller's frame.
func (c *compiler) nativeArguments(fn *Func, list []ast.Expression, args []argument, call *at) []argument {
	if fn.Text == nil {
		return args
	}
	native := slices.Clone(args)
	for i, e := range list {
		if _, spread := e.(*ast.SpreadElement); !spread && fn.takesText(i) {
			native[i] = argument{value: c.textArgument(e, args[i].value, fn.Name, call)}
		}
	}
	return native
}

// textArgument compiles an argument that is a string expression of the built-in name. Text that does not
// parse is an error inside that call, as any other error of the text (spec/basescript.md 1.11).
func (c *compiler) textArgument(n ast.Expression, value expr, name string, call *at) expr {
	if t := c.analysis.texts[n]; t != nil {
		return c.literalText(t, c.analysis.scopes[t.fn], n, name, call)
	}
	s, p, prog := c.scope, c.at(n.Idx0()), c.prog
	return func(f *frame) (Value, *Error) {
		v, e := value(f)
		if e != nil || v.k != KindString {
			return v, e
		}
		code, e := f.run.textAt(prog, s, v.Str(), p.line)
		if e == nil {
			v, e = f.textValue(code)
		}
		if e != nil {
			return Undefined, p.raise(e).throughCall(name, call.url, call.line)
		}
		return v, nil
	}
}

// literalText compiles a literal string expression in place. One that does not parse is an error when
// it is evaluated, as text built at run time is.
func (c *compiler) literalText(t *parsedText, s *scope, n ast.Node, name string, call *at) expr {
	p := c.at(n.Idx0())
	if t.err != nil {
		message := toError(t.err).Message
		return func(*frame) (Value, *Error) {
			return Undefined, p.raise(NewError(message)).throughCall(name, call.url, call.line)
		}
	}
	code := c.text(t, s)
	return func(f *frame) (Value, *Error) {
		v, e := f.textValue(code)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

// callValue compiles a call of a value that is known at run time only.
//
//go:noinline
func (c *compiler) callValue(callee expr, name string, args []argument, p *at) expr {
	keep := c.temp()
	return func(f *frame) (Value, *Error) {
		fn, e := callee(f)
		if e != nil {
			return Undefined, e
		}
		f.slots[keep] = fn
		return f.callWith(fn, Undefined, args, name, p)
	}
}

// callWith calls a function value with arguments still to be evaluated.
func (f *frame) callWith(fn, this Value, args []argument, name string, p *at) (Value, *Error) {
	r := f.run
	base := len(r.args)
	if e := f.pushArgs(args, base, p); e != nil {
		return Undefined, e
	}
	fo := fn.Object().function()
	if fo == nil {
		r.args = r.args[:base]
		return Undefined, p.raise(NewError(strIf(name, name, "Value") + " is not a function"))
	}
	r.line = p.line
	v, e := r.callValue(fn, this, r.args[base:len(r.args):len(r.args)])
	r.args = r.args[:base]
	if e != nil {
		return Undefined, p.fromCall(e, fo)
	}
	return v, nil
}

func strIf(test, yes, no string) string {
	if test != "" {
		return yes
	}
	return no
}

// fromCall notes on an error that it came out of a call here: built-ins leave a frame with their name.
func (p *at) fromCall(e *Error, fo *function) *Error {
	if fo.code == nil && fo.text == nil {
		return e.throughCall(fo.name(), p.url, p.line)
	}
	return p.raise(e)
}

// callMethod compiles obj.name(…). The receiver and the arguments are evaluated first, then the
// method is found by what the receiver is.
func (c *compiler) callMethod(left ast.Expression, name string, list []ast.Expression, p *at) expr {
	object := c.expr(left)
	args := c.arguments(list)
	hint := new(hintCell)
	ofArrays := arrayMethods[name]
	return func(f *frame) (Value, *Error) {
		obj, e := object(f)
		if e != nil {
			return Undefined, e
		}
		r := f.run
		base := len(r.args)
		r.args = append(r.args, obj)
		if e := f.pushArgs(args, base, p); e != nil {
			return Undefined, e
		}
		if ofArrays != nil && obj.k == KindObject && obj.obj().class == classArray && obj.obj().ext == nil && r.protos == nil {
			r.line = p.line
			v, e := r.callBuiltin(ofArrays, obj, r.args[base+1:len(r.args):len(r.args)])
			r.args = r.args[:base]
			if e != nil {
				return Undefined, e.throughCall(name, p.url, p.line)
			}
			return v, nil
		}
		v, e := r.dispatch(obj, name, r.args[base+1:len(r.args):len(r.args)], hint, p)
		r.args = r.args[:base]
		return v, e
	}
}

// dispatch finds and calls a method: an own function first, then what the type has.
func (r *Run) dispatch(obj Value, name string, args []Value, hint *hintCell, p *at) (Value, *Error) {
	r.line = p.line
	if obj.k == KindObject {
		o := obj.obj()
		if o.class == classHost {
			v, known, e := r.callHostMethod(obj, name, args)
			switch {
			case e == nil:
				return v, nil
			case known:
				return Undefined, e.throughCall(name, p.url, p.line)
			}
			return Undefined, p.raise(e)
		}
		if i := o.findHint(name, &hint.at); i >= 0 {
			fn, _, e := r.unfold(o.vals[i], obj)
			if e != nil {
				return Undefined, p.raise(e)
			}
			return r.callFound(fn, obj, name, args, p)
		}
	}
	if r.protos == nil {
		if m := builtinMethod(obj, name); m != nil && (obj.k != KindObject || obj.obj().proto == nil) {
			v, e := r.callBuiltin(m, obj, args)
			if e != nil {
				return Undefined, e.throughCall(name, p.url, p.line)
			}
			return v, nil
		}
	}
	fn, ok, e := r.getProperty(obj, name)
	if e != nil {
		return Undefined, p.raise(e)
	}
	if !ok {
		return Undefined, p.raise(errUnknownMethod(name))
	}
	return r.callFound(fn, obj, name, args, p)
}

func (r *Run) callFound(fn, obj Value, name string, args []Value, p *at) (Value, *Error) {
	fo := fn.Object().function()
	if fo == nil {
		return Undefined, p.raise(errUnknownMethod(name))
	}
	v, e := r.callValue(fn, obj, args)
	if e != nil {
		return Undefined, p.fromCall(e, fo)
	}
	return v, nil
}

// callIndexed compiles obj[key](…).
func (c *compiler) callIndexed(callee *ast.BracketExpression, n *ast.CallExpression) expr {
	object, member := c.operands(callee.Left, callee.Member)
	args, p := c.arguments(n.ArgumentList), c.at(callee.LeftBracket)
	return func(f *frame) (Value, *Error) {
		obj, e := object.get(f)
		if e != nil {
			return Undefined, e
		}
		key, e := member.get(f)
		if e != nil {
			return Undefined, e
		}
		r := f.run
		base := len(r.args)
		r.args = append(r.args, obj)
		if e := f.pushArgs(args, base, p); e != nil {
			return Undefined, e
		}
		list := r.args[base+1 : len(r.args) : len(r.args)]
		var v Value
		if key.k == KindInt && obj.Object().IsArray() {
			fn, _, _ := r.index(obj, key)
			v, e = r.callFound(fn, obj, key.Text(), list, p)
		} else {
			v, e = r.dispatch(obj, key.Text(), list, new(hintCell), p)
		}
		r.args = r.args[:base]
		return v, e
	}
}

// newExpression compiles new X(…).
func (c *compiler) newExpression(n *ast.NewExpression) expr {
	args, p := c.arguments(n.ArgumentList), c.at(n.New)
	name := "Value"
	if id, ok := n.Callee.(*ast.Identifier); ok {
		name = id.Name.String()
	}
	callee, keep := c.expr(n.Callee), c.temp()
	return func(f *frame) (Value, *Error) {
		fn, e := callee(f)
		if e != nil {
			return Undefined, e
		}
		f.slots[keep] = fn
		r := f.run
		base := len(r.args)
		if e := f.pushArgs(args, base, p); e != nil {
			return Undefined, e
		}
		fo := fn.Object().function()
		if fo == nil {
			r.args = r.args[:base]
			return Undefined, p.raise(NewError(name + " is not a constructor"))
		}
		v, e := r.construct(fn, r.args[base:len(r.args):len(r.args)])
		r.args = r.args[:base]
		if e != nil {
			return Undefined, p.fromCall(e, fo)
		}
		return v, nil
	}
}
