package basescript

import (
	"errors"
	"strings"
	"testing"
)

// TestSyntaxErrors: a syntax error says what is wrong, in plain words, at the line and character where its
// author sees it.
func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		name, src    string
		line, column int
		message      string
	}{
		{"missing operator", "html = ''\nhtml += 'Место: '+place'</b>'", 2, 24, "Unexpected string: an operator, a comma or a ; is missing before it"},
		{"stray name", "a = (1 j)", 1, 8, "Unexpected name j: an operator, a comma or a ; is missing before it"},
		{"missing comma", "f('a' 1)", 1, 7, "Unexpected number: an operator, a comma or a ; is missing before it"},
		{"name on the next line", "b = (2\nc = 3", 2, 1, "Unexpected name c"},
		{"Cyrillic before it", "имя = 'Привет' + * 2", 1, 18, "Unexpected token *"},
		{"after a string of several lines", "sql = 'a\nb' + * 2", 2, 6, "Unexpected token *"},
		{"after leading zeros and types", "var d: Дата = OptDate(2024, 03, 09) + * 2", 1, 39, "Unexpected token *"},
		{"after CR LF", "a = 1\r\nb = * 2\r\n", 2, 5, "Unexpected token *"},
		{"after CR", "a = 1\rb = * 2\r", 2, 5, "Unexpected token *"},
		{"after a line separator", "a = 1;\u2028b = * 2", 1, 12, "Unexpected token *"},
		{"after a byte order mark", "\ufeffa = * 2", 1, 5, "Unexpected token *"},
		{"inside tags", "<%\na = * 2 %>", 2, 5, "Unexpected token *"},
		{"missing bracket at the end", "function f() {\n\tif (a) {\n\t\tb()\n\t}\n\n", 4, 3, "Unexpected end of input: the { in line 1 is not closed"},
		{"missing round bracket at the end", "f(1,\n2", 2, 2, "Unexpected end of input: the ( in line 1 is not closed"},
		{"wrong bracket", "f([1, 2)\n", 1, 8, "Unexpected token ): the [ in line 1 is not closed"},
		{"a bracket too many", "f(1)\n}\n", 2, 1, "Unexpected token }"},
		{"unterminated string", "a = 1\nb = 'x\nc = 2\n", 2, 5, "Unterminated string"},
		{"unterminated string before others", "a = 1\nb = 'x\nc = 'y'\nd = 'z'", 2, 5, "Unterminated string: the next quote is in line 3"},
		{"unterminated string before an odd one", "b = \"x\nc = \"y\";\n", 1, 5, "Unterminated string: the next quote is in line 2"},
		{"unterminated comment", "a = 1 /* b\nc", 1, 7, "Unterminated comment"},
		{"unterminated template", "a = `b ${c} d\n", 1, 5, "Unterminated template string"},
		{"unterminated regular expression", "a = /b\nc", 1, 5, "Invalid regular expression: missing /"},
		{"typographic quote", "a = “b”", 1, 5, "Unexpected character “"},
		{"invisible character", "a = 1\n\u200bb = 2", 2, 1, "Unexpected character U+200B"},
		{"number and name", "a = 12ab", 1, 5, "Malformed number"},
		{"separator twice", "a = 1__0", 1, 7, "Only one underscore is allowed as numeric separator"},
		{"broken escape", "a = '\\u12'", 1, 5, "Malformed escape in a string"},
		{"integer too large", "a = 1\nb = 9223372036854775808", 2, 5, "Integer literal beyond 64 bits: 9223372036854775808"},
		{"documentation ellipsis", "function f(url) {...}", 1, 18, "Unexpected token ..."},
		{"modules", "import a from 'b'", 1, 1, "Modules (import and export) are not part of the language"},
		{"modules out", "export default a", 1, 1, "Modules (import and export) are not part of the language"},
		{"a comma before a bracket", "if (a) { b = 1, }", 1, 17, "Unexpected token }"},
		{"colon in a call", "f(a: 1)", 1, 4, "Unexpected token :"},
		{"marker in a call", "f(a?, 1)", 1, 5, "Unexpected token ,"},
		{"types outside declarations", "x = (a: int) + 1", 1, 7, "Unexpected token :"},
		{"tag in a script", "a = 1\n<% b = 2 %>", 1, 1, "Text outside <% %> in a script that is not a page"},
		{"text before a tag", "  <html>\n<% b = 2 %>", 1, 3, "Text outside <% %> in a script that is not a page"},
		{"text after a tag", "<% b = 2 %>\n text", 2, 2, "Text outside <% %> in a script that is not a page"},
		{"text between tags", "<% b = 2 %> text <% c %>", 1, 13, "Text outside <% %> in a script that is not a page"},
		{"tag left open", "\n<% b = 2", 2, 1, "Unterminated <%"},
		{"output in a script", "<%= b %>", 1, 1, "<%= writes to a page, and this is not one"},
		{"two namespaces", "namespace A { } namespace B { }", 1, 27, "A source has one namespace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile("x-local://s.js", c.src, Options{})
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v", c.src, err)
			}
			if e.Line != c.line || e.Column != c.column || e.Message != c.message {
				t.Errorf("%q:\ngot %d:%d %s\nwant %d:%d %s", c.src, e.Line, e.Column, e.Message, c.line, c.column, c.message)
			}
			shown, marker, _ := strings.Cut(e.Caret, "\n")
			if at := strings.IndexByte(marker, '^'); at != c.column-1 || strings.Contains(shown, "\n") {
				t.Errorf("caret at %d of %q", at, e.Caret)
			}
			if line := strings.FieldsFunc(strings.TrimPrefix(c.src, "\ufeff"), func(r rune) bool { return r == '\n' || r == '\r' }); c.line <= len(line) &&
				!strings.Contains(c.src, "\n\n") && !strings.HasPrefix(c.src, "\n") && strings.ReplaceAll(line[c.line-1], "\t", " ") != shown {
				t.Errorf("shows %q, not the line %q", shown, line[c.line-1])
			}
		})
	}
}

// TestLineBreaksInStrings: a raw line break is in the string as it stands in the file, CR LF as both
// characters (spec/basescript.md 1.9); a continued line has none.
func TestLineBreaksInStrings(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"print(EncodeJson('a\nb'))", `"a\nb"`},
		{"print(EncodeJson(\"a\r\nb\"))", `"a\r\nb"`},
		{"print(EncodeJson('a\rb'))", `"a\rb"`},
		{"print(EncodeJson('\r\n\r\n\n'))", `"\r\n\r\n\n"`},
		{"print(EncodeJson('a\\\nb\\\r\nc\\\rd'))", `"abcd"`},
		{"print(EncodeJson('it\\'s\r\n\"b\"\\\\\n'))", `"it's\r\n\"b\"\\\n"`},
		{"print(EncodeJson(`a\r\nb`))", `"a\nb"`}, // ECMAScript's rule: templates are not WebTutor's
		{"x = 'a\r\nb';\r\nthrow '3'", "error: 3\n(x-local://test.js,   line 3)"},
		{"x = 'Привет\xff'; print(StrLen(x))", "15"}, // a byte that is no UTF-8 is a replacement character
	} {
		if got := play(t, c.src, Options{}); got != c.want+"\n" {
			t.Errorf("%q: got %q, want %q", c.src, got, c.want)
		}
	}
}

// TestFunctionInfo: what a program says of its functions (spec/basescript.md 1.8, 1.13).
func TestFunctionInfo(t *testing.T) {
	p, err := Compile("x-local://lib.bs", `// a library
"META:NAMESPACE:shop";
"META:SOMETHING:1";
var gRate: number = 3;

function total(order: Order, count?: int, rate: number = gRate): number { return 1 }
"META:ALLOW-CALL-FROM-CLIENT:1";
function open( id, mode ? ) { "META:OTHER"; "x"; }
function closeAll({ a }, ...ids: int[]) { "META:ALLOW-CALL-FROM-CLIENT:1"; function inner() { } }
"META:ALLOW-CALL-FROM-CLIENT:1"; var x = 1;
function last() { var a; "META:ALLOW-CALL-FROM-CLIENT:1"; }`, Options{Library: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Namespace(); got != "shop" {
		t.Errorf("namespace %q", got)
	}
	if got := strings.Join(p.Functions(), " "); got != "total open closeAll last" {
		t.Errorf("functions %s", got)
	}
	for _, c := range []struct {
		name       string
		line       int
		params     string
		least, max int
		client     bool
	}{
		{"total", 6, "order count? rate?", 1, 3, false},
		{"open", 8, "id mode?", 1, 2, false},
		{"closeAll", 9, "", 1, -1, true},
		{"last", 11, "", 0, 0, false},
	} {
		info, ok := p.Function(c.name)
		params := ""
		for _, param := range info.Params {
			params += " " + param.Name
			if param.Optional {
				params += "?"
			}
		}
		if !ok || info.Name != c.name || info.Line != c.line || strings.TrimSpace(params) != c.params || info.Min != c.least ||
			info.Max != c.max || info.ClientCallable != c.client || !info.Strict {
			t.Errorf("%s: %+v %v", c.name, info, ok)
		}
	}
	if _, ok := p.Function("inner"); ok {
		t.Error("a nested function is described")
	}
	plain, err := Compile("x-local://lib.js", "'use strict'; function f(a, b?) { } namespace = 1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := plain.Function("f"); plain.Namespace() != "" || info.Strict || info.Min != 1 {
		t.Errorf("V1: %q %+v", plain.Namespace(), info)
	}
	if v2, err := Compile("x-local://lib.bs", "function f(a) { }", Options{V2: true}); err != nil {
		t.Error(err)
	} else if info, _ := v2.Function("f"); !info.Strict {
		t.Error("Options.V2 has no effect")
	}
}

// TestNamespaceBlock: the other way to write a V2 source.
func TestNamespaceBlock(t *testing.T) {
	p, err := Compile("x-local://ui.bs", "// ui\nnamespace Ui {\n\nvar size;\n\nfunction area( w, h ? ) { return w }\n\n} // Ui\nnamespace Ui { function more() { } }\n", Options{Library: true})
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := p.Function("area"); p.Namespace() != "Ui" || !ok || info.Line != 6 || info.Min != 1 || info.Max != 2 || !p.HasFunction("more") {
		t.Errorf("%q %+v %v", p.Namespace(), info, ok)
	}
}
