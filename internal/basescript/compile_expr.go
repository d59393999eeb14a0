package basescript

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/dop251/goja/ast"
)

// hintCell remembers where a call site met a property last (see Object.findHint).
type hintCell struct{ at atomic.Uint32 }

var languageConstants = map[string]Value{
	"undefined": Undefined,
	"NaN":       Real(math.NaN()),
	"Infinity":  Real(math.Inf(1)),
}

// expr compiles an expression.
func (c *compiler) expr(n ast.Expression) expr {
	if !c.enter(n) {
		return literal(Undefined)
	}
	x := c.exprOf(n)
	c.depth--
	return x
}

// exprOf is expr below the count of levels.
func (c *compiler) exprOf(n ast.Expression) expr {
	switch n := n.(type) {
	case *ast.Identifier:
		return c.identifier(n)
	case *ast.NumberLiteral:
		return c.number(n)
	case *ast.StringLiteral:
		return literal(String(n.Value.String()))
	case *ast.BooleanLiteral:
		return literal(Bool(n.Value))
	case *ast.NullLiteral:
		return literal(Null)
	case *ast.ThisExpression:
		return func(f *frame) (Value, *Error) { return f.this, nil }
	case *ast.BinaryExpression:
		return c.binary(n)
	case *ast.UnaryExpression:
		return c.unary(n)
	case *ast.AssignExpression:
		return c.assignment(n)
	case *ast.ConditionalExpression:
		return c.conditional(n)
	case *ast.CallExpression:
		return c.call(n)
	case *ast.NewExpression:
		return c.newExpression(n)
	case *ast.DotExpression:
		return c.dot(n)
	case *ast.BracketExpression:
		return c.bracket(n)
	case *ast.ArrayLiteral:
		return c.arrayLiteral(n)
	case *ast.ObjectLiteral:
		return c.objectLiteral(n)
	case *ast.FunctionLiteral:
		name := ""
		if n.Name != nil {
			name = n.Name.Name.String()
		}
		return c.functionValue(n, name, false)
	case *ast.ArrowFunctionLiteral:
		return c.functionValue(n, "", true)
	case *ast.ClassLiteral:
		return c.classLiteral(n)
	case *ast.TemplateLiteral:
		return c.template(n)
	case *ast.SequenceExpression:
		return c.sequence(n)
	case *ast.OptionalChain:
		return c.optionalChain(n)
	case *ast.RegExpLiteral:
		return c.regExp(n)
	}
	c.fail(n, fmt.Sprintf("Unsupported expression (%s)", strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")))
	return literal(Undefined)
}

// number takes the literal's own digits: all 64 bits of an integer count (spec/basescript.md 1.5).
func (c *compiler) number(n *ast.NumberLiteral) expr {
	v, ok := parseNumber(n.Literal)
	if !ok {
		c.fail(n, "Integer literal beyond 64 bits: "+n.Literal)
	}
	return literal(v)
}

func parseNumber(literal string) (Value, bool) {
	text := strings.TrimSuffix(strings.ReplaceAll(literal, "_", ""), "n")
	if len(text) > 1 && text[0] == '0' && strings.ContainsAny(text[1:2], "xXoObB") {
		u, err := strconv.ParseUint(text, 0, 64)
		return Int(int64(u)), err == nil
	}
	if strings.ContainsAny(text, ".eE") {
		f, err := strconv.ParseFloat(text, 64)
		return Real(f), err == nil || math.IsInf(f, 0)
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return Int(i), err == nil
}

func (c *compiler) conditional(n *ast.ConditionalExpression) expr {
	return choice(c.condition(n.Test), c.expr(n.Consequent), c.expr(n.Alternate))
}

func (c *compiler) sequence(n *ast.SequenceExpression) expr {
	list := make([]expr, len(n.Sequence))
	for i, e := range n.Sequence {
		list[i] = c.expr(e)
	}
	return func(f *frame) (v Value, e *Error) {
		for _, x := range list {
			if v, e = x(f); e != nil {
				return Undefined, e
			}
		}
		return v, nil
	}
}

func (c *compiler) functionValue(n ast.Node, name string, arrow bool) expr {
	code, p := c.closureCode(n, name, arrow), c.at(n.Idx0())
	return func(f *frame) (Value, *Error) {
		v, e := f.closure(code)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}
