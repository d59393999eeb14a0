package basescript

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What hostile programs are put together from. %v is a value, %n a number, %s a text, %a an array, %f a function,
// %b a block of statements.
var (
	hostileStatements = []string{
		"while (true) { %b }", "for (var i%d = 0; i%d < 1000000; i%d++) { %b }", "do { %b } while (%v)", "try { %b } catch (e) { %b } finally { %b }",
		"x = %v", "y = %v", "s += %s", "s = s + s", "s = %s", "a.push(%v)", "a[a.length] = %v", "a = a.concat(%a)", "a.length = %n", "o[%s] = %v",
		"o = { x: %v, next: o }", "delete o[%s]", "throw %v", "if (%v) { %b } else { %b }", "for (k in %v) { %b }", "switch (%v) { case %v: %b }",
		"function r%d(n) { %b; return r%d(n + 1) } r%d(0)", "f = %f", "f(%v)", "a.sort(function (p, q) { %b; return p < q ? -1 : 1 })",
		"[1, 2, 3].forEach(function (v) { %b })", "m = new Map(); for (k in %a) m.set(k, %v)", "eval(%s)", "class C%d { get p() { %b; return 1 } toString() { return s } } x = new C%d().p",
	}
	hostileValues = []string{
		"%n", "%s", "%a", "o", "f", "x", "y", "null", "undefined", "true", "%v + %v", "%v == %v", "%v < %v", "%v * %v", "!%v", "typeof %v",
		"EncodeJson(%v)", "ParseJson(%s)", "f(%v)", "[%v, %v]", "{ a: %v }.a", "%s.length", "new Date()", "new Error(%s)", "OptInt(%v, 1)", "(%v ? %v : %v)",
		"%s.match(/(a+)+$/)", "/(x|x)*y/.test(%s)", "%s.search(/([ab]*)*c/)", "ArraySum(%a, 'This')", "ArrayOptFind(%a, %s)", "JSON.stringify(%v)", "Object.keys(o)",
		"tryEval(%s)", "%a.reduce(function (p, q) { return p + q }, '')", "`${%v}-${%v}`", "StrContains(%s, %s, true)",
	}
	hostileNumbers   = []string{"0", "1", "-1", "3", "1000", "100000", "2147483648", "1e300", "9223372036854775807", "0.5", "a.length"}
	hostileTexts     = []string{"''", "'a'", "s", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'", "'x'.repeat(%n)", "%s.toUpperCase()", "%s.split('').join('b')", "StrReplace(%s, 'a', 'bb')", "%s.slice(%n)", "a.join(s)", "'[' + %s + ']'", "UrlEncode(%s)", "Base64Encode(%s)", "'(x = %n)'", "'1 + This'", "EncodeJson(a)", "%s.padStart(%n, 'ab')", "Md5Hex(%s)", "%s.replace(/a/g, 'aa')"}
	hostileArrays    = []string{"[]", "a", "[1, 2, 3]", "%a.map(%f)", "%a.filter(%f)", "%s.split('a')", "new Array(%n)", "ArraySort(%a, 'This', '+')", "ArrayUnion(%a, a)", "%a.slice(%n)", "ArraySelect(%a, %s)", "[...%a, ...a]", "%a.reverse()", "ArraySelectDistinct(%a, 'This')"}
	hostileFuncs     = []string{"f", "function (v) { %b; return v }", "function (v) { return f(v) }", "(v) => %v", "function (v) { return v + v }"}
	hostileBeginning = "var x = 1, y = 'y', s = 'ab', a = [1, 'b'], o = {}, f = function (v) { return v }; function tryEval(t) { try { return eval(t) } catch (e) { return e } }\n"
)

// hostileWriter writes one random program.
type hostileWriter struct {
	*rand.Rand
	b    strings.Builder
	left int // parts that may still be nested
	made int // names
}

func (w *hostileWriter) any(list []string) {
	w.left--
	part := list[w.IntN(len(list))]
	if w.left < 0 {
		for strings.Contains(part, "%") && !strings.HasSuffix(part, "%") {
			part = list[w.IntN(len(list))]
			if w.left--; w.left < -200 {
				part = "1"
			}
		}
	}
	w.made++
	name := fmt.Sprint(w.made)
	for {
		before, rest, more := strings.Cut(part, "%")
		w.b.WriteString(before)
		if !more {
			return
		}
		switch rest[0] {
		case 'v':
			w.any(hostileValues)
		case 'n':
			w.any(hostileNumbers)
		case 's':
			w.any(hostileTexts)
		case 'a':
			w.any(hostileArrays)
		case 'f':
			w.any(hostileFuncs)
		case 'b':
			w.block()
		case 'd':
			w.b.WriteString(name)
		}
		part = rest[1:]
	}
}

func (w *hostileWriter) block() {
	for range 1 + w.IntN(2) {
		if w.left < 0 {
			w.b.WriteString("s += 'a'; ")
			return
		}
		w.any(hostileStatements)
		w.b.WriteString("; ")
	}
}

func hostileProgram(seed uint64) string {
	w := &hostileWriter{Rand: rand.New(rand.NewPCG(seed, 3)), left: 40}
	w.b.WriteString(hostileBeginning)
	for range 1 + w.IntN(5) {
		w.block()
		w.b.WriteByte('\n')
	}
	return w.b.String()
}

// TestHostilePrograms: random programs that loop, recurse, evaluate, build and match without measure end soon
// after their time, with an error of the script, and never by a fault of this program.
func TestHostilePrograms(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	count, ran := 300, 0
	if *long {
		count = 5000
	}
	for seed := range uint64(count) {
		src := hostileProgram(seed)
		p, err := Compile("x-local://hostile.js", src, Options{})
		if err != nil {
			var wrong *SyntaxError
			if !errors.As(err, &wrong) {
				t.Fatalf("seed %d: %v\n%s", seed, err, src)
			}
			continue
		}
		ran++
		var past time.Duration
		for range 3 {
			if past = hostileRun(t, seed, src, p); past <= fullPast {
				break
			}
		}
		if past > fullPast && !underRace {
			t.Errorf("seed %d: %v past its limit\n%s", seed, past, src)
		}
	}
	if ran < count*3/4 {
		t.Errorf("only %d of %d programs compile", ran, count)
	}
}

// hostileRun returns how long the program computed past its limit.
func hostileRun(t *testing.T, seed uint64, src string, p *Program) time.Duration {
	const limit = 10 * time.Millisecond
	r := NewRun(context.Background(), RunConfig{Limits: Limits{Compute: limit, Bytes: 64 << 20, Depth: 300}})
	defer r.Close()
	r.look() // the clock begins here
	began := threadTime()
	_, err := r.Exec(p)
	past := threadTime() - began - limit
	var e *Error
	var fault *PanicError
	switch {
	case errors.As(err, &fault):
		t.Fatalf("seed %d: panic: %v\n%s\n%s", seed, fault.Value, fault.Stack, src)
	case err != nil && (!errors.As(err, &e) || len(e.Frames) == 0 || e.Frames[len(e.Frames)-1].Line < 1):
		t.Errorf("seed %d: an error without a line: %v\n%s", seed, err, src)
	}
	return past
}

// FuzzHostilePrograms is the same for seeds the fuzzer finds.
func FuzzHostilePrograms(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		src := hostileProgram(seed)
		if p, err := Compile("x-local://hostile.js", src, Options{}); err == nil {
			hostileRun(t, seed, src, p)
		}
	})
}

// Text that is a string expression and evaluated code on the same line is compiled as each.
func TestTextOfTwoKinds(t *testing.T) {
	for _, src := range []string{"t = '1 + ' + '1'; return ArraySelect([1], t).length + eval(t)", "t = '1 + ' + '1'; x = eval(t); return ArraySelect([1], t).length + x"} {
		p, err := Compile("x-local://two.js", src, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := NewRun(context.Background(), RunConfig{})
		if v, err := r.Exec(p); err != nil || v.Text() != "3" {
			t.Errorf("%s: %q, %v", src, v.Text(), err)
		}
		r.Close()
	}
}
