package gojabench

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// work is a script for both sides: function main(x) is called once per turn.
type work struct {
	name string
	src  string
	arg  string
	// gojaSrc replaces src for goja where the dialect's own functions are used.
	gojaSrc string
}

const message = `{"socket_action":"init_socket","socket_type":"ws_group","uid":"7f3a9c","user_id":"7177256154427237596","tags":[{"name":"is_person","value":"1"}],"n":42}`

const handler = `
function main(text) {
	var m = parse(text);
	switch (m.socket_action) {
	case 'close_socket':
		return '';
	case 'init_socket':
		host1(m.socket_type);
		host2(m.user_id, m.n);
		host3(m.uid);
		var reply = { socket_action: m.socket_action, socket_type: m.socket_type, uid: m.uid, error: 0, count: m.tags.length };
		return encode(reply);
	}
	return '';
}`

var works = []work{
	{name: "Handler", src: handler, arg: message},
	{name: "PropertyLoop", src: `
function main(x) {
	var list = [], i, sum = 0;
	for (i = 0; i < 10000; i++) { list.push({ id: i, value: i * 2 }); }
	for (i = 0; i < list.length; i++) { sum = sum + list[i].value; }
	return '' + sum;
}`},
	{name: "StringAppend1000", src: `
function main(x) { var s = '', i; for (i = 0; i < 1000; i++) { s = s + 'item ' + i + ';'; } return s; }`},
	{name: "Fib25", src: `
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function main(x) { return '' + fib(25); }`},
	{name: "MillionAdditions", src: `
function main(x) { var s = 0, i; for (i = 0; i < 1000000; i++) { s = s + i; } return '' + s; }`},
	{name: "SelectLiteral10000", src: `
function main(x) {
	var list = [], i, y = 77;
	for (i = 0; i < 10000; i++) { list.push({ id: i, type: i % 100 }); }
	for (i = 0; i < 10; i++) { found = ArraySelect(list, 'This.type == y'); }
	return '' + found.length;
}`, gojaSrc: `
function main(x) {
	var list = [], i, y = 77, found;
	for (i = 0; i < 10000; i++) { list.push({ id: i, type: i % 100 }); }
	for (i = 0; i < 10; i++) { found = list.filter(function (This) { return This.type == y; }); }
	return '' + found.length;
}`},
	{name: "ForInHostCall100000", src: `
function main(x) {
	var list = [], i, e;
	for (i = 0; i < 100000; i++) { list.push(i); }
	for (i = 0; i < 10; i++) { for (e in list) { host3(e); } }
	return '';
}`, gojaSrc: `
function main(x) {
	var list = [], i, e;
	for (i = 0; i < 100000; i++) { list.push(i); }
	for (i = 0; i < 10; i++) { for (e of list) { host3(e); } }
	return '';
}`},
}

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

func oursOf(b testing.TB, w work) func() string {
	p, err := basescript.Compile("x-local://bench.js", w.src, basescript.Options{Globals: globals(), Library: true})
	if err != nil {
		b.Fatal(err)
	}
	arg := basescript.String(w.arg)
	cfg := basescript.RunConfig{Limits: basescript.Limits{Compute: 1 << 40, Bytes: 512 << 20}}
	return func() string {
		r := basescript.NewRun(context.Background(), cfg)
		v, err := r.Call(p, "main", arg)
		if err != nil {
			b.Fatal(err)
		}
		s := v.Text()
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
	vm.Set("host1", func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	vm.Set("host2", func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	vm.Set("host3", func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	if _, err := vm.RunString("var parse = JSON.parse, encode = JSON.stringify;" + src); err != nil {
		b.Fatal(err)
	}
	main, _ := goja.AssertFunction(vm.Get("main"))
	return func() string {
		v, err := main(goja.Undefined(), vm.ToValue(w.arg))
		if err != nil {
			b.Fatal(err)
		}
		return v.String()
	}
}

func BenchmarkWork(b *testing.B) {
	for _, w := range works {
		sides := []struct {
			name string
			turn func() string
		}{{"ours", oursOf(b, w)}, {"goja", gojaOf(b, w)}}
		for _, side := range sides {
			b.Run(w.name+"/"+side.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					side.turn()
				}
			})
		}
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

// BenchmarkSetup is a run that does nothing: what a fresh environment costs.
func BenchmarkSetup(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		turn := oursOf(b, work{src: "function main(x) { return ''; }"})
		b.ReportAllocs()
		for b.Loop() {
			turn()
		}
	})
	b.Run("goja", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			vm := goja.New()
			for i := range 150 {
				vm.Set(fmt.Sprintf("name%d", i), func(goja.FunctionCall) goja.Value { return goja.Undefined() })
			}
		}
	})
}

// BenchmarkCompile compiles 10 KB of ordinary script.
func BenchmarkCompile(b *testing.B) {
	src := strings.Repeat(strings.ReplaceAll(handler, "main", "fn"), 10*1024/len(handler))
	b.Run("ours", func(b *testing.B) {
		g := globals()
		for b.Loop() {
			if _, err := basescript.Compile("x-local://bench.js", src, basescript.Options{Globals: g, Library: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("goja", func(b *testing.B) {
		for b.Loop() {
			if _, err := goja.Compile("bench.js", src, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}
