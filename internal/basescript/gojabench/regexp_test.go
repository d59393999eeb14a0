package gojabench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// regExpScript runs one expression over one text in every way there is and puts the results into one
// text, the same on both sides. Left out is what goja is known to do otherwise than ECMAScript:
// replacing with a sticky expression, and splitting at empty matches.
const regExpScript = `
function show(m) {
	if (m === null) { return 'null'; }
	var s = m.index + ':', i;
	for (i = 0; i < m.length; i++) { s += '[' + (m[i] === undefined ? 'undefined' : "'" + m[i] + "'") + ']'; }
	return s;
}
function join(list) {
	if (list === null) { return 'null'; }
	var s = '', i;
	for (i = 0; i < list.length; i++) { s += '[' + (list[i] === undefined ? 'undefined' : list[i]) + ']'; }
	return s;
}
function main(source, flags, text, wide) {
	var re, s, list, i, all = flags.replace('y', '').replace('g', '') + 'g';
	try { re = new RegExp(source, flags); } catch (e) { return 'invalid'; }
	s = re.test(text) + ' ' + re.lastIndex;
	re.lastIndex = 0;
	s += '\nexec ' + show(re.exec(text)) + ' ' + re.lastIndex + ' ' + show(re.exec(text)) + ' ' + re.lastIndex;
	re.lastIndex = 0;
	s += '\nsearch ' + text.search(re);
	list = text.match(new RegExp(wide, all));
	s += '\nmatch ' + join(list);
	if (!re.sticky) { s += '\nreplace ' + text.replace(re, "<$&|$1|$2|$'>") + ' ' + re.lastIndex; }
	s += '\nall ' + text.replace(new RegExp(wide, all), function (m, a) { return '{' + m + '}'; });
	if (list !== null) { for (i = 0; i < list.length; i++) { if (list[i] === '') { return s; } } }
	s += '\nsplit ' + join(text.split(new RegExp(source, flags)));
	return s;
}`

type regExpCase struct{ source, flags, text string }

// regExpTable are cases worth a name of their own. Not here, because goja is known to be wrong: \p{L}, two
// groups of one name.
var regExpTable = []regExpCase{
	{``, ``, ``}, {``, ``, `ab`}, {`a`, `i`, `bAa`}, {`(a)(b)?`, ``, `xac`}, {`^(?:\d+)-(\d+)$`, ``, `12-34`}, {`(\w+)\s(\w+)`, ``, `иван John Smith`},
	{`[а-яё]+`, `i`, `ЁЖИК и Лес`}, {`[^а-я]`, `i`, `ЖжЁ`}, {`\bfoo\b`, ``, `a foo b`}, {`\Bo`, ``, `foo o`}, {`(?=(a+))a*b\1`, ``, `baaabac`}, {`(?!b)[abc]`, ``, `bca`},
	{`(?<=b)\w`, ``, `abc`}, {`(?<!b)\w`, ``, `bca`}, {`(a)|(b)`, ``, `ba`}, {`a{2}`, ``, `aaaaa`}, {`a{2,}?`, ``, `aaaaa`}, {`a{0,1}b`, ``, `aab`}, {`x{,2}`, ``, `x{,2}`}, {`a{`, ``, `a{`},
	{`[]`, ``, `a`}, {`[^]`, ``, "\n"}, {`.`, ``, "\nя"}, {`.`, `s`, "\n"}, {`\s+`, ``, "a \t\u00a0\ufeffb"}, {`\S+`, ``, `  ab `}, {`\d`, ``, `a٣5`}, {`\D\W`, ``, `a-5`}, {`^b$`, `m`, "a\nb\nc"},
	{`\x41\u0042\t`, ``, "AB\t"}, {`\cA`, ``, "\x01"}, {`[\b]`, ``, "\b"}, {`\0`, ``, "\x00"}, {`\/`, ``, `/`}, {`[/\]\-^]`, ``, `]-^/`}, {`[a-c-e]+`, ``, `b-e`}, {`[\d-x]+`, ``, `5-x`},
	{`(z)((a+)?(c))`, ``, `zaac`}, {`(?:a|ab)(?:c|bcd)(d*)`, ``, `abcd`}, {`(a*)`, ``, `baa`}, {`a|`, ``, `ba`}, {`$`, ``, `ab`}, {`(?:)`, ``, `ab`}, {`a`, `y`, `aab`}, {`b`, `y`, `ab`}, {`a`, `gy`, `aaba`},
	{`(`, ``, ``}, {`)`, ``, ``}, {`[`, ``, ``}, {`*`, ``, ``}, {`a**`, ``, ``}, {`a{2,1}`, ``, ``}, {`[z-a]`, ``, ``}, {`\`, ``, ``}, {`a`, `gg`, ``}, {`a`, `q`, ``}, {`(?<1>a)`, ``, ``},
	{`(?<y>\d+)-(?<m>\d+)`, ``, `2024-03`}, {`(?<q>['"]).*?\k<q>`, ``, `a "b" 'c'`}, {`\u{44f}`, `u`, `я`}, {`^.$`, `u`, `😀`}, {`[^x]`, `u`, `😀`},
}

// slowMatch is what goja's matches are ended after; the results are then worth nothing.
const slowMatch = 100 * time.Millisecond

// TestRegExpAgrees: both sides find the same.
func TestRegExpAgrees(t *testing.T) {
	regexp2.DefaultMatchTimeout = slowMatch
	defer func() { regexp2.DefaultMatchTimeout = time.Duration(math.MaxInt64) }()
	ours, theirs := regExpSides(t)
	check := func(c regExpCase) {
		began := time.Now()
		a, b := ours(c), theirs(c)
		if a != b && time.Since(began) < slowMatch {
			t.Errorf("/%s/%s on %q\nours:\n%s\ngoja:\n%s", c.source, c.flags, c.text, a, b)
		}
	}
	for _, c := range regExpTable {
		check(c)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	n := 0
	g := patternGenerator{rand.New(rand.NewPCG(seed, 1))}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && n < 5000; n++ {
		if check(g.next()); t.Failed() {
			return
		}
	}
	t.Logf("%d expressions", n)
}

func regExpSides(t testing.TB) (ours, theirs func(regExpCase) string) {
	p, err := basescript.Compile("x-local://re.js", regExpScript, basescript.Options{Globals: globals(), Library: true})
	if err != nil {
		t.Fatal(err)
	}
	ours = func(c regExpCase) string {
		r := basescript.NewRun(context.Background(), basescript.RunConfig{Limits: basescript.Limits{Compute: time.Second}})
		defer r.Close()
		v, err := r.Call(p, "main", basescript.String(c.source), basescript.String(c.flags), basescript.String(c.text), basescript.String(c.source))
		if err != nil {
			return err.Error()
		}
		return v.Text()
	}
	vm := goja.New()
	if _, err := vm.RunString(regExpScript); err != nil {
		t.Fatal(err)
	}
	main, _ := goja.AssertFunction(vm.Get("main"))
	theirs = func(c regExpCase) string {
		// Where Go's regexp does the work, goja leaves out an empty match right behind another. An empty
		// look-ahead makes it take its other engine.
		wide := "(?=)(?:" + c.source + ")"
		v, err := main(goja.Undefined(), vm.ToValue(c.source), vm.ToValue(c.flags), vm.ToValue(c.text), vm.ToValue(wide))
		if err != nil {
			return err.Error()
		}
		return v.String()
	}
	return ours, theirs
}

// patternGenerator makes expressions and texts of a small alphabet, so that they often match. It keeps
// to what both sides are to do alike: see repeatable.
type patternGenerator struct{ *rand.Rand }

func (g patternGenerator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g patternGenerator) next() regExpCase {
	var text strings.Builder
	for range g.IntN(12) {
		text.WriteString(g.pick("a", "b", "A", "я", "Я", "1", "-", " ", "ab", "\n", "aa"))
	}
	groups := 0
	c := regExpCase{source: g.alternatives(3, &groups), text: text.String()}
	if strings.Contains(c.source, `\b`) || strings.Contains(c.source, `\B`) { // one of goja's engines takes я for part of a word
		c.text = strings.NewReplacer("я", "a", "Я", "B").Replace(c.text)
	}
	for flag, rare := range map[string]int{"i": 500, "m": 4, "s": 4, "y": 4} { // not u: with it goja replaces more than the first match
		if g.IntN(rare) == 0 { // one of goja's engines takes its time to ignore case
			c.flags += flag
		}
	}
	return c
}

func (g patternGenerator) alternatives(depth int, groups *int) string {
	list := make([]string, 1+g.IntN(5)/3)
	for i := range list {
		for range 1 + g.IntN(3) {
			list[i] += g.term(depth, groups)
		}
	}
	return strings.Join(list, "|")
}

func (g patternGenerator) term(depth int, groups *int) string {
	switch n := g.IntN(12); {
	case n == 0:
		return g.pick("^", "$", `\b`, `\B`)
	case n == 1 && depth > 0:
		return g.pick("(?=", "(?!", "(?<=", "(?<!") + g.alternatives(depth-1, nil) + ")"
	case n < 5 && depth > 0:
		return g.group(depth, groups)
	case n == 5 && groups != nil && *groups > 0:
		return fmt.Sprintf(`(?:\%d)`, 1+g.IntN(*groups))
	}
	return g.atom() + g.pick("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?")
}

// Look-around has no groups inside (groups is nil there): goja drops one that begins before the group
// before it. A group is repeated only if it has no groups inside and cannot be empty: what its groups hold after
// several turns, and how often an empty turn is made, goja's engines see differently from ECMAScript.
func (g patternGenerator) group(depth int, groups *int) string {
	if g.IntN(3) == 0 {
		return "(?:" + g.atom() + g.pick("", "+", "|"+g.atom()) + ")" + g.pick("*", "+", "?", "{2}", "*?")
	}
	open := "(?:"
	if groups != nil && g.IntN(2) == 0 {
		open = "("
		*groups++
	}
	return open + g.alternatives(depth-1, groups) + ")"
}

// atom never excludes one character alone: one of goja's engines then looks for a match in wrong places.
func (g patternGenerator) atom() string {
	return g.pick("a", "b", "A", "я", "1", "-", " ", ".", `\d`, `\w`, `\s`, `\D`, `\W`, `\S`, "[ab]", "[^a1]", "[а-я]", `[^\s]`, `[\w-]`, "[A-Z1]", `\u0061`, `\x62`, `\n`, "[^]", strconv.Itoa(g.IntN(2)))
}
