package basescript

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func urlGlobals() []Global {
	const one = "(url: any): string"
	return functionGlobals([]Func{
		{Name: "UrlEncode", Min: 1, Call: percentFunc(isAlphaNumByte), Sig: one, Doc: "Writes text for a parameter of a URL; all but letters and digits is encoded."},
		{Name: "UrlEncode16", Min: 1, Call: urlEncode16, Sig: one, Doc: "Writes text for a parameter of a URL, characters beyond ASCII as %uXXXX."},
		{Name: "UrlDecode", Min: 1, Call: urlDecode, Sig: one, Doc: "Reads text that UrlEncode or UrlEncode16 wrote."},
		{Name: "UrlEncodeQuery", Min: 1, Call: urlEncodeQuery, Sig: "(values: object): string", Doc: "Writes the properties of an object as a query string."},
		{Name: "UrlEncodeQueryExt", Min: 1, Call: urlEncodeQuery, Sig: "(values: object, charset?: string): string", Doc: "Writes the properties of an object as a query string in a charset."},
		{Name: "UrlSchema", Min: 1, Call: urlPart(func(u splitURL) string { return u.scheme }), Sig: one, Doc: "Returns the scheme of a URL."},
		{Name: "UrlScheme", Min: 1, Call: urlPart(func(u splitURL) string { return u.scheme }), Sig: one, Doc: "Returns the scheme of a URL."},
		{Name: "UrlHost", Min: 1, Call: urlPart(func(u splitURL) string { return u.host }), Sig: one, Doc: "Returns the host of a URL."},
		{Name: "UrlPath", Min: 1, Call: urlPart(func(u splitURL) string { return u.path }), Sig: one, Doc: "Returns the path of a URL."},
		{Name: "UrlParam", Min: 1, Call: urlPart(func(u splitURL) string { return u.query }), Sig: one, Doc: "Returns the query string of a URL."},
		{Name: "UrlQuery", Min: 1, Call: urlQuery, Sig: "(url: any): object", Doc: "Returns the parameters of a URL as an object."},
		{Name: "UrlFileName", Min: 1, Call: urlPart(splitURL.fileName), Sig: one, Doc: "Returns the last part of the path of a URL."},
		{Name: "UrlPathSuffix", Min: 1, Call: urlPart(splitURL.suffix), Sig: one, Doc: "Returns the file name suffix of a URL with its dot."},
		{Name: "UrlParent", Min: 1, Call: urlPart(splitURL.parent), Sig: one, Doc: "Returns the URL of the folder a URL lies in."},
		{Name: "UrlAppendPath", Min: 2, Call: urlAppendPath, Sig: "(url: any, path: any): string", Doc: "Appends to the path of a URL."},
		{Name: "IsAbsoluteUrlStr", Min: 1, Call: isAbsoluteURL, Sig: "(url: any): boolean", Doc: "Tells whether a URL has a scheme."},
		{Name: "AbsoluteUrl", Min: 2, Call: absoluteURL, Sig: "(url: any, base: any): string", Doc: "Returns the URL relative to a base."},
		{Name: "encodeURIComponent", Origin: Superset, Min: 1, Call: percentFunc(func(c byte) bool { return isAlphaNumByte(c) || strings.IndexByte("-_.!~*'()", c) >= 0 }), Sig: "(text: any): string", Doc: "Writes text for a part of a URL."},
		{Name: "encodeURI", Origin: Superset, Min: 1, Call: percentFunc(func(c byte) bool { return isAlphaNumByte(c) || strings.IndexByte("-_.!~*'();/?:@&=+$,#", c) >= 0 }), Sig: "(text: any): string", Doc: "Writes text as a URL."},
		{Name: "decodeURIComponent", Origin: Superset, Min: 1, Call: decodeURI(""), Sig: "(text: any): string", Doc: "Reads a part of a URL."},
		{Name: "decodeURI", Origin: Superset, Min: 1, Call: decodeURI(";/?:@&=+$,#"), Sig: "(text: any): string", Doc: "Reads a URL."},
	})
}

func isAlphaNumByte(c byte) bool { return c != '_' && isWordByte(c) }

// percentFunc makes a function that writes as %XX all bytes but the plain ones.
func percentFunc(plain func(c byte) bool) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		encode := func(s string) string { return percentEncode(s, plain) }
		return r.mapPieces(s, encode, encode)
	}
}

const upperHex = "0123456789ABCDEF"

func percentEncode(s string, plain func(c byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

func urlEncode16(r *Run, args []Value) (Value, error) {
	return r.mapPieces(args[0].Text(), percentEncode16, percentEncode16)
}

func percentEncode16(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf && isAlphaNumByte(byte(c)):
			b.WriteByte(byte(c))
		case c < utf8.RuneSelf:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			writePercentU(&b, high)
			writePercentU(&b, low)
		default:
			writePercentU(&b, c)
		}
	}
	return b.String()
}

func writePercentU(b *strings.Builder, c rune) {
	b.WriteString("%u")
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(upperHex[c>>shift&15])
	}
}

func urlDecode(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	decoded, err := r.percentDecode(s)
	return String(apart(decoded, s)), err
}

// percentDecode reads %XX and %uXXXX; a percent sign before anything else means itself.
func (r *Run) percentDecode(s string) (string, error) {
	if at, err := r.findText(s, "%"); err != nil || at < 0 {
		return s, err
	}
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return "", err
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, look := 0, 0; i < len(s); {
		if i >= look {
			if err := r.Step(scannedAtOnce >> 6); err != nil {
				return "", err
			}
			look += scannedAtOnce
		}
		if s[i] != '%' {
			b.WriteByte(s[i])
			i++
		} else if c, ok := hexDigits(s, i+1, 2); ok {
			b.WriteByte(byte(c))
			i += 3
		} else if c, size := percentU(s[i:]); size > 0 {
			b.WriteRune(c)
			i += size
		} else {
			b.WriteByte('%')
			i++
		}
	}
	return b.String(), nil
}

// scannedAtOnce is after how many bytes a loop over the bytes of a text charges the run.
const scannedAtOnce = 64 << 10

// percentU reads %uXXXX, or two of them that are a surrogate pair; size is 0 if there is none.
func percentU(s string) (c rune, size int) {
	if !strings.HasPrefix(s, "%u") {
		return 0, 0
	}
	c, ok := hexDigits(s, 2, 4)
	if !ok {
		return 0, 0
	}
	if strings.HasPrefix(s[6:], "%u") {
		if low, ok := hexDigits(s, 8, 4); ok {
			if pair := utf16.DecodeRune(c, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return c, 6
}

// decodeURI makes decodeURI and decodeURIComponent: what would decode to a reserved character stays,
// and what is no encoding is an error.
func decodeURI(reserved string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		if err := r.reserve(int64(len(s)), 1); err != nil {
			return Undefined, err
		}
		var b strings.Builder
		b.Grow(len(s))
		for i, look := 0, 0; i < len(s); i++ {
			if i >= look {
				if err := r.Step(scannedAtOnce >> 6); err != nil {
					return Undefined, err
				}
				look += scannedAtOnce
			}
			if s[i] != '%' {
				b.WriteByte(s[i])
				continue
			}
			c, ok := hexDigits(s, i+1, 2)
			if !ok {
				return Undefined, NewError("URI malformed")
			}
			if c < utf8.RuneSelf && strings.IndexByte(reserved, byte(c)) >= 0 {
				b.WriteString(s[i : i+3])
			} else {
				b.WriteByte(byte(c))
			}
			i += 2
		}
		valid := true
		err := r.pieces(b.String(), func(piece string) error {
			valid = valid && utf8.ValidString(piece)
			return nil
		})
		if err == nil && !valid {
			err = NewError("URI malformed")
		}
		return String(b.String()), err
	}
}

func urlEncodeQuery(r *Run, args []Value) (Value, error) {
	names, err := ownNames(args[0])
	if err != nil {
		return Undefined, err
	}
	charset, err := charsetArg(textOr(arg(args, 1), ""))
	if err != nil {
		return Undefined, err
	}
	out := textBuilder{r: r}
	namePlain := func(c byte) bool { return isWordByte(c) || c == '-' || c == '.' }
	nameEncode := func(s string) string { return percentEncode(s, namePlain) }
	valueEncode := func(s string) string { return percentEncode(s, isAlphaNumByte) }
	for i, name := range names {
		v, _, err := r.OptProperty(args[0], name)
		if err != nil {
			return Undefined, err
		}
		value := v
		if v.IsNil() {
			value = emptyText
		}
		if charset != nil {
			if value, err = r.encodeBytes(value.Text(), charset); err != nil {
				return Undefined, err
			}
		}
		if value, err = r.mapPieces(value.Text(), valueEncode, valueEncode); err != nil {
			return Undefined, err
		}
		key, err := r.mapPieces(name, nameEncode, nameEncode)
		if err != nil {
			return Undefined, err
		}
		separator := "&"
		if i == 0 {
			separator = ""
		}
		for _, part := range []string{separator, key.Str(), "=", value.Str()} {
			if err := out.add(part); err != nil {
				return Undefined, err
			}
		}
	}
	return out.value(), nil
}

// textOr returns v, or a text if v is undefined or null.
func textOr(v Value, text string) Value {
	if v.IsNil() {
		return String(text)
	}
	return v
}

// splitURL is a URL taken apart. before is everything in front of the path.
type splitURL struct{ scheme, host, before, path, query, fragment string }

func (r *Run) splitURL(s string) (splitURL, error) {
	if len(s) > maxURL {
		return splitURL{}, Errorf("URL is longer than %d MiB", maxURL>>20)
	}
	return parseURL(s), r.scan(len(s))
}

// Bounds of a URL and of its scheme.
const (
	maxURL    = 4 << 20
	maxScheme = 1 << 10
)

func parseURL(s string) splitURL {
	var u splitURL
	rest := s
	if end := strings.IndexByte(s[:min(len(s), maxScheme)], ':'); end >= 0 && isScheme(s[:end]) {
		u.scheme, rest = s[:end], s[end+1:]
	}
	rest, u.fragment, _ = strings.Cut(rest, "#")
	rest, u.query, _ = strings.Cut(rest, "?")
	mark := len(s)
	for _, c := range []byte("?#") {
		if i := strings.IndexByte(s[:mark], c); i >= 0 {
			mark = i
		}
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		u.host = after
		rest = ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			u.host, rest = after[:i], after[i:]
		}
		u.host = u.host[strings.LastIndexByte(u.host, '@')+1:]
	}
	u.path = rest
	u.before = s[:mark-len(rest)]
	return u
}

// isScheme wants two characters at least: a single letter is a drive of Windows.
func isScheme(s string) bool {
	if len(s) < 2 || !isAlphaNumByte(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphaNumByte(c) && c != '-' && c != '+' && c != '.' {
			return false
		}
	}
	return true
}

func (u splitURL) fileName() string { return u.path[strings.LastIndexByte(u.path, '/')+1:] }

func (u splitURL) suffix() string {
	name := u.fileName()
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[dot:]
	}
	return ""
}

func (u splitURL) parent() string {
	path := strings.TrimSuffix(u.path, "/")
	return u.before + path[:strings.LastIndexByte(path, '/')+1]
}

func urlPart(part func(splitURL) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		u, err := r.splitURL(args[0].Text())
		if err != nil {
			return Undefined, err
		}
		return r.text(strings.Clone(part(u)))
	}
}

func urlQuery(r *Run, args []Value) (Value, error) {
	o := r.NewObject()
	u, err := r.splitURL(args[0].Text())
	if err != nil {
		return Undefined, err
	}
	query := u.query
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
		if err := r.Alloc(sizeKey + sizeValue + len(pair)); err != nil {
			return Undefined, err
		}
		name, value, _ := strings.Cut(strings.ReplaceAll(pair, "+", " "), "=")
		if name, err = r.percentDecode(name); err != nil {
			return Undefined, err
		}
		if value, err = r.percentDecode(value); err != nil {
			return Undefined, err
		}
		o.Set(name, String(value))
	}
	return ObjectValue(o), nil
}

func urlAppendPath(r *Run, args []Value) (Value, error) {
	s, path := args[0].Text(), args[1].Text()
	u, err := r.splitURL(s)
	if err != nil {
		return Undefined, err
	}
	base := u.before + u.path
	return r.concatURL(strings.TrimSuffix(base, "/"), "/", strings.TrimPrefix(path, "/"), s[len(base):])
}

// concatURL joins the parts of a URL.
func (r *Run) concatURL(parts ...string) (Value, error) {
	for _, part := range parts {
		if err := r.Alloc(len(part)); err != nil {
			return Undefined, err
		}
	}
	return r.joinTexts(parts...)
}

func isAbsoluteURL(_ *Run, args []Value) (Value, error) {
	s := args[0].Text()
	return Bool(parseURL(s[:min(len(s), maxScheme)]).scheme != ""), nil
}

func absoluteURL(r *Run, args []Value) (Value, error) {
	u, err := r.splitURL(args[0].Text())
	if err != nil || u.scheme != "" {
		return textOf(args[0]), err
	}
	base, err := r.splitURL(args[1].Text())
	if err != nil {
		return Undefined, err
	}
	if strings.HasPrefix(u.path, "/") {
		return r.concatURL(base.before, args[0].Text())
	}
	return r.concatURL(base.before, strings.TrimSuffix(base.path, "/"), "/", args[0].Text())
}
