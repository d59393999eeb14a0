package gojabench

import (
	"fmt"
	"strconv"
)

// expr writes an expression of a kind, nested no deeper than depth.
func (g *generator) expr(k kind, depth int) string {
	if depth <= 0 || g.chance(15) {
		return g.leaf(k)
	}
	if g.chance(12) {
		if c := g.call(k, depth); c != "" {
			return c
		}
	}
	if g.evals && g.chance(6) {
		return g.evalExpr(k, depth)
	}
	if g.dialect && g.chance(25) {
		if e := g.arrayCall(k, depth-1); e != "" {
			return e
		}
	}
	if g.chance(8) {
		if e := g.patternExpr(k, depth-1); e != "" {
			return e
		}
	}
	if g.chance(8) {
		return fmt.Sprintf("(%s ? %s : %s)", g.expr(truth, depth-1), g.expr(k, depth-1), g.expr(k, depth-1))
	}
	if g.chance(3) {
		return fmt.Sprintf("(%s, %s)", g.expr(g.kind(), depth-1), g.expr(k, depth-1))
	}
	switch k {
	case number:
		return g.numberExpr(depth - 1)
	case text:
		return g.textExpr(depth - 1)
	case truth:
		return g.truthExpr(depth - 1)
	case numbers:
		return g.numbersExpr(depth - 1)
	case record:
		return g.recordExpr(depth - 1)
	}
	return "null"
}

func (g *generator) leaf(k kind) string {
	if names := g.variables(k, false); len(names) > 0 && g.chance(70) {
		return names[g.rnd.IntN(len(names))]
	}
	switch k {
	case number:
		return g.one("0", "1", "2", "7", "10", "100", "0.5", "2.25", strconv.Itoa(g.rnd.IntN(1000)), "("+strconv.Itoa(-g.rnd.IntN(50))+")")
	case text:
		return g.one("''", "'a'", "'abc'", `"x y"`, "'Hello, world'", "'a,b,,c'", "'10'", "'  pad '", "`t`", `'it\'s'`)
	case truth:
		return g.one("yes", "no")
	case numbers:
		return g.one("[1]", "[3, 1, 2]", "[0, 5, -2.5, 10]", "[7, 7, 7]")
	}
	return fmt.Sprintf("{ a: %s, b: %s, c: %s, d: %s }", g.leaf(number), g.leaf(text), g.leaf(truth), g.leaf(numbers))
}

func (g *generator) numberExpr(d int) string {
	n := func() string { return g.expr(number, d) }
	s := func() string { return g.expr(text, d) }
	a := func() string { return g.expr(numbers, d) }
	switch g.rnd.IntN(26) {
	case 0, 1, 2:
		return fmt.Sprintf("clip(%s %s %s)", n(), g.one("+", "-", "*"), n())
	case 3:
		return fmt.Sprintf("clip(%s %s %s %s %s)", n(), g.one("+", "-"), n(), g.one("*", "-", "+"), n())
	case 4:
		return fmt.Sprintf("(%s / %s)", "clip(Math.floor("+n()+"))", g.one("2", "4", "8"))
	case 5:
		return fmt.Sprintf("(Math.floor(%s) %% %d + 0)", n(), 1+g.rnd.IntN(9)) // goja does not find -0 among numbers
	case 6:
		return fmt.Sprintf("((Math.floor(Math.abs(%s)) %% 1024) %s %d)", n(), g.one("&", "|", "^", "<<", ">>", ">>>"), g.rnd.IntN(8))
	case 7:
		return fmt.Sprintf("Math.%s(%s)", g.one("floor", "ceil", "round", "abs", "trunc", "sign"), n())
	case 8:
		return fmt.Sprintf("Math.%s(%s, %s)", g.one("max", "min"), n(), n())
	case 9:
		return fmt.Sprintf("%s.length", s())
	case 10:
		return fmt.Sprintf("%s.length", a())
	case 11:
		return fmt.Sprintf("at(%s, %s)", a(), n())
	case 12:
		return fmt.Sprintf("%s.%s(%s)", s(), g.one("indexOf", "lastIndexOf"), g.leaf(text))
	case 13:
		return fmt.Sprintf("%s.%s(%s)", a(), g.one("indexOf", "lastIndexOf"), n())
	case 14:
		return fmt.Sprintf("(%s + 'z').charCodeAt(%d)", s(), 0)
	case 15:
		return fmt.Sprintf("clip(%s.reduce(function (p, q) { return clip(p %s q); }, %s))", a(), g.one("+", "-", "*"), n())
	case 16:
		return fmt.Sprintf("clip(%s.%s((p, q) => clip(p %s q)))", a(), g.one("reduce", "reduceRight"), g.one("+", "-"))
	case 17:
		return fmt.Sprintf("%s.findIndex(p => p > %s)", a(), n())
	case 18:
		return fmt.Sprintf("%s.a", g.expr(record, d))
	case 19:
		return fmt.Sprintf("%s['a']", g.expr(record, d))
	case 20:
		if names := g.variables(callback, false); len(names) > 0 {
			return fmt.Sprintf("%s(%s)", names[g.rnd.IntN(len(names))], n())
		}
		return fmt.Sprintf("(function (p) { return clip(p + %s); })(%s)", n(), n())
	case 21:
		return fmt.Sprintf("clip(%s(%s))", g.one("-", "+", "~~"), n())
	case 22:
		return g.one("parseInt('42px', 10)", "parseFloat('2.5')", "Number('12')", "parseInt('ff', 16)", "Number(true)")
	case 23:
		return fmt.Sprintf("Object.keys(%s).length", g.expr(record, d))
	case 24:
		if names := g.variables(number, true); len(names) > 0 {
			v := names[g.rnd.IntN(len(names))]
			return fmt.Sprintf("(%s = clip(%s))", v, n())
		}
		return g.leaf(number)
	default:
		return fmt.Sprintf("(%s ?? %s)", g.one("null", "undefined", n()), n())
	}
}

func (g *generator) textExpr(d int) string {
	n := func() string { return g.expr(number, d) }
	s := func() string { return g.expr(text, d) }
	switch g.rnd.IntN(20) {
	case 0, 1, 2:
		return fmt.Sprintf("cut(%s + %s)", s(), g.expr(g.scalar(), d))
	case 3:
		return fmt.Sprintf("cut(%s + %s)", g.expr(g.scalar(), d), s())
	case 4:
		return fmt.Sprintf("cut(`%s${%s}-${%s}`)", g.one("", "x", "a b"), g.expr(g.scalar(), d), g.expr(g.scalar(), d))
	case 5:
		return fmt.Sprintf("%s.%s()", s(), g.one("toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd"))
	case 6:
		return fmt.Sprintf("%s.%s(%d, %d)", s(), g.one("slice", "substring", "substr"), g.rnd.IntN(6)-2, g.rnd.IntN(6))
	case 7:
		return fmt.Sprintf("%s.slice(%d)", s(), g.rnd.IntN(8)-4)
	case 8:
		return fmt.Sprintf("%s.charAt(%d)", s(), g.rnd.IntN(6))
	case 9:
		return fmt.Sprintf("%s.join(%s)", g.expr(numbers, d), g.one("','", "''", "' '", "'--'"))
	case 10:
		return fmt.Sprintf("%s.split(%s).%s", s(), g.one("''", "','", "' '"), g.one("join('|')", "reverse().join('')", "map(p => p + '.').join('')", "filter(p => p !== '').join('+')"))
	case 11:
		return fmt.Sprintf("cut(%s.repeat(%d))", s(), g.rnd.IntN(4))
	case 12:
		return fmt.Sprintf("%s.%s(%d, %s)", s(), g.one("padStart", "padEnd"), g.rnd.IntN(12), g.one("'*'", "'ab'"))
	case 13:
		return fmt.Sprintf("%s.b", g.expr(record, d))
	case 14:
		return fmt.Sprintf("(typeof %s)", g.expr(g.kind(), d))
	case 15:
		return fmt.Sprintf("String(%s)", g.expr(g.scalar(), d))
	case 16:
		return fmt.Sprintf("(%s).toFixed(%d)", n(), g.rnd.IntN(3))
	case 17:
		return fmt.Sprintf("(%s || %s)", s(), s())
	case 18:
		return fmt.Sprintf("show(%s)", g.expr(g.kind(), d))
	default:
		return fmt.Sprintf("(%s && %s)", g.one("'y'", s()+"+'1'"), s())
	}
}

func (g *generator) truthExpr(d int) string {
	t := func() string { return g.expr(truth, d) }
	switch g.rnd.IntN(14) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.expr(number, d), g.one("<", "<=", ">", ">=", "===", "!=="), g.expr(number, d))
	case 2:
		return fmt.Sprintf("(%s %s %s)", g.expr(text, d), g.one("<", "<=", ">", ">=", "===", "!=="), g.expr(text, d))
	case 3:
		return fmt.Sprintf("(%s %s %s)", t(), g.one("&&", "||"), t())
	case 4:
		return fmt.Sprintf("(!%s)", g.expr(g.scalar(), d))
	case 5:
		return fmt.Sprintf("(!!%s)", g.expr(g.scalar(), d))
	case 6:
		return fmt.Sprintf("%s.%s(%s)", g.expr(text, d), g.one("includes", "startsWith", "endsWith"), g.leaf(text))
	case 7:
		return fmt.Sprintf("%s.%s(p => p > %s)", g.expr(numbers, d), g.one("some", "every"), g.expr(number, d))
	case 8:
		return fmt.Sprintf("%s.includes(%s)", g.expr(numbers, d), g.expr(number, d))
	case 9:
		return fmt.Sprintf("%s.c", g.expr(record, d))
	case 10:
		return fmt.Sprintf("('%s' in %s)", g.one("a", "b", "zz"), g.expr(record, d))
	case 11:
		return fmt.Sprintf("Array.isArray(%s)", g.expr(g.kind(), d))
	case 12:
		return fmt.Sprintf("%s.hasOwnProperty('%s')", g.expr(record, d), g.one("a", "zz"))
	default:
		return fmt.Sprintf("isNaN(%s)", g.expr(number, d))
	}
}

func (g *generator) numbersExpr(d int) string {
	n := func() string { return g.expr(number, d) }
	a := func() string { return g.expr(numbers, d) }
	switch g.rnd.IntN(13) {
	case 0:
		return fmt.Sprintf("[%s, %s]", n(), n())
	case 1:
		return fmt.Sprintf("nonEmpty([...%s, %s])", a(), n())
	case 2:
		return fmt.Sprintf("nonEmpty(%s.map(p => clip(p %s %s)))", a(), g.one("+", "*", "-"), n())
	case 3:
		return fmt.Sprintf("nonEmpty(%s.map((p, i) => clip(p + i)))", a())
	case 4:
		return fmt.Sprintf("nonEmpty(%s.filter(p => p %s %s))", a(), g.one(">", "<", "!=="), n())
	case 5:
		return fmt.Sprintf("nonEmpty(%s.slice(%d, %d))", a(), g.rnd.IntN(6)-3, g.rnd.IntN(6)-2)
	case 6:
		return fmt.Sprintf("nonEmpty(%s.concat(%s))", a(), a())
	case 7:
		return fmt.Sprintf("%s.slice().sort((p, q) => %s)", a(), g.one("p - q", "q - p", "(Math.abs(p) % 3) - (Math.abs(q) % 3)"))
	case 8:
		return fmt.Sprintf("%s.slice().reverse()", a())
	case 9:
		return fmt.Sprintf("%s.d", g.expr(record, d))
	case 10:
		return fmt.Sprintf("nonEmpty(%s.split('').map(p => p.charCodeAt(0)))", g.expr(text, d))
	case 11:
		return fmt.Sprintf("[[%s], [%s, %s]].flat()", n(), n(), n())
	default:
		return fmt.Sprintf("nonEmpty(%s.flatMap(p => [p, %s]))", a(), n())
	}
}

func (g *generator) recordExpr(d int) string {
	full := func() string {
		return fmt.Sprintf("{ a: %s, b: %s, c: %s, d: %s }", g.expr(number, d), g.expr(text, d), g.expr(truth, d), g.expr(numbers, d))
	}
	switch g.rnd.IntN(5) {
	case 0:
		return fmt.Sprintf("{ ...%s, a: %s }", g.expr(record, d), g.expr(number, d))
	case 1:
		return fmt.Sprintf("Object.assign({}, %s, { b: %s })", g.expr(record, d), g.expr(text, d))
	case 2:
		// The getter sees its own value only: one that read variables could come to call itself.
		return fmt.Sprintf("(function (v) { return { get a() { return v; }, set a(n) { v = clip(n); }, b: %s, c: yes, d: [1] }; })(%s)", g.expr(text, d), g.expr(number, d))
	default:
		return full()
	}
}
