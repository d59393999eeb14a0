package gojabench

import "fmt"

// idiom writes a piece of program around one feature of the language.
func (g *generator) idiom() {
	n := func() string { return g.expr(number, 2) }
	t := func() string { return g.expr(truth, 2) }
	s := func() string { return g.expr(text, 2) }
	a := func() string { return g.expr(numbers, 2) }
	o := func() string { return g.expr(record, 2) }
	v, w := g.name("x"), g.name("y")
	switch g.rnd.IntN(26) {
	case 0:
		g.line("function %s(n) { if (n <= 0) return %s; return clip(%s(n - 1) + n * %d); } out(show(%s(%d)));", v, n(), v, g.rnd.IntN(9), v, g.rnd.IntN(9))
	case 1:
		g.line("out(show((function () { return arguments.length + ':' + show(arguments[1]); })(%s, %s, %s)));", n(), s(), t())
	case 2:
		g.line("out(show((function (p, ...rest) { return rest.concat([p]); })(...%s)));", a())
	case 3:
		g.line("var %s = []; for (%s %s = 0; %s < 3; %s++) { %s.push(function () { return %s; }); } out(show(%s.map(f => f())));", v, g.word("let"), w, w, w, v, w, v)
	case 4:
		g.line("out(show((function () { try { return %s; } finally { out('finally'); } })()));", n())
	case 5:
		g.line("out(show((function () { for (var q = 0; q < 4; q++) { try { if (%s) continue; if (q > 1) return %s; } finally { out('f' + q); } } return %s; })()));", t(), n(), n())
	case 6:
		g.line("out(show((function () { try { throw new Error('!inner'); } catch (e) { return e.message; } finally { if (%s) return 'changed'; } })()));", t())
	case 7:
		g.line("var %s = %d; do { out(show(%s)); } while (--%s > 0);", v, 1+g.rnd.IntN(3), g.expr(g.scalar(), 2), v)
	case 8:
		g.line("out(show(%s.slice().sort())); out(show(%s.split('').sort().join('')));", a(), s())
	case 9:
		g.line("out(JSON.stringify(%s)); out(JSON.stringify(%s)); out(show(JSON.parse(JSON.stringify(%s))));", o(), a(), s())
	case 10:
		g.line("out(show(Object.entries(%s).map(p => p[0]))); out(show(Object.values(%s)));", o(), o())
	case 11:
		g.line("out(show((%d) ** %d));", g.rnd.IntN(9)-4, g.rnd.IntN(6))
	case 12:
		g.line("out(show((%s ? %s : null)?.a ?? %s)); out(show((%s ? null : %s)?.['b']));", t(), o(), n(), t(), o())
	case 13:
		g.line("%s %s = function () { var c = %s; return { up: function (d) { c = clip(c + d); return c; }, get: () => c }; };", g.word("const"), v, n())
		g.line("%s %s = %s(); %s.up(%s); %s.up(2); out(show(%s.get()) + show(%s().get()));", g.word("const"), w, v, w, n(), w, w, v)
	case 14:
		g.line("switch (true) { case %s: out('first'); case %s: out('second'); break; default: out('none'); }", t(), t())
	case 15:
		g.line("try { void %s.map(function (p) { if (p > %s) throw new Error('!in map ' + p); return p; }); out('all'); } catch (e) { out(e.message); }", a(), n())
	case 16:
		g.line("for (var %s = 0, %s = %d; %s < %s; %s++, %s--) { out(%s + ':' + %s); }", v, w, g.rnd.IntN(6), v, w, v, w, v, w)
	case 17:
		g.line("%s: { out('in'); if (%s) break %s; out('not left'); }", v, t(), v)
	case 18:
		g.line("out(typeof %s); var %s = %s; out(typeof %s);", v, v, g.expr(g.kind(), 1), v)
	case 19:
		g.line("var %s = [1, 2, 3], %s = 0; %s[%s++] += %s; %s[%s++] = %s; out(show(%s) + %s);", v, w, v, w, g.leaf(number), v, w, n(), v, w)
	case 20:
		g.line("(function (p, q) { out(show(p) + show(q)); })((out('left'), %s), (out('right'), %s));", n(), s())
	case 21:
		g.line("var %s = [0]; %s[(out('index'), 0)] = (out('value'), %s); out(show(%s));", v, v, n(), v)
	case 22:
		g.line("out(show(%s.map((p, i, all) => all.length * i + p))); void %s.forEach(function (p, i) { out(i + '=' + p); });", a(), a())
	case 23:
		g.line("var { a: %s, ...%s } = %s; out(show(%s) + show(%s));", v, w, o(), v, w)
	case 24:
		g.line("var %s = %s, %s = %s; [%s, %s] = [%s, %s]; out(show([%s, %s]));", v, n(), w, n(), v, w, w, v, v, w)
	default:
		if len(g.classes) > 0 {
			c := g.classes[g.rnd.IntN(len(g.classes))]
			g.line("out(show(%s.make(%s).%s) + (%s.make(1) instanceof %s));", c.name, n(), c.getter, c.name, c.name)
			return
		}
		g.line("%s", fmt.Sprintf("out(show([%s, , ].length)); void %s;", n(), n()))
	}
}
