package basescript

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// This file is the second half of the walk before compilation: it opens the scopes inside functions
// and notes, for every name, whether a closure or text made at run time needs it captured.

func (a *analysis) statements(list []ast.Statement, s *scope) {
	for _, st := range list {
		a.walk(st, s)
	}
}

func (a *analysis) expr(e ast.Expression, s *scope) {
	if e != nil {
		a.walk(e, s)
	}
}

// walk visits a node in scope s.
func (a *analysis) walk(n ast.Node, s *scope) {
	if n == nil || a.tooDeep(n) {
		return
	}
	defer a.leave()
	if a.visit != nil {
		a.visit(n, s)
	}
	switch n := n.(type) {
	case ast.Statement:
		a.walkStatement(n, s)
	case ast.Expression:
		a.walkExpression(n, s)
	default:
		children(n, func(child ast.Node) { a.walk(child, s) })
	}
}

func (a *analysis) walkStatement(n ast.Statement, s *scope) {
	switch n := n.(type) {
	case *ast.BlockStatement:
		if opensScope(n) {
			s = a.block(n, s, n.List)
		}
		a.statements(n.List, s)
	case *ast.FunctionDeclaration:
		a.function(n.Function, s, false)
	case *ast.ClassDeclaration:
		a.walk(n.Class, s)
	case *ast.CatchStatement:
		inner := a.open(n, s, s.fn)
		if n.Parameter != nil {
			a.pattern(inner, n.Parameter, varPlain)
			a.patternParts(n.Parameter, inner)
			a.checkRedeclared(inner.vars, n.Body.List)
		}
		a.declareBlock(inner, n.Body.List)
		a.statements(n.Body.List, inner)
	case *ast.ForStatement:
		a.forStatement(n, s)
	case *ast.ForInStatement:
		a.forIn(n, n.Into, n.Source, n.Body, s)
	case *ast.ForOfStatement:
		a.forIn(n, n.Into, n.Source, n.Body, s)
	case *ast.SwitchStatement:
		a.expr(n.Discriminant, s)
		if opensScope(n) {
			s = a.open(n, s, s.fn)
			var all []ast.Statement // one block to let and const
			for _, c := range n.Body {
				a.declareBlock(s, c.Consequent)
				all = append(all, c.Consequent...)
			}
			a.checkLexical(all)
		}
		for _, c := range n.Body {
			a.expr(c.Test, s)
			a.statements(c.Consequent, s)
		}
	case *ast.VariableStatement:
		for _, b := range n.List {
			a.bindingParts(b, s)
		}
	case *ast.LexicalDeclaration:
		for _, b := range n.List {
			a.bindingParts(b, s)
		}
	case *ast.WithStatement:
		a.fail(n, "The with statement is not part of the language")
	default:
		children(n, func(child ast.Node) { a.walk(child, s) })
	}
}

func (a *analysis) block(n ast.Node, s *scope, list []ast.Statement) *scope {
	inner := a.open(n, s, s.fn)
	a.declareBlock(inner, list)
	return inner
}

func (a *analysis) declareBlock(s *scope, list []ast.Statement) {
	a.hoist(s, list)
	a.lexical(s, list)
}

func (a *analysis) forStatement(n *ast.ForStatement, s *scope) {
	if _, ok := n.Initializer.(*ast.ForLoopInitializerLexicalDecl); ok {
		s = a.open(n, s, s.fn)
		a.forLexical(s, n)
	}
	switch init := n.Initializer.(type) {
	case *ast.ForLoopInitializerVarDeclList:
		for _, b := range init.List {
			a.bindingParts(b, s)
		}
	case *ast.ForLoopInitializerLexicalDecl:
		for _, b := range init.LexicalDeclaration.List {
			a.bindingParts(b, s)
		}
	case *ast.ForLoopInitializerExpression:
		a.expr(init.Expression, s)
	}
	a.expr(n.Test, s)
	a.expr(n.Update, s)
	a.loopBody(n.Body, s, opensScope(n))
}

// loopBody walks the body of a loop; under a loop with let variables a block always has a scope, so
// that functions declared in it see them.
func (a *analysis) loopBody(body ast.Statement, s *scope, lexical bool) {
	if b, ok := body.(*ast.BlockStatement); ok && lexical && !opensScope(b) {
		a.statements(b.List, a.block(b, s, b.List))
		return
	}
	a.walk(body, s)
}

func (a *analysis) forIn(n ast.Statement, into ast.ForInto, source ast.Expression, body ast.Statement, s *scope) {
	a.expr(source, s)
	switch into := into.(type) {
	case *ast.ForDeclaration:
		s = a.open(n, s, s.fn)
		kind := varPlain
		if into.IsConst {
			kind = varConst
		}
		a.pattern(s, into.Target, kind)
		a.patternParts(into.Target, s)
	case *ast.ForIntoVar:
		a.bindingParts(into.Binding, s)
		a.assigned(into.Binding.Target, s)
	case *ast.ForIntoExpression:
		a.assignTarget(into.Expression, s)
	}
	a.loopBody(body, s, opensScope(n))
}

// bindingParts walks the expressions of a declaration; an initialiser is an assignment.
func (a *analysis) bindingParts(b *ast.Binding, s *scope) {
	a.patternParts(b.Target, s)
	if b.Initializer != nil {
		a.expr(b.Initializer, s)
		a.assigned(b.Target, s)
	}
}

// assigned notes that the names of a target are written to.
func (a *analysis) assigned(target ast.Node, s *scope) {
	targets(target, func(leaf ast.Node) {
		if id, ok := leaf.(*ast.Identifier); ok {
			a.reference(id, s)
			if v, _ := s.lookup(id.Name.String()); v != nil && !v.scope.done {
				v.writes++
			}
		}
	})
}

// assignTarget walks the target of an assignment: names are written, the rest is evaluated.
func (a *analysis) assignTarget(target ast.Expression, s *scope) {
	a.assigned(target, s)
	targets(target, func(leaf ast.Node) {
		if _, ok := leaf.(*ast.Identifier); !ok {
			a.walk(leaf, s)
		}
	})
	a.patternParts(target, s)
}

// patternParts walks the expressions inside a pattern: defaults and computed keys.
func (a *analysis) patternParts(target ast.Node, s *scope) {
	switch n := target.(type) {
	case *ast.ArrayPattern:
		for _, e := range n.Elements {
			if e != nil {
				a.patternParts(e, s)
			}
		}
		if n.Rest != nil {
			a.patternParts(n.Rest, s)
		}
	case *ast.ObjectPattern:
		for _, p := range n.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				a.reference(&p.Name, s)
				a.expr(p.Initializer, s)
			case *ast.PropertyKeyed:
				if p.Computed {
					a.expr(p.Key, s)
				}
				a.patternParts(p.Value, s)
			}
		}
		if n.Rest != nil {
			a.patternParts(n.Rest, s)
		}
	case *ast.AssignExpression:
		a.patternParts(n.Left, s)
		a.expr(n.Right, s)
	case *ast.Binding:
		a.patternParts(n.Target, s)
		a.expr(n.Initializer, s)
	}
}

func (a *analysis) walkExpression(n ast.Expression, s *scope) {
	switch n := n.(type) {
	case *ast.Identifier:
		if v := a.reference(n, s); v == nil {
			a.valueReference(n)
		}
	case *ast.FunctionLiteral:
		a.function(n, s, false)
	case *ast.ArrowFunctionLiteral:
		if n.Async {
			a.fail(n, "Async functions are not supported")
			return
		}
		a.function(n, s, true)
	case *ast.ClassLiteral:
		a.classLiteral(n, s)
	case *ast.YieldExpression, *ast.AwaitExpression:
		a.fail(n, "Generators and async functions are not supported")
	case *ast.AssignExpression:
		a.expr(n.Right, s)
		a.assignTarget(n.Left, s)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT {
			a.assignTarget(n.Operand, s)
			return
		} else if id, ok := n.Operand.(*ast.Identifier); ok && n.Operator == token.TYPEOF && id.Name == "Promise" {
			return // asking is no use
		}
		a.expr(n.Operand, s)
	case *ast.CallExpression:
		a.call(n, s)
	case *ast.PropertyShort:
		a.reference(&n.Name, s)
		a.expr(n.Initializer, s)
	case *ast.Binding:
		a.bindingParts(n, s)
	case *ast.TemplateLiteral:
		if n.Tag != nil {
			a.fail(n, "Tagged template strings are not supported")
		}
		children(n, func(child ast.Node) { a.walk(child, s) })
	case *ast.MetaProperty:
		a.fail(n.Meta, "new.target is not supported") // the node itself has no position
	case *ast.PrivateDotExpression:
		a.fail(n, "Private class members are not supported")
	default:
		children(n, func(child ast.Node) { a.walk(child, s) })
	}
}

// reference marks what a name refers to as captured if it belongs to another function, and returns it.
func (a *analysis) reference(id *ast.Identifier, s *scope) *variable {
	name := id.Name.String()
	v, elements := s.lookup(name)
	if v == nil && name == "arguments" {
		v = s.fn.argumentsVariable()
	}
	if v == nil && len(elements) == 0 && name == "Promise" && a.c.globals.Lookup(name) == nil {
		a.fail(id, "Promise is not supported")
	}
	for _, e := range elements {
		if !e.scope.done && e.scope.fn != s.fn {
			e.captured = true
		}
	}
	if v != nil && !v.scope.done {
		v.used = true
		v.captured = v.captured || v.scope.fn != s.fn
	}
	return v
}

// argumentsVariable declares arguments in the nearest function that has them; the script level and
// arrow functions do not.
func (fs *funcScope) argumentsVariable() *variable {
	for fs != nil && fs.arrow {
		fs = fs.parent
	}
	if fs == nil || fs.parent == nil {
		return nil
	}
	if fs.args == nil && !fs.root.done {
		fs.args = fs.root.declare("arguments", varPlain)
	}
	return fs.args
}

// valueReference notes a built-in that takes text and is used as a value: it may then be called from
// anywhere, so text may meet any scope of the source. The name is no variable.
func (a *analysis) valueReference(id *ast.Identifier) {
	if g := a.c.globals.Lookup(id.Name.String()); g != nil && g.Func != nil && (g.Func.Text != nil || g.Func.Evaluates != 0) {
		a.c.indirect = true
		a.c.evaluates = max(a.c.evaluates, g.Func.Evaluates)
	}
}

// evaluation notes a direct call of a built-in that evaluates code: the code may use every variable around
// it, and may make new ones.
func (a *analysis) evaluation(id *ast.Identifier, s *scope) {
	g := a.c.globals.Lookup(id.Name.String())
	if g == nil || g.Func == nil || g.Func.Evaluates == 0 {
		return
	}
	if v, _ := s.lookup(g.Name); v != nil {
		return
	}
	if v, _ := s.lookup("arguments"); v == nil {
		s.fn.argumentsVariable() // the code may mention it
	}
	captureAll(s)
	if a.c.evaluates == 0 {
		a.c.evaluates = EvalSees
	}
	if g.Func.Evaluates == EvalAdds {
		s.level().addTable()
	}
}

func (a *analysis) call(n *ast.CallExpression, s *scope) {
	texts := a.textCall(n, s)
	if id, ok := n.Callee.(*ast.Identifier); ok {
		a.reference(id, s)
		a.evaluation(id, s)
		if id.Name == "CallObjectMethod" || id.Name == "CallObjectMethodWithLock" {
			captureAll(s) // may reach a built-in that takes text (design: architecture 1)
		}
	} else {
		a.expr(n.Callee, s)
	}
	for i, arg := range n.ArgumentList {
		if texts == nil || !texts.Func.takesText(i) {
			a.expr(arg, s)
			continue
		}
		if t := a.literalText(arg); t != nil {
			a.text(t, s)
			continue
		}
		if !isFunctionLiteral(arg) {
			captureAll(s)
		}
		a.expr(arg, s)
	}
}

func isFunctionLiteral(n ast.Expression) bool {
	switch n.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		return true
	}
	return false
}

// textCall returns the global a call goes to if that takes string expressions.
func (a *analysis) textCall(n *ast.CallExpression, s *scope) *Global {
	id, ok := n.Callee.(*ast.Identifier)
	if !ok {
		return nil
	}
	if s != nil {
		if v, _ := s.lookup(id.Name.String()); v != nil {
			return nil
		}
	}
	g := a.c.globals.Lookup(id.Name.String())
	if g == nil || g.Func == nil || g.Func.Text == nil {
		return nil
	}
	return g
}

// takesText reports whether argument i is a string expression.
func (fn *Func) takesText(i int) bool {
	for _, t := range fn.Text {
		if t == i || t < 0 && i >= -t && (i+t)%2 == 0 {
			return true
		}
	}
	return false
}

// literalTexts returns the parsed literal string expressions of a call. The scope may be nil while
// names are still being declared: a script's own function of the same name costs a useless parse.
func (a *analysis) literalTexts(n *ast.CallExpression, s *scope) []*parsedText {
	g := a.textCall(n, s)
	if g == nil {
		return nil
	}
	var all []*parsedText
	for i, arg := range n.ArgumentList {
		if g.Func.takesText(i) {
			if t := a.literalText(arg); t != nil {
				all = append(all, t)
			}
		}
	}
	return all
}

// literalText parses an argument that is literal text, once; nil for any other expression.
func (a *analysis) literalText(arg ast.Expression) *parsedText {
	var text string
	switch arg := arg.(type) {
	case *ast.StringLiteral:
		text = arg.Value.String()
	case *ast.TemplateLiteral:
		if len(arg.Elements) != 1 || arg.Tag != nil {
			return nil
		}
		text = arg.Elements[0].Parsed.String()
	default:
		return nil
	}
	if t := a.texts[arg]; t != nil {
		return t
	}
	t := parseText(a.c.src.url, text, a.c.src.lineOf(arg.Idx0()))
	a.texts[arg] = t
	return t
}

// text walks a literal string expression: a scope on the caller's own frame with This as element.
func (a *analysis) text(t *parsedText, parent *scope) *scope {
	s := a.open(t.fn, parent, parent.fn)
	if t.err != nil {
		return s
	}
	s.element = s.declare("This", varElement)
	parts := partsOf(t.fn)
	a.declareFunction(s, parts)
	src := a.c.src
	a.c.src = t.src
	a.statements(parts.body, s)
	a.c.src = src
	return s
}

// captureAll keeps the whole layout around s for text that is compiled at run time.
func captureAll(s *scope) {
	for ; s != nil && !s.captureAll && !s.done; s = s.parent {
		s.captureAll = true
	}
}

func (a *analysis) classLiteral(n *ast.ClassLiteral, s *scope) {
	inner := a.open(n, s, s.fn)
	if n.Name != nil {
		inner.declare(n.Name.Name.String(), varPlain)
	}
	if n.SuperClass != nil {
		a.expr(n.SuperClass, s)
	}
	for _, e := range n.Body {
		switch e := e.(type) {
		case *ast.MethodDefinition:
			a.refusePrivate(e.Key)
			if e.Computed {
				a.expr(e.Key, inner)
			}
			a.function(e.Body, inner, false)
		case *ast.FieldDefinition:
			a.refusePrivate(e.Key)
			a.fieldDefinition(e, inner)
		default:
			a.fail(e, "Static blocks of classes are not supported")
		}
	}
}

func (a *analysis) refusePrivate(key ast.Expression) {
	if _, ok := key.(*ast.PrivateIdentifier); ok {
		a.fail(key, "Private class members are not supported")
	}
}

// fieldDefinition walks a class field: its initialiser runs as a function of its own, on the object.
func (a *analysis) fieldDefinition(e *ast.FieldDefinition, s *scope) {
	if e.Computed {
		a.expr(e.Key, s)
	}
	if e.Initializer == nil {
		return
	}
	fs := &funcScope{parent: s.fn}
	inner := a.open(e, s, fs)
	fs.root = inner
	a.expr(e.Initializer, inner)
}

// finish decides where every variable lives. Script-level functions that nothing reassigns become
// compile-time constants.
func (a *analysis) finish(root *scope) {
	for _, v := range root.vars {
		if v.kind == varFunc && v.writes == 0 {
			v.code = &funcCode{name: v.name, prog: a.c.prog}
			v.soft = a.c.evaluates != 0
		}
	}
	for _, s := range a.order {
		if a.c.indirect {
			s.captureAll = true
		}
		if a.c.evaluates == EvalAdds && s == s.fn.root && !s.inPlace {
			s.addTable()
		}
		s.place()
	}
}
