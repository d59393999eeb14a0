package basescript

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestEvalBudgets: evaluated code is bounded as any other, and OptEval swallows no stop.
func TestEvalBudgets(t *testing.T) {
	for name, src := range map[string]string{
		"recursion through eval":      "function f(n) { return eval('f(n + 1)') } f(0)",
		"recursion through OptEval":   "function f() { return OptEval('f()', 1) } f()",
		"recursion of InPlaceEval":    "code = 'InPlaceEval(code)'; InPlaceEval(code)",
		"recursion of EvalCs":         "function f() { EvalCs('f()') } f()",
		"recursion of SafeEval":       "o = {}; o.again = function () { SafeEval('again()', [o]) }; o.again()",
		"a loop in eval":              "eval('while (true) {}')",
		"a loop in OptEval":           "while (true) OptEval('while (true) {}')",
		"a loop in SafeEval":          "SafeEval('while (true) {}')",
		"a loop in a page":            "EvalCodePage('<% while (true) { %>x<% } %>')",
		"code made without end":       "for (i = 0; true; i++) { eval('var v' + i + ' = ' + i + '; v' + i) }",
		"names made without end":      "for (i = 0; true; i++) { InPlaceEval('v' + i + ' = \"' + 'x'.repeat(1000) + i + '\"') }",
		"syntax errors without end":   "for (i = 0; true; i++) { OptEval('(' + i) }",
		"long code made without end":  "s = 'x = 1;'.repeat(10000); for (i = 0; true; i++) { eval(s + i) }",
		"syntax checks without end":   "s = 'x = 1;'.repeat(15000); for (i = 0; true; i++) { CheckCodeSyntax(s + i) }",
		"pages written without end":   "text = 'x'.repeat(100000); while (true) { text = EvalCodePage('<%= text %><%= text %>') }",
		"closures kept of evaluation": "list = []; while (true) { list.push(eval('var big = \"x\".repeat(10000); () => big')) }",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Compile("x-local://test.js", src, Options{Globals: testGlobals()})
			if err != nil {
				t.Fatal(err)
			}
			r := NewRun(t.Context(), RunConfig{Limits: Limits{Compute: 100 * time.Millisecond, Bytes: 4 << 20, Depth: 500}})
			defer r.Close()
			_, err = r.Exec(p)
			var e *Error
			var fault *PanicError
			if !errors.As(err, &e) || e.Kind != Stopped || errors.As(err, &fault) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestEvalLargeCode: code has a size limit with a plain error.
func TestEvalLargeCode(t *testing.T) {
	want := "Code to evaluate is larger than 64 KiB\n"
	if got := play(t, "try { eval('1;'.repeat(100000)) } catch (e) { print(e.message) }", Options{}); got != want {
		t.Errorf("got %q", got)
	}
}

// TestEvalTextIsCompiledOnce: the same code at the same place is compiled once for all runs, and text made
// of data does not fill memory.
func TestEvalTextIsCompiledOnce(t *testing.T) {
	p, err := Compile("x-local://test.js", `for (i = 0; i < 2000; i++) { eval('i + ' + i); eval('i * 2') }`, Options{Globals: testGlobals()})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r := NewRun(t.Context(), RunConfig{Limits: testLimits})
		if _, err := r.Exec(p); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	if n := len(p.texts.codes); n == 0 || n > maxCachedTexts {
		t.Errorf("%d texts are kept", n)
	}
}

// TestEvalManyRuns: 64 runs evaluate code in one program at once, each with its own variables.
func TestEvalManyRuns(t *testing.T) {
	p, err := Compile("x-local://lib.js", `
		function main(mark, n) {
			var own = mark
			InPlaceEval('made = own + n')
			OptEval('nowhere')
			safe = SafeEval('mark + n', [{ mark: mark, n: n }])
			r = eval('own = own + "!"; inner(n)')
			return n > 0 ? eval('main(mark, n - 1)') + made : own + made + safe + r
		}
		function inner(n) { own = n; made = 1; return own + made }`, Options{Library: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for g := range 64 {
		go func() {
			mark := fmt.Sprint("m", g)
			want := mark + "!" + mark + "0" + mark + "0" + "1" + mark + "1" + mark + "2"
			var err error
			for range 10 {
				r := NewRun(context.Background(), RunConfig{Limits: testLimits})
				v, failed := r.Call(p, "main", String(mark), Int(2))
				if failed != nil || v.Text() != want {
					err = fmt.Errorf("got %q, want %q: %v", v.Text(), want, failed)
				}
				r.Close()
			}
			done <- err
		}()
	}
	for range 64 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestEvalCs: one run at a time is in EvalCs; one that waits ends with its context, and one that is stopped
// inside holds nobody up.
func TestEvalCs(t *testing.T) {
	inside, leave := make(chan string, 10), make(chan struct{})
	globals := NewGlobals([]Global{{Name: "enter", Func: &Func{Name: "enter", Call: func(r *Run, args []Value) (Value, error) {
		inside <- args[0].Text()
		return Undefined, r.Wait(func(ctx context.Context) error {
			select {
			case <-leave:
			case <-ctx.Done():
			}
			return nil
		})
	}}}})
	start := func(ctx context.Context, name string) chan error {
		p, err := Compile("x-local://test.js", "name = '"+name+"'; EvalCs('EvalCs(\"enter(name)\")')", Options{Globals: globals})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			r := NewRun(ctx, RunConfig{Limits: testLimits})
			defer r.Close()
			_, err := r.Exec(p)
			done <- err
		}()
		return done
	}
	stopped := func(what string, err error) {
		var e *Error
		if !errors.As(err, &e) || e.Kind != Stopped {
			t.Errorf("%s ended with %v", what, err)
		}
	}
	holderCtx, endHolder := context.WithCancel(t.Context())
	holder := start(holderCtx, "holder")
	if got := <-inside; got != "holder" {
		t.Fatal(got)
	}
	waiterCtx, endWaiter := context.WithCancel(t.Context())
	waiter := start(waiterCtx, "waiter")
	endWaiter()
	stopped("the one that waits", <-waiter)
	next := start(t.Context(), "next")
	endHolder()
	stopped("the one inside", <-holder)
	if got := <-inside; got != "next" {
		t.Fatal(got)
	}
	close(leave)
	if err := <-next; err != nil {
		t.Error(err)
	}
}

// FuzzEval: no code makes an evaluation panic, hang or leave its caller's variables in disorder.
func FuzzEval(f *testing.F) {
	for _, seed := range []string{"x = x + 1", "var a = 1; function g() { return a } g()", "{ a: 1 }", "return x", "InPlaceEval('q = 1'); q", "class A {}",
		"let [p, r] = [1, 2]", "arguments", "this", "for (i in [1]) { eval('i') }", "f = 1", "ArraySelect([1], 'This')", "`${x}`", "super.x", "<% %>", "'"} {
		f.Add(seed)
	}
	globals := NewGlobals([]Global{{Name: "text", Value: func(r *Run) (Value, bool) { return String(r.Host().(string)), true }}})
	p, err := Compile("x-local://fuzz.js", `
		function f(x) { function g(y) { let z = 1; OptEval(text); return z } return g(x) + (OptEval('eval(text, { a: 1 })') == 5 ? 1 : 0) }
		var e = InPlaceEval
		for (i in [1, 2]) { let k = i; try { f(k); e(text) } catch (err) { OptEval(text) } try { SafeEval(text, [{ b: 1 }]) } catch (err) {} try { EvalCodePage(text) } catch (err) {} }
		ArrayExtract([1], 'OptEval(text)')`, Options{Globals: globals})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := NewRun(context.Background(), RunConfig{Host: strings.Clone(text), Limits: Limits{Steps: 200_000, Compute: time.Second, Bytes: 4 << 20, Depth: 100}})
		defer r.Close()
		_, err := r.Exec(p)
		var fault *PanicError
		if errors.As(err, &fault) {
			t.Fatalf("panic: %v\n%s", fault.Value, fault.Stack)
		}
	})
}
