package gojabench

// work is a script for both sides. Its function main is called once per turn: with arg, or, where the
// script has a function prepare, with what prepare returned before the clock started.
type work struct {
	name string
	src  string
	arg  string
	// gojaSrc replaces src for goja where the dialect's own functions are used.
	gojaSrc string
	// prepared: main gets the result of prepare.
	prepared bool
	// bar is how many times as fast as goja ours has to be.
	bar float64
}

const message = `{"socket_action":"init_socket","socket_type":"ws_group","uid":"7f3a9c","user_id":"7177256154427237596","tags":[{"name":"is_person","value":"1"}],"n":42}`

const handler = `
function main(text) {
	var m = parse(text);
	switch (m.socket_action) {
	case 'close_socket':
		return '';
	case 'init_socket':
		host1(m.socket_type);
		host2(m.user_id, m.n);
		host3(m.uid);
		var reply = { socket_action: m.socket_action, socket_type: m.socket_type, uid: m.uid, error: 0, count: m.tags.length };
		return encode(reply);
	}
	return '';
}`

const prepareObjects = `
function prepare() {
	var list = [], i;
	for (i = 0; i < 10000; i++) { list.push({ id: i, type: i % 100 }); }
	return list;
}`

const filterObjects = prepareObjects + `
function main(list) {
	var y = 77, found = list.filter(function (This) { return This.type == y; });
	return '' + found.length;
}`

const deep = `
function deep(n) { if (n == 0) throw 'x'; return deep(n - 1) + 1; }`

var works = []work{
	{name: "Handler", bar: 6, src: handler, arg: message},
	{name: "PropertyLoop", bar: 4, src: `
function main(x) {
	var list = [], i, sum = 0;
	for (i = 0; i < 10000; i++) { list.push({ id: i, value: i * 2 }); }
	for (i = 0; i < list.length; i++) { sum = sum + list[i].value; }
	return '' + sum;
}`},
	{name: "Scan10000", bar: 4, prepared: true, src: prepareObjects + `
function main(list) {
	var i, sum = 0;
	for (i = 0; i < list.length; i++) { if (list[i].type == 7) sum += list[i].id; }
	return '' + sum;
}`},
	{name: "StringAppend1000", bar: 20, src: `
function main(x) { var s = '', i; for (i = 0; i < 1000; i++) { s = s + 'item ' + i + ';'; } return s; }`},
	{name: "StringAppendAssign1000", bar: 20, src: `
function main(x) { var s = '', i; for (i = 0; i < 1000; i++) { s += 'item ' + i + ';'; } return s; }`},
	{name: "Fib25", bar: 3, src: `
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function main(x) { return '' + fib(25); }`},
	{name: "Fib25If", bar: 3, src: `
function fib(n) { if (n < 2) return n; return fib(n - 1) + fib(n - 2); }
function main(x) { return '' + fib(25); }`},
	{name: "MillionAdditions", bar: 6, src: `
function main(x) { var s = 0, i; for (i = 0; i < 1000000; i++) { s = s + i; } return '' + s; }`},
	{name: "MillionAdditionsAssign", bar: 6, src: `
function main(x) { let s = 0; for (let i = 0; i < 1000000; i++) { s += i; } return '' + s; }`},
	{name: "MillionAdditionsTopLevelNames", bar: 6, src: `
function main(x) { s = 0; i = 0; while (i < 1000000) { s = s + i; i = i + 1; } return '' + s; }`},
	{name: "SelectLiteral10000", bar: 6, prepared: true, gojaSrc: filterObjects, src: prepareObjects + `
function main(list) { var y = 77, found = ArraySelect(list, 'This.type == y'); return '' + found.length; }`},
	{name: "SelectBareName10000", bar: 6, prepared: true, gojaSrc: filterObjects, src: prepareObjects + `
function main(list) { var y = 77, found = ArraySelect(list, 'type == y'); return '' + found.length; }`},
	{name: "SelectComputed10000", bar: 6, prepared: true, gojaSrc: filterObjects, src: prepareObjects + `
function main(list) { var y = 77, found = ArraySelect(list, 'This.type == ' + y); return '' + found.length; }`},
	{name: "SelectConstant10000", bar: 6, prepared: true, gojaSrc: filterObjects, src: prepareObjects + `
function main(list) { var found = ArraySelect(list, 'This.type == 77'); return '' + found.length; }`},
	{name: "ForInHostCall100000", bar: 20, prepared: true, src: `
function prepare() { var list = [], i; for (i = 0; i < 100000; i++) { list.push(i); } return list; }
function main(list) { var e; for (e in list) { host3(e); } return ''; }`, gojaSrc: `
function prepare() { var list = [], i; for (i = 0; i < 100000; i++) { list.push(i); } return list; }
function main(list) { var e; for (e of list) { host3(e); } return ''; }`},
	{name: "ThrowNear", bar: 1, src: `
function main(x) { var n = 0, i; for (i = 0; i < 1000; i++) { try { throw 'x'; } catch (e) { n++; } } return '' + n; }`},
	{name: "ThrowNewError", bar: 1, src: `
function main(x) { var n = 0, i; for (i = 0; i < 1000; i++) { try { throw new Error('x' + i); } catch (e) { n++; } } return '' + n; }`},
	{name: "ThrowRead", bar: 1, src: `
function main(x) { var n = 0, i; for (i = 0; i < 1000; i++) { try { throw new Error('x' + i); } catch (e) { n += e.message.length; } } return '' + n; }`},
	{name: "ThrowAcross20", bar: 1, src: deep + `
function main(x) { var n = 0, i; for (i = 0; i < 100; i++) { try { deep(20); } catch (e) { n++; } } return '' + n; }`},
	{name: "ThrowAcross200", bar: 1, src: deep + `
function main(x) { var n = 0, i; for (i = 0; i < 100; i++) { try { deep(200); } catch (e) { n++; } } return '' + n; }`},
	{name: "ThrowRethrown", bar: 1, src: `
function again(n) { try { if (n == 0) throw new Error('x'); again(n - 1); } catch (e) { throw e; } }
function main(x) { var n = 0, i; for (i = 0; i < 100; i++) { try { again(20); } catch (e) { n++; } } return '' + n; }`},
	{name: "CatchBuiltin", bar: 1, src: `
function main(x) { var n = 0, i; for (i = 0; i < 1000; i++) { try { parse('{'); } catch (e) { n++; } } return '' + n; }`},
	{name: "CatchUndefinedCall", bar: 1, src: `
function main(x) { var n = 0, i, u; for (i = 0; i < 1000; i++) { try { u(); } catch (e) { n++; } } return '' + n; }`},
	{name: "PropertyProbe", bar: 1, src: `
function main(x) { var n = 0, i, rec = { Id: 1 }; for (i = 0; i < 1000; i++) { try { rec.Name; } catch (e) { n++; } } return '' + n; }`, gojaSrc: `
function main(x) { var n = 0, i, rec = null; for (i = 0; i < 1000; i++) { try { rec.Name; } catch (e) { n++; } } return '' + n; }`},
	{name: "TryWithoutThrow", bar: 1, src: `
function main(x) { var n = 0, i; for (i = 0; i < 10000; i++) { try { n = n + 1; } catch (e) { n = 0; } } return '' + n; }`},
}
