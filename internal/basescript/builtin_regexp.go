package basescript

import (
	"strings"
	"unsafe"

	"github.com/dop251/goja/ast"
)

// regExp is the Go side of a regular expression object. Each evaluation of a literal makes one; the
// compiled pattern is shared.
type regExp struct {
	pattern   *pattern
	lastIndex int64 // in characters
}

func regExpGlobals() []Global {
	construct := func(r *Run, args []Value) (Value, error) { return r.newRegExp(arg(args, 0), arg(args, 1)) }
	return functionGlobals([]Func{
		{Name: "RegExp", Origin: Superset, New: construct,
			Call: func(r *Run, args []Value) (Value, error) {
				if _, ok := Self[*regExp](arg(args, 0)); ok && arg(args, 1).IsUndefined() {
					return args[0], nil
				}
				return construct(r, args)
			},
			Sig: "(pattern?: any, flags?: string): RegExp", Doc: "Makes a regular expression of a text, or of another expression."},
		{Name: "ActiveXObject", Min: 1, Call: newActiveX, New: newActiveX,
			Sig: "(name: string): VBScriptRegExp", Doc: "Makes an object of the class 'VBScript.RegExp', whose options are false at first; there are no other classes here."},
	})
}

var regExpClass = &Class{Name: "RegExp",
	Props: []Prop{
		regExpProp("source", "string", "The text of the pattern.", func(p *pattern) Value { return String(p.sourceText()) }),
		regExpProp("flags", "string", "The flags, in alphabetical order.", func(p *pattern) Value { return String(p.flags.String()) }),
		regExpProp("global", "boolean", "Whether all matches are meant.", func(p *pattern) Value { return Bool(p.flags.global) }),
		regExpProp("ignoreCase", "boolean", "Whether upper and lower case are the same.", func(p *pattern) Value { return Bool(p.flags.ignoreCase) }),
		regExpProp("multiline", "boolean", "Whether ^ and $ match at each line.", func(p *pattern) Value { return Bool(p.flags.multiline) }),
		regExpProp("dotAll", "boolean", "Whether a dot matches line breaks.", func(p *pattern) Value { return Bool(p.flags.dotAll) }),
		regExpProp("unicode", "boolean", "Whether escapes such as \\p{L} are understood.", func(p *pattern) Value { return Bool(p.flags.unicode) }),
		regExpProp("sticky", "boolean", "Whether a match must begin at lastIndex.", func(p *pattern) Value { return Bool(p.flags.sticky) }),
		{Name: "lastIndex", Origin: Superset, Sig: "number", Doc: "Where the next search of a global or sticky expression begins, in characters.",
			Get: func(_ *Run, self Value) (Value, error) { return Int(regExpOf(self).lastIndex), nil },
			Set: func(_ *Run, self Value, v Value) error {
				regExpOf(self).lastIndex = int64(max(0, indexArg([]Value{v}, 0, 0)))
				return nil
			}},
	},
	Methods: []Method{
		{Name: "test", Call: regExpTest, Origin: Superset, Sig: "(text: any): boolean", Doc: "Tells whether the text matches."},
		{Name: "exec", Call: regExpExec, Origin: Superset, Sig: "(text: any): string[] | null", Doc: "Returns the next match with its groups, index, input and groups by name; null if there is none."},
		{Name: "toString", Origin: Superset, Sig: "(): string", Doc: "Returns the expression as a literal: /a/g.",
			Call: func(r *Run, self Value, _ []Value) (Value, error) { return r.text(regExpOf(self).text()) }},
	},
}

func regExpProp(name, sig, doc string, get func(*pattern) Value) Prop {
	return Prop{Name: name, Origin: Superset, Sig: sig, Doc: doc,
		Get: func(_ *Run, self Value) (Value, error) { return get(regExpOf(self).pattern), nil }}
}

// regExpOf returns the expression behind an object of regExpClass.
func regExpOf(self Value) *regExp {
	re, _ := Self[*regExp](self)
	return re
}

func (re *regExp) text() string {
	return "/" + re.pattern.sourceText() + "/" + re.pattern.flags.String()
}

func (re *regExp) weigh(w *weigher) {
	if w.once(unsafe.Pointer(re.pattern)) {
		w.bytes += int64(re.pattern.size)
	}
}

// sourceText is the pattern as it stands in a literal.
func (p *pattern) sourceText() string {
	if p.source == "" {
		return "(?:)"
	}
	if !strings.ContainsAny(p.source, "/\n\r") {
		return p.source
	}
	var b strings.Builder
	inClass := false
	for i := 0; i < len(p.source); i++ {
		c := p.source[i]
		switch {
		case c == '\\' && i+1 < len(p.source):
			b.WriteByte(c)
			i++
			c = p.source[i]
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '/' && !inClass:
			b.WriteByte('\\')
		}
		switch c {
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// newRegExp is new RegExp(pattern, flags).
func (r *Run) newRegExp(source, flags Value) (Value, error) {
	text, options := "", ""
	if re, ok := Self[*regExp](source); ok {
		text, options = re.pattern.source, re.pattern.flags.String()
	} else if !source.IsUndefined() {
		text = source.Text()
	}
	if !flags.IsUndefined() {
		options = flags.Text()
	}
	p, err := r.compilePattern(text, options)
	if err != nil {
		return Undefined, err
	}
	return r.regExpObject(p)
}

func (r *Run) regExpObject(p *pattern) (Value, error) {
	if err := r.Alloc(sizeObject + sizeHost); err != nil {
		return Undefined, err
	}
	return NewHost(regExpClass, &regExp{pattern: p}), nil
}

// regExp compiles a literal: one object for each evaluation, one pattern for all of them.
func (c *compiler) regExp(n *ast.RegExpLiteral) expr {
	pattern, err := compilePattern(n.Pattern, n.Flags)
	if err != nil {
		c.fail(n, toError(err).Message)
		return literal(Undefined)
	}
	p := c.at(n.Idx)
	return func(f *frame) (Value, *Error) {
		v, err := f.run.regExpObject(pattern)
		if err != nil {
			return Undefined, p.raise(toError(err))
		}
		return v, nil
	}
}

// next finds the next match as exec does: a global or sticky expression goes on at lastIndex.
func (re *regExp) next(r *Run, s *subject) (*found, error) {
	moves := re.pattern.flags.global || re.pattern.flags.sticky
	from := 0
	if moves {
		if re.lastIndex > int64(len(s.chars)) {
			re.lastIndex = 0
			return nil, nil
		}
		from = int(re.lastIndex)
	}
	m, err := re.pattern.find(r, s, from)
	if err != nil || !moves {
		return m, err
	}
	if re.lastIndex = 0; m != nil {
		re.lastIndex = int64(m.end)
	}
	return m, nil
}

func regExpTest(r *Run, self Value, args []Value) (Value, error) {
	s, err := r.subject(arg(args, 0).Text())
	if err != nil {
		return Undefined, err
	}
	defer r.release(s)
	m, err := regExpOf(self).next(r, s)
	return Bool(m != nil), err
}

func regExpExec(r *Run, self Value, args []Value) (Value, error) {
	return regExpOf(self).exec(r, arg(args, 0).Text())
}

func (re *regExp) exec(r *Run, text string) (Value, error) {
	s, err := r.subject(text)
	if err != nil {
		return Undefined, err
	}
	defer r.release(s)
	m, err := re.next(r, s)
	if err != nil || m == nil {
		return Null, err
	}
	return r.matchObject(re, text, m.loc, m.index)
}

func (re *regExp) isGlobal() bool       { return re.pattern.flags.global }
func (re *regExp) groupNames() []string { return re.pattern.names }

// patternSearch looks for matches of a regular expression in one text.
type patternSearch struct {
	pattern *pattern
	r       *Run
	s       *subject
}

func (re *regExp) search(r *Run, text string) (textSearch, error) { return re.pattern.search(r, text) }

func (p *pattern) search(r *Run, text string) (textSearch, error) {
	s, err := r.subject(text)
	if err != nil {
		return nil, err
	}
	return &patternSearch{p, r, s}, nil
}

func (p *patternSearch) find(from int) ([]int, error) {
	m, err := p.pattern.find(p.r, p.s, p.s.charAt(from))
	if err != nil || m == nil {
		return nil, err
	}
	return m.loc, nil
}

func (p *patternSearch) end() { p.r.release(p.s) }

// unsticky returns the expression without the flag y, which split ignores.
func (re *regExp) unsticky(r *Run) (*regExp, error) {
	if !re.pattern.flags.sticky {
		return re, nil
	}
	flags := re.pattern.flags
	flags.sticky = false
	p, err := r.compilePattern(re.pattern.source, flags.String())
	return &regExp{pattern: p}, err
}
