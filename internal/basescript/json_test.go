package basescript

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"strings"
	"testing"
	"time"
)

// newTestRun returns a run that ends with the test.
func newTestRun(t testing.TB, limits Limits) *Run {
	t.Helper()
	r := NewRun(context.Background(), RunConfig{Limits: limits})
	t.Cleanup(r.Close)
	return r
}

func mustParse(t testing.TB, r *Run, text string) Value {
	t.Helper()
	v, err := r.ParseJSON(text, false)
	if err != nil {
		t.Fatalf("ParseJSON(%q): %v", text, err)
	}
	return v
}

func mustEncode(t testing.TB, r *Run, v Value) string {
	t.Helper()
	text, err := r.EncodeJSON(v, JSONOptions{})
	if err != nil {
		t.Fatalf("EncodeJSON: %v", err)
	}
	return text
}

func TestParseJSONRoundTrip(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"object", ` { "a" : 1 , "b" : [ true , false , null ] } `, `{"a":1,"b":[true,false,null]}`},
		{"empty containers", `{"a":{},"b":[]}`, ``},
		{"scalar", `"x"`, ``},
		{"64-bit id", `{"id":7177256154427237596}`, ``},
		{"largest integer", `9223372036854775807`, ``},
		{"smallest integer", `-9223372036854775808`, ``},
		{"beyond 64 bits", `9223372036854775808`, `9223372036854776000`},
		{"real", `[0.5,-2.25,1e3,1E-7,123456.789]`, `[0.5,-2.25,1000,1e-07,123456.789]`},
		{"all digits of a real", `0.30000000000000004`, ``},
		{"minus zero", `-0`, `0`},
		{"too large for a real", `1e999`, `null`},
		{"Cyrillic and slash", `{"текст":"при/вет"}`, ``},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0041\u044f"`, `"\"\\/\b\f\n\r\tAя"`},
		{"control characters", `"\u0000\u001f"`, ``},
		{"surrogate pair", `"\ud83d\ude00"`, `"😀"`},
		{"lone surrogate", `"\ud83d!"`, `"�!"`},
		{"low surrogate first", `"\ude00\ud83d"`, `"��"`},
		{"last of equal keys wins", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"siblings", `[{"a":1,"b":{"c":1}},{"a":2,"b":{"c":2}},{"a":3},{"b":4,"a":5}]`, ``},
		{"wide siblings", `[{"a":1,"b":2,"c":3,"d":4,"e":5},{"a":1,"b":2,"c":3,"d":4,"e":6},{"a":1,"b":2,"c":3,"d":4,"f":6}]`, ``},
		{"equal keys in siblings", `[{"a":1,"b":2},{"a":1,"a":2}]`, `[{"a":1,"b":2},{"a":2}]`},
		{"more than eight members", `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9}`, ``},
		{"twenty members", `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1,"s":1,"t":{}}`, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newTestRun(t, Limits{})
			want := tc.want
			if want == "" {
				want = tc.in
			}
			for _, strict := range []bool{true, false} {
				v, err := r.ParseJSON(tc.in, strict)
				if err != nil {
					t.Fatalf("strict %v: %v", strict, err)
				}
				if got := mustEncode(t, r, v); got != want {
					t.Errorf("strict %v: %s, want %s", strict, got, want)
				}
			}
		})
	}
}

func TestParseJSONLiterals(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"bare keys", `{a:'x', b_1:2, $c:3, имя:4, 5:5}`, `{"a":"x","b_1":2,"$c":3,"имя":4,"5":5}`},
		{"undefined member", `{a:'x', b:undefined}`, `{"a":"x"}`},
		{"any quotes", "['a\"', \"b'\", `c'\"`]", `["a\"","b'","c'\""]`},
		{"trailing commas", `[1,{a:1,},]`, `[1,{"a":1}]`},
		{"comments", "/*/ x */ [1, // one\n 2 /* two */] //", `[1,2]`},
		{"byte order mark and blanks", "\ufeff\u00a0[1\v,\f2]", `[1,2]`},
		{"escapes of JavaScript", `'\x41\v\0\u{1F600}\q\'\` + "\n" + `end'`, `"A\u000b\u0000😀q'end"`},
		{"continued line, CR LF", "'a\\\r\nb'", `"ab"`},
		{"raw line break", "'a\nb'", `"a\nb"`},
		{"numbers of JavaScript", `[+1, .5, 5., 0x1F, -0xff, 007]`, `[1,0.5,5,31,-255,7]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newTestRun(t, Limits{})
			if got := mustEncode(t, r, mustParse(t, r, tc.in)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if _, err := r.ParseJSON(tc.in, true); err == nil {
				t.Error("strict mode takes it too")
			}
		})
	}
}

func TestParseJSONErrors(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		strict   bool
	}{
		{in: `Привет`, want: "Invalid JSON.\nOffset: 6"},
		{in: `$hbt`, want: "Invalid format"},
		{in: ``, want: "Invalid format"},
		{in: `   `, want: "Invalid format"},
		{in: ` }`, want: "Invalid format"},
		{in: `truex`, want: "Invalid JSON.\nOffset: 5"},
		{in: `{"имя": нет}`, want: "Invalid JSON.\nOffset: 11"},
		{in: `{"a":$}`, want: "Invalid JSON.\nOffset: 5"},
		{in: `{"a":1} x`, want: "Invalid JSON.\nOffset: 8"},
		{in: `{"a":1`, want: "Invalid JSON.\nOffset: 6"},
		{in: `{"a"`, want: "Invalid JSON.\nOffset: 4"},
		{in: `{"a" 1}`, want: "Invalid JSON.\nOffset: 5"},
		{in: `{`, want: "Invalid JSON.\nOffset: 1"},
		{in: `{,}`, want: "Invalid JSON.\nOffset: 1"},
		{in: `[1 2]`, want: "Invalid JSON.\nOffset: 3"},
		{in: `[1,`, want: "Invalid JSON.\nOffset: 3"},
		{in: `[,1]`, want: "Invalid JSON.\nOffset: 1"},
		{in: `"слово`, want: "Invalid JSON.\nOffset: 6"},
		{in: `"a\`, want: "Invalid JSON.\nOffset: 3"},
		{in: `"a\"`, want: "Invalid JSON.\nOffset: 4"},
		{in: `"\u12"`, want: "Invalid JSON.\nOffset: 1"},
		{in: `"\uzzzz"`, want: "Invalid JSON.\nOffset: 1"},
		{in: `"\u{}"`, want: "Invalid JSON.\nOffset: 1"},
		{in: `"\xz0"`, want: "Invalid JSON.\nOffset: 1"},
		{in: `-`, want: "Invalid JSON.\nOffset: 1"},
		{in: `1e`, want: "Invalid JSON.\nOffset: 2"},
		{in: `0x`, want: "Invalid JSON.\nOffset: 1"},
		{in: `0xg`, want: "Invalid JSON.\nOffset: 2"},
		{in: `[1 /* open`, want: "Invalid JSON.\nOffset: 3"},
		{in: `1.`, want: "Invalid JSON.\nOffset: 2", strict: true},
		{in: `01`, want: "Invalid JSON.\nOffset: 2", strict: true},
		{in: `'x'`, want: "Invalid format", strict: true},
		{in: `{a:1}`, want: "Invalid JSON.\nOffset: 1", strict: true},
		{in: `[1,]`, want: "Invalid JSON.\nOffset: 3", strict: true},
		{in: `[undefined]`, want: "Invalid JSON.\nOffset: 10", strict: true},
		{in: "\"a\nb\"", want: "Invalid JSON.\nOffset: 2", strict: true},
		{in: "\"\\n\nb\"", want: "Invalid JSON.\nOffset: 3", strict: true},
		{in: `"\x41"`, want: "Invalid JSON.\nOffset: 1", strict: true},
		{in: strings.Repeat("[", 501), want: "JSON is nested deeper than 500 levels"},
		{in: strings.Repeat(`{"a":`, 501), want: "JSON is nested deeper than 500 levels"},
	} {
		t.Run(tc.in[:min(len(tc.in), 20)], func(t *testing.T) {
			r := newTestRun(t, Limits{})
			v, err := r.ParseJSON(tc.in, tc.strict)
			if err == nil {
				t.Fatalf("no error but %s", mustEncode(t, r, v))
			}
			if err.Error() != tc.want {
				t.Errorf("%q, want %q", err, tc.want)
			}
		})
	}
}

func TestParseJSONKinds(t *testing.T) {
	r := newTestRun(t, Limits{})
	for in, want := range map[string]Kind{
		"1": KindInt, "1.0": KindReal, "1e2": KindReal, "99999999999999999999": KindReal,
		"true": KindBool, "null": KindNull, "undefined": KindUndefined, "''": KindString, "[]": KindObject,
	} {
		if got := mustParse(t, r, in).Kind(); got != want {
			t.Errorf("%s is %v, want %v", in, got, want)
		}
	}
	deep := strings.Repeat("[", 500) + strings.Repeat("]", 500)
	if got := mustEncode(t, r, mustParse(t, r, deep)); got != deep {
		t.Error("500 levels do not survive")
	}
}

// Objects parsed from equal texts share their key lists; a change to one must not be seen in another.
func TestParseJSONSiblingsAreIndependent(t *testing.T) {
	r := newTestRun(t, Limits{})
	list := mustParse(t, r, `[{"a":1,"b":2},{"a":3,"b":4},{"a":5,"b":6}]`)
	items := list.Object().Elements()
	items[0].Object().Set("c", True)
	items[1].Object().Delete("a")
	items[1].Object().Set("d", False)
	items[2].Object().Set("e", Null)
	const want = `[{"a":1,"b":2,"c":true},{"b":4,"d":false},{"a":5,"b":6,"e":null}]`
	if got := mustEncode(t, r, list); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestParseJSONLongText(t *testing.T) {
	r := newTestRun(t, Limits{})
	long := strings.Repeat("я", 400)
	want := `{"short":"a","escaped":"b\nc","long":"` + long + `","list":[` +
		strings.Repeat(`{"key":"value"},`, 200) + `{}],"last":"` + strings.Repeat(`\n`, 300) + `"}`
	if got := mustEncode(t, r, mustParse(t, r, want)); got != want {
		t.Error("a long text does not survive the way there and back")
	}
}

func TestParseJSONBudgets(t *testing.T) {
	text := "[" + strings.Repeat(`{"a":1},`, 100_000) + "1]"
	for name, limits := range map[string]Limits{
		"bytes": {Bytes: 8 << 20},
		"steps": {Steps: 10_000},
	} {
		r := newTestRun(t, limits)
		_, err := r.ParseJSON(text, false)
		var e *Error
		if !errors.As(err, &e) || e.Kind != Stopped {
			t.Errorf("%s: %v, want the run stopped", name, err)
		}
	}
}

// testHost is a host object for tests.
type testHost struct {
	names []string
	items []Value
	props map[string]Value
}

func (h *testHost) ClassName() string { return "TestHost" }
func (h *testHost) Get(_ *Run, name string) (Value, bool, error) {
	if name == "broken" {
		return Undefined, false, errors.New("broken property")
	}
	v, ok := h.props[name]
	return v, ok, nil
}
func (h *testHost) Set(_ *Run, name string, v Value) (bool, error) {
	if _, ok := h.props[name]; !ok {
		return false, nil
	}
	h.props[name] = v
	return true, nil
}
func (h *testHost) Call(_ *Run, name string, args []Value) (Value, bool, error) {
	if name != "Count" {
		return Undefined, false, nil
	}
	return Int(int64(len(args))), true, nil
}
func (h *testHost) Iterate(*Run) iter.Seq[Value] {
	if h.items == nil {
		return nil
	}
	return func(yield func(Value) bool) {
		for _, v := range h.items {
			if !yield(v) {
				return
			}
		}
	}
}

type namedHost struct{ testHost }

func (h *namedHost) PropertyNames() []string { return h.names }

type scalarHost struct {
	testHost
	value Value
}

func (h *scalarHost) Scalar() Value { return h.value }

func hostValue(h Host) Value { return ObjectValue(&Object{class: classHost, ext: h}) }

func collection(items ...Value) Value { return hostValue(&testHost{items: items}) }

func TestEncodeJSON(t *testing.T) {
	r := newTestRun(t, Limits{})
	obj := func(pairs ...any) Value {
		o := r.NewObject()
		for i := 0; i < len(pairs); i += 2 {
			o.Set(pairs[i].(string), pairs[i+1].(Value))
		}
		return ObjectValue(o)
	}
	arr := func(vals ...Value) Value { return ObjectValue(r.NewArray(vals)) }
	fn, _ := r.newFunction(function{native: &Func{Name: "f"}})
	day := Date{Time: time.Date(2024, 3, 5, 9, 7, 30, 0, time.FixedZone("", 3*3600))}
	full := day
	full.HasTime, full.HasSeconds, full.HasZone = true, true, true
	for _, tc := range []struct {
		name string
		in   Value
		opt  JSONOptions
		want string
	}{
		{"undefined alone", Undefined, JSONOptions{}, `null`},
		{"undefined and functions left out", obj("a", Undefined, "b", Null, "f", ObjectValue(fn)), JSONOptions{}, `{"b":null}`},
		{"undefined and functions in arrays", arr(Undefined, ObjectValue(fn)), JSONOptions{}, `[null,null]`},
		{"not a number", arr(Real(math.NaN()), Real(math.Inf(-1))), JSONOptions{}, `[null,null]`},
		{"integral real", arr(Real(7), Real(math.Copysign(0, -1)), Real(1e21)), JSONOptions{}, `[7,0,1e+21]`},
		{"large integers", arr(Int(2147483648), Int(2147483647), Int(-2147483649)),
			JSONOptions{ExportLargeIntegersAsStrings: true}, `["2147483648",2147483647,-2147483649]`},
		{"dates", arr(DateValue(day), DateValue(full)), JSONOptions{}, `["2024-03-05","2024-03-05T09:07:30+03:00"]`},
		{"not UTF-8", String("a\xff\xfeя"), JSONOptions{}, `"a�я"`},
		{"pretty", obj("a", arr(Int(1), obj()), "b", arr()), JSONOptions{PrettyFormat: true},
			"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"},
		{"cut at depth 2", obj("a", obj("b", obj()), "c", Int(1), "d", arr(arr())), JSONOptions{MaxDepth: 2},
			`{"a":{"b":null},"c":1,"d":[null]}`},
		{"host scalar", hostValue(&scalarHost{value: Int(5)}), JSONOptions{}, `5`},
		{"host collection", collection(Int(1), String("x")), JSONOptions{}, `[1,"x"]`},
		{"host with names", hostValue(&namedHost{testHost{names: []string{"a", "gone"}, props: map[string]Value{"a": True}}}),
			JSONOptions{}, `{"a":true}`},
		{"other host", hostValue(&testHost{}), JSONOptions{}, `null`},
		{"error object", r.NewErrorObject(NewError("bad")), JSONOptions{}, `{"message":"bad"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := r.EncodeJSON(tc.in, tc.opt)
			if err != nil || got != tc.want {
				t.Errorf("%s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestEncodeJSONRefuses(t *testing.T) {
	r := newTestRun(t, Limits{})
	loop := r.NewObject()
	loop.Set("me", ObjectValue(r.NewArray([]Value{ObjectValue(loop)})))
	if _, err := r.EncodeJSON(ObjectValue(loop), JSONOptions{}); err == nil || err.Error() != "Object contains itself" {
		t.Errorf("cycle: %v", err)
	}
	if text, err := r.EncodeJSON(ObjectValue(loop), JSONOptions{MaxDepth: 3}); err != nil || text != `{"me":[{"me":null}]}` {
		t.Errorf("cycle with a bound: %s, %v", text, err)
	}
	deep := Null
	for range 501 {
		deep = ObjectValue(r.NewArray([]Value{deep}))
	}
	if _, err := r.EncodeJSON(deep, JSONOptions{}); err == nil || !strings.Contains(err.Error(), "deeper than 500") {
		t.Errorf("depth: %v", err)
	}
	broken := hostValue(&namedHost{testHost{names: []string{"broken"}}})
	if _, err := r.EncodeJSON(broken, JSONOptions{}); err == nil || err.Error() != "broken property" {
		t.Errorf("failing host: %v", err)
	}
	small := newTestRun(t, Limits{Bytes: 1 << 16})
	if _, err := small.EncodeJSON(String(strings.Repeat("x", 1<<17)), JSONOptions{}); err == nil {
		t.Error("a text beyond the budget is made")
	}
}

func TestEncodeJSONKeepsSharedObjects(t *testing.T) {
	r := newTestRun(t, Limits{})
	twice := ObjectValue(r.NewObject())
	if got := mustEncode(t, r, ObjectValue(r.NewArray([]Value{twice, twice}))); got != `[{},{}]` {
		t.Errorf("%s", got)
	}
}

func TestJSONFunctions(t *testing.T) {
	r := newTestRun(t, Limits{})
	native := func(call func(*Run, []Value) (Value, error)) Value {
		o, _ := r.newFunction(function{native: &Func{Name: "callback", Call: call}})
		return ObjectValue(o)
	}
	options := mustParse(t, r, `{ExportLargeIntegersAsStrings: true, PrettyFormat: true}`)
	v, err := encodeJSON(r, []Value{mustParse(t, r, `{a:2147483648}`), options})
	if err != nil || v.Text() != "{\n  \"a\": \"2147483648\"\n}" {
		t.Errorf("EncodeJson with options: %q, %v", v.Text(), err)
	}
	if _, err := parseJSON(r, []Value{String("{a:1}"), mustParse(t, r, `{StrictMode: true}`)}); err == nil {
		t.Error("StrictMode is ignored")
	}
	double := native(func(_ *Run, args []Value) (Value, error) {
		if args[1].Kind() == KindInt {
			if args[1].Int() == 0 {
				return Undefined, nil
			}
			return Int(2 * args[1].Int()), nil
		}
		return args[1], nil
	})
	v, err = jsonParse(r, Undefined, []Value{String(`{"a":[1,2],"b":0}`), double})
	if err != nil || mustEncode(t, r, v) != `{"a":[2,4]}` {
		t.Errorf("reviver: %v", err)
	}
	in := mustParse(t, r, `{a:[1,2],b:0,c:{b:3}}`)
	for _, tc := range []struct {
		name string
		args []Value
		want string
	}{
		{"replacer", []Value{in, double}, `{"a":[2,4],"c":{"b":6}}`},
		{"names", []Value{in, mustParse(t, r, `["b","c"]`)}, `{"b":0,"c":{"b":3}}`},
		{"indent", []Value{mustParse(t, r, `[1]`), Null, Int(1)}, "[\n 1\n]"},
		{"indent text", []Value{mustParse(t, r, `[1]`), Null, String("--")}, "[\n--1\n]"},
		{"undefined", nil, "undefined"},
	} {
		v, err := jsonStringify(r, Undefined, tc.args)
		if err != nil || v.Text() != tc.want {
			t.Errorf("%s: %s, %v, want %s", tc.name, v.Text(), err, tc.want)
		}
	}
}

func FuzzParseJson(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e3,"\ud83d\ude00"],"b":{"c":null}}`, `{a:'x',}`, `[0x1f,+1,.5]`, "/*c*/`t`",
		`Привет`, `$hbt`, `[{"a":1},{"a":2}]`, `{"a":1,"a":2}`, `"\u{10FFFF}"`, "\ufeff1", `9223372036854775808`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		r := newTestRun(t, Limits{Steps: 1 << 20, Bytes: 1 << 26})
		v, err := r.ParseJSON(text, strict)
		if strict && err == nil && !json.Valid([]byte(text)) {
			t.Fatalf("strict mode takes %q", text)
		}
		if strict && err != nil && json.Valid([]byte(text)) && !strings.Contains(err.Error(), "nested") {
			t.Fatalf("strict mode refuses %q: %v", text, err)
		}
		if err != nil {
			return
		}
		once, err := r.EncodeJSON(v, JSONOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(once)) {
			t.Fatalf("%q becomes %q, which is not JSON", text, once)
		}
		again, err := r.ParseJSON(once, true)
		if err != nil {
			t.Fatal(err)
		}
		if twice := mustEncode(t, r, again); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}

const benchMessage = `{"action":"send","request_id":7177256154427237596,"data":{"to":"6148914691236517121","text":"Hello, colleagues!","urgent":false},"tags":["a","b"],"n":12}`

func BenchmarkParseJSON150(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		r := newTestRun(b, Limits{Steps: 1 << 62, Bytes: 1 << 62})
		b.ReportAllocs()
		b.SetBytes(int64(len(benchMessage)))
		for b.Loop() {
			if _, err := r.ParseJSON(benchMessage, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(benchMessage)))
		for b.Loop() {
			var v any
			if err := json.Unmarshal([]byte(benchMessage), &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParseJSONRecords(b *testing.B) {
	text := "[" + strings.Repeat(`{"id":7177256154427237596,"name":"Сотрудник","active":true,"score":12.5},`, 999) + "{}]"
	b.Run("ours", func(b *testing.B) {
		r := newTestRun(b, Limits{})
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := r.ParseJSON(text, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodeJSON(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		r := newTestRun(b, Limits{Steps: 1 << 62, Bytes: 1 << 62})
		v := mustParse(b, r, benchMessage)
		b.ReportAllocs()
		b.SetBytes(int64(len(benchMessage)))
		for b.Loop() {
			if _, err := r.EncodeJSON(v, JSONOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		var v any
		if err := json.Unmarshal([]byte(benchMessage), &v); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.SetBytes(int64(len(benchMessage)))
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
