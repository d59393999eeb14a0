package basescript

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/unistring"
)

// Words that ECMAScript reserves and this dialect does not are names in real scripts (var class = …).
// The pre-pass puts a mark before such a name, which makes it one for the parser; the mark goes again
// before anything else looks at the tree.
const nameMark = "\ua015"

// reserved is at a word that begins something unless it is used as a name.
func (p *prepass) reserved(start int, word string) {
	next := skipSpace(p.in, p.pos)
	rest := p.in[next:]
	switch {
	case word == "namespace":
		if !p.openNamespace(next) {
			p.plainName()
		}
	case p.isKey(rest):
		p.operand()
	case p.top().class, !usedAsName(word, rest):
		p.operator()
		p.top().class = p.top().class || word == "class"
	default:
		p.replace(start, start, nameMark)
		p.renamed = true
		p.plainName()
	}
}

// isKey reports whether the last word is a key of an object literal: { class: 1 }.
func (p *prepass) isKey(rest string) bool {
	return strings.HasPrefix(rest, ":") && p.end > 0 && (p.in[p.end-1] == '{' || p.in[p.end-1] == ',') && p.top().kind == kindCurly
}

// usedAsName reports whether what follows a reserved word makes it a name.
func usedAsName(word, rest string) bool {
	if rest == "" {
		return word != "export" && word != "import"
	}
	c := rest[0]
	if word == "class" {
		return c != '{' && !isNameByte(c) || strings.HasPrefix(rest, "in ") || strings.HasPrefix(rest, "instanceof ")
	}
	return strings.IndexByte("=,;)[].+-/%<>&|?}", c) >= 0
}

// openNamespace takes the head of namespace Name { … } out, the other way to write META:NAMESPACE in
// a V2 source; next is what follows the word.
func (p *prepass) openNamespace(next int) bool {
	end := nameEnd(p.in, next)
	body := skipSpace(p.in, end)
	if len(p.nest) > 1 || end == next || body == len(p.in) || p.in[body] != '{' {
		return false
	}
	if name := p.in[next:end]; p.namespace == "" {
		p.namespace = name
	} else if p.namespace != name {
		p.fail(next, "A source has one namespace")
		return true
	}
	p.blank(p.pos-len("namespace"), body+1)
	p.pos = body + 1
	p.open(kindSpace, body)
	p.operator()
	return true
}

// restoreNames takes the marks of names out of a tree.
func restoreNames(n ast.Node) {
	unmark := func(name *unistring.String) {
		if text := name.String(); strings.HasPrefix(text, nameMark) {
			*name = unistring.NewFromString(strings.TrimPrefix(text, nameMark))
		}
	}
	var visit func(ast.Node)
	visit = func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Identifier:
			unmark(&n.Name)
			return
		case *ast.PropertyShort:
			unmark(&n.Name.Name)
		case *ast.FunctionLiteral:
			if n.Name != nil {
				visit(n.Name)
			}
			visitParameters(n.ParameterList, visit)
			visit(n.Body)
			return
		case *ast.ArrowFunctionLiteral:
			visitParameters(n.ParameterList, visit)
			visit(n.Body)
			return
		case *ast.ClassLiteral:
			visitClass(n, visit)
			return
		case *ast.CatchStatement:
			if n.Parameter != nil {
				visit(n.Parameter)
			}
		case *ast.LabelledStatement:
			unmark(&n.Label.Name)
		case *ast.BranchStatement:
			if n.Label != nil {
				unmark(&n.Label.Name)
			}
		}
		children(n, visit)
	}
	visit(n)
}

func visitParameters(list *ast.ParameterList, visit func(ast.Node)) {
	if list == nil {
		return
	}
	for _, b := range list.List {
		visit(b)
	}
	if list.Rest != nil {
		visit(list.Rest)
	}
}

func visitClass(n *ast.ClassLiteral, visit func(ast.Node)) {
	if n.Name != nil {
		visit(n.Name)
	}
	visitExpr(n.SuperClass, visit)
	for _, e := range n.Body {
		switch e := e.(type) {
		case *ast.MethodDefinition:
			visitKey(e.Key, e.Computed, visit)
			visit(e.Body)
		case *ast.FieldDefinition:
			visitKey(e.Key, e.Computed, visit)
			visitExpr(e.Initializer, visit)
		}
	}
}

func visitKey(key ast.Expression, computed bool, visit func(ast.Node)) {
	if computed {
		visitExpr(key, visit)
	}
}
