package basescript

import (
	"testing"
	"time"
)

func TestEncodings(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Base64Encode('Привет')", `"0J/RgNC40LLQtdGC"`},
		{"Base64Decode('0J/RgNC40LLQtdGC')", `"Привет"`},
		{"Base64Decode('YQ')", `"a"`},
		{"Base64Decode('YQ==\\r\\n')", `"a"`},
		{"Base64Decode('0J_RgA')", `"Пр"`},
		{"Base64Decode('!')", "error: Invalid Base64 text"},
		{"Base64Encode(null)", `""`},
		{"HexData('aЯ')", `"61D0AF"`},
		{"DataFromHex('61d0AF')", `"aЯ"`},
		{"DataFromHex('6')", "error: Invalid hexadecimal text"},
		{"Md5Hex('hello')", `"5d41402abc4b2a76b9719d911017c592"`},
		{"StrLen(Md5('hello'))", "16"},
		{"HexData(SHA1('hello'))", `"AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D"`},
		{"SHA1Base64('hello')", `"qvTGHdzF6KLavt4PO0gs2a6pQ00="`},
		{"SHA256Hex('hello')", `"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"`},
		{"StrLen(SHA256('hello'))", "32"},
		{"CRC('123456789')", "3421780262"},
		{"StrHexInt(FNV1a64('a'))", `"AF63DC4C8601EC8C"`},
		{"HtmlEncode('a<b & c\\r\\nd\\ne>')", `"a&lt;b &amp; c<br/>d<br/>e>"`},
		{"HtmlToPlainText('<p>a &amp; b<br/>c</p><script>x</scr</script>d<!-- e -->')", `"a & b\nc\nd"`},
		{"HtmlToPlainText('<style>x')", `""`},
		{"HtmlToPlainText('<a href=\"x\">t</a><BR />u')", `"t\nu"`},
		{"XmlEscape('<a b=\"c\">&')", `"&lt;a b=&quot;c&quot;&gt;&amp;"`},
		{"XmlAttrEncode('a\\n\\t\"<')", `"a&#10;&#09;&quot;&lt;"`},
		{"XmlStr('text', 'Hotel \"Ariana\"')", `"<text>Hotel &quot;Ariana&quot;</text>"`},
		{"HexData(EncodeCharset('Ёж☺', 'Windows-1251'))", `"A8E63F"`},
		{"DecodeCharset(EncodeCharset('Ёж', 'koi8-r'), 'KOI8-R')", `"Ёж"`},
		{"HexData(EncodeCharset('Ё', 'utf-16'))", `"0104"`},
		{"DecodeCharset(DataFromHex('E6'), 'cp-866')", `"ц"`},
		{"EncodeCharset('Ё', 'utf-8')", `"Ё"`},
		{"EncodeCharset('Ё', 'klingon')", "error: Unknown charset: 'klingon'"},
	})
}

func TestLiterals(t *testing.T) {
	inZone(t, time.UTC)
	checkExprs(t, []exprCase{
		{"XQueryLiteral(null)", `"null()"`},
		{"XQueryLiteral(undefined)", `"null()"`},
		{`XQueryLiteral("it's")`, `"'it\\'s'"`},
		{`XQueryLiteral('a\\b')`, `"'a\\\\b'"`},
		{"XQueryLiteral(7177256154427237596)", `"7177256154427237596"`},
		{"XQueryLiteral(2.5)", `"2.5"`},
		{"XQueryLiteral(true)", `"true()"`},
		{"XQueryLiteral(Date('2024-03-05T09:07:00'))", `"date('2024-03-05T09:07:00')"`},
		{"XQueryLiteral(Date('2024-03-05T09:07'))", `"date('2024-03-05T09:07:00')"`},
		{"XQueryLiteral(Date('2024-03-05'))", `"date('2024-03-05')"`},
		{"XQueryLiteral({})", "error: Value is not a scalar: JsObject"},
		{"XQueryLiteral(NaN)", "error: Value is not a scalar: NaN"},
		{"SqlLiteral(null)", `"NULL"`},
		{`SqlLiteral("it's")`, `"'it''s'"`},
		{"SqlLiteral(5)", `"5"`},
		{"SqlLiteral(false)", `"0"`},
		{"SqlLiteral(Date('2024-03-05T09:07:00'))", `"'2024-03-05T09:07:00'"`},
		{"CodeLiteral(undefined)", `"undefined"`},
		{"CodeLiteral(null)", `"null"`},
		{`CodeLiteral("it's\\\n")`, `"'it\\'s\\\\\\n'"`},
		{`CodeLiteral('a"b', '"')`, `"\"a\\\"b\""`},
		{"CodeLiteral('a', 'x')", "error: Quote must be ' or \""},
		{"CodeLiteral(12)", `"12"`},
		{"CodeLiteral(true)", `"true"`},
		{"CodeLiteral(Date('2024-03-05T09:07:00'))", `"Date( '2024-03-05T09:07:00' )"`},
		{"CodeLiteral([])", "error: Value is not a scalar: JsArray"},
	})
}

// Values pasted into string expressions must stay values, whatever they contain.
func TestLiteralsInStringExpressions(t *testing.T) {
	for _, function := range []string{"XQueryLiteral", "CodeLiteral"} {
		for _, value := range []string{`plain`, `back\slash`, `\' || evil() //`, `' || evil() || '`, `\\' + evil() + '`} {
			body := "var ran = false; function evil() { ran = true; return true } var list = [ParseJson(" +
				string(appendJSONText(nil, string(appendJSONText(nil, value)))) + ")]; var found;" +
				"try { found = ArrayOptFind(list, 'This == ' + " + function + "(list[0])) } catch (e) { found = 'refused' } return [ran, found]"
			got := evaluate(t, body, exprLimits)
			if got != "[false,"+string(appendJSONText(nil, value))+"]" && got != `[false,"refused"]` {
				t.Errorf("%s of %s: %s", function, value, got)
			}
		}
	}
}

func TestURLs(t *testing.T) {
	const tree = "'http://user@news.websoft.ru:80/db/kb/tree.html?query=x&y=%D0%AF+1#top'"
	checkExprs(t, []exprCase{
		{"UrlEncode('a-b.htm Я_')", `"a%2Db%2Ehtm%20%D0%AF%5F"`},
		{"UrlDecode('a%2Db%20%D0%AF%5F+%zz%')", `"a-b Я_+%zz%"`},
		{"UrlDecode('%u0430%uD83D%uDE00%u12')", `"а😀%u12"`},
		{"UrlEncode16('qwerty-апрол.htm')", `"qwerty%2D%u0430%u043F%u0440%u043E%u043B%2Ehtm"`},
		{"UrlDecode(UrlEncode16('ёж 😀'))", `"ёж 😀"`},
		{"UrlEncodeQuery({a: 1, b: 'x y', c: null})", `"a=1&b=x%20y&c="`},
		{"UrlEncodeQuery({})", `""`},
		{"UrlEncodeQuery(null)", "error: Value is not an object: null"},
		{"UrlEncodeQueryExt({a: 'Я'}, 'windows-1251')", `"a=%DF"`},
		{"UrlSchema(" + tree + ")", `"http"`},
		{"UrlHost(" + tree + ")", `"news.websoft.ru:80"`},
		{"UrlPath(" + tree + ")", `"/db/kb/tree.html"`},
		{"UrlParam(" + tree + ")", `"query=x&y=%D0%AF+1"`},
		{"UrlQuery(" + tree + ")", `{"query":"x","y":"Я 1"}`},
		{"UrlQuery('http://x')", `{}`},
		{"UrlFileName(" + tree + ")", `"tree.html"`},
		{"UrlPathSuffix(" + tree + ")", `".html"`},
		{"UrlPathSuffix('x-local://wtv/file')", `""`},
		{"UrlParent(" + tree + ")", `"http://user@news.websoft.ru:80/db/kb/"`},
		{"UrlParent('x-local://wtv/libs/main.js')", `"x-local://wtv/libs/"`},
		{"UrlHost('x-local://wtv/libs/main.js')", `"wtv"`},
		{"UrlAppendPath('http://www.lin.ru/service', 'z/1.htm')", `"http://www.lin.ru/service/z/1.htm"`},
		{"UrlAppendPath('http://www.lin.ru/service/?a=1', '/z')", `"http://www.lin.ru/service/z?a=1"`},
		{"IsAbsoluteUrlStr('x-local://a')", "true"},
		{"IsAbsoluteUrlStr('c:/a')", "false"},
		{"AbsoluteUrl('zz/1.htm', 'x-local://data/static')", `"x-local://data/static/zz/1.htm"`},
		{"AbsoluteUrl('/1.htm', 'x-local://data/static')", `"x-local://data/1.htm"`},
		{"AbsoluteUrl('http://a/b', 'x-local://data')", `"http://a/b"`},
		{"encodeURIComponent('a b&Я!')", `"a%20b%26%D0%AF!"`},
		{"encodeURI('http://x/я?a=b c')", `"http://x/%D1%8F?a=b%20c"`},
		{"decodeURIComponent('a%20b%26%D0%AF')", `"a b&Я"`},
		{"decodeURI('%26%20')", `"%26 "`},
		{"decodeURIComponent('%')", "error: URI malformed"},
		{"decodeURIComponent('%FF')", "error: URI malformed"},
	})
}
