package basescript

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// assignment compiles = and the operators that assign.
func (c *compiler) assignment(n *ast.AssignExpression) expr {
	if n.Operator == token.ASSIGN {
		return c.plainAssignment(n)
	}
	switch n.Operator {
	case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
		return c.logicalAssignment(n)
	}
	if chain := c.appendAssign(n); chain != nil {
		return chain
	}
	op := c.assignOperator(n)
	ref := c.reference(n.Left)
	value := c.expr(n.Right)
	p := c.at(n.Left.Idx0())
	return ref.update(p, func(f *frame, old Value) (Value, *Error) {
		x, e := value(f)
		if e != nil {
			return Undefined, e
		}
		v, e := op(f.run, old, x)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	})
}

// assignOperator is the operator of op=; += appends text in place.
func (c *compiler) assignOperator(n *ast.AssignExpression) func(r *Run, a, b Value) (Value, *Error) {
	if n.Operator == token.PLUS {
		return (*Run).appendText
	}
	op := c.operator(n, n.Operator)
	return func(_ *Run, a, b Value) (Value, *Error) { return op(a, b), nil }
}

func (c *compiler) plainAssignment(n *ast.AssignExpression) expr {
	if id, ok := n.Left.(*ast.Identifier); ok {
		if chain := c.appendChain(id, n.Right); chain != nil {
			return chain
		}
		value := c.growingSum(id, n.Right)
		if value == nil {
			value = c.namedValue(id.Name.String(), n.Right)
		}
		store := c.storeName(id)
		return func(f *frame) (Value, *Error) {
			v, e := value(f)
			if e == nil {
				e = store(f, v)
			}
			if e != nil {
				return Undefined, e
			}
			return v, nil
		}
	}
	switch n.Left.(type) {
	case *ast.ArrayPattern, *ast.ObjectPattern:
		value, assign := c.expr(n.Right), c.target(n.Left)
		keep := c.temp()
		return func(f *frame) (Value, *Error) {
			v, e := value(f)
			if e == nil {
				f.slots[keep] = v
				e = assign(f, v)
			}
			if e != nil {
				return Undefined, e
			}
			return v, nil
		}
	}
	value := c.growingSum(n.Left, n.Right)
	if value == nil {
		value = c.expr(n.Right)
	}
	return c.reference(n.Left).set(value)
}

// namedValue compiles a value; an anonymous function takes the name it is assigned to.
func (c *compiler) namedValue(name string, n ast.Expression) expr {
	switch fn := n.(type) {
	case *ast.FunctionLiteral:
		if fn.Name == nil {
			return c.functionValue(fn, name, false)
		}
	case *ast.ArrowFunctionLiteral:
		return c.functionValue(fn, name, true)
	}
	return c.expr(n)
}

// appendChain recognises s = s + a + b, which appends to s in place (design: evaluator, "Strings").
func (c *compiler) appendChain(id *ast.Identifier, right ast.Expression) expr {
	if !appendsTo(id, right) {
		return nil
	}
	return c.appendTerms(id, plusTerms(right)[1:])
}

// appendsTo reports whether an expression is id + something.
func appendsTo(id *ast.Identifier, n ast.Expression) bool {
	terms := plusTerms(n)
	first, ok := terms[0].(*ast.Identifier)
	return ok && len(terms) > 1 && first.Name == id.Name
}

// appendAssign recognises s += x, and s += 'a' + b: where the sum begins with a text it is the same as
// s = s + 'a' + b.
func (c *compiler) appendAssign(n *ast.AssignExpression) expr {
	id, ok := n.Left.(*ast.Identifier)
	if !ok || n.Operator != token.PLUS {
		return nil
	}
	terms := plusTerms(n.Right)
	if _, text := terms[0].(*ast.StringLiteral); len(terms) > 1 && !text {
		terms = []ast.Expression{n.Right}
	}
	return c.appendTerms(id, terms)
}

// appendTerms compiles adding terms to a variable one after the other; nil where the name may not be
// a variable.
func (c *compiler) appendTerms(id *ast.Identifier, terms []ast.Expression) expr {
	v, elements := c.find(id.Name.String())
	if v == nil || len(elements) > 0 || v.kind == varConst || v.code != nil {
		return nil
	}
	load, store, p := c.load(v), c.store(v), c.at(id.Idx)
	list, calls := make([]expr, len(terms)), false
	for i, t := range terms {
		list[i] = c.expr(t)
		calls = calls || c.mayCall(t)
	}
	if !calls && !v.inEnv && len(list) > 1 {
		return appendTermsToSlot(v.index, list, p)
	}
	keep := c.temp()
	if len(list) == 1 && !v.inEnv {
		return appendSlot(v.index, list[0], keep, p)
	}
	return func(f *frame) (Value, *Error) {
		acc, _ := load(f) // a variable always loads
		for _, term := range list {
			f.slots[keep] = acc
			x, e := term(f)
			if e != nil {
				return Undefined, e
			}
			if acc, e = f.run.appendText(acc, x); e != nil {
				return Undefined, p.raise(e)
			}
		}
		f.slots[keep] = Undefined
		if e := store(f, acc); e != nil {
			return Undefined, e
		}
		return acc, nil
	}
}

// appendTermsToSlot is appendTerms for a variable in a slot and terms that run no other code: the sum so
// far needs no place of its own meanwhile.
//
//go:noinline
func appendTermsToSlot(slot int, terms []expr, p *at) expr {
	return func(f *frame) (Value, *Error) {
		acc := f.slots[slot]
		for _, term := range terms {
			x, e := term(f)
			if e != nil {
				return Undefined, e
			}
			if acc, e = f.run.appendText(acc, x); e != nil {
				return Undefined, p.raise(e)
			}
		}
		f.slots[slot] = acc
		return acc, nil
	}
}

// growingSum recognises o.s = o.s + a + b and a[i] = a[i] + b: a sum that begins with what it is assigned
// to is put together by appending. Its value is the same as that of any sum.
func (c *compiler) growingSum(target, right ast.Expression) expr {
	b, ok := right.(*ast.BinaryExpression)
	if !ok || b.Operator != token.PLUS {
		return nil
	}
	terms := plusTerms(b)
	if !sameReference(target, terms[0]) {
		return nil
	}
	list := make([]expr, len(terms))
	for i, t := range terms {
		list[i] = c.expr(t)
	}
	keep, p := c.temp(), c.at(target.Idx0())
	return func(f *frame) (Value, *Error) {
		acc, e := list[0](f)
		if e != nil {
			return Undefined, e
		}
		for _, term := range list[1:] {
			if acc.k >= KindString {
				f.slots[keep] = acc
			}
			x, e := term(f)
			if e != nil {
				return Undefined, e
			}
			if acc.k == KindInt && x.k == KindInt {
				acc = Int(acc.Int() + x.Int())
			} else if acc, e = f.run.appendText(acc, x); e != nil {
				return Undefined, p.raise(e)
			}
		}
		if acc.k >= KindString {
			f.slots[keep] = Undefined
		}
		return acc, nil
	}
}

// sameReference reports whether two expressions are written alike, as far as names, members of names and
// constants go.
func sameReference(a, b ast.Expression) bool {
	switch a := a.(type) {
	case *ast.Identifier:
		b, ok := b.(*ast.Identifier)
		return ok && a.Name == b.Name
	case *ast.ThisExpression:
		_, ok := b.(*ast.ThisExpression)
		return ok
	case *ast.StringLiteral:
		b, ok := b.(*ast.StringLiteral)
		return ok && a.Literal == b.Literal
	case *ast.NumberLiteral:
		b, ok := b.(*ast.NumberLiteral)
		return ok && a.Literal == b.Literal
	case *ast.DotExpression:
		b, ok := b.(*ast.DotExpression)
		return ok && a.Identifier.Name == b.Identifier.Name && sameReference(a.Left, b.Left)
	case *ast.BracketExpression:
		b, ok := b.(*ast.BracketExpression)
		return ok && sameReference(a.Member, b.Member) && sameReference(a.Left, b.Left)
	}
	return false
}

// appendSlot is s = s + x for a variable in a slot: the usual counter and the usual text loop.
//
//go:noinline
func appendSlot(slot int, term expr, keep int, p *at) expr {
	return func(f *frame) (Value, *Error) {
		acc := f.slots[slot]
		if acc.k >= KindString {
			f.slots[keep] = acc // term may assign the variable
		}
		x, e := term(f)
		if e != nil {
			return Undefined, e
		}
		if acc.k == KindInt && x.k == KindInt {
			acc = Int(acc.Int() + x.Int())
		} else if acc, e = f.run.appendText(acc, x); e != nil {
			return Undefined, p.raise(e)
		}
		f.slots[slot] = acc
		return acc, nil
	}
}

func (c *compiler) logicalAssignment(n *ast.AssignExpression) expr {
	ref, value := c.reference(n.Left), c.expr(n.Right)
	keeps := func(v Value) bool { return !v.IsNil() } // ??=
	switch n.Operator {
	case token.LOGICAL_AND:
		keeps = func(v Value) bool { return !v.Truthy() }
	case token.LOGICAL_OR:
		keeps = Value.Truthy
	}
	return ref.update(c.at(n.Left.Idx0()), func(f *frame, old Value) (Value, *Error) {
		if keeps(old) {
			return old, nil
		}
		return value(f)
	})
}

// increment compiles ++ and --.
func (c *compiler) increment(n *ast.UnaryExpression) expr {
	delta := int64(1)
	if n.Operator == token.DECREMENT {
		delta = -1
	}
	if id, ok := n.Operand.(*ast.Identifier); ok {
		if v, elements := c.find(id.Name.String()); v != nil && len(elements) == 0 && v.inSlot() && v.kind != varConst {
			return incrementSlot(v.index, delta, n.Postfix)
		}
	}
	ref := c.reference(n.Operand)
	if !n.Postfix {
		return ref.update(c.at(n.Idx0()), func(_ *frame, old Value) (Value, *Error) { return plusInt(old, delta), nil })
	}
	keep := c.temp()
	update := ref.update(c.at(n.Idx0()), func(f *frame, old Value) (Value, *Error) {
		f.slots[keep] = toNumber(old.Scalar())
		return plusInt(old, delta), nil
	})
	return func(f *frame) (Value, *Error) {
		if _, e := update(f); e != nil {
			return Undefined, e
		}
		return f.slots[keep], nil
	}
}

//go:noinline
func incrementSlot(slot int, delta int64, postfix bool) expr {
	return func(f *frame) (Value, *Error) {
		old := f.slots[slot]
		if old.k == KindInt {
			v := Int(old.Int() + delta)
			f.slots[slot] = v
			if postfix {
				return old, nil
			}
			return v, nil
		}
		v := plusInt(old, delta)
		f.slots[slot] = v
		if postfix {
			return toNumber(old.Scalar()), nil
		}
		return v, nil
	}
}

func plusInt(v Value, delta int64) Value {
	if v = toNumber(v.Scalar()); v.k == KindInt {
		return Int(v.Int() + delta)
	}
	return Real(v.Real() + float64(delta))
}

// ref is something that can be assigned: its object and key are evaluated once.
type ref struct {
	// set compiles an assignment of a value.
	set func(value expr) expr
	// update compiles a read, a change and a write; the result is the new value.
	update func(p *at, change func(f *frame, old Value) (Value, *Error)) expr
}

// reference compiles an assignment target that is not a pattern.
func (c *compiler) reference(n ast.Expression) ref {
	switch n := n.(type) {
	case *ast.Identifier:
		return c.nameReference(n)
	case *ast.DotExpression:
		return c.dotReference(n)
	case *ast.BracketExpression:
		return c.bracketReference(n)
	}
	c.fail(n, "Invalid left-hand side in assignment")
	nothing := func() expr { return literal(Undefined) }
	return ref{
		set:    func(expr) expr { return nothing() },
		update: func(*at, func(*frame, Value) (Value, *Error)) expr { return nothing() },
	}
}

// storeName writes a variable by name.
func (c *compiler) storeName(id *ast.Identifier) storer {
	name := id.Name.String()
	v, elements := c.find(name)
	p := c.at(id.Idx)
	var rest storer
	switch {
	case v == nil:
		rest = func(*frame, Value) *Error { return p.raise(errNotDefined(name)) }
	case v.kind == varConst:
		rest = func(*frame, Value) *Error { return p.raise(Errorf("Constant %s cannot be assigned", name)) }
	default:
		store := c.store(v)
		rest = store
		if v.code != nil && !v.soft {
			rest = func(f *frame, x Value) *Error { return p.raise(store(f, x)) }
		}
	}
	return c.fieldStoreFirst(name, elements, rest, p)
}

func (c *compiler) nameReference(id *ast.Identifier) ref {
	load, store := c.identifier(id), c.storeName(id)
	if v, elements := c.find(id.Name.String()); v != nil {
		// A string expression writes the variable, not a field: read the same.
		load = c.fieldFirst(v.name, assignable(elements), v, c.load(v), c.at(id.Idx))
	}
	return ref{
		set: func(value expr) expr {
			return func(f *frame) (Value, *Error) {
				v, e := value(f)
				if e == nil {
					e = store(f, v)
				}
				if e != nil {
					return Undefined, e
				}
				return v, nil
			}
		},
		update: func(_ *at, change func(*frame, Value) (Value, *Error)) expr {
			return func(f *frame) (Value, *Error) {
				v, e := load(f)
				if e == nil {
					v, e = change(f, v)
				}
				if e == nil {
					e = store(f, v)
				}
				if e != nil {
					return Undefined, e
				}
				return v, nil
			}
		},
	}
}

func (c *compiler) dotReference(n *ast.DotExpression) ref {
	left, name, p := c.expr(n.Left), n.Identifier.Name.String(), c.at(n.Identifier.Idx)
	hint, keep, kept := new(hintCell), c.temp(), c.temp()
	return ref{
		set: func(value expr) expr {
			return func(f *frame) (Value, *Error) {
				obj, e := left(f)
				if e != nil {
					return Undefined, e
				}
				f.slots[keep] = obj
				v, e := value(f)
				if e != nil {
					return Undefined, e
				}
				f.slots[kept] = v // a setter may drop its parameter
				if e := f.run.setHinted(obj, name, v, hint); e != nil {
					return Undefined, p.raise(e)
				}
				return v, nil
			}
		},
		update: func(_ *at, change func(*frame, Value) (Value, *Error)) expr {
			return func(f *frame) (Value, *Error) {
				obj, e := left(f)
				if e != nil {
					return Undefined, e
				}
				f.slots[keep] = obj
				v, e := f.run.read(obj, name, p)
				if e == nil {
					v, e = change(f, v)
				}
				if e != nil {
					return Undefined, e
				}
				if e := f.run.setHinted(obj, name, v, hint); e != nil {
					return Undefined, p.raise(e)
				}
				return v, nil
			}
		},
	}
}

// setHinted writes obj.name with a memory of where the site met the name last.
func (r *Run) setHinted(obj Value, name string, v Value, hint *hintCell) *Error {
	if obj.k == KindObject {
		if o := obj.obj(); o.class == classObject && !o.frozen {
			if i := o.findHint(name, &hint.at); i >= 0 && o.vals[i].k != kindAccessor {
				o.vals[i] = v
				return nil
			}
		}
	}
	return r.setProperty(obj, name, v)
}

func (c *compiler) bracketReference(n *ast.BracketExpression) ref {
	left, member, p := c.expr(n.Left), c.expr(n.Member), c.at(n.LeftBracket)
	keepObj, keepKey := c.temp(), c.temp()
	operands := func(f *frame) (obj, key Value, e *Error) {
		if obj, e = left(f); e != nil {
			return
		}
		f.slots[keepObj] = obj
		key, e = member(f)
		f.slots[keepKey] = key
		return
	}
	return ref{
		set: func(value expr) expr {
			return func(f *frame) (Value, *Error) {
				obj, key, e := operands(f)
				if e != nil {
					return Undefined, e
				}
				v, e := value(f)
				if e != nil {
					return Undefined, e
				}
				if e := f.run.setIndex(obj, key, v); e != nil {
					return Undefined, p.raise(e)
				}
				return v, nil
			}
		},
		update: func(_ *at, change func(*frame, Value) (Value, *Error)) expr {
			return func(f *frame) (Value, *Error) {
				obj, key, e := operands(f)
				if e != nil {
					return Undefined, e
				}
				v, ok, e := f.run.index(obj, key)
				if e == nil && !ok {
					e = errUnknownProperty(key.Text())
				}
				if e != nil {
					return Undefined, p.raise(e)
				}
				if v, e = change(f, v); e != nil {
					return Undefined, e
				}
				if e := f.run.setIndex(obj, key, v); e != nil {
					return Undefined, p.raise(e)
				}
				return v, nil
			}
		},
	}
}

// declareTarget compiles the target of a declaration, which may write a const.
func (c *compiler) declareTarget(n ast.Expression) storer {
	if id, ok := n.(*ast.Identifier); ok {
		if v, _ := c.find(id.Name.String()); v != nil {
			return c.store(v)
		}
	}
	return c.pattern(n, c.declareTarget)
}

// target compiles the target of an assignment.
func (c *compiler) target(n ast.Expression) storer {
	switch n := n.(type) {
	case *ast.Identifier:
		return c.storeName(n)
	case *ast.DotExpression, *ast.BracketExpression:
		keep := c.temp()
		set := c.reference(n).set(func(f *frame) (Value, *Error) { return f.slots[keep], nil })
		return func(f *frame, v Value) *Error {
			f.slots[keep] = v
			_, e := set(f)
			return e
		}
	}
	return c.pattern(n, c.target)
}

// pattern compiles a destructuring target; leaf compiles the targets inside it.
func (c *compiler) pattern(n ast.Expression, leaf func(ast.Expression) storer) storer {
	switch n := n.(type) {
	case *ast.ArrayPattern:
		return c.arrayPattern(n, leaf)
	case *ast.ObjectPattern:
		return c.objectPattern(n, leaf)
	case *ast.AssignExpression: // a target with a default
		inner, value := leaf(n.Left), c.expr(n.Right)
		return func(f *frame, v Value) (e *Error) {
			if v.k == KindUndefined {
				if v, e = value(f); e != nil {
					return e
				}
			}
			return inner(f, v)
		}
	case *ast.Binding:
		if n.Initializer == nil {
			return leaf(n.Target)
		}
		return c.pattern(&ast.AssignExpression{Operator: token.ASSIGN, Left: n.Target, Right: n.Initializer}, leaf)
	}
	c.fail(n, "Invalid destructuring target")
	return func(*frame, Value) *Error { return nil }
}

func (c *compiler) arrayPattern(n *ast.ArrayPattern, leaf func(ast.Expression) storer) storer {
	parts := make([]storer, len(n.Elements))
	for i, e := range n.Elements {
		if e != nil {
			parts[i] = leaf(e)
		}
	}
	var rest storer
	if n.Rest != nil {
		rest = leaf(n.Rest)
	}
	p := c.at(n.LeftBracket)
	return func(f *frame, v Value) *Error {
		items, ok := f.run.Items(v)
		if !ok {
			return p.raise(NewError("Value is not a collection"))
		}
		var all []Value
		for x := range items {
			e := f.run.alloc(sizeValue)
			if e == nil {
				e = f.run.step(1)
			}
			if e != nil {
				return p.raise(e)
			}
			all = append(all, x)
			if rest == nil && len(all) == len(parts) {
				break
			}
		}
		for i, part := range parts {
			var x Value
			if i < len(all) {
				x = all[i]
			}
			if part != nil {
				if e := part(f, x); e != nil {
					return e
				}
			}
		}
		if rest == nil {
			return nil
		}
		return rest(f, ObjectValue(&Object{class: classArray, vals: all[min(len(parts), len(all)):]}))
	}
}

func (c *compiler) objectPattern(n *ast.ObjectPattern, leaf func(ast.Expression) storer) storer {
	type part struct {
		key    func(f *frame) (string, *Error)
		assign storer
	}
	var parts []part
	for _, prop := range n.Properties {
		switch prop := prop.(type) {
		case *ast.PropertyShort:
			target := ast.Expression(&prop.Name)
			if prop.Initializer != nil {
				target = &ast.AssignExpression{Operator: token.ASSIGN, Left: &prop.Name, Right: prop.Initializer}
			}
			parts = append(parts, part{c.keyOf(&prop.Name, false), c.patternLeaf(target, leaf)})
		case *ast.PropertyKeyed:
			parts = append(parts, part{c.keyOf(prop.Key, prop.Computed), c.patternLeaf(prop.Value, leaf)})
		}
	}
	var rest storer
	if n.Rest != nil {
		rest = leaf(n.Rest)
	}
	p := c.at(n.LeftBrace)
	return func(f *frame, v Value) *Error {
		if v.IsNil() {
			return p.raise(Errorf("An object is expected, not %s", v.k))
		}
		taken := map[string]bool{}
		for _, part := range parts {
			key, e := part.key(f)
			if e != nil {
				return e
			}
			taken[key] = true
			got, _, e := f.run.getProperty(v, key)
			if e == nil {
				e = part.assign(f, got)
			}
			if e != nil {
				return p.raise(e)
			}
		}
		if rest == nil {
			return nil
		}
		return f.restObject(v, taken, rest, p)
	}
}

func (c *compiler) patternLeaf(n ast.Expression, leaf func(ast.Expression) storer) storer {
	switch n.(type) {
	case *ast.AssignExpression, *ast.Binding, *ast.ArrayPattern, *ast.ObjectPattern:
		return c.pattern(n, leaf)
	}
	return leaf(n)
}

func (f *frame) restObject(v Value, taken map[string]bool, rest storer, p *at) *Error {
	left := &Object{}
	if e := f.run.copyProperties(left, v); e != nil {
		return p.raise(e)
	}
	for key := range taken {
		left.Delete(key)
	}
	return rest(f, ObjectValue(left))
}
