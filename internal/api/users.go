package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// Users are those who log in here; *accounts.Store has these methods.
type Users interface {
	// List returns up to limit users behind a login, ordered by login; next is "" at the end.
	List(ctx context.Context, after string, limit int) (users []accounts.User, next string, err error)
	ByLogin(ctx context.Context, login string) (accounts.User, error)
	Add(ctx context.Context, n accounts.NewUser) (accounts.User, error)
	Change(ctx context.Context, id string, c accounts.Change) (accounts.User, error)
	Remove(ctx context.Context, id string) error
}

// Sessions are logins that hold; *login.Server has these methods.
type Sessions interface {
	// List returns up to limit sessions behind a position, those of one user unless userID is empty; next
	// is "" at the end.
	List(ctx context.Context, userID, after string, limit int) (sessions []login.Session, next string, err error)
	// End ends a session and closes its sockets; login.ErrNoSession if there is none.
	End(ctx context.Context, id string) error
}

// User is somebody who logs in here.
type User struct {
	ID         string            `json:"id" doc:"A number, as scripts find it in curUserID."`
	Login      string            `json:"login" doc:"What the user types to log in; case does not matter."`
	Name       string            `json:"name" doc:"What others call the user."`
	Admin      bool              `json:"admin" doc:"Whether the user is an administrator."`
	Disabled   bool              `json:"disabled" doc:"Whether the user may not log in."`
	Fields     map[string]string `json:"fields,omitempty" doc:"What scripts find in curUser besides."`
	CreatedAt  time.Time         `json:"created_at" doc:"When the user was added."`
	PasswordAt time.Time         `json:"password_at" doc:"When the password was set."`
}

// NewUser is a user to add.
type NewUser struct {
	Login    string            `json:"login" doc:"1 to 64 letters and digits, and behind the first also . _ - @ +."`
	Password string            `json:"password" doc:"At least auth.accounts.min_password characters."`
	Name     string            `json:"name,omitempty" doc:"What others call the user; up to 200 characters."`
	Admin    bool              `json:"admin,omitempty" doc:"Whether the user is an administrator."`
	ID       string            `json:"id,omitempty" doc:"A number, such as the id of the user in WebTutor; without one the server draws it."`
	Fields   map[string]string `json:"fields,omitempty" doc:"What scripts find in curUser besides: up to 64 texts of 1024 bytes."`
}

// UserChange is what is to become another one of a user. What is not there stays. Open sockets of a user who has become
// another one in the eyes of scripts are closed, and may be opened again.
type UserChange struct {
	Name     *string            `json:"name,omitempty" doc:"What others call the user."`
	Admin    *bool              `json:"admin,omitempty" doc:"Whether the user is an administrator. Like another name and other fields this closes the open sockets of the user; clients that come back have what is new."`
	Disabled *bool              `json:"disabled,omitempty" doc:"Whether the user may not log in; true ends all sessions of the user."`
	Fields   *map[string]string `json:"fields,omitempty" doc:"What scripts find in curUser besides, all of it."`
	Password *string            `json:"password,omitempty" doc:"A new password; it ends all sessions of the user."`
	LogOut   bool               `json:"log_out,omitempty" doc:"End all sessions of the user."`
}

// Session is a login that holds.
type Session struct {
	ID      string    `json:"id" doc:"Names the session. It opens nothing."`
	UserID  string    `json:"user_id" doc:"Whose session it is."`
	Login   string    `json:"login" doc:"The user's login, in lower case."`
	BegunAt time.Time `json:"begun_at" doc:"When the user logged in."`
	SeenAt  time.Time `json:"seen_at" doc:"When it was last used, or up to five minutes before; by an open socket, or up to a tenth of auth.accounts.idle before."`
	EndsAt  time.Time `json:"ends_at" doc:"When it ends if it is not used any more."`
	Address string    `json:"address" doc:"The address the user logged in from."`
	Agent   string    `json:"agent" doc:"What the browser calls itself."`
}

type userQuery struct {
	Login string `query:"login" doc:"Only the user with this login, if there is one."`
	PageQuery
}

type userPath struct {
	ID string `path:"id" doc:"The id of the user."`
}

type userPatch struct {
	ID   string `path:"id" doc:"The id of the user."`
	Body UserChange
}

type sessionQuery struct {
	User string `query:"user" doc:"Only sessions of the user with this id."`
	PageQuery
}

type sessionPath struct {
	ID string `path:"id" doc:"The id of the session."`
}

func (h *handler) registerUsers(router huma.API) {
	const conflict, away = http.StatusConflict, http.StatusServiceUnavailable
	huma.Register(router, h.operation("list-users", http.MethodGet, "/users", "Users, ordered by login", http.StatusOK, conflict, away), h.listUsers)
	huma.Register(router, h.operation("add-user", http.MethodPost, "/users", "Add a user", http.StatusCreated, conflict, away),
		func(ctx context.Context, in *struct{ Body NewUser }) (*answer[User], error) {
			if h.Users == nil {
				return nil, noAccounts()
			}
			u, err := h.Users.Add(ctx, in.Body.user())
			return userAnswer(u, err, "")
		})
	huma.Register(router, h.operation("change-user", http.MethodPatch, "/users/{id}", "Change a user", http.StatusOK, http.StatusNotFound, conflict, away),
		func(ctx context.Context, in *userPatch) (*answer[User], error) {
			if h.Users == nil {
				return nil, noAccounts()
			}
			c := in.Body
			u, err := h.Users.Change(ctx, in.ID, accounts.Change{
				Name: c.Name, Admin: c.Admin, Disabled: c.Disabled, Fields: c.Fields, Password: c.Password, LogOut: c.LogOut,
			})
			return userAnswer(u, err, in.ID)
		})
	huma.Register(router, h.operation("remove-user", http.MethodDelete, "/users/{id}", "Remove a user", http.StatusNoContent, http.StatusNotFound, conflict, away),
		func(ctx context.Context, in *userPath) (*struct{}, error) {
			if h.Users == nil {
				return nil, noAccounts()
			}
			if err := h.Users.Remove(ctx, in.ID); err != nil {
				return nil, userProblem(err, in.ID)
			}
			return nil, nil
		})
	huma.Register(router, h.operation("list-sessions", http.MethodGet, "/sessions", "Sessions of users that are logged in", http.StatusOK, conflict, away), h.listSessions)
	huma.Register(router, h.operation("end-session", http.MethodDelete, "/sessions/{id}", "End a session", http.StatusNoContent, http.StatusNotFound, conflict, away),
		func(ctx context.Context, in *sessionPath) (*struct{}, error) {
			if h.Sessions == nil {
				return nil, noAccounts()
			}
			err := h.Sessions.End(ctx, in.ID)
			if errors.Is(err, login.ErrNoSession) {
				return nil, problem(http.StatusNotFound, "There is no session %q, or it has ended. GET %s/sessions lists them.", shorten(in.ID), Base)
			}
			if err != nil {
				return nil, userProblem(err, "")
			}
			return nil, nil
		})
}

// user is the user to add, as accounts has it.
func (n NewUser) user() accounts.NewUser {
	return accounts.NewUser{ID: n.ID, Login: n.Login, Name: n.Name, Admin: n.Admin, Fields: n.Fields, Password: n.Password}
}

func (h *handler) listUsers(ctx context.Context, in *userQuery) (*answer[List[User]], error) {
	after, err := in.position("users")
	if err != nil {
		return nil, err
	}
	if h.Users == nil {
		return nil, noAccounts()
	}
	var found []accounts.User
	next := ""
	if in.Login != "" {
		u, err := h.Users.ByLogin(ctx, in.Login)
		switch {
		case err == nil:
			found = []accounts.User{u}
		case !errors.Is(err, accounts.ErrNoUser):
			return nil, userProblem(err, "")
		}
	} else if found, next, err = h.Users.List(ctx, after, in.Limit); err != nil {
		return nil, userProblem(err, "")
	}
	items := make([]User, 0, len(found))
	for _, u := range found {
		items = append(items, userOf(u))
	}
	if next != "" {
		next = cursorOf("users", next)
	}
	return &answer[List[User]]{listOf(items, next, nil)}, nil
}

func (h *handler) listSessions(ctx context.Context, in *sessionQuery) (*answer[List[Session]], error) {
	after, err := in.position("sessions")
	if err != nil {
		return nil, err
	}
	if h.Sessions == nil {
		return nil, noAccounts()
	}
	found, next, err := h.Sessions.List(ctx, in.User, after, in.Limit)
	if err != nil {
		return nil, userProblem(err, "")
	}
	items := make([]Session, 0, len(found))
	for _, s := range found {
		items = append(items, Session{
			ID: s.ID, UserID: s.UserID, Login: s.Login, BegunAt: s.BegunAt.UTC(), SeenAt: s.SeenAt.UTC(), EndsAt: s.EndsAt.UTC(), Address: s.Address, Agent: s.Agent,
		})
	}
	if next != "" {
		next = cursorOf("sessions", next)
	}
	return &answer[List[Session]]{listOf(items, next, nil)}, nil
}

func userOf(u accounts.User) User {
	return User{
		ID: u.ID, Login: u.Login, Name: u.Name, Admin: u.Admin, Disabled: u.Disabled, Fields: u.Fields,
		CreatedAt: u.CreatedAt.UTC(), PasswordAt: u.PasswordAt.UTC(),
	}
}

func userAnswer(u accounts.User, err error, id string) (*answer[User], error) {
	if err != nil {
		return nil, userProblem(err, id)
	}
	return &answer[User]{userOf(u)}, nil
}

// noAccounts says that the server was set up without accounts.
func noAccounts() error {
	return problem(http.StatusConflict, "This server keeps no users of its own. Add accounts to the setting auth.methods.")
}

// userProblem translates errors about users and sessions; id is that of the request, empty if it has none.
// No password is in them.
func userProblem(err error, id string) error {
	var wrong *accounts.FieldError
	switch {
	case errors.As(err, &wrong):
		return at(problem(http.StatusUnprocessableEntity, "The user cannot be saved: %v.", wrong), "body."+wrong.Field, wrong.Reason, nil)
	case errors.Is(err, accounts.ErrNoUser):
		return problem(http.StatusNotFound, "There is no user with the id %q. GET %s/users lists them.", shorten(id), Base)
	case errors.Is(err, accounts.ErrTaken):
		return problem(http.StatusConflict, "The user cannot be added: %v.", err)
	case errors.Is(err, accounts.ErrBusy):
		busy := problem(http.StatusServiceUnavailable, "Too many passwords are being verified at this moment. Try again.")
		return huma.ErrorWithHeaders(busy, http.Header{"Retry-After": {"5"}})
	case errors.Is(err, userdata.ErrFull), errors.Is(err, userdata.ErrTooLarge):
		full := problem(http.StatusServiceUnavailable, "The store of users has no room for more.")
		return huma.ErrorWithHeaders(full, http.Header{"Retry-After": {"60"}})
	}
	return userDataProblem(err)
}
