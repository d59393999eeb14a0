package basescript

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// exprCase is an expression of the dialect and its value as repr writes it.
type exprCase struct{ expr, want string }

// repr writes a value so that its kind shows: "text", 5, 5.5r, date 2024-03-05, JSON of objects.
func repr(r *Run, v Value) string {
	switch v.Kind() {
	case KindUndefined, KindNull, KindBool, KindInt:
		if v.IsNull() {
			return "null"
		}
		return v.Text()
	case KindReal:
		return v.Text() + "r"
	case KindDate:
		return "date " + xmlDate(v.Date(), true, true)
	}
	text, err := r.EncodeJSON(v, JSONOptions{})
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

// evaluate runs a script body and returns what it returns as repr writes it, or "error: " and the
// first line of its error.
func evaluate(t testing.TB, body string, limits Limits, globals ...Global) string {
	t.Helper()
	p, err := Compile("x-local://test.js", body, Options{Globals: NewGlobals(globals)})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	r := NewRun(context.Background(), RunConfig{Limits: limits})
	defer r.Close()
	v, err := r.Exec(p)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: not an error of scripts: %v", body, err)
		}
		return "error: " + e.Message
	}
	return repr(r, v)
}

var exprLimits = Limits{Compute: 5 * time.Second, Bytes: 16 << 20}

// checkExprs evaluates expressions, each in a run of its own.
func checkExprs(t *testing.T, cases []exprCase) {
	t.Helper()
	for _, tc := range cases {
		if got := evaluate(t, "return ("+tc.expr+")", exprLimits); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

// Every function the specification ranks C is a built-in of the language, or an effect that package
// hostapi offers.
func TestCoreFunctionsExist(t *testing.T) {
	effects := map[string]bool{"alert": true, "LogEvent": true, "EnableLog": true}
	core := `Int OptInt String IsEmptyValue IsArray DataType ObjectType
		StrContains StrBegins StrEnds StrReplace StrLowerCase StrUpperCase Trim StrLen StrCharCount
		ArrayOptFirstElem ArrayCount ArrayOptFind ArraySelect ArraySelectAll ArrayExtract ArrayMerge ArrayUnion
		Date OptDate DateNewTime DateOffset StrDate StrXmlDate EncodeJson ParseJson XQueryLiteral CallObjectMethod
		alert LogEvent EnableLog`
	globals := NewGlobals()
	for name := range strings.FieldsSeq(core) {
		if g := globals.Lookup(name); !effects[name] && (g == nil || g.Func == nil) {
			t.Errorf("%s is missing", name)
		}
	}
}

// Editors show signatures and sentences of all names; a table entry without them is unfinished.
func TestBuiltinsAreDescribed(t *testing.T) {
	described := func(name, sig, doc string) {
		if sig == "" || !strings.HasSuffix(doc, ".") {
			t.Errorf("%s: signature %q, sentence %q", name, sig, doc)
		}
	}
	seen := map[string]bool{}
	for _, g := range Builtins() {
		if seen[g.Name] {
			t.Errorf("%s is there twice", g.Name)
		}
		seen[g.Name] = true
		described(g.Name, g.Sig, g.Doc)
		if g.Func != nil {
			described(g.Name+"()", g.Func.Sig, g.Func.Doc)
		}
		if g.Static == nil {
			continue
		}
		for _, m := range g.Static.Methods {
			described(g.Name+"."+m.Name, m.Sig, m.Doc)
		}
		for _, p := range g.Static.Props {
			described(g.Name+"."+p.Name, p.Sig, p.Doc)
		}
	}
	for _, typ := range BuiltinTypes() {
		for _, m := range typ.Methods {
			described(typ.Name+" "+m.Name, m.Sig, m.Doc)
		}
		for _, p := range typ.Props {
			described(typ.Name+" "+p.Name, p.Sig, p.Doc)
		}
	}
}

func TestTooFewArguments(t *testing.T) {
	checkExprs(t, []exprCase{
		{"StrLen()", "error: Wrong number of arguments"},
		{"StrContains('a')", "error: Wrong number of arguments"},
		{"ArraySelect([])", "error: Wrong number of arguments"},
		{"({}).GetOptProperty()", "error: Wrong number of arguments"},
		{"[1].map()", "error: Wrong number of arguments"},
		{"StrLen('a', 2, 3)", "1"},
	})
}

// What would make a huge value, or work without end, must end with an error while the run is still
// within its budgets.
func TestBuiltinBudgets(t *testing.T) {
	limits := Limits{Compute: 500 * time.Millisecond, Bytes: 8 << 20}
	const stopped = "Script stopped"
	for _, tc := range []struct{ name, body, want string }{
		{"repeat beyond all", "return 'x'.repeat(1125899906842624)", "Text is longer"},
		{"repeat infinitely", "return 'x'.repeat(Infinity)", "Text is longer"},
		{"repeat beyond the budget", "return 'x'.repeat(20000000)", stopped},
		{"padStart beyond all", "return 'x'.padStart(1e12)", "Text is longer"},
		{"padEnd beyond the budget", "return 'x'.padEnd(3e7, 'ab')", stopped},
		{"replace that blows up", "var s = 'a'.repeat(100000); return StrReplace(s, 'a', s)", "Text is longer"},
		{"replace beyond the budget", "var s = 'a'.repeat(10000); return StrReplace(s, 'a', s)", stopped},
		{"replaceAll with empty text", "var s = 'a'.repeat(10000); return s.replaceAll('', s)", stopped},
		{"array beyond all", "return Array(1e9)", "Invalid array length"},
		{"new array beyond the budget", "return new Array(1e7)", stopped},
		{"array of a length", "return Array.from({length: 1e7})", stopped},
		{"array that doubles", "var a = [1]; while (true) a = a.concat(a)", stopped},
		{"union that doubles", "var a = [1]; while (true) a = ArrayUnion(a, a)", stopped},
		{"push while iterating", "var a = [1]; a.forEach(function () { a.push(1) }); return a.length", "2"},
		{"select while appending", "var a = [1]; return ArraySelect(a, function (x) { a.push(x); return true })", stopped},
		{"join", "var s = 'x'.repeat(1000000), a = []; for (i = 0; i < 100; i++) a.push(s); return a.join('')", stopped},
		{"merge", "var s = 'x'.repeat(1000000), a = []; for (i = 0; i < 100; i++) a.push(s); return ArrayMerge(a, 'This')", stopped},
		{"split", "return 'x'.repeat(4000000).split('')", stopped},
		{"flat of an array in itself", "var a = [1]; a.push(a, a); return a.flat(Infinity)", stopped},
		{"sort without order", "var a = []; for (i = 0; i < 1000; i++) a.push(i); return a.sort(function () { while (true); })", stopped},
		{"splice", "var a = [1]; while (true) a.splice(0, 0, a[0], a[0], a[0], a[0])", stopped},
		{"unique text", "return UniqueStrID(1e9)", "Text is longer"},
		{"percent encoding", "return UrlEncode('-'.repeat(3000000))", stopped},
		{"parsed JSON", "return ParseJson('[' + '[1],'.repeat(200000) + '1]')", stopped},
		{"distinct", "var a = []; a.length = 200000; n = 0; return ArraySelectDistinct(a, function () { return n++ })", stopped},
		{"JSON", "var a = ['x'.repeat(1000000)]; for (i = 0; i < 5; i++) a = [a, a, a]; return EncodeJson(a)", stopped},
		{"digits", "return StrReal(1, 1000000)", "Number of digits must be from 0 to 100"},
		{"codes", "return StrToCharCodesArray('x'.repeat(1000000))", stopped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			began := time.Now()
			got := evaluate(t, tc.body, limits)
			if !strings.HasPrefix(got, "error: "+tc.want) && got != tc.want {
				t.Errorf("%.200s, want %s", got, tc.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

// A queue taken from the front must not cost its length at every step.
func TestShiftIsCheap(t *testing.T) {
	body := "var a = []; for (i = 0; i < 100000; i++) a.push(i); var sum = 0; while (a.length > 0) sum += a.shift(); return sum"
	if got := evaluate(t, body, exprLimits); got != "4999950000" {
		t.Error(got)
	}
}

// A table whose entries come and go must not cost its size at every deletion, in whatever order.
func TestDeleteIsCheap(t *testing.T) {
	fill := "var o = {}, n = 50000; for (i = 0; i < n; i++) o['k' + i] = i; "
	for _, loop := range []string{
		"for (i = 0; i < n; i++) delete o['k' + i]",
		"for (i = n - 1; i >= 0; i--) delete o['k' + i]",
		"for (i = 0; i < n; i++) delete o['k' + i * 7919 % n]",
		"for (k in o) delete o[k]",
	} {
		if got := evaluate(t, fill+loop+"; return Object.keys(o).length", exprLimits); got != "0" {
			t.Errorf("%s: %s", loop, got)
		}
	}
}

// Methods can be called with any value as self; they must neither fail in Go nor read foreign memory.
func TestMethodsWithForeignSelf(t *testing.T) {
	r := newTestRun(t, exprLimits)
	selves := []Value{
		Undefined, Null, True, Int(-5), Real(2.5), String("Ёж"), DateValue(Date{Time: time.Unix(0, 0)}),
		ObjectValue(r.NewObject()), ObjectValue(r.NewArray([]Value{Int(1)})), collection(Int(1)), hostValue(&scalarHost{value: Int(7)}),
		r.NewErrorObject(NewError("x")),
	}
	argLists := [][]Value{nil, {Undefined}, {Null, Null}, {Int(-1), Int(2)}, {String("а"), String("б")}, selves[7:9], {Real(1e300), Real(-1e300)}}
	for kind, table := range map[string]map[string]*Method{
		"string": stringMethods, "array": arrayMethods, "object": objectMethods, "number": numberMethods,
		"date": dateMethods, "error": errorMethods, "bool": boolMethods,
	} {
		for name, m := range table {
			for _, self := range selves {
				for _, args := range argLists {
					if len(args) < m.Min || name == "repeat" {
						continue
					}
					if _, err := m.Call(r, self, args); err != nil && strings.Contains(err.Error(), "runtime error") {
						t.Errorf("%s %s: %v", kind, name, err)
					}
				}
			}
		}
	}
}

// All functions take all kinds of values without a panic.
func TestFunctionsWithAnyArguments(t *testing.T) {
	r := newTestRun(t, Limits{Bytes: 1 << 24})
	values := []Value{
		Undefined, Null, False, Int(0), Int(-1 << 63), Int(1<<63 - 1), Real(0.5), Real(1e300), String(""), String("Ёж%u04"), String("\xff\x80"),
		DateValue(Date{Time: time.Unix(0, 0), HasTime: true}), ObjectValue(r.NewObject()),
		ObjectValue(r.NewArray([]Value{Int(3), String("b"), Null})), collection(Int(1)), hostValue(&scalarHost{value: String("s")}),
	}
	for _, g := range Builtins() {
		if g.Func == nil || g.Name == "Cancel" {
			continue
		}
		for _, a := range values {
			for _, b := range values {
				for _, c := range values {
					if slow := g.Name == "PasswordHash"; slow && !(b.IsUndefined() && c.IsUndefined()) {
						continue // it does not look at them
					}
					args := []Value{a, b, c}[:max(g.Func.Min, 1+len(g.Name)%3)]
					if len(g.Func.Text) > 0 && len(args) > 1 {
						args[1] = Null // texts need a caller's frame
					}
					if len(g.Func.Text) > 0 && len(args) > 2 {
						args[2] = Null
					}
					r.bytes = 0
					g.Func.Call(r, args)
				}
			}
		}
	}
}
