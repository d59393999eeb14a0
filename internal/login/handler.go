package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
)

const (
	// maxForm bounds a form, in bytes.
	maxForm = 16 << 10
	// maxPasswordField is how many characters can be typed as a password.
	maxPasswordField = 1024
	// formTime is how long a form may take to arrive.
	formTime = 10 * time.Second
	// busyWait is when to try again where too much goes on.
	busyWait = 5 * time.Second
)

// Names of forms, for their tokens.
const (
	loginForm    = "login"
	logoutForm   = "logout"
	passwordForm = "password"
)

// Handles reports whether a path is one of those that the server answers.
func Handles(path string) bool {
	return path == loginPath || path == logoutPath || path == passwordPath || path == stylePath || path == iconPath
}

// ServeHTTP answers the page, its forms, and what it loads.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reading, posting := r.Method == http.MethodGet || r.Method == http.MethodHead, r.Method == http.MethodPost
	switch path := r.URL.Path; {
	case path == loginPath && reading:
		s.showPage(w, r)
	case path == loginPath && posting:
		s.postLogin(w, r)
	case path == logoutPath && posting:
		s.postLogout(w, r)
	case path == logoutPath && reading: // typed by hand: the page has the button
		redirect(w, loginPath)
	case path == passwordPath && reading:
		s.showPassword(w, r)
	case path == passwordPath && posting:
		s.postPassword(w, r)
	case path == stylePath && reading:
		file(w, "text/css; charset=utf-8", style)
	case path == iconPath && reading:
		file(w, "image/svg+xml", icon)
	case Handles(path):
		allow := "GET, HEAD, POST"
		if path == stylePath || path == iconPath {
			allow = "GET, HEAD"
		}
		w.Header().Set("Allow", allow)
		s.refuse(w, r, page{status: http.StatusMethodNotAllowed, language: languageOf(r.Header), next: "/"}, func(t *texts) string { return t.methodNotAllowed })
	default:
		http.NotFound(w, r)
	}
}

func file(w http.ResponseWriter, kind, content string) {
	secure(w.Header())
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = io.WriteString(w, content) // the client may be gone; there is nobody else to tell
}

// redirect leads to a path of this server, with GET.
func redirect(w http.ResponseWriter, path string) {
	secure(w.Header())
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

// pageOf is what a request asks for in its address.
func pageOf(r *http.Request) page {
	query := r.URL.Query()
	p := page{status: http.StatusOK, language: chosen(query.Get("lang")), next: localPath(query.Get("next"))}
	if p.language == "" {
		p.language = languageOf(r.Header)
	}
	return p
}

// showPage shows who is logged in, or the form.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := pageOf(r)
	t := allTexts[p.language]
	if query.Has("out") {
		p.note = t.loggedOut
	}
	if token, _ := secretOf(r, sessionCookie); token != "" {
		found, why, err := s.use(r.Context(), idOf(token))
		switch {
		case err != nil:
			s.cfg.Logger.Warn("session cannot be checked", "error", err.Error())
			p.status, p.problem = http.StatusServiceUnavailable, t.unavailable
			w.Header().Set("Retry-After", retryAfter(busyWait))
		case why == "":
			p.user, p.token, p.note = &found.user, formToken(token, logoutForm), ""
			if query.Has("changed") {
				p.note = t.changed
			}
		}
	}
	if p.user == nil {
		p.token = formToken(formSecret(w, r), loginForm)
	}
	p.write(w)
}

// refuse shows the form once more, with what was wrong; that of the login, if the page is none of somebody who is
// logged in.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, p page, why func(*texts) string) {
	p.problem = why(allTexts[p.language])
	if p.user == nil {
		p.token = formToken(formSecret(w, r), loginForm)
	}
	p.write(w)
}

// form reads what a form sends.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("the body is no form")
	}
	// Writers that know no deadlines are those of tests.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(formTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

// ownPage reports whether nothing says that another page than one of this server has sent the form.
func (s *Server) ownPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	return len(r.Header.Values("Origin")) == 0 || s.cfg.Origins.Own(r)
}

// postLogin logs a user in.
func (s *Server) postLogin(w http.ResponseWriter, r *http.Request) {
	p := page{language: languageOf(r.Header), next: "/"}
	values, err := form(w, r)
	if err != nil {
		s.figures.attempts.With(outcomeForm).Inc()
		p.status = http.StatusBadRequest
		s.refuse(w, r, p, func(t *texts) string { return t.badForm })
		return
	}
	p.next, p.loginText = localPath(values.Get("next")), strings.TrimSpace(values.Get("login"))
	if l := chosen(values.Get("lang")); l != "" {
		p.language = l
	}
	secret, _ := secretOf(r, formCookie)
	if !s.ownPage(r) || !validFormToken(secret, loginForm, values.Get("form")) {
		s.fail(w, r, p, failure{outcome: outcomeForm, status: http.StatusForbidden, detail: "The login form was not given to this browser by this server, or too long ago.",
			why: func(t *texts) string { return t.oldForm }})
		return
	}
	if p.loginText == "" || values.Get("password") == "" {
		p.status = http.StatusUnprocessableEntity
		s.refuse(w, r, p, func(t *texts) string { return t.empty })
		return
	}
	user, failed := s.try(r, p.loginText, func(ctx context.Context) (accounts.User, error) {
		return s.users.Verify(ctx, p.loginText, values.Get("password"))
	})
	if failed == nil {
		if err := s.begin(w, r, user, whyLoggedIn); err != nil {
			failed = s.broken(err)
		}
	}
	if failed != nil {
		s.fail(w, r, p, *failed)
		return
	}
	s.figures.attempts.With(outcomeRight).Inc()
	s.cfg.Logger.Info("user has logged in", "user", user.ID)
	redirect(w, p.next)
}

// failure is why somebody was not logged in.
type failure struct {
	outcome string
	status  int
	what    string        // for the list of refusals; auth.RefusedUser if empty
	detail  string        // for that list
	user    string        // id of the user, if that is certain
	wait    time.Duration // for Retry-After; 0: there is none
	why     func(*texts) string
}

// fail shows and counts a failed login, or change of a password.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, p page, f failure) {
	if p.password {
		s.figures.changes.With(f.outcome).Inc()
	} else {
		s.figures.attempts.With(f.outcome).Inc()
	}
	if f.what == "" {
		f.what = auth.RefusedUser
	}
	s.cfg.Refusals.Add(r, auth.Refusal{What: f.what, Status: f.status, Detail: f.detail, UserID: f.user})
	if f.wait > 0 {
		w.Header().Set("Retry-After", retryAfter(f.wait))
	}
	p.status = f.status
	s.refuse(w, r, p, f.why)
}

func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(int((wait+time.Second-1)/time.Second), 1))
}

// broken is a failure of ours.
func (s *Server) broken(err error) *failure {
	s.cfg.Logger.Warn("nobody can be logged in", "error", err.Error())
	return &failure{outcome: outcomeUnavailable, status: http.StatusServiceUnavailable, what: auth.RefusedUnavailable, detail: "The store of users and sessions does not answer.",
		wait: busyWait, why: func(t *texts) string { return t.unavailable }}
}

var busy = failure{outcome: outcomeBusy, status: http.StatusServiceUnavailable, what: auth.RefusedLimit, detail: "Too many logins at once.",
	wait: busyWait, why: func(t *texts) string { return t.busy }}

// try has a password verified, unless too many were wrong before.
func (s *Server) try(r *http.Request, login string, verify func(context.Context) (accounts.User, error)) (accounts.User, *failure) {
	who := pair{accounts.Fold(login), network(clientAddress(r))}
	if err := s.learn(r.Context(), who); err != nil {
		if r.Context().Err() != nil {
			return accounts.User{}, &busy // nobody reads it
		}
		return accounts.User{}, s.broken(err)
	}
	a, wait, of := s.throttle.begin(who.login, who.address)
	if wait > 0 {
		outcome, detail := outcomeLogin, "Too many failed logins of this user"
		if of == ofAddress {
			outcome, detail = outcomeAddress, "Too many failed logins from this address"
		}
		return accounts.User{}, &failure{outcome: outcome, status: http.StatusTooManyRequests, what: auth.RefusedLimit, wait: wait,
			detail: fmt.Sprintf("%s; the next one may be tried in %v.", detail, wait.Round(time.Second)),
			why:    func(t *texts) string { return t.tryIn(wait) }}
	}
	if !s.holdBack(r, a.delay) {
		s.throttle.undecided(a)
		return accounts.User{}, &busy
	}
	user, err := verify(r.Context())
	switch {
	case err == nil:
		s.tellRight(r.Context(), a, s.throttle.right(a))
		return user, nil
	case errors.Is(err, accounts.ErrWrong):
		s.tellWrong(r.Context(), a)
		return accounts.User{}, &failure{outcome: outcomeWrong, status: http.StatusForbidden, detail: "The login or the password is wrong.", user: s.guessed(r, user),
			why: func(t *texts) string { return t.wrong }}
	case errors.Is(err, accounts.ErrDisabled):
		s.tellWrong(r.Context(), a)
		return accounts.User{}, &failure{outcome: outcomeDisabled, status: http.StatusForbidden, detail: "The account is disabled.", user: user.ID,
			why: func(t *texts) string { return t.disabled }}
	case errors.As(err, new(*accounts.FieldError)): // of the new password: the old one is right, or was not looked at
		s.throttle.undecided(a)
		return accounts.User{}, &failure{outcome: outcomeRefused, status: http.StatusUnprocessableEntity, why: func(t *texts) string { return t.badPassword(s.users.MinPassword()) }}
	}
	s.throttle.undecided(a)
	if errors.Is(err, accounts.ErrBusy) || r.Context().Err() != nil {
		return accounts.User{}, &busy
	}
	return accounts.User{}, s.broken(err)
}

// guessed has a record made of a wrong password of a user, whom it returns: whoever operates the server sees whose
// account is tried. What was typed for a login is nobody's to read: it may be a password.
func (s *Server) guessed(r *http.Request, user accounts.User) (id string) {
	if user.ID != "" {
		s.cfg.Logger.Info("login failed", "user", user.ID, "address", clientAddress(r))
	}
	return user.ID
}

// maxHeldBack is how many answers are held back at once.
const maxHeldBack = 256

// holdBack waits; false says that too many wait already, or that the client is gone.
func (s *Server) holdBack(r *http.Request, delay time.Duration) bool {
	if delay <= 0 {
		return true
	}
	select {
	case s.heldBack <- struct{}{}:
	default:
		return false
	}
	defer func() { <-s.heldBack }()
	s.figures.slowed.Inc()
	select {
	case <-time.After(delay):
		return true
	case <-r.Context().Done():
		return false
	}
}

// postLogout ends the session of the browser. The form needs a token, unless the browser says that a
// page of this server has sent it: so pages of an app may have a button without knowing one.
func (s *Server) postLogout(w http.ResponseWriter, r *http.Request) {
	p := page{language: languageOf(r.Header), next: "/"}
	values, err := form(w, r)
	if err != nil {
		p.status = http.StatusBadRequest
		s.refuse(w, r, p, func(t *texts) string { return t.badForm })
		return
	}
	if l := chosen(values.Get("lang")); l != "" {
		p.language = l
	}
	session, _ := secretOf(r, sessionCookie)
	if session != "" {
		if !s.ownPage(r) || !s.cfg.Origins.Own(r) && !validFormToken(session, logoutForm, values.Get("form")) {
			p.status = http.StatusForbidden
			s.cfg.Refusals.Add(r, auth.Refusal{What: auth.RefusedUser, Status: p.status, Detail: "The form to log out was not sent by a page of this server."})
			s.refuse(w, r, p, func(t *texts) string { return t.oldForm })
			return
		}
		if err := s.logOut(w, r); err != nil {
			s.cfg.Logger.Warn("nobody can be logged out", "error", err.Error())
			p.status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", retryAfter(busyWait))
			s.refuse(w, r, p, func(t *texts) string { return t.unavailable })
			return
		}
		s.figures.logouts.Inc()
	}
	if next := values.Get("next"); next != "" {
		redirect(w, localPath(next))
		return
	}
	redirect(w, loginPath+"?out&lang="+string(p.language))
}
