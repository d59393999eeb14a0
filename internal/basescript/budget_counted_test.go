package basescript

import (
	"context"
	"fmt"
	"math/rand"
	"runtime"
	"testing"
)

// holders are scripts that hold n of something, as legitimate ones do.
var holders = map[string]string{
	"numbers":             "for (i = 0; i < n; i++) a.push(i)",
	"objects":             "for (i = 0; i < n; i++) a.push({ id: i, name: 'user ' + i, age: 30 })",
	"same texts":          "for (i = 0; i < n; i++) a.push({ kind: 'message', state: 'new' })",
	"small texts":         "for (i = 0; i < n; i++) a.push('text ' + i)",
	"texts":               "for (i = 0; i < n / 10; i++) a.push('some longer text of a message '.repeat(10) + i)",
	"big texts":           "for (i = 0; i < 10; i++) a.push('abcdefghij'.repeat(n) + i)",
	"one text":            "s = ''; for (i = 0; i < n; i++) s += 'some text of a line'; a.push(s)",
	"object as a map":     "o = {}; for (i = 0; i < n; i++) o['key' + i] = i; a.push(o)",
	"map":                 "m = new Map(); for (i = 0; i < n; i++) m.set('key' + i, i); a.push(m)",
	"set":                 "m = new Set(); for (i = 0; i < n; i++) m.add(i); a.push(m)",
	"parsed":              "s = EncodeJson([{ id: 12345, name: 'some name', list: [1, 2, 3], sub: { x: 1.5 } }]); for (i = 0; i < n / 10; i++) a.push(ParseJson(s))",
	"parsed whole":        "for (i = 0; i < n; i++) a.push({ id: i, name: 'user ' + i }); a = ParseJson(EncodeJson(a))",
	"nested arrays":       "for (i = 0; i < n / 10; i++) a.push([[1, 2, 3], [4, 5, 6], [7, 8, 9]])",
	"grown arrays":        "for (i = 0; i < n / 10; i++) { b = []; for (j = 0; j < 20; j++) b.push(j); a.push(b) }",
	"closures":            "for (i = 0; i < n; i++) a.push((function (x) { return function () { return x } })(i))",
	"class instances":     "class C { constructor(x) { this.x = x; this.y = 2 } } for (i = 0; i < n; i++) a.push(new C(i))",
	"dates":               "for (i = 0; i < n; i++) a.push(new Date())",
	"errors":              "for (i = 0; i < n / 10; i++) a.push(new Error('fault ' + i))",
	"split":               "s = 'some,words,of,a,line'; for (i = 0; i < n / 10; i++) a.push(s.split(','))",
	"matches":             "for (i = 0; i < n / 10; i++) a.push('abc12'.match(/([a-z]+)(\\d+)/))",
	"objects of many":     "for (i = 0; i < n / 10; i++) { o = {}; for (j = 0; j < 20; j++) o['field' + j] = j; a.push(o) }",
	"linked objects":      "x = null; for (i = 0; i < n; i++) x = { next: x, value: i }; a.push(x)",
	"appended texts":      "for (i = 0; i < n / 10; i++) { s = 'a line: '; s += i; s += ' and more of it'; a.push(s) }",
	"sorted":              "for (i = 0; i < n; i++) a.push({ x: n - i }); a = ArraySort(a, 'This.x', '+')",
	"regexp groups":       "for (i = 0; i < n / 10; i++) a.push(new RegExp('(a|b)*([c-z]{2,30})(x)?' + i))",
	"used expressions":    "for (i = 0; i < n / 10; i++) { x = new RegExp('(a|b)*c' + i); x.test('abc1'); a.push(x) }",
	"regexp long":         "for (i = 0; i < n / 10; i++) a.push(new RegExp('abcdefghij'.repeat(20) + i))",
	"regexp classes":      "for (i = 0; i < n / 10; i++) a.push(new RegExp('[a-z]+[^0-9]*\\\\w\\\\d[абв]' + i))",
	"regular expressions": "for (i = 0; i < n / 10; i++) a.push(new RegExp('ab+' + i))",
}

// TestHoldersAreCountedFairly: what a run is counted for is about what its values take, not only for
// those that mean harm: a script that holds three fifths of its limit is not stopped.
func TestHoldersAreCountedFairly(t *testing.T) {
	for name, body := range holders {
		t.Run(name, func(t *testing.T) {
			var counted, taken int64
			var before int64
			look := Func{Name: "look", Call: func(r *Run, _ []Value) (Value, error) {
				r.dropSubjects()
				counted, taken = r.liveBytes(), heapAlive()-before
				return Undefined, nil
			}}
			src := fmt.Sprintf("a = []; n = %d; %s; s = undefined; look(); a", 20000+rand.Intn(20000), body)
			p, err := Compile("x-local://hold.js", src, Options{Globals: NewGlobals([]Global{{Name: "look", Func: &look}})})
			if err != nil {
				t.Fatal(err)
			}
			forgetPatterns() // those of an earlier case would give way to new ones, as if less was taken
			before = heapAlive()
			r := NewRun(context.Background(), RunConfig{})
			defer r.Close()
			if _, err := r.Exec(p); err != nil {
				t.Fatal(err)
			}
			ratio := float64(counted) / float64(taken)
			t.Logf("counted %d KiB, taken %d KiB: %.2f", counted>>10, taken>>10, ratio)
			// Half a MiB may be what the pools of the process keep: buffers of sorting and of JSON, patterns.
			if float64(counted+(512<<10)) < 0.8*float64(taken) || ratio > 1.8 {
				t.Errorf("counted %d KiB, taken %d KiB: %.2f", counted>>10, taken>>10, ratio)
			}
		})
	}
}

// forgetPatterns empties what the process keeps of regular expressions.
func forgetPatterns() {
	patterns.mu.Lock()
	defer patterns.mu.Unlock()
	patterns.known, patterns.bytes = nil, 0
}

func heapAlive() int64 {
	runtime.GC()
	runtime.GC() // what the first has found dead is swept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
