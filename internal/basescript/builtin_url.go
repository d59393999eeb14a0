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
	s := args[0].Text()
	if err := r.reserve(int64(6*len(s)), 1); err != nil {
		return Undefined, err
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf:
			b.WriteString(percentEncode(string(c), isAlphaNumByte))
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			writePercentU(&b, high)
			writePercentU(&b, low)
		default:
			writePercentU(&b, c)
		}
	}
	return String(b.String()), nil
}

func writePercentU(b *strings.Builder, c rune) {
	b.WriteString("%u")
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(upperHex[c>>shift&15])
	}
}

func urlDecode(r *Run, args []Value) (Value, error) {
	s := args[0].Text()
	if err := r.reserve(int64(len(s)), 1); err != nil {
		return Undefined, err
	}
	return String(apart(percentDecode(s), s)), nil
}

// percentDecode reads %XX and %uXXXX; a percent sign before anything else means itself.
func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
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
	return b.String()
}

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
		for i := 0; i < len(s); i++ {
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
		if out := b.String(); utf8.ValidString(out) {
			return String(out), nil
		}
		return Undefined, NewError("URI malformed")
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
	for i, name := range names {
		v, _, err := r.OptProperty(args[0], name)
		if err != nil {
			return Undefined, err
		}
		value := v.Text()
		if v.IsNil() {
			value = ""
		}
		if charset != nil {
			value = encodeBytes(value, charset)
		}
		if err := r.reserve(int64(3*len(value)), 1); err != nil {
			return Undefined, err
		}
		pair := percentEncode(name, namePlain) + "=" + percentEncode(value, isAlphaNumByte)
		if i > 0 {
			pair = "&" + pair
		}
		if err := out.add(pair); err != nil {
			return Undefined, err
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

func parseURL(s string) splitURL {
	var u splitURL
	rest := s
	if scheme, after, ok := strings.Cut(s, ":"); ok && isScheme(scheme) {
		u.scheme, rest = scheme, after
	}
	rest, u.fragment, _ = strings.Cut(rest, "#")
	rest, u.query, _ = strings.Cut(rest, "?")
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		u.host = after
		rest = ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			u.host, rest = after[:i], after[i:]
		}
		u.host = u.host[strings.LastIndexByte(u.host, '@')+1:]
	}
	u.path = rest
	end := len(s)
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		end = i
	}
	u.before = s[:end-len(rest)]
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
		s := args[0].Text()
		if err := r.scan(len(s)); err != nil {
			return Undefined, err
		}
		return r.text(strings.Clone(part(parseURL(s))))
	}
}

func urlQuery(r *Run, args []Value) (Value, error) {
	o := r.NewObject()
	query := parseURL(args[0].Text()).query
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
		o.Set(percentDecode(name), String(percentDecode(value)))
	}
	return ObjectValue(o), nil
}

func urlAppendPath(r *Run, args []Value) (Value, error) {
	s, path := args[0].Text(), args[1].Text()
	u := parseURL(s)
	base := u.before + u.path
	return r.text(strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(path, "/") + s[len(base):])
}

func isAbsoluteURL(_ *Run, args []Value) (Value, error) {
	return Bool(parseURL(args[0].Text()).scheme != ""), nil
}

func absoluteURL(r *Run, args []Value) (Value, error) {
	u := parseURL(args[0].Text())
	if u.scheme != "" {
		return textOf(args[0]), nil
	}
	base := parseURL(args[1].Text())
	if strings.HasPrefix(u.path, "/") {
		return r.text(base.before + args[0].Text())
	}
	return r.text(base.before + strings.TrimSuffix(base.path, "/") + "/" + args[0].Text())
}
