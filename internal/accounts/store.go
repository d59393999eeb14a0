package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// Values keep users; *userdata.Store has these methods.
type Values interface {
	GetRevision(ctx context.Context, key string) (value json.RawMessage, revision uint64, ok bool, err error)
	// Replace stores a value over that revision, over nothing if it is 0; else it reports false.
	Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error)
	Delete(ctx context.Context, key string) (bool, error)
	List(ctx context.Context, prefix string, limit int, after string) (page []userdata.Entry, next string, err error)
	Watch(ctx context.Context, prefix string) (iter.Seq[string], error)
}

// Prefixes of keys.
const (
	userPrefix = "user/"
	idPrefix   = "id/"
)

// Store keeps users. Its methods return errors of the values, such as [userdata.ErrUnavailable],
// besides those they name.
type Store struct {
	cfg     Config
	values  Values
	turns   turns
	figures figures
}

// New returns a store over values of its own.
func New(cfg Config, values Values) *Store {
	s := &Store{cfg: cfg.withDefaults(), values: values, figures: newFigures(cfg.Metrics)}
	s.turns = newTurns(s.cfg.Verifications, &s.figures)
	return s
}

// record is a user as stored.
type record struct {
	ID         string            `json:"id"`
	Login      string            `json:"login"`
	Name       string            `json:"name,omitempty"`
	Admin      bool              `json:"admin,omitempty"`
	Disabled   bool              `json:"disabled,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	PasswordAt time.Time         `json:"password_at"`
	Epoch      uint64            `json:"epoch"`
	Password   string            `json:"password"`
}

func (r record) user() User {
	return User{
		ID: r.ID, Login: r.Login, Name: r.Name, Admin: r.Admin, Disabled: r.Disabled, Fields: r.Fields,
		CreatedAt: r.CreatedAt, PasswordAt: r.PasswordAt, Epoch: r.Epoch,
	}
}

// pointer is the value of an id.
type pointer struct {
	Login string `json:"login"` // folded
}

// get reads what is under a key into v and returns the revision, 0 if there is nothing.
func (s *Store) get(ctx context.Context, key string, v any) (revision uint64, err error) {
	value, revision, ok, err := s.values.GetRevision(ctx, key)
	if err != nil || !ok {
		return 0, err
	}
	if err := json.Unmarshal(value, v); err != nil {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	return revision, nil
}

// put stores v over a revision, over nothing if it is 0, and reports whether it was still there.
func (s *Store) put(ctx context.Context, key string, v any, revision uint64) (bool, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return false, fmt.Errorf("encode %s: %w", key, err)
	}
	return s.values.Replace(ctx, key, value, 0, revision)
}

// NewUser is who is to be added.
type NewUser struct {
	ID       string // a number; drawn if empty
	Login    string
	Name     string
	Admin    bool
	Fields   map[string]string
	Password string
}

// Add adds a user. Errors: a [*FieldError], [ErrTaken], [ErrBusy].
func (s *Store) Add(ctx context.Context, n NewUser) (User, error) {
	for _, err := range []error{checkLogin(n.Login), checkName(n.Name), checkFields(n.Fields), s.cfg.checkPassword(n.Password, n.Login)} {
		if err != nil {
			return User{}, err
		}
	}
	if n.ID == "" {
		n.ID = newID()
	} else if err := checkID(n.ID); err != nil {
		return User{}, err
	}
	login := Fold(n.Login)
	if revision, err := s.get(ctx, userPrefix+login, new(record)); err != nil || revision != 0 {
		return User{}, taken("login", err)
	}
	password, err := s.hash(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	if err := s.takeID(ctx, n.ID, login); err != nil {
		return User{}, err
	}
	now := s.cfg.Clock().UTC()
	r := record{
		ID: n.ID, Login: n.Login, Name: n.Name, Admin: n.Admin, Fields: n.Fields,
		CreatedAt: now, PasswordAt: now, Epoch: firstEpoch(), Password: password,
	}
	if ok, err := s.put(ctx, userPrefix+login, r, 0); err != nil || !ok {
		return User{}, errors.Join(taken("login", err), s.dropID(ctx, n.ID, login))
	}
	return r.user(), nil
}

// taken is err, or that somebody else has it.
func taken(what string, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("the %s %w", what, ErrTaken)
}

// takeID has the id lead to the login. One that leads there already was left by an attempt that
// broke off.
func (s *Store) takeID(ctx context.Context, id, login string) error {
	var p pointer
	revision, err := s.get(ctx, idPrefix+id, &p)
	switch {
	case err != nil:
		return err
	case revision != 0 && p.Login == login:
		return nil
	case revision != 0:
		return taken("id", nil)
	}
	if ok, err := s.put(ctx, idPrefix+id, pointer{login}, 0); err != nil || !ok {
		return taken("id", err)
	}
	return nil
}

// dropID frees an id, unless the user has it after all: a second attempt to add him was faster.
func (s *Store) dropID(ctx context.Context, id, login string) error {
	var r record
	if revision, err := s.get(ctx, userPrefix+login, &r); err != nil || revision != 0 && r.ID == id {
		return err
	}
	_, err := s.values.Delete(ctx, idPrefix+id)
	return err
}

// ByLogin returns a user, whatever the case of the login. Errors: [ErrNoUser].
func (s *Store) ByLogin(ctx context.Context, login string) (User, error) {
	folded := Fold(login)
	if folded == "" {
		return User{}, ErrNoUser
	}
	var r record
	revision, err := s.get(ctx, userPrefix+folded, &r)
	switch {
	case err != nil:
		return User{}, err
	case revision == 0:
		return User{}, ErrNoUser
	}
	return r.user(), nil
}

// ByID returns a user. Errors: [ErrNoUser].
func (s *Store) ByID(ctx context.Context, id string) (User, error) {
	r, _, err := s.byID(ctx, id)
	return r.user(), err
}

func (s *Store) byID(ctx context.Context, id string) (r record, revision uint64, err error) {
	if checkID(id) != nil {
		return record{}, 0, ErrNoUser
	}
	var p pointer
	if revision, err = s.get(ctx, idPrefix+id, &p); err != nil {
		return record{}, 0, err
	}
	if revision == 0 {
		return record{}, 0, ErrNoUser
	}
	if revision, err = s.get(ctx, userPrefix+p.Login, &r); err != nil {
		return record{}, 0, err
	}
	if revision == 0 || r.ID != id {
		return record{}, 0, ErrNoUser
	}
	return r, revision, nil
}

// List returns up to limit users behind a login, ordered by login; next is "" at the end.
func (s *Store) List(ctx context.Context, after string, limit int) (users []User, next string, err error) {
	if after != "" {
		after = userPrefix + after
	}
	entries, next, err := s.values.List(ctx, userPrefix, limit, after)
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		var r record
		revision, err := s.get(ctx, e.Key, &r)
		if err != nil {
			return nil, "", err
		}
		if revision != 0 { // else removed since
			users = append(users, r.user())
		}
	}
	return users, strings.TrimPrefix(next, userPrefix), nil
}

// Change is what is to become another one of a user; what is nil stays.
type Change struct {
	Name     *string
	Admin    *bool
	Disabled *bool
	Fields   *map[string]string
	Password *string
	LogOut   bool // end all sessions
}

// Change changes a user and returns him as he is then. A new password, disabling and LogOut end all
// his sessions. Errors: [ErrNoUser], a [*FieldError], [ErrBusy].
func (s *Store) Change(ctx context.Context, id string, c Change) (User, error) {
	var wrong error
	if c.Name != nil {
		wrong = checkName(*c.Name)
	}
	if c.Fields != nil && wrong == nil {
		wrong = checkFields(*c.Fields)
	}
	if wrong != nil {
		return User{}, wrong
	}
	password := ""
	for {
		r, revision, err := s.byID(ctx, id)
		if err != nil {
			return User{}, err
		}
		if c.Password != nil && password == "" {
			if err := s.cfg.checkPassword(*c.Password, r.Login); err != nil {
				return User{}, err
			}
			if password, err = s.hash(ctx, *c.Password); err != nil {
				return User{}, err
			}
		}
		s.apply(c, password, &r)
		if ok, err := s.put(ctx, userPrefix+Fold(r.Login), r, revision); err != nil || ok {
			return r.user(), err
		}
		if err := ctx.Err(); err != nil { // else somebody was faster: his change stays, too
			return User{}, err
		}
	}
}

func (s *Store) apply(c Change, password string, r *record) {
	if c.Name != nil {
		r.Name = *c.Name
	}
	if c.Admin != nil {
		r.Admin = *c.Admin
	}
	if c.Fields != nil {
		r.Fields = *c.Fields
	}
	if c.Disabled != nil {
		if *c.Disabled && !r.Disabled {
			r.Epoch++
		}
		r.Disabled = *c.Disabled
	}
	if c.Password != nil {
		r.Password, r.PasswordAt = password, s.cfg.Clock().UTC()
	}
	if c.Password != nil || c.LogOut {
		r.Epoch++
	}
}

// Remove removes a user; all his sessions end. Errors: [ErrNoUser].
func (s *Store) Remove(ctx context.Context, id string) error {
	r, _, err := s.byID(ctx, id)
	if err != nil {
		return err
	}
	// The user goes first: an id that leads nowhere harms nobody.
	if _, err := s.values.Delete(ctx, userPrefix+Fold(r.Login)); err != nil {
		return err
	}
	_, err = s.values.Delete(ctx, idPrefix+id)
	return err
}

// Watch tells the logins, folded, of users that change, on any node. It is
// [userdata.Store.Watch].
func (s *Store) Watch(ctx context.Context) (iter.Seq[string], error) {
	keys, err := s.values.Watch(ctx, userPrefix)
	if err != nil {
		return nil, err
	}
	return func(yield func(string) bool) {
		for key := range keys {
			if !yield(strings.TrimPrefix(key, userPrefix)) {
				return
			}
		}
	}, nil
}
