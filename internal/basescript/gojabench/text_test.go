package gojabench

import (
	"fmt"
	"strings"
)

// This file writes texts: code evaluated at run time, string expressions, regular expressions and what
// they match.

// style is how a dialect program writes what it gives to array functions. What the program prints must not
// depend on it.
type style uint8

const (
	asFunction style = iota // function (This) { return … }
	asArrow                 // This => …
	asLiteral               // '…'
	asBody                  // 'return …'
	asComputed              // '' + '…'
	asVariable              // a variable that holds the text
)

// quote writes a text as a string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(s) + "'"
}

// evalExpr evaluates an expression given as text.
func (g *generator) evalExpr(k kind, depth int) string {
	if g.inText > 1 {
		return g.leaf(k)
	}
	g.inText++
	e := g.expr(k, depth-1)
	g.inText--
	switch {
	case k == record || strings.HasPrefix(e, "{") || g.chance(20):
		e = "(" + e + ")"
	case g.chance(20):
		e = fmt.Sprintf("var z = %s; z", e)
	case g.chance(20):
		e = fmt.Sprintf("if (yes) { %s; } else { 1; }", e)
	case g.chance(10):
		e = fmt.Sprintf("try { throw new Error('!'); } catch (e) { %s; }", e)
	}
	return "eval(" + quote(e) + ")"
}

// evalStatements evaluates statements given as text; what they declare is their own.
func (g *generator) evalStatements() {
	if !g.evals || g.inText > 1 {
		g.print()
		return
	}
	b, indent, inFunction, inLoop, labels := g.b, g.indent, g.inFunction, g.inLoop, g.labels
	g.b, g.indent, g.inFunction, g.inLoop, g.labels = strings.Builder{}, 0, false, 0, nil
	g.inText++
	g.block(4)
	g.inText--
	code := strings.ReplaceAll(g.b.String(), "\t", "")
	g.b, g.indent, g.inFunction, g.inLoop, g.labels = strings.Builder{}, indent, inFunction, inLoop, labels
	g.b.WriteString(b.String())
	g.line("eval(%s);", quote(code))
}

// element writes an expression over the elements of numbers, as the style says.
func (g *generator) element(k kind, depth int) string {
	g.push()
	// The inner This hides the outer one, which has the same kind.
	g.declare(variable{"This", number, true})
	g.inText++
	e := g.expr(k, depth)
	g.inText--
	g.pop()
	return g.styled(e)
}

func (g *generator) styled(e string) string {
	switch g.style {
	case asFunction:
		return "function (This) { return " + e + "; }"
	case asArrow:
		return "This => (" + e + ")"
	case asLiteral:
		return quote(e)
	case asBody:
		return quote(" return " + e + "; ")
	case asComputed:
		return quote(e) + " + ''"
	}
	return "(text = " + quote(e) + ", text)"
}

// arrayCall writes a call of an array function.
func (g *generator) arrayCall(k kind, d int) string {
	if g.inText > 1 {
		return ""
	}
	a := g.expr(numbers, d)
	switch k {
	case number:
		switch g.rnd.IntN(3) {
		case 0:
			return fmt.Sprintf("clip(ArraySum(%s, %s))", a, g.element(number, d))
		case 1:
			return fmt.Sprintf("ArrayMax(%s, %s)", a, g.element(number, d))
		default:
			return fmt.Sprintf("(ArrayOptFind(%s, %s) ?? %s)", a, g.element(truth, d), g.leaf(number))
		}
	case text:
		return fmt.Sprintf("cut(ArrayMerge(%s, %s, %s))", a, g.element(g.scalar(), d), g.one("','", "''", "' '"))
	case truth:
		return fmt.Sprintf("(ArrayOptFind(%s, %s) === undefined)", a, g.element(truth, d))
	case numbers:
		return fmt.Sprintf("nonEmpty(%s)", g.one(
			fmt.Sprintf("ArrayExtract(%s, %s)", a, g.element(number, d)),
			fmt.Sprintf("ArraySelect(%s, %s)", a, g.element(truth, d)),
			fmt.Sprintf("ArraySort(%s, %s, '%s')", a, g.element(number, d), g.one("+", "-")),
			fmt.Sprintf("ArraySelectDistinct(%s, %s)", a, g.element(number, d))))
	}
	return ""
}

// patterns are bodies of expressions. With g, goja finds empty matches of the last two differently.
var patterns = []string{"a", "[a-c]+", `\w+`, `\d`, `(\w)(,|$)`, "l+", " ", "[^a]", "^.", ".$", "x|y", "(b)?c", "h", `[\/']`, `\s*`, "a|"}

// distrust is n if goja is the judge, else 0.
func (g *generator) distrust(n int) int {
	if g.trusted {
		return 0
	}
	return n
}

// pattern writes a regular expression literal.
func (g *generator) pattern(flags string) string {
	return "/" + g.one(patterns[:len(patterns)-g.distrust(2)]...) + "/" + flags
}

// patternExpr writes an expression with a regular expression.
func (g *generator) patternExpr(k kind, d int) string {
	s := g.expr(text, d)
	switch k {
	case number:
		return fmt.Sprintf("%s.search(%s)", s, g.pattern(g.one("", "i")))
	case truth:
		return fmt.Sprintf("%s.test(%s)", g.pattern(g.one("", "i", "m")), s)
	case text:
		switch g.rnd.IntN(5) {
		case 0:
			return fmt.Sprintf("cut(%s.replace(%s, %s))", s, g.pattern(g.one("", "g", "gi")), g.one("''", "'-'", "'<$&>'", "'$1'", "'$$'"))
		case 1:
			return fmt.Sprintf("cut(%s.replace(%s, p => '[' + p + ']'))", s, g.pattern(g.one("", "g")))
		case 2:
			return fmt.Sprintf("show(%s.match(%s))", s, g.pattern("g"))
		case 3:
			return fmt.Sprintf("show((%s.exec(%s) || ['none'])[0])", g.pattern(""), s)
		default:
			return fmt.Sprintf("cut(%s.%s(%s, 'q'))", s, g.one("replace", "replaceAll"), g.one("'a'", "' '", "'l'"))
		}
	}
	return ""
}

// collection writes a piece of program around a Map or a Set.
func (g *generator) collection() {
	m := g.name("m")
	switch g.rnd.IntN(5) {
	case 0:
		g.line("var %s = new Map(); %s.set(%s, %s).set(%s, %s); out(%s.size + show(%s.has(%s)) + show(%s.get(%s) === undefined));", m,
			m, g.expr(g.scalar(), 2), g.expr(number, 2), g.expr(g.scalar(), 2), g.expr(number, 2), m, m, g.expr(g.scalar(), 1), m, g.expr(g.scalar(), 1))
	case 1:
		g.line("var %s = new Set(%s); for (var e of %s) { out(show(e)); %s.delete(%s); } out(show([...%s]));", m, g.expr(numbers, 2), m, m, g.expr(number, 1), m)
	case 2:
		g.line("var %s = new Map(Object.entries(%s)); %s.forEach((v, k) => { out(k + '=' + show(v)); }); out(show(Array.from(%s.keys())));", m, g.expr(record, 2), m, m)
	case 3:
		g.line("var %s = new Set(); for (var c of %s) { if (%s.has(c)) continue; %s.add(c); } out(%s.size + Array.from(%s).join(''));", m, g.expr(text, 2), m, m, m, m)
	default:
		g.line("var %s = new Map([[1, %s], ['1', %s]]); for (var [k, v] of %s) { out(show(k) + show(v)); %s.delete(k); } out(show(%s.size));", m, g.expr(number, 2), g.expr(text, 2), m, m, m)
	}
}
