package basescript

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected output of testdata/*.txtar")

// testGlobals is the language with the effects of the cases in testdata: print(v) writes the text of a
// value, as alert does in the product; show and edges are in edges_test.go.
func testGlobals() *Globals {
	return NewGlobals([]Global{{Name: "print", Func: &Func{Name: "print", Min: 1,
		Call: func(r *Run, args []Value) (Value, error) {
			out := r.Host().(*strings.Builder)
			out.WriteString(args[0].Text())
			out.WriteByte('\n')
			return args[0], nil
		}}}}, functionGlobals([]Func{
		{Name: "show", Call: showValues},
		{Name: "edges", Min: 2, Call: showEdges},
		// field(v) is a host object that stands for a scalar, items(…) a collection, as .NET has them.
		{Name: "field", Min: 1, Call: func(_ *Run, args []Value) (Value, error) { return hostValue(&scalarHost{value: args[0]}), nil }},
		{Name: "items", Call: func(_ *Run, args []Value) (Value, error) { return collection(slices.Clone(args)...), nil }},
	}))
}

var testLimits = Limits{Compute: 10 * time.Second, Bytes: 64 << 20}

// play runs a script and returns what it printed; an uncaught error is printed with its lines.
func play(t testing.TB, src string, opts Options) string {
	t.Helper()
	if opts.Globals == nil {
		opts.Globals = testGlobals()
	}
	var out strings.Builder
	p, err := Compile("x-local://test.js", src, opts)
	if err != nil {
		return "syntax error: " + err.Error() + "\n"
	}
	r := NewRun(context.Background(), RunConfig{Limits: testLimits, Host: &out})
	defer r.Close()
	if opts.Library {
		_, err = r.Call(p, "main")
	} else {
		_, err = r.Exec(p)
	}
	if err != nil {
		out.WriteString("error: " + err.Error() + "\n")
	}
	return out.String()
}

// TestDialect runs the cases of testdata/*.txtar: a file section NAME holds a script, the section
// "NAME => output" behind it what it prints. A name that ends in .lib is compiled as a library whose
// function main is called.
func TestDialect(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases found", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { dialectFile(t, file) })
	}
}

const outputMark = " => output"

func dialectFile(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inMoscow(t)
	changed := false
	for i := 0; i < len(archive.Files); i++ {
		name, src := archive.Files[i].Name, string(archive.Files[i].Data)
		if i+1 == len(archive.Files) || archive.Files[i+1].Name != name+outputMark {
			t.Fatalf("%s: no section %q follows the script", file, name+outputMark)
		}
		i++
		t.Run(name, func(t *testing.T) {
			got := play(t, src, Options{Library: strings.HasSuffix(name, ".lib")})
			if want := string(archive.Files[i].Data); got != want {
				if *update {
					archive.Files[i].Data, changed = []byte(got), true
					return
				}
				t.Errorf("script:\n%s\ngot:\n%s\nwant:\n%s", src, got, want)
			}
		})
	}
	if changed {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRunsAreSeparate: nothing a run defines, overrides or changes is seen by the next one.
func TestRunsAreSeparate(t *testing.T) {
	g := testGlobals()
	first := `Array.prototype.mine = function () { return 1 }; Object.prototype.o = 1; String.prototype.s = 1;
		print = function (x) { return x }; leaked = 5; function StrLen() { return 'mine' }; Math.x = 1; `
	second := `try { [].mine() } catch (e) { print(e.message) }
		try { leaked } catch (e) { print(e.message) }
		try { ({}).o } catch (e) { print(e.message) }
		try { ''.s } catch (e) { print(e.message) }
		print(StrLen('abc'))`
	for range 20 {
		_ = play(t, first, Options{Globals: g})
		want := "Unknown method: mine()\nleaked not defined\nUnknown object property: o\nUnknown object property: s\n3\n"
		if got := play(t, second, Options{Globals: g}); got != want {
			t.Fatalf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

// TestProgramServesManyRuns: one program, text compiled at run time included, runs on many goroutines at
// once, each with its own variables (spec/basescript.md 1.8, check 7).
func TestProgramServesManyRuns(t *testing.T) {
	p, err := Compile("x-local://lib.js", `
		function fill(n, mark) { list = []; for (i = 0; i < n; i++) { list.push({ id: i, mark: mark }) } return list }
		function main(mark) {
			var found = ArraySelect(fill(50, mark), 'This.mark == mark && id % 2 == 0');
			return ArrayMerge(found, 'mark', ',') + ArraySelect(found, 'This.id == ' + 4).length;
		}`, Options{Library: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 8)
	for g := range 8 {
		go func() {
			mark := strings.Repeat("x", g+1)
			want := strings.TrimSuffix(strings.Repeat(mark+",", 25), ",") + "1"
			for range 50 {
				r := NewRun(context.Background(), RunConfig{Limits: testLimits})
				v, err := r.Call(p, "main", String(mark))
				if err == nil && v.Text() != want {
					err = errors.New("got " + v.Text())
				}
				r.Close()
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestUndeclaredNamesAreApart: library functions that use the same undeclared names do not disturb each
// other when they call each other, call themselves, and run on many goroutines at once, through callbacks
// and text compiled at run time as well (spec/basescript.md 1.8, check 7).
func TestUndeclaredNamesAreApart(t *testing.T) {
	p, err := Compile("x-local://lib.js", `
		function rows(n, mark) {
			oRes = []
			for (i = 0; i < n; i++) {
				sKey = mark + i
				oRes.push({ key: sKey, sum: total(i, mark), tree: tree(i % 4, mark) })
				if (sKey != mark + i || oRes.length != i + 1) { throw 'rows was disturbed at ' + sKey }
			}
			return oRes
		}
		function total(n, mark) {
			oRes = 0
			for (i = 0; i <= n; i++) { sKey = i; oRes = oRes + sKey }
			return oRes
		}
		function tree(depth, mark) {
			sKey = depth
			if (depth == 0) { return mark }
			oRes = [tree(depth - 1, mark), tree(depth - 1, mark)]
			if (sKey != depth) { throw 'tree was disturbed' }
			for (i in oRes) { sKey = i }
			return '(' + ArrayMerge(oRes, "oRes == undefined ? This : This + ''", '') + sKey.length + ')'
		}
		function even(n) { oRes = n; if (n == 0) { return true } found = odd(n - 1); return oRes == n && found }
		function odd(n) { oRes = 'odd' + n; if (n == 0) { return false } found = even(n - 1); return oRes == 'odd' + n && found }
		function main(n, mark) {
			oRes = rows(n, mark); i = 'mine'
			text = ArrayMerge(ArraySelect(oRes, 'This.sum > ' + 'total(2, mark)'), "This.key + ':' + This.sum + ':' + This.tree", ' ')
			if (i != 'mine' || !even(20)) { throw 'main was disturbed' }
			return text
		}`, Options{Library: true, Globals: NewGlobals()})
	if err != nil {
		t.Fatal(err)
	}
	call := func(n int, mark string) (string, error) {
		r := NewRun(context.Background(), RunConfig{Limits: testLimits})
		defer r.Close()
		v, err := r.Call(p, "main", Int(int64(n)), String(mark))
		return v.Text(), err
	}
	const goroutines = 64
	want := make([]string, goroutines)
	for g := range want {
		if want[g], err = call(4+g%8, "m"+strings.Repeat("x", g)); err != nil {
			t.Fatal(err)
		}
	}
	if right := "mxx3:6:(((mxxmxx3)(mxxmxx3)9)((mxxmxx3)(mxxmxx3)9)21) mxx4:10:mxx mxx5:15:(mxxmxx3)"; want[2] != right {
		t.Fatalf("%s, want %s", want[2], right)
	}
	done := make(chan error, goroutines)
	for g := range goroutines {
		go func() {
			var err error
			for range 20 {
				var got string
				if got, err = call(4+g%8, "m"+strings.Repeat("x", g)); err == nil && got != want[g] {
					err = fmt.Errorf("run %d: %s, want %s", g, got, want[g])
				}
				if err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range goroutines {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestNullEqualsUndefined: the switch compat.null_equals_undefined makes the two empty values equal
// wherever equality counts, and nothing else (spec/basescript.md 1.3).
func TestNullEqualsUndefined(t *testing.T) {
	src := `function kind(v) { switch (v) { case null: return 'empty'; default: return 'other' } }
		return [undefined == null, null === undefined, undefined != null, kind(undefined), kind(0), null == 0, null == '', undefined == false,
			[null].indexOf(undefined), [1].indexOf(undefined), ArraySelectDistinct([null, undefined]).length, ArrayOptFindByKey([{ id: null }], undefined) != undefined,
			ArrayIntersect([undefined], [null]).length, new Set([null, undefined]).size, StrLen(null) + StrLen(undefined)].join(' ')`
	p, err := Compile("x-local://test.js", src, Options{Globals: NewGlobals()})
	if err != nil {
		t.Fatal(err)
	}
	for equal, want := range map[bool]string{
		false: "false false true other other false false false -1 -1 2 false 0 2 9",
		true:  "true true false empty other false false false 0 -1 1 true 1 1 9",
	} {
		r := NewRun(context.Background(), RunConfig{Limits: testLimits, NullEqualsUndefined: equal})
		v, err := r.Exec(p)
		if err != nil || v.Text() != want {
			t.Errorf("%v: %s, want %s (%v)", equal, v.Text(), want, err)
		}
		r.Close()
	}
}
