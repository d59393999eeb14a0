package basescript

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// This file inspects members of objects: of namespaces, which are known, and of values whose class the
// source makes plain.

// memberUse is a member that is read, written or called.
type memberUse struct {
	dot    *ast.DotExpression
	call   *ast.CallExpression // set if it is called
	byName *ast.CallExpression // instead of dot: CallObjectMethod(object, 'name', …)
	write  bool
	at     place
	scope  *scope
}

// dot inspects a member that is not called.
func (in *inspection) dot(n *ast.DotExpression, s *scope) {
	if n.Identifier.Name == "prototype" {
		in.prototype = true
	}
	if !in.skip[n] {
		in.member(n, nil, s)
	}
}

func (in *inspection) member(n *ast.DotExpression, call *ast.CallExpression, s *scope) {
	in.members = append(in.members, memberUse{dot: n, call: call, write: in.targets[n], at: in.here(n.Identifier.Idx), scope: s})
}

// assignment is a value a variable gets: that of an expression, or the elements of a collection.
type assignment struct {
	value ast.Expression
	each  bool
	scope *scope
}

// assignments notes what variables are assigned.
func (in *inspection) assignments(n ast.Node, s *scope) {
	switch n := n.(type) {
	case *ast.VariableStatement:
		in.redeclared(n.List, s)
		in.bindings(n.List, s)
	case *ast.LexicalDeclaration:
		in.bindings(n.List, s)
	case *ast.ForStatement:
		switch init := n.Initializer.(type) {
		case *ast.ForLoopInitializerVarDeclList:
			in.redeclared(init.List, s)
			in.bindings(init.List, s)
		case *ast.ForLoopInitializerLexicalDecl:
			in.bindings(init.LexicalDeclaration.List, s)
		}
	case *ast.ForInStatement:
		in.loop(n.Into, n.Source, s)
	case *ast.ForOfStatement:
		in.loop(n.Into, n.Source, s)
	case *ast.AssignExpression:
		if id, ok := n.Left.(*ast.Identifier); ok && n.Operator.String() == "=" {
			in.assign(id, assignment{value: n.Right, scope: s})
		} else {
			in.written(n.Left, s)
		}
	case *ast.ObjectLiteral:
		for _, p := range n.Value {
			switch p := p.(type) {
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					in.own[key.Value.String()] = true
				}
			case *ast.PropertyShort:
				in.own[p.Name.Name.String()] = true
			}
		}
	case *ast.ClassLiteral:
		for _, e := range n.Body {
			if m, ok := e.(*ast.MethodDefinition); ok && !m.Computed {
				in.own[propertyKey(m.Key)] = true
			}
		}
	}
}

func (in *inspection) bindings(list []*ast.Binding, s *scope) {
	for _, b := range list {
		id, ok := b.Target.(*ast.Identifier)
		switch {
		case !ok:
			in.written(b.Target, s)
		case b.Initializer != nil:
			in.assign(id, assignment{value: b.Initializer, scope: s})
		}
	}
}

// loop notes the variable of a for-in or for-of. Only collections of the host have elements of a class.
func (in *inspection) loop(into ast.ForInto, source ast.Expression, s *scope) {
	var target ast.Node
	switch into := into.(type) {
	case *ast.ForIntoExpression:
		target = into.Expression
	case *ast.ForIntoVar:
		target = into.Binding.Target
	default:
		return // a variable of the loop's own scope, which is not open yet
	}
	if id, ok := target.(*ast.Identifier); ok {
		in.assign(id, assignment{value: source, each: true, scope: s})
		return
	}
	in.written(target, s)
}

func (in *inspection) assign(id *ast.Identifier, a assignment) {
	in.portableName(id)
	v, _ := a.scope.lookup(id.Name.String())
	in.noteCapture(v, a.scope)
	if v != nil {
		in.assigned[v] = append(in.assigned[v], a)
	}
}

// written notes targets that get values nothing is known of.
func (in *inspection) written(target ast.Node, s *scope) {
	targets(target, func(leaf ast.Node) {
		switch leaf := leaf.(type) {
		case *ast.Identifier:
			in.portableName(leaf)
			v, _ := s.lookup(leaf.Name.String())
			in.noteCapture(v, s)
			in.untyped[v] = true
		case *ast.DotExpression:
			in.targets[leaf] = true
			in.own[leaf.Identifier.Name.String()] = true
		}
	})
}

// resolveMembers inspects the members met, now that all assignments are known.
func (in *inspection) resolveMembers() {
	for _, m := range in.members {
		if len(in.found) >= maxFindings {
			return
		}
		if m.byName != nil {
			in.resolveByName(m)
			continue
		}
		in.resolveMember(m)
	}
}

func (in *inspection) resolveMember(m memberUse) {
	name := m.dot.Identifier.Name.String()
	if static, owner := in.staticClass(m.dot.Left, m.scope); static != nil {
		in.ofClass(m, static, owner, name, true)
		return
	}
	t := in.typeOf(m.dot.Left, m.scope)
	if class := in.classOf(t); class != nil {
		in.ofClass(m, class, t, name, false)
		return
	}
	if strings.HasSuffix(t, "[]") && m.call != nil && !in.prototype && isFresh(m.dot.Left) {
		in.ofType(m, arrayMethods, "array", name)
		return
	}
	if methods := typeMethods(t); methods != nil && !in.prototype {
		in.ofType(m, methods, t, name)
		return
	}
	in.byNameOnly(m, name)
}

// ofType inspects a member of a value of a built-in type, which has methods only, and texts a length.
func (in *inspection) ofType(m memberUse, methods map[string]*Method, t, name string) {
	method := methods[name]
	switch {
	case method != nil:
		in.entry(t+"."+name, method.Origin, method.Since, m.at)
	case name == "length" && t == "string" && m.call == nil:
	case t == "array" && objectMethods[name] != nil:
	case m.call != nil:
		in.unknownMember(m, "Unknown method "+name+"() of "+article(t), nearest(name, methodNames(methods)))
	default:
		in.unknownMember(m, "Unknown property "+name+" of "+article(t), nearest(name, append(methodNames(methods), "length")))
	}
}

func article(t string) string {
	if t == "array" {
		return "an array"
	}
	return "a " + t
}

// isFresh reports whether an expression gives an array nobody can have added functions to.
func isFresh(e ast.Expression) bool {
	switch e.(type) {
	case *ast.ArrayLiteral, *ast.CallExpression:
		return true
	}
	return false
}

// classOf returns the class of a type: one of the host's, or of the language's own.
func (in *inspection) classOf(t string) *Class {
	switch class := in.opts.Classes[t]; {
	case class != nil:
		return class
	case t == "Map":
		return mapClass
	case t == "Set":
		return setClass
	case t == "RegExp":
		return regExpClass
	}
	return nil
}

// typeMethods are the methods of values of a built-in type, nil for what may have others.
func typeMethods(t string) map[string]*Method {
	switch t {
	case "string":
		return stringMethods
	case "number":
		return numberMethods
	case "boolean":
		return boolMethods
	case "Date":
		return dateMethods
	}
	return nil
}

func methodNames(methods map[string]*Method) []string {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// staticClass is the namespace an expression names, with its name.
func (in *inspection) staticClass(e ast.Expression, s *scope) (*Class, string) {
	id, ok := e.(*ast.Identifier)
	if !ok {
		return nil, ""
	}
	name := id.Name.String()
	if v, elements := s.lookup(name); v != nil || len(elements) > 0 {
		return nil, ""
	}
	if g := in.opts.Globals.Lookup(name); g != nil && g.Value == nil {
		return g.Static, name
	}
	return nil, ""
}

// ofClass inspects a member of a class that is known.
func (in *inspection) ofClass(m memberUse, class *Class, owner, name string, static bool) {
	method, prop := class.Method(name), class.Prop(name)
	full := owner + "." + name
	switch {
	case method != nil:
		in.entry(full, method.Origin, method.Since, m.at)
		if m.call != nil {
			in.countArguments(full, method.Min, method.Sig, m.call.ArgumentList, m.at)
			in.ask(Call{Owner: owner, Name: name, Args: callArgs(m.call.ArgumentList)}, m.at)
		}
	case prop != nil:
		in.entry(full, prop.Origin, prop.Since, m.at)
		if m.write && prop.Set == nil {
			in.report(m.at, FindUnknownMember, LevelError, "%s is read only", full)
		}
	case static && (name == "prototype" || in.own[name]):
	case objectMethods[name] != nil:
	default:
		what := "Unknown property " + full
		if m.call != nil {
			what = "Unknown method " + full + "()"
		}
		in.unknownMember(m, what, nearest(name, memberNames(class)))
	}
}

func memberNames(class *Class) []string {
	var names []string
	for i := range class.Methods {
		names = append(names, class.Methods[i].Name)
	}
	for i := range class.Props {
		names = append(names, class.Props[i].Name)
	}
	return names
}

// unknownMember reports a member that does not exist. A property that is merely read in a try is how
// scripts ask whether it exists (spec/basescript.md 1.6).
func (in *inspection) unknownMember(m memberUse, what, meant string) {
	guard := in.guardOf(m.at)
	if guard == probed && m.call == nil {
		return
	}
	level := LevelError
	if guard == probed || guard == guarded && (m.call == nil || meant == "") {
		level = LevelWarning
	}
	if meant != "" {
		what += "; did you mean " + meant + "?"
	}
	in.report(m.at, FindUnknownMember, level, "%s", what)
}

// resolveByName inspects CallObjectMethod(object, 'name', …).
func (in *inspection) resolveByName(m memberUse) {
	args := callArgs(m.byName.ArgumentList)
	if len(args) < 2 || !args[1].IsText {
		return
	}
	left := m.byName.ArgumentList[0]
	class, owner := in.staticClass(left, m.scope)
	if class == nil {
		owner = in.typeOf(left, m.scope)
		class = in.classOf(owner)
	}
	if class == nil || objectMethods[args[1].Text] != nil {
		return
	}
	full := owner + "." + args[1].Text
	if method := class.Method(args[1].Text); method != nil {
		in.entry(full, method.Origin, method.Since, m.at)
		return
	}
	m.call = m.byName
	in.unknownMember(m, "Unknown method "+full+"()", nearest(args[1].Text, memberNames(class)))
}

// byNameOnly says of a call on an object nothing is known of what holds for every method of the name.
func (in *inspection) byNameOnly(m memberUse, name string) {
	if m.call == nil || in.own[name] {
		return
	}
	found, origin, since := 0, Superset, "9"
	note := func(method *Method) {
		if method == nil {
			return
		}
		found++
		if method.Origin != Superset {
			origin = Shared
		}
		since = min(since, method.Since)
	}
	for _, table := range []map[string]*Method{stringMethods, numberMethods, boolMethods, dateMethods, arrayMethods, functionMethods, errorMethods, objectMethods} {
		note(table[name])
	}
	for _, class := range in.opts.Classes {
		note(class.Method(name))
	}
	if found > 0 {
		in.entry("The method "+name, origin, since, m.at)
	}
}

// typeOf returns the type of an expression in the words of signatures, "" if the source does not make
// it plain.
func (in *inspection) typeOf(e ast.Expression, s *scope) string {
	switch e := e.(type) {
	case *ast.StringLiteral, *ast.TemplateLiteral:
		return "string"
	case *ast.ArrayLiteral:
		return "any[]"
	case *ast.RegExpLiteral:
		return "RegExp"
	case *ast.NewExpression:
		return in.typeOfNew(e, s)
	case *ast.Identifier:
		return in.typeOfName(e.Name.String(), s)
	case *ast.DotExpression:
		if prop := in.propOf(e, s); prop != nil {
			return plainType(prop.Sig)
		}
	case *ast.BracketExpression:
		return in.elementType(in.typeOf(e.Left, s))
	case *ast.CallExpression:
		return in.typeOfCall(e, s)
	case *ast.AssignExpression:
		if e.Operator.String() == "=" {
			return in.typeOf(e.Right, s)
		}
	}
	return ""
}

func (in *inspection) propOf(e *ast.DotExpression, s *scope) *Prop {
	class, _ := in.staticClass(e.Left, s)
	if class == nil {
		class = in.classOf(in.typeOf(e.Left, s))
	}
	if class == nil {
		return nil
	}
	return class.Prop(e.Identifier.Name.String())
}

func (in *inspection) typeOfName(name string, s *scope) string {
	v, elements := s.lookup(name)
	switch {
	case v != nil && (v.param > 0 || len(in.assigned[v]) > 0 || in.types[v] != ""):
		return in.typeOfVariable(v)
	case v != nil || len(elements) > 0:
		return ""
	}
	if g := in.opts.Globals.Lookup(name); g != nil && g.Value != nil {
		return plainType(g.Sig)
	}
	return ""
}

// typeOfVariable is the type of everything a variable is assigned.
func (in *inspection) typeOfVariable(v *variable) string {
	if t, known := in.types[v]; known {
		return t
	}
	if in.deciding[v] || in.untyped[v] || v.kind == varFunc || v.kind == varElement {
		return ""
	}
	in.deciding[v] = true
	defer delete(in.deciding, v)
	t := ""
	if v.param > 0 {
		if t = in.hookType(v); t == "" || len(in.assigned[v]) > 0 {
			in.types[v] = ""
			return ""
		}
	}
	for i, a := range in.assigned[v] {
		of := in.typeOf(a.value, a.scope)
		if a.each {
			of = in.elementType(of)
		}
		if of == "" || i > 0 && of != t {
			t = ""
			break
		}
		t = of
	}
	in.types[v] = t
	return t
}

// hookType is the type of the parameter of a function the host calls.
func (in *inspection) hookType(v *variable) string {
	root := in.a.order[0]
	for _, hook := range in.opts.Hooks {
		f := root.own(hook.Name)
		if f != nil && f.kind == varFunc && f.decl != nil && in.a.scopes[f.decl] == v.scope && v.param == 1 {
			_, params, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(hook.Sig, "("), ")"), ":")
			t, _, _ := strings.Cut(params, ")")
			return strings.TrimSpace(t)
		}
	}
	return ""
}

func (in *inspection) typeOfCall(n *ast.CallExpression, s *scope) string {
	switch callee := n.Callee.(type) {
	case *ast.Identifier:
		name := callee.Name.String()
		if v, elements := s.lookup(name); v != nil || len(elements) > 0 {
			return ""
		}
		if g := in.opts.Globals.Lookup(name); g != nil && g.Func != nil {
			return in.resultType(Call{Name: name, Args: callArgs(n.ArgumentList)}, g.Func.Sig)
		}
	case *ast.DotExpression:
		class, owner := in.staticClass(callee.Left, s)
		if class == nil {
			owner = in.typeOf(callee.Left, s)
			class = in.classOf(owner)
		}
		if class != nil {
			if m := class.Method(callee.Identifier.Name.String()); m != nil {
				return in.resultType(Call{Owner: owner, Name: m.Name, Args: callArgs(n.ArgumentList)}, m.Sig)
			}
		}
	}
	return ""
}

// typeOfNew is the type new X(…) makes, X being a name of the tables.
func (in *inspection) typeOfNew(n *ast.NewExpression, s *scope) string {
	id, ok := n.Callee.(*ast.Identifier)
	if !ok {
		return ""
	}
	name := id.Name.String()
	if v, elements := s.lookup(name); v != nil || len(elements) > 0 {
		return ""
	}
	g := in.opts.Globals.Lookup(name)
	if g == nil || g.Func == nil || g.Func.New == nil {
		return ""
	}
	return plainType(resultOf(g.Func.Sig))
}

// resultType is the type a call returns: that of the function called in the end, if that is known.
func (in *inspection) resultType(c Call, sig string) string {
	if in.opts.Call != nil {
		answer := in.opts.Call(c)
		if answer.Type != "" {
			return answer.Type
		}
		if answer.Func != nil {
			sig = answer.Func.Sig
		}
	}
	return plainType(chosenType(resultOf(sig), c.Args))
}

// chosenType is the type a conditional one comes to, C extends 'text' ? A : B, C being that of the first
// argument; "" if that is no literal. Any other type is returned as it is.
func chosenType(t string, args []CallArg) string {
	_, rest, conditional := strings.Cut(t, " extends '")
	if !conditional {
		return t
	}
	literal, rest, _ := strings.Cut(rest, "' ? ")
	yes, no, _ := strings.Cut(rest, " : ")
	switch {
	case len(args) == 0 || !args[0].IsText:
		return ""
	case args[0].Text == literal:
		return yes
	}
	return no
}

// elementType is the type of the elements of an array or a collection, which its ToArray names.
func (in *inspection) elementType(t string) string {
	if elem, ok := strings.CutSuffix(t, "[]"); ok {
		return elem
	}
	if class := in.classOf(t); class != nil {
		if m := class.Method("ToArray"); m != nil {
			elem, _ := strings.CutSuffix(resultOf(m.Sig), "[]")
			return elem
		}
	}
	return ""
}

// resultOf returns what a signature says of the result.
func resultOf(sig string) string {
	depth := 0
	for i, c := range sig {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
			if rest, ok := strings.CutPrefix(sig[i+1:], ":"); ok && depth == 0 && c == ')' {
				return strings.TrimSpace(rest)
			}
		}
	}
	return ""
}

// plainType is a type without null and undefined, "" for any and what is no single type.
func plainType(t string) string {
	t = strings.TrimSuffix(strings.TrimSuffix(t, " | null"), " | undefined")
	if t == "any" || t == "void" || t == "object" || strings.ContainsAny(t, " |{(<'\"") {
		return ""
	}
	return t
}
