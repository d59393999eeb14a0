package basescript

import (
	"fmt"
	"sync"

	"github.com/dop251/goja/ast"
)

// Options say how a source is compiled.
type Options struct {
	// Globals are the names the source may use; nil means the language's own.
	Globals *Globals
	// Library: the source holds functions for others to call (services, code libraries). Its top
	// level runs when the first of them is called in a run, and names it assigns without var are not
	// shared with the functions (spec/basescript.md 1.8).
	Library bool
	// V2: the functions of the source insist on the number of their arguments, as those of V2
	// libraries do (spec/basescript.md 1.8). A source that declares a namespace is V2 anyway.
	V2 bool
	// Function, if set, makes the source the body of a function of that name, the only one of the
	// program: its return is the function's, and it finds its arguments in arguments.
	Function string
}

// Program is a compiled source. It is immutable and serves any number of runs at once.
type Program struct {
	url       string
	library   bool
	globals   *Globals
	scope     *scope // script level
	top       *funcCode
	hasTop    bool // a library's top level has something to do
	indirect  bool // text may reach a built-in from anywhere (see compilation.indirect)
	functions map[string]*funcCode
	names     []string
	infos     map[string]*FuncInfo
	namespace string
	strict    bool // a V2 source
	texts     *textCache
	files     *textCache
}

var languageGlobals = sync.OnceValue(func() *Globals { return NewGlobals() })

// Compile compiles a source. url names it in errors. The error is a *SyntaxError: bad syntax, a
// feature the dialect does not have, or a source beyond the limits of size and nesting. No source
// makes it panic.
func Compile(url, text string, opts Options) (p *Program, err error) {
	if opts.Globals == nil {
		opts.Globals = languageGlobals()
	}
	return compileSafely(url, text, opts)
}

func compileSafely(url, text string, opts Options) (p *Program, err error) {
	defer func() {
		if fault := recover(); fault != nil { // a fault of ours must not take the server down
			p, err = nil, &SyntaxError{URL: url, Line: 1, Column: 1, Message: fmt.Sprintf("The source cannot be compiled: %v", fault)}
		}
	}()
	return compile(url, text, opts)
}

func compile(url, text string, opts Options) (*Program, error) {
	src, err := newSourceIn(url, text, opts.Function)
	if err != nil {
		return nil, err
	}
	fn, err := src.parse()
	if err != nil {
		return nil, err
	}
	p := &Program{url: url, library: opts.Library, globals: opts.Globals, functions: map[string]*funcCode{},
		texts: &textCache{most: maxCachedText}, files: &textCache{most: maxCachedFiles}}
	if p.namespace = src.prep.namespace; p.namespace == "" {
		p.namespace = namespaceOf(fn.Body.List)
	}
	p.strict = opts.V2 || p.namespace != ""
	c := newCompilation(p, src)
	if err := c.program(fn); err != nil {
		return nil, err
	}
	return p, nil
}

// URL is the address the program was compiled under.
func (p *Program) URL() string { return p.url }

// Functions returns the names of the top-level functions in source order.
func (p *Program) Functions() []string { return append([]string(nil), p.names...) }

// HasFunction reports whether the program declares a top-level function of that name.
func (p *Program) HasFunction(name string) bool { return p.functions[name] != nil }

// compilation is the state of compiling one source.
type compilation struct {
	prog    *Program
	src     *source
	globals *Globals
	library bool
	// indirect: a built-in that takes text is used as a value somewhere.
	indirect bool
	// evaluates: a built-in that evaluates code is called, EvalAdds: or used as a value.
	evaluates    Evaluation
	declarations map[*ast.FunctionLiteral]bool
	hoisted      map[*scope][]*ast.FunctionLiteral
	// effects remembers what evaluating parts of the tree may do.
	effects  map[ast.Node]effects
	lastAt   *at
	analysis *analysis
	err      *SyntaxError
}

func newCompilation(p *Program, src *source) *compilation {
	return &compilation{prog: p, src: src, globals: p.globals, library: p.library,
		declarations: map[*ast.FunctionLiteral]bool{}, hoisted: map[*scope][]*ast.FunctionLiteral{}, effects: map[ast.Node]effects{}}
}

func (c *compilation) program(fn *ast.FunctionLiteral) error {
	a := newAnalysis(c)
	c.analysis = a
	root := a.script(fn)
	if a.err != nil {
		return a.err
	}
	a.finish(root)
	p := c.prog
	p.indirect = c.indirect
	p.scope = root
	c.signatures(fn.Body.List)
	p.hasTop = !c.library || doesSomething(fn.Body.List) || c.makesFunctions(root)
	p.top = &funcCode{name: "", prog: p, line: 1}
	k := &compiler{compilation: c, scope: root, fn: root.fn, code: p.top}
	k.function(p.top, fn, root)
	for _, decl := range c.hoisted[root] {
		name := decl.Name.Name.String()
		if p.functions[name] == nil {
			p.names = append(p.names, name)
		}
		p.functions[name] = k.codes[decl]
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// makesFunctions reports whether functions declared at the top level are values made anew in each run.
func (c *compilation) makesFunctions(root *scope) bool {
	for _, decl := range c.hoisted[root] {
		if root.own(decl.Name.Name.String()).code == nil {
			return true
		}
	}
	return false
}

// doesSomething reports whether top-level statements have any effect beside declaring functions.
func doesSomething(list []ast.Statement) bool {
	for _, st := range list {
		switch st := st.(type) {
		case *ast.FunctionDeclaration, *ast.EmptyStatement:
		case *ast.ExpressionStatement:
			if _, directive := st.Expression.(*ast.StringLiteral); !directive {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// Instance is a program set up in one run: its script-level variables and function objects.
type Instance struct {
	prog  *Program
	root  *env
	funcs map[*funcCode]Value
}

// instance returns the program set up in this run. A library is set up once per run; a script each
// time.
func (r *Run) instance(p *Program, library bool) (*Instance, *Error) {
	if !library {
		return &Instance{prog: p}, nil
	}
	for _, inst := range r.instances {
		if inst.prog == p {
			return inst, nil
		}
	}
	inst := &Instance{prog: p}
	r.instances = append(r.instances, inst)
	if p.hasTop {
		if _, e := r.runTop(inst); e != nil {
			return nil, e
		}
	} else if p.scope.hasEnv {
		root, e := r.newEnv(p.scope, nil)
		if e != nil {
			return nil, e
		}
		inst.root = root
	}
	return inst, nil
}

// runTop runs the top level of a program.
func (r *Run) runTop(inst *Instance) (Value, *Error) {
	f := r.pushFrame(inst.prog.top)
	f.inst, f.env = inst, nil
	return r.exec(f)
}

// funcValue returns the function object of a constant function: one per run and program.
func (f *frame) funcValue(code *funcCode) (Value, *Error) { return f.run.functionOf(f.inst, code) }

func (r *Run) functionOf(inst *Instance, code *funcCode) (Value, *Error) {
	if v, ok := inst.funcs[code]; ok {
		return v, nil
	}
	o, e := r.newFunction(function{code: code, env: inst.root, inst: inst})
	if e != nil {
		return Undefined, e
	}
	if inst.funcs == nil {
		inst.funcs = make(map[*funcCode]Value)
	}
	inst.funcs[code] = ObjectValue(o)
	return ObjectValue(o), nil
}
