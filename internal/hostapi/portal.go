package hostapi

import (
	"crypto/md5"
	"encoding/hex"
	"html"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// portalMethods are members of tools_web that need no portal.
var portalMethods = []basescript.Method{
	{
		Name: "user_init", Min: 1, Call: userInit,
		Sig: "(request: Request, query?: object): { access: boolean, error_code: string, error_text: string, redirect: string, auth_type: string, anonymous: boolean, auth_login: string, access_time_start: number | null, access_time_end: number | null }",
		Doc: "Says who the user of the request is, and makes Session.Env.curUserID and curUser say so again if a script has changed them. Without a user error_code is empty_login.",
	},
	{
		Name: "get_web_param", Min: 2, Call: getWebParam,
		Sig: "(params: JsObject, name: string, value?: any, not_empty?: boolean): any",
		Doc: "A parameter of a template; the value given if it is absent, or with not_empty if it is empty.",
	},
	{
		Name: "url_std_content_type", Min: 1, Call: onText(contentType),
		Sig: "(url: string): string", Doc: "The content type that goes with the ending of an address; application/octet-stream if none is known.",
	},
	{
		Name: "get_object_source_url", Min: 2, Call: objectSourceURL,
		Sig: "(catalog: string, id: number, params?: any): string", Doc: "The address of a resource in the portal; other catalogs need a stand-in.",
	},
	{
		Name: "convert_xss", Min: 1, Call: escapeHTML,
		Sig: "(text: string, type?: string): string", Doc: "The text with the characters that mean something in HTML written as entities.",
	},
	{
		Name: "html_decode", Min: 1, Call: unescapeHTML,
		Sig: "(text: string): string", Doc: "The text with entities of HTML written as characters.",
	},
	{
		Name: "get_md5_id", Min: 1, Call: md5ID,
		Sig: "(text: string): string", Doc: "The MD5 sum of the text, 32 hexadecimal digits in lower case.",
	},
	{
		Name: "get_host_name", Min: 1, Call: onText(hostName),
		Sig: "(url: string): string", Doc: "The host of an address, without the port.",
	},
	{
		Name: "convert_bbcode_to_html", Min: 1, Call: bbcodeToHTML,
		Sig: "(text: string, reg_exp?: any): string", Doc: "BBCode as HTML: b, i, u, s, quote, code, color, size, url, img, list; everything else is escaped.",
	},
	{
		Name: "is_json", Min: 1,
		Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
			_, err := r.ParseJSON(args[0].Text(), true)
			if err != nil && r.Step(1) != nil {
				return basescript.Undefined, err // the run ends, whatever the text
			}
			return basescript.Bool(err == nil), nil
		},
		Sig: "(text: string): boolean", Doc: "Whether the text is JSON.",
	},
}

// onText is a method that turns a text into another, which is not much longer.
const maxPortalText = 1 << 20

func onText(change func(string) string) func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
	return func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
		text, err := portalText(r, args)
		if err != nil {
			return basescript.Undefined, err
		}
		return basescript.String(change(text)), nil
	}
}

// portalText is the argument of a function that cannot be interrupted; it charges the run.
func portalText(r *basescript.Run, args []basescript.Value) (string, error) {
	text := args[0].Text()
	if len(text) > maxPortalText {
		return "", basescript.Errorf("Text is longer than %d MiB", maxPortalText>>20)
	}
	if err := r.Step(1 + len(text)>>3); err != nil {
		return "", err
	}
	return text, r.Alloc(64 + 6*len(text))
}

func escapeHTML(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	return r.MapPieces(args[0].Text(), html.EscapeString)
}

func unescapeHTML(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	return r.UnescapeHTML(args[0].Text())
}

func userInit(r *basescript.Run, _ basescript.Value, _ []basescript.Value) (basescript.Value, error) {
	env := envOf(r)
	env.resetUser(r)
	user := env.User
	known := user.ID != ""
	o := r.NewObject()
	set := func(name string, v basescript.Value) { o.Set(name, v) }
	set("access", basescript.Bool(known))
	code, text := "", ""
	if !known {
		code, text = "empty_login", "The user is not known"
	}
	set("error_code", basescript.String(code))
	set("error_text", basescript.String(text))
	set("redirect", basescript.String(""))
	set("auth_type", basescript.String(env.authType()))
	set("anonymous", basescript.Bool(!known))
	set("auth_login", basescript.String(user.Login))
	set("access_time_start", basescript.Null)
	set("access_time_end", basescript.Null)
	return basescript.ObjectValue(o), r.Alloc(512)
}

// resetUser makes the session say who its user is.
func (e *Env) resetUser(r *basescript.Run) {
	if !e.IsService() {
		return
	}
	e.sessionObject(r)
	e.ofSession.env.Set("curUserID", userID(e.User))
	e.ofSession.env.Set("curUser", e.userObject())
}

func getWebParam(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	v, ok, err := r.OptProperty(args[0], args[1].Text())
	if err != nil {
		return basescript.Undefined, err
	}
	empty := v.IsNil() || v.Scalar().Kind() == basescript.KindString && v.Text() == ""
	if !ok || v.IsUndefined() || empty && isTrue(arg(args, 3)) {
		return arg(args, 2), nil
	}
	return v, nil
}

// contentTypes are listed here rather than asked of the system, so that they are the same everywhere.
var contentTypes = map[string]string{
	".htm": "text/html", ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain", ".csv": "text/csv",
	".xml": "text/xml", ".json": "application/json", ".pdf": "application/pdf", ".zip": "application/zip", ".rtf": "application/rtf",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".gif":  "image/gif", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp", ".webp": "image/webp",
	".svg": "image/svg+xml", ".ico": "image/x-icon", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg",
	".mp4": "video/mp4", ".webm": "video/webm", ".avi": "video/x-msvideo", ".mov": "video/quicktime",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
}

func contentType(address string) string {
	address, _, _ = strings.Cut(address, "?")
	if known := contentTypes[strings.ToLower(path.Ext(address))]; known != "" {
		return known
	}
	return "application/octet-stream"
}

func objectSourceURL(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	catalog, id := args[0].Text(), args[1].Text()
	if catalog != "resource" {
		return noPortal.refuse(r, "tools_web.get_object_source_url", args)
	}
	return basescript.String("/download_file.html?file_id=" + url.QueryEscape(id)), r.Alloc(64 + 3*len(id))
}

func md5ID(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	h := md5.New()
	err := r.Pieces(args[0].Text(), func(piece string) error {
		h.Write([]byte(piece))
		return r.Step(len(piece) >> 6)
	})
	return basescript.String(hex.EncodeToString(h.Sum(nil))), err
}

func hostName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// bbRules are applied one after the other to text that is escaped already. Addresses begin with http,
// https or a slash, so that no script gets in by one. They are compiled when first needed: commands that run no
// script would wait for them, and they take more than a megabyte.
var bbRules = sync.OnceValue(func() []bbRule {
	return []bbRule{
		{regexp.MustCompile(`(?i)\[(b|i|u|s)\]`), "<$1>"},
		{regexp.MustCompile(`(?i)\[/(b|i|u|s)\]`), "</$1>"},
		{regexp.MustCompile(`(?i)\[(/?)quote(?:=[^\]\[]{0,100})?\]`), "<${1}blockquote>"},
		{regexp.MustCompile(`(?i)\[(/?)code\]`), "<${1}pre>"},
		{regexp.MustCompile(`(?i)\[color=(#[0-9a-f]{3,6}|[a-z]{1,20})\]`), `<span style="color:$1">`},
		{regexp.MustCompile(`(?i)\[size=([0-9]{1,3})\]`), `<span style="font-size:${1}px">`},
		{regexp.MustCompile(`(?i)\[/(?:color|size)\]`), "</span>"},
		{regexp.MustCompile(`(?i)\[url\]((?:https?://|/)[^\s\[\]]{1,1000})\[/url\]`), `<a href="$1">$1</a>`},
		{regexp.MustCompile(`(?i)\[url=(?:&#34;)?((?:https?://|/)[^\s\[\]]{1,1000}?)(?:&#34;)?\]`), `<a href="$1">`},
		{regexp.MustCompile(`(?i)\[/url\]`), "</a>"},
		{regexp.MustCompile(`(?i)\[img\]((?:https?://|/)[^\s\[\]]{1,1000})\[/img\]`), `<img src="$1"/>`},
		{regexp.MustCompile(`(?i)\[(/?)list\]`), "<${1}ul>"},
		{regexp.MustCompile(`(?i)\[\*\]`), "<li>"},
		{regexp.MustCompile(`\r?\n`), "<br/>"},
	}
})

type bbRule struct {
	find    *regexp.Regexp
	replace string
}

func bbcodeToHTML(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	text, err := portalText(r, args)
	if err != nil {
		return basescript.Undefined, err
	}
	text = html.EscapeString(text)
	for _, rule := range bbRules() {
		if err := r.Step(1 + len(text)>>4); err != nil {
			return basescript.Undefined, err
		}
		text = rule.find.ReplaceAllString(text, rule.replace)
	}
	return basescript.String(text), nil
}
