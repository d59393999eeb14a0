package login

import (
	"context"
	"net/http"
	"strconv"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
)

// showPassword shows the form for a new password, or leads to the login and back.
func (s *Server) showPassword(w http.ResponseWriter, r *http.Request) {
	p := pageOf(r)
	if token, ok := s.insider(w, r, &p); ok {
		p.token = formToken(token, passwordForm)
		p.write(w)
	}
}

// insider finds out who is logged in, and makes the page one for a new password of that user. Else it has answered.
func (s *Server) insider(w http.ResponseWriter, r *http.Request, p *page) (token string, ok bool) {
	token, _ = secretOf(r, sessionCookie)
	if token == "" {
		p.toLogin(w)
		return "", false
	}
	found, why, err := s.use(r.Context(), idOf(token))
	switch {
	case err != nil:
		s.cfg.Logger.Warn("session cannot be checked", "error", err.Error())
		p.status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryAfter(busyWait))
		s.refuse(w, r, *p, func(t *texts) string { return t.unavailable })
		return "", false
	case why != "":
		p.toLogin(w)
		return "", false
	}
	p.user, p.password, p.least = &found.user, true, s.users.MinPassword()
	return token, true
}

// toLogin leads to the login, and from there to the form for a new password.
func (p page) toLogin(w http.ResponseWriter) {
	back := page{language: p.language, next: p.link(passwordPath)}
	redirect(w, back.link(loginPath))
}

// postPassword changes the password of who is logged in. Whoever sits at a browser that somebody has left has a
// session and does not know the password, so that the old one is asked for, and guesses count as those at the login do.
func (s *Server) postPassword(w http.ResponseWriter, r *http.Request) {
	p := page{language: languageOf(r.Header), next: "/"}
	session, ok := s.insider(w, r, &p)
	if !ok {
		return
	}
	p.token = formToken(session, passwordForm)
	values, err := form(w, r)
	if err != nil {
		s.figures.changes.With(outcomeForm).Inc()
		p.status = http.StatusBadRequest
		s.refuse(w, r, p, func(t *texts) string { return t.badForm })
		return
	}
	p.next = localPath(values.Get("next"))
	if l := chosen(values.Get("lang")); l != "" {
		p.language = l
	}
	if !s.ownPage(r) || !validFormToken(session, passwordForm, values.Get("form")) {
		s.fail(w, r, p, failure{outcome: outcomeForm, status: http.StatusForbidden, user: p.user.ID,
			detail: "The form for a new password was not given to this browser by this server, or for another session.",
			why:    func(t *texts) string { return t.oldForm }})
		return
	}
	old, password := values.Get("old"), values.Get("new")
	switch {
	case old == "" || password == "":
		p.about = "new"
		if old == "" {
			p.about = "old"
		}
		p.status = http.StatusUnprocessableEntity
		s.refuse(w, r, p, func(t *texts) string { return t.emptyPassword })
		return
	case password != values.Get("again"):
		p.about = "again"
		p.status = http.StatusUnprocessableEntity
		s.refuse(w, r, p, func(t *texts) string { return t.differ })
		return
	}
	user, failed := s.try(r, p.user.Login, func(ctx context.Context) (accounts.User, error) {
		return s.users.ChangePassword(ctx, p.user.Login, old, password)
	})
	switch {
	case failed == nil:
	case failed.outcome == outcomeRefused: // a mistake, no attack
		s.figures.changes.With(outcomeRefused).Inc()
		p.status, p.about = failed.status, "new"
		s.refuse(w, r, p, failed.why)
		return
	default:
		if failed.outcome == outcomeWrong {
			p.about = "old"
			failed.detail, failed.why = "The present password is wrong.", func(t *texts) string { return t.wrongOld }
		}
		failed.user = p.user.ID
		s.fail(w, r, p, *failed)
		return
	}
	s.figures.changes.With(outcomeRight).Inc()
	s.cfg.Logger.Info("user has changed the password", "user", user.ID)
	if err := s.begin(w, r, user, whyPassword); err != nil {
		// The password is changed all the same, and all sessions have ended.
		s.cfg.Logger.Warn("no session for a user who has changed the password", "user", user.ID, "error", err.Error())
		redirect(w, p.link(loginPath))
		return
	}
	redirect(w, p.link(loginPath)+"&changed")
}

func (p page) writePassword(add func(...string), t *texts) {
	box := func(id, label, complete, more string) {
		if id == p.about || id == "old" && p.about == "" {
			more += " autofocus"
		}
		if id == p.about {
			more += ` aria-invalid="true" aria-describedby="problem"`
		}
		add(`<label for="`, id, `">`, text(label), "</label>\n",
			`<input id="`, id, `" name="`, id, `" type="password" autocomplete="`, complete, `" maxlength="`, strconv.Itoa(maxPasswordField), `" required`, more, ">\n")
	}
	add(`<form method="post" action="`, passwordPath, "\">\n")
	p.writeHidden(add, p.next)
	// Programs that keep passwords want to know whose it is.
	add(`<label for="login">`, text(t.login), "</label>\n",
		`<input id="login" name="login" type="text" autocomplete="username" readonly value="`, text(p.user.Login), "\">\n")
	box("old", t.old, "current-password", "")
	box("new", t.new, "new-password", ` minlength="`+strconv.Itoa(p.least)+`"`)
	box("again", t.again, "new-password", "")
	add(`<button type="submit">`, text(t.change), "</button>\n</form>\n",
		`<a class="button quiet" href="`, text(p.link(loginPath)), `">`, text(t.back), "</a>\n",
		`<p class="hint">`, text(t.newHint(p.least)), "</p>\n")
}
