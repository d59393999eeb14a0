package basescript

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var (
	long     = flag.Bool("long", false, "try time budgets with values of full size and many more programs")
	overview = flag.String("overview", "", "write how long each function ran past its limit to a file")
)

// Sizes of the values the tests below hand to every function: a script's budget allows no larger ones
// with -long. Without it they are an eighth, and so is the time a function may take past its limit: what
// does not look at the clock takes time in proportion to its data.
const (
	fullText    = 64 << 20
	fullArray   = 1 << 20
	fullPast    = 50 * time.Millisecond
	shortFactor = 8
	// slack is what a run may take past its limit whatever the size: a page fault, a piece of the text.
	slack = 4 * time.Millisecond
)

func sized(n int) int {
	if *long {
		return n
	}
	return n / shortFactor
}

func allowedPast() time.Duration {
	if *long {
		return fullPast
	}
	return fullPast/shortFactor + slack
}

// threadTime is what this thread has computed; other load on the machine does not count.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

// bigKinds are the values that must not keep a function busy past its limit. The texts differ in what
// functions find in them.
var bigKinds = []struct {
	name  string
	make  func() Value
	short bool // tried without -long too
}{
	{"letters", func() Value { return bigText("abcdefg hij,") }, true},
	{"one letter", func() Value { return bigText("a") }, false},
	{"cyrillic", func() Value { return bigText("жЁш Ю") }, true},
	{"blanks", func() Value { return bigText(" \n") }, false},
	{"marks", func() Value { return bigText("\"<&'\\\n%+") }, false},
	{"digits", func() Value { return bigText("12345678") }, false},
	{"json", func() Value { return String("[" + bigText(`1,"a",{"b":null},`).Str() + "1]") }, true},
	{"ends of lines", func() Value { return bigText("\r") }, false},
	{"continuations", func() Value { return bigText("\x80") }, true},
	{"bytes", func() Value { return bigText("\xff\xfe") }, false},
	{"numbers", func() Value {
		return bigArray(1, func(i int) Value { return Int(int64(i*7919) % 1000003) })
	}, true},
	{"texts", func() Value {
		return bigArray(4, func(i int) Value { return String(fmt.Sprint("k", i*7919%1000003)) })
	}, false},
	{"one text often", func() Value { // comparing two of its elements takes a while
		a, b := strings.Repeat("a", 1<<18)+"b", strings.Repeat("a", 1<<18)+"c"
		return bigArray(4, func(i int) Value {
			if i%2 == 0 {
				return String(a)
			}
			return String(b)
		})
	}, true},
	{"objects", func() Value {
		return bigArray(8, func(i int) Value {
			o := &Object{}
			o.Set("key", Int(int64(i)))
			o.Set("value", String("v"))
			return ObjectValue(o)
		})
	}, false},
	{"object", func() Value {
		o := &Object{}
		for i := range sized(fullArray) / 4 {
			o.Set(fmt.Sprint("k", i), Int(int64(i)))
		}
		return ObjectValue(o)
	}, false},
}

func bigText(part string) Value { return String(strings.Repeat(part, sized(fullText)/len(part))) }

func bigArray(divisor int, elem func(i int) Value) Value {
	vals := make([]Value, sized(fullArray)/divisor)
	for i := range vals {
		vals[i] = elem(i)
	}
	return ObjectValue(&Object{class: classArray, vals: vals})
}

// fresh returns a value calls may change.
func fresh(v Value) Value {
	if o := v.Object(); o != nil && o.class == classArray {
		return ObjectValue(&Object{class: classArray, vals: slices.Clone(o.vals)})
	}
	return v
}

// callable is an entry of the tables: an expression over the parameters a, b, c, d.
type callable struct {
	name, code string
	params     []string // the small value each parameter has when another is big
	spread     bool
}

var sigParam = regexp.MustCompile(`^(\.\.\.)?(\w+)\??: (.*)$`)

// paramsOf reads the parameters of a signature.
func paramsOf(sig string) (params []string, spread bool) {
	depth, from := 0, 1
	for i := 0; i < len(sig); i++ {
		switch c := sig[i]; {
		case strings.IndexByte("([{<", c) >= 0:
			depth++
		case c == '>' && sig[i-1] == '=':
		case strings.IndexByte(")]}>", c) >= 0:
			depth--
		}
		if ends := depth == 0 || depth == 1 && sig[i] == ','; ends && i > from {
			params = append(params, strings.TrimSpace(sig[from:i]))
			from = i + 1
		}
		if depth == 0 {
			break
		}
	}
	for i, p := range params {
		m := sigParam.FindStringSubmatch(p)
		if m == nil {
			continue
		}
		spread = spread || m[1] != ""
		params[i] = smallValue(m[2], m[3])
	}
	return params, spread
}

// smallValue is the source of an ordinary argument.
func smallValue(name, typ string) string {
	switch {
	case strings.Contains(typ, "=>") || strings.Contains(typ, "Function"):
		return "(function (x) { return x })"
	case strings.Contains(name, "ignoreCase") || typ == "boolean":
		return "true"
	case typ == "number" || name == "count":
		return "3"
	case strings.HasSuffix(typ, "[]"):
		return "[1, 2]"
	case typ == "string":
		return "'k1'"
	case typ == "object":
		return "({ a: 1 })"
	}
	return "'z'"
}

// skipped are functions whose work is not that of their data, tried elsewhere.
var skipped = map[string]string{
	"Sleep": "waits",
}

// callables are all functions and methods of the language's own tables.
func callables() (all []callable) {
	add := func(name, code, sig string) {
		if skipped[name] != "" {
			return
		}
		params, spread := paramsOf(sig)
		all = append(all, callable{name, code, params, spread})
	}
	for _, g := range Builtins() {
		if g.Func != nil {
			add(g.Name, g.Name, g.Sig)
			if g.Func.New != nil {
				add("new "+g.Name, "new "+g.Name, g.Sig)
			}
		}
		if g.Static != nil {
			for _, m := range g.Static.Methods {
				add(g.Name+"."+m.Name, g.Name+"."+m.Name, m.Sig)
			}
		}
	}
	for _, c := range BuiltinTypes() {
		for _, m := range c.Methods {
			params, spread := paramsOf(m.Sig)
			all = append(all, callable{c.Name + "#" + m.Name, "self." + m.Name, append([]string{selfOf[c.Name]}, params...), spread})
		}
	}
	return all
}

// selfOf is what methods are called on when an argument is the big value.
var selfOf = map[string]string{
	"Object": "({ a: 1, b: 2 })", "Function": "(function (x) { return x })", "Array": "[3, 1, 2]", "String": "'abc def'", "Number": "(17)",
	"Boolean": "true", "Date": "new Date(2020, 1, 2)", "Error": "new Error('a')", "Map": "new Map([[1, 2]])", "Set": "new Set([1, 2])",
	"RegExp": "/a+b/g",
}

// source calls the function with the arguments at the given positions taken from big.
func (c callable) source(big ...int) string {
	args := slices.Clone(c.params)
	for _, i := range big {
		args[i] = "big"
		if len(big) > 1 && i == big[1] {
			args[i] = "other"
		}
	}
	if strings.HasPrefix(c.code, "self.") {
		return fmt.Sprintf("function f(big, other) { var self = %s; return %s(%s) }", args[0], c.code, strings.Join(args[1:], ", "))
	}
	return fmt.Sprintf("function f(big, other) { return %s(%s) }", c.code, strings.Join(args, ", "))
}

// past runs f of a source with a small limit of computing time, and returns how long it computed past it.
func past(t *testing.T, programs map[string]*Program, src string, args ...Value) time.Duration {
	t.Helper()
	p := programs[src]
	if p == nil {
		var err error
		if p, err = Compile("x-local://busy.js", src, Options{}); err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		programs[src] = p
	}
	least := time.Duration(-1)
	for range 3 {
		took := pastOnce(t, src, p, args)
		if least < 0 || took < least {
			least = took
		}
		if least < allowedPast()*3/4 {
			break
		}
	}
	return least
}

func pastOnce(t *testing.T, src string, p *Program, args []Value) time.Duration {
	const limit = 200 * time.Microsecond
	own := make([]Value, len(args))
	for i, a := range args {
		if own[i] = a; strings.Contains(src, "self = big") {
			own[i] = fresh(a)
		}
	}
	r := NewRun(context.Background(), RunConfig{Limits: Limits{Compute: limit}})
	defer r.Close()
	r.look() // the clock begins here
	began := threadTime()
	_, err := r.Call(p, "f", own...)
	took := threadTime() - began - limit
	var fault *PanicError
	if errors.As(err, &fault) {
		t.Fatalf("%s: panic: %v\n%s", src, fault.Value, fault.Stack)
	}
	return max(0, took)
}

// TestFunctionsStopInTime: whatever function of the language a run is in when its time is over, it ends
// soon. Every function of the tables gets a huge value in each place, and equal ones in the first two.
func TestFunctionsStopInTime(t *testing.T) {
	if underRace {
		t.Skip("time is measured without the race detector")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	programs := map[string]*Program{}
	report := newOverview(t)
	for _, kind := range bigKinds {
		if !*long && !kind.short {
			continue
		}
		big := kind.make()
		other := big
		if big.k == KindString {
			other = String(strings.Clone(big.Str()))
		}
		for _, c := range callables() {
			for i := range min(len(c.params), 4) {
				report.add(c.name, kind.name, i, past(t, programs, c.source(i), big, other))
			}
			if len(c.params) > 1 {
				report.add(c.name, kind.name, 9, past(t, programs, c.source(0, 1), big, other))
			}
		}
	}
	report.end()
}

// pastReport collects what ran past its limit.
type pastReport struct {
	t     *testing.T
	lines []string
}

func newOverview(t *testing.T) *pastReport { return &pastReport{t: t} }

func (p *pastReport) add(name, kind string, place int, took time.Duration) {
	if took > slack {
		p.lines = append(p.lines, fmt.Sprintf("%8.1f ms %s with %s at %d", float64(took.Microseconds())/1000, name, kind, place))
	}
	if took > allowedPast() {
		p.t.Errorf("%s with %s at %d: %v past its limit, allowed are %v", name, kind, place, took, allowedPast())
	}
}

func (p *pastReport) end() {
	if *overview != "" {
		slices.Sort(p.lines)
		slices.Reverse(p.lines)
		os.WriteFile(*overview, []byte(strings.Join(p.lines, "\n")+"\n"), 0o644)
	}
}

// What takes long in the language itself. t is a copy of s, u another text of its length; a has many elements, o many
// properties, l the same long text many times.
var longWork = []string{
	"s + t", "s + 1 + t", "`${s}${t}`", "s == t", "s === u", "s != t", "s < t", "s >= u", "[s] + t", "s * 2", "+s", "-s", "s | 0", "!s", "typeof s",
	"switch (s) { case u: case t: break }", "x = s; x += t", "x = s; for (i = 0; i < 3; i++) x = x + t + i", "o[s]", "o[s] = 1", "s in o", "delete o[s]",
	"[...a]", "[...a, ...a]", "Math.max(...a)", "var [x, ...y] = a", "x = { ...o }", "for (k in a) { x = k }", "for (k in o) { x = k }", "a.length = 0", "a[a.length + 1000] = 1",
	"l.indexOf(u)", "l.includes(u)", "l.lastIndexOf(u)", "ArrayOptFind(l, 'This == x')", "l.sort()", "ArraySort(l, 'This', '+')", "a.sort()", "a.sort(function (p, q) { return q - p })",
	"new Set(l)", "new Map(a.map(function (e) { return [e, e] }))", "ArrayUnion(l, l)", "ArraySelectDistinct(l, 'This')", "ArrayMax(l, 'This')", "ArraySum(l, 'This')",
	"s.replace(/b/g, 'c')", "s.replace(/./g, 'cc')", "s.split(/b/)", "s.match(/./g)", "s.matchAll(/b?/g)", "/(b)c/.exec(s)", "s.search(/c/)", "s.replaceAll('a', 'bb')", "s.replace('a', function () { return s })",
	"JSON.parse('[' + s + ']')", "JSON.parse(EncodeJson(a), function (k, v) { return v })", "JSON.stringify(a, function (k, v) { return v })", "EncodeJson(o)", "EncodeJson(l)", "throw s", "try { throw s } catch (e) { x = e.message }",
	"Object.assign({}, o)", "Object.assign({}, a)", "Object.entries(o)", "Object.keys(a)", "Object.values(o)", "a.concat(a, a)", "a.join(s)", "l.join('')", "a.map(String)", "a.reverse()", "a.fill(s)", "a.flat()", "String(a)", "a + ''", "eval(s)", "new Function('a', s)",
}

// TestLongWorkStopsInTime is the same for operators, statements and what the table above cannot think of.
func TestLongWorkStopsInTime(t *testing.T) {
	if underRace {
		t.Skip("time is measured without the race detector")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	programs, report := map[string]*Program{}, newOverview(t)
	s := bigText("a")
	other := String(strings.Clone(s.Str()))
	last := String(s.Str()[:s.n-1] + "b")
	numbers := bigArray(2, func(i int) Value { return Int(int64(i*7919) % 1000003) })
	object := ObjectValue(&Object{})
	for i := range sized(fullArray) / 8 {
		object.Object().Set(fmt.Sprint("k", i), Int(int64(i)))
	}
	copied := String(strings.Repeat("a", 1<<20) + "c")
	texts := bigArray(4, func(int) Value { return copied })
	u := String(strings.Repeat("a", 1<<20) + "b")
	for _, body := range longWork {
		src := "function f(s, t, u, a, o, l) { if (l[0].length == u.length) x = u; " + body + " } // self = big"
		if strings.Contains(body, "l.") || strings.Contains(body, "(l") {
			report.add(body, "texts", 0, past(t, programs, src, s, other, u, numbers, object, texts))
			continue
		}
		report.add(body, "values", 0, past(t, programs, src, s, other, last, numbers, object, texts))
	}
	report.end()
}
