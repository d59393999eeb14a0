package login

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// Values keep sessions; *userdata.Store has these methods.
type Values interface {
	GetRevision(ctx context.Context, key string) (value json.RawMessage, revision uint64, ok bool, err error)
	// Replace stores a value over that revision, over nothing if it is 0; else it reports false.
	Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error)
	Delete(ctx context.Context, key string) (bool, error)
	List(ctx context.Context, prefix string, limit int, after string) (page []userdata.Entry, next string, err error)
	Watch(ctx context.Context, prefix string) (iter.Seq[string], error)
}

// sessionPrefix begins the keys of sessions.
const sessionPrefix = "session/"

// endedLife is how long it is known why a session was ended.
const endedLife = time.Hour

// Why sessions end, as the close frames of their sockets say it.
const (
	whyLoggedOut  = "you have logged out"
	whyLoggedIn   = "you have logged in again"
	whyEnded      = "an administrator has ended this session"
	whyOver       = "the session has expired; log in again"
	whyDisabled   = "this account is disabled"
	whyRemoved    = "this account does not exist any more"
	whyChanged    = "your account was changed; connect again"
	whyPassword   = "the password was changed; log in again"
	whyNoSession  = "there is no such session; log in again"
	whyUnreadable = "the session cannot be read; log in again"
)

// store keeps sessions, for scs and beside it. It is a scs.CtxStore.
type store struct {
	values Values
	idle   time.Duration
	clock  func() time.Time
}

// read returns a session; why says that it does not hold, and is empty if it does. The error is that
// of the values.
func (s *store) read(ctx context.Context, id string) (found session, revision uint64, why string, err error) {
	value, revision, ok, err := s.values.GetRevision(ctx, sessionPrefix+id)
	switch {
	case err != nil:
		return session{}, 0, "", err
	case !ok:
		return session{}, 0, whyNoSession, nil
	case json.Unmarshal(value, &found) != nil:
		return session{}, revision, whyUnreadable, nil
	case found.Ended != "":
		return found, revision, found.Ended, nil
	case !s.clock().Before(found.until(s.idle)):
		return found, revision, whyOver, nil
	}
	return found, revision, "", nil
}

// write stores a session over a revision and reports whether it was still there.
func (s *store) write(ctx context.Context, id string, now session, revision uint64) (bool, error) {
	ttl := endedLife
	if now.Ended == "" {
		ttl = now.until(s.idle).Sub(s.clock())
	}
	return s.put(ctx, sessionPrefix+id, now, ttl, revision)
}

// end ends a session, and reports whether it held.
func (s *store) end(ctx context.Context, id, why string) (bool, error) {
	for {
		found, revision, over, err := s.read(ctx, id)
		if err != nil || over != "" {
			return false, err
		}
		found.Ended = why
		if ok, err := s.write(ctx, id, found, revision); err != nil || ok {
			return ok, err
		}
		if err := ctx.Err(); err != nil { // else it was used at this moment
			return false, err
		}
	}
}

// touch notes that a session is in use. Over a session that was changed meanwhile it writes nothing:
// it may have been ended.
func (s *store) touch(ctx context.Context, id string, found session, revision uint64) (session, error) {
	found.SeenAt = s.clock().UTC()
	ok, err := s.write(ctx, id, found, revision)
	if err == nil && !ok {
		err = errTouched
	}
	return found, err
}

// errTouched says that a session is another one by now.
var errTouched = errors.New("the session has changed")

// FindCtx is for scs.
func (s *store) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	found, _, why, err := s.read(ctx, id)
	if err != nil || why != "" {
		return nil, false, err
	}
	text, err := json.Marshal(found)
	return text, err == nil, err
}

// CommitCtx is for scs: it stores a new session. What becomes of it later is written over a known
// revision, lest a session that was ended comes back.
func (s *store) CommitCtx(ctx context.Context, id string, text []byte, _ time.Time) error {
	var n session
	if err := json.Unmarshal(text, &n); err != nil {
		return err
	}
	ok, err := s.write(ctx, id, n, 0)
	if err == nil && !ok {
		err = errors.New("there is a session with this token")
	}
	return err
}

// whyKey is where a context says why scs deletes a session.
type whyKey struct{}

// DeleteCtx is for scs. The context says why.
func (s *store) DeleteCtx(ctx context.Context, id string) error {
	why, _ := ctx.Value(whyKey{}).(string)
	_, err := s.end(ctx, id, why)
	return err
}

// Find is [store.FindCtx] for a scs.Store; scs itself calls it no more than the next two.
func (s *store) Find(id string) ([]byte, bool, error) { return s.FindCtx(context.Background(), id) }

// Commit is [store.CommitCtx].
func (s *store) Commit(id string, text []byte, until time.Time) error {
	return s.CommitCtx(context.Background(), id, text, until)
}

// Delete is [store.DeleteCtx].
func (s *store) Delete(id string) error { return s.DeleteCtx(context.Background(), id) }
