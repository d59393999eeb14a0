package basescript

import (
	"strings"
	"testing"
)

func TestStringFunctions(t *testing.T) {
	checkExprs(t, []exprCase{
		{"StrContains('Привет', 'рив')", "true"},
		{"StrContains('Привет', 'РИВ')", "false"},
		{"StrContains('Привет', 'РИВ', true)", "true"},
		{"StrContains('a', 'A', undefined)", "false"},
		{"StrContains('a', 'A', {})", "false"},
		{"StrContains(undefined, 'fin')", "true"},
		{"StrContains('abc', '')", "true"},
		{"StrContains(null, null)", "true"},
		{"StrBegins('!!!x', '!!!')", "true"},
		{"StrBegins(Error('!!!x'), '!!!')", "true"},
		{"StrEnds('a.JS', '.js', true)", "true"},
		{"StrEnds('js', '.js')", "false"},
		{"StrEqual(undefined, 'undefined')", "true"},
		{"StrEqual('ЁЖ', 'ёж', true)", "true"},
		{"StrEqual(null, '')", "true"},
		{"StrReplace('a-b-c', '-', '+')", `"a+b+c"`},
		{"StrReplace('a-b', '', '+')", `"a-b"`},
		{"StrReplace('a.b', '.', '$&')", `"a$&b"`},
		{"StrReplace('aaa', 'aa', 'b')", `"ba"`},
		{"StrReplace(12, 2, 3)", `"13"`},
		{"StrReplaceOne('a-b-c', '-', '+')", `"a+b-c"`},
		{"StrReplaceOne('abc', 'x', '+')", `"abc"`},
		{"StrLowerCase('ПриВЕТ')", `"привет"`},
		{"StrUpperCase('straße ёж')", `"STRAßE ЁЖ"`},
		{"StrTitleCase('STRING')", `"String"`},
		{"StrTitleCase(' STRING')", `" string"`},
		{"StrTitleCase('ёЖ')", `"Ёж"`},
		{"StrTitleCase('')", `""`},
		{"StrTitleCase(undefined)", `"Undefined"`},
		{"StrNonTitleCase('ABC')", `"aBC"`},
		{"Trim(' \\t\\r\\n слово \\n')", `"слово"`},
		{"Trim('  ')", `""`},
		{"Trim(null)", `""`},
		{"Trim('a\\u00a0') == 'a\\u00a0'", "true"},
		{"UnifySpaces('   ')", `"   "`},
		{"UnifySpaces(' aaa\\nbbb\\t\\tccc   ddd ')", `" aaa bbb ccc ddd "`},
		{"StrLen('слово')", "10"},
		{"StrLen(undefined)", "9"},
		{"StrLen(null)", "0"},
		{"StrLen({})", "0"},
		{"StrCharCount('слово')", "5"},
		{"StrCharCount('😀')", "1"},
		{"StrLeftRange('abc', 2)", `"ab"`},
		{"StrLeftRange('abc', 10)", `"abc"`},
		{"StrLeftRange('abc', -1)", `""`},
		{"StrLeftRange('слово', 4)", `"сл"`},
		{"StrLeftCharRange('слово', 2)", `"сл"`},
		{"StrLeftCharRange('слово', 'x')", "error: Value is not an integer: 'x'"},
		{"StrRangePos('abcdef', 1, 3)", `"bc"`},
		{"StrRangePos('abcdef', 6, 9)", `""`},
		{"StrRangePos('abcdef', 4, 100)", `"ef"`},
		{"StrRangePos('abcdef', 3, 3)", `""`},
		{"StrRangePos('abcdef', 2, 1)", `""`},
		{"StrRangePos('abcdef', 2)", `"cdef"`},
		{"StrRangePos('слово', StrOptSubStrPos('слово', 'о'), 8)", `"ов"`},
		{"StrCharRangePos('слово', 1, 3)", `"ло"`},
		{"StrCharRangePos('слово', 3, 9223372036854775807)", `"во"`},
		{"StrRightRangePos('abcdef', 4)", `"ef"`},
		{"StrRightRangePos('abcdef', 40)", `""`},
		{"StrOptSubStrPos('слово', 'во')", "6"},
		{"StrOptSubStrPos('слово', 'ВО')", "undefined"},
		{"StrOptSubStrPos('слово', 'ВО', true)", "6"},
		{"StrOptSubStrPos('abcabc', 'b', false, 2)", "4"},
		{"StrOptSubStrPos('abc', 'b', false, 99)", "undefined"},
		{"StrOptSubStrPos('\\u212Ax', 'X', true)", "3"},
		{"StrOptSubStrPosB('abc', 'c')", "2"},
		{"StrOptSubStrRightPos('abcabc', 'b')", "4"},
		{"StrOptSubStrRightPos('abcabc', 'b', false, 3)", "1"},
		{"StrOptSubStrRightPos('abcabc', 'B', true)", "4"},
		{"StrOptSubStrRightPos('abc', 'x')", "undefined"},
		{"StrOptSubStrRightPos('abc', 'a', false, 9223372036854775807)", "0"},
	})
}

func TestStringTools(t *testing.T) {
	checkExprs(t, []exprCase{
		{"StrScan('http://x.ru/vacancy/15.htm', '%*s/vacancy/%s.htm')", `["15"]`},
		{"StrScan('a=1;b=2', 'a=%s;b=%s')", `["1","2"]`},
		{"StrScan('abc', 'x%s')", "error: Invalid format"},
		{"StrOptScan('abc', 'x%s')", "undefined"},
		{"StrOptScan('abc', 'a%sd')", "undefined"},
		{"StrOptScan('100%', '%s%')", `["100"]`},
		{"StrOptScan('ab', '%s%s')", `["","ab"]`},
		{"StrSplit2('a=b=c', '=')", `["a","b=c"]`},
		{"StrSplit2('abc', '=')", `["abc",""]`},
		{"StrSplit2('\"a\":\\'b\\'', ':', true)", `["a","b"]`},
		{"StrSplit2('\"a:b', ':', true)", `["\"a","b"]`},
		{"StrSplitToLines('a\\r\\nb\\n')", `["a","b",""]`},
		{"StrMatchesPattern('report.xml', '*.xml')", "true"},
		{"StrMatchesPattern('abcabc', 'a*b*c')", "true"},
		{"StrMatchesPattern('abcab', 'a*b*c')", "false"},
		{"StrMatchesPattern('abc', 'abc')", "true"},
		{"StrMatchesPattern('ab', 'ab*b')", "false"},
		{"StrMatchesMultiPattern('a.js', '*.xml, *.js')", "true"},
		{"StrIsAlphaNum('abc123')", "true"},
		{"StrIsAlphaNum('abc_')", "false"},
		{"StrIsAlphaNum('слово')", "false"},
		{"StrFromCharCode(1071)", `"Я"`},
		{"StrFromCharCodesArray([55357, 56832])", `"😀"`},
		{"StrFromCharCodesArray(StrToCharCodesArray('Я😀'))", `"Я😀"`},
		{"StrToCharArray('Яa')", `["Я","a"]`},
		{"StrToCharCodesArray('😀')", "[55357,56832]"},
		{"String.fromCharCode(65, 1071, 128512)", `"AЯ😀"`},
		{"StrFromCharCode('x')", "error: Value is not a character code: 'x'"},
		{"PersonShortName('Петров', 'Пётр', 'Ильич')", `"Петров П.И."`},
		{"PersonShortName('Петров', '')", `"Петров"`},
	})
}

func TestStringMethods(t *testing.T) {
	checkExprs(t, []exprCase{
		{"'слово'.charAt(1)", `"л"`},
		{"'слово'.charAt(5)", `""`},
		{"'слово'.charAt(-1)", `""`},
		{"'abcdefghijklmnopqrstuvwxyzЯ'.charAt(26)", `"Я"`},
		{"'слово'.at(-1)", `"о"`},
		{"'слово'.at(9)", "undefined"},
		{"'Яx'.charCodeAt(0)", "1071"},
		{"'x'.charCodeAt(5)", "NaNr"},
		{"'x'.codePointAt(5)", "undefined"},
		{"'слово'.indexOf('во')", "3"},
		{"'слово'.indexOf('о', 3)", "4"},
		{"'слово'.indexOf('x')", "-1"},
		{"'abc'.indexOf('')", "0"},
		{"'слово слово'.lastIndexOf('слово')", "6"},
		{"'слово слово'.lastIndexOf('слово', 5)", "0"},
		{"'abc'.lastIndexOf('x')", "-1"},
		{"'слово'.includes('ло')", "true"},
		{"'слово'.includes('с', 1)", "false"},
		{"'слово'.startsWith('ло', 1)", "true"},
		{"'слово'.endsWith('ло', 3)", "true"},
		{"'слово'.slice(1, 3)", `"ло"`},
		{"'слово'.slice(-2)", `"во"`},
		{"'слово'.slice(3, 1)", `""`},
		{"'слово'.slice(-100, 100)", `"слово"`},
		{"'слово'.substring(3, 1)", `"ло"`},
		{"'слово'.substring(-1, NaN)", `""`},
		{"'слово'.substr(1, 2)", `"ло"`},
		{"'слово'.substr(-2)", `"во"`},
		{"'слово'.substr(2, -1)", `""`},
		{"'a,b,c'.split(',')", `["a","b","c"]`},
		{"'a,b,c'.split(',', 2)", `["a","b"]`},
		{"'аб'.split('')", `["а","б"]`},
		{"''.split(',')", `[""]`},
		{"''.split('')", `[]`},
		{"'abc'.split()", `["abc"]`},
		{"'a.b.c'.replace('.', '$&')", `"a$&b.c"`},
		{"'a.b.c'.replace('.', function (m, at) { return m + at })", `"a.1b.c"`},
		{"'a.b.c'.replaceAll('.', '-')", `"a-b-c"`},
		{"'яб'.replaceAll('', '-')", `"-я-б-"`},
		{"'aab'.replaceAll('a', function (m, at) { return at })", `"01b"`},
		{"'abcb'.match('b').index", "1"},
		{"'abc'.match('x')", "null"},
		{"'abcb'.matchAll('b')", `[["b"],["b"]]`},
		{"'слово'.search('во')", "3"},
		{"'abc'.search('x')", "-1"},
		{"'ПриВЕТ'.toLowerCase()", `"привет"`},
		{"'привет'.toUpperCase()", `"ПРИВЕТ"`},
		{"' \\u00a0x\\ufeff '.trim()", `"x"`},
		{"' x '.trimStart()", `"x "`},
		{"' x '.trimEnd()", `" x"`},
		{"'ab'.repeat(2)", `"abab"`},
		{"'ab'.repeat(0)", `""`},
		{"'ab'.repeat(-1)", "error: Value is not a count: -1"},
		{"''.repeat(1e18)", `""`},
		{"'5'.padStart(3, '0')", `"005"`},
		{"'я'.padStart(4, 'аб')", `"абая"`},
		{"'abc'.padStart(2)", `"abc"`},
		{"'a'.padEnd(3)", `"a  "`},
		{"'a'.padEnd(3, '')", `"a"`},
		{"'a'.concat('b', 5, null)", `"ab5"`},
		{"['ж', 'Ё', 'е', 'Е', 'а'].sort(function (a, b) { return a.localeCompare(b) })", `["а","е","Е","Ё","ж"]`},
		{"'a'.toString() + 'b'.valueOf()", `"ab"`},
		{"'x'.trim.call(5)", `"5"`},
	})
}

func TestTextsThatAreNotUTF8(t *testing.T) {
	r := newTestRun(t, exprLimits)
	for _, s := range []string{"\xff\xfe", "\x80", "\x80\x80a", "a\xd0", "\xd0\x9f\x80\x80б"} {
		n := charCount(s)
		if end := charOffset(s, n+1); end != len(s) {
			t.Errorf("%q: character %d is at %d, want the end", s, n, end)
		}
		low, err := strMap(strLower)(r, []Value{String(s)})
		if err != nil || len(low.Str()) != len(s) {
			t.Errorf("%q in lower case: %q, %v", s, low.Str(), err)
		}
		for i := -2; i <= n+2; i++ {
			if _, err := stringMethods["slice"].Call(r, String(s), []Value{Int(int64(i))}); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCharPositions(t *testing.T) {
	for _, s := range []string{"", "abc", "слово", "a😀б" + strings.Repeat("xя", 20), strings.Repeat("a", 33)} {
		var offsets []int
		for i := range s {
			offsets = append(offsets, i)
		}
		offsets = append(offsets, len(s), len(s), len(s))
		if got := charCount(s); got != len(offsets)-3 {
			t.Errorf("%q has %d characters, want %d", s, got, len(offsets)-3)
		}
		for n, want := range offsets {
			if got := charOffset(s, n); got != want {
				t.Errorf("character %d of %q is at %d, want %d", n, s, got, want)
			}
		}
	}
}

// A short piece of a long text must not keep the whole text in memory.
func TestPiecesOfLongTextsAreCopied(t *testing.T) {
	r := newTestRun(t, exprLimits)
	long := strings.Repeat("x", 1<<20)
	before := r.bytes
	piece, err := r.part(String(long), 10, 20)
	if err != nil || r.bytes-before != 10 || piece.Str() != "xxxxxxxxxx" {
		t.Errorf("%q, %v, charged %d bytes", piece.Str(), err, r.bytes-before)
	}
}

func TestStringMethodsWithPatterns(t *testing.T) {
	r := newTestRun(t, exprLimits)
	pattern := func(expr string, all bool) Value {
		flags := ""
		if all {
			flags = "g"
		}
		v, err := r.newRegExp(String(expr), String(flags))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	shout, _ := r.newFunction(function{native: &Func{Name: "shout", Call: func(_ *Run, args []Value) (Value, error) {
		return String(args[0].Text() + "/" + args[1].Text() + "/" + args[2].Text() + "!"), nil
	}}})
	for _, tc := range []struct {
		method, self string
		args         []Value
		want         string
	}{
		{"replace", "2024-03-05", []Value{pattern(`(\d+)-(\d+)`, false), String("$2.$1 $$ $& $3 $`|$'")}, "\"03.2024 $ 2024-03 $3 |-05-05\""},
		{"replace", "a1b22", []Value{pattern(`\d+`, true), String("<$&>")}, `"a<1>b<22>"`},
		{"replace", "я1", []Value{pattern(`(?<n>\d)`, true), String("$<n>$<x>$")}, `"я1$"`},
		{"replace", "яx1", []Value{pattern(`x(\d)`, false), ObjectValue(shout)}, `"яx1/1/1!"`},
		{"replaceAll", "бa", []Value{pattern(`x*`, true), String("-")}, `"-б-a-"`},
		{"split", "a1b2c", []Value{pattern(`\d`, false)}, `["a","b","c"]`},
		{"split", "a1b", []Value{pattern(`(\d)|(x)`, false)}, `["a","1",null,"b"]`},
		{"split", "аб", []Value{pattern(``, false)}, `["а","б"]`},
		{"split", "a1b2c", []Value{pattern(`\d`, false), Int(2)}, `["a","b"]`},
		{"match", "a1b22", []Value{pattern(`\d+`, true)}, `["1","22"]`},
		{"match", "ab", []Value{pattern(`\d+`, true)}, `null`},
		{"match", "яb22", []Value{pattern(`b(?<n>\d+)(x)?`, false)}, `["b22","22",null]`},
		{"matchAll", "a1b2", []Value{pattern(`[a-z](\d)`, true)}, `[["a1","1"],["b2","2"]]`},
		{"search", "яb2", []Value{pattern(`\d`, false)}, `2`},
	} {
		v, err := stringMethods[tc.method].Call(r, String(tc.self), tc.args)
		if err != nil || repr(r, v) != tc.want {
			t.Errorf("%s of %s: %s, %v, want %s", tc.method, tc.self, repr(r, v), err, tc.want)
		}
	}
	v, _ := stringMethods["match"].Call(r, String("яb22"), []Value{pattern(`b(?<n>\d+)`, false)})
	index, _ := v.Object().Get("index")
	groups, _ := v.Object().Get("groups")
	if index.Int() != 1 || repr(r, groups) != `{"n":"22"}` {
		t.Errorf("index %v, groups %s", index.Int(), repr(r, groups))
	}
}
