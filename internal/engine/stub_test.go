package engine_test

import (
	"strings"
	"testing"
)

// Stubs stand in for functions the server does not have (design: product, "An app").
func TestStubs(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"stubs/XQuery.js": `
			var calls = 0;
			function XQuery(query) {
				calls++;
				if (StrContains(query, 'fail')) throw 'no such table';
				return [{ id: 7177256154427237596, name: 'Анна' }, { id: 2, name: 'Иван', query: query, calls: calls }];
			}`,
		"stubs/tools.open_doc.js":      `return { TopElem: { id: OptInt(arguments[0]), count: arguments.length } }`,
		"stubs/get_disp_name_value.js": "<%\nreturn 'name of ' + arguments[0]\n%>",
		"stubs/bad.js":                 `var =`,
		"stubs/OpenDoc.js":             `function (`,
		"stubs/ArraySelect.js":         `return 5`,
		"libs/l.js":                    `function rows() { return XQuery('from a library') }`,
	}})
	w.want("stubs", w.ok(`
		rows = XQuery('for $p in persons return $p');
		alert(ArrayCount(rows) + ' ' + IsArray(rows) + ' ' + ArrayOptFind(rows, 'This.id == 7177256154427237596').name + ' ' + ArrayMerge(ArraySort(rows, 'name', '-'), 'This.name', ','));
		for (row in rows) alert(row.name);
		rows.push(1);
		alert(XQuery('x')[1].calls + ' ' + tools.call_code_library_method('l', 'rows', [])[1].query + ' ' + XQuery('x').length);
		d = tools.open_doc('55', true); alert(d.TopElem.id + ' ' + d.TopElem.count);
		alert(tools.get_disp_name_value('te'));
		alert(ArraySelect([1, 2], 'This == 2').length);
		try { XQuery('fail') } catch (e) { alert(e) }`), []string{
		"2 true Анна Иван,Анна", "Анна", "Иван", "2 from a library 2", "55 2", "name of te", "1",
		"no such table\n(x-local://stubs/XQuery.js,   line 5)\n(XQuery(),  x-local://run.js,   line 10)",
	})
	_, outcome := w.run(`OpenDoc('x')`)
	if !strings.Contains(outcome.Error, "The stub x-local://stubs/OpenDoc.js cannot be used: ") {
		t.Errorf("outcome %s", outcome.Error)
	}
	_, outcome = w.run(`OpenNewDoc('x')`)
	if !strings.Contains(outcome.Error, "OpenNewDoc is not supported: tutorsocket has no document database; put a stand-in into stubs/OpenNewDoc.js\n(OpenNewDoc(),  x-local://run.js,   line 1)") {
		t.Errorf("outcome %s", outcome.Error)
	}
}

// A stand-in that calls what it stands in for ends like every endless recursion.
func TestStubThatCallsItself(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{"stubs/XQuery.js": `function XQuery(q) { return XQuery(q) }`}})
	w.write("stubs/OpenDoc.js", `return OpenDoc(1)`)
	if _, outcome := w.run(`XQuery(1)`); !strings.Contains(outcome.Error, "calls nested deeper than") {
		t.Errorf("outcome %s", outcome.Error)
	}
}
