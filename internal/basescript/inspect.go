package basescript

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// Level says how bad a finding is.
type Level string

// The levels of findings.
const (
	// LevelError is for what fails when it is executed.
	LevelError Level = "error"
	// LevelWarning is for what may well be a mistake, or fails under some version of the original.
	LevelWarning Level = "warning"
	// LevelPortability is for what works here and not in the original.
	LevelPortability Level = "portability"
)

// FindingKind says what a finding is about.
type FindingKind string

// The kinds of findings.
const (
	FindSyntax          FindingKind = "syntax"
	FindUnknownName     FindingKind = "unknown-name"
	FindUnknownFunction FindingKind = "unknown-function"
	FindUnknownMember   FindingKind = "unknown-member"
	FindText            FindingKind = "text-expression"
	FindArguments       FindingKind = "arguments"
	FindVersion         FindingKind = "version"
	FindRefused         FindingKind = "refused"
	FindPortability     FindingKind = "portability"
)

// Finding is something wrong with a source.
type Finding struct {
	Kind    FindingKind
	Level   Level
	Line    int    // from 1
	Column  int    // from 1, in characters
	Message string // what is wrong, and the name that was probably meant
	Caret   string // the source line with a mark under the column
}

// InspectOptions say against what a source is inspected.
type InspectOptions struct {
	// Options are those the source is compiled with.
	Options
	// Classes are the classes of host objects by the names signatures use for them.
	Classes map[string]*Class
	// Hooks are functions that the host calls: their signatures say what their parameters are.
	Hooks []Func
	// Version is the version of the original the source is for, such as "1.22"; what came later is a
	// warning. Empty means any.
	Version string
	// Stub reports whether there is a stand-in for a refused function; nil means that there is none.
	Stub func(name string) bool
	// Call, if set, is asked about each call of a function of the tables.
	Call func(Call) Answer
	// Known, if set, tells of names beyond the tables that the source may use.
	Known func(name string) bool
	// Part says that the source runs in the environment of another (EvalCodeUrl), whose names it may use:
	// only calls that look like slips of the pen are reported, as warnings.
	Part bool
}

// Call is a call of a function of the tables, as far as the source itself tells.
type Call struct {
	// Owner is the namespace or the class of the object, "" for a global function.
	Owner string
	Name  string
	Args  []CallArg
}

// CallArg is an argument of a call: Text is that of a literal string, Count the number of elements of a
// literal array and Items the first of them; each is only there if the argument is one.
type CallArg struct {
	Text    string
	IsText  bool
	Count   int
	Items   []CallArg
	IsArray bool
}

// maxItems is how many elements of an array are looked at.
const maxItems = 4

// TextArg returns the literal text of an argument, ok false if it is none.
func (c Call) TextArg(i int) (text string, ok bool) {
	if i >= len(c.Args) {
		return "", false
	}
	return c.Args[i].Text, c.Args[i].IsText
}

// Answer is what is known of a call beyond the tables. The zero Answer says nothing.
type Answer struct {
	// Func is the function that is called in the end, with Count arguments (negative: unknown).
	Func  *Func
	Count int
	// Kind and Message name a fault of the call; an empty message means that there is none.
	Kind    FindingKind
	Message string
	// Type, if set, is the type of what the call returns.
	Type string
}

// Inspect compiles a source as Compile does and says what is wrong with it, in the order of the lines.
// What it says of names is what the compiler does with them: it walks the same tree with the same
// scopes. A source beyond the limits, or with bad syntax, has that as its finding. No source makes it
// panic.
func Inspect(url, text string, opts InspectOptions) (found []Finding) {
	in := &inspection{opts: opts}
	defer func() {
		if fault := recover(); fault != nil { // a fault of ours must not take others down
			in.found = append(in.found, Finding{Kind: FindSyntax, Level: LevelError, Line: 1, Column: 1,
				Message: fmt.Sprintf("The source cannot be inspected: %v", fault)})
			found = in.sorted(text)
		}
	}()
	if in.opts.Globals == nil {
		in.opts.Globals = languageGlobals()
	}
	if _, err := Compile(url, text, opts.Options); err != nil {
		se, ok := err.(*SyntaxError)
		if !ok {
			se = &SyntaxError{Line: 1, Column: 1, Message: err.Error()}
		}
		in.found = append(in.found, Finding{Kind: FindSyntax, Level: LevelError, Line: se.Line, Column: se.Column, Message: se.Message})
	}
	in.walk(url, text)
	return in.sorted(text)
}

// inspection is the state of inspecting one source.
type inspection struct {
	opts  InspectOptions
	a     *analysis
	found []Finding

	sites     map[*source]textSite  // literal string expressions
	tries     map[*source][]tryBody // bodies of try statements
	skip      map[ast.Node]bool     // names and members handled with what they are part of
	targets   map[ast.Node]bool     // members that are written, not read
	uses      []nameUse             // names nothing declares
	members   []memberUse           // members, looked at when all assignments are known
	assigned  map[*variable][]assignment
	untyped   map[*variable]bool // assigned in a way that says nothing of the type
	deciding  map[*variable]bool
	types     map[*variable]string
	own       map[string]bool // properties the source itself defines somewhere
	prototype bool            // the source touches a prototype: built-in types may have more members
	makes     bool            // evaluated code may make names (spec/basescript.md 1.12)
	declared  map[string]bool // variables of whatever function
	captures  map[*funcScope]bool
	escapes   []escape
	vars      map[*variable]bool // declared by a var already
	reported  map[string]bool    // portability is said once per feature and line
}

// walk goes through the tree; a source that does not parse has none.
func (in *inspection) walk(url, text string) {
	src, err := newSourceIn(url, text, in.opts.Function)
	if err != nil {
		return
	}
	fn, err := src.parse()
	if err != nil {
		return
	}
	in.sites, in.tries = map[*source]textSite{}, map[*source][]tryBody{}
	in.skip, in.targets = map[ast.Node]bool{}, map[ast.Node]bool{}
	in.assigned, in.untyped = map[*variable][]assignment{}, map[*variable]bool{}
	in.deciding, in.types = map[*variable]bool{}, map[*variable]string{}
	in.own, in.declared, in.reported = map[string]bool{}, map[string]bool{}, map[string]bool{}
	in.captures, in.vars = map[*funcScope]bool{}, map[*variable]bool{}
	p := &Program{url: url, library: in.opts.Library, globals: in.opts.Globals, functions: map[string]*funcCode{}}
	c := newCompilation(p, src)
	a := newAnalysis(c)
	c.analysis, in.a = a, a
	a.visit = in.visit
	a.script(fn)
	for _, s := range a.order {
		for _, v := range s.vars {
			in.declared[v.name] = true
		}
	}
	in.resolveNames()
	in.resolveMembers()
	in.resolveEscapes()
}

// visit sees each node before it is walked.
func (in *inspection) visit(n ast.Node, s *scope) {
	switch n := n.(type) {
	case *ast.Identifier:
		in.name(n, s)
	case *ast.PropertyShort:
		in.name(&n.Name, s)
	case *ast.CallExpression:
		in.call(n, s)
	case *ast.NewExpression:
		in.newCall(n, s)
	case *ast.UnaryExpression:
		in.unaryExpression(n, s)
	case *ast.DotExpression:
		in.dot(n, s)
	case *ast.TryStatement:
		in.try(n.Body)
	}
	in.assignments(n, s)
	in.portable(n, s)
}

// textSite is where a literal string expression stands.
type textSite struct {
	outer *source
	lit   ast.Expression
}

// place is a position in one of the sources.
type place struct {
	src *source
	idx file.Idx
}

func (in *inspection) here(idx file.Idx) place { return place{in.a.c.src, idx} }

// report adds a finding. Those that are about the same thing in the same place are one.
func (in *inspection) report(at place, kind FindingKind, level Level, format string, args ...any) {
	if len(in.found) >= maxFindings {
		return
	}
	line, column := in.position(at)
	f := Finding{Kind: kind, Level: level, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(in.found[max(0, len(in.found)-8):], f) {
		in.found = append(in.found, f)
	}
}

// maxFindings bounds what is said of one source.
const maxFindings = 1000

// position returns the author's line and column of a place.
func (in *inspection) position(at place) (line, column int) {
	for range maxNesting {
		site, ok := in.sites[at.src]
		if !ok {
			break
		}
		at = place{site.outer, site.lit.Idx0() + file.Idx(1+site.rawOffset(int(at.idx)-1-at.src.head))}
	}
	src, offset := at.src, min(max(int(at.idx)-1, 0), len(at.src.text))
	const long = 8 << 10 // a line whose marked copy costs much, a thousand times
	line = max(1, sort.SearchInts(src.lines, offset+1))
	start := src.lines[line-1]
	if line == 1 {
		start = min(src.head, offset)
	}
	if offset-start < long && (line == len(src.lines) || src.lines[line]-start < long) {
		e := src.errorAt(offset, "")
		return e.Line, e.Column
	}
	return line, 1 + utf8.RuneCountInString(src.text[start:offset])
}

// rawOffset returns the offset in a literal, behind its quote, of an offset in its value.
func (t textSite) rawOffset(want int) int {
	raw := ""
	switch lit := t.lit.(type) {
	case *ast.StringLiteral:
		raw = lit.Literal[min(1, len(lit.Literal)):]
	case *ast.TemplateLiteral:
		raw = lit.Elements[0].Literal
	}
	at := 0
	for have := 0; have < want && at < len(raw); {
		size, value := escapeSize(raw[at:])
		at += size
		have += value
	}
	return at
}

// escapeSize returns how long the character a literal begins with is written, and how long it is.
func escapeSize(raw string) (size, value int) {
	if raw[0] != '\\' || len(raw) < 2 {
		return 1, 1
	}
	switch raw[1] {
	case '\n':
		return 2, 0
	case 'x':
		return min(4, len(raw)), 1
	case 'u':
		return min(6, len(raw)), 2
	}
	return 2, 1
}

// sorted returns the findings in the order of their places, with their source lines.
func (in *inspection) sorted(text string) []Finding {
	sort.SliceStable(in.found, func(i, j int) bool {
		a, b := &in.found[i], &in.found[j]
		return cmp.Or(a.Line-b.Line, a.Column-b.Column) < 0
	})
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
	var chars []rune
	for i := range in.found {
		f := &in.found[i]
		if f.Line > len(lines) {
			continue
		}
		if i == 0 || f.Line != in.found[i-1].Line {
			chars = []rune(lines[f.Line-1])
		}
		const around = 200 // a line may be very long, and is shown in part
		column := min(f.Column-1, len(chars))
		from := max(0, column-around)
		f.Caret = caret(string(chars[from:min(len(chars), column+around)]), column-from)
	}
	return in.found
}

// tryBody is the body of a try statement; probe: it is one statement, which is how scripts ask whether
// something exists (spec/basescript.md 1.6).
type tryBody struct {
	from, to file.Idx
	probe    bool
	outer    int // the one around it, -1 if there is none
}

// try notes the body of a try statement. They come in the order of the source.
func (in *inspection) try(body *ast.BlockStatement) {
	list := in.tries[in.a.c.src]
	t := tryBody{from: body.Idx0(), to: body.Idx1(), probe: len(body.List) <= 1, outer: len(list) - 1}
	for t.outer >= 0 && list[t.outer].to <= t.from {
		t.outer = list[t.outer].outer
	}
	in.tries[in.a.c.src] = append(list, t)
}

// guard says whether a failure at a place is caught.
type guard uint8

const (
	unguarded guard = iota
	guarded         // caught, among other statements
	probed          // the only thing that is tried
)

// guardOf finds the innermost try around a place, that of a string expression's call included.
func (in *inspection) guardOf(at place) guard {
	for range maxNesting {
		list := in.tries[at.src]
		i := sort.Search(len(list), func(i int) bool { return list[i].from > at.idx }) - 1
		for i >= 0 && list[i].to <= at.idx {
			i = list[i].outer
		}
		switch {
		case i >= 0 && list[i].probe:
			return probed
		case i >= 0:
			return guarded
		}
		site, ok := in.sites[at.src]
		if !ok {
			break
		}
		at = place{site.outer, site.lit.Idx0()}
	}
	return unguarded
}
