package basescript

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostilePatterns are expressions that would go on for ever, with the texts they do so on.
var hostilePatterns = []struct{ name, body string }{
	{"nested plus", `/^(a+)+$/.test('a'.repeat(60) + '!')`},
	{"nested star", `/^(a*)*b/.test('a'.repeat(60))`},
	{"alternatives that overlap", `/^(a|aa)+$/.test('a'.repeat(90) + '!')`},
	{"nested lazily", `/^(a+?)+?$/.test('a'.repeat(60) + '!')`},
	{"behind a look-ahead", `/^(?=(a+)+$)/.test('a'.repeat(60) + '!')`},
	{"in a look-behind", `/(?<=^b(a+)+)!/.test('a'.repeat(60) + '!')`},
	{"with a reference", `/^(a+)+\1$/.test('a'.repeat(60) + '!')`},
	{"counted", `/^(a{1,30}){1,30}$/.test('a'.repeat(60) + '!')`},
	{"many wildcards", `new RegExp('^' + '(.*)'.repeat(20) + '[yz]!').test('x'.repeat(300) + '!')`},
	{"address", `/^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$/.test('a'.repeat(60) + '!')`},
	{"case ignored", `/^(я+)+$/i.test('Яя'.repeat(40) + '!')`},
	{"quadratic on a long text", `/(?:a|b|ab)*c?[xyz]/.test('ab'.repeat(20000))`},
	{"exec", `/(a+)+$/.exec('a'.repeat(60) + '!')`},
	{"match", `('a'.repeat(60) + '!').match(/(a+)+$/g)`},
	{"replace", `('a'.repeat(60) + '!').replace(/(a+)+$/g, 'x')`},
	{"split", `('a'.repeat(60) + '!').split(/(a+)+$/)`},
	{"search", `('a'.repeat(60) + '!').search('(a+)+$')`},
	{"matchAll", `('a'.repeat(60) + '!').matchAll('(a+)+$')`},
	{"VBScript", `var re = new ActiveXObject('VBScript.RegExp'); re.Pattern = '(a+)+$'; re.Execute('a'.repeat(60) + '!')`},
	{"caught and begun anew", `while (true) { try { /^(a+)+$/.test('a'.repeat(60) + '!') } catch (e) { } finally { } }`},
	{"many short ones", `while (true) { /^(a+)+$/.test('a'.repeat(14) + '!') }`},
	{"many patterns", `var i = 0; while (true) { new RegExp('^(?:ab|c?)*' + i++) }`},
	{"many large patterns", `var i = 0; while (true) { new RegExp('(?:ab|ac'.repeat(150) + ')'.repeat(150) + i++, 'i') }`},
	{"empty matches without end", `while (true) { 'abc'.replace(/(?:)/g, '') }`},
}

// A match that takes for ever ends soon after the run's computing time, with the usual error. The margin
// is what a busy machine needs; what the tests guard against would take years.
func TestHostilePatternsEnd(t *testing.T) {
	const limit, margin = 100 * time.Millisecond, 20 * time.Second
	for _, tc := range hostilePatterns {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			e := stopped(t, "\n\n"+tc.body, Limits{Compute: limit, Bytes: 64 << 20})
			if took := time.Since(began); took > limit+margin {
				t.Errorf("ended after %v", took)
			}
			if e.Kind != Stopped || !strings.Contains(e.Message, "the limit of 100ms of computing time is used up") || e.Frames[len(e.Frames)-1].Line != 3 {
				t.Errorf("ended with %v", e)
			}
		})
	}
}

// Alone on the machine the margin is tens of milliseconds: the least of several attempts shows it.
func TestHostilePatternEndsInTime(t *testing.T) {
	const limit = 60 * time.Millisecond
	least := time.Hour
	for range 20 {
		began := time.Now()
		stopped(t, "\n\n/^(a+)+$/.test('a'.repeat(60) + '!')", Limits{Compute: limit})
		if least = min(least, time.Since(began)); least < limit+50*time.Millisecond {
			return
		}
	}
	t.Errorf("ended %v after the limit at best", least-limit)
}

// A run without a limit of computing time ends when its context does: at its deadline, or because somebody
// stops it.
func TestHostilePatternEndsWithTheContext(t *testing.T) {
	p, err := Compile("x-local://hungry.js", "/^(a+)+$/.test('a'.repeat(60) + '!')", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		end  func() (context.Context, context.CancelFunc)
		want string
	}{
		{"deadline", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), 100*time.Millisecond)
		}, "Script stopped: its time is over"},
		{"cancelled", func() (context.Context, context.CancelFunc) {
			// The match left alone ends by its own time-out, here that of the deadline.
			ctx, free := context.WithTimeout(context.Background(), 500*time.Millisecond)
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, func() { cancel(); free() }
		}, "Script stopped: cancelled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, free := tc.end()
			defer free()
			began := time.Now()
			r := NewRun(ctx, RunConfig{})
			defer r.Close()
			_, err := r.Exec(p)
			var e *Error
			if !errors.As(err, &e) || e.Kind != Stopped || e.Message != tc.want {
				t.Errorf("ended with %v", err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

// What makes regular expressions hungry for memory must stay within the run's budget.
func TestPatternsStayWithinMemory(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"text prepared", `var s = 'x'.repeat(1500000); return /y/.test(s)`, "MiB"},
		{"wide text prepared", `var s = 'я'.repeat(600000); return /y/.test(s)`, "MiB"},
		{"all matches", `return 'x'.repeat(500000).match(/x/g)`, "MiB"},
		{"all matches with groups", `return 'x'.repeat(75000).matchAll(/x/g)`, "MiB"},
		{"all matches of VBScript", `var re = new ActiveXObject('VBScript.RegExp'); re.Global = true; re.Pattern = '(x)'; return re.Execute('x'.repeat(75000))`, "MiB"},
		{"parts", `return 'x'.repeat(500000).split(/(?:)/)`, "MiB"},
		{"replaced by much", `return 'x'.repeat(250000).replace(/x/g, '$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&$&')`, "MiB"},
		{"replaced by all before", "return 'x'.repeat(50000).replace(/x/g, '$`')", "MiB"},
		{"hoarded expressions", `var a = [], i = 0; while (true) { a.push(new RegExp('a(b|c)*' + i++)) }`, "MiB"},
		{"hoarded objects", `var a = []; while (true) { a.push(/a/) }`, "MiB"},
		{"hoarded matches", `var a = []; while (true) { a.push(/a(b)/.exec('ab')) }`, "MiB"},
		{"hoarded VBScript", `var a = []; while (true) { a.push(new ActiveXObject('VBScript.RegExp')) }`, "MiB"},
		{"hoarded texts of VBScript", `var a = [], x; while (true) { x = new ActiveXObject('VBScript.RegExp'); x.Pattern = 'x'.repeat(10000) + a.length; a.push(x) }`, "MiB"},
		{"backtracking stack", `return /^(?:.|\n)*?y/.test('x'.repeat(100000))`, "MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := evaluate(t, tc.body, Limits{Compute: 20 * time.Second, Bytes: 4 << 20})
			if !strings.HasPrefix(got, "error: Script stopped") || !strings.Contains(got, tc.want) {
				t.Errorf("%.200s, want %s", got, tc.want)
			}
		})
	}
}

// A long match that needs a large backtracking stack gets it where the budget allows, and a clear error
// where none would do.
func TestPatternsThatBacktrackFar(t *testing.T) {
	limits := Limits{Compute: 20 * time.Second, Bytes: 128 << 20}
	if got := evaluate(t, `return /^(?:.|\n)*?y/.exec('x'.repeat(100000) + 'y')[0].length`, limits); got != "100001" {
		t.Error(got)
	}
	if got := evaluate(t, `return /^(?:.|\n)*?y/.test('x'.repeat(3000000))`, limits); !strings.HasPrefix(got, "error: The regular expression takes too much memory on this text") {
		t.Error(got)
	}
}

// What an abandoned text holds is given up before a run is stopped for its memory.
func TestPreparedTextsAreGivenUp(t *testing.T) {
	body := `for (var i = 0; i < 40; i++) { if (/y/.test(i + 'x'.repeat(1000000))) return 'no' } return 'yes'`
	if got := evaluate(t, body, Limits{Compute: 20 * time.Second, Bytes: 12 << 20}); got != `"yes"` {
		t.Error(got)
	}
}

// elapsedOf returns the lesser time a body took in two runs.
func elapsedOf(t *testing.T, body string) time.Duration {
	t.Helper()
	best := time.Hour
	for range 2 {
		began := time.Now()
		if got := evaluate(t, body, Limits{Compute: 60 * time.Second, Bytes: 256 << 20}); strings.HasPrefix(got, "error") {
			t.Fatal(got)
		}
		best = min(best, time.Since(began))
	}
	return best
}

// Going through all matches of a text costs its length once, whatever the way: four times the text may
// cost up to ten times the time, sixteen times would be quadratic. Inner calls on other texts do not make
// the outer text be prepared again.
func TestMatchingIsLinear(t *testing.T) {
	for _, tc := range []struct{ name, body string }{
		{"replace", `s.replace(/я/g, 'b')`},
		{"replace with a function", `s.replace(/я/g, function (m, at) { return at %% 10 })`},
		{"replace with inner calls", `s.replace(/я/g, function (m) { return m.replace(/x/, 'y') + /q/.test(m + 'x') })`},
		{"plain replace with a function", `s.replaceAll('я', function (m, at) { return at %% 10 })`},
		{"exec", `var re = /я/g, m, n = 0; while ((m = re.exec(s)) != null) { n += m.index }`},
		{"exec with inner calls", `var re = /я/g, m, n = 0; while ((m = re.exec(s)) != null) { 'a-b'.split(/-/); /x/.test('x' + n); m[0].match(/./g); n += m.index }`},
		{"sticky", `var re = /.я/y, n = 0; while (re.test(s)) { n++ }`},
		{"match", `s.match(/я/g)`},
		{"matchAll", `s.matchAll(/я/g)`},
		{"split", `s.split(/я/)`},
		{"VBScript", `var re = new ActiveXObject('VBScript.RegExp'); re.Global = true; re.Pattern = 'я'; re.Execute(s)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := "var s = 'xя'.repeat(%d);" + tc.body
			var small, large time.Duration
			for range 10 { // other programs may be in the way of some attempts; quadratic work is in the way of all
				small, large = elapsedOf(t, fmt.Sprintf(body, 4_000)), elapsedOf(t, fmt.Sprintf(body, 16_000))
				if large <= 10*small+20*time.Millisecond {
					return
				}
			}
			t.Errorf("4,000 matches take %v, 16,000 take %v", small, large)
		})
	}
}

// A hundred thousand matches in a megabyte: quadratic work would take minutes.
func TestManyMatchesInALongText(t *testing.T) {
	body := `var s = 'слово x,'.repeat(100000), re = /\S+ (x)/g, n = 0, m;
		while ((m = re.exec(s)) != null) { n++ }
		return n + ' ' + s.replace(/(x),/g, '$1').length + ' ' + s.match(/x/g).length`
	if got := evaluate(t, body, Limits{Compute: 20 * time.Second, Bytes: 256 << 20}); got != `"100000 1200000 100000"` {
		t.Error(got)
	}
}

// Nothing a script does with patterns fills the process's memory.
func TestPatternCacheIsBounded(t *testing.T) {
	for i := range 3 * maxCachedPatterns {
		if _, err := compilePattern(fmt.Sprintf("a%d", i), "g"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		if _, err := compilePattern(strings.Repeat("b", 10_000)+fmt.Sprint(i), ""); err != nil {
			t.Fatal(err)
		}
	}
	patterns.mu.Lock()
	defer patterns.mu.Unlock()
	if len(patterns.known) > maxCachedPatterns || patterns.bytes > maxCachedPattern {
		t.Errorf("%d patterns, %d bytes", len(patterns.known), patterns.bytes)
	}
}

// Compiling takes no more than moments, whatever the pattern.
func TestPatternsCompileSoon(t *testing.T) {
	for _, tc := range []struct{ name, pattern string }{
		{"counts of counts", "(((a{1000}){1000}){1000}){1000}"},
		{"huge count", "a{99999999999999999999}"},
		{"nested groups", strings.Repeat("(", 8000) + strings.Repeat(")", 8000)},
		{"nested look-ahead", strings.Repeat(strings.Repeat("(?=a", 199)+strings.Repeat(")", 199), 16)},
		{"nested alternatives", strings.Repeat(strings.Repeat("(?:ab|ac", 199)+strings.Repeat(")", 199), 9)},
		{"many groups", strings.Repeat("()", 8000)},
		{"many alternatives", strings.Repeat("ab|", 5000)},
		{"many wildcards", strings.Repeat(".*", 8000)},
		{"large classes", strings.Repeat(`[\0-\uffff]`, 1400)},
		{"long text", strings.Repeat("abcdefgh", 2000)},
		{"references", "(a)" + strings.Repeat(`\1`, 8000)},
	} {
		for _, flags := range []string{"", "imu"} {
			began := time.Now()
			_, err := compilePattern(tc.pattern, flags)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s took %v, %v", tc.name, took, err)
			}
		}
	}
}

// One compiled pattern serves many runs at once.
func TestPatternsServeManyRuns(t *testing.T) {
	p, err := Compile("x-local://lib.js", `function main(s) { return s.replace(/(я)(\d)/g, '$2$1') + /^(?:.|\n)*?ю/.test(s) }`, Options{Library: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 8)
	for range 8 {
		go func() {
			for range 50 {
				r := NewRun(context.Background(), RunConfig{Limits: testLimits})
				v, err := r.Call(p, "main", String("я1 я2"))
				if err == nil && v.Text() != "1я 2яfalse" {
					err = errors.New(v.Text())
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

// FuzzPattern: no pattern makes the process fail or a run go on beyond its time.
func FuzzPattern(f *testing.F) {
	for _, tc := range [][2]string{
		{`^(\d{4})-(\d\d)`, "2024-03"}, {`(?<n>a)\k<n>|[^\]a-z\d-]+?$`, "aa"}, {`(?<=я)(?!x)\u{1f600}\p{L}*`, "я😀"}, {`(a+)+$`, "aaaaaaaaaaaaaaaaaaaaaaaa!"},
		{`[\b\c\cA\x41\u0041\07]{0,5}?`, "\b\xff\x80"}, {`(()|a){2,}(?=\2)`, "aaa"}, {"[", "("}, {`\`, ""}, {`(?:`, "\xd0"},
	} {
		f.Add(tc[0], "", tc[1])
		f.Add(tc[0], "giu", tc[1])
		f.Add(tc[0], "msy", tc[1])
	}
	f.Fuzz(func(t *testing.T, source, flags, text string) {
		r := NewRun(context.Background(), RunConfig{Limits: Limits{Compute: 200 * time.Millisecond, Bytes: 64 << 20}})
		defer r.Close()
		v, err := r.newRegExp(String(source), String(flags))
		if err != nil {
			if strings.Contains(err.Error(), "cannot be compiled") {
				t.Errorf("the engine refuses %q %q: %v", source, flags, err)
			}
			return
		}
		began := time.Now()
		for _, call := range []func() (Value, error){
			func() (Value, error) { return regExpExec(r, v, []Value{String(text)}) },
			func() (Value, error) { return stringMatch(r, String(text), []Value{v}) },
			func() (Value, error) { return stringSplit(r, String(text), []Value{v}) },
			func() (Value, error) { return stringReplace(false)(r, String(text), []Value{v, String("<$1>")}) },
		} {
			if _, err := call(); err != nil && strings.Contains(err.Error(), "cannot be matched") {
				t.Errorf("the engine fails on %q %q %q", source, flags, text)
			}
		}
		if got, err := stringReplace(false)(r, String(text), []Value{v, String("$&")}); err == nil && got.Str() != text {
			t.Errorf("%q with matches of %q replaced by themselves is %q", text, source, got.Str())
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
