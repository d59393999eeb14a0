package basescript

import (
	"fmt"

	"github.com/dop251/goja/ast"
)

// children visits the direct children of a node in source order. Names that are not references
// (after a dot, labels, unquoted keys) are left out. It panics on a node it does not know, so that a
// new version of the borrowed parser cannot be taken half way.
func children(n ast.Node, visit func(ast.Node)) {
	switch n := n.(type) {
	case ast.Statement:
		statementChildren(n, visit)
	case ast.Expression:
		expressionChildren(n, visit)
	default:
		partChildren(n, visit)
	}
}

func visitAll[T ast.Node](list []T, visit func(ast.Node)) {
	for _, n := range list {
		visit(n)
	}
}

func visitExpr(e ast.Expression, visit func(ast.Node)) {
	if e != nil {
		visit(e)
	}
}

func visitStmt(s ast.Statement, visit func(ast.Node)) {
	if s != nil {
		visit(s)
	}
}

func visitExprs(list []ast.Expression, visit func(ast.Node)) {
	for _, e := range list {
		visitExpr(e, visit) // holes of arrays are nil
	}
}

func statementChildren(n ast.Statement, visit func(ast.Node)) {
	switch n := n.(type) {
	case *ast.BlockStatement:
		visitAll(n.List, visit)
	case *ast.CaseStatement:
		visitExpr(n.Test, visit)
		visitAll(n.Consequent, visit)
	case *ast.CatchStatement:
		visit(n.Body)
	case *ast.DoWhileStatement:
		visitStmt(n.Body, visit)
		visitExpr(n.Test, visit)
	case *ast.ExpressionStatement:
		visitExpr(n.Expression, visit)
	case *ast.ForInStatement:
		visit(n.Into)
		visitExpr(n.Source, visit)
		visitStmt(n.Body, visit)
	case *ast.ForOfStatement:
		visit(n.Into)
		visitExpr(n.Source, visit)
		visitStmt(n.Body, visit)
	case *ast.ForStatement:
		if n.Initializer != nil {
			visit(n.Initializer)
		}
		visitExpr(n.Test, visit)
		visitExpr(n.Update, visit)
		visitStmt(n.Body, visit)
	case *ast.IfStatement:
		visitExpr(n.Test, visit)
		visitStmt(n.Consequent, visit)
		visitStmt(n.Alternate, visit)
	case *ast.LabelledStatement:
		visitStmt(n.Statement, visit)
	case *ast.ReturnStatement:
		visitExpr(n.Argument, visit)
	case *ast.SwitchStatement:
		visitExpr(n.Discriminant, visit)
		visitAll(n.Body, visit)
	case *ast.ThrowStatement:
		visitExpr(n.Argument, visit)
	case *ast.TryStatement:
		visit(n.Body)
		if n.Catch != nil {
			visit(n.Catch)
		}
		if n.Finally != nil {
			visit(n.Finally)
		}
	case *ast.VariableStatement:
		visitAll(n.List, visit)
	case *ast.LexicalDeclaration:
		visitAll(n.List, visit)
	case *ast.WhileStatement:
		visitExpr(n.Test, visit)
		visitStmt(n.Body, visit)
	case *ast.WithStatement:
		visitExpr(n.Object, visit)
		visitStmt(n.Body, visit)
	case *ast.FunctionDeclaration:
		visit(n.Function)
	case *ast.ClassDeclaration:
		visit(n.Class)
	case *ast.BadStatement, *ast.BranchStatement, *ast.DebuggerStatement, *ast.EmptyStatement:
	default:
		panic(fmt.Sprintf("basescript: unknown statement %T", n))
	}
}

func expressionChildren(n ast.Expression, visit func(ast.Node)) {
	switch n := n.(type) {
	case *ast.ArrayLiteral:
		visitExprs(n.Value, visit)
	case *ast.ArrayPattern:
		visitExprs(n.Elements, visit)
		visitExpr(n.Rest, visit)
	case *ast.ObjectPattern:
		visitAll(n.Properties, visit)
		visitExpr(n.Rest, visit)
	case *ast.AssignExpression:
		visitExpr(n.Left, visit)
		visitExpr(n.Right, visit)
	case *ast.AwaitExpression:
		visitExpr(n.Argument, visit)
	case *ast.YieldExpression:
		visitExpr(n.Argument, visit)
	case *ast.BinaryExpression:
		visitExpr(n.Left, visit)
		visitExpr(n.Right, visit)
	case *ast.BracketExpression:
		visitExpr(n.Left, visit)
		visitExpr(n.Member, visit)
	case *ast.CallExpression:
		visitExpr(n.Callee, visit)
		visitExprs(n.ArgumentList, visit)
	case *ast.ConditionalExpression:
		visitExpr(n.Test, visit)
		visitExpr(n.Consequent, visit)
		visitExpr(n.Alternate, visit)
	case *ast.DotExpression:
		visitExpr(n.Left, visit)
	case *ast.PrivateDotExpression:
		visitExpr(n.Left, visit)
	case *ast.OptionalChain:
		visitExpr(n.Expression, visit)
	case *ast.Optional:
		visitExpr(n.Expression, visit)
	case *ast.NewExpression:
		visitExpr(n.Callee, visit)
		visitExprs(n.ArgumentList, visit)
	case *ast.ObjectLiteral:
		visitAll(n.Value, visit)
	case *ast.PropertyShort:
		visitExpr(n.Initializer, visit)
	case *ast.PropertyKeyed:
		if n.Computed {
			visitExpr(n.Key, visit)
		}
		visitExpr(n.Value, visit)
	case *ast.SpreadElement:
		visitExpr(n.Expression, visit)
	case *ast.SequenceExpression:
		visitExprs(n.Sequence, visit)
	case *ast.TemplateLiteral:
		visitExpr(n.Tag, visit)
		visitExprs(n.Expressions, visit)
	case *ast.UnaryExpression:
		visitExpr(n.Operand, visit)
	case *ast.Binding:
		visitExpr(n.Target, visit)
		visitExpr(n.Initializer, visit)
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral:
		// scopes of their own: who walks into them knows how
	case *ast.Identifier, *ast.PrivateIdentifier, *ast.BooleanLiteral, *ast.NullLiteral, *ast.NumberLiteral,
		*ast.StringLiteral, *ast.RegExpLiteral, *ast.ThisExpression, *ast.SuperExpression,
		*ast.MetaProperty, *ast.BadExpression:
	default:
		panic(fmt.Sprintf("basescript: unknown expression %T", n))
	}
}

func partChildren(n ast.Node, visit func(ast.Node)) {
	switch n := n.(type) {
	case *ast.ForLoopInitializerExpression:
		visitExpr(n.Expression, visit)
	case *ast.ForLoopInitializerVarDeclList:
		visitAll(n.List, visit)
	case *ast.ForLoopInitializerLexicalDecl:
		visitAll(n.LexicalDeclaration.List, visit)
	case *ast.ForIntoVar:
		visit(n.Binding)
	case *ast.ForDeclaration:
		visit(n.Target)
	case *ast.ForIntoExpression:
		visitExpr(n.Expression, visit)
	case *ast.ExpressionBody:
		visitExpr(n.Expression, visit)
	default:
		panic(fmt.Sprintf("basescript: unknown node %T", n))
	}
}
