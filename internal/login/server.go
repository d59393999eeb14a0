package login

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Users say who may log in; *accounts.Store has these methods.
type Users interface {
	Verify(ctx context.Context, login, password string) (accounts.User, error)
	ByLogin(ctx context.Context, login string) (accounts.User, error)
	Watch(ctx context.Context) (iter.Seq[string], error)
	ChangePassword(ctx context.Context, login, old, password string) (accounts.User, error)
	MinPassword() int
}

// Server lets users in. Its methods are safe for concurrent use.
type Server struct {
	cfg      Config
	users    Users
	sessions *store
	managers map[bool]*scs.SessionManager // by whether the client came by TLS
	throttle *throttle
	grounds  *grounds
	doubts   *doubts
	heldBack chan struct{} // holds one for each answer that is held back
	figures  figures
}

var _ auth.Method = (*Server)(nil)

// New returns a server of logins of users, whose sessions are kept in values.
func New(cfg Config, users Users, values Values) *Server {
	s := &Server{
		cfg: cfg.withDefaults(), users: users,
		grounds: &grounds{byID: map[string]*ground{}}, doubts: newDoubts(), heldBack: make(chan struct{}, maxHeldBack),
	}
	s.sessions = &store{values, s.cfg.Idle, s.cfg.Clock}
	s.throttle = newThrottle(s.cfg)
	s.figures = newFigures(s.cfg.Metrics, s)
	s.managers = map[bool]*scs.SessionManager{}
	for _, secure := range []bool{false, true} {
		// Made without scs.New, which starts a store in memory and links encoding/gob. Idle times are
		// the store's: scs would write each session with each request.
		m := &scs.SessionManager{Lifetime: s.cfg.Lifetime, Store: s.sessions, Codec: codec{}, HashTokenInStore: true}
		m.Cookie = scs.SessionCookie{Name: sessionCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure, Persist: true}
		if secure {
			m.Cookie.Name = hostPrefix + sessionCookie
		}
		s.managers[secure] = m
	}
	return s
}

// MethodName is what callers have as their method.
const MethodName = "accounts"

// Authenticate knows the cookie of a session. Its caller has the lease of the session, which ends
// with it. Cookies of pages of other origins do not count. It is an [auth.Method].
func (s *Server) Authenticate(r *http.Request) (auth.Caller, error) {
	token, there := secretOf(r, sessionCookie)
	switch {
	case !there:
		return auth.Caller{}, fmt.Errorf("%w: there is no cookie of a session; the page /login gives one", auth.ErrNoCredentials)
	case !s.cfg.Origins.MayUseCookies(r):
		return auth.Caller{}, fmt.Errorf("%w: cookies do not count for pages of another origin; list it in origins", auth.ErrUnauthenticated)
	case token == "":
		return auth.Caller{}, fmt.Errorf("%w: the cookie of the session cannot be read; log in again", auth.ErrUnauthenticated)
	}
	found, why, err := s.use(r.Context(), idOf(token))
	switch {
	case err != nil:
		s.cfg.Logger.Warn("session cannot be checked", "error", err.Error())
		return auth.Caller{}, auth.ErrUnavailable
	case why != "":
		return auth.Caller{}, fmt.Errorf("%w: %s", auth.ErrUnauthenticated, why)
	}
	return auth.Caller{User: found.user.Hub(), Method: MethodName, Lease: found.lease}, nil
}

// use is stand for a request of the session itself, which is noted.
func (s *Server) use(ctx context.Context, id string) (found standing, why string, err error) {
	found, why, err = s.stand(ctx, id)
	if err == nil && why == "" {
		if err := s.note(ctx, id, &found, s.cfg.touchAfter()); err != nil {
			// It was read a moment ago: the request goes on, and a later one notes it.
			s.cfg.Logger.Warn("use of a session is not noted", "user", found.user.ID, "error", err.Error())
		}
	}
	return found, why, err
}

// note notes that a session is in use, if the last note is so old.
func (s *Server) note(ctx context.Context, id string, found *standing, after time.Duration) error {
	if s.cfg.Clock().Sub(found.session.SeenAt) < after {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	touched, err := s.sessions.touch(ctx, id, found.session, found.revision)
	if errors.Is(err, errTouched) {
		return nil // by another request, or it was ended
	}
	if err == nil {
		found.session = touched
		found.lease.Extend(touched.until(s.cfg.Idle))
		s.grounds.seen(id, touched.SeenAt)
	}
	return err
}

// begin begins a session for a user and gives its cookie to the browser. The session that the browser
// had ends, unless it has already; why is for its sockets.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, user accounts.User, why string) error {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), whyKey{}, why), storeTime)
	defer cancel()
	manager := s.managers[auth.Secure(r)]
	token, _ := secretOf(r, sessionCookie)
	ctx, err := manager.Load(ctx, token)
	if err == nil {
		err = manager.RenewToken(ctx)
	}
	if err != nil {
		return fmt.Errorf("renew the token of the session: %w", err)
	}
	now := s.cfg.Clock().UTC()
	manager.Put(ctx, sessionValue, session{
		UserID: user.ID, Login: accounts.Fold(user.Login), Epoch: user.Epoch, BegunAt: now, SeenAt: now,
		Address: clientAddress(r), Agent: shorten(r.UserAgent()),
	})
	manager.SetDeadline(ctx, now.Add(s.cfg.Lifetime))
	token, until, err := manager.Commit(ctx)
	if err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	manager.WriteSessionCookie(ctx, w, token, until)
	return nil
}

// logOut ends the session of the browser, if it has one, and takes its cookie.
func (s *Server) logOut(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), whyKey{}, whyLoggedOut), storeTime)
	defer cancel()
	manager := s.managers[auth.Secure(r)]
	token, _ := secretOf(r, sessionCookie)
	ctx, err := manager.Load(ctx, token)
	if err != nil {
		return fmt.Errorf("read the session: %w", err)
	}
	if manager.Token(ctx) != "" {
		if err := manager.Destroy(ctx); err != nil {
			return fmt.Errorf("end the session: %w", err)
		}
		s.changed(idOf(token))
	}
	manager.WriteSessionCookie(ctx, w, "", time.Time{})
	return nil
}

// changed has this node look at a session before the watch tells it to.
func (s *Server) changed(id string) {
	if s.grounds.changed(id) {
		s.doubts.add(id)
	}
}

// maxAgent bounds what is kept of the name of a browser, in bytes.
const maxAgent = 200

func shorten(text string) string {
	text = strings.ToValidUTF8(text, "?")
	if len(text) > maxAgent {
		text = strings.ToValidUTF8(text[:maxAgent], "") + "…"
	}
	return text
}
