package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/engine"
)

// prints checks what a source writes; a line that ends the run with an error is compared by its beginning.
func (w *world) prints(source string, want ...string) {
	w.Helper()
	lines, outcome := w.run(source)
	if len(lines) != len(want) {
		w.Errorf("%s\nwrote %q %s\nwant  %q", source, lines, outcome.Error, want)
		return
	}
	for i := range want {
		if lines[i] != want[i] && (outcome.OK || i < len(want)-1 || !strings.HasPrefix(lines[i], want[i])) {
			w.Errorf("%s\nwrote %q\nwant  %q", source, lines[i], want[i])
		}
	}
}

// libraryFiles are an app with libraries of both kinds.
var libraryFiles = map[string]string{
	"wtv/libs/math.xml":     `<SPXML-INLINE-FORM CODE-LIB="1"/>`,
	"wtv/libs/math.js":      "\n// of functions\nfunction sum(a, b) { r = a + b; return r }\nfunction fails()\n{\n\tthrow 'deep'\n}\nfunction far() { return OpenCodeLib('sub/far.js').f(1) }",
	"wtv/libs/sub/far.js":   "function f(x) { return x + OpenCodeLib('../near.js').g() } function own() { return f }",
	"wtv/libs/near.js":      "\ufefffunction g() { return 100 }",
	"wtv/libs/broken.js":    "function f() {\n  return (\n}",
	"wtv/libs/counting.js":  "n = 0; var shared = 0; function next() { shared++; return shared }",
	"wtv/libs/variables.js": "var base = 10\nfunction scale(x) { return x * base }\nlast = base + 1",
	"wtv/page.html":         "<b><% for (i in [1, 2]) { %><%= i * factor %>,<% } %></b>",
	"wtv/fails.html":        "line one\n<% ParseJson('$') %>",
	"libs/shop.bs":          "\"META:NAMESPACE:shop\";\nfunction price(n) { return n * rate() }\nfunction first() { return 'a' }",
	"libs/shop2.bs":         "\"META:NAMESPACE:shop\";\nfunction rate() { return 3 }",
	"libs/plain.bs":         "function f() { return 'plain' }",
	"libs/old.js":           "function f(x) { return 'old ' + x }",
	"more/tax.bs":           "\"META:NAMESPACE:shop\";\nfunction tax(n) { return price(n) / 10 }",
	"more/alone.bs":         "function one(a, b?: number) { return 1 }",
	"more/form.xmi":         `<?xml version="1.0"?><form/>`,
	"more/form.bs":          "function f() { return 'beside' }",
	"more/code.xmi":         "function f() { return 'inside' }",
}

// OpenCodeLib loads V1 libraries (spec/basescript.md 1.12, 1.13).
func TestOpenCodeLib(t *testing.T) {
	w := newWorld(t, setup{sources: true, files: libraryFiles})
	const lib = "lib = OpenCodeLib('x-local://wtv/libs/math.js');\n"
	w.prints(lib+"alert(lib.sum(1, 2)); alert(CallObjectMethod(lib, 'sum', [3, 4])); alert(lib['sum'](5, 6)); f = lib.sum; alert(f('a', 1))", "3", "7", "11", "a1")
	w.prints("alert(OpenCodeLib('x-local://wtv/libs/math.xml').sum(1, 2)); alert(OpenCodeLib('/wtv/libs/math.xml?r=' + 5).sum(1, 3))", "3", "4")
	w.prints(lib+"alert(lib.far()); alert(lib.HasProperty('sum')); alert(lib.HasProperty('product')); alert(lib.GetOptProperty('product', 'none'))", "101", "true", "false", "none")
	w.prints(lib+"alert(lib == OpenCodeLib('wtv/libs/math.js')); alert(ObjectType(lib)); alert(typeof lib.sum)", "true", "JsObject", "function")
	w.prints(lib+"lib.product(1)", "Unknown method: product()\n(x-local://run.js,   line 2)")
	w.prints(lib+"CallObjectMethod(lib, 'product', [])", "Unknown method: product()\n(CallObjectMethod(),  x-local://run.js,   line 2)\n")
	w.prints(lib+"lib.sum = 5", "A code library cannot be changed: sum\n(x-local://run.js,   line 2)")
	w.prints(lib+"lib.fails()", "deep\n(x-local://wtv/libs/math.js,   line 6)\n(x-local://run.js,   line 2)")
	w.prints("OpenCodeLib('wtv/libs/broken.js')", "Unexpected token }: the ( in line 2 is not closed\n(x-local://wtv/libs/broken.js,   line 3)\n(OpenCodeLib(),  x-local://run.js,   line 1)\n")
	w.prints("OpenCodeLib('wtv/libs/nowhere.js')", "The file x-local://wtv/libs/nowhere.js does not exist\n(OpenCodeLib(),  x-local://run.js,   line 1)")
	w.prints("OpenCodeLib('x-local://../secret.js')", `the address "x-local://../secret.js" leads out of the app folder`)
	w.prints("OpenCodeLib('file:///etc/passwd')", `the address "file:///etc/passwd" does not begin with x-local://`)
	w.prints("OpenCodeLib(5)", "The address of a library must be text, not integer")
	w.prints("a = OpenCodeLib('wtv/libs/counting.js'); b = OpenCodeLib('wtv/libs/counting.js?'); a.next(); alert(b.next()); try { a.n } catch (e) { alert(e.message) }",
		"2", "Unknown object property: n")
	w.prints("alert(OpenCodeLib('wtv/libs/counting.js').next())", "1")
	w.prints("alert(eval(\"OpenCodeLib('wtv/libs/near.js').g()\")); o = OpenCodeLib; alert(o('wtv/libs/near.js').g())", "100", "100")
}

// A library that changes on disk is compiled anew; a question mark makes a run look again.
func TestOpenCodeLibFollowsTheFile(t *testing.T) {
	w := newWorld(t, setup{sources: true, files: map[string]string{"x/lib.js": "function v() { return 1 }"}})
	w.prints("alert(OpenCodeLib('x/lib.js').v())", "1")
	w.write("x/lib.js", "function v() { return 2 }")
	w.prints("alert(OpenCodeLib('x/lib.js').v())", "2")
	var lines []string
	_, err := w.engine.Run(w.Context(), engine.RunRequest{Source: `
		function v(suffix) { return OpenCodeLib('x/lib.js' + suffix).v() }
		alert('changed'); alert(v('')); alert(v('?1'))`, OnLine: nil})
	if err != nil {
		t.Fatal(err)
	}
	lines = w.lines()
	w.want("log", lines[len(lines)-3:], []string{"changed", "2", "2"})
}

// V2 libraries are known by their namespaces (spec/basescript.md 1.12, 1.13).
func TestCodeLibraries(t *testing.T) {
	w := newWorld(t, setup{sources: true, files: libraryFiles})
	w.prints("lib = GetOptCodeLibrary('shop'); alert(lib.price(2)); alert(lib.rate()); alert(ObjectType(lib)); alert(GetOptCodeLibrary('plain').f()); alert(GetOptCodeLibrary('old')); alert(GetOptCodeLibrary('none'))",
		"6", "3", "JsCodeLibrary", "plain", "undefined", "undefined")
	w.prints("alert(CodeLibraryMethodExists('shop', 'rate')); alert(CodeLibraryMethodExists(GetOptCodeLibrary('shop'), 'tax')); alert(CodeLibraryMethodExists('none', 'f')); alert(CodeLibraryMethodExists('old', 'f'))",
		"true", "false", "false", "true")
	w.prints("lib = OpenCodeLibrary('more/tax.bs'); alert(lib.tax(10)); alert(lib.first()); alert(lib == GetOptCodeLibrary('shop')); alert(OpenCodeLibrary('more/alone.bs').one(0)); alert(GetOptCodeLibrary('alone').one(0))",
		"3", "a", "true", "1", "1")
	w.prints("RegisterCodeLibrary('more/tax.bs'); RegisterCodeLibrary('more/tax.bs?again'); alert(CallServerMethod('shop', 'tax', [20]))", "6")
	w.prints("alert(CallServerMethod('shop', 'tax', [20]))", "Unknown method: tax()\n(CallServerMethod(),  x-local://run.js,   line 1)")
	w.prints("alert(CallServerMethod(GetOptCodeLibrary('plain'), 'f')); alert(CallServerMethod('old', 'f', [1]))", "plain", "old 1")
	w.prints("CallServerMethod('none', 'f')", "Unknown code library: none\n(CallServerMethod(),  x-local://run.js,   line 1)")
	w.prints("m = MethodReference(GetOptCodeLibrary('shop'), 'price'); alert(m.Call([3])); alert(CallObjectMethod(m, 'Call', [[4]])); alert(MethodReference('plain', 'f').Call())", "9", "12", "plain")
	w.prints("o = { n: 1, f: function (x) { return this.n + x } }; m = MethodReference(o, 'f'); alert(m.Call([2])); alert(ObjectType(m)); MethodReference(o, 'none').Call()", "3", "MethodReference", "Unknown method: none()\n(Call(),  x-local://run.js,   line 1)")
	w.prints("MethodReference('shop', 'none')", "Unknown method: none()\n(MethodReference(),  x-local://run.js,   line 1)")
	w.prints("alert(tools.get_code_library('old').f(2)); tools.get_code_library('none')", "old 2", "Unknown code library: none\n(get_code_library(),  x-local://run.js,   line 1)")
	w.prints("alert(OpenCodeLibrary('more/form.xmi').f() + OpenCodeLibrary('more/code.xmi').f()); OpenCodeLibrary('more/none.xmi')", "besideinside", "The file x-local://more/none.js does not exist")
	w.prints("lib = OpenCodeLibrary('more/alone.bs'); alert(lib.one(1, 2)); try { lib.one() } catch (e) { alert(e) } CallServerMethod(lib, 'one', [1, 2, 3])", "1",
		"Wrong number of arguments\n(x-local://run.js,   line 1)", "Wrong number of arguments\n(CallServerMethod(),  x-local://run.js,   line 1)\n")
	w.prints("alert(tools.call_code_library_method('shop.bs', 'price', [5])); for (f in GetOptCodeLibrary('shop')) alert(f)", "15", "price", "first", "rate")
	w.prints("GetOptCodeLibrary('shop').price()", "Wrong number of arguments\n(x-local://run.js,   line 1)")
	w.prints("alert(OpenCodeLib('libs/shop2.bs').rate()); alert(ObjectType(OpenCodeLib('libs/shop2.bs')))", "3", "JsCodeLibrary")
}

// EvalCodeUrl shares the variables of the caller (spec/basescript.md 1.12).
func TestEvalCodeURL(t *testing.T) {
	w := newWorld(t, setup{sources: true, files: libraryFiles})
	w.prints("factor = 2; alert(EvalCodeUrl('wtv/libs/variables.js')); alert(scale(factor)); alert(last); base = 20; alert(scale(1)); alert(EvalCodeUrl('wtv/libs/variables.js', 'scale(last) + factor'))",
		"11", "20", "11", "20", "112")
	w.prints("function f() { EvalCodeUrl('wtv/libs/variables.js'); return scale(3) } alert(f()); try { base } catch (e) { alert(e.message) }", "30", "base not defined")
	w.prints("\nEvalCodeUrl('wtv/libs/broken.js')", "Unexpected token }: the ( in line 2 is not closed\n(x-local://wtv/libs/broken.js,   line 3)\n(EvalCodeUrl(),  x-local://run.js,   line 2)")
	w.prints("EvalCodeUrl('wtv/libs/math.js')\nfails()", "deep\n(x-local://wtv/libs/math.js,   line 6)\n(x-local://run.js,   line 2)")
	w.prints("EvalCodeUrl('wtv/libs/sub/far.js'); alert(f(1))", "101")
	w.prints("factor = 3; alert(EvalCodePageUrl('wtv/page.html')); alert(i)", "<b>3,6,</b>", "2")
	w.prints("\nEvalCodePageUrl('wtv/fails.html')", "Invalid format\n(ParseJson(),  x-local://wtv/fails.html,   line 2)\n(x-local://wtv/fails.html,   line 2)\n(EvalCodePageUrl(),  x-local://run.js,   line 2)")
}

// Many runs use one library at once, recursively, with the same undeclared names: they do not disturb each
// other (spec/basescript.md 1.8, check 7).
func TestLibraryOfManyRuns(t *testing.T) {
	w := newWorld(t, setup{
		config: engine.Config{AgentConcurrency: 64}, sources: true,
		files: map[string]string{"x/lib.js": `
			function outer(n, mark) {
				oRes = []
				for (i = 0; i < 3; i++) { oRes.push(inner(n, mark + i)) }
				if (n > 0) outer(n - 1, mark + 'r')
				return ArrayMerge(oRes, 'This', ',') + '/' + i
			}
			function inner(n, mark) {
				oRes = ''
				for (i = 0; i < 2; i++) { oRes += eval('x = mark; mark + i'); InPlaceEval('made_' + i + ' = oRes') }
				return oRes + made_1.length
			}`},
	})
	var group sync.WaitGroup
	for g := range 64 {
		group.Go(func() {
			mark := fmt.Sprint("m", g%7)
			want := ""
			for i := range 3 {
				m := fmt.Sprint(mark, i)
				text := m + "0" + m + "1"
				want += fmt.Sprint(text, len(text), ",")
			}
			want = strings.TrimSuffix(want, ",") + "/3"
			source := fmt.Sprintf("r = OpenCodeLib('x/lib.js').outer(3, '%s'); if (r != '%s') throw r", mark, want)
			for range 5 {
				outcome, err := w.engine.Run(t.Context(), engine.RunRequest{Source: source})
				if err != nil || !outcome.OK {
					t.Error(err, outcome.Error)
				}
			}
		})
	}
	group.Wait()
}
