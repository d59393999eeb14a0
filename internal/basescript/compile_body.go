package basescript

import "github.com/dop251/goja/ast"

// maxGuards bounds the guards (if (…) return …) at the end of a body that are evaluated as one
// expression: each is a level of the Go stack.
const maxGuards = 8

// functionBody compiles statements into a body that yields the returned value.
func (c *compiler) functionBody(list []ast.Statement) expr { return c.body(list, maxGuards) }

// body compiles the end of a function: what comes before its first return or guard runs as statements,
// the rest is an expression, so that a returned value takes no detour through the frame.
func (c *compiler) body(list []ast.Statement, guards int) expr {
	i := 0
	for i < len(list) && !isReturn(list[i]) && (guards == 0 || !isGuard(list[i])) {
		i++
	}
	if i == len(list) {
		return c.plainBody(list)
	}
	before := c.statements(list[:i])
	var rest expr
	if ret, ok := list[i].(*ast.ReturnStatement); ok {
		rest = c.returned(ret)
		c.statements(list[i+1:]) // never run, but what is wrong with it is said
	} else {
		guard := list[i].(*ast.IfStatement)
		test := c.condition(guard.Test)
		value := c.returned(onlyStatement(guard.Consequent).(*ast.ReturnStatement))
		rest = choice(test, value, c.body(list[i+1:], guards-1))
	}
	if i == 0 {
		return rest
	}
	return func(f *frame) (Value, *Error) {
		switch before(f) {
		case ctlReturn:
			return f.ret, nil
		case ctlThrow:
			return Undefined, f.err
		}
		return rest(f)
	}
}

// plainBody is a body that returns from inside a statement, or not at all; evaluated text then yields the
// value of its last expression statement.
func (c *compiler) plainBody(list []ast.Statement) expr {
	last := literal(Undefined)
	if i := c.completion - 1; i >= 0 {
		last = func(f *frame) (Value, *Error) { return f.slots[i], nil }
	}
	if len(list) == 0 {
		return last
	}
	body := c.statements(list)
	return func(f *frame) (Value, *Error) {
		switch body(f) {
		case ctlReturn:
			return f.ret, nil
		case ctlThrow:
			return Undefined, f.err
		}
		return last(f)
	}
}

func isReturn(n ast.Statement) bool {
	_, ok := n.(*ast.ReturnStatement)
	return ok
}

// isGuard reports whether a statement is if (…) return …, without else.
func isGuard(n ast.Statement) bool {
	guard, ok := n.(*ast.IfStatement)
	return ok && guard.Alternate == nil && isReturn(onlyStatement(guard.Consequent))
}

// onlyStatement takes the braces off a single statement.
func onlyStatement(n ast.Statement) ast.Statement {
	if b, ok := n.(*ast.BlockStatement); ok && len(b.List) == 1 && !opensScope(b) {
		return b.List[0]
	}
	return n
}

func (c *compiler) returned(n *ast.ReturnStatement) expr {
	if n.Argument == nil {
		return literal(Undefined)
	}
	return c.expr(n.Argument)
}

// choice is test ? yes : no.
//
//go:noinline
func choice(test test, yes, no expr) expr {
	return func(f *frame) (Value, *Error) {
		ok, e := test(f)
		if e != nil {
			return Undefined, e
		}
		if ok {
			return yes(f)
		}
		return no(f)
	}
}
