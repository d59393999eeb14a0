package basescript

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// effects says what evaluating a node may do beside giving a value.
type effects uint8

const (
	// runsCode: other code may run, so values held meanwhile must be in sight of the live-bytes budget.
	// Reading a property may run a getter.
	runsCode effects = 1 << iota
	// assignsSlots: variables in slots may be assigned. Other functions do not reach them, but text a
	// call evaluates on the same frame does.
	assignsSlots
)

func (c *compiler) mayCall(n ast.Node) bool { return c.effectsOf(n)&runsCode != 0 }

func (c *compiler) effectsOf(n ast.Node) effects {
	var own effects
	switch n := n.(type) {
	case nil:
		return 0
	case *ast.DotExpression:
		return runsCode | c.effectsOf(n.Left)
	case *ast.CallExpression, *ast.NewExpression, *ast.AssignExpression, *ast.TemplateLiteral, *ast.ClassLiteral:
		return runsCode | assignsSlots
	case *ast.Identifier, *ast.NumberLiteral, *ast.StringLiteral, *ast.BooleanLiteral, *ast.NullLiteral,
		*ast.ThisExpression, *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.RegExpLiteral:
		return 0
	case *ast.BracketExpression, *ast.SpreadElement:
		own = runsCode
	}
	found, known := c.effects[n]
	if !known {
		found = own
		children(n, func(child ast.Node) { found |= c.effectsOf(child) })
		c.effects[n] = found
	}
	return found
}

// holds reports whether a node's value may be memory nothing else refers to.
func holds(n ast.Node) bool {
	switch n.(type) {
	case *ast.NumberLiteral, *ast.StringLiteral, *ast.BooleanLiteral, *ast.NullLiteral, *ast.ThisExpression:
		return false
	}
	return true
}

// operand is an expression whose commonest forms, a variable in a slot and a literal, are read without
// a call.
type operand struct {
	slot    int
	literal bool
	v       Value         // of a literal
	field   *elementField // of an element's field
	eval    expr          // nil for a slot
	// keep is the slot plus one that holds the value in sight of the live-bytes budget while the right
	// operand runs.
	keep int
}

func (o *operand) get(f *frame) (Value, *Error) {
	if o.eval == nil {
		return f.slots[o.slot], nil
	}
	v, e := o.eval(f)
	if o.keep > 0 {
		f.slots[o.keep-1] = v
	}
	return v, e
}

// both reads two operands, the left one first.
func both(f *frame, a, b *operand) (x, y Value, e *Error) {
	if a.eval == nil {
		x = f.slots[a.slot]
	} else if x, e = a.eval(f); e != nil {
		return
	} else if a.keep > 0 && x.k >= KindString {
		f.slots[a.keep-1] = x
	}
	if b.eval == nil {
		y = f.slots[b.slot]
	} else if b.literal {
		y = b.v
	} else {
		y, e = b.eval(f)
	}
	return
}

// operandOf is a variable as an operand, read with load where it is not in a slot; v may be nil.
func operandOf(v *variable, load expr) operand {
	if v != nil && v.inSlot() {
		return operand{slot: v.index}
	}
	return operand{eval: load}
}

// operand compiles an expression to be read with get.
func (c *compiler) operand(n ast.Expression) operand {
	if id, ok := n.(*ast.Identifier); ok {
		v, elements := c.find(id.Name.String())
		switch {
		case v != nil && len(elements) == 0 && v.inSlot():
			return operand{slot: v.index}
		case len(elements) == 1 && !elements[0].inEnv:
			rest := operand{}
			if v != nil {
				rest = operandOf(v, c.load(v))
			} else {
				rest.eval = c.global(id.Name.String(), c.at(id.Idx))
			}
			field := c.newElementField(id.Name.String(), elements[0].index, rest, c.at(id.Idx))
			return operand{field: field, eval: field.get}
		}
	}
	if dot, ok := n.(*ast.DotExpression); ok {
		if field := c.elementMember(dot); field != nil {
			return operand{field: field, eval: field.get}
		}
	}
	switch lit := n.(type) {
	case *ast.NumberLiteral:
		if v, ok := parseNumber(lit.Literal); ok {
			return operand{literal: true, v: v, eval: literal(v)}
		}
	case *ast.StringLiteral:
		v := String(lit.Value.String())
		return operand{literal: true, v: v, eval: literal(v)}
	}
	return operand{eval: c.expr(n)}
}

// operands compiles two operands so that the left one stays in sight while the right one runs.
func (c *compiler) operands(left, right ast.Expression) (a, b *operand) {
	x, y := c.operand(left), c.operand(right)
	if x.eval != nil && holds(left) && c.mayCall(right) {
		x.keep = c.temp() + 1
	} else if x.eval == nil && c.effectsOf(right)&assignsSlots != 0 {
		slot := x.slot // the right side may assign the variable
		x = operand{keep: c.temp() + 1, eval: func(f *frame) (Value, *Error) { return f.slots[slot], nil }}
	}
	return &x, &y
}

// binary compiles every operator with two operands.
func (c *compiler) binary(n *ast.BinaryExpression) expr {
	switch n.Operator {
	case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
		return c.logical(n)
	case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL,
		token.LESS, token.LESS_OR_EQUAL, token.GREATER, token.GREATER_OR_EQUAL, token.IN, token.INSTANCEOF:
		test := c.comparison(n)
		return func(f *frame) (Value, *Error) {
			ok, e := test(f)
			return Bool(ok), e
		}
	case token.PLUS:
		return c.plus(n)
	}
	a, b := c.operands(n.Left, n.Right)
	op := c.operator(n, n.Operator)
	if n.Operator == token.MINUS {
		return minus(a, b)
	}
	return func(f *frame) (Value, *Error) {
		x, y, e := both(f, a, b)
		if e != nil {
			return Undefined, e
		}
		return op(x, y), nil
	}
}

//go:noinline
func minus(a, b *operand) expr {
	if a.eval == nil && b.literal && b.v.k == KindInt {
		return slotMinusInt(a.slot, b.v)
	}
	return func(f *frame) (Value, *Error) {
		x, y, e := both(f, a, b)
		if e != nil {
			return Undefined, e
		}
		if x.k == KindInt && y.k == KindInt {
			return Int(x.Int() - y.Int()), nil
		}
		return arith('-', x, y), nil
	}
}

//go:noinline
func slotMinusInt(slot int, v Value) expr {
	n := v.Int()
	return func(f *frame) (Value, *Error) {
		x := &f.slots[slot]
		if x.k == KindInt {
			return Int(x.Int() - n), nil
		}
		return arith('-', *x, v), nil
	}
}

// operator returns the function behind an arithmetic or bit operator, + excepted.
func (c *compiler) operator(n ast.Node, op token.Token) func(a, b Value) Value {
	arithmetic := map[token.Token]byte{token.MINUS: '-', token.MULTIPLY: '*', token.SLASH: '/', token.REMAINDER: '%', token.EXPONENT: 'p'}
	if sign, ok := arithmetic[op]; ok {
		return func(a, b Value) Value { return arith(sign, a, b) }
	}
	bitwise := map[token.Token]byte{token.AND: '&', token.OR: '|', token.EXCLUSIVE_OR: '^', token.SHIFT_LEFT: '<',
		token.SHIFT_RIGHT: '>', token.UNSIGNED_SHIFT_RIGHT: 'u'}
	sign, ok := bitwise[op]
	if !ok {
		c.fail(n, "Unsupported operator "+op.String())
	}
	return func(a, b Value) Value { return bits(sign, a, b) }
}

// plus compiles a chain of +: its terms are evaluated in one loop, however long the chain is.
func (c *compiler) plus(n *ast.BinaryExpression) expr {
	terms := plusTerms(n)
	p := c.at(n.Left.Idx0())
	if len(terms) == 2 {
		a, b := c.operands(terms[0], terms[1])
		return func(f *frame) (Value, *Error) {
			x, y, e := both(f, a, b)
			if e != nil {
				return Undefined, e
			}
			if x.k == KindInt && y.k == KindInt {
				return Int(x.Int() + y.Int()), nil
			}
			v, e := f.run.add(x, y)
			if e != nil {
				return Undefined, p.raise(e)
			}
			return v, nil
		}
	}
	list := make([]expr, len(terms))
	for i, t := range terms {
		list[i] = c.expr(t)
	}
	return func(f *frame) (Value, *Error) {
		r := f.run
		base := len(r.args)
		for _, term := range list {
			v, e := term(f)
			if e != nil {
				r.args = r.args[:base]
				return Undefined, e
			}
			r.args = append(r.args, v)
		}
		v, e := r.sum(r.args[base:])
		r.args = r.args[:base]
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

// sum adds values from the left; from the first text on the rest is joined in one allocation.
func (r *Run) sum(vals []Value) (Value, *Error) {
	acc := vals[0]
	for i, v := range vals[1:] {
		if acc.k == KindString {
			return r.join(acc, vals[i+1:])
		}
		var e *Error
		if acc, e = r.add(acc, v); e != nil {
			return Undefined, e
		}
	}
	return acc, nil
}

func (r *Run) join(first Value, rest []Value) (Value, *Error) {
	size := int(first.n)
	for _, v := range rest {
		if v.k == KindString {
			size += int(v.n)
		} else {
			size += 24
		}
	}
	if e := r.alloc(int64(size)); e != nil {
		return Undefined, e
	}
	buf, e := r.appendPieces(make([]byte, 0, size), first.Str())
	for _, v := range rest {
		if e != nil {
			return Undefined, e
		}
		switch v = v.Scalar(); v.k {
		case KindString:
			buf, e = r.appendPieces(buf, v.Str())
		case KindInt:
			buf = strconv.AppendInt(buf, v.Int(), 10)
		default:
			buf = append(buf, v.Text()...)
		}
	}
	if e != nil {
		return Undefined, e
	}
	return ownedText(buf), nil
}

// plusTerms flattens a + b + c, which the tree holds as (a + b) + c.
func plusTerms(n ast.Expression) []ast.Expression {
	var rev []ast.Expression
	for {
		b, ok := n.(*ast.BinaryExpression)
		if !ok || b.Operator != token.PLUS {
			rev = append(rev, n)
			break
		}
		rev = append(rev, b.Right)
		n = b.Left
	}
	for i, j := 0, len(rev)-1; i < j; i, j = i+1, j-1 {
		rev[i], rev[j] = rev[j], rev[i]
	}
	return rev
}

// logical compiles && || ??, which yield an operand.
func (c *compiler) logical(n *ast.BinaryExpression) expr {
	a, b := c.expr(n.Left), c.expr(n.Right)
	stop := func(v Value) bool { return !v.Truthy() }
	switch n.Operator {
	case token.LOGICAL_OR:
		stop = Value.Truthy
	case token.COALESCE:
		stop = func(v Value) bool { return !v.IsNil() }
	}
	return func(f *frame) (Value, *Error) {
		v, e := a(f)
		if e != nil || stop(v) {
			return v, e
		}
		return b(f)
	}
}

func isRelational(op token.Token) bool {
	switch op {
	case token.LESS, token.LESS_OR_EQUAL, token.GREATER, token.GREATER_OR_EQUAL, token.IN, token.INSTANCEOF:
		return true
	}
	return false
}

// leftAssociate turns a < (b < c) into (a < b) < c where the author wrote no brackets: the borrowed
// parser hangs chains of relational operators on the right.
func (c *compiler) leftAssociate(n *ast.BinaryExpression) *ast.BinaryExpression {
	for isRelational(n.Operator) {
		right, ok := n.Right.(*ast.BinaryExpression)
		if !ok || !isRelational(right.Operator) || c.bracketed(n.Left, right) {
			break
		}
		left := &ast.BinaryExpression{Operator: n.Operator, Left: n.Left, Right: right.Left, Comparison: true}
		n = &ast.BinaryExpression{Operator: right.Operator, Left: left, Right: right.Right, Comparison: true}
	}
	return n
}

// bracketed reports whether the author put a right operand in brackets, which the tree does not tell:
// more brackets open before it than close behind its own left operand.
func (c *compiler) bracketed(left ast.Expression, right *ast.BinaryExpression) bool {
	between := func(from, to file.Idx) string {
		text := c.src.text
		start, end := max(int(from)-1, 0), min(int(to)-1, len(text))
		if start >= end {
			return ""
		}
		return text[start:end]
	}
	opened := strings.Count(between(left.Idx1(), right.Idx0()), "(")
	return opened > strings.Count(between(right.Left.Idx1(), right.Right.Idx0()), ")")
}

// instanceOf follows the prototypes; values of built-in types belong to their constructors.
func (r *Run) instanceOf(v, fn Value) (bool, *Error) {
	fo := fn.Object().function()
	if fo == nil {
		return false, NewError("The right side of instanceof is not a function")
	}
	o := v.Object()
	if o == nil {
		return fo.native != nil && fo.native.Name == "Date" && v.k == KindDate, nil
	}
	if fo.native != nil {
		switch fo.native.Name {
		case "Object":
			return true, nil
		case "Array":
			return o.class == classArray, nil
		case "Error":
			return o.class == classError || inherits(o, classError), nil
		case "TypeError", "RangeError", "SyntaxError", "ReferenceError":
			return o.class == classError && o.ext.(*errorData).err.name == fo.native.Name, nil
		case "Function":
			return o.class == classFunction, nil
		case "RegExp":
			_, ok := Self[*regExp](v)
			return ok, nil
		}
	}
	if o.class == classHost {
		return fo.native != nil && fo.native.Name == o.ClassName(), nil
	}
	proto, _, e := r.functionProperty(fn.obj(), "prototype")
	if e != nil {
		return false, e
	}
	for p := o.proto; p != nil; p = p.proto {
		r.steps--
		if p == proto.Object() {
			return true, nil
		}
	}
	return false, nil
}

func inherits(o *Object, c class) bool {
	for p := o.proto; p != nil; p = p.proto {
		if p.class == c {
			return true
		}
	}
	return false
}

func (c *compiler) unary(n *ast.UnaryExpression) expr {
	switch n.Operator {
	case token.INCREMENT, token.DECREMENT:
		return c.increment(n)
	case token.TYPEOF:
		return c.typeOf(n)
	case token.DELETE:
		return c.deleteProperty(n)
	case token.NOT:
		test := c.condition(n)
		return func(f *frame) (Value, *Error) {
			ok, e := test(f)
			return Bool(ok), e
		}
	}
	if n.Operator == token.MINUS {
		if lit, ok := n.Operand.(*ast.NumberLiteral); ok {
			if v, ok := parseNumber(lit.Literal); ok {
				return literal(negate(v))
			}
			if lit.Literal == "9223372036854775808" { // has no positive counterpart
				return literal(Int(math.MinInt64))
			}
		}
	}
	value := c.expr(n.Operand)
	var op func(Value) Value
	switch n.Operator {
	case token.MINUS:
		op = negate
	case token.PLUS:
		op = func(v Value) Value { return toNumber(v.Scalar()) }
	case token.BITWISE_NOT:
		op = func(v Value) Value { return Int(^toBits(v)) }
	case token.VOID:
		op = func(Value) Value { return Undefined }
	default:
		c.fail(n, "Unsupported operator "+n.Operator.String())
	}
	return func(f *frame) (Value, *Error) {
		v, e := value(f)
		if e != nil {
			return Undefined, e
		}
		return op(v), nil
	}
}

// typeOf compiles typeof: an undeclared name is "undefined", an absent property still throws
// (spec/basescript.md 1.6).
func (c *compiler) typeOf(n *ast.UnaryExpression) expr {
	value := c.expr(n.Operand)
	id, isName := n.Operand.(*ast.Identifier)
	undeclared := ""
	if isName {
		undeclared = id.Name.String()
	}
	return func(f *frame) (Value, *Error) {
		v, e := value(f)
		if e != nil {
			if isName && e.undeclared == undeclared {
				return String("undefined"), nil
			}
			return Undefined, e
		}
		return String(typeOf(v)), nil
	}
}
