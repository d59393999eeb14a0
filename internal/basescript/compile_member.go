package basescript

import (
	"github.com/dop251/goja/ast"
)

// dot compiles a property read. It throws for an absent property (spec/basescript.md 1.6).
func (c *compiler) dot(n *ast.DotExpression) expr {
	name := n.Identifier.Name.String()
	p := c.at(n.Identifier.Idx)
	if static := c.staticClass(n.Left); static != nil {
		return c.staticRead(static, name, p)
	}
	if _, ok := n.Left.(*ast.SuperExpression); ok {
		return c.superRead(name, p)
	}
	if field := c.elementMember(n); field != nil {
		return field.get
	}
	left := c.operand(n.Left)
	if name == "length" {
		object := left // a copy: left itself stays off the heap
		return lengthRead(&object, p)
	}
	if left.eval == nil {
		return readOfSlot(left.slot, name, p)
	}
	return readOf(left.eval, name, p)
}

//go:noinline
func readOf(left expr, name string, p *at) expr {
	hint := new(hintCell)
	return func(f *frame) (Value, *Error) {
		v, e := left(f)
		if e != nil {
			return Undefined, e
		}
		if v.k == KindObject {
			o := v.obj()
			if i := o.findHint(name, &hint.at); i >= 0 && o.class != classHost {
				if got := &o.vals[i]; got.k != kindAccessor {
					return *got, nil
				}
			}
		}
		return f.run.read(v, name, p)
	}
}

//go:noinline
func readOfSlot(slot int, name string, p *at) expr {
	hint := new(hintCell)
	return func(f *frame) (Value, *Error) {
		v := &f.slots[slot]
		if v.k == KindObject {
			o := v.obj()
			i := int(hint.at.Load())
			if i >= len(o.keys) || o.keys[i] != name {
				i = o.findAndHint(name, &hint.at)
			}
			if i >= 0 && o.class != classHost {
				if got := &o.vals[i]; got.k != kindAccessor {
					return *got, nil
				}
			}
		}
		return f.run.read(*v, name, p)
	}
}

// read is the whole rule of a property read in script.
func (r *Run) read(v Value, name string, p *at) (Value, *Error) {
	got, ok, e := r.getProperty(v, name)
	if e != nil {
		return Undefined, p.raise(e)
	}
	if !ok {
		return Undefined, p.raise(errUnknownProperty(name))
	}
	return got, nil
}

//go:noinline
func lengthRead(left *operand, p *at) expr {
	return func(f *frame) (Value, *Error) {
		v, e := left.get(f)
		if e != nil {
			return Undefined, e
		}
		if v.k == KindObject && v.obj().class == classArray {
			return Int(int64(len(v.obj().vals))), nil
		}
		return f.run.read(v, "length", p)
	}
}

// staticClass returns the namespace a name stands for (tools, Math), nil for anything else.
func (c *compiler) staticClass(n ast.Expression) *Class {
	id, ok := n.(*ast.Identifier)
	if !ok {
		return nil
	}
	if v, elements := c.scope.lookup(id.Name.String()); v != nil || len(elements) > 0 {
		return nil
	}
	if g := c.globals.Lookup(id.Name.String()); g != nil && g.Value == nil {
		return g.Static
	}
	return nil
}

func (c *compiler) staticRead(class *Class, name string, p *at) expr {
	return func(f *frame) (Value, *Error) {
		v, ok, e := f.run.staticMember(class, name)
		if e == nil && !ok && name == "prototype" {
			if proto := f.run.builtinPrototype(class.Name); proto != nil {
				v, ok = ObjectValue(proto), true
			}
		}
		if e == nil && !ok {
			e = errUnknownProperty(name)
		}
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

func (c *compiler) bracket(n *ast.BracketExpression) expr {
	if _, ok := n.Left.(*ast.SuperExpression); ok {
		c.fail(n, "super[…] is not supported")
		return literal(Undefined)
	}
	p := c.at(n.LeftBracket)
	left, member := c.operands(n.Left, n.Member)
	return func(f *frame) (Value, *Error) {
		v, e := left.get(f)
		if e != nil {
			return Undefined, e
		}
		key, e := member.get(f)
		if e != nil {
			return Undefined, e
		}
		if key.k == KindInt && v.k == KindObject && v.obj().class == classArray {
			if o, i := v.obj(), key.Int(); i >= 0 && i < int64(len(o.vals)) {
				return o.vals[i], nil
			}
		}
		got, ok, e := f.run.index(v, key)
		if e == nil && !ok {
			e = errUnknownProperty(key.Text())
		}
		if e != nil {
			return Undefined, p.raise(e)
		}
		return got, nil
	}
}

// optionalChain compiles a?.b: undefined where the object is empty, and where the property is absent,
// because ?. says that it may be (a superset: the dialect itself has no ?.).
func (c *compiler) optionalChain(n *ast.OptionalChain) expr {
	chain := c.chain(n.Expression)
	return func(f *frame) (Value, *Error) {
		v, _, e := chain(f)
		return v, e
	}
}

// link evaluates a part of an optional chain; ended means that the chain is undefined from here on.
type link func(f *frame) (v Value, ended bool, e *Error)

func (c *compiler) chain(n ast.Expression) link {
	switch n := n.(type) {
	case *ast.Optional:
		inner := c.lenient(n.Expression)
		return func(f *frame) (Value, bool, *Error) {
			v, ended, e := inner(f)
			return v, ended || v.IsNil(), e
		}
	case *ast.DotExpression, *ast.BracketExpression:
		return c.chainRead(n, false)
	case *ast.CallExpression:
		if _, name := n.Callee.(*ast.Identifier); !name {
			return c.chainCall(n)
		}
	}
	value := c.expr(n)
	return func(f *frame) (Value, bool, *Error) {
		v, e := value(f)
		return v, false, e
	}
}

// lenient compiles what stands before ?. : there an absent property is undefined as well.
func (c *compiler) lenient(n ast.Expression) link {
	switch n.(type) {
	case *ast.DotExpression, *ast.BracketExpression:
		return c.chainRead(n, true)
	}
	return c.chain(n)
}

// chainRead compiles a property read inside an optional chain.
func (c *compiler) chainRead(n ast.Expression, lenient bool) link {
	read := c.chainMember(n, lenient)
	return func(f *frame) (Value, bool, *Error) {
		t, ended, e := read(f)
		return t.value, ended, e
	}
}

// chainTarget is a value in an optional chain and, of a member, the object it was read from.
type chainTarget struct {
	object, name, value Value
	member              bool
}

// chainMember compiles a property read inside an optional chain that gives the object as well.
func (c *compiler) chainMember(n ast.Expression, lenient bool) func(f *frame) (chainTarget, bool, *Error) {
	var left ast.Expression
	var key expr
	p := c.at(n.Idx0())
	switch n := n.(type) {
	case *ast.DotExpression:
		left, key = n.Left, literal(String(n.Identifier.Name.String()))
	case *ast.BracketExpression:
		left, key = n.Left, c.expr(n.Member)
	}
	_, optional := left.(*ast.Optional)
	inner := c.chain(left)
	return func(f *frame) (chainTarget, bool, *Error) {
		object, ended, e := inner(f)
		if e != nil || ended {
			return chainTarget{}, ended, e
		}
		name, e := key(f)
		if e != nil {
			return chainTarget{}, false, e
		}
		got, ok, e := f.run.index(object, name)
		if e == nil && !ok && !optional && !lenient {
			e = errUnknownProperty(name.Text())
		}
		if e != nil {
			return chainTarget{}, false, p.raise(e)
		}
		return chainTarget{object: object, name: name, value: got, member: true}, false, nil
	}
}

func (c *compiler) chainCall(n *ast.CallExpression) link {
	p := c.at(n.LeftParenthesis)
	args := c.arguments(n.ArgumentList)
	if dot, ok := n.Callee.(*ast.DotExpression); ok {
		left, name := c.chain(dot.Left), dot.Identifier.Name.String()
		return func(f *frame) (Value, bool, *Error) {
			v, ended, e := left(f)
			if e != nil || ended {
				return Undefined, ended, e
			}
			r := f.run
			base := len(r.args)
			r.args = append(r.args, v)
			list, e := f.argumentList(args, p)
			r.args = r.args[:base]
			if e != nil {
				return Undefined, false, e
			}
			v, e = r.callMethod(v, name, list)
			if e != nil {
				return Undefined, false, p.raise(e)
			}
			return v, false, nil
		}
	}
	callee := c.chainCallee(n.Callee)
	return func(f *frame) (Value, bool, *Error) {
		r := f.run
		base := len(r.args)
		t, ended, e := callee(f)
		if e != nil || ended {
			return Undefined, ended, e
		}
		if t.member && !t.value.Object().IsFunction() {
			return Undefined, false, p.raise(errUnknownMethod(t.name.Text()))
		}
		r.args = append(r.args, t.object, t.value) // in sight of the live-bytes budget
		v, e := f.callWith(t.value, t.object, args, "", p)
		r.args = r.args[:base]
		return v, false, e
	}
}

// chainCallee evaluates what is called in an optional chain, other than .m(): a.m?.() and a?.['m']()
// keep a as this.
func (c *compiler) chainCallee(n ast.Expression) func(f *frame) (chainTarget, bool, *Error) {
	optional, lenient := n.(*ast.Optional)
	if lenient {
		n = optional.Expression
	}
	var read func(f *frame) (chainTarget, bool, *Error)
	switch n.(type) {
	case *ast.DotExpression, *ast.BracketExpression:
		read = c.chainMember(n, lenient)
	default:
		value := c.chain(n)
		read = func(f *frame) (chainTarget, bool, *Error) {
			v, ended, e := value(f)
			return chainTarget{value: v}, ended, e
		}
	}
	return func(f *frame) (chainTarget, bool, *Error) {
		t, ended, e := read(f)
		return t, ended || lenient && t.value.IsNil(), e
	}
}

func (c *compiler) deleteProperty(n *ast.UnaryExpression) expr {
	var left expr
	var key func(f *frame) (string, *Error)
	switch t := n.Operand.(type) {
	case *ast.DotExpression:
		left, key = c.expr(t.Left), c.keyOf(&t.Identifier, false)
	case *ast.BracketExpression:
		left, key = c.expr(t.Left), c.keyOf(t.Member, true)
	default:
		value := c.expr(n.Operand)
		return func(f *frame) (Value, *Error) {
			_, e := value(f)
			return True, e
		}
	}
	p := c.at(n.Idx)
	return func(f *frame) (Value, *Error) {
		v, e := left(f)
		if e != nil {
			return Undefined, e
		}
		name, e := key(f)
		if e != nil {
			return Undefined, e
		}
		o := v.Object()
		if o == nil || o.class == classHost || o.frozen {
			return Undefined, p.raise(Errorf("Property %s cannot be deleted", name))
		}
		f.run.steps -= 8 // the order of the rest is kept
		o.Delete(name)
		return True, nil
	}
}
