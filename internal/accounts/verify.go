package accounts

import (
	"context"
	"fmt"
)

// hash computes the hash of a new password. Errors: [ErrBusy], ctx's.
func (s *Store) hash(ctx context.Context, password string) (string, error) {
	done, err := s.turns.take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return newHash(password, s.cfg.Hash).String(), nil
}

// Verify returns the user whose login and password these are. It takes as long when there is no
// such login. Errors: [ErrWrong] and [ErrDisabled], with the id of the user whose login it is, if there is one, which is
// for records only; [ErrBusy].
func (s *Store) Verify(ctx context.Context, login, password string) (user User, err error) {
	defer s.figures.done(&err)
	done, err := s.turns.take(ctx)
	if err != nil {
		return User{}, err
	}
	defer done()
	password = cut(password)
	r, revision, stored, err := s.match(ctx, login, password)
	if err != nil {
		return User{ID: r.ID}, err
	}
	if stored.Params != s.cfg.Hash {
		r.Password = newHash(password, s.cfg.Hash).String()
		// Where it fails, or somebody changes the user at this moment, the next login tries again.
		_, _ = s.put(ctx, userPrefix+Fold(login), r, revision)
	}
	return r.user(), nil
}

// cut leaves of a text that is too long for a password what is too long still: nobody's, and as dear as any.
func cut(password string) string { return password[:min(len(password), maxPassword+1)] }

// match returns the user whose login and password these are, as he is stored. The caller has a turn. Errors: [ErrWrong],
// [ErrDisabled], both with the record of that login, if there is one.
func (s *Store) match(ctx context.Context, login, password string) (r record, revision uint64, stored hash, err error) {
	// The key of an impossible login is nobody's.
	if revision, err = s.get(ctx, userPrefix+Fold(login), &r); err != nil {
		return record{}, 0, hash{}, err
	}
	if revision == 0 {
		newHash(password, s.cfg.Hash)
		return record{}, 0, hash{}, ErrWrong
	}
	if stored, err = parseHash(r.Password); err != nil {
		return record{}, 0, hash{}, fmt.Errorf("user %s: %w", r.ID, err)
	}
	switch {
	case !stored.matches(password):
		return r, 0, hash{}, ErrWrong
	case r.Disabled:
		return r, 0, hash{}, ErrDisabled
	}
	return r, revision, stored, nil
}

// ChangePassword gives the user whose login and password these are another password, which ends all his sessions. Where
// somebody changes the user meanwhile the old password is verified again: one that an administrator has just
// replaced does not come back. Errors: [ErrWrong], [ErrDisabled], [ErrBusy], a [*FieldError] about the new password.
func (s *Store) ChangePassword(ctx context.Context, login, old, password string) (user User, err error) {
	if err := s.cfg.checkPassword(password, login); err != nil {
		return User{}, err
	}
	old = cut(old)
	defer s.figures.done(&err)
	done, err := s.turns.take(ctx)
	if err != nil {
		return User{}, err
	}
	defer done()
	for {
		r, revision, _, err := s.match(ctx, login, old)
		if err != nil {
			return User{}, err
		}
		if password == old { // not before: it would tell that the old one is right
			return User{}, wrong("password", "is the one there was")
		}
		s.apply(Change{Password: &password}, newHash(password, s.cfg.Hash).String(), &r)
		if ok, err := s.put(ctx, userPrefix+Fold(login), r, revision); err != nil || ok {
			return r.user(), err
		}
		if err := ctx.Err(); err != nil {
			return User{}, err
		}
	}
}

// MinPassword is how many characters a password has at least.
func (s *Store) MinPassword() int { return s.cfg.MinPassword }
