package basescript

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// growingTexts are the ways scripts build a long text. Each has n, the number of pieces, and piece, one
// of them, and returns the text.
var growingTexts = map[string]string{
	"variable":                   "s = ''; for (i = 0; i < n; i++) { s += piece } return s",
	"declared variable":          "var s = ''; for (var i = 0; i < n; i++) { s += piece } return s",
	"let":                        "let s = ''; for (let i = 0; i < n; i++) { s += piece } return s",
	"sum":                        "var s = ''; for (i = 0; i < n; i++) { s = s + piece } return s",
	"chain":                      "var s = ''; for (i = 0; i < n; i++) { s = s + piece.slice(1) + 'x' } return s",
	"appended sum":               "var s = ''; for (i = 0; i < n; i++) { s += piece.slice(1) + 'x' } return s",
	"call":                       "function f(x) { return x } var s = ''; for (i = 0; i < n; i++) { s = s + f(piece) } return s",
	"call in a chain":            "function f(x) { return x.slice(1) } var s = ''; for (i = 0; i < n; i++) { s = s + f(piece) + 'x' } return s",
	"property":                   "var o = { s: '' }; for (i = 0; i < n; i++) { o.s += piece } return o.s",
	"property summed":            "var o = { s: '' }; for (i = 0; i < n; i++) { o.s = o.s + piece } return o.s",
	"property chain":             "var o = { p: { s: '' } }; for (i = 0; i < n; i++) { o.p.s = o.p.s + piece.slice(1) + 'x' } return o.p.s",
	"element":                    "var a = ['']; for (i = 0; i < n; i++) { a[0] += piece } return a[0]",
	"element by variable":        "var a = ['', ''], k = 1; for (i = 0; i < n; i++) { a[k] += piece } return a[1]",
	"element summed":             "var a = [''], k = 0; for (i = 0; i < n; i++) { a[k] = a[k] + piece } return a[k]",
	"key":                        "var o = { s: '' }, k = 's'; for (i = 0; i < n; i++) { o[k] += piece } return o.s",
	"captured variable":          "var s = ''; function add(x) { s += x } for (i = 0; i < n; i++) { add(piece) } return s",
	"captured sum":               "var s = ''; function add(x) { s = s + x } for (i = 0; i < n; i++) { add(piece) } return s",
	"captured by a callback":     "var s = '', a = []; a.length = n; a.forEach(function () { s += piece }); return s",
	"captured by an arrow":       "let s = ''; const add = x => s += x; for (let i = 0; i < n; i++) { add(piece) } return s",
	"property of this":           "class B { s = ''; add(x) { this.s += x } } var b = new B(); for (i = 0; i < n; i++) { b.add(piece) } return b.s",
	"string expression":          "var s = '', a = []; a.length = n; ArraySelect(a, 's += piece; return false'); return s",
	"text evaluated at run time": "var s = '', a = []; a.length = n; ArraySelect(a, 's = s + ' + 'piece; return false'); return s",
	"for-in":                     "var s = '', a = []; a.length = n; for (x in a) { s += piece } return s",
	"while":                      "var s = ''; while (s.length < n * 1024) { s += piece } return s",
	"parameter":                  "function f(s) { for (i = 0; i < n; i++) { s += piece } return s } return f('')",
	"lines":                      "var s = ''; for (i = 0; i < n; i++) { s += piece.slice(0, 1020) + i % 10 + '\\r\\n' + '!' } return s",
	"template":                   "var s = ''; for (i = 0; i < n; i++) { s += `${piece}` } return s",
	"in try":                     "var s = ''; for (i = 0; i < n; i++) { try { s += piece } finally { } } return s",
	"joined":                     "var a = []; for (i = 0; i < n; i++) { a.push(piece) } return a.join('')",
	"merged":                     "var a = []; for (i = 0; i < n; i++) { a.push(piece) } return ArrayMerge(a, 'This', '')",
	"concat":                     "var s = ''; for (i = 0; i < n; i++) { s = s.concat(piece.slice(0, 1024)) } return s",
}

// growText builds a text of so many KiB and returns the bytes and steps the run was charged.
func growText(t *testing.T, body string, pieces int, limits Limits) (bytes, steps int64) {
	t.Helper()
	src := fmt.Sprintf("var n = %d, piece = 'x'.repeat(1024); function build() { %s } return build()", pieces, body)
	p, err := Compile("x-local://test.js", src, Options{Globals: NewGlobals()})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(context.Background(), RunConfig{Limits: limits})
	defer r.Close()
	v, err := r.Exec(p)
	if err != nil {
		t.Fatalf("%d KiB under %d MiB: %v", pieces, limits.Bytes>>20, err)
	}
	if v.Kind() != KindString || len(v.Str()) != pieces*1024 {
		t.Fatalf("%d KiB: %d bytes", pieces, len(v.Text()))
	}
	return r.bytes, r.used + clockEvery - r.steps
}

// A script that builds 1 MB piece by piece is not stopped, under a small limit either, and what it costs
// grows as the text does.
func TestGrowingTexts(t *testing.T) {
	for name, body := range growingTexts {
		t.Run(name, func(t *testing.T) {
			growText(t, body, 1024, Limits{Compute: 10 * time.Second, Bytes: 4 << 20})
			if name == "concat" {
				return // a method makes a new text each time, as in JavaScript
			}
			bytes, steps := growText(t, body, 256, Limits{})
			bytes4, steps4 := growText(t, body, 1024, Limits{})
			if bytes4 > 5*bytes || steps4 > 5*steps {
				t.Errorf("four times the text costs %d bytes for %d, %d steps for %d", bytes4, bytes, steps4, steps)
			}
		})
	}
}

// A text that grew stays what it was for those who hold it.
func TestGrowingTextIsAValue(t *testing.T) {
	checkExprs(t, []exprCase{
		{"(function () { var s = 'a'; var list = []; for (i = 0; i < 5; i++) { s += i; list.push(s) } return list })()", `["a0","a01","a012","a0123","a01234"]`},
		{"(function () { var s = 'a'; s += 'b'; var t = s; s += 'c'; t += 'd'; return [s, t] })()", `["abc","abd"]`},
		{"(function () { var o = { s: 'a' }; o.s = o.s + 'b'; var t = o.s; o.s = o.s + 'c'; o.s = t + 'd'; return [o.s, t] })()", `["abd","ab"]`},
		{"(function () { var o = { s: 'a' }, p = o; o.s = o.s + (p.s = 'z') + o.s; return o })()", `{"s":"azz"}`},
		{"(function () { var o = { s: 1 }; o.s = o.s + 1 + 'x'; return o })()", `{"s":"2x"}`},
		{"(function () { var o = { get s() { return 'g' }, set s(v) { this.t = v } }; o.s = o.s + 'x'; return o.t })()", `"gx"`},
		{"(function () { var s = 'a'; s = s + (s = 'b') + s; return s })()", `"abb"`},
	})
}
