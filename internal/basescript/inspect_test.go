package basescript

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// inspectClass is a class of the tests' own, with a collection whose elements are known.
var (
	inspectItem = &Class{Name: "BmObject", Methods: []Method{
		{Name: "GetTag", Min: 1, Sig: "(name: string): string | null", Since: "1.24"},
		{Name: "Abort", Sig: "(): void"},
	}, Props: []Prop{{Name: "Key", Sig: "string"}, {Name: "Items", Sig: "Items"}}}
	inspectItems = &Class{Name: "BmObject", Methods: []Method{{Name: "ToArray", Sig: "(): Item[]"}}}
	inspectTools = &Class{Name: "things", Methods: []Method{
		{Name: "get_object_assembly", Min: 1, Sig: "(code: string): Items"},
		{Name: "call", Min: 1, Sig: "(name: string, args?: any[]): any"},
		{Name: "mine", Sig: "(): any", Origin: Superset},
	}}
	inspectGlobals = NewGlobals([]Global{
		{Name: "things", Static: inspectTools},
		{Name: "alert", Func: &Func{Name: "alert", Sig: "(value?: any): any"}},
		{Name: "XQuery", Func: &Func{Name: "XQuery", Min: 1, Sig: "(query: string): any[]", Origin: Refused}},
		{Name: "OpenDoc", Func: &Func{Name: "OpenDoc", Min: 1, Sig: "(url: string): any", Origin: Refused}},
		{Name: "InPlaceEval", Func: &Func{Name: "InPlaceEval", Min: 1, Evaluates: EvalAdds, Sig: "(code: string): void"}},
		{Name: "CurItem", Sig: "Item", Value: func(*Run) (Value, bool) { return Undefined, false }},
	})
	inspectFiltered = Func{Name: "Filtered", Min: 0, OptSince: "1.24", Original: 1, Sig: "(filter?: string): Items"}
)

func inspectOptions(library bool) InspectOptions {
	return InspectOptions{
		Options: Options{Globals: inspectGlobals, Library: library},
		Classes: map[string]*Class{"Item": inspectItem, "Items": inspectItems},
		Hooks:   []Func{{Name: "process", Sig: "(context: Item): any"}},
		Version: "1.22",
		Stub:    func(name string) bool { return name == "OpenDoc" },
		Call: func(c Call) Answer {
			name, ok := c.TextArg(0)
			switch {
			case c.Owner != "things" || c.Name != "call" || !ok:
				return Answer{}
			case name != "Filtered":
				return Answer{Kind: FindUnknownFunction, Message: "There is no thing " + name}
			}
			count := 0
			if len(c.Args) > 1 {
				count = c.Args[1].Count
			}
			return Answer{Func: &inspectFiltered, Count: count}
		},
	}
}

// TestInspect compares what is said of sources with the sections of testdata/findings/inspect.txtar.
func TestInspect(t *testing.T) {
	file := filepath.Join("testdata", "findings", "inspect.txtar")
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		source, want := archive.Files[i], &archive.Files[i+1]
		t.Run(source.Name, func(t *testing.T) {
			var out strings.Builder
			for _, f := range Inspect("x-local://a.js", string(source.Data), inspectOptions(strings.HasPrefix(source.Name, "library"))) {
				fmt.Fprintf(&out, "%d:%d %s %s %s\n", f.Line, f.Column, f.Level, f.Kind, f.Message)
			}
			if updating() {
				want.Data = []byte(out.String())
			} else if out.String() != string(want.Data) {
				t.Errorf("got\n%swant\n%s", out.String(), want.Data)
			}
		})
	}
	if updating() {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// TestInspectCaret: a finding shows its line as the author wrote it, with the mark below the name.
func TestInspectCaret(t *testing.T) {
	found := Inspect("x-local://a.js", "\ufeffvar s = 'два\r\n  строки';\r\n\talert(Слово);", inspectOptions(false))
	if len(found) != 1 {
		t.Fatal(found)
	}
	if want := " alert(Слово);\n       ^"; found[0].Line != 3 || found[0].Column != 8 || found[0].Caret != want {
		t.Errorf("%d:%d %q", found[0].Line, found[0].Column, found[0].Caret)
	}
}

// TestInspectHostile: sources made to cost much are looked at quickly, and the list has an end.
func TestInspectHostile(t *testing.T) {
	for name, source := range map[string]string{
		"names":   strings.Repeat("foo();bar;", 10_000),
		"tries":   strings.Repeat("try{a}catch(e){b.c.d()}", 2_000),
		"members": "var a = things;" + strings.Repeat("a.b.c;things.x();", 2_000),
		"chain":   "var a0 = CurItem;" + chain(1500),
		"texts":   strings.Repeat("ArraySelect([], 'foo( This ) + (');", 2_000),
		"array":   "things.call('x', [" + strings.Repeat("1,", 20_000) + "1])" + strings.Repeat(".a", 500),
		"nested":  strings.Repeat("try{", 300) + "foo()" + strings.Repeat("}catch(e){}", 300),
		"deep":    strings.Repeat("(", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(Inspect("a.js", source, inspectOptions(false))); got == 0 && name != "chain" || got > maxFindings+1 {
				t.Errorf("%d findings", got)
			}
		})
	}
}

// chain is variables each made of the one before.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "var a%d = a%d; a%d.Nothing;", i+1, i, i)
	}
	return b.String()
}

func FuzzInspect(f *testing.F) {
	f.Add("try { x } catch (e) { StrContians('a'); } for (s in things.get_object_assembly('x')) { s.Foo() }")
	f.Add("ArraySelect(a, \"foo( This.b ) == 'x\\n'\"); var {a, b = 1} = {...c}; class A { get b() { return a?.b } }")
	f.Fuzz(func(t *testing.T, source string) {
		for _, finding := range Inspect("a.js", source, inspectOptions(false)) {
			if finding.Line < 1 || finding.Column < 1 || finding.Message == "" || strings.Contains(finding.Message, "cannot be inspected") {
				t.Errorf("%+v", finding)
			}
		}
	})
}
