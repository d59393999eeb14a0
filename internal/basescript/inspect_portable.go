package basescript

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// This file finds what works here and not in the original, by the feature matrix of
// spec/basescript.md 1.9.

// escape is a function that outlives the call it was made in.
type escape struct {
	fn ast.Node
	at place
}

// portable looks at one node.
func (in *inspection) portable(n ast.Node, s *scope) {
	switch n := n.(type) {
	case ast.Statement:
		in.portableStatement(n, s)
	case ast.Expression:
		in.portableExpression(n)
	}
}

// feature reports a feature, once a line.
func (in *inspection) feature(idx file.Idx, what string) { in.featureHint(idx, what, "") }

func (in *inspection) featureHint(idx file.Idx, what, hint string) {
	at := in.here(idx)
	key := what + Int(int64(at.src.lineOf(idx))).Text()
	if !in.reported[key] {
		in.reported[key] = true
		in.report(at, FindPortability, LevelPortability, "%s in WebTutor%s", what, hint)
	}
}

func (in *inspection) portableStatement(n ast.Statement, s *scope) {
	switch n := n.(type) {
	case *ast.LexicalDeclaration:
		in.feature(n.Idx, "let and const do not exist")
		in.patterns(n.List)
	case *ast.VariableStatement:
		in.patterns(n.List)
	case *ast.FunctionDeclaration:
		in.parameters(n.Function.ParameterList)
	case *ast.ClassDeclaration:
		in.feature(n.Class.Class, "Classes do not exist")
	case *ast.ForOfStatement:
		in.featureHint(n.For, "for…of does not exist", "; for…in visits the elements of arrays")
		in.forInto(n.Into, n.For)
	case *ast.ForInStatement:
		in.forInto(n.Into, n.For)
	case *ast.ForStatement:
		if _, ok := n.Initializer.(*ast.ForLoopInitializerLexicalDecl); ok {
			in.feature(n.For, "let and const do not exist")
		}
		if _, ok := n.Update.(*ast.SequenceExpression); ok {
			in.feature(n.For, "A comma in the last part of for is not reliable")
		}
	case *ast.LabelledStatement:
		in.feature(n.Label.Idx, "Labels are not honoured")
	case *ast.TryStatement:
		if n.Catch == nil {
			in.feature(n.Try, "try without catch does not parse")
		} else if n.Catch.Parameter == nil {
			in.feature(n.Catch.Catch, "catch without a name does not parse")
		}
	case *ast.ReturnStatement:
		if n.Argument != nil {
			in.escaping(n.Argument, s)
		}
	}
}

func (in *inspection) forInto(into ast.ForInto, idx file.Idx) {
	if _, ok := into.(*ast.ForDeclaration); ok {
		in.feature(idx, "let and const do not exist")
	}
}

func (in *inspection) patterns(list []*ast.Binding) {
	for _, b := range list {
		in.pattern(b.Target)
	}
}

func (in *inspection) pattern(target ast.Node) {
	switch target := target.(type) {
	case *ast.ArrayPattern:
		in.feature(target.Idx0(), "Destructuring does not exist")
	case *ast.ObjectPattern:
		in.feature(target.Idx0(), "Destructuring does not exist")
	}
}

func (in *inspection) parameters(list *ast.ParameterList) {
	if list == nil {
		return
	}
	for _, b := range list.List {
		in.pattern(b.Target)
		if b.Initializer != nil {
			in.feature(b.Idx0(), "Defaults of parameters do not exist")
		}
	}
	if list.Rest != nil {
		in.feature(list.Rest.Idx0(), "Rest parameters do not exist")
	}
}

func (in *inspection) portableExpression(n ast.Expression) {
	switch n := n.(type) {
	case *ast.Identifier:
		in.portableName(n)
	case *ast.TemplateLiteral:
		in.feature(n.OpenQuote, "Template strings do not exist")
	case *ast.ArrowFunctionLiteral:
		in.feature(n.Start, "Arrow functions do not exist")
		in.parameters(n.ParameterList)
	case *ast.FunctionLiteral:
		in.parameters(n.ParameterList)
	case *ast.ClassLiteral:
		in.feature(n.Class, "Classes do not exist")
	case *ast.SpreadElement:
		in.feature(n.Idx0(), "Spreading with … does not exist")
	case *ast.RegExpLiteral:
		in.featureHint(n.Idx, "Regular expression literals do not exist", "; use tools_web.reg_exp_init()")
	case *ast.OptionalChain:
		in.feature(n.Idx0(), "?. does not exist")
	case *ast.ObjectLiteral:
		in.portableObject(n)
	case *ast.NumberLiteral:
		text := strings.ToLower(n.Literal)
		if strings.HasSuffix(text, "n") || strings.Contains(text, "_") || len(text) > 1 && text[0] == '0' && strings.ContainsAny(text[1:2], "xbo") {
			in.feature(n.Idx, "The number "+n.Literal+" does not parse")
		}
	case *ast.BinaryExpression:
		switch n.Operator {
		case token.COALESCE, token.EXPONENT:
			in.feature(n.Idx0(), n.Operator.String()+" does not exist")
		}
	case *ast.AssignExpression:
		in.pattern(n.Left)
		switch n.Operator {
		case token.COALESCE, token.EXPONENT, token.LOGICAL_AND, token.LOGICAL_OR:
			in.feature(n.Idx0(), n.Operator.String()+"= does not exist")
		}
		switch n.Left.(type) {
		case *ast.DotExpression, *ast.BracketExpression:
			in.escaping(n.Right, nil)
		}
	case *ast.DotExpression:
		in.onLiteral(n)
	}
}

func (in *inspection) portableName(id *ast.Identifier) {
	if strings.Contains(id.Name.String(), "$") {
		in.feature(id.Idx, "$ in names does not exist")
	}
}

func (in *inspection) portableObject(n *ast.ObjectLiteral) {
	for _, p := range n.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			in.feature(p.Idx0(), "Properties without a value do not exist")
		case *ast.PropertyKeyed:
			switch {
			case p.Kind == ast.PropertyKindGet || p.Kind == ast.PropertyKindSet:
				in.feature(p.Idx0(), "Getters and setters do not exist")
			case p.Kind == ast.PropertyKindMethod:
				in.feature(p.Idx0(), "Methods in object literals do not exist")
			case p.Computed:
				in.feature(p.Idx0(), "Computed keys do not exist")
			}
		}
	}
}

// onLiteral reports a member of a literal or of an expression in parentheses: a syntax error in the
// original.
func (in *inspection) onLiteral(n *ast.DotExpression) {
	switch n.Left.(type) {
	case *ast.StringLiteral, *ast.NumberLiteral, *ast.ArrayLiteral, *ast.ObjectLiteral, *ast.BooleanLiteral:
		in.feature(n.Identifier.Idx, "A member of a literal does not parse")
	case *ast.CallExpression, *ast.NewExpression, *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
	default:
		text := in.a.c.src.text
		before := strings.TrimRight(text[:min(max(int(n.Identifier.Idx)-1, 0), len(text))], " \t\r\n")
		if strings.HasSuffix(strings.TrimRight(strings.TrimSuffix(before, "."), " \t\r\n"), ")") {
			in.feature(n.Identifier.Idx, "A member of an expression in parentheses does not parse")
		}
	}
}

// redeclared reports a second var of one name, which builds with Datex.XHTTP 1.22 refuse when they come
// to it (spec/basescript.md 1.8).
func (in *inspection) redeclared(list []*ast.Binding, s *scope) {
	if in.opts.Version != "1.22" {
		return
	}
	for _, b := range list {
		id, ok := b.Target.(*ast.Identifier)
		if !ok {
			continue
		}
		v, _ := s.lookup(id.Name.String())
		if v != nil && in.vars[v] {
			in.report(in.here(id.Idx), FindPortability, LevelPortability, "A second var of %s is an error in WebTutor with Datex.XHTTP 1.22", v.name)
		}
		in.vars[v] = true
	}
}

// noteCapture notes that functions between a name and its variable use a variable of an outer call.
func (in *inspection) noteCapture(v *variable, s *scope) {
	if v == nil || v.scope.fn == s.fn || v.scope.fn.parent == nil {
		return
	}
	for fn := s.fn; fn != nil && fn != v.scope.fn && !in.captures[fn]; fn = fn.parent {
		in.captures[fn] = true
	}
}

// escaping notes the functions an expression hands out of the call.
func (in *inspection) escaping(e ast.Expression, s *scope) {
	switch e := e.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		in.escapes = append(in.escapes, escape{e, in.here(e.Idx0())})
	case *ast.Identifier:
		if s == nil {
			return
		}
		if v, _ := s.lookup(e.Name.String()); v != nil && v.decl != nil {
			in.escapes = append(in.escapes, escape{v.decl, in.here(e.Idx0())})
		} else if v != nil {
			for _, a := range in.assigned[v] {
				if _, alias := a.value.(*ast.Identifier); !alias && !a.each {
					in.escaping(a.value, nil)
				}
			}
		}
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			if k, ok := p.(*ast.PropertyKeyed); ok {
				in.escaping(k.Value, s)
			}
		}
	case *ast.ArrayLiteral:
		for _, v := range e.Value {
			in.escaping(v, s)
		}
	}
}

// resolveEscapes reports functions that use variables of a call that has ended.
func (in *inspection) resolveEscapes() {
	for _, e := range in.escapes {
		if s := in.a.scopes[e.fn]; s != nil && in.captures[s.fn] {
			in.report(e.at, FindPortability, LevelPortability, "The variables of a function are gone when it has returned in WebTutor; this function uses them")
		}
	}
}
