package login

import (
	"context"
	"errors"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
)

// ErrNoSession says that there is no such session, or that it has ended.
var ErrNoSession = errors.New("there is no such session")

// scanPage is how many keys are looked at at a time.
const scanPage = 500

// List returns up to limit sessions that hold, behind a position, those of one user unless userID is
// empty; next is the position of the following page, "" at the end. Each session is read, so that a list of one
// user's costs as much as one of all.
func (s *Server) List(ctx context.Context, userID, after string, limit int) (sessions []Session, next string, err error) {
	current := map[string]accounts.User{} // by login; the zero value for none
	if after != "" {
		after = sessionPrefix + after
	}
	for {
		entries, more, err := s.sessions.values.List(ctx, sessionPrefix, scanPage, after)
		if err != nil {
			return nil, "", err
		}
		for _, e := range entries {
			id := strings.TrimPrefix(e.Key, sessionPrefix)
			found, _, why, err := s.sessions.read(ctx, id)
			if err != nil {
				return nil, "", err
			}
			if why != "" || userID != "" && found.UserID != userID {
				continue
			}
			user, ok := current[found.Login]
			if !ok {
				if user, err = s.users.ByLogin(ctx, found.Login); err != nil && !errors.Is(err, accounts.ErrNoUser) {
					return nil, "", err
				}
				current[found.Login] = user
			}
			if user.ID != found.UserID || user.Disabled || user.Epoch != found.Epoch {
				continue
			}
			if len(sessions) == limit {
				return sessions, sessions[limit-1].ID, nil
			}
			sessions = append(sessions, found.shown(id, s.cfg.Idle))
		}
		if after = more; more == "" {
			return sessions, "", nil
		}
	}
}

// End ends a session; its sockets on all nodes are closed. Errors: [ErrNoSession].
func (s *Server) End(ctx context.Context, id string) error {
	held, err := s.sessions.end(ctx, id, whyEnded)
	if err != nil {
		return err
	}
	if !held {
		return ErrNoSession
	}
	s.changed(id)
	return nil
}
