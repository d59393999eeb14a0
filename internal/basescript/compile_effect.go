package basescript

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// effect compiles an expression whose value is not wanted. Counters and sums in slots, what loops
// mostly consist of, are changed without a value travelling.
func (c *compiler) effect(n ast.Expression) stmt {
	switch n := n.(type) {
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT {
			return c.countEffect(n)
		}
	case *ast.AssignExpression:
		if s := c.sumEffect(n); s != nil {
			return s
		}
		if s := c.slotEffect(n); s != nil {
			return s
		}
	}
	value := c.probed(n)
	return func(f *frame) ctl {
		if _, e := value(f); e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

// probed compiles the expression of a statement. A bare name there asks whether the variable exists,
// try { oCache } catch (e) { oCache = load() }, and one that assignments alone declare does not before
// the first of them (spec/basescript.md 1.6, 1.8).
func (c *compiler) probed(n ast.Expression) expr {
	value := c.expr(n)
	id, ok := n.(*ast.Identifier)
	if !ok {
		return value
	}
	name, p := id.Name.String(), c.at(id.Idx)
	v, elements := c.find(name)
	field := func(e *variable) bool { return e.kind != varTable }
	if v == nil || !v.implicit || slices.ContainsFunc(elements, field) {
		return value
	}
	return func(f *frame) (Value, *Error) {
		v, e := value(f)
		if e == nil && v.k == KindUndefined {
			e = p.raise(errNotDefined(name))
		}
		return v, e
	}
}

// countEffect compiles i++ and the like.
func (c *compiler) countEffect(n *ast.UnaryExpression) stmt {
	if v := c.slotOf(n.Operand); v != nil {
		delta := int64(1)
		if n.Operator == token.DECREMENT {
			delta = -1
		}
		return countSlot(v.index, delta)
	}
	if n.Postfix {
		pre := *n
		pre.Postfix = false // the old value is not wanted
		n = &pre
	}
	value := c.expr(n)
	return func(f *frame) ctl {
		if _, e := value(f); e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

//go:noinline
func countSlot(slot int, delta int64) stmt {
	return func(f *frame) ctl {
		v := &f.slots[slot]
		if v.k == KindInt {
			v.n += uint64(delta)
			return ctlNext
		}
		*v = plusInt(*v, delta)
		return ctlNext
	}
}

// slotOf returns the variable a name stands for if it lives in a slot and can be assigned.
func (c *compiler) slotOf(n ast.Expression) *variable {
	id, ok := n.(*ast.Identifier)
	if !ok {
		return nil
	}
	v, elements := c.find(id.Name.String())
	if v == nil || len(elements) > 0 || !v.inSlot() || v.kind == varConst {
		return nil
	}
	return v
}

// sumEffect compiles s = s + x and s += x where s lives in a slot and x is read without running code.
func (c *compiler) sumEffect(n *ast.AssignExpression) stmt {
	v := c.slotOf(n.Left)
	if v == nil {
		return nil
	}
	var added ast.Expression
	switch n.Operator {
	case token.PLUS:
		added = n.Right
	case token.ASSIGN:
		terms := plusTerms(n.Right)
		if first, ok := terms[0].(*ast.Identifier); ok && len(terms) == 2 && first.Name == n.Left.(*ast.Identifier).Name {
			added = terms[1]
		}
	}
	if added == nil {
		return nil
	}
	x := c.operand(added)
	p := c.at(n.Left.Idx0())
	switch {
	case x.eval == nil:
		return addSlotToSlot(v.index, x.slot, p)
	case x.literal:
		return addLiteralToSlot(v.index, x.v, p)
	}
	return nil
}

//go:noinline
func addSlotToSlot(slot, added int, p *at) stmt {
	return func(f *frame) ctl {
		acc, x := &f.slots[slot], &f.slots[added]
		if acc.k == KindInt && x.k == KindInt {
			acc.n += x.n
			return ctlNext
		}
		return f.appendToSlot(slot, *x, p)
	}
}

//go:noinline
func addLiteralToSlot(slot int, x Value, p *at) stmt {
	return func(f *frame) ctl {
		acc := &f.slots[slot]
		if acc.k == KindInt && x.k == KindInt {
			acc.n += x.n
			return ctlNext
		}
		return f.appendToSlot(slot, x, p)
	}
}

func (f *frame) appendToSlot(slot int, x Value, p *at) ctl {
	v, e := f.run.appendText(f.slots[slot], x)
	if e != nil {
		return f.throw(p.raise(e))
	}
	f.slots[slot] = v
	return ctlNext
}

// slotEffect compiles x = value where x lives in a slot; sums of texts are left to appendChain.
func (c *compiler) slotEffect(n *ast.AssignExpression) stmt {
	v := c.slotOf(n.Left)
	if v == nil || n.Operator != token.ASSIGN {
		return nil
	}
	id := n.Left.(*ast.Identifier)
	if appendsTo(id, n.Right) {
		return nil
	}
	return storeSlot(v.index, c.namedValue(id.Name.String(), n.Right))
}

//go:noinline
func storeSlot(slot int, value expr) stmt {
	return func(f *frame) ctl {
		v, e := value(f)
		if e != nil {
			return f.throw(e)
		}
		f.slots[slot] = v
		return ctlNext
	}
}
