package basescript

import (
	"errors"
	"strings"
	"testing"
)

func TestObjectMethods(t *testing.T) {
	for _, tc := range []exprCase{
		{"var o = {a: 1, u: undefined}; return [o.HasProperty('a'), o.HasProperty('u'), o.HasProperty('x'), o.HasProperty('toString')]", "[true,true,false,false]"},
		{"return ({a: 1}).GetProperty('a')", "1"},
		{"return ({}).GetProperty('x')", "error: Unknown object property: x"},
		{"return ({u: undefined}).GetProperty('u')", "undefined"},
		{"return [({}).GetOptProperty('x'), ({}).GetOptProperty('x', 5), ({n: null}).GetOptProperty('n', 5)]", "[null,5,null]"},
		{"return ({u: undefined}).GetOptProperty('u', 5)", "undefined"},
		{"return ({}).GetOptProperty('push', 'none')", `"none"`},
		{"return [].GetOptProperty('push', 'none')", `"none"`},
		{"var o = {}; o.SetProperty('a', 1); o.SetProperty(5, 'five'); o.SetProperty('a', 2); return o", `{"a":2,"5":"five"}`},
		{"var o = {a: 1}; o.AddProperty('a', 9); o.AddProperty('b', 2); return o", `{"a":1,"b":2}`},
		{"var o = {a: 1}; o.AddProperty('x', 1, 2); return o.GetProperty('x', 9)", "1"},
		{"var a = [5, 6]; return [a.HasProperty(1), a.HasProperty(2), a.GetProperty(0), a.GetOptProperty(7, 'd')]", `[true,false,5,"d"]`},
		{"try { throw 'x' } catch (e) { return [e.GetOptProperty('message'), e.HasProperty('code')] }", `["x",false]`},
		{"var o = {get g() { return 5 }}; return o.GetOptProperty('g')", "5"},
		{"function C() {} C.prototype.p = 1; return [new C().HasProperty('p'), new C().hasOwnProperty('p')]", "[true,false]"},
		{"for (k in ({a: 1})) return k", `"a"`},
		{"var o = Object.freeze({a: 1}); o.SetProperty('a', 2)", "error: Object is read only: a"},
		{"return ({}).toString()", `"[object Object]"`},
		{"var s = ({}).toString; return [s.call([]), s.call(null), s.call('x'), s.call(5), s.call(true), s.call(Date()), s.call(Int)]",
			`["[object Array]","[object Null]","[object String]","[object Number]","[object Boolean]","[object Date]","[object Function]"]`},
	} {
		if got := evaluate(t, tc.expr, exprLimits); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

func TestObjectsByName(t *testing.T) {
	host := Global{Name: "host", Sig: "any", Value: constant(hostValue(&testHost{props: map[string]Value{"Key": Int(1)}}))}
	names := Global{Name: "named", Sig: "any", Value: constant(hostValue(&namedHost{testHost{names: []string{"a"}, props: map[string]Value{"a": Int(5)}}}))}
	for _, tc := range []exprCase{
		{"return CallObjectMethod('abc', 'toUpperCase')", `"ABC"`},
		{"return CallObjectMethod([1, 2], 'join', ['-'])", `"1-2"`},
		{"return CallObjectMethod({f: function (x) { return x + 1 }}, 'f', [1])", "2"},
		{"return CallObjectMethod(host, 'Count', [1, 2])", "2"},
		{"return CallObjectMethod(host, 'Abort', null)", "error: Unknown method: Abort()"},
		{"return CallObjectMethod(host, 'Count', 5)", "error: Value is not an array: 5"},
		{"return GetObjectProperty({a: 1}, 'a')", "1"},
		{"return GetObjectProperty({}, 'a')", "error: Unknown object property: a"},
		{"return GetObjectProperty(host, 'Key')", "1"},
		{"return GetOptObjectProperty(host, 'None')", "undefined"},
		{"return GetOptObjectProperty(undefined, 'None')", "undefined"},
		{"var o = {}; SetObjectProperty(o, 'a', 1); return GetOptObjectProperty(o, 'a')", "1"},
		{"SetObjectProperty(host, 'None', 1)", "error: Unknown object property: None"},
		{"var o = {a: 1}; return [GetObjectPropertyOrSelf(o, 'This') == o, GetObjectPropertyOrSelf(o, 'a')]", "[true,1]"},
		{"return [host.GetOptProperty('Key'), host.GetOptProperty('x', 2), host.HasProperty('Key')]", "[1,2,true]"},
		{"host.SetProperty('Key', 7); return host.Key", "7"},
		{"return Object.keys(named)", `["a"]`},
		{"return GetClassObjectPropertyNames({b: 1, a: 2})", `["b","a"]`},
	} {
		if got := evaluate(t, tc.expr, exprLimits, host, names); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

func TestObjectStatics(t *testing.T) {
	for _, tc := range []exprCase{
		{"return Object.keys({b: 1, a: 2})", `["b","a"]`},
		{"return Object.keys(['x', 'y'])", `["0","1"]`},
		{"return Object.keys('x')", `[]`},
		{"return Object.keys(null)", "error: Value is not an object: null"},
		{"return Object.values({b: 1, get a() { return 2 }})", "[1,2]"},
		{"return Object.entries({a: 1, b: [2]})", `[["a",1],["b",[2]]]`},
		{"return Object.fromEntries([['a', 1], ['b', 2]])", `{"a":1,"b":2}`},
		{"return Object.assign({a: 1}, {b: 2}, null, {a: 3})", `{"a":3,"b":2}`},
		{"var p = {x: 1}; var o = Object.create(p); return [o.x, Object.getPrototypeOf(o) == p, Object.keys(o)]", "[1,true,[]]"},
		{"return [Object.getPrototypeOf({}), Object.getPrototypeOf(5), Object.create(null)]", "[null,null,{}]"},
		{"return Object.create(5)", "error: Value is not an object: 5"},
		{"var o = {}; Object.defineProperty(o, 'a', {value: 1}); Object.defineProperty(o, 'b', {get: function () { return this.a + 1 }}); return [o.a, o.b]", "[1,2]"},
		{"return Object.defineProperty([], '0', {get: function () { return 1 }})", "error: An array takes no get and set functions"},
		{"var o = Object.freeze({a: 1}); o.a = 2", "error: Object is read only: a"},
		{"return [Object.isFrozen(Object.freeze({})), Object.isFrozen({}), Object.isFrozen(1)]", "[true,false,true]"},
		{"return [Object.is(NaN, NaN), Object.is(1, '1')]", "[true,false]"},
		{"var o = {}; return [Object(o) == o, new Object(), Object(5)]", "[true,{},5]"},
	} {
		if got := evaluate(t, tc.expr, exprLimits); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []exprCase{
		{"try { throw Error('a') } catch (e) { return e.message }", `"a"`},
		{"try { throw new Error('a') } catch (e) { return e.message }", `"a"`},
		{"try { throw new TypeError() } catch (e) { return e.message }", `""`},
		{"return Error('a').message", `"a"`},
		{"try { throw UserError('shown') } catch (e) { return '' + e }", `"shown"`},
		{"try { throw 'a' } catch (e) { return ExtractUserError(e) == '' + e }", "true"},
		{"try { throw UserError('shown', Error('inner')) } catch (e) { return ExtractUserError(e) }", `"shown"`},
		{"return ExtractUserError('text')", `"text"`},
		{"try { Cancel() } catch (e) { return IsCancelError(e) }", "true"},
		{"try { throw 'x' } catch (e) { return IsCancelError(e) }", "false"},
		{"return IsCancelError('x')", "false"},
		{"return Error('a').toString() == '' + Error('a')", "true"},
	} {
		if got := evaluate(t, tc.expr, exprLimits); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
	r := newTestRun(t, Limits{})
	_, err := cancel(r, nil)
	var e *Error
	if !errors.As(err, &e) || e.Kind != Cancelled {
		t.Errorf("Cancel fails with %v", err)
	}
}

// Deleted properties of a large object are gone from everything that looks at it, and the order of the
// rest stays.
func TestDeleteFromLargeObject(t *testing.T) {
	const make = "(function () { var o = {}; for (i = 0; i < 20; i++) o['k' + i] = i; for (i = 0; i < 20; i++) if (i != 3 && i != 17) delete o['k' + i]; "
	few := strings.Replace(make, "i != 3 && i != 17", "i > 4 && i < 8", 1)
	checkExprs(t, []exprCase{
		{make + "return o })()", `{"k3":3,"k17":17}`},
		{make + "return Object.keys(o) })()", `["k3","k17"]`},
		{make + "return [o.k3, o.k17, o.HasProperty('k4'), o.GetOptProperty('k0')] })()", `[3,17,false,null]`},
		{make + "o.k4 = 'again'; return o })()", `{"k3":3,"k17":17,"k4":"again"}`},
		{few + "var s = ''; for (k in o) s += k; return s })()", `"k0k1k2k3k4k8k9k10k11k12k13k14k15k16k17k18k19"`},
		{few + "return EncodeJson({...o}) == EncodeJson(o) && EncodeJson(o) == JSON.stringify(o, function (k, v) { return v }) })()", `true`},
		{few + "return Object.entries(o).length + ' ' + Object.values(o)[5] })()", `"17 8"`},
		{few + "var s = ''; for (k in o) { s += k; delete o[k]; delete o.k9 } return s })()", `"k0k1k2k3k4k8k10k11k12k13k14k15k16k17k18k19"`},
		{few + "o.k5 = 1; o.k99 = 2; delete o.k0; return Object.keys(o).join() })()", `"k1,k2,k3,k4,k8,k9,k10,k11,k12,k13,k14,k15,k16,k17,k18,k19,k5,k99"`},
	})
}
