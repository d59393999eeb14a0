package basescript

import (
	"strings"
	"testing"
	"time"
)

// keeper is a host object's Go side that keeps values where no object shows them.
type keeper struct{ kept []Value }

func (k *keeper) Held(visit func(Value)) {
	for _, v := range k.kept {
		visit(v)
	}
}

var keeperClass = &Class{Name: "keeper", Methods: []Method{{
	Name: "keep", Min: 1, Call: func(_ *Run, self Value, args []Value) (Value, error) {
		k, _ := Self[*keeper](self)
		k.kept = append(k.kept, args[0])
		return Undefined, nil
	},
}}}

// What Go keeps for a run counts against its memory, wherever it is kept.
func TestHeldValuesCount(t *testing.T) {
	ofHost := &keeper{}
	globals := NewGlobals([]Global{
		{Name: "kept", Value: func(r *Run) (Value, bool) { return r.pins[0], true }},
		{Name: "keepInHost", Func: &Func{Name: "keepInHost", Min: 1, Call: func(_ *Run, args []Value) (Value, error) {
			ofHost.kept = append(ofHost.kept, args[0])
			return Undefined, nil
		}}},
	})
	for _, src := range []string{
		"function make(i) { return 'x'.repeat(10000) + i } for (i = 0; i < 10000; i++) { s = make(i); kept.keep(s) }",
		"function make(i) { return 'x'.repeat(10000) + i } for (i = 0; i < 10000; i++) { s = make(i); keepInHost(s) }",
	} {
		p, err := Compile("x-local://a.js", src, Options{Globals: globals})
		if err != nil {
			t.Fatal(err)
		}
		r := NewRun(t.Context(), RunConfig{Host: ofHost, Limits: Limits{Bytes: 4 << 20, Compute: 20 * time.Second}})
		release := r.Pin(NewHost(keeperClass, &keeper{}))
		_, err = r.Exec(p)
		release()
		r.Close()
		if err == nil || !strings.Contains(err.Error(), "its values take more than 4 MiB") {
			t.Errorf("%s\nended with %v", src, err)
		}
	}
}

func TestCaller(t *testing.T) {
	var where []string
	globals := NewGlobals([]Global{{Name: "here", Func: &Func{Name: "here", Call: func(r *Run, _ []Value) (Value, error) {
		url, top := r.Caller()
		if top {
			url += " top"
		}
		where = append(where, url)
		return Undefined, nil
	}}}})
	p, err := Compile("x-local://a.js", "here(); function f(x) { here() } f(here()); f(f()); [1].map(here); g = here; g()", Options{Globals: globals})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(t.Context(), RunConfig{})
	defer r.Close()
	if url, top := r.Caller(); url != "" || top {
		t.Errorf("outside of a script: %q %v", url, top)
	}
	if _, err := r.Exec(p); err != nil {
		t.Fatal(err)
	}
	const in, top = "x-local://a.js", "x-local://a.js top"
	if got, want := strings.Join(where, "\n"), strings.Join([]string{top, top, in, in, in, top, top}, "\n"); got != want {
		t.Errorf("callers\n%s\nwant\n%s", got, want)
	}
}

// A source may be the body of a function: lines and columns are those of the text.
func TestSourceThatIsABody(t *testing.T) {
	p, err := Compile("x-local://a.js", "<% return arguments.length + ' ' + arguments[0] + ' ' + (undefined.x)\n%>", Options{Library: true, Function: "f"})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(t.Context(), RunConfig{})
	defer r.Close()
	if _, err := r.Call(p, "f", Int(5)); err == nil || err.Error() != "Unknown object property: x\n(x-local://a.js,   line 1)" {
		t.Errorf("error %v", err)
	}
	if got := p.Functions(); len(got) != 1 || got[0] != "f" {
		t.Errorf("functions %q", got)
	}
	_, err = Compile("x-local://a.js", "return 1 +;", Options{Function: "f"})
	syntax, ok := err.(*SyntaxError)
	if !ok || syntax.Line != 1 || syntax.Column != 11 || syntax.Caret != "return 1 +;\n          ^" {
		t.Errorf("error %#v", err)
	}
}

func TestNewRecord(t *testing.T) {
	names := []string{"a", "b"}
	one, two := NewRecord(names, []Value{Int(1), Int(2)}), NewRecord(names, []Value{Int(3), Int(4)})
	one.Set("c", Int(5))
	one.Delete("a")
	if got := strings.Join(one.Keys(), " ") + " / " + strings.Join(two.Keys(), " "); got != "b c / a b" {
		t.Errorf("names %s", got)
	}
}
