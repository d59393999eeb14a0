package basescript

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

type varKind uint8

const (
	varPlain   varKind = iota // var, let, parameter, catch variable, implicit variable
	varConst                  // assignment is an error
	varFunc                   // a function declaration
	varElement                // This of a string expression
	varTable                  // names made at run time, see scope.table
	varObject                 // an object whose fields are names of evaluated text
)

// variable is a declared name: where it lives is decided once the whole source has been walked.
type variable struct {
	name  string
	kind  varKind
	scope *scope
	// writes counts assignments besides the declaration; a script-level function without any is a
	// compile-time constant.
	writes   int
	captured bool
	// used: the source mentions the name beside its declaration.
	used bool
	// private names of a library's top level are not seen by its functions (spec/basescript.md 1.8).
	private bool
	// implicit: only an assignment declares the name, so one of that name made at run time further out
	// comes before it.
	implicit bool
	// table, if set, is where the name is kept: it was made by text evaluated in place.
	table *variable
	// shadows is the built-in of the same name: the variable holds it until it is assigned, because a
	// declaration takes effect when it is executed (spec/basescript.md 1.8): message = ParseJson(message).
	shadows *Global
	decl    *ast.FunctionLiteral
	code    *funcCode // set for constant functions
	// soft: text made at run time may assign the constant function. Its place in the env is undefined
	// until then.
	soft  bool
	inEnv bool
	index int // slot or env index
	// param is the argument's slot plus one, 0 for anything but a parameter.
	param int
}

// inSlot reports whether the variable lives in a slot of its function's frame. It is known once the scope
// is placed.
func (v *variable) inSlot() bool { return !v.inEnv && v.code == nil && v.table == nil }

// scope is a block, function, script or string expression at compile time. Scopes of functions that
// contain computed text outlive compilation: text is compiled against them at run time.
type scope struct {
	parent *scope
	fn     *funcScope
	vars   []*variable
	// names finds vars by name where they are many (see own).
	names map[string]*variable
	// element is the This variable if the scope is a string expression's.
	element *variable
	// table holds the names evaluated text makes in a function (InPlaceEval, EvalCodeUrl); nil where
	// no such text can come.
	table *variable
	// objects are hidden variables whose fields come before the variables of the scopes further out,
	// innermost first: the table, objects given to eval.
	objects []*variable
	// inPlace: the names of this evaluated text belong to the level around it.
	inPlace bool
	// captureAll: text compiled at run time may refer to any variable here.
	captureAll bool
	// done: the scope is compiled and shared; nothing may change it any more.
	done    bool
	hasEnv  bool
	envSize int
}

// funcScope is what the scopes of one function share.
type funcScope struct {
	parent *funcScope
	root   *scope
	arrow  bool
	slots  int
	args   *variable // arguments, where the function mentions it
	// frame is the function on whose frame text compiled at run time is evaluated.
	frame *funcScope
	// within is the function evaluated text belongs to; it has a frame of its own.
	within *funcScope
}

// base is the function of the source that text made at run time belongs to.
func (fs *funcScope) base() *funcScope {
	for fs.frame != nil || fs.within != nil {
		if fs.frame != nil {
			fs = fs.frame
		} else {
			fs = fs.within
		}
	}
	return fs
}

// owner is the function whose frame holds the slots of fs.
func (fs *funcScope) owner() *funcScope {
	if fs.frame != nil {
		return fs.frame
	}
	return fs
}

func newScope(parent *scope, fn *funcScope) *scope {
	return &scope{parent: parent, fn: fn}
}

// mostListed is how many variables of a scope are found by looking at each.
const mostListed = 8

// own returns the scope's variable of that name, nil if it declares none.
func (s *scope) own(name string) *variable {
	if s.names != nil {
		return s.names[name]
	}
	for _, v := range s.vars {
		if v.name == name {
			return v
		}
	}
	return nil
}

// declare returns the scope's variable of that name, making it if needed.
func (s *scope) declare(name string, kind varKind) *variable {
	if v := s.own(name); v != nil {
		return v
	}
	v := &variable{name: name, kind: kind, scope: s}
	s.vars = append(s.vars, v)
	switch {
	case s.names != nil:
		s.names[name] = v
	case len(s.vars) > mostListed:
		s.indexNames()
	}
	return v
}

func (s *scope) indexNames() {
	s.names = make(map[string]*variable, 2*len(s.vars))
	for _, v := range s.vars {
		s.names[v.name] = v
	}
}

// lookup finds the variable a name refers to. elements are the hidden variables between the name and
// its variable, innermost first, whose fields come before the variable: those of string expressions,
// tables of names made at run time, objects given to eval.
func (s *scope) lookup(name string) (v *variable, elements []*variable) {
	for at := s; at != nil; at = at.parent {
		if v := at.own(name); v != nil && (!v.private || at.fn.base() == s.fn.base()) {
			if v.implicit {
				elements = append(elements, at.objectsAround()...)
			}
			return v, elements
		}
		if at.element != nil {
			elements = append(elements, at.element)
		}
		elements = append(elements, at.objects...)
	}
	return nil, elements
}

// objectsAround are the objects of s and the scopes around it, innermost first.
func (s *scope) objectsAround() (all []*variable) {
	for ; s != nil; s = s.parent {
		all = append(all, s.objects...)
	}
	return all
}

// place decides where the scope's variables live: captured ones in its env, the others in slots.
func (s *scope) place() {
	for _, v := range s.vars {
		switch {
		case v.code != nil && !v.soft:
			continue
		case v.table != nil:
			v.inEnv = true // in the table there
		case v.captured || s.captureAll:
			v.inEnv, v.index = true, s.envSize
			s.envSize++
		case v.param > 0: // a parameter keeps the slot it arrives in
			v.index = v.param - 1
		default:
			v.index = s.fn.slots
			s.fn.slots++
		}
	}
	s.hasEnv = s.envSize > 0
	s.done = true
}

// analysis is the result of the walk before compilation.
type analysis struct {
	c      *compilation
	scopes map[ast.Node]*scope // functions, blocks, loops, catches, classes
	texts  map[ast.Node]*parsedText
	order  []*scope
	depth  int
	err    *SyntaxError
	// visit, if set, sees each statement and expression with its scope before it is walked (Inspect).
	visit func(n ast.Node, s *scope)
}

// parsedText is a literal string expression: an expression, or a body with return.
type parsedText struct {
	src  *source
	fn   *ast.FunctionLiteral
	expr ast.Expression // nil for a body
	err  error
}

func newAnalysis(c *compilation) *analysis {
	return &analysis{c: c, scopes: map[ast.Node]*scope{}, texts: map[ast.Node]*parsedText{}}
}

func (a *analysis) open(node ast.Node, parent *scope, fn *funcScope) *scope {
	s := newScope(parent, fn)
	if node != nil {
		a.scopes[node] = s
	}
	a.order = append(a.order, s)
	return s
}

func (a *analysis) fail(node ast.Node, message string) {
	if a.err == nil {
		a.err = a.c.src.errorAt(int(node.Idx0())-1, message)
	}
}

// functionParts is what function literals, arrow functions and string expressions have in common.
type functionParts struct {
	params *ast.ParameterList
	decls  []*ast.VariableDeclaration
	body   []ast.Statement
	expr   ast.Expression // body of an arrow function without braces
}

func partsOf(n ast.Node) functionParts {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		return functionParts{n.ParameterList, n.DeclarationList, n.Body.List, nil}
	case *ast.ArrowFunctionLiteral:
		p := functionParts{params: n.ParameterList, decls: n.DeclarationList}
		switch b := n.Body.(type) {
		case *ast.BlockStatement:
			p.body = b.List
		case *ast.ExpressionBody:
			p.expr = b.Expression
		}
		return p
	case *ast.ClassStaticBlock:
		return functionParts{nil, n.DeclarationList, n.Block.List, nil}
	}
	return functionParts{}
}

// script walks the wrapper function of a file: its scope is the script level.
func (a *analysis) script(fn *ast.FunctionLiteral) *scope {
	fs := &funcScope{}
	s := a.open(fn, nil, fs)
	fs.root = s
	parts := partsOf(fn)
	a.declareFunction(s, parts)
	a.implicit(s, parts, a.c.library)
	a.assignable(s, parts.body)
	a.statements(parts.body, s)
	return s
}

// assignable declares at script level the built-ins that functions of the script assign to be seen from
// outside of them: RESULT = … in a function is the RESULT of the script (spec/basescript.md 5 row 9). A
// library has no script level.
func (a *analysis) assignable(s *scope, body []ast.Statement) {
	mentioned := func(name string) bool { return strings.Contains(a.c.src.text, name) }
	if a.c.library || !slices.ContainsFunc(a.c.globals.assignable, mentioned) {
		return
	}
	w := assignedNames{a: a, inner: true, local: map[string]int{}, found: func(name string, local map[string]int) {
		if g := a.c.globals.Lookup(name); g != nil && g.Assignable && local[name] == 0 && s.names[name] == nil {
			v := s.declare(name, varPlain)
			v.implicit, v.shadows = true, g
		}
	}}
	w.block(body)
}

// function walks a function and everything in it.
func (a *analysis) function(n ast.Node, parent *scope, arrow bool) {
	fs := &funcScope{parent: parent.fn, arrow: arrow}
	s := a.open(n, parent, fs)
	fs.root = s
	if fn, ok := n.(*ast.FunctionLiteral); ok {
		if fn.Async || fn.Generator {
			a.fail(n, "Generators and async functions are not supported")
			return
		}
		if fn.Name != nil && !a.declared(fn) {
			s.declare(fn.Name.Name.String(), varPlain) // its own name, unless a parameter or variable has it
		}
	}
	parts := partsOf(n)
	if parts.params != nil {
		own := len(s.vars) // the name of the function, which its body may take
		for i, b := range parts.params.List {
			if id, ok := b.Target.(*ast.Identifier); ok {
				s.declare(id.Name.String(), varPlain).param = i + 1
			} else {
				a.pattern(s, b.Target, varPlain)
			}
		}
		fs.slots = len(parts.params.List)
		if parts.params.Rest != nil {
			a.pattern(s, parts.params.Rest, varPlain)
		}
		a.checkRedeclared(s.vars[own:], parts.body)
	}
	a.declareFunction(s, parts)
	a.implicit(s, parts, false)
	if parts.params != nil {
		for _, b := range parts.params.List {
			a.bindingParts(b, s)
		}
		if parts.params.Rest != nil {
			a.patternParts(parts.params.Rest, s)
		}
	}
	if parts.expr != nil {
		a.expr(parts.expr, s)
	}
	a.statements(parts.body, s)
}

// declared reports whether a function literal is a declaration's, whose name belongs outside.
func (a *analysis) declared(fn *ast.FunctionLiteral) bool { return a.c.declarations[fn] }

// declareFunction declares the names of a function body: var, nested functions wherever they stand,
// let, const and class of its own block.
func (a *analysis) declareFunction(s *scope, parts functionParts) {
	for _, d := range parts.decls {
		for _, b := range d.List {
			a.pattern(s, b.Target, varPlain)
			a.shadow(s, b)
		}
	}
	a.hoist(s, parts.body)
	a.lexical(s, parts.body)
}

// shadow notes a var with an initialiser that takes the name of a built-in; one without is undefined
// from the start.
func (a *analysis) shadow(s *scope, b *ast.Binding) {
	if id, ok := b.Target.(*ast.Identifier); ok && b.Initializer != nil {
		if v := s.own(id.Name.String()); v.param == 0 {
			v.shadows = a.c.globals.Lookup(v.name)
		}
	}
}

// hoist declares function declarations, also those inside blocks: functions are callable before
// their text (spec/basescript.md 1.8).
func (a *analysis) hoist(s *scope, list []ast.Statement) {
	for _, st := range list {
		if fd, ok := st.(*ast.FunctionDeclaration); ok {
			a.c.declarations[fd.Function] = true
			v := s.declare(fd.Function.Name.Name.String(), varFunc)
			if v.kind == varFunc && v.decl == nil {
				v.decl = fd.Function
			} else {
				v.kind, v.writes = varPlain, v.writes+1 // two of one name: the last one wins, at run time
			}
			a.c.hoisted[s] = append(a.c.hoisted[s], fd.Function)
			continue
		}
		if st != nil && !opensScope(st) {
			a.hoistNested(s, st)
		}
	}
}

func (a *analysis) hoistNested(s *scope, st ast.Node) {
	if a.tooDeep(st) {
		return
	}
	defer a.leave()
	children(st, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.FunctionDeclaration:
			a.hoist(s, []ast.Statement{n})
		case ast.Expression, ast.ForLoopInitializer, ast.ForInto:
			// functions in expressions have scopes of their own
		case ast.Statement:
			if !opensScope(n) {
				a.hoistNested(s, n)
			}
		}
	})
}

// lexical declares let, const and class of a block.
func (a *analysis) lexical(s *scope, list []ast.Statement) {
	if needsBlockScope(list) {
		a.checkLexical(list)
	}
	for _, st := range list {
		switch st := st.(type) {
		case *ast.LexicalDeclaration:
			kind := varPlain
			if st.Token == token.CONST {
				kind = varConst
			}
			for _, b := range st.List {
				a.pattern(s, b.Target, kind)
			}
		case *ast.ClassDeclaration:
			s.declare(st.Class.Name.Name.String(), varPlain)
		}
	}
}

// checkLexical refuses what JavaScript refuses of let, const and class: a name declared twice, a
// constant without a value.
func (a *analysis) checkLexical(list []ast.Statement) {
	declared := make(map[string]bool) // true: by let, const or class
	declare := func(n ast.Node, target ast.Node, lexical bool) {
		targets(target, func(t ast.Node) {
			id, ok := t.(*ast.Identifier)
			if !ok {
				return
			}
			name := id.Name.String()
			if other, known := declared[name]; known && (lexical || other) {
				a.fail(n, "Variable "+name+" already declared")
			}
			declared[name] = lexical || declared[name]
		})
	}
	for _, st := range list {
		switch st := st.(type) {
		case *ast.VariableStatement:
			for _, b := range st.List {
				declare(b.Target, b.Target, false)
			}
		case *ast.FunctionDeclaration:
			declare(st.Function, st.Function.Name, false)
		case *ast.ClassDeclaration:
			declare(st.Class, st.Class.Name, true)
		case *ast.LexicalDeclaration:
			for _, b := range st.List {
				declare(b.Target, b.Target, true)
				if b.Initializer == nil && st.Token == token.CONST {
					a.fail(b.Target, "A constant needs a value")
				}
			}
		}
	}
}

// checkRedeclared refuses let and const for the parameters of the function or catch whose body is the
// list, as JavaScript does.
func (a *analysis) checkRedeclared(params []*variable, list []ast.Statement) {
	if len(params) == 0 || !needsBlockScope(list) {
		return
	}
	taken := make(map[string]bool, len(params))
	for _, v := range params {
		taken[v.name] = true
	}
	for _, st := range list {
		d, ok := st.(*ast.LexicalDeclaration)
		if !ok {
			continue
		}
		for _, b := range d.List {
			targets(b.Target, func(t ast.Node) {
				if id, ok := t.(*ast.Identifier); ok && taken[id.Name.String()] {
					a.fail(b.Target, "Variable "+id.Name.String()+" already declared")
				}
			})
		}
	}
}

// opensScope reports whether a statement has a scope of its own, which then holds the functions
// declared inside: they may use its let variables.
func opensScope(st ast.Statement) bool {
	switch st := st.(type) {
	case *ast.BlockStatement:
		return needsBlockScope(st.List)
	case *ast.CatchStatement:
		return true
	case *ast.ForStatement:
		_, lexical := st.Initializer.(*ast.ForLoopInitializerLexicalDecl)
		return lexical
	case *ast.ForInStatement:
		_, lexical := st.Into.(*ast.ForDeclaration)
		return lexical
	case *ast.ForOfStatement:
		_, lexical := st.Into.(*ast.ForDeclaration)
		return lexical
	case *ast.SwitchStatement:
		for _, c := range st.Body {
			if needsBlockScope(c.Consequent) {
				return true
			}
		}
	}
	return false
}

func needsBlockScope(list []ast.Statement) bool {
	for _, st := range list {
		switch st.(type) {
		case *ast.LexicalDeclaration, *ast.ClassDeclaration:
			return true
		}
	}
	return false
}

// pattern declares every name a binding target introduces.
func (a *analysis) pattern(s *scope, target ast.Node, kind varKind) {
	targets(target, func(n ast.Node) {
		if id, ok := n.(*ast.Identifier); ok {
			s.declare(id.Name.String(), kind)
		}
	})
}

// targets visits the leaves of an assignment target or pattern: identifiers and member expressions.
func targets(n ast.Node, visit func(ast.Node)) {
	switch n := n.(type) {
	case nil:
	case *ast.ArrayPattern:
		for _, e := range n.Elements {
			targets(e, visit)
		}
		targets(n.Rest, visit)
	case *ast.ObjectPattern:
		for _, p := range n.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				visit(&p.Name)
			case *ast.PropertyKeyed:
				targets(p.Value, visit)
			}
		}
		targets(n.Rest, visit)
	case *ast.AssignExpression: // a default
		targets(n.Left, visit)
	case *ast.Binding:
		targets(n.Target, visit)
	case *ast.SpreadElement:
		targets(n.Expression, visit)
	default:
		visit(n)
	}
}

// implicit declares the names a function assigns without declaring them anywhere: they are its own
// (spec/basescript.md 1.8, 5 row 9).
func (a *analysis) implicit(s *scope, parts functionParts, private bool) {
	declare := func(name string, local map[string]int) {
		if local[name] > 0 {
			return
		}
		if v, _ := s.lookup(name); v == nil {
			v = s.declare(name, varPlain)
			v.implicit, v.private, v.shadows = true, private, a.c.globals.Lookup(name)
		}
	}
	w := assignedNames{a: a, found: declare}
	if parts.params != nil {
		for _, b := range parts.params.List {
			w.node(b)
		}
	}
	if parts.expr != nil {
		w.node(parts.expr)
	}
	w.block(parts.body)
}

// assignedNames visits the assignments of one function, leaving nested functions out. local counts
// the let, const, class and catch names of the blocks around an assignment.
type assignedNames struct {
	a     *analysis
	found func(name string, local map[string]int)
	local map[string]int
	inner bool // nested functions too
}

func (w *assignedNames) target(n ast.Node) {
	targets(n, func(leaf ast.Node) {
		if id, ok := leaf.(*ast.Identifier); ok {
			w.found(id.Name.String(), w.local)
		}
	})
}

// block visits statements with the names the block declares set apart.
func (w *assignedNames) block(list []ast.Statement) {
	w.within(func(s *scope) { w.a.lexical(s, list) }, func() {
		for _, st := range list {
			w.node(st)
		}
	})
}

func (w *assignedNames) within(declare func(*scope), visit func()) {
	s := &scope{}
	declare(s)
	if len(s.vars) > 0 && w.local == nil {
		w.local = make(map[string]int)
	}
	for _, v := range s.vars {
		w.local[v.name]++
	}
	visit()
	for _, v := range s.vars {
		w.local[v.name]--
	}
}

func (w *assignedNames) node(n ast.Node) {
	if w.a.tooDeep(n) {
		return
	}
	defer w.a.leave()
	switch n := n.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral, *ast.FunctionDeclaration:
		if w.inner {
			w.function(n)
		}
		return
	case *ast.AssignExpression:
		w.target(n.Left)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT {
			w.target(n.Operand)
		}
	case *ast.ForInStatement:
		w.forInto(n.Into, n.Source, n.Body)
		return
	case *ast.ForOfStatement:
		w.forInto(n.Into, n.Source, n.Body)
		return
	case *ast.BlockStatement:
		w.block(n.List)
		return
	case *ast.CatchStatement:
		w.within(func(s *scope) {
			if n.Parameter != nil {
				w.a.pattern(s, n.Parameter, varPlain)
			}
		}, func() { w.node(n.Body) })
		return
	case *ast.ForStatement:
		w.within(func(s *scope) { w.a.forLexical(s, n) }, func() { children(n, w.node) })
		return
	case *ast.CallExpression:
		w.texts(n)
	}
	children(n, w.node)
}

// function visits a nested function with its own names set apart, classes excepted.
func (w *assignedNames) function(n ast.Node) {
	if d, ok := n.(*ast.FunctionDeclaration); ok {
		n = d.Function
	}
	parts := partsOf(n)
	w.within(func(s *scope) { w.a.declareFunction(s, parts) }, func() {
		if parts.expr != nil {
			w.node(parts.expr)
		}
		w.block(parts.body)
	})
}

func (w *assignedNames) forInto(into ast.ForInto, source ast.Expression, body ast.Statement) {
	w.node(source)
	switch into := into.(type) {
	case *ast.ForIntoExpression:
		w.target(into.Expression)
		w.node(body)
	case *ast.ForDeclaration:
		w.within(func(s *scope) { w.a.pattern(s, into.Target, varPlain) }, func() { w.node(body) })
	default:
		w.node(body)
	}
}

// texts visits literal string expressions: what they assign belongs to the calling function.
func (w *assignedNames) texts(call *ast.CallExpression) {
	for _, t := range w.a.literalTexts(call, nil) {
		if t.err != nil {
			continue
		}
		declared := func(s *scope) { w.a.declareFunction(s, partsOf(t.fn)) }
		w.within(declared, func() {
			for _, st := range partsOf(t.fn).body {
				w.node(st)
			}
		})
	}
}

func (a *analysis) forLexical(s *scope, n *ast.ForStatement) {
	if init, ok := n.Initializer.(*ast.ForLoopInitializerLexicalDecl); ok {
		a.lexical(s, []ast.Statement{&init.LexicalDeclaration})
	}
}

// tooDeep counts a level of the tree; a tree too deep for the walkers is a syntax error.
func (a *analysis) tooDeep(n ast.Node) bool {
	if a.depth >= maxTreeDepth {
		a.fail(n, "Nested too deeply")
		return true
	}
	a.depth++
	return a.err != nil && a.undo()
}

func (a *analysis) undo() bool {
	a.depth--
	return true
}

func (a *analysis) leave() { a.depth-- }

// maxTreeDepth bounds the recursion of the walkers and the compiler.
const maxTreeDepth = 2500
