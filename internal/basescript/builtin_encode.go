package basescript

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/fnv"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

func encodeGlobals() []Global {
	const one = "(text: any): string"
	const literal = "(value: any): string"
	const charset = "(text: any, charset: string): string"
	globals := functionGlobals([]Func{
		{Name: "Base64Encode", Min: 1, Call: base64Encode, Sig: one, Doc: "Writes bytes as Base64."},
		{Name: "Base64Decode", Min: 1, Call: base64Decode, Sig: one, Doc: "Reads Base64, with or without padding, of either alphabet."},
		{Name: "HexData", Min: 1, Call: strMap(hexUpper), Sig: one, Doc: "Writes bytes as upper-case hexadecimal digits."},
		{Name: "DataFromHex", Min: 1, Call: dataFromHex, Sig: one, Doc: "Reads bytes from hexadecimal digits."},
		{Name: "Md5", Min: 1, Call: hashed(md5.New, rawBytes), Sig: one, Doc: "Returns the MD5 hash as 16 bytes."},
		{Name: "Md5Hex", Min: 1, Call: hashed(md5.New, hex.EncodeToString), Sig: one, Doc: "Returns the MD5 hash as 32 hexadecimal digits."},
		{Name: "SHA1", Min: 1, Call: hashed(sha1.New, rawBytes), Sig: one, Doc: "Returns the SHA-1 hash as 20 bytes."},
		{Name: "SHA1Base64", Min: 1, Call: hashed(sha1.New, base64.StdEncoding.EncodeToString), Sig: one, Doc: "Returns the SHA-1 hash as Base64."},
		{Name: "SHA256", Min: 1, Call: hashed(sha256.New, rawBytes), Sig: one, Doc: "Returns the SHA-256 hash as 32 bytes."},
		{Name: "SHA256Hex", Min: 1, Call: hashed(sha256.New, hex.EncodeToString), Sig: one, Doc: "Returns the SHA-256 hash as 64 hexadecimal digits."},
		{Name: "CRC", Min: 1, Call: crc, Sig: "(text: any): number", Doc: "Returns the CRC-32 checksum."},
		{Name: "FNV1a64", Min: 1, Call: fnv1a64, Sig: "(text: any): number", Doc: "Returns the 64-bit FNV-1a hash."},
		{Name: "HtmlEncode", Min: 1, Call: replaced(htmlEncoder), Sig: one, Doc: "Writes text as HTML."},
		{Name: "HtmlToPlainText", Min: 1, Call: htmlToPlainText, Sig: one, Doc: "Returns the text of HTML without markup."},
		{Name: "XmlEscape", Min: 1, Call: replaced(xmlEncoder), Sig: one, Doc: "Writes text as XML."},
		{Name: "XmlAttrEncode", Min: 1, Call: replaced(xmlAttrEncoder), Sig: one, Doc: "Writes text as the value of an XML attribute."},
		{Name: "XmlStr", Min: 2, Call: xmlStr, Sig: "(tag: any, text: any): string", Doc: "Writes an XML element with a text."},
		{Name: "XQueryLiteral", Min: 1, Call: literalFunc(xqueryLiteral, xqueryQuotes), Sig: literal, Doc: "Writes a value as a constant of XQuery."},
		{Name: "SqlLiteral", Min: 1, Call: literalFunc(sqlLiteral, sqlQuotes), Sig: literal, Doc: "Writes a value as a constant of SQL."},
		{Name: "CodeLiteral", Min: 1, Call: codeLiteral, Sig: "(value: any, quote?: string): string", Doc: "Writes a value as a constant of this language."},
		{Name: "EncodeCharset", Min: 2, Call: encodeCharset, Sig: charset, Doc: "Turns text into the bytes of another encoding; what it lacks becomes a question mark."},
		{Name: "DecodeCharset", Min: 2, Call: decodeCharset, Sig: charset, Doc: "Turns the bytes of another encoding into text."},
	})
	return append(globals, secretGlobals()...)
}

// hashed makes a function whose result is the hash of a text, written some way.
func hashed(newHash func() hash.Hash, write func([]byte) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		h := newHash()
		if err := r.write(h, args[0].Text()); err != nil {
			return Undefined, err
		}
		return r.text(write(h.Sum(nil)))
	}
}

func rawBytes(b []byte) string { return string(b) }

func hexUpper(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }

// groups is pieces for what is encoded n bytes at a time: all but the last piece are a multiple of it.
func (r *Run) groups(s string, n int, fn func(piece string) error) error {
	for most := pieceBytes - pieceBytes%n; s != ""; {
		cut := min(most, len(s))
		if err := r.Step(cut >> 6); err != nil {
			return err
		}
		if err := fn(s[:cut]); err != nil {
			return err
		}
		s = s[cut:]
	}
	return nil
}

// encodeGroups builds a text of about the given size from groups of another one.
func (r *Run) encodeGroups(s string, n, size int, encode func(piece string) (string, error)) (Value, error) {
	if err := r.reserve(int64(size), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	b.Grow(size)
	err := r.groups(s, n, func(piece string) error {
		text, err := encode(piece)
		b.WriteString(text)
		return err
	})
	return String(b.String()), err
}

func base64Encode(r *Run, args []Value) (Value, error) { return r.encodeBase64(args[0].Text()) }

func (r *Run) encodeBase64(s string) (Value, error) {
	return r.encodeGroups(s, 3, base64.StdEncoding.EncodedLen(len(s)), func(piece string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(piece)), nil
	})
}

var base64Alphabet = strings.NewReplacer("-", "+", "_", "/", "=", "", " ", "", "\t", "", "\r", "", "\n", "")

func base64Decode(r *Run, args []Value) (Value, error) { return r.decodeBase64(args[0].Text()) }

func (r *Run) decodeBase64(s string) (Value, error) {
	digits, err := r.mapPieces(s, base64Alphabet.Replace, base64Alphabet.Replace)
	if err != nil {
		return Undefined, err
	}
	return r.decodeRawBase64(digits.Str())
}

func (r *Run) decodeRawBase64(s string) (Value, error) {
	return r.encodeGroups(s, 4, base64.RawStdEncoding.DecodedLen(len(s)), func(piece string) (string, error) {
		data, err := base64.RawStdEncoding.DecodeString(piece)
		if err != nil {
			return "", NewError("Invalid Base64 text")
		}
		return string(data), nil
	})
}

func dataFromHex(r *Run, args []Value) (Value, error) {
	s, err := r.trim(args[0].Text(), true, true, unicode.IsSpace)
	if err != nil {
		return Undefined, err
	}
	return r.decodeHex(s)
}

func (r *Run) decodeHex(s string) (Value, error) {
	return r.encodeGroups(s, 2, len(s)/2, func(piece string) (string, error) {
		data, err := hex.DecodeString(piece)
		if err != nil {
			return "", NewError("Invalid hexadecimal text")
		}
		return string(data), nil
	})
}

func crc(r *Run, args []Value) (Value, error) {
	h := crc32.NewIEEE()
	err := r.write(h, args[0].Text())
	return Int(int64(h.Sum32())), err
}

func fnv1a64(r *Run, args []Value) (Value, error) {
	h := fnv.New64a()
	err := r.write(h, args[0].Text())
	return Int(int64(h.Sum64())), err
}

var (
	htmlEncoder    = strings.NewReplacer("&", "&amp;", "<", "&lt;", "\r\n", "<br/>", "\n", "<br/>")
	xmlEncoder     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	xmlAttrEncoder = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#09;")
)

// maxEscape is the longest replacement of the encoders above.
const maxEscape = len("&quot;")

func replaced(encoder *strings.Replacer) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) { return r.escapeText(args[0].Text(), encoder) }
}

// escapeText charges for what the text can become at worst, then encodes it.
func (r *Run) escapeText(s string, encoder *strings.Replacer) (Value, error) {
	if len(s) > maxTextBytes/maxEscape {
		return Undefined, errTextTooLong()
	}
	return r.mapPieces(s, encoder.Replace, encoder.Replace)
}

func xmlStr(r *Run, args []Value) (Value, error) {
	tag := args[0].Text()
	encoded, err := r.escapeText(args[1].Text(), xmlEncoder)
	if err != nil {
		return Undefined, err
	}
	if err := r.reserve(int64(2*len(tag))+int64(encoded.n)+5, 1); err != nil {
		return Undefined, err
	}
	return r.joinTexts("<", tag, ">", encoded.Str(), "</", tag, ">")
}

// htmlToPlainText drops tags, comments, scripts and styles; br and the ends of paragraphs break lines.
func htmlToPlainText(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		at, err := r.findText(s, "<")
		if err != nil {
			return Undefined, err
		}
		end := at
		if at < 0 {
			end = len(s)
		}
		if err := r.fillPieces(&b, s[:end]); err != nil {
			return Undefined, err
		}
		if at < 0 {
			break
		}
		rest := s[at+1:]
		if !beginsTag(rest) {
			if err := r.Step(1); err != nil {
				return Undefined, err
			}
			b.WriteByte('<')
			s = rest
			continue
		}
		lineBreak := false
		if s, lineBreak, err = r.skipTag(rest); err != nil {
			return Undefined, err
		}
		if lineBreak {
			b.WriteByte('\n')
		}
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
	}
	text, err := r.unescapeHTML(b.String())
	if err != nil {
		return Undefined, err
	}
	plain, err := r.trim(text.Str(), true, true, unicode.IsSpace)
	return String(plain), err
}

// maxEntity is longer than any named entity.
const maxEntity = 64

// unescapeHTML reads entities; no piece of the text ends inside one.
func (r *Run) unescapeHTML(s string) (Value, error) {
	out := textBuilder{r: r}
	for s != "" {
		cut := pieceEnd(s[:min(len(s), scannedAtOnce)])
		if from := cut - maxEntity; cut < len(s) {
			if at := strings.LastIndexByte(s[from:cut], '&'); at >= 0 {
				cut = from + at
			}
		}
		if err := r.Step(cut >> 2); err != nil {
			return Undefined, err
		}
		if err := out.add(html.UnescapeString(s[:cut])); err != nil {
			return Undefined, err
		}
		s = s[cut:]
	}
	return out.value(), nil
}

// after returns what follows the first occurrence of a part, nothing if there is none.
func (r *Run) after(s, part string) (before, rest string, err error) {
	at, err := r.findText(s, part)
	if err != nil || at < 0 {
		return s, "", err
	}
	return s[:at], s[at+len(part):], nil
}

// beginsTag tells the "<" of a tag from one that means itself, as in a < b.
func beginsTag(rest string) bool {
	return rest != "" && (rest[0] == '/' || rest[0] == '!' || rest[0] == '?' || isWordByte(rest[0]) && rest[0] > '9')
}

// skipTag returns what follows a tag whose "<" is gone, and whether the tag breaks the line.
func (r *Run) skipTag(s string) (rest string, lineBreak bool, err error) {
	if strings.HasPrefix(s, "!--") {
		_, rest, err = r.after(s, "-->")
		return rest, false, err
	}
	tag, rest, err := r.after(s, ">")
	name := strings.ToLower(strings.TrimRight(firstField(tag[:min(len(tag), maxEntity)]), "/"))
	switch name {
	case "br", "/p", "/div", "/li", "/tr":
		return rest, true, err
	case "script", "style":
		for err == nil && rest != "" {
			if _, rest, err = r.after(rest, "</"); err != nil {
				break
			}
			if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
				_, rest, err = r.after(rest, ">")
				return rest, false, err
			}
			err = r.Step(1)
		}
	}
	return rest, false, err
}

func firstField(s string) string {
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// literalFunc makes a function that writes a scalar as a constant of some language; quotes is for texts.
func literalFunc(literal func(v Value) (string, bool), quotes *strings.Replacer) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		v := args[0].Scalar()
		if v.k == KindString {
			return r.quote(v.Str(), "'", quotes)
		}
		s, ok := literal(v)
		if !ok {
			return Undefined, errNotA("a scalar", v)
		}
		return r.text(s)
	}
}

// quote returns a text between quotes, with what may not stand there replaced.
func (r *Run) quote(s, mark string, quotes *strings.Replacer) (Value, error) {
	inner, err := r.mapPieces(s, quotes.Replace, quotes.Replace)
	if err != nil {
		return Undefined, err
	}
	if err := r.reserve(int64(inner.n)+2, 1); err != nil {
		return Undefined, err
	}
	return r.joinTexts(mark, inner.Str(), mark)
}

// The replacers of texts between quotes. XQuery wants quotes doubled; backslashes are doubled too: scripts
// put the result into string expressions (spec/basescript.md 2.6), where a single one could escape the
// closing quote and let the rest of the value be run as code.
var (
	codeQuotes = map[string]*strings.Replacer{
		`'`: strings.NewReplacer(`'`, `\'`, `\`, `\\`, "\n", `\n`, "\r", `\r`),
		`"`: strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`),
	}
	sqlQuotes    = strings.NewReplacer("'", "''")
	xqueryQuotes = strings.NewReplacer("'", `\'`, `\`, `\\`)
)

func xqueryLiteral(v Value) (string, bool) {
	switch v.k {
	case KindUndefined, KindNull:
		return "null()", true
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
	mark := "'"
	if v := arg(args, 1); !v.IsNil() {
		if mark = v.Text(); codeQuotes[mark] == nil {
			return Undefined, NewError("Quote must be ' or \"")
		}
	}
	v := args[0].Scalar()
	switch v.k {
	case KindString:
		return r.quote(v.Str(), mark, codeQuotes[mark])
	case KindUndefined, KindBool:
		return textOf(v), nil
	case KindNull:
		return String("null"), nil
	case KindDate:
		return String("Date( " + mark + literalDate(v.Date()) + mark + " )"), nil
	}
	s, ok := literalNumber(v)
	if !ok {
		return Undefined, errNotA("a scalar", v)
	}
	return String(s), nil
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
	name := v.Text()
	e, ok := charsets[strings.ToLower(strings.TrimSpace(name[:min(len(name), 64)]))]
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
	return r.encodeBytes(s, e)
}

func (r *Run) encodeBytes(s string, e encoding.Encoding) (Value, error) {
	encode := func(s string) string { return encodeBytes(s, e) }
	return r.mapPieces(s, encode, encode)
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
	decoder, out := e.NewDecoder(), textBuilder{r: r}
	room := make([]byte, 4*decodedAtOnce)
	for s != "" {
		part := s[:min(len(s), decodedAtOnce)]
		if err := r.Step(len(part) >> 4); err != nil {
			return Undefined, err
		}
		made, read, err := decoder.Transform(room, []byte(part), len(part) == len(s))
		if err != nil && (!errors.Is(err, transform.ErrShortSrc) || read == 0) || !utf8.Valid(room[:made]) {
			return Undefined, NewError("Text is not in the charset")
		}
		if err := out.add(string(room[:made])); err != nil {
			return Undefined, err
		}
		s = s[read:]
	}
	return out.value(), nil
}

// decodedAtOnce is how many bytes of a charset are decoded in one go; none makes more than four.
const decodedAtOnce = 16 << 10
