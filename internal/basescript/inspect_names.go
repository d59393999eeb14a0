package basescript

import (
	"strings"

	"github.com/dop251/goja/ast"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
)

// This file inspects names and the calls of functions by their names.

// nameUse is a name that nothing declares.
type nameUse struct {
	name  string
	at    place
	call  bool
	scope *scope
}

// name inspects a name that is read.
func (in *inspection) name(id *ast.Identifier, s *scope) {
	if in.skip[id] {
		return
	}
	name := id.Name.String()
	v, elements := s.lookup(name)
	in.noteCapture(v, s)
	if v != nil || len(elements) > 0 || in.knownName(name, s) {
		in.usedGlobal(name, v, elements, in.here(id.Idx))
		return
	}
	in.uses = append(in.uses, nameUse{name: name, at: in.here(id.Idx), scope: s})
}

// knownName reports whether a name that is no variable means something.
func (in *inspection) knownName(name string, s *scope) bool {
	if _, constant := languageConstants[name]; constant {
		return true
	}
	if in.opts.Known != nil && in.opts.Known(name) {
		return true
	}
	return name == "arguments" && s.fn.argumentsVariable() != nil || in.opts.Globals.Lookup(name) != nil
}

// usedGlobal says of a global that is used as a value what its table says.
func (in *inspection) usedGlobal(name string, v *variable, elements []*variable, at place) {
	g := in.opts.Globals.Lookup(name)
	if g != nil && g.Func == nil && g.Static != nil && g.Origin == Refused {
		return // its members are
	}
	if g != nil && v == nil && len(elements) == 0 {
		in.entry(name, globalOrigin(g), globalSince(g), at)
	}
}

func globalOrigin(g *Global) Origin {
	if g.Func != nil && g.Origin == Shared {
		return g.Func.Origin
	}
	return g.Origin
}

func globalSince(g *Global) string {
	if g.Func != nil && g.Since == "" {
		return g.Func.Since
	}
	return g.Since
}

// entry says what is to be said of the use of a binding: where it exists.
func (in *inspection) entry(name string, origin Origin, since string, at place) {
	switch {
	case origin == Refused && (in.opts.Stub == nil || !in.opts.Stub(name)):
		level := LevelError
		if in.guardOf(at) != unguarded {
			level = LevelWarning
		}
		in.report(at, FindRefused, level, "%s exists in WebTutor and fails here; a stand-in for it can be put into stubs/%s.js", name, name)
	case origin == Superset:
		in.report(at, FindPortability, LevelPortability, "%s does not exist in WebTutor", name)
	}
	in.since(name, since, at)
}

func (in *inspection) since(what, since string, at place) {
	if since != "" && in.opts.Version != "" && since > in.opts.Version {
		in.report(at, FindVersion, LevelWarning, "%s came with Datex.XHTTP %s, this is checked for %s", what, since, in.opts.Version)
	}
}

// call inspects a call.
func (in *inspection) call(n *ast.CallExpression, s *scope) {
	in.texts(n, s)
	switch callee := n.Callee.(type) {
	case *ast.Identifier:
		in.skip[callee] = true
		in.callName(n, callee, s)
	case *ast.DotExpression:
		in.skip[callee] = true
		in.member(callee, n, s)
	}
}

// callName inspects name(…).
func (in *inspection) callName(n *ast.CallExpression, id *ast.Identifier, s *scope) {
	name, at := id.Name.String(), in.here(id.Idx)
	v, elements := s.lookup(name)
	in.noteCapture(v, s)
	if v != nil {
		return
	}
	g := in.opts.Globals.Lookup(name)
	if g == nil {
		if !in.knownName(name, s) {
			in.uses = append(in.uses, nameUse{name: name, at: at, call: true, scope: s})
		}
		return
	}
	in.makes = in.makes || g.Func != nil && g.Func.Evaluates == EvalAdds
	if len(elements) == 0 || g.Func != nil {
		in.entry(name, globalOrigin(g), globalSince(g), at)
	}
	if g.Func != nil {
		in.countArguments(name, g.Func.Min, g.Func.Sig, n.ArgumentList, at)
		in.ask(Call{Name: name, Args: callArgs(n.ArgumentList)}, at)
		if name == "CallObjectMethod" {
			in.members = append(in.members, memberUse{byName: n, at: at, scope: s})
		}
	}
}

// newCall inspects new X(…).
func (in *inspection) newCall(n *ast.NewExpression, s *scope) {
	id, ok := n.Callee.(*ast.Identifier)
	if !ok {
		return
	}
	name := id.Name.String()
	if v, _ := s.lookup(name); v != nil {
		return
	}
	if g := in.opts.Globals.Lookup(name); g != nil && g.Func != nil {
		if g.Func.New == nil && globalOrigin(g) != Refused {
			in.report(in.here(id.Idx), FindUnknownFunction, LevelError, "%s is not a constructor; call it without new", name)
			return
		}
		in.countArguments(name, g.Func.Min, g.Func.Sig, n.ArgumentList, in.here(id.Idx))
	}
}

// countArguments compares the arguments of a call with those the function needs.
func (in *inspection) countArguments(name string, least int, sig string, args []ast.Expression, at place) {
	if len(args) < least && !hasSpreadNode(args) {
		in.report(at, FindArguments, LevelError, "%s needs %s: %s%s", name, countOf(least, "argument"), name, sig)
	}
}

// countOf is a number with the thing counted.
func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Int(int64(n)).Text() + " " + what + "s"
}

// ask asks what is known of a call beyond the tables.
func (in *inspection) ask(c Call, at place) Answer {
	if in.opts.Call == nil {
		return Answer{}
	}
	answer := in.opts.Call(c)
	if answer.Message != "" {
		level := LevelError
		if in.guardOf(at) != unguarded {
			level = LevelWarning
		}
		in.report(at, answer.Kind, level, "%s", answer.Message)
	}
	if f := answer.Func; f != nil {
		in.entry(f.Name, f.Origin, f.Since, at)
		if answer.Count > f.Min {
			in.since("An optional argument of "+f.Name, f.OptSince, at)
		}
		if f.Original > 0 && answer.Count > f.Original {
			in.report(at, FindPortability, LevelPortability, "Argument %d of %s does not exist in WebTutor", f.Original+1, f.Name)
		}
		if answer.Count >= 0 && answer.Count < f.Min {
			in.report(at, FindArguments, LevelError, "%s needs %s: %s%s", f.Name, countOf(f.Min, "argument"), f.Name, f.Sig)
		}
	}
	return answer
}

// maxArgs is how many arguments are looked at.
const maxArgs = 16

// callArgs is what a source tells of the arguments of a call.
func callArgs(list []ast.Expression) []CallArg {
	list = list[:min(len(list), maxArgs)]
	args := make([]CallArg, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case *ast.StringLiteral:
			args[i] = CallArg{Text: e.Value.String(), IsText: true}
		case *ast.TemplateLiteral:
			if len(e.Elements) == 1 && e.Tag == nil {
				args[i] = CallArg{Text: e.Elements[0].Parsed.String(), IsText: true}
			}
		case *ast.ArrayLiteral:
			if !hasSpreadNode(e.Value) {
				args[i] = CallArg{Count: len(e.Value), Items: callArgs(e.Value[:min(len(e.Value), maxItems)]), IsArray: true}
			}
		}
	}
	return args
}

// texts notes the literal string expressions of a call, and reports those that do not parse.
func (in *inspection) texts(n *ast.CallExpression, s *scope) {
	g := in.a.textCall(n, s)
	if g == nil {
		return
	}
	for i, arg := range n.ArgumentList {
		if !g.Func.takesText(i) {
			continue
		}
		t := in.a.literalText(arg)
		switch {
		case t == nil:
		case t.err != nil:
			in.report(in.here(arg.Idx0()), FindText, LevelError, "%s: %s", g.Name, toError(t.err).Message)
		default:
			in.sites[t.src] = textSite{in.a.c.src, arg}
		}
	}
}

// unaryExpression: typeof asks whether a name exists, ++ and -- write.
func (in *inspection) unaryExpression(n *ast.UnaryExpression, s *scope) {
	switch op := n.Operator.String(); op {
	case "typeof":
		if id, ok := n.Operand.(*ast.Identifier); ok {
			in.skip[id] = true
		}
	case "delete":
		in.skip[n.Operand] = true
	case "++", "--":
		in.written(n.Operand, s)
	}
}

// visible returns the variables in sight.
func visible(s *scope) []string {
	var names []string
	for ; s != nil; s = s.parent {
		for _, v := range s.vars {
			names = append(names, v.name)
		}
	}
	return names
}

// resolveNames says what is to be said of names nothing declares, once the whole source is known.
func (in *inspection) resolveNames() {
	makes := in.makes || in.a.c.evaluates == EvalAdds // called, or used as a value
	for _, u := range in.uses {
		guard := in.guardOf(u.at)
		if guard == probed && !u.call || len(in.found) >= maxFindings {
			continue
		}
		meant := nearest(u.name, append(visible(u.scope), in.opts.Globals.names...))
		if meant == "" && (makes || in.opts.Part) || in.opts.Part && !u.call {
			continue // other code may make it
		}
		level := LevelError
		if guard == probed || guard == guarded && (!u.call || meant == "") || makes || in.opts.Part || in.declared[u.name] {
			level = LevelWarning
		}
		kind, what := FindUnknownName, u.name+" is not defined"
		if u.call {
			kind, what = FindUnknownFunction, "There is no function "+u.name
		}
		switch {
		case in.declared[u.name]:
			what = u.name + " is not defined here: it belongs to another function"
		case meant != "":
			what += "; did you mean " + meant + "?"
		}
		in.report(u.at, kind, level, "%s", what)
	}
}

// nearest returns the name that was probably meant, "" if none resembles the wrong one.
func nearest(wrong string, names []string) string {
	const longest = 80
	if len(wrong) > longest {
		return ""
	}
	best, least := "", max(1, len(wrong)/4)+1
	low := strings.ToLower(wrong)
	for _, name := range names {
		if name == wrong || len(name) > len(wrong)+least || len(wrong) > len(name)+least {
			continue
		}
		if d := spelling.Distance(low, strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// Meant is the end of a message about an unknown name: "; did you mean …?", empty if none of the names
// resembles it.
func Meant(wrong string, names []string) string {
	if meant := nearest(wrong, names); meant != "" {
		return "; did you mean " + meant + "?"
	}
	return ""
}
