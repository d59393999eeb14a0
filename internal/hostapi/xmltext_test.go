package hostapi_test

import "testing"

// The form of tools.object_to_text without 'json' (spec/basescript.md 3.1).
func TestXMLForm(t *testing.T) {
	b := newBench(t)
	for value, want := range map[string]string{
		"'a<b>&я'":                    "<value>a&lt;b&gt;&amp;я</value>",
		"5":                           `<value TYPE="integer">5</value>`,
		"7.5":                         `<value TYPE="real">7.5</value>`,
		"true":                        `<value TYPE="bool">true</value>`,
		"null":                        `<value TYPE="null"></value>`,
		"undefined":                   `<value TYPE="undefined"></value>`,
		"Date('2024-03-05T09:07:00')": `<value TYPE="date">2024-03-05T09:07:00</value>`,
		"({a: 'x', b: {c: 1}})":       `<value><a>x</a><b><c TYPE="integer">1</c></b></value>`,
		"['one', 'two']":              "<value><value>one</value></value><value><value>two</value></value>",
		"[]":                          `<value TYPE="array"></value>`,
		"({})":                        `<value TYPE="object"></value>`,
		"({value: 'x'})":              `<value TYPE="object"><value>x</value></value>`,
		"({'a b': 1, property: 2})":   `<value><property NAME="a b" TYPE="integer">1</property><property NAME="property" TYPE="integer">2</property></value>`,
		"'a' + StrFromCharCode(0)":    `<value TYPE="base64">YQA=</value>`,
		"({f: alert})":                `<value></value>`,
	} {
		b.prints("alert(tools.object_to_text("+value+"))", want)
		b.prints("alert(tools.object_to_text("+value+", 'xml'))", want)
	}
	b.prints(`alert(tools.array_to_text(['one', 'two', 'three'], 'xml'))`,
		"<data><value>one</value></data><data><value>two</value></data><data><value>three</value></data>")
	b.prints(`alert(tools.array_to_text(['one'], 'xml', 'd')); alert(tools.object_to_text({a: 1}, 'xml', 3, 'person'))`,
		"<d><value>one</value></d>", `<person><a TYPE="integer">1</a></person>`)
	b.prints(`alert(tools.object_to_text({a:{a:{a:{a:{a:{}}}}}}))`, `<value><a><a><a><a><a TYPE="null"></a></a></a></a></a></value>`)
	b.prints(`o = {}; o.o = o; alert(tools.object_to_text(o, 'xml', 2))`, `<value><o><o TYPE="null"></o></o></value>`)
	b.fails(`tools.object_to_text({}, 'xml', 0)`, "The depth is a number from 1 to 100")
}

// What is written reads as it was.
func TestXMLRoundTrip(t *testing.T) {
	b := newBench(t)
	for _, value := range []string{
		`'Привет, <мир> & "все"'`, `'  two\n lines\t '`, `'a\r\nb'`, `''`, `7177256154427237596`, `-5`, `7.25`, `true`, `false`, `null`, `[]`, `({})`,
		`[1]`, `['x']`, `[[1, 2], [3]]`, `[[[]]]`, `[{a: 1}, {a: 2}]`, `[null, undefined, '']`, `[[], {}, [[]]]`,
		`({value: 'x'})`, `({value: ['x']})`, `({value: {value: 1}})`, `({value: 1, b: 2})`, `({data: [1]})`,
		`({list: ['one'], empty: [], none: null, n: {m: [{k: 'v'}]}})`, `({'a b': 1, '': 2, '1': 3, 'имя': 4, 'a-b.c': 5, property: {property: 6}})`,
		`[{value: 5}]`, `[{value: [1, 2]}]`, `Base64Decode('/wA=')`, `[Base64Decode('/wA=')]`,
	} {
		b.prints(`v = `+value+`; w = tools.read_object(tools.object_to_text(v, 'xml', 50), 'xml'); x = tools.read_object(tools.object_to_text(v, 'xml', 50));
			alert(EncodeJson(v) == EncodeJson(w) && EncodeJson(v) == EncodeJson(x) && DataType(v) == DataType(w) ? 'same' : tools.object_to_text(v) + EncodeJson(w))`, "same")
		b.prints(`v = [`+value+`, 'x']; w = tools.read_object(tools.array_to_text(v)); alert(EncodeJson(v) == EncodeJson(w) ? 'same' : tools.array_to_text(v) + EncodeJson(w))`, "same")
	}
	b.prints(`v = Date('2024-03-05T09:07:00+03:00'); w = tools.read_object(tools.object_to_text({d: v})).d; alert(DataType(w) + ' ' + (v == w) + ' ' + StrXmlDate(w))`,
		"date true 2024-03-05T09:07:00+03:00")
	b.prints(`alert(DataType(tools.read_object(tools.object_to_text({r: 7.0 + 0.0})).r))`, "real")
}

// Other people's XML: elements are members, repeated ones an array, attributes are left out.
func TestForeignXML(t *testing.T) {
	b := newBench(t)
	for text, want := range map[string]string{
		`<?xml version="1.0" encoding="utf-8"?>\n<person id="5"><name>Иван</name><phone>1</phone><phone>2</phone></person>`: `{"name":"Иван","phone":["1","2"]}`,
		`<elem_count>Новый<count TYPE="integer">5</count></elem_count>`:                                                     `{"count":5}`,
		`<a><![CDATA[<x>]]></a>`: `"<x>"`, `<a/>`: `""`, `<a> x </a>`: `" x "`, `<a>1</a><b>2</b>`: `["1","2"]`, `<!-- c --><a>x</a>`: `"x"`,
	} {
		b.prints(`alert(EncodeJson(tools.read_object('`+text+`')))`, want)
	}
	b.fails(`tools.read_object('<a><b></a>')`, "Invalid XML: element <b> closed by </a> on line 1")
	b.fails(`tools.read_object('<a>')`, "Invalid XML: ")
	b.fails(`tools.read_object('', 'xml')`, "Invalid XML: no element")
	b.fails(`tools.read_object('text', 'xml')`, "Invalid XML: text outside of elements")
	b.fails(`tools.read_object('<a TYPE="integer">x</a>')`, "Invalid XML: the element a holds no integer")
	b.fails(`tools.read_object('<!DOCTYPE x [<!ENTITY e "boom">]><a>&e;</a>')`, "Invalid XML: invalid character entity &e;")
	b.fails(`tools.read_object('<a>'.repeat(600) + '</a>'.repeat(600))`, "The XML is nested deeper than 500 levels")
	b.fails(`tools.read_object('<r>' + '<a/>'.repeat(50000) + '</r>')`, "The XML has more than 41943 elements")
}
