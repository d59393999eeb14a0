package basescript

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestArrayFunctions(t *testing.T) {
	checkExprs(t, []exprCase{
		{"ArrayOptFirstElem([5, 6])", "5"},
		{"ArrayOptFirstElem([])", "undefined"},
		{"ArrayOptFirstElem([], 'none')", `"none"`},
		{"ArrayOptFirstElem(undefined)", "error: Value is not an array: undefined"},
		{"ArrayFirstElem([5])", "5"},
		{"ArrayFirstElem([])", "error: Array is empty"},
		{"ArrayCount([1, 2])", "2"},
		{"ArrayCount({})", "error: Value is not an array: JsObject"},
		{"ArrayCount('abc')", "error: Value is not an array: 'abc'"},
		{"ArrayOptSize([1])", "1"},
		{"ArrayOptFind([{a: 1}, {a: 2}], 'This.a == 2')", `{"a":2}`},
		{"ArrayOptFind([{a: 1}, {a: 2}], 'a == 2')", `{"a":2}`},
		{"ArrayOptFind([1, 2, 3], function (x) { return x > 1 })", "2"},
		{"ArrayOptFind([1], 'This == 5')", "undefined"},
		{"ArrayOptFind([0, '', 7], null)", "7"},
		{"ArrayOptFind([1], 5)", "error: A string expression or a function is expected, not integer"},
		{"ArrayFind([1], 'This == 5')", "error: Array element not found"},
		{"ArrayOptFindByKey([{id: 1}, {id: 2, n: 'b'}], 2)", `{"id":2,"n":"b"}`},
		{"ArrayOptFindByKey([{id: 1, code: 'x'}], 'x', 'code')", `{"id":1,"code":"x"}`},
		{"ArrayOptFindByKey([{id: 1}], '1')", "undefined"},
		{"ArrayOptFindByKey([{code: 1}, 5], 5)", "5"},
		{"ArraySelect([1, 2, 3, 4], 'This % 2 == 0')", "[2,4]"},
		{"ArraySelect([], 'nonsense')", "[]"},
		{"ArraySelect([1], 'nonsense')", "error: nonsense not defined"},
		{"ArraySelectByKey([{id: 1, g: 'a'}, {id: 2, g: 'b'}, {id: 3, g: 'a'}], 'a', 'g').length", "2"},
		{"ArraySelectBySortedKeyPrefix([{id: 'ab'}, {id: 'b'}], 'a')", `[{"id":"ab"}]`},
		{"ArraySelectAll([1, [2]])", "[1,[2]]"},
		{"ArrayExtract([{a: 1}, {a: 2}], 'This.a * 10')", "[10,20]"},
		{"ArrayExtract([1, 2], 'return ({k: This});')", `[{"k":1},{"k":2}]`},
		{"ArrayExtract([1, 2], null)", "[1,2]"},
		{"ArrayExtractKeys([{a: 1}, {a: 2}], 'a')", "[1,2]"},
		{"ArrayExtractKeys([{a: 1}, {}], 'a')", "error: Unknown object property: a"},
		{"ArrayMerge([{name: 'a'}, {name: 'b'}], 'name', ', ')", `"a, b"`},
		{"ArrayMerge([1, null, undefined, 2.5], 'This')", `"1undefined2.5"`},
		{"ArrayMerge([], 'This', ',')", `""`},
		{"ArrayMerge(['', 'a'], null, '-')", `"-a"`},
		{"ArrayUnion([1], [1, 2], [])", "[1,1,2]"},
		{"ArrayUnion([1], 2)", "error: Value is not an array: 2"},
		{"ArrayIntersect([1, 2, 3], [3, 2.0, '1'])", "[2,3]"},
		{"ArrayIntersect([{id: 1}, {id: 2}], [2], 'This.id')", `[{"id":2}]`},
		{"ArrayIntersect([{id: 1}, {id: 2}], [{k: 1}], 'id', 'k')", `[{"id":1}]`},
		{"ArraySelectDistinct([1, 2, 1, '1', 2.0])", `[1,2,"1"]`},
		{"ArraySelectDistinct([{g: 1, n: 'a'}, {g: 1, n: 'b'}, {g: 2, n: 'c'}], 'g')", `[{"g":1,"n":"a"},{"g":2,"n":"c"}]`},
		{"ArraySelectDistinct([null, undefined, null, NaN, NaN]).length", "4"},
		{"ArraySelectDistinct([Date('01.02.2024'), Date('2024-02-01')]).length", "1"},
		{"ArraySelectDistinctKeys([{g: 1}, {g: 1}, {g: 2}], 'This.g')", "[1,2]"},
		{"ArrayRange([1, 2, 3, 4], 1, 2)", "[2,3]"},
		{"ArrayRange([1, 2], 1)", "[2]"},
		{"ArrayRange([1, 2], 5, 1)", "[]"},
		{"ArrayRange([1, 2], -1, 1)", "[1]"},
		{"ArrayMax([{v: 1}, {v: 9}, {v: 9, x: 1}], 'v')", `{"v":9}`},
		{"ArrayMin([3, 1, 2], 'This')", "1"},
		{"ArrayMax([3, 1])", "3"},
		{"ArrayMax([])", "error: Array is empty"},
		{"ArrayOptMax([], 'This')", "undefined"},
		{"ArrayOptMin(['b', 'a'], 'This')", `"a"`},
		{"ArraySum([1, 2, 3], 'This')", "6"},
		{"ArraySum([{v: 1}, {v: 2.5}, {v: null}, {v: ''}, {v: '3'}], 'v')", "6.5r"},
		{"ArraySum([], 'v')", "0"},
		{"ArraySum([7177256154427237596, 1], 'This')", "7177256154427237597"},
		{"ArraySum(['x'], 'This')", "error: Value is not a number: 'x'"},
		{"ArrayExpand([{l: [1]}, {l: []}, {l: [2, 3]}], 'l')", "[1,2,3]"},
		{"ArrayExpand([[1], [2]])", "[1,2]"},
		{"ArrayExpand([1], 'This')", "error: Value is not an array: 1"},
	})
	body := "var a = [1]; return ArrayDirect(a) == a"
	if got := evaluate(t, body, exprLimits); got != "true" {
		t.Errorf("ArrayDirect of an array: %s", got)
	}
}

func TestArraySort(t *testing.T) {
	checkExprs(t, []exprCase{
		{"ArraySort([3, 1, 2], 'This')", "[1,2,3]"},
		{"ArraySort([3, 1, 2], 'This', '-')", "[3,2,1]"},
		{"ArraySort([{n: 'b', i: 1}, {n: 'a', i: 2}, {n: 'a', i: 1}], 'n', '+', 'i', '-')", `[{"n":"a","i":2},{"n":"a","i":1},{"n":"b","i":1}]`},
		{"ArraySort([{n: 1, i: 1}, {n: 1, i: 2}, {n: 1, i: 3}], 'n', '-')", `[{"n":1,"i":1},{"n":1,"i":2},{"n":1,"i":3}]`},
		{"ArraySort(['б', 10, null, 9, 'а', 2.5], 'This')", `[null,2.5,9,10,"а","б"]`},
		{"ArraySort([NaN, 1, 0 - 1], 'This')", "[null,-1,1]"},
		{"ArraySort([2, 1], null)", "[1,2]"},
		{"ArraySort([2, 1], 'This.x')", "error: Unknown object property: x"},
		{"ArraySort([], 'This')", "[]"},
		{"ArraySort([2, 1], function (x) { return 0 - x })", "[2,1]"},
	})
	if got := evaluate(t, "var a = [2, 1]; ArraySort(a, 'This'); return a", exprLimits); got != "[2,1]" {
		t.Errorf("the argument of ArraySort became %s", got)
	}
}

func TestMergeSort(t *testing.T) {
	for n := range 70 {
		list := make([][2]int, n)
		for i := range list {
			list[i] = [2]int{rand.IntN(n), i}
		}
		want := slices.Clone(list)
		compare := func(a, b [2]int) int { return a[0] - b[0] }
		slices.SortStableFunc(want, compare)
		if err := mergeSort(list, func(a, b [2]int) (int, error) { return compare(a, b), nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(list, want) {
			t.Fatalf("%d elements: %v, want %v", n, list, want)
		}
	}
}

func TestArrayFunctionsOnCollections(t *testing.T) {
	r := newTestRun(t, exprLimits)
	item := func(key string) Value {
		return hostValue(&testHost{props: map[string]Value{"Key": String(key)}})
	}
	list := Global{Name: "list", Sig: "any", Value: constant(collection(item("b"), item("a")))}
	empty := Global{Name: "empty", Sig: "any", Value: constant(hostValue(&testHost{items: []Value{}}))}
	for _, tc := range []exprCase{
		{"ArrayCount(list)", "2"},
		{"ArrayOptSize(list)", "undefined"},
		{"ArrayOptFirstElem(list).Key", `"b"`},
		{"ArrayOptFind(list, \"This.Key == 'a'\").Key", `"a"`},
		{"ArrayOptFindByKey(list, 'a', 'Key').Key", `"a"`},
		{"ArrayMerge(list, 'Key', ',')", `"b,a"`},
		{"ArrayExtract(ArraySort(list, 'Key'), 'Key')", `["a","b"]`},
		{"ArraySelect(list, \"Key > 'a'\").length", "1"},
		{"ArraySelectAll(list).length", "2"},
		{"IsArray(ArrayDirect(list))", "true"},
		{"ArrayRange(list, 1)[0].Key", `"a"`},
		{"ArrayOptFirstElem(empty, 1)", "1"},
		{"Array.from(list).length", "2"},
	} {
		if got := evaluate(t, "return "+tc.expr, exprLimits, list, empty); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
	r.Close()
}

func TestArrayMethods(t *testing.T) {
	for _, tc := range []exprCase{
		{"return [].push()", "0"},
		{"var a = [1]; var n = a.push(2, 3); return [n, a]", "[3,[1,2,3]]"},
		{"var a = [1, 2]; return [a.pop(), a.shift(), a.pop(), a.shift(), a]", "[2,1,null,null,[]]"},
		{"var a = [3]; return [a.unshift(1, 2), a]", "[3,[1,2,3]]"},
		{"var a = [1, 2, 3, 4]; return [a.splice(1, 2), a]", "[[2,3],[1,4]]"},
		{"var a = [1, 4]; return [a.splice(1, 0, 2, 3), a]", "[[],[1,2,3,4]]"},
		{"var a = [1, 2, 3]; return [a.splice(-1), a, a.splice(0, 1, 'x'), a]", `[[3],["x",2],[1],["x",2]]`},
		{"var a = [1, 2]; return [a.splice(), a.splice(9, 9, 3), a]", "[[],[],[1,2,3]]"},
		{"var a = [1, 2, 3, 4, 5]; a.splice(1, 3, 'x'); return a", `[1,"x",5]`},
		{"return [1, 2, 3].slice(-2, -1)", "[2]"},
		{"return [1, 2].slice()", "[1,2]"},
		{"return [1, 2].slice(5)", "[]"},
		{"return [1].concat([2, [3]], 4, [])", "[1,2,[3],4]"},
		{"return [1, null, undefined, 'x', 2.5, [3]].join()", `"1,,,x,2.5,"`},
		{"return [1, 2].join('')", `"12"`},
		{"return [1, [2]].toString()", `"1,"`},
		{"return [1, 2, 3].reverse()", "[3,2,1]"},
		{"return [10, 9, undefined, 1].sort()", "[1,10,9,null]"},
		{"return [10, 9, 1].sort(function (a, b) { return a - b })", "[1,9,10]"},
		{"return [1, 2].sort(function () { throw 'no' })", "error: no"},
		{"return [1].sort(5)", "error: Value is not a function: 5"},
		{"return [1, '1', 1.0].indexOf('1')", "1"},
		{"return [1, 2, 1].indexOf(1, 1)", "2"},
		{"return [1, 2, 1].indexOf(1, -1)", "2"},
		{"return [1, 2, 1].lastIndexOf(1)", "2"},
		{"return [1, 2, 1].lastIndexOf(1, -2)", "0"},
		{"return [1, 2].lastIndexOf(5)", "-1"},
		{"return [NaN].includes(NaN)", "true"},
		{"return [1].includes('1')", "false"},
		{"return [1, 2, 3].find(function (x) { return x > 1 })", "2"},
		{"return [1, 2, 3].findIndex(function (x, i) { return i == 2 })", "2"},
		{"return [1, 2, 3].findLast(function (x) { return x < 3 })", "2"},
		{"return [1].findLastIndex(function (x) { return x < 0 })", "-1"},
		{"return [1, 2, 3].filter(function (x, i, a) { return a[i] != 2 })", "[1,3]"},
		{"return [1, 2].map(function (x) { return {x: x} })", `[{"x":1},{"x":2}]`},
		{"return [1].map('This')", "error: Value is not a function: 'This'"},
		{"return [1, 2].map(function (x) { throw 'bad' + x })", "error: bad1"},
		{"var s = 0; [1, 2].forEach(function (x) { s += x }); return s", "3"},
		{"return [[1, 2].some(function (x) { return x > 1 }), [].some(function () { return true })]", "[true,false]"},
		{"return [[1, 2].every(function (x) { return x > 1 }), [].every(function () { return false })]", "[false,true]"},
		{"return [1, 2, 3].reduce(function (s, x) { return s + x })", "6"},
		{"return ['a', 'b'].reduceRight(function (s, x) { return s + x }, '')", `"ba"`},
		{"return [].reduce(function () {})", "error: Reduce of an empty array needs an initial value"},
		{"return [1, [2, [3]]].flat()", "[1,2,[3]]"},
		{"return [1, [2, [3]]].flat(Infinity)", "[1,2,3]"},
		{"return [1, 2].flatMap(function (x) { return [x, [x]] })", "[1,[1],2,[2]]"},
		{"return new Array(3).fill(7)", "[7,7,7]"},
		{"return [1, 2, 3].fill(0, 1, -1)", "[1,0,3]"},
		{"return [[1, 2].at(-1), [1].at(5)]", "[2,null]"},
		{"var a = [1]; return [a.AppendUniqueValue(1), a.AppendUniqueValue(2), a]", "[false,true,[1,2]]"},
		{"return [[1].ByValueExists(1), [1].ByValueExists('1')]", "[true,false]"},
		{"var a = [5]; return [a.ObtainByValue(5), a.ObtainByValue(6), a]", "[0,1,[5,6]]"},
		{"var a = [1, 3]; return [a.ObtainBySortedValue(3), a.ObtainBySortedValue(2), a, a.FindIndexBySortedValue(9)]", "[1,1,[1,2,3],-1]"},
		{"var a = Object.freeze([1]); a.push(2)", "error: Object is read only"},
		{"var a = [3, 1, 2]; a.sort(function (x, y) { a.length = 0; return x - y }); return a", "[1,2,3]"},
		{"var a = [1, 2, 3]; var n = 0; a.forEach(function () { n++; a.pop() }); return n", "2"},
	} {
		if got := evaluate(t, tc.expr, exprLimits); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

func TestArrayConstructor(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Array()", "[]"},
		{"new Array", "[]"},
		{"Array(2)", "[null,null]"},
		{"new Array('2')", `["2"]`},
		{"Array(1, 2)", "[1,2]"},
		{"Array(-1)", "error: Invalid array length"},
		{"Array(1.5)", "error: Invalid array length"},
		{"Array.of(3)", "[3]"},
		{"Array.isArray([])", "true"},
		{"Array.isArray({length: 0})", "false"},
		{"Array.from('аб')", `["а","б"]`},
		{"Array.from({length: 3}, function (x, i) { return i * 2 })", "[0,2,4]"},
		{"Array.from({length: 2, '0': 'a'})", `["a",null]`},
		{"Array.from({})", "[]"},
		{"Array.from(null)", "error: Value is not an array: null"},
	})
}

// compat.null_equals_undefined holds for keys too.
func TestDistinctWithNullEqualToUndefined(t *testing.T) {
	for compat, want := range map[bool]int{false: 2, true: 1} {
		r := NewRun(t.Context(), RunConfig{NullEqualsUndefined: compat})
		list := ObjectValue(r.NewArray([]Value{Null, Undefined}))
		v, err := arrayDistinct(false)(r, []Value{list})
		if err != nil || v.Object().Len() != want {
			t.Errorf("null == undefined is %v: %s, %v", compat, repr(r, v), err)
		}
		r.Close()
	}
}
