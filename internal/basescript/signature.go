package basescript

import (
	"strings"

	"github.com/dop251/goja/ast"
)

// FuncInfo describes a top-level function of a program, for those who call it by name, check scripts
// or write typings.
type FuncInfo struct {
	Name string
	// Line is where the function is declared, counted from 1.
	Line int
	// Params are the parameters in order, without a rest parameter.
	Params []Param
	// Min is the number of arguments up to the last parameter that is not optional, Max the number of
	// parameters, -1 with a rest parameter.
	Min, Max int
	// Strict: a call with fewer than Min or more than Max arguments is the error ErrWrongArguments, as in V2
	// sources. Otherwise missing arguments are undefined and extra ones ignored
	// (spec/basescript.md 1.8).
	Strict bool
	// ClientCallable: the directive "META:ALLOW-CALL-FROM-CLIENT:1" stands at the start of the
	// function's body (spec/basescript.md 1.13). One before the function says nothing: at the head of
	// a file it would open whatever function happens to come first.
	ClientCallable bool
}

// Param is a parameter of a function. Name is empty for a pattern. Optional: it has an optional
// marker or a default.
type Param struct {
	Name     string
	Optional bool
}

// Namespace is the name of the V2 library the source belongs to, empty if it names none. Sources of
// the same namespace make one library (spec/basescript.md 1.13).
func (p *Program) Namespace() string { return p.namespace }

// Function describes a top-level function; ok is false if the program declares none of that name.
func (p *Program) Function(name string) (info FuncInfo, ok bool) {
	i := p.infos[name]
	if i == nil {
		return FuncInfo{}, false
	}
	info = *i
	info.Params = append([]Param(nil), i.Params...)
	return info, true
}

// The directives that mean something; all others are ignored (spec/basescript.md 1.13).
const (
	namespaceDirective = "META:NAMESPACE:"
	clientDirective    = "META:ALLOW-CALL-FROM-CLIENT:1"
)

// directive returns the text of a statement that is nothing but a string.
func directive(st ast.Statement) (text string, ok bool) {
	if st, is := st.(*ast.ExpressionStatement); is {
		if lit, is := st.Expression.(*ast.StringLiteral); is {
			return lit.Value.String(), true
		}
	}
	return "", false
}

// namespaceOf returns the namespace the leading directives of a source declare.
func namespaceOf(list []ast.Statement) string {
	for _, st := range list {
		text, ok := directive(st)
		if !ok {
			return ""
		}
		if name, ok := strings.CutPrefix(text, namespaceDirective); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// signatures describes the functions declared at the top level. The later one of two with one name
// counts, as at run time.
func (c *compilation) signatures(list []ast.Statement) {
	p := c.prog
	p.infos = make(map[string]*FuncInfo)
	for _, st := range list {
		if decl, ok := st.(*ast.FunctionDeclaration); ok {
			info := c.signature(decl.Function)
			info.ClientCallable = allowsClients(decl.Function.Body.List)
			p.infos[info.Name] = info
		}
	}
}

func allowsClients(list []ast.Statement) bool {
	for _, st := range list {
		text, ok := directive(st)
		if !ok {
			return false
		}
		if text == clientDirective {
			return true
		}
	}
	return false
}

func (c *compilation) signature(fn *ast.FunctionLiteral) *FuncInfo {
	info := &FuncInfo{Line: c.src.lineOf(fn.Idx0()), Strict: c.prog.strict}
	if fn.Name != nil {
		info.Name = fn.Name.Name.String()
	}
	list := fn.ParameterList
	marks := c.src.optionalMarks(list)
	info.Params = make([]Param, len(list.List))
	for i, b := range list.List {
		param := &info.Params[i]
		if id, ok := b.Target.(*ast.Identifier); ok {
			param.Name = id.Name.String()
		}
		param.Optional = b.Initializer != nil || marks>>i&1 != 0
		if !param.Optional {
			info.Min = i + 1
		}
	}
	info.Max = len(list.List)
	if list.Rest != nil {
		info.Max = -1
	}
	return info
}

// optionalMarks returns the optional markers of a parameter list, bit by bit; of more than 64
// parameters the first 64 can have one.
func (s *source) optionalMarks(list *ast.ParameterList) uint64 {
	if s.prep.optional == nil {
		return 0
	}
	return s.prep.optional[authorOffset(s.edits, int(list.Opening)-1-s.head)]
}

// checkArguments makes calls of a declared function of a V2 source with a wrong number of arguments an
// error, which costs others nothing (spec/basescript.md 1.8).
func (c *compiler) checkArguments(code *funcCode, fn *ast.FunctionLiteral) {
	info := c.signature(fn)
	code.strict = true
	code.prologue = append(code.prologue, func(f *frame) ctl {
		if f.passed < info.Min || info.Max >= 0 && f.passed > info.Max {
			return f.throw(toError(ErrWrongArguments))
		}
		return ctlNext
	})
}

// accepted are the arguments of a call that a built-in makes: it passes all it has, as to any callback.
func (f *function) accepted(args []Value) []Value {
	if f != nil && f.code != nil && f.code.strict && !f.code.wantsExtra {
		return args[:min(len(args), f.code.params)]
	}
	return args
}
