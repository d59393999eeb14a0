package basescript

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// showValues is show(…): a line for each argument, the value of a function without parameters, or "! "
// and the message of its error.
func showValues(r *Run, args []Value) (Value, error) {
	out := r.Host().(*strings.Builder)
	for _, v := range args {
		out.WriteString(shown(r, v) + "\n")
	}
	return Undefined, nil
}

func shown(r *Run, v Value) string {
	var err error
	if v.Object().IsFunction() {
		if v, err = r.CallValue(v, Undefined); err != nil {
			return failure(err)
		}
	}
	if o := v.Object(); o != nil && o.class != classObject && o.class != classArray && o.class != classError {
		return o.ClassName()
	}
	if v.Kind() == KindString && !utf8.ValidString(v.Str()) {
		return fmt.Sprintf("bytes %X", v.Str())
	}
	return strings.ReplaceAll(repr(r, v), "\n", `\n`)
}

func failure(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return "! " + strings.ReplaceAll(e.Message, "\n", `\n`)
	}
	return "! " + err.Error()
}

// edge is a value functions are tried with.
type edge struct {
	name string
	make func(r *Run) Value
}

func edgeValues() []edge {
	of := func(v Value) func(*Run) Value { return func(*Run) Value { return v } }
	return []edge{
		{"undefined", of(Undefined)}, {"null", of(Null)}, {"''", of(String(""))}, {"'Ёж'", of(String("Ёж"))},
		{"'12'", of(String("12"))}, {"7177256154427237596", of(Int(7177256154427237596))}, {"-2", of(Int(-2))},
		{"1.5", of(Real(1.5))}, {"true", of(True)},
		{"date", of(DateValue(Date{Time: time.Date(2024, 3, 5, 9, 7, 0, 0, time.Local), HasTime: true, HasSeconds: true}))},
		{"{}", func(r *Run) Value { return ObjectValue(r.NewObject()) }},
		{"[1,'б']", func(r *Run) Value { return ObjectValue(r.NewArray([]Value{Int(1), String("б")})) }},
		{"Error", func(r *Run) Value { return r.NewErrorObject(NewError("ошибка")) }},
	}
}

// showEdges is edges(function, arguments): a call of the function, calls with too few arguments, then with
// each argument in turn replaced by undefined, null, values of wrong types and so on. Values with the same
// result share a line.
func showEdges(r *Run, args []Value) (Value, error) {
	out := r.Host().(*strings.Builder)
	fn, list := args[0], slices.Clone(args[1].Object().Elements())
	try := func(list []Value) string {
		v, err := r.CallValue(fn, Undefined, list...)
		if err != nil {
			return failure(err)
		}
		return shown(r, v)
	}
	fmt.Fprintf(out, "as given -> %s\n", try(list))
	for n := range list {
		fmt.Fprintf(out, "%d arguments -> %s\n", n, try(list[:n]))
	}
	for i := range list {
		var results []string
		values := map[string][]string{}
		for _, e := range edgeValues() {
			given := slices.Clone(list)
			given[i] = e.make(r)
			result := try(given)
			if values[result] == nil {
				results = append(results, result)
			}
			values[result] = append(values[result], e.name)
		}
		for _, result := range results {
			fmt.Fprintf(out, "%d: %s -> %s\n", i+1, strings.Join(values[result], ", "), result)
		}
	}
	return Undefined, nil
}

// atRandom give another result each time.
var atRandom = map[string]bool{"Random": true, "PasswordHash": true}

// Every pure function of section 2 is tried by a case in testdata, its edges included, and every method of
// a type is used by one.
func TestEveryFunctionHasCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tried, named := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`edges\((\w+),`).FindAllStringSubmatch(string(data), -1) {
			tried[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`[.\pL\d]+`).FindAllString(string(data), -1) {
			named[strings.TrimPrefix(m, ".")] = true
			named[m[strings.LastIndexByte(m, '.')+1:]] = true
		}
	}
	for _, table := range [][]Global{convertGlobals(), stringGlobals(), arrayGlobals(), dateGlobals(), jsonGlobals(),
		encodeGlobals(), urlGlobals(), objectGlobals(), mathGlobals()} {
		for _, g := range table {
			switch {
			case g.Func == nil:
			case g.Func.Min > 0 && !tried[g.Name] && !atRandom[g.Name]:
				t.Errorf("no case tries the edges of %s", g.Name)
			case !named[g.Name]:
				t.Errorf("no case uses %s", g.Name)
			}
		}
	}
	for _, table := range []map[string]*Method{stringMethods, numberMethods, boolMethods, dateMethods, objectMethods, arrayMethods,
		functionMethods, errorMethods} {
		for name := range table {
			if !named[name] {
				t.Errorf("no case uses the method %s", name)
			}
		}
	}
}
