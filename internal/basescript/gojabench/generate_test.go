package gojabench

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes random programs in the part of the language where the dialect and ECMAScript must
// agree. What differs by rule is left out by construction: integers stay below 2^53, fractions are
// dyadic, texts are ASCII, only === compares, no absent property is read, null and undefined meet no +,
// for-in visits objects only, whose keys are no numbers, and what is thrown is an Error
// (spec/basescript.md section 5). Every program ends: loops count to a constant, and functions call only
// those declared before them, or themselves with a smaller number.
type generator struct {
	rnd    *rand.Rand
	b      strings.Builder
	indent int
	// scopes are the variables in sight by type, innermost last; functions are the declared ones.
	scopes    []scope
	functions []function
	classes   []class
	names     int
	// inLoop and inFunction say which of break, continue and return may be written; labels are those of the
	// loops around.
	inLoop     int
	inFunction bool
	labels     []string
	depth      int
	budget     int // statements left
	// lexical programs use let and const, and jump out of no try: goja corrupts its stack where both meet.
	lexical bool
	// trusted: the judge is not goja.
	trusted bool
	// evals programs evaluate pieces of themselves; dialect ones use the array functions, whose expressions
	// are written as style says.
	evals, dialect bool
	style          style
	inText         int // texts around
}

type kind uint8

const (
	number kind = iota
	text
	truth
	numbers // a non-empty array of numbers
	record  // an object with the properties a (number), b (text), c (truth), d (numbers)
	callback
)

type variable struct {
	name string
	kind kind
	// fixed: const, or a loop counter that only the loop may change.
	fixed bool
}

type scope struct{ vars []variable }

type function struct {
	name   string
	params []kind
	result kind
}

type class struct {
	name, method, getter string
}

// prelude is part of every program: show writes a value in the same way on both sides.
const prelude = `
function show(v) {
	if (v === null) return 'null';
	if (v === undefined) return 'undefined';
	if (typeof v === 'string') return '"' + v + '"';
	if (typeof v === 'number') return v === 0 ? '0' : '' + v;
	if (typeof v === 'boolean') return v ? 'true' : 'false';
	if (typeof v === 'function') return 'function';
	if (Array.isArray(v)) { var parts = []; for (var i = 0; i < v.length; i++) parts.push(show(v[i])); return '[' + parts.join(',') + ']'; }
	var fields = []; for (var k in v) { fields.push(k + ':' + show(v[k])); } return '{' + fields.join(',') + '}';
}
function clip(n) { return n === n && n < 1000000 && n > -1000000 ? Math.floor(n * 256) / 256 + 0 : 7; }
function cut(s) { return s.length > 200 ? s.slice(0, 200) : s; }
function at(a, i) { var n = a.length; if (n === 0) return 0; i = Math.floor(i) % n; return a[i < 0 ? i + n : i]; }
function nonEmpty(a) { return a.length === 0 ? [1] : a.length > 40 ? a.slice(0, 40) : a; }
`

func generate(seed uint64) string {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 42)), budget: 60}
	g.lexical = g.chance(70) // and no evaluated text: goja corrupts its stack and ends the process
	return g.program()
}

// generateAny writes a program for a judge that has no faults in let, const, try and eval.
func generateAny(seed uint64) string {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 43)), budget: 60, lexical: true, trusted: true}
	g.evals = g.chance(70)
	return g.program()
}

// program writes the program.
func (g *generator) program() string {
	// goja leaves a break behind in branches it finds to be constant, so no condition is.
	g.b.WriteString("function main(x) {\n\tvar yes = x === '', no = !yes;\n")
	g.indent = 1
	g.push()
	for range g.rnd.IntN(3) {
		g.class()
	}
	for range 1 + g.rnd.IntN(3) {
		g.function()
	}
	for g.budget > 0 {
		g.statement()
	}
	g.dump()
	g.pop()
	g.line("return '';")
	g.b.WriteString("}\n")
	return prelude + g.b.String()
}

func (g *generator) push() { g.scopes = append(g.scopes, scope{}) }
func (g *generator) pop()  { g.scopes = g.scopes[:len(g.scopes)-1] }

func (g *generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func (g *generator) declare(v variable) {
	top := &g.scopes[len(g.scopes)-1]
	top.vars = append(top.vars, v)
}

func (g *generator) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

func (g *generator) pick(options ...func()) { options[g.rnd.IntN(len(options))]() }

func (g *generator) one(options ...string) string { return options[g.rnd.IntN(len(options))] }

// word is how a variable is declared.
func (g *generator) word(options ...string) string {
	if !g.lexical {
		return "var"
	}
	return g.one(options...)
}

func (g *generator) chance(percent int) bool { return g.rnd.IntN(100) < percent }

// variables returns those of a kind in sight; free ones may be assigned.
func (g *generator) variables(k kind, free bool) []string {
	var names []string
	for _, s := range g.scopes {
		for _, v := range s.vars {
			if v.kind == k && !(free && v.fixed) {
				names = append(names, v.name)
			}
		}
	}
	return names
}

func (g *generator) dump() {
	for _, s := range g.scopes {
		for _, v := range s.vars {
			g.line("out('%s=' + show(%s));", v.name, v.name)
		}
	}
}

// block writes statements in braces, in a scope of their own.
func (g *generator) block(statements int) {
	g.indent++
	g.push()
	for range 1 + g.rnd.IntN(statements) {
		g.statement()
	}
	g.pop()
	g.indent--
}

func (g *generator) statement() {
	g.budget--
	if g.depth > 4 || g.budget < 0 {
		g.assign()
		return
	}
	g.depth++
	defer func() { g.depth-- }()
	g.pick(g.variable, g.variable, g.variable, g.assign, g.assign, g.assign, g.branch, g.loop, g.loop, g.choose, g.attempt,
		g.jump, g.print, g.print, g.mutate, g.mutate, g.destructure, g.closure, g.object, g.idiom, g.idiom, g.collection, g.evalStatements)
}

func (g *generator) kind() kind { return kind(g.rnd.IntN(5)) }

func (g *generator) variable() {
	k := g.kind()
	v := variable{name: g.name("v"), kind: k}
	word := g.word("var", "let", "const")
	v.fixed = word == "const"
	value := g.expr(k, 3)
	if word == "var" {
		// A var inside a loop or branch belongs to the function; here it is only used in its block.
		g.line("var %s = %s;", v.name, value)
	} else {
		g.line("%s %s = %s;", word, v.name, value)
	}
	g.declare(v)
}

func (g *generator) assign() {
	k := g.kind()
	names := g.variables(k, true)
	if len(names) == 0 {
		g.print()
		return
	}
	name := names[g.rnd.IntN(len(names))]
	switch {
	case k == number && g.chance(40):
		switch g.rnd.IntN(3) {
		case 0:
			g.line("%s%s;", name, g.one("++", "--"))
		case 1:
			g.line("%s = clip(%s%s);", name, g.one("++", "--"), name)
		default:
			g.line("%s %s %s; %s = clip(%s);", name, g.one("+=", "-=", "*="), g.expr(number, 2), name, name)
		}
	case k == text && g.chance(40):
		g.line("%s += %s; %s = cut(%s);", name, g.expr(g.scalar(), 2), name, name)
	case k == truth && g.chance(20):
		g.line("%s %s %s;", name, g.one("&&=", "||="), g.expr(truth, 2))
	default:
		g.line("%s = %s;", name, g.expr(k, 3))
	}
}

// scalar is a kind whose text is the same on both sides.
func (g *generator) scalar() kind { return kind(g.rnd.IntN(3)) }

func (g *generator) branch() {
	g.line("if (yes && %s) {", g.expr(truth, 3))
	g.block(3)
	if g.chance(50) {
		g.line("} else if (yes && %s) {", g.expr(g.scalar(), 2))
		g.block(2)
	}
	if g.chance(50) {
		g.line("} else {")
		g.block(3)
	}
	g.line("}")
}

func (g *generator) loop() {
	label := ""
	if g.chance(25) {
		label = g.name("l")
		g.labels = append(g.labels, label)
		defer func() { g.labels = g.labels[:len(g.labels)-1] }()
		g.line("%s:", label)
	}
	g.inLoop++
	defer func() { g.inLoop-- }()
	g.push()
	defer g.pop()
	g.pick(g.countingLoop, g.countingLoop, g.whileLoop, g.doLoop, g.forOf, g.forIn)
}

func (g *generator) countingLoop() {
	i := g.name("i")
	word := g.word("var", "let")
	g.line("for (%s %s = 0; %s < %d; %s) {", word, i, i, 1+g.rnd.IntN(5), g.one(i+"++", "++"+i, i+" += 1", i+" = "+i+" + 1"))
	g.declare(variable{i, number, true})
	g.block(4)
	g.line("}")
}

func (g *generator) whileLoop() {
	i := g.name("i")
	g.line("for (var %s = %d; %s-- > 0;) {", i, 1+g.rnd.IntN(5), i)
	g.declare(variable{i, number, true})
	g.block(3)
	g.line("}")
}

func (g *generator) doLoop() {
	i := g.name("i")
	// A labelled statement must be the loop itself, so the counter stands before it as a one-turn loop would.
	g.line("for (%s %s = 0, stop = %d; ;) {", g.word("let"), i, 1+g.rnd.IntN(4))
	g.declare(variable{i, number, true})
	g.indent++
	g.line("if (%s++ >= stop) break;", i)
	g.indent--
	g.block(3)
	g.line("}")
}

func (g *generator) forOf() {
	v := g.name("e")
	if g.chance(30) {
		g.line("for (%s %s of %s.split('')) {", g.word("var", "let", "const"), v, g.expr(text, 2))
		g.declare(variable{v, text, true})
	} else {
		g.line("for (%s %s of %s) {", g.word("var", "let", "const"), v, g.expr(numbers, 2))
		g.declare(variable{v, number, true})
	}
	g.block(3)
	g.line("}")
}

func (g *generator) forIn() {
	v := g.name("k")
	g.line("for (%s %s in %s) {", g.word("var", "let"), v, g.expr(record, 2))
	g.declare(variable{v, text, true})
	g.block(3)
	g.line("}")
}

func (g *generator) choose() {
	k := kind(g.rnd.IntN(2))
	g.line("switch (%s) {", g.expr(k, 2))
	n := 1 + g.rnd.IntN(4)
	def := g.rnd.IntN(n + 1)
	g.push()
	for i := range n {
		if i == def {
			g.line("default:")
			g.block(2)
			g.breakMaybe()
		}
		g.line("case %s:", g.expr(k, 1))
		g.indent++
		g.line("{")
		g.block(2)
		g.line("}")
		g.indent--
		g.breakMaybe()
	}
	g.pop()
	g.line("}")
}

func (g *generator) breakMaybe() {
	if g.chance(60) {
		g.line("\tbreak;")
	}
}

func (g *generator) attempt() {
	if g.lexical && !g.trusted {
		inLoop, inFunction, labels := g.inLoop, g.inFunction, g.labels
		g.inLoop, g.inFunction, g.labels = 0, false, nil
		defer func() { g.inLoop, g.inFunction, g.labels = inLoop, inFunction, labels }()
	}
	g.line("try {")
	g.block(3)
	if g.chance(50) {
		g.line("\tif (%s) throw new Error('!' + %s);", g.expr(truth, 2), g.expr(text, 2))
	}
	e := g.name("err")
	g.line("} catch (%s) {", e)
	g.indent++
	// The texts of the engines' own errors differ.
	g.line("out('caught ' + (%s.message.charAt(0) === '!' ? %s.message : 'other'));", e, e)
	g.indent--
	g.block(2)
	if g.chance(40) {
		g.line("} finally {")
		g.block(2)
	}
	g.line("}")
}

func (g *generator) jump() {
	var options []string
	if g.inLoop > 0 {
		options = append(options, "break", "continue")
		for _, l := range g.labels {
			options = append(options, "break "+l, "continue "+l)
		}
	}
	if g.inFunction {
		options = append(options, "return "+g.expr(g.functions[len(g.functions)-1].result, 2))
	}
	if len(options) == 0 {
		g.print()
		return
	}
	g.line("if (yes && %s) %s;", g.expr(truth, 2), g.one(options...))
}

func (g *generator) print() { g.line("out(show(%s));", g.expr(g.kind(), 3)) }

func (g *generator) mutate() {
	if names := g.variables(numbers, false); len(names) > 0 && g.chance(60) {
		a := names[g.rnd.IntN(len(names))]
		g.line("%s", g.one(
			fmt.Sprintf("%s.push(%s); if (%s.length > 40) %s.length = 20;", a, g.expr(number, 2), a, a),
			fmt.Sprintf("if (%s.length > 1) out(show(%s.%s()));", a, a, g.one("pop", "shift")),
			fmt.Sprintf("%s.unshift(%s); if (%s.length > 40) %s.length = 20;", a, g.expr(number, 2), a, a),
			fmt.Sprintf("%s[0] = %s;", a, g.expr(number, 3)),
			fmt.Sprintf("%s[%s.length - 1] %s %s; %s[0] = clip(%s[0]);", a, a, g.one("=", "+=", "-="), g.expr(number, 2), a, a),
			fmt.Sprintf("%s.reverse();", a),
			fmt.Sprintf("%s.sort(function (p, q) { return p - q; });", a),
			fmt.Sprintf("out(show(%s.splice(%d, %d))); if (%s.length === 0) %s.push(5);", a, g.rnd.IntN(3), g.rnd.IntN(3), a, a),
			fmt.Sprintf("%s[0]++; %s[0] = clip(%s[0]);", a, a, a),
		))
		return
	}
	names := g.variables(record, false)
	if len(names) == 0 {
		g.assign()
		return
	}
	o := names[g.rnd.IntN(len(names))]
	g.line("%s", g.one(
		fmt.Sprintf("%s.a = %s;", o, g.expr(number, 3)),
		fmt.Sprintf("%s.a += %s; %s.a = clip(%s.a);", o, g.expr(number, 2), o, o),
		fmt.Sprintf("%s.a%s; %s.a = clip(%s.a);", o, g.one("++", "--"), o, o),
		fmt.Sprintf("%s['b'] = %s;", o, g.expr(text, 3)),
		fmt.Sprintf("%s.b += %s; %s.b = cut(%s.b);", o, g.expr(g.scalar(), 2), o, o),
		fmt.Sprintf("%s.c = %s;", o, g.expr(truth, 3)),
		fmt.Sprintf("%s.d = %s;", o, g.expr(numbers, 3)),
		fmt.Sprintf("%s['k' + %s] = %s;", o, g.expr(text, 1), g.expr(number, 2)),
		fmt.Sprintf("delete %s['k' + %s];", o, g.expr(text, 1)),
		fmt.Sprintf("out(show('k' + %s in %s));", g.expr(text, 1), o),
	))
}

func (g *generator) destructure() {
	a, b := g.name("p"), g.name("q")
	word := g.word("var", "let", "const")
	fixed := word == "const"
	switch g.rnd.IntN(4) {
	case 0:
		g.line("%s [%s, %s = %s] = %s;", word, a, b, g.expr(number, 1), g.expr(numbers, 2)+".concat([3, 4])")
	case 1:
		g.line("%s { a: %s, zz: %s = %s } = %s;", word, a, b, g.expr(number, 1), g.expr(record, 2))
		g.declare(variable{a, number, fixed})
		g.declare(variable{b, number, fixed})
		return
	case 2:
		g.line("%s [%s, ...%s] = [%s, %s, 1];", word, a, b, g.expr(number, 2), g.expr(number, 2))
		g.declare(variable{a, number, fixed})
		g.declare(variable{b, numbers, fixed})
		return
	default:
		g.line("%s { a: %s, b: %s } = %s;", word, a, b, g.expr(record, 2))
		g.declare(variable{a, number, fixed})
		g.declare(variable{b, text, fixed})
		return
	}
	g.declare(variable{a, number, fixed})
	g.declare(variable{b, number, fixed})
}

// closure makes a function value that sees and changes variables around it.
func (g *generator) closure() {
	f := g.name("f")
	p := g.name("n")
	g.push()
	g.declare(variable{p, number, true})
	body := g.expr(number, 3)
	var effect string
	if names := g.variables(number, true); len(names) > 0 {
		n := names[g.rnd.IntN(len(names))]
		effect = fmt.Sprintf("%s = clip(%s + 1); ", n, n)
	}
	g.pop()
	if g.chance(50) {
		g.line(g.word("const")+" %s = (%s) => { %sreturn clip(%s); };", f, p, effect, body)
	} else {
		g.line(g.word("const")+" %s = function (%s) { %sreturn clip(%s); };", f, p, effect, body)
	}
	g.declare(variable{f, callback, true})
}

func (g *generator) object() {
	if len(g.classes) == 0 {
		g.variable()
		return
	}
	c := g.classes[g.rnd.IntN(len(g.classes))]
	o := g.name("o")
	g.line(g.word("const")+" %s = new %s(%s);", o, c.name, g.expr(number, 2))
	g.line("out(show(%s.%s(%s)) + show(%s.%s) + show(%s instanceof %s));", o, c.method, g.expr(number, 2), o, c.getter, o, c.name)
}

func (g *generator) class() {
	c := class{name: g.name("C"), method: g.name("m"), getter: g.name("g")}
	base := ""
	if len(g.classes) > 0 && g.chance(60) {
		base = g.classes[g.rnd.IntN(len(g.classes))].name
	}
	if base == "" {
		g.line("class %s {", c.name)
		g.line("\tconstructor(v) { this.v = v; this.list = [v]; }")
		g.line("\t%s(n) { this.list.push(n); this.v = clip(this.v + n * %d); return this.list; }", c.method, 1+g.rnd.IntN(5))
	} else {
		parent := g.classes[len(g.classes)-1]
		g.line("class %s extends %s {", c.name, parent.name)
		g.line("\tconstructor(v) { super(v + %d); this.own = %s; }", g.rnd.IntN(9), g.expr(text, 1))
		g.line("\t%s(n) { return super.%s(n * 2).concat([%d]); }", c.method, parent.method, g.rnd.IntN(9))
	}
	g.line("\tget %s() { return this.v * 2; }", c.getter)
	g.line("\tstatic make(v) { return new this(v); }")
	g.line("}")
	g.classes = append(g.classes, c)
}

func (g *generator) function() {
	f := function{name: g.name("fn"), result: g.kind()}
	g.push()
	var params []string
	for range g.rnd.IntN(4) {
		p := variable{name: g.name("a"), kind: g.kind()}
		f.params = append(f.params, p.kind)
		def := ""
		if g.chance(15) {
			def = " = " + g.expr(p.kind, 1)
		}
		params = append(params, p.name+def)
		g.declare(p)
	}
	g.line("function %s(%s) {", f.name, strings.Join(params, ", "))
	// The function is in sight of the statements inside only for return; it is not called there.
	before := g.functions
	g.functions = append(g.functions[:len(g.functions):len(g.functions)], f)
	inFunction, inLoop, labels := g.inFunction, g.inLoop, g.labels
	g.inFunction, g.inLoop, g.labels = true, 0, nil
	g.functions[len(g.functions)-1].name = ""
	g.block(4)
	g.line("\treturn %s;", g.expr(f.result, 3))
	g.inFunction, g.inLoop, g.labels = inFunction, inLoop, labels
	g.line("}")
	g.pop()
	g.functions = append(before[:len(before):len(before)], f)
}

// call returns a call of a declared function with that result, "" if there is none.
func (g *generator) call(k kind, depth int) string {
	var fitting []function
	for _, f := range g.functions {
		if f.result == k && f.name != "" {
			fitting = append(fitting, f)
		}
	}
	if len(fitting) == 0 {
		return ""
	}
	f := fitting[g.rnd.IntN(len(fitting))]
	args := make([]string, len(f.params))
	for i, p := range f.params {
		args[i] = g.expr(p, depth-1)
	}
	return f.name + "(" + strings.Join(args, ", ") + ")"
}
