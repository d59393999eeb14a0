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
// such login. Errors: [ErrWrong], [ErrDisabled], [ErrBusy].
func (s *Store) Verify(ctx context.Context, login, password string) (user User, err error) {
	defer s.figures.done(&err)
	done, err := s.turns.take(ctx)
	if err != nil {
		return User{}, err
	}
	defer done()
	if len(password) > maxPassword {
		password = password[:maxPassword+1] // nobody's, and as dear as any
	}
	key := userPrefix + Fold(login) // of an impossible login nobody's
	var r record
	revision, err := s.get(ctx, key, &r)
	if err != nil {
		return User{}, err
	}
	if revision == 0 {
		newHash(password, s.cfg.Hash)
		return User{}, ErrWrong
	}
	stored, err := parseHash(r.Password)
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", r.ID, err)
	}
	switch {
	case !stored.matches(password):
		return User{}, ErrWrong
	case r.Disabled:
		return User{}, ErrDisabled
	}
	if stored.Params != s.cfg.Hash {
		r.Password = newHash(password, s.cfg.Hash).String()
		// Where it fails, or somebody changes the user at this moment, the next login tries again.
		_, _ = s.put(ctx, key, r, revision)
	}
	return r.user(), nil
}
