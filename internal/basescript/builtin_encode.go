package basescript

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"hash/fnv"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
)

func encodeGlobals() []Global {
	const one = "(text: any): string"
	const literal = "(value: any): string"
	const charset = "(text: any, charset: string): string"
	globals := functionGlobals([]Func{
		{Name: "Base64Encode", Min: 1, Call: grown(2, base64.StdEncoding.EncodeToString), Sig: one, Doc: "Writes bytes as Base64."},
		{Name: "Base64Decode", Min: 1, Call: base64Decode, Sig: one, Doc: "Reads Base64, with or without padding, of either alphabet."},
		{Name: "HexData", Min: 1, Call: grown(2, func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }), Sig: one, Doc: "Writes bytes as upper-case hexadecimal digits."},
		{Name: "DataFromHex", Min: 1, Call: dataFromHex, Sig: one, Doc: "Reads bytes from hexadecimal digits."},
		{Name: "Md5", Min: 1, Call: hashed(func(b []byte) string { h := md5.Sum(b); return string(h[:]) }), Sig: one, Doc: "Returns the MD5 hash as 16 bytes."},
		{Name: "Md5Hex", Min: 1, Call: hashed(func(b []byte) string { h := md5.Sum(b); return hex.EncodeToString(h[:]) }), Sig: one, Doc: "Returns the MD5 hash as 32 hexadecimal digits."},
		{Name: "SHA1", Min: 1, Call: hashed(func(b []byte) string { h := sha1.Sum(b); return string(h[:]) }), Sig: one, Doc: "Returns the SHA-1 hash as 20 bytes."},
		{Name: "SHA1Base64", Min: 1, Call: hashed(func(b []byte) string { h := sha1.Sum(b); return base64.StdEncoding.EncodeToString(h[:]) }), Sig: one, Doc: "Returns the SHA-1 hash as Base64."},
		{Name: "SHA256", Min: 1, Call: hashed(func(b []byte) string { h := sha256.Sum256(b); return string(h[:]) }), Sig: one, Doc: "Returns the SHA-256 hash as 32 bytes."},
		{Name: "SHA256Hex", Min: 1, Call: hashed(func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }), Sig: one, Doc: "Returns the SHA-256 hash as 64 hexadecimal digits."},
		{Name: "CRC", Min: 1, Call: crc, Sig: "(text: any): number", Doc: "Returns the CRC-32 checksum."},
		{Name: "FNV1a64", Min: 1, Call: fnv1a64, Sig: "(text: any): number", Doc: "Returns the 64-bit FNV-1a hash."},
		{Name: "HtmlEncode", Min: 1, Call: replaced(htmlEncoder), Sig: one, Doc: "Writes text as HTML."},
		{Name: "HtmlToPlainText", Min: 1, Call: htmlToPlainText, Sig: one, Doc: "Returns the text of HTML without markup."},
		{Name: "XmlEscape", Min: 1, Call: replaced(xmlEncoder), Sig: one, Doc: "Writes text as XML."},
		{Name: "XmlAttrEncode", Min: 1, Call: replaced(xmlAttrEncoder), Sig: one, Doc: "Writes text as the value of an XML attribute."},
		{Name: "XmlStr", Min: 2, Call: xmlStr, Sig: "(tag: any, text: any): string", Doc: "Writes an XML element with a text."},
		{Name: "XQueryLiteral", Min: 1, Call: literalFunc(xqueryLiteral), Sig: literal, Doc: "Writes a value as a constant of XQuery."},
		{Name: "SqlLiteral", Min: 1, Call: literalFunc(sqlLiteral), Sig: literal, Doc: "Writes a value as a constant of SQL."},
		{Name: "CodeLiteral", Min: 1, Call: codeLiteral, Sig: "(value: any, quote?: string): string", Doc: "Writes a value as a constant of this language."},
		{Name: "EncodeCharset", Min: 2, Call: encodeCharset, Sig: charset, Doc: "Turns text into the bytes of another encoding; what it lacks becomes a question mark."},
		{Name: "DecodeCharset", Min: 2, Call: decodeCharset, Sig: charset, Doc: "Turns the bytes of another encoding into text."},
	})
	return append(globals, secretGlobals()...)
}

// grown makes a function whose result is a known number of times as long as its argument.
func grown(times int, encode func([]byte) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		if err := r.reserve(int64(len(s)*(times+1)), 1); err != nil {
			return Undefined, err
		}
		return String(encode([]byte(s))), nil
	}
}

// hashed makes a function whose result is short.
func hashed(hash func([]byte) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		if err := r.Step(len(s) >> 5); err != nil {
			return Undefined, err
		}
		return r.text(hash([]byte(s)))
	}
}

var base64Alphabet = strings.NewReplacer("-", "+", "_", "/", "=", "", " ", "", "\t", "", "\r", "", "\n", "")

func base64Decode(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(2*len(s)), 1); err != nil {
		return Undefined, err
	}
	data, err := base64.RawStdEncoding.DecodeString(base64Alphabet.Replace(s))
	if err != nil {
		return Undefined, NewError("Invalid Base64 text")
	}
	return String(string(data)), nil
}

func dataFromHex(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return Undefined, err
	}
	data, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil {
		return Undefined, NewError("Invalid hexadecimal text")
	}
	return String(string(data)), nil
}

func crc(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	return Int(int64(crc32.ChecksumIEEE([]byte(s)))), r.scan(len(s))
}

func fnv1a64(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	h := fnv.New64a()
	h.Write([]byte(s))
	return Int(int64(h.Sum64())), r.scan(4 * len(s))
}

var (
	htmlEncoder    = strings.NewReplacer("&", "&amp;", "<", "&lt;", "\r\n", "<br/>", "\n", "<br/>")
	xmlEncoder     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	xmlAttrEncoder = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#09;")
)

// maxEscape is the longest replacement of the encoders above.
const maxEscape = len("&quot;")

func replaced(encoder *strings.Replacer) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) { return r.escapeText(args[0].Text(), encoder, "", "") }
}

// escapeText charges for what the text can become at worst, then encodes it.
func (r *Run) escapeText(s string, encoder *strings.Replacer, before, after string) (Value, error) {
	if len(s) > maxTextBytes/maxEscape {
		return Undefined, errTextTooLong()
	}
	encoded, err := r.mapPieces(s, encoder.Replace, encoder.Replace)
	if err != nil || before == "" && after == "" {
		return encoded, err
	}
	if err := r.reserve(int64(len(before)+int(encoded.n)+len(after)), 1); err != nil {
		return Undefined, err
	}
	return String(before + encoded.Str() + after), nil
}

func xmlStr(r *Run, args []Value) (Value, error) {
	tag := args[0].Text()
	return r.escapeText(args[1].Text(), xmlEncoder, "<"+tag+">", "</"+tag+">")
}

// htmlToPlainText drops tags, comments, scripts and styles; br and the ends of paragraphs break lines.
func htmlToPlainText(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(2*len(s)), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "<")
		b.WriteString(text)
		if !found {
			break
		}
		if !beginsTag(rest) {
			b.WriteByte('<')
			s = rest
			continue
		}
		lineBreak := false
		if s, lineBreak = skipTag(rest); lineBreak {
			b.WriteByte('\n')
		}
	}
	return r.text(strings.TrimSpace(html.UnescapeString(b.String())))
}

// beginsTag tells the "<" of a tag from one that means itself, as in a < b.
func beginsTag(rest string) bool {
	return rest != "" && (rest[0] == '/' || rest[0] == '!' || rest[0] == '?' || isWordByte(rest[0]) && rest[0] > '9')
}

// skipTag returns what follows a tag whose "<" is gone, and whether the tag breaks the line.
func skipTag(s string) (rest string, lineBreak bool) {
	if strings.HasPrefix(s, "!--") {
		_, rest, _ = strings.Cut(s, "-->")
		return rest, false
	}
	tag, rest, _ := strings.Cut(s, ">")
	name := strings.ToLower(strings.TrimRight(firstField(tag), "/"))
	switch name {
	case "br", "/p", "/div", "/li", "/tr":
		return rest, true
	case "script", "style":
		for {
			_, after, found := strings.Cut(rest, "</")
			if !found {
				return "", false
			}
			if rest = after; len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
				_, rest, _ = strings.Cut(rest, ">")
				return rest, false
			}
		}
	}
	return rest, false
}

func firstField(s string) string {
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// literalFunc makes a function that writes a scalar as a constant of some language.
func literalFunc(literal func(v Value) (string, bool)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		v := args[0].Scalar()
		if v.k == KindString {
			if err := r.reserve(int64(2*len(v.Str())), 1); err != nil {
				return Undefined, err
			}
		}
		s, ok := literal(v)
		if !ok {
			return Undefined, errNotA("a scalar", v)
		}
		return r.text(s)
	}
}

var (
	sqlQuotes    = strings.NewReplacer("'", "''")
	xqueryQuotes = strings.NewReplacer("'", `\'`, `\`, `\\`)
)

// xqueryLiteral doubles quotes, as XQuery wants it. Backslashes are doubled too: scripts put the result
// into string expressions (spec/basescript.md 2.6), where a single one could escape the closing quote
// and let the rest of the value be run as code.
func xqueryLiteral(v Value) (string, bool) {
	switch v.k {
	case KindUndefined, KindNull:
		return "null()", true
	case KindString:
		return "'" + xqueryQuotes.Replace(v.Str()) + "'", true
	case KindBool:
		return v.Text() + "()", true
	case KindDate:
		return "date('" + literalDate(v.Date()) + "')", true
	}
	return literalNumber(v)
}

func sqlLiteral(v Value) (string, bool) {
	switch v.k {
	case KindUndefined, KindNull:
		return "NULL", true
	case KindString:
		return "'" + sqlQuotes.Replace(v.Str()) + "'", true
	case KindBool:
		return strconv.FormatUint(v.n, 10), true
	case KindDate:
		return "'" + literalDate(v.Date()) + "'", true
	}
	return literalNumber(v)
}

func literalNumber(v Value) (string, bool) {
	if !finite(v) {
		return "", false
	}
	if v.k == KindInt {
		return v.Text(), true
	}
	return strconv.FormatFloat(v.Real(), 'f', -1, 64), true
}

// literalDate is a date with its full time, if it has one, and no zone.
func literalDate(d Date) string {
	d.HasSeconds = true
	return xmlDate(d, true, false)
}

func codeLiteral(r *Run, args []Value) (Value, error) {
	quote := byte('\'')
	if v := arg(args, 1); !v.IsNil() {
		switch v.Text() {
		case `"`:
			quote = '"'
		case `'`:
		default:
			return Undefined, NewError("Quote must be ' or \"")
		}
	}
	v := args[0].Scalar()
	switch v.k {
	case KindString:
		s := v.Str()
		if err := r.reserve(int64(2*len(s)), 1); err != nil {
			return Undefined, err
		}
		return String(codeText(s, quote)), nil
	case KindUndefined, KindBool:
		return textOf(v), nil
	case KindNull:
		return String("null"), nil
	case KindDate:
		return String("Date( " + string(quote) + literalDate(v.Date()) + string(quote) + " )"), nil
	}
	s, ok := literalNumber(v)
	if !ok {
		return Undefined, errNotA("a scalar", v)
	}
	return String(s), nil
}

// codeText writes a text as a constant of this language.
func codeText(s string, quote byte) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte(quote)
	for i := range len(s) {
		switch c := s[i]; c {
		case quote, '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(quote)
	return b.String()
}

// charsets are the encodings by name; nil is the encoding of texts themselves.
var charsets = map[string]encoding.Encoding{
	"utf-8": nil, "utf8": nil, "": nil,
	"utf-16":       textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM),
	"utf16":        textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM),
	"windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251, "cp-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252, "cp-1252": charmap.Windows1252,
	"koi8-r": charmap.KOI8R, "cp-866": charmap.CodePage866, "cp866": charmap.CodePage866, "ibm866": charmap.CodePage866,
	"iso-8859-1": charmap.ISO8859_1, "iso-8859-5": charmap.ISO8859_5,
}

func charsetArg(v Value) (encoding.Encoding, error) {
	e, ok := charsets[strings.ToLower(strings.TrimSpace(v.Text()))]
	if !ok {
		return nil, Errorf("Unknown charset: %s", describe(v))
	}
	return e, nil
}

func encodeCharset(r *Run, args []Value) (Value, error) {
	e, err := charsetArg(args[1])
	s := args[0].Text()
	if err != nil || e == nil {
		return textOf(args[0]), err
	}
	if err := r.reserve(int64(3*len(s)), 1); err != nil {
		return Undefined, err
	}
	return String(encodeBytes(s, e)), nil
}

// encodeBytes writes a question mark for what the encoding lacks.
func encodeBytes(s string, e encoding.Encoding) string {
	encoder := encoding.ReplaceUnsupported(e.NewEncoder())
	out, err := encoder.String(strings.ToValidUTF8(s, "?"))
	if err != nil {
		return ""
	}
	if table, ok := e.(*charmap.Charmap); ok && strings.IndexByte(out, encoding.ASCIISub) >= 0 {
		marked := []byte(out)
		i := 0
		for _, c := range strings.ToValidUTF8(s, "?") {
			if _, known := table.EncodeRune(c); !known && i < len(marked) {
				marked[i] = '?'
			}
			i++
		}
		out = string(marked)
	}
	return out
}

func decodeCharset(r *Run, args []Value) (Value, error) {
	e, err := charsetArg(args[1])
	s := args[0].Text()
	if err != nil || e == nil {
		return textOf(args[0]), err
	}
	if err := r.reserve(int64(3*len(s)), 1); err != nil {
		return Undefined, err
	}
	out, err := e.NewDecoder().String(s)
	if err != nil || !utf8.ValidString(out) {
		return Undefined, NewError("Text is not in the charset")
	}
	return String(out), nil
}
