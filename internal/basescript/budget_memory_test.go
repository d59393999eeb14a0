package basescript

import (
	"context"
	"errors"
	"flag"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// livePeak watches what the Go collector finds alive while fn runs: the honest size of a run's values,
// old and new ones of a copy in progress included.
func livePeak(fn func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(5)) // a look at every twentieth more
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	baseline := sample[0].Value.Uint64()
	stop, watched := make(chan struct{}), make(chan struct{})
	peak := baseline
	go func() {
		defer close(watched)
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Microsecond):
			}
		}
	}()
	fn()
	close(stop)
	<-watched
	return int64(peak) - int64(baseline)
}

// hoarders are scripts that keep all they make, each in another shape.
var hoarders = map[string]string{
	"numbers":             "a = []; for (;;) a.push(a.length)",
	"by index":            "a = []; for (;;) a[a.length] = 1",
	"objects":             "a = []; for (;;) a.push({ x: 1, y: 2 })",
	"empty objects":       "a = []; for (;;) a.push({})",
	"objects of many":     "a = []; for (;;) a.push({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10 })",
	"keys":                "o = {}; i = 0; for (;;) o['key' + i++] = 1",
	"long keys":           "o = {}; i = 0; for (;;) o['k'.repeat(100) + i++] = 1",
	"objects with keys":   "a = []; for (;;) { o = {}; for (i = 0; i < 30; i++) o['k' + i] = i; a.push(o) }",
	"added keys":          "a = []; for (;;) { o = {}; o.a = 1; o.b = 2; o.c = 3; a.push(o) }",
	"small texts":         "a = []; for (;;) a.push('text ' + a.length)",
	"texts":               "a = []; for (;;) a.push('x'.repeat(100) + a.length)",
	"big texts":           "a = []; for (;;) a.push('x'.repeat(1000000) + a.length)",
	"one text":            "s = 'x'; for (;;) s += 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'",
	"doubled text":        "s = 'x'; for (;;) s = s + s",
	"appended texts":      "a = []; for (;;) { s = 'a'; s += 'b'; s += a.length; a.push(s) }",
	"parts":               "b = 'abcdefghij'.repeat(200000); a = []; for (;;) { c = b + a.length; a.push(c.slice(0, 600000)) }",
	"nested arrays":       "a = []; for (;;) a = [a]",
	"linked objects":      "o = null; for (;;) o = { next: o }",
	"small arrays":        "a = []; for (;;) a.push([1, 2, 3])",
	"empty arrays":        "a = []; for (;;) a.push([])",
	"grown arrays":        "a = []; for (;;) { b = []; b.push(1); b.push(2); b.push(3); b.push(4); b.push(5); a.push(b) }",
	"shifted arrays":      "a = []; for (;;) { b = new Array(100); for (i = 0; i < 60; i++) b.shift(); a.push(b) }",
	"popped arrays":       "a = []; for (;;) { b = new Array(1000); for (i = 0; i < 1000; i++) b.pop(); a.push(b) }",
	"closures":            "a = []; for (;;) { let x = a.length; a.push(function () { return x }) }",
	"arrow functions":     "a = []; for (;;) a.push(() => 1)",
	"bound functions":     "a = []; f = function () { }; for (;;) a.push(f.bind(null, 1, 2, 3))",
	"class instances":     "class C { constructor() { this.x = 1; this.y = 2 } get z() { return 1 } m() { } } a = []; for (;;) a.push(new C())",
	"classes":             "a = []; for (;;) a.push(class { m() { } get x() { return 1 } })",
	"constructed":         "function F() { this.x = 1 } a = []; for (;;) a.push(new F())",
	"getters":             "a = []; for (;;) a.push({ get x() { return 1 }, set x(v) { } })",
	"errors":              "a = []; for (;;) a.push(new Error('e' + a.length))",
	"caught errors":       "a = []; for (;;) try { throw 'x' } catch (e) { a.push(e) }",
	"errors of depth":     "function f(n) { if (n == 0) throw 'x'; f(n - 1); return 1 } a = []; for (;;) try { f(40) } catch (e) { a.push(e) }",
	"thrown again":        "a = []; for (;;) try { try { throw 'x' } catch (e) { throw e } } catch (e) { a.push(e) }",
	"dates":               "a = []; for (;;) a.push(new Date())",
	"prototypes":          "a = []; for (;;) { f = function () { }; f.prototype.x = 1; a.push(f) }",
	"named elements":      "a = []; for (;;) { b = [1]; b.name = 'x'; a.push(b) }",
	"arguments":           "function f() { return arguments } a = []; for (;;) a.push(f(1, 2, 3))",
	"rest":                "function f(...r) { return r } a = []; for (;;) a.push(f(1, 2, 3))",
	"recursion":           "function f(n) { var s = 'x'.repeat(100000) + n; return f(n + 1) + s } f(0)",
	"recursion of lists":  "function f(n) { var s = new Array(10000); return f(n + 1) + s } f(0)",
	"sort":                "a = []; for (i = 0; i < 20000; i++) a.push(i); h = []; for (;;) h.push(ArraySort(a, 'This', '-'))",
	"sort in place":       "a = []; for (;;) { b = a.slice(0); b.sort(function (x, y) { return y - x }); a = a.concat(b); a.push(a.length) }",
	"concat":              "a = [1]; for (;;) a = a.concat(a)",
	"union":               "a = [1]; for (;;) a = ArrayUnion(a, a)",
	"spread":              "a = [1]; for (;;) a = [...a, ...a]",
	"map":                 "a = [1, 2, 3]; for (;;) a = a.concat(a.map(function (x) { return { x: x } }))",
	"filter":              "a = [1, 2]; h = []; for (;;) { a.push(1); h.push(a.filter(function () { return true })) }",
	"split":               "s = 'a,b,c,d,e,f,g,h,'; for (;;) { s = s + s; h = s.split(',') }",
	"split into letters":  "s = 'abcdefgh'; for (;;) { s = s + s; h = s.split('') }",
	"join":                "a = ['abc', 'def']; for (;;) { a = a.concat(a); s = a.join(', ') }",
	"merge":               "a = ['abc', 'def']; for (;;) { a = a.concat(a); s = ArrayMerge(a, 'This', ', ') }",
	"parsed":              "s = EncodeJson([{ a: 1, b: 'two', c: [1, 2, 3] }, { a: 1, b: 'two', c: [1, 2, 3] }]); a = []; for (;;) a.push(ParseJson(s))",
	"parsed whole":        "s = '[1,2,3,{\"a\":\"bcd\"}]'; for (;;) { s = '[' + s + ',' + s + ']'; x = ParseJson(s) }",
	"base64":              "s = 'aaaa'; for (;;) s = Base64Encode(s)",
	"padded":              "n = 1000; for (;;) { n = n * 2; s = 'x'.padStart(n, 'ab') }",
	"repeated":            "n = 1000; for (;;) { n = n * 2; s = 'ab'.repeat(n) }",
	"template":            "s = 'x'; for (;;) s = `${s}-${s}`",
	"upper case":          "s = 'жx'; h = []; for (;;) { s = s + s; h.push(s.toUpperCase()) }",
	"entries":             "o = {}; for (;;) { for (i = 0; i < 1000; i++) o['k' + (n = (typeof n == 'undefined' ? 0 : n + 1))] = 1; e = Object.entries(o) }",
	"text callbacks":      "a = [1]; for (;;) a = ArrayExpand(a, '[This, This, {x: This}]')",
	"array length":        "a = []; for (n = 1000; ; n = n * 2) a.length = n",
	"copies":              "o = {}; for (i = 0; i < 100; i++) o['k' + i] = i; a = []; for (;;) a.push({ ...o })",
	"sliced":              "a = []; for (;;) { s = 'x'.repeat(100000) + a.length; while (s.length > 60000) s = s.slice(0, s.length * 0.8); a.push(s) }",
	"sliced and replaced": "a = []; for (;;) { s = 'x'.repeat(100000) + a.length; while (s.length > 60000) s = StrReplace(s.slice(0, s.length * 0.9), 'q', ''); a.push(s) }",
	"sliced short texts":  "a = []; for (;;) { s = 'x'.repeat(200) + a.length; a.push(s.slice(3, 12)) }",
	"characters":          "a = []; for (;;) { s = 'жx'.repeat(60) + a.length; a.push(s[0]); a.push(s.charAt(1)) }",
	"one part":            "a = []; for (;;) { s = ('x'.repeat(90) + ',').repeat(5) + a.length; a.push(s.split(',')[0]) }",
	"one match":           "a = []; for (;;) { s = ('x'.repeat(90) + ',').repeat(5) + a.length; a.push(s.match(/x+/)[0]) }",
	"one member":          "a = []; for (;;) { s = '{\"a\": \"bc\"' + ' '.repeat(250) + '}'; a.push(ParseJson(s).a) }",
	"one key":             "a = []; for (;;) { s = '{\"abc\": 1' + ' '.repeat(250) + '}'; a.push(ParseJson(s)) }",
	"beginnings":          "a = []; for (;;) { s = 'a'; s += 'b'; t = s; s += 'x'.repeat(20000); a.push('' + t); a.push(t.toLowerCase()); a.push(StrReplace(t, 'q', '')); a.push(UrlDecode(t)); a.push(t.slice(0)) }",
	"keys of beginnings":  "a = []; for (;;) { s = 'a'; s += 'b'; t = s; s += 'x'.repeat(400); o = {}; o[t] = 1; a.push(o) }",
	"encoded":             "b = []; for (i = 0; i < 2000; i++) b.push({ n: i, text: 'some text', list: [1, 2, 3] }); a = []; for (;;) a.push(EncodeJson(b))",
	"encoded short":       "a = []; for (;;) a.push(EncodeJson({ n: a.length, text: 'some text' }))",
	"encoded growing":     "b = [1]; for (;;) { b = b.concat(b); s = EncodeJson(b) }",
	"replaced":            "s = 'ab'.repeat(1000); for (;;) s = StrReplace(s, 'a', 'aaba')",
	"replaced by regexp":  "s = 'ab'.repeat(1000); for (;;) s = s.replace(/a/g, 'aaba')",
	"url":                 "s = 'ж&'; for (;;) s = UrlEncode(s) + s",
	"unshift":             "a = []; b = new Array(1000); for (;;) a.unshift(...b)",
	"splice":              "a = []; b = new Array(1000); for (;;) a.splice(0, 0, ...b)",
	"distinct":            "a = []; for (i = 0; i < 1000; i++) a.push('text ' + i); h = []; for (;;) h.push(ArraySelectDistinct(a, 'This'))",
	"shifted long":        "a = []; for (;;) { b = new Array(3000); for (i = 0; i < 1600; i++) b.shift(); a.push(b) }",
	"entries of a map":    "m = new Map(); i = 0; for (;;) m.set('k' + i++, i)",
	"set":                 "m = new Set(); i = 0; for (;;) m.add(i++)",
	"maps":                "a = []; for (;;) { m = new Map(); m.set(1, 2); a.push(m) }",
	"regular expressions": "a = []; for (;;) a.push(new RegExp('a' + a.length))",
	"matches":             "a = []; for (;;) a.push('abc'.match(/(a)(b)/))",
	"subject":             "s = 'xж'.repeat(1000); for (;;) { s = s + s; n = s.search(/q/) }",
	"deletions":           "a = []; for (;;) { o = { a: 1, b: 2, c: 3 }; delete o.a; a.push(o) }",
}

// TestHoardersStayInBudget: whatever shape a run's values have, they are counted for about what they
// take: the run is stopped before they take a fifth more than its limit. The collector takes for alive
// also what is made while it looks, which on a loaded machine is much; so of three runs the least counts.
func TestHoardersStayInBudget(t *testing.T) {
	limit := int64(4 << 20)
	rest := limit / 8 // what the run itself takes, and the collector's view is off by
	if f := flag.Lookup("long"); f != nil && f.Value.String() == "true" {
		limit, rest = 32<<20, 0
	}
	most := limit + limit/5 + rest
	for name, src := range hoarders {
		t.Run(name, func(t *testing.T) {
			p, err := Compile("x-local://hoard.js", src, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var ended error
			peak := int64(math.MaxInt64)
			for turn := 0; turn < 3 && peak > most; turn++ {
				peak = min(peak, livePeak(func() {
					r := NewRun(context.Background(), RunConfig{Limits: Limits{Bytes: limit, Compute: 60 * time.Second}})
					defer r.Close()
					_, ended = r.Exec(p)
				}))
			}
			var e *Error
			if !errors.As(ended, &e) || !strings.Contains(e.Message, "MiB") {
				t.Errorf("it ended with %v", ended)
			}
			t.Logf("%.2f of the limit", float64(peak)/float64(limit))
			if peak > most {
				t.Errorf("it took %d MiB of %d", peak>>20, limit>>20)
			}
		})
	}
}
