package app_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// callStub runs the stand-in for a function.
func callStub(t *testing.T, s *app.Snapshot, name string, args ...basescript.Value) string {
	t.Helper()
	stub, ok := s.Stub(name)
	if !ok || stub.Program == nil {
		return "none"
	}
	r := basescript.NewRun(t.Context(), basescript.RunConfig{})
	defer r.Close()
	v, err := r.Call(stub.Program, stub.StubFunction(), args...)
	if err != nil {
		return err.Error()
	}
	return v.Text()
}

func TestStubs(t *testing.T) {
	five := basescript.Int(5)
	s := load(t, folder(t, map[string]string{
		"stubs/XQuery.js":         "function XQuery(q) { return 'function ' + q }\nfunction other() { return 1 }",
		"stubs/OpenDoc.js":        "var n = arguments.length;\nif (n == 1) { return 'body ' + arguments[0] }\nreturn 'empty'",
		"stubs/tools.open_doc.js": "function open_doc(id) { return 'member ' + id }",
		"stubs/xquery.js":         "return 'any xquery'",
		"stubs/tagged.js":         "\ufeff<%\nfunction inner() { return 'inner' }\nreturn inner()\n%>",
		"stubs/own.js":            "function helper() { throw 'x' }\n\nhelper()",
		"stubs/odd-name.js":       "return 1",
		"stubs/a..js":             "return 1",
		"stubs/bad.js":            "return 1\n+ ;",
		"stubs/notes.txt":         "no script",
	})).Snapshot()
	for name, want := range map[string]string{
		"XQuery": "function 5", "OpenDoc": "body 5", "tools.open_doc": "member 5", "open_doc": "none", "tools.xquery": "any xquery", "xquery": "any xquery",
		"tagged": "inner", "own": "x\n(x-local://stubs/own.js,   line 1)\n(x-local://stubs/own.js,   line 3)", "odd-name": "no such function", "bad": "none", "notes": "none",
	} {
		if got := callStub(t, s, name, five); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := callStub(t, s, "OpenDoc"); got != "empty" {
		t.Errorf("without arguments: %q", got)
	}
	if got := names(s.Stubs()); !slices.Contains(got, "tools.open_doc") || len(got) != 9 {
		t.Errorf("stubs %q", got)
	}
	problems := s.Problems()
	if len(problems) != 1 || problems[0].URL != "x-local://stubs/bad.js" || problems[0].Line != 2 {
		t.Errorf("problems %+v", problems)
	}
}

// A stub for something that works here, or that does not exist, is never called: the author is told.
func TestUselessStubsAreNoted(t *testing.T) {
	a, err := app.Load(app.Config{Globals: globals, Refused: []string{"XQuery", "tools.open_doc"}, Dir: folder(t, map[string]string{
		"stubs/XQuery.js": "", "stubs/open_doc.js": "", "stubs/tools.open_doc.js": "",
		"stubs/alert.js": "", "stubs/doc.js": "", "stubs/tools_web.open_doc.js": "",
	})})
	if err != nil {
		t.Fatal(err)
	}
	var noted []string
	for _, p := range a.Problems() {
		if !p.Note || !strings.Contains(p.Message, "the stub is never used: ") {
			t.Errorf("problem %+v", p)
		}
		noted = append(noted, strings.TrimPrefix(p.URL, "x-local://stubs/"))
	}
	if !slices.Equal(noted, []string{"alert.js", "doc.js", "tools_web.open_doc.js"}) {
		t.Errorf("noted %q", noted)
	}
}

func TestStubsAreReloaded(t *testing.T) {
	w := watch(t, map[string]string{"stubs/XQuery.js": "return 1"})
	w.write("stubs/XQuery.js", "function XQuery() { return 2 }")
	if c := w.next(); !slices.Equal(c.Updated, []string{"x-local://stubs/XQuery.js"}) || callStub(t, c.Snapshot, "XQuery") != "2" {
		t.Errorf("change %+v", c)
	}
	w.write("stubs/XQuery.js", "function XQuery( {")
	if c := w.next(); len(c.Problems) != 1 || !c.Problems[0].Kept || callStub(t, c.Snapshot, "XQuery") != "2" {
		t.Errorf("change %+v", c)
	}
	w.write("stubs/XQuery.js", "return 3")
	if c := w.next(); len(c.Solved) != 1 || callStub(t, c.Snapshot, "XQuery") != "3" {
		t.Errorf("change %+v", c)
	}
	w.write("stubs/OpenDoc.js", "return 'new'")
	if c := w.next(); callStub(t, c.Snapshot, "OpenDoc") != "new" {
		t.Errorf("change %+v", c)
	}
	if err := os.Remove(w.path("stubs/OpenDoc.js")); err != nil {
		t.Fatal(err)
	}
	if c := w.next(); !slices.Equal(c.Removed, []string{"x-local://stubs/OpenDoc.js"}) || callStub(t, c.Snapshot, "OpenDoc") != "none" {
		t.Errorf("change %+v", c)
	}
}
