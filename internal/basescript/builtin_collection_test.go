package basescript

import (
	"strings"
	"testing"
	"time"
)

func TestMapAndSet(t *testing.T) {
	checkExprs(t, []exprCase{
		{"new Map().size", "0"},
		{"new Map([['a', 1], ['b', 2]]).get('b')", "2"},
		{"new Map([['a', 1]]).get('x')", "undefined"},
		{"new Map([['a', 1]]).set('a', 2).set('b', 3).entries()", `[["a",2],["b",3]]`},
		{"[new Map([[1, 'one']]).get(1.0), new Map([[1, 'one']]).get('1')]", `["one",null]`},
		{"new Map([[NaN, 1]]).has(NaN)", "true"},
		{"(function () { var k = {}, m = new Map([[k, 1]]); return [m.has(k), m.has({})] })()", "[true,false]"},
		{"(function () { var m = new Map([['a', 1], ['b', 2]]), s = ''; for (let [k, v] of m) s += k + v; m.forEach((v, k) => s += v + k); return s })()", `"a1b21a2b"`},
		{"(function () { var m = new Map([['a', 1], ['b', 2], ['c', 3]]), s = ''; for (const e of m) { s += e[0]; m.delete('b'); if (m.size < 4) m.set('d', 4) } return s + m.size })()", `"acd3"`},
		{"(function () { var m = new Map(); for (i = 0; i < 100; i++) m.set(i, i); for (i = 0; i < 99; i++) m.delete(i); return [m.keys(), m.get(99), m.delete(99), m.delete(99), m.size] })()", "[[99],99,true,false,0]"},
		{"new Set([3, 1, 3, 2, 1]).values()", "[3,1,2]"},
		{"[...new Set('абаб')].join('')", `"аб"`},
		{"Array.from(new Set([1, 1])).length", "1"},
		{"new Set().add(1).add(1).add('1').size", "2"},
		{"(function () { var s = new Set([1, 2]); s.clear(); s.add(5); return s.values() })()", "[5]"},
		{"new Set([1]) instanceof Set && !(new Set() instanceof Map) && typeof Map == 'function'", "true"},
		{"ArraySelect(new Set([1, 2, 3]), 'This > 1')", "[2,3]"},
		{"new Map([1])", "error: Value is not a pair of key and value: 1"},
		{"new Set(5)", "error: Value is not an array: 5"},
		{"new Map().put(1)", "error: Unknown method: put()"},
		{"new Map().set(1)", "error: Wrong number of arguments"},
		{"new Map().nothing", "error: Unknown object property: nothing"},
	})
}

// What maps and sets hold counts against the budget.
func TestMapsAreWeighed(t *testing.T) {
	limits := Limits{Compute: 5 * time.Second, Bytes: 8 << 20}
	for _, body := range []string{
		"var s = new Set(); for (i = 0; ; i++) s.add(i)",
		"var m = new Map(); for (i = 0; ; i++) m.set(i, 'x'.repeat(1000))",
		"var s = new Set([1]); for (v of s) s.add(v + 1)",
		"var m = new Map(); while (true) m = new Map([[m, m]])",
	} {
		if got := evaluate(t, body, limits); !strings.HasPrefix(got, "error: Script stopped: its values") {
			t.Errorf("%s: %s", body, got)
		}
	}
	if got := evaluate(t, "var m = new Map(); for (i = 0; i < 100000; i++) { m.set(i, i); m.delete(i - 10) } return m.size", limits); got != "10" {
		t.Error(got)
	}
}
