package login

import (
	"crypto/sha256"
	_ "embed" // the style sheet and the icon
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
)

// The page's paths.
const (
	loginPath    = "/login"
	logoutPath   = "/logout"
	passwordPath = "/login/password"
	stylePath    = "/login.css"
	iconPath     = "/login.svg"
)

//go:embed page.css
var style string

//go:embed page.svg
var icon string

// styleURL changes with the style sheet, so that browsers may keep it.
var styleURL = func() string {
	sum := sha256.Sum256([]byte(style))
	return stylePath + "?v=" + hex.EncodeToString(sum[:4])
}()

// pagePolicy lets the page load its style sheet and its icon, and send its forms here.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page is what one answer shows.
type page struct {
	status    int
	language  language
	next      string // a path of this server
	loginText string // what was typed
	problem   string // why the login failed; what stands in it is plain text
	note      string
	user      *accounts.User // who is logged in; nil: show the form
	password  bool           // show the form for a new password of that user
	least     int            // characters of a new password
	about     string         // the box of that form that the problem is about; "": none of them
	token     string         // of the form
}

// write answers with the page.
func (p page) write(w http.ResponseWriter) {
	h := w.Header()
	secure(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(p.language))
	h.Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(p.html())) // the client may be gone; there is nobody else to tell
}

// secure sets the headers of everything here. With the referrer policy "no-referrer" browsers would
// send forms with the origin null.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// html writes the page. Templates of the standard library would do, but they call methods by their
// names, so that the linker keeps all there are.
func (p page) html() string {
	t := allTexts[p.language]
	title := t.title
	switch {
	case p.password:
		title = t.newTitle
	case p.user != nil:
		title = t.inside
	}
	var b strings.Builder
	add := func(parts ...string) {
		for _, part := range parts {
			b.WriteString(part)
		}
	}
	add("<!doctype html>\n<html lang=\"", string(p.language), "\">\n<head>\n<meta charset=\"utf-8\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n",
		"<title>", text(title), " – tutorsocket</title>\n<link rel=\"icon\" href=\"", iconPath, "\">\n<link rel=\"stylesheet\" href=\"", styleURL, "\">\n</head>\n<body>\n<main>\n")
	add("<header>", strings.Replace(strings.TrimSpace(icon), "<svg ", `<svg aria-hidden="true" `, 1), "<span>tutorsocket</span>")
	p.writeLanguages(add, t)
	add("</header>\n<h1>", text(title), "</h1>\n")
	if p.note != "" {
		add(`<p class="note" role="status">`, text(p.note), "</p>\n")
	}
	if p.problem != "" {
		add(`<p class="error" id="problem" role="alert">`, text(p.problem), "</p>\n")
	}
	switch {
	case p.password:
		p.writePassword(add, t)
	case p.user != nil:
		p.writeUser(add, t)
	default:
		p.writeForm(add, t)
	}
	add("</main>\n</body>\n</html>\n")
	return b.String()
}

// text writes plain text, in elements and in quoted attributes.
func text(plain string) string { return html.EscapeString(plain) }

// path is where the page is.
func (p page) path() string {
	if p.password {
		return passwordPath
	}
	return loginPath
}

// link leads to another page of ours, in the same language and to the same place afterwards.
func (p page) link(path string) string {
	query := url.Values{"lang": {string(p.language)}}
	if p.next != "/" {
		query.Set("next", p.next)
	}
	return path + "?" + query.Encode()
}

func (p page) writeLanguages(add func(...string), t *texts) {
	add(`<nav aria-label="`, text(t.languages), `">`)
	for _, l := range languages {
		current := ""
		if l == p.language {
			current = ` aria-current="true"`
		}
		other := p
		other.language = l
		add(`<a href="`, text(other.link(p.path())), `" lang="`, string(l), `" hreflang="`, string(l), `"`, current, `>`, text(allTexts[l].name), `</a>`)
	}
	add("</nav>")
}

// writeHidden writes what every form carries.
func (p page) writeHidden(add func(...string), next string) {
	for _, field := range [][2]string{{"form", p.token}, {"next", next}, {"lang", string(p.language)}} {
		add(`<input type="hidden" name="`, field[0], `" value="`, text(field[1]), "\">\n")
	}
}

func (p page) writeForm(add func(...string), t *texts) {
	wrong, onLogin, onPassword := "", " autofocus", ""
	if p.problem != "" {
		wrong = ` aria-describedby="problem"`
		if p.status < http.StatusTooManyRequests { // later, the same may be right
			wrong = ` aria-invalid="true"` + wrong
		}
	}
	if p.loginText != "" {
		onLogin, onPassword = onPassword, onLogin
	}
	add(`<form method="post" action="`, loginPath, "\">\n")
	p.writeHidden(add, p.next)
	add(`<label for="login">`, text(t.login), "</label>\n",
		`<input id="login" name="login" type="text" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="100" required value="`,
		text(p.loginText), `"`, wrong, onLogin, ">\n",
		`<label for="password">`, text(t.password), "</label>\n",
		`<input id="password" name="password" type="password" autocomplete="current-password" maxlength="`, strconv.Itoa(maxPasswordField), `" required`, wrong, onPassword, ">\n",
		`<button type="submit">`, text(t.submit), "</button>\n</form>\n",
		`<p class="hint">`, text(t.forgotten), "</p>\n")
}

func (p page) writeUser(add func(...string), t *texts) {
	add("<p>", text(t.signedIn), " <strong>", text(p.user.Login), "</strong>")
	if p.user.Name != "" {
		add(" (", text(p.user.Name), ")")
	}
	add(".</p>\n", `<a class="button" href="`, text(p.next), `">`, text(t.goOn), "</a>\n",
		`<form method="post" action="`, logoutPath, "\">\n")
	p.writeHidden(add, "")
	add(`<button type="submit" class="quiet">`, text(t.logOut), "</button>\n</form>\n",
		`<a class="button quiet" href="`, text(p.link(passwordPath)), `">`, text(t.newTitle), "</a>\n")
}
