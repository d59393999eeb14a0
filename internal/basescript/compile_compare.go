package basescript

import (
	"math"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// test is a compiled condition.
type test func(f *frame) (bool, *Error)

// condition compiles an expression used for its truth.
func (c *compiler) condition(n ast.Expression) test {
	if !c.enter(n) {
		return func(*frame) (bool, *Error) { return false, nil }
	}
	defer func() { c.depth-- }()
	switch n := n.(type) {
	case *ast.BinaryExpression:
		switch n.Operator {
		case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL,
			token.LESS, token.LESS_OR_EQUAL, token.GREATER, token.GREATER_OR_EQUAL, token.IN, token.INSTANCEOF:
			return c.comparison(n)
		case token.LOGICAL_AND, token.LOGICAL_OR:
			return logicalTest(c.condition(n.Left), c.condition(n.Right), n.Operator == token.LOGICAL_OR)
		}
	case *ast.UnaryExpression:
		if n.Operator == token.NOT {
			test := c.condition(n.Operand)
			return func(f *frame) (bool, *Error) {
				ok, e := test(f)
				return !ok, e
			}
		}
	}
	value := c.expr(n)
	return func(f *frame) (bool, *Error) {
		v, e := value(f)
		return v.Truthy(), e
	}
}

//go:noinline
func logicalTest(a, b test, or bool) test {
	return func(f *frame) (bool, *Error) {
		ok, e := a(f)
		if e != nil || ok == or {
			return ok, e
		}
		return b(f)
	}
}

// comparison compiles == != < <= > >= in instanceof to a truth.
func (c *compiler) comparison(n *ast.BinaryExpression) test {
	n = c.leftAssociate(n)
	switch n.Operator {
	case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL:
		return c.equality(n, n.Operator == token.EQUAL || n.Operator == token.STRICT_EQUAL)
	case token.IN, token.INSTANCEOF:
		return c.membership(n)
	}
	a, b := c.operands(n.Left, n.Right)
	return relations[n.Operator].test(a, b)
}

// relation is an operator of order. Between two integers it is a < b: with the sides changed for > and
// <=, and turned round for >= and <=.
type relation struct {
	swap, negate bool
	holds        func(cmp int) bool
}

var relations = map[token.Token]*relation{
	token.LESS:             {false, false, func(cmp int) bool { return cmp < 0 }},
	token.LESS_OR_EQUAL:    {true, true, func(cmp int) bool { return cmp <= 0 }},
	token.GREATER:          {true, false, func(cmp int) bool { return cmp > 0 }},
	token.GREATER_OR_EQUAL: {false, true, func(cmp int) bool { return cmp >= 0 }},
}

// values compares values of any types.
func (rel *relation) values(r *Run, x, y Value) bool {
	r.chargeTexts(x, y)
	cmp, ok := order(x, y)
	return ok && rel.holds(cmp)
}

// test compiles a comparison; variables in slots and literals are compared without a call.
func (rel *relation) test(a, b *operand) test {
	switch {
	case a.eval == nil && b.eval == nil && rel.swap:
		return rel.slots(b.slot, a.slot)
	case a.eval == nil && b.eval == nil:
		return rel.slots(a.slot, b.slot)
	case a.eval == nil && b.literal && b.v.k == KindInt && b.v.Int() < math.MaxInt64:
		return rel.slotAndInt(a.slot, b.v)
	}
	return func(f *frame) (bool, *Error) {
		x, y, e := both(f, a, b)
		if e != nil {
			return false, e
		}
		if x.k == KindInt && y.k == KindInt {
			i, j := x.Int(), y.Int()
			if rel.swap {
				i, j = j, i
			}
			return (i < j) != rel.negate, nil
		}
		return rel.values(f.run, x, y), nil
	}
}

// slots compares two variables, whose order does not matter: first is the one on the left of <.
//
//go:noinline
func (rel *relation) slots(first, second int) test {
	negate := rel.negate
	return func(f *frame) (bool, *Error) {
		x, y := &f.slots[first], &f.slots[second]
		if x.k == KindInt && y.k == KindInt {
			return (x.Int() < y.Int()) != negate, nil
		}
		if rel.swap {
			x, y = y, x
		}
		return rel.values(f.run, *x, *y), nil
	}
}

// slotAndInt compares a variable with an integer: x <= 5 is x < 6.
//
//go:noinline
func (rel *relation) slotAndInt(slot int, v Value) test {
	limit, negate := v.Int(), rel.negate
	if rel.swap {
		limit, negate = limit+1, !negate
	}
	return func(f *frame) (bool, *Error) {
		x := &f.slots[slot]
		if x.k == KindInt {
			return (x.Int() < limit) != negate, nil
		}
		return rel.values(f.run, *x, v), nil
	}
}

// equality compiles == and !=; === and !== are the same (spec/basescript.md 1.3).
func (c *compiler) equality(n *ast.BinaryExpression, want bool) test {
	a, b := c.operands(n.Left, n.Right)
	if comparesField(a, b) {
		return equalsField(a, b, want)
	}
	if b.literal && b.v.k == KindString {
		return equalsText(a, b.v, want)
	}
	if b.eval == nil {
		return equalsSlot(a, b.slot, want)
	}
	return func(f *frame) (ok bool, e *Error) {
		var x Value
		if a.eval == nil {
			x = f.slots[a.slot]
		} else if x, e = a.eval(f); e != nil {
			return false, e
		} else if a.keep > 0 {
			f.slots[a.keep-1] = x
		}
		y := b.v
		if !b.literal {
			if y, e = b.eval(f); e != nil {
				return false, e
			}
		}
		if x.k == y.k && (x.k == KindInt || x.k == KindBool) {
			return (x.n == y.n) == want, nil
		}
		return f.run.Equal(x, y) == want, nil
	}
}

// equalsSlot compares with a variable in a slot.
//
//go:noinline
func equalsSlot(a *operand, slot int, want bool) test {
	return func(f *frame) (ok bool, e *Error) {
		var x Value
		if a.eval == nil {
			x = f.slots[a.slot]
		} else if x, e = a.eval(f); e != nil {
			return false, e
		}
		y := &f.slots[slot]
		if x.k == y.k && (x.k == KindInt || x.k == KindBool) {
			return (x.n == y.n) == want, nil
		}
		return f.run.Equal(x, *y) == want, nil
	}
}

// equalsText compares with a literal text.
//
//go:noinline
func equalsText(a *operand, v Value, want bool) test {
	text := v.Str()
	return func(f *frame) (ok bool, e *Error) {
		var x Value
		if a.eval == nil {
			x = f.slots[a.slot]
		} else if x, e = a.eval(f); e != nil {
			return false, e
		}
		if x.k != KindObject {
			return (x.k == KindString && x.Str() == text) == want, nil
		}
		return f.run.Equal(x, v) == want, nil
	}
}

func (c *compiler) membership(n *ast.BinaryExpression) test {
	a, b := c.operands(n.Left, n.Right)
	p, in := c.at(n.Right.Idx0()), n.Operator == token.IN
	return func(f *frame) (bool, *Error) {
		x, y, e := both(f, a, b)
		if e != nil {
			return false, e
		}
		var ok bool
		if in {
			ok, e = f.run.hasProperty(y, f.run.keyText(x))
		} else {
			ok, e = f.run.instanceOf(x, y)
		}
		if e != nil {
			return false, p.raise(e)
		}
		return ok, nil
	}
}
