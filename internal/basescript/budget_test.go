package basescript

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stopped runs a script with small budgets and returns the error that ended it.
func stopped(t *testing.T, src string, limits Limits) *Error {
	t.Helper()
	p, err := Compile("x-local://hungry.js", src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(context.Background(), RunConfig{Limits: limits})
	defer r.Close()
	_, err = r.Exec(p)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("the script ended with %v, not stopped", err)
	}
	return e
}

// hungryLine is the line every script of TestBudgets misbehaves on.
const hungryLine = 3

func TestBudgets(t *testing.T) {
	spinning := Limits{Compute: 300 * time.Millisecond, Bytes: 16 << 20, Depth: 200}
	hungry := Limits{Compute: time.Minute, Bytes: 16 << 20, Depth: 200}
	for _, c := range []struct{ name, src, want string }{
		{"endless while", "\n\nwhile (true) { }", "computing time"},
		{"endless for", "\n\nfor (;;) { }", "computing time"},
		{"endless do", "\n\ndo { } while (true)", "computing time"},
		{"endless loop that catches", "\n\ntry { while (true) { } } catch (e) { } finally { x = 1 }", "computing time"},
		{"endless recursion", "\n\nfunction f() { return f() + 1 }\nf()", "nested deeper"},
		{"mutual recursion", "\n\nfunction f() { g() } function g() { f() } f()", "nested deeper"},
		{"recursion through a callback", "\n\nfunction f() { return ArraySelect([1], 'f()') }\nf()", "nested deeper"},
		{"recursion through a method", "\n\nfunction f() { return [1].map(f) }\nf()", "nested deeper"},
		{"recursion that catches", "\n\nfunction f() { try { f() } catch (e) { f() } }\nf()", "nested deeper"},
		{"hoarding objects", "\na = []\nwhile (true) { a.push({ x: a.length }) }", "MiB"},
		{"hoarding by index", "\na = []\nwhile (true) { a[a.length] = 'x' + a.length }", "MiB"},
		{"hoarding in properties", "\no = {}; i = 0\nwhile (true) { o['k' + i] = i; i++ }", "MiB"},
		{"hoarding closures", "\nf = null\nwhile (true) { let g = f; f = function () { return g } }", "MiB"},
		{"doubling text", "\ns = 'x'\nwhile (true) { s = s + s }", "MiB"},
		{"doubling text in a template", "\ns = 'x'\nwhile (true) { s = `${s}${s}` }", "MiB"},
		{"appending text", "\ns = 'x'\nwhile (true) { s += s }", "MiB"},
		{"operands of a recursion", "\n\nfunction f(n) { var b = 'x'; for (var i = 0; i < 20; i++) b = b + b; return b + f(n + 1) } f(0)", "MiB"},
		{"arguments of a recursion", "\n\nfunction f(s, n) { var b = s + 'x'; for (var i = 0; i < 20; i++) b = b + b; return f(b, f(b, n)) } f('x', 0)", "MiB"},
		{"append of a recursion through a getter", "big = 'x'.repeat(1000000)\no = { get x() { var s = ''; \ns += '' + big + this.x; return s } }; o.x", "MiB"},
		{"array of a recursion through a getter", "big = 'x'.repeat(1000000); n = 0\n\no = { get x() { n++; return [big + n, this.x] } }; o.x", "MiB"},
		{"array of a recursion through a getter by index", "big = 'x'.repeat(1000000); n = 0\n\no = { get x() { n++; return [big + n, this['x']] } }; o.x", "MiB"},
		{"array of a recursion", "\n\nfunction f(n) { var b = 'x'; for (var i = 0; i < 20; i++) b = b + b; return [b, f(n + 1)] } f(0)", "MiB"},
		{"an enormous repeat", "\n\n'x'.repeat(1125899906842624)", ""},
		{"an enormous array", "\n\nnew Array(1000000000)", ""},
		{"an enormous index", "\n\na = []; a[999999999] = 1", ""},
		{"hoarding errors", "\na = []\nwhile (true) { a.push(Error('e' + a.length)) }", "MiB"},
		{"hoarding caught errors", "\na = []\nwhile (true) { try { throw 'x' } catch (e) { a.push(e) } }", "MiB"},
		{"hoarding empty objects", "\na = []\nwhile (true) { a.push(new Object()) }", "MiB"},
		{"operands held by a built-in", "\n\nfunction f(n) { return ArrayMerge([1, 2], function (x) { if (x == 2) f(n + 1); return StrReplace('x'.repeat(1000000), 'y', '') + n }, ',') }\nf(0)", "MiB"},
		{"an error held by finally", "\nfunction f(n) { try { throw 'x'.repeat(1000000) + n }\nfinally { f(n + 1) } } f(0)", "MiB"},
		{"spread into a recursion", "\na = []; for (i = 0; i < 100000; i++) a.push(i); function f() { return g(...a) } function g() {\nreturn f() } f()", "MiB"},
		{"bound arguments", "\na = []; h = []; for (i = 0; i < 100000; i++) a.push(i)\nfor (;;) { h.push(a.push.bind(null, ...a)) }", "MiB"},
		{"spread", "\n\na = [1]; while (true) { a = [...a, ...a] }", "MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began, limits := time.Now(), hungry
			if c.want == "computing time" {
				limits = spinning
			}
			e := stopped(t, c.src, limits)
			if !strings.Contains(e.Message, c.want) {
				t.Errorf("ended with %q, want something about %q", e.Message, c.want)
			}
			if c.want != "" && e.Kind != Stopped {
				t.Errorf("the script could have caught %q", e.Message)
			}
			if len(e.Frames) == 0 || e.Frames[len(e.Frames)-1].Line < hungryLine {
				t.Errorf("no line named: %q", e.Error())
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v to stop", took)
			}
		})
	}
}

// TestBytesAreWeighed: garbage does not count, only what a run still reaches.
func TestBytesAreWeighed(t *testing.T) {
	p, err := Compile("x-local://busy.js", `
		for (var i = 0; i < 40000; i++) { o = { id: i, list: [1, 2, 3], text: 'item ' + i + StrReplace('abcdefghij', 'c', 'x') } }
		return o.id`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(context.Background(), RunConfig{Limits: Limits{Bytes: 1 << 20}})
	defer r.Close()
	if v, err := r.Exec(p); err != nil || v.Text() != "39999" {
		t.Errorf("got %v, %v", v.Text(), err)
	}
}

// TestMemoryStaysNearTheBudget: a hoarding script does not take a multiple of its budget.
func TestMemoryStaysNearTheBudget(t *testing.T) {
	var peak uint64
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	runtime.GC()
	stopped(t, "a = []\nwhile (true) { a.push([a.length, 'text ' + a.length]) }", Limits{Bytes: 64 << 20})
	close(stop)
	<-watched
	if peak > 512<<20 {
		t.Errorf("a run limited to 64 MiB took %d MiB of heap", peak>>20)
	}
}

func TestContextEndsRun(t *testing.T) {
	p, err := Compile("x-local://spin.js", "while (true) { }", Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	r := NewRun(ctx, RunConfig{})
	ended := make(chan error, 1)
	go func() { _, err := r.Exec(p); ended <- err }()
	cancel(errors.New("the server stops"))
	err = <-ended
	if err == nil || !strings.Contains(err.Error(), "the server stops") {
		t.Errorf("the run ended with %v", err)
	}
}

// TestWaitingIsNotComputing: time inside Wait does not count, and a context that ends meanwhile ends
// the run.
func TestWaitingIsNotComputing(t *testing.T) {
	sleep := Global{Name: "sleep", Func: &Func{Name: "sleep", Call: func(r *Run, _ []Value) (Value, error) {
		return Undefined, r.Wait(func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case <-time.After(60 * time.Millisecond):
			}
			return nil
		})
	}}}
	p, err := Compile("x-local://wait.js", "for (i = 0; i < 5; i++) { sleep(); for (j = 0; j < 20000; j++) { } } return 'ok'",
		Options{Globals: NewGlobals([]Global{sleep})})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRun(context.Background(), RunConfig{Limits: Limits{Compute: 200 * time.Millisecond}})
	defer r.Close()
	if v, err := r.Exec(p); err != nil || v.Text() != "ok" {
		t.Errorf("got %q, %v", v.Text(), err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	r = NewRun(ctx, RunConfig{})
	defer r.Close()
	if _, err := r.Exec(p); err == nil || !strings.Contains(err.Error(), "time is over") {
		t.Errorf("a run beyond its deadline ended with %v", err)
	}
}

// TestPanicStaysInside: a fault of a host function becomes an error of the script, and the next run
// is not affected.
func TestPanicStaysInside(t *testing.T) {
	boom := Global{Name: "boom", Func: &Func{Name: "boom", Call: func(*Run, []Value) (Value, error) { panic("fault") }}}
	p, err := Compile("x-local://boom.js", "try { boom() } catch (e) { return 'caught' }", Options{Globals: NewGlobals([]Global{boom})})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r := NewRun(context.Background(), RunConfig{})
		_, err := r.Exec(p)
		r.Close()
		var fault *PanicError
		if !errors.As(err, &fault) || len(fault.Stack) == 0 {
			t.Fatalf("got %v", err)
		}
		if strings.Contains(err.Error(), "goroutine") {
			t.Errorf("the script's error shows a Go stack: %v", err)
		}
	}
}

// TestWorkIsCharged: what takes time in proportion to its data is noticed by the clock soon, though it
// is a single step of the script.
func TestWorkIsCharged(t *testing.T) {
	const big = "s = '1'.repeat(4000000); r = s + ''; k = {}; for (i = 0; i < 20000; i++) k['k' + i] = i; "
	for _, body := range []string{
		"OptInt(s)", "+s", "s - 1", "isNaN(s)", "s == r", "s < r", "'y' + s", "`y${s}`", "k[s] = 1; delete k[s]", "s in k",
		"a = []; a.length = 1000000; a.length = 0", "a = []; a[100000] = 1", "try { throw s } catch (e) { }",
		"k.x = 1; delete k.x", "var [x, ...y] = 'abcdefgh'.repeat(1000).split('')", "switch (s) { case r: }",
	} {
		t.Run(body, func(t *testing.T) {
			began := time.Now()
			e := stopped(t, big+"while (true) { "+body+" }", Limits{Compute: 50 * time.Millisecond, Bytes: 256 << 20})
			if took := time.Since(began); took > 20*time.Second || e.Kind != Stopped {
				t.Errorf("stopped after %v: %v", took, e)
			}
		})
	}
}

// TestParserIsBounded: sources that make the borrowed parser take forever are refused at once.
func TestParserIsBounded(t *testing.T) {
	labels := strings.Repeat("a:\nb:\n", 50_000)
	for name, src := range map[string]string{
		"arrow defaults":  "x = " + strings.Repeat("(a = ", 40) + "1" + strings.Repeat(") => 1", 40),
		"object patterns": "x = " + strings.Repeat("({a = ", 40) + "1" + strings.Repeat("}) => 1", 40),
		"array patterns":  "x = " + strings.Repeat("([a = ", 40) + "1" + strings.Repeat("]) => 1", 40),
		"return types":    "x = " + strings.Repeat("(a = ", 40) + "1" + strings.Repeat("): int => 1", 40),
		"labels":          labels + "x()",
		"assignments":     strings.Repeat("a=", MaxSource/2-1) + "1",
		"choices":         "x=" + strings.Repeat("a?b:", MaxSource/4-2) + "1",
		"ifs":             strings.Repeat("if(a)", MaxSource/5-2) + ";",
		"elses":           strings.Repeat("if(a)b;else ", MaxSource/12-2) + ";",
		"loops":           strings.Repeat("do ", MaxSource/3-2),
		"in a text":       "ArraySelect([1], '" + strings.Repeat("(a=", 40) + "1" + strings.Repeat(")=>1", 40) + "')",
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan string, 1)
			go func() { done <- play(t, src, Options{}) }()
			select {
			case out := <-done:
				if !strings.Contains(out, "Too many labels") && !strings.Contains(strings.ToLower(out), "nested too deeply") {
					t.Errorf("got %.200s", out)
				}
			case <-time.After(time.Minute):
				t.Fatal("still compiling")
			}
		})
	}
	lines := strings.Repeat("x = 1\nx.y = x ? 2 : 3\nvar z = x\nif (x) y = 1\nelse { y = 2 }\n", 10_000)
	if out := play(t, lines, Options{}); out != "" && !strings.Contains(out, "Unknown") {
		t.Errorf("a long source without semicolons: %.300s", out)
	}
	ordinary := "f = (a, b = (c = 1) => c) => list.map((x) => x.filter((y = (z) => z) => y)); a: for (;;) { b: for (;;) { break a } }"
	if out := play(t, ordinary, Options{}); out != "" {
		t.Errorf("an ordinary source: %s", out)
	}
}

// TestPrepassIsBounded: no source or page makes the pre-pass look at the same text again and again.
func TestPrepassIsBounded(t *testing.T) {
	for _, part := range []string{"<%", "<%%>", "<%--", "<%--%>", "<%//%>", "<% // %>", "<%=a%>", "<!--", "//", "a//%>", "'", "'\\", "'\n'a ", "`${", "/[",
		"f(a:{", "(a:b<", "(a:b<c,", "(a:(", "(a:'", "(a,b:c|", "var a:b<c|", "var a:{", "class A{a:{", "class A{a?", "function f<", "function f<a,", "function f(a?",
		") ", "a?b:", "a ? (b) : ", "({a:", "namespace A{", "class", "00000", "\ua015", "export ", "( a ", "x=(a)=>", "?.", "...a", "-->\n"} {
		source := strings.Repeat(part, MaxSource/len(part))
		for _, mode := range []sourceMode{modeScript, modePage} {
			began := time.Now()
			_ = prepare(source, mode).text()
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%q again and again: %v", part, took)
			}
		}
	}
}
