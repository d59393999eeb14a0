package gojabench

import (
	"context"
	"fmt"
	"testing"

	"github.com/dop251/goja"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

func globals() *basescript.Globals {
	fn := func(name string, call func(r *basescript.Run, args []basescript.Value) (basescript.Value, error)) basescript.Global {
		return basescript.Global{Name: name, Func: &basescript.Func{Name: name, Min: 1, Call: call}}
	}
	nothing := func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
		return basescript.Undefined, nil
	}
	table := []basescript.Global{
		fn("parse", func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			return r.ParseJSON(args[0].Text(), false)
		}),
		fn("encode", func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			s, err := r.EncodeJSON(args[0], basescript.JSONOptions{})
			return basescript.String(s), err
		}),
		fn("host1", nothing), fn("host2", nothing), fn("host3", nothing),
	}
	for i := range 145 { // as many names as the real host API has
		table = append(table, fn(fmt.Sprintf("name%d", i), nothing))
	}
	return basescript.NewGlobals(table)
}

var limits = basescript.RunConfig{Limits: basescript.Limits{Compute: 1 << 40, Bytes: 512 << 20}}

func compile(b testing.TB, src string) *basescript.Program {
	p, err := basescript.Compile("x-local://bench.js", src, basescript.Options{Globals: globals(), Library: true})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// oursOf returns one turn of a work: a fresh run each, unless its data was prepared in one.
func oursOf(b testing.TB, w work) func() string {
	p := compile(b, w.src)
	call := func(r *basescript.Run, name string, args ...basescript.Value) basescript.Value {
		v, err := r.Call(p, name, args...)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	if w.prepared {
		r := basescript.NewRun(context.Background(), limits)
		list := call(r, "prepare")
		return func() string { return call(r, "main", list).Text() }
	}
	arg := basescript.String(w.arg)
	return func() string {
		r := basescript.NewRun(context.Background(), limits)
		s := call(r, "main", arg).Text()
		r.Close()
		return s
	}
}

func gojaOf(b testing.TB, w work) func() string {
	src := w.gojaSrc
	if src == "" {
		src = w.src
	}
	vm := goja.New()
	for _, name := range []string{"host1", "host2", "host3"} {
		if err := vm.Set(name, func(goja.FunctionCall) goja.Value { return goja.Undefined() }); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := vm.RunString("var parse = JSON.parse, encode = JSON.stringify;" + src); err != nil {
		b.Fatal(err)
	}
	main, _ := goja.AssertFunction(vm.Get("main"))
	arg := func() goja.Value { return vm.ToValue(w.arg) }
	if w.prepared {
		prepare, _ := goja.AssertFunction(vm.Get("prepare"))
		list, err := prepare(goja.Undefined())
		if err != nil {
			b.Fatal(err)
		}
		arg = func() goja.Value { return list }
	}
	return func() string {
		v, err := main(goja.Undefined(), arg())
		if err != nil {
			b.Fatal(err)
		}
		return v.String()
	}
}

func BenchmarkWork(b *testing.B) {
	for _, w := range works {
		sides(b, w.name, oursOf(b, w), gojaOf(b, w))
	}
}

func sides(b *testing.B, name string, ours, theirs func() string) {
	for _, side := range []struct {
		name string
		turn func() string
	}{{"ours", ours}, {"goja", theirs}} {
		b.Run(name+"/"+side.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				side.turn()
			}
		})
	}
}

// TestSameResult keeps the comparison honest: both sides compute the same.
func TestSameResult(t *testing.T) {
	for _, w := range works {
		if ours, theirs := oursOf(t, w)(), gojaOf(t, w)(); ours != theirs {
			t.Errorf("%s: ours %.60q, goja %.60q", w.name, ours, theirs)
		}
	}
}

// BenchmarkFixed are the works with a bar in time: what a fresh environment costs, what compiling does.
func BenchmarkFixed(b *testing.B) {
	for _, w := range fixedWorks(b) {
		sides(b, w.name, w.ours, w.goja)
	}
}
