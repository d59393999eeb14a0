package basescript

import (
	"fmt"
	"strings"

	"github.com/dop251/goja/ast"
)

// statements compiles a list into one statement.
func (c *compiler) statements(list []ast.Statement) stmt {
	if len(list) == 1 {
		return c.orNothing(list[0])
	}
	all := make([]stmt, 0, len(list))
	for _, n := range list {
		if s := c.statement(n); s != nil {
			all = append(all, s)
		}
	}
	return sequence(all)
}

//go:noinline
func sequence(all []stmt) stmt {
	switch len(all) {
	case 0:
		return func(*frame) ctl { return ctlNext }
	case 1:
		return all[0]
	case 2:
		a, b := all[0], all[1]
		return func(f *frame) ctl {
			if c := a(f); c != ctlNext {
				return c
			}
			return b(f)
		}
	}
	return func(f *frame) ctl {
		for _, s := range all {
			if c := s(f); c != ctlNext {
				return c
			}
		}
		return ctlNext
	}
}

// statement compiles a statement; nil for one that does nothing.
func (c *compiler) statement(n ast.Statement) stmt {
	if !c.enter(n) {
		return nil
	}
	s := c.statementOf(n, c.takeLabels())
	c.depth--
	return s
}

// statementOf is statement below the count of levels.
func (c *compiler) statementOf(n ast.Statement, label labelSet) stmt {
	switch n := n.(type) {
	case *ast.EmptyStatement, *ast.DebuggerStatement, *ast.FunctionDeclaration:
		return nil // functions were hoisted
	case *ast.ExpressionStatement:
		if c.completion > 0 {
			return c.completed(n.Expression)
		}
		return c.effect(n.Expression)
	case *ast.VariableStatement:
		return c.declare(n.List, false)
	case *ast.LexicalDeclaration:
		return c.declare(n.List, true)
	case *ast.ClassDeclaration:
		return c.classDeclaration(n)
	case *ast.BlockStatement:
		return c.labelled(label, c.block(n, n.List))
	case *ast.IfStatement:
		return c.labelled(label, c.ifStatement(n))
	case *ast.ForStatement:
		return c.forStatement(n, label)
	case *ast.ForInStatement:
		return c.forIn(n, n.Into, n.Source, n.Body, label, false)
	case *ast.ForOfStatement:
		return c.forIn(n, n.Into, n.Source, n.Body, label, true)
	case *ast.WhileStatement:
		return c.loop(n.While, c.condition(n.Test), nil, n.Body, label, false)
	case *ast.DoWhileStatement:
		return c.loop(n.Do, c.condition(n.Test), nil, n.Body, label, true)
	case *ast.ReturnStatement:
		return c.returnStatement(n)
	case *ast.ThrowStatement:
		return c.throwStatement(n)
	case *ast.TryStatement:
		return c.labelled(label, c.tryStatement(n))
	case *ast.SwitchStatement:
		return c.switchStatement(n, label)
	case *ast.BranchStatement:
		return c.branch(n)
	case *ast.LabelledStatement:
		return c.labelledStatement(n, label)
	}
	c.fail(n, fmt.Sprintf("Unsupported statement (%s)", strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast.")))
	return nil
}

// declare compiles var, let and const. A var without initialiser does nothing; a let without
// one is undefined anew each time it is passed.
func (c *compiler) declare(list []*ast.Binding, lexical bool) stmt {
	if len(list) == 1 {
		return c.binding(list[0], lexical)
	}
	var all []stmt
	for _, b := range list {
		if s := c.binding(b, lexical); s != nil {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return sequence(all)
}

// binding compiles one of the names or patterns of a declaration; nil if it does nothing.
func (c *compiler) binding(b *ast.Binding, lexical bool) stmt {
	if b.Initializer == nil && !lexical {
		return nil
	}
	value := literal(Undefined)
	if b.Initializer != nil {
		value = c.initializer(b)
	}
	if id, ok := b.Target.(*ast.Identifier); ok {
		if v, _ := c.find(id.Name.String()); v != nil && v.inSlot() {
			return storeSlot(v.index, value)
		}
	}
	assign := c.declareTarget(b.Target)
	return func(f *frame) ctl {
		v, e := value(f)
		if e == nil {
			e = assign(f, v)
		}
		if e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}

// initializer compiles the value of a declaration; var s = s + x is not an append chain here, because
// a declaration is executed once as a rule.
func (c *compiler) initializer(b *ast.Binding) expr {
	if id, ok := b.Target.(*ast.Identifier); ok {
		return c.namedValue(id.Name.String(), b.Initializer)
	}
	return c.expr(b.Initializer)
}

// within compiles something in the scope the analysis opened for a node, if it did, and wraps it so
// that the scope's env, if it has one, exists while it runs.
func (c *compiler) within(n ast.Node, compile func(s *scope) stmt) stmt {
	s := c.analysis.scopes[n]
	if s == nil {
		return compile(nil)
	}
	outer := c.scope
	c.scope = s
	hoisted := c.hoistedFunctions(s)
	body := compile(s)
	c.scope = outer
	if len(hoisted) > 0 {
		body = sequence(append(hoisted, body))
	}
	if !s.hasEnv {
		return body
	}
	p := c.at(n.Idx0())
	return func(f *frame) ctl {
		saved := f.env
		inner, e := f.run.newEnv(s, saved)
		if e != nil {
			return f.throw(p.raise(e))
		}
		f.env = inner
		r := body(f)
		f.env = saved
		return r
	}
}

func (c *compiler) block(n ast.Node, list []ast.Statement) stmt {
	return c.within(n, func(*scope) stmt { return c.statements(list) })
}

func (c *compiler) ifStatement(n *ast.IfStatement) stmt {
	test, yes := c.condition(n.Test), c.orNothing(n.Consequent)
	if n.Alternate == nil {
		return func(f *frame) ctl {
			ok, e := test(f)
			if e != nil {
				return f.throw(e)
			}
			if ok {
				return yes(f)
			}
			return ctlNext
		}
	}
	no := c.orNothing(n.Alternate)
	return func(f *frame) ctl {
		ok, e := test(f)
		if e != nil {
			return f.throw(e)
		}
		if ok {
			return yes(f)
		}
		return no(f)
	}
}

func (c *compiler) orNothing(n ast.Statement) stmt {
	if s := c.statement(n); s != nil {
		return s
	}
	return func(*frame) ctl { return ctlNext }
}

// Labels. A loop answers to break and continue without a label (0) and to its own labels.

// labelSet are the numbers of the labels before a statement.
type labelSet []int

func (c *compiler) takeLabels() labelSet {
	l := c.pending
	c.pending = nil
	return l
}

func (c *compiler) labelledStatement(n *ast.LabelledStatement, outer labelSet) stmt {
	c.labels = append(c.labels, n.Label.Name.String())
	c.pending = append(append(labelSet(nil), outer...), len(c.labels))
	body := c.orNothing(n.Statement)
	c.pending = nil
	c.labels = c.labels[:len(c.labels)-1]
	return body
}

// labelled lets break leave a statement that is no loop.
//
//go:noinline
func (c *compiler) labelled(l labelSet, body stmt) stmt {
	if len(l) == 0 || body == nil {
		return body
	}
	return func(f *frame) ctl {
		r := body(f)
		if r == ctlBreak && l.has(f.label) {
			f.label = 0
			return ctlNext
		}
		return r
	}
}

func (l labelSet) has(label int) bool {
	for _, n := range l {
		if n == label {
			return true
		}
	}
	return false
}

// mine reports whether a break or continue is the loop's own.
func (l labelSet) mine(f *frame) bool {
	if f.label == 0 {
		return true
	}
	if l.has(f.label) {
		f.label = 0
		return true
	}
	return false
}

func (c *compiler) branch(n *ast.BranchStatement) stmt {
	label := 0
	if n.Label != nil {
		for i, name := range c.labels {
			if name == n.Label.Name.String() {
				label = i + 1
			}
		}
		if label == 0 {
			c.fail(n, "Undefined label "+n.Label.Name.String())
		}
	}
	result := ctlBreak
	if n.Token.String() == "continue" {
		result = ctlContinue
	}
	return func(f *frame) ctl {
		f.label = label
		return result
	}
}

// forIn compiles for-in and for-of: values of arrays and host collections, names of objects; nothing
// for anything else (spec/basescript.md 1.7). for-of of a string visits its characters.
func (c *compiler) forIn(n ast.Statement, into ast.ForInto, source ast.Expression, bodyNode ast.Statement, l labelSet, of bool) stmt {
	value, p, keep := c.expr(source), c.at(n.Idx0()), c.temp()
	item := c.temp()
	turn := c.within(n, func(*scope) stmt {
		assign, body := c.forTarget(into), c.orNothing(bodyNode)
		return func(f *frame) ctl {
			if e := assign(f, f.slots[item]); e != nil {
				return f.throw(e)
			}
			return body(f)
		}
	})
	return func(f *frame) ctl {
		v, e := value(f)
		if e != nil {
			return f.throw(e)
		}
		f.slots[keep] = v
		end := f.each(v, of, func(x Value) ctl {
			r := f.run
			if r.steps--; r.steps <= 0 {
				if e := r.look(); e != nil {
					return f.throw(p.raise(e))
				}
			}
			f.slots[item] = x
			end := turn(f)
			if end == ctlContinue && l.mine(f) {
				return ctlNext
			}
			return end
		})
		if end == ctlBreak && l.mine(f) {
			return ctlNext
		}
		return end
	}
}

// each visits what for-in (or for-of) visits, until visit does not answer ctlNext.
func (f *frame) each(v Value, of bool, visit func(Value) ctl) ctl {
	o := v.Object()
	switch {
	case o != nil && o.class == classArray:
		for i := 0; i < len(o.vals); i++ {
			if end := visit(o.vals[i]); end != ctlNext {
				return end
			}
		}
	case o != nil && o.class == classHost:
		if names, ok := o.ext.(Enumerated); ok {
			return eachName(names.PropertyNames(), visit)
		}
		if items := o.ext.(Host).Iterate(f.run); items != nil {
			for x := range items {
				if end := visit(x); end != ctlNext {
					return end
				}
			}
		}
	case o != nil && !of:
		return f.eachKey(o, visit)
	case v.k == KindString && of:
		for _, ch := range v.Str() {
			if end := visit(String(string(ch))); end != ctlNext {
				return end
			}
		}
	}
	return ctlNext
}

func eachName(names []string, visit func(Value) ctl) ctl {
	for _, name := range names {
		if end := visit(String(name)); end != ctlNext {
			return end
		}
	}
	return ctlNext
}

// eachKey visits the names of an object's own properties. The list is the one at the start; names
// deleted meanwhile are left out.
func (f *frame) eachKey(o *Object, visit func(Value) ctl) ctl {
	keys := o.keys
	for i, name := range keys {
		if name == gone {
			f.run.steps--
			continue
		}
		if moved := i >= len(o.keys) || o.keys[i] != name; moved && o.find(name) < 0 {
			continue
		}
		if end := visit(String(name)); end != ctlNext {
			return end
		}
	}
	return ctlNext
}

func (c *compiler) forTarget(into ast.ForInto) storer {
	switch into := into.(type) {
	case *ast.ForIntoVar:
		return c.declareTarget(into.Binding.Target)
	case *ast.ForDeclaration:
		return c.declareTarget(into.Target)
	case *ast.ForIntoExpression:
		return c.target(into.Expression)
	}
	return func(*frame, Value) *Error { return nil }
}

func (c *compiler) returnStatement(n *ast.ReturnStatement) stmt {
	if n.Argument == nil {
		return func(f *frame) ctl {
			f.ret = Undefined
			return ctlReturn
		}
	}
	value := c.expr(n.Argument)
	return func(f *frame) ctl {
		v, e := value(f)
		if e != nil {
			return f.throw(e)
		}
		f.ret = v
		return ctlReturn
	}
}

func (c *compiler) throwStatement(n *ast.ThrowStatement) stmt {
	value, p := c.expr(n.Argument), c.at(n.Throw)
	return func(f *frame) ctl {
		v, e := value(f)
		if e != nil {
			return f.throw(e)
		}
		f.run.chargeTexts(v, v)
		return f.throw(p.raise(thrown(v)))
	}
}

// thrown makes an error of any thrown value. An error keeps its text and lines, an object its
// properties; of anything else only the text counts: the catch variable is always a new Error
// (spec/basescript.md 1.10).
func thrown(v Value) *Error {
	o := v.Object()
	if o.IsError() {
		e := o.ext.(*errorData).thrown(o)
		if o.Len() > 1 || o.proto != nil {
			e.own = o
		}
		return e
	}
	if o != nil && o.class == classObject {
		e := NewError("")
		e.own = o
		for p := o; p != nil; p = p.proto {
			if m, ok := p.Get("message"); ok && m.k != kindAccessor {
				e.Message = m.Text()
				break
			}
		}
		return e
	}
	return NewError(strings.Clone(v.Text()))
}

func (c *compiler) tryStatement(n *ast.TryStatement) stmt {
	body := c.block(n.Body, n.Body.List)
	if n.Catch != nil {
		body = c.catch(body, n.Catch)
	}
	if n.Finally == nil {
		return body
	}
	final := c.block(n.Finally, n.Finally.List)
	keep, pending := c.temp(), c.temp()
	return func(f *frame) ctl {
		end := body(f)
		err := f.err
		if end == ctlThrow && err.Kind == Stopped {
			return end
		}
		label := f.label
		f.slots[keep] = f.ret
		f.label = 0
		if err != nil {
			f.slots[pending] = String(err.Message)
			if err.own != nil {
				f.slots[pending] = ObjectValue(err.own)
			}
		}
		if over := final(f); over != ctlNext {
			return over
		}
		f.ret, f.err, f.label = f.slots[keep], err, label
		return end
	}
}

// catch compiles the handler. A run that was stopped cannot go on in it.
func (c *compiler) catch(body stmt, n *ast.CatchStatement) stmt {
	wanted, keep := c.wantsError(n), c.temp()
	handler := c.within(n, func(*scope) stmt {
		var assign storer
		if wanted {
			assign = c.declareTarget(n.Parameter)
		}
		list := c.statements(n.Body.List)
		if assign == nil {
			return list
		}
		return func(f *frame) ctl {
			if e := assign(f, f.slots[keep]); e != nil {
				return f.throw(e)
			}
			return list(f)
		}
	})
	p := c.at(n.Catch)
	return func(f *frame) ctl {
		env := f.env
		end := body(f)
		if end != ctlThrow || f.err.Kind == Stopped {
			return end
		}
		f.env = env
		if !wanted {
			f.err = nil
			return handler(f)
		}
		size := int64(sizeObject + sizeError)
		if own := f.err.own; own != nil {
			size += int64(own.Len()) * (sizeKey + sizeValue)
		}
		if e := f.run.alloc(size); e != nil {
			return f.throw(p.raise(e))
		}
		f.slots[keep] = ObjectValue(newErrorObject(f.err))
		f.err = nil
		return handler(f)
	}
}

// wantsError reports whether the handler can see the error. Most that merely go on do not look at it.
func (c *compiler) wantsError(n *ast.CatchStatement) bool {
	id, ok := n.Parameter.(*ast.Identifier)
	if !ok {
		return n.Parameter != nil
	}
	v := c.analysis.scopes[n].own(id.Name.String())
	return v.used || !v.inSlot()
}

func (c *compiler) switchStatement(n *ast.SwitchStatement, l labelSet) stmt {
	subject := c.expr(n.Discriminant)
	keep := c.temp()
	body := c.within(n, func(*scope) stmt {
		tests := make([]expr, len(n.Body))
		bodies := make([]stmt, len(n.Body))
		for i, cs := range n.Body {
			if cs.Test != nil {
				tests[i] = c.expr(cs.Test)
			}
			bodies[i] = c.statements(cs.Consequent)
		}
		return switchBody(tests, bodies, n.Default, keep)
	})
	return func(f *frame) ctl {
		v, e := subject(f)
		if e != nil {
			return f.throw(e)
		}
		f.slots[keep] = v
		end := body(f)
		if end == ctlBreak && l.mine(f) {
			return ctlNext
		}
		return end
	}
}

// switchBody finds the first case equal to the subject, by the dialect's own equality on scalars
// (spec/basescript.md 1.3), and runs on from there.
//
//go:noinline
func switchBody(tests []expr, bodies []stmt, def, keep int) stmt {
	return func(f *frame) ctl {
		subject, at := f.slots[keep], def
		for i, test := range tests {
			if test == nil {
				continue
			}
			v, e := test(f)
			if e != nil {
				return f.throw(e)
			}
			if f.run.Equal(subject, v) {
				at = i
				break
			}
		}
		if at < 0 {
			return ctlNext
		}
		for _, body := range bodies[at:] {
			if end := body(f); end != ctlNext {
				return end
			}
		}
		return ctlNext
	}
}
