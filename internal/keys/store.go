package keys

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// Values is where keys are kept, shared by all nodes; *userdata.Store has these methods.
type Values interface {
	// GetRevision returns what a key holds and its revision, which is never 0.
	GetRevision(ctx context.Context, key string) (value json.RawMessage, revision uint64, ok bool, err error)
	// Replace stores a value over that of the revision only, or where there is none if it is 0.
	Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error)
	Delete(ctx context.Context, key string) (held bool, err error)
	List(ctx context.Context, prefix string, limit int, after string) (page []userdata.Entry, next string, err error)
}

// Config says where keys are kept and what is told about them.
type Config struct {
	Values Values
	// Logger is told of keys that are made and revoked; nil: nobody is.
	Logger *slog.Logger
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
}

// maxKeys bounds how many keys there are.
const maxKeys = 1000

// Store makes, lists, revokes and checks keys. [NewStore] makes one.
type Store struct {
	values Values
	logger *slog.Logger
	clock  func() time.Time
	reads  singleflight.Group // by id

	mu     sync.Mutex // guards what follows
	known  map[string]*known
	closed bool
	notes  sync.WaitGroup // uses that are being written down
}

// NewStore returns the keys that are kept in cfg.Values. The caller closes it before the
// values.
func NewStore(cfg Config) *Store {
	s := &Store{values: cfg.Values, logger: cfg.Logger, clock: cfg.Clock, known: map[string]*known{}}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s
}

// Close waits for what is being written down. Keys can be checked afterwards as long as
// the values can be read; their use is not noted any more.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.notes.Wait()
}

// Create makes a key and returns it with its token, which nobody can read again. Errors:
// [ErrBadName], [ErrBadScope], [ErrBadTTL], [ErrTooMany], [ErrUnavailable].
func (s *Store) Create(ctx context.Context, n New) (key Key, text string, err error) {
	if err := CheckName(n.Name); err != nil {
		return Key{}, "", err
	}
	scopes, err := ordered(n.Scopes)
	if err != nil {
		return Key{}, "", err
	}
	if n.TTL < 0 || n.TTL > maxTTL || n.TTL > 0 && n.TTL < time.Second {
		return Key{}, "", fmt.Errorf("%w: it must be from 1s to 100 years", ErrBadTTL)
	}
	entries, _, err := s.values.List(ctx, "", 0, "")
	if err != nil {
		return Key{}, "", unavailable(err)
	}
	if len(entries) >= maxKeys {
		return Key{}, "", fmt.Errorf("%w: at most %d are possible; revoke those nobody uses", ErrTooMany, maxKeys)
	}
	id, secret := newToken()
	digest := secret.digest()
	now := s.clock().UTC().Truncate(time.Millisecond)
	r := &record{Name: n.Name, Scopes: scopes, CreatedAt: now, CreatedBy: n.By, SHA256: hex.EncodeToString(digest[:])}
	if n.TTL > 0 {
		r.ExpiresAt = now.Add(n.TTL)
	}
	switch made, err := s.values.Replace(ctx, id, r.encode(), r.ttl(now), 0); {
	case err != nil:
		return Key{}, "", unavailable(err)
	case !made:
		return Key{}, "", fmt.Errorf("%w: the id is in use already; try again", ErrUnavailable)
	}
	s.logger.Info("api key created", "key", id, "name", n.Name, "scopes", joined(scopes), "by", n.By)
	return r.key(id), token(id, &secret), nil
}

// List returns all keys, the oldest first; those whose time is over for thirty days more.
// Errors: [ErrUnavailable].
func (s *Store) List(ctx context.Context) ([]Key, error) {
	entries, _, err := s.values.List(ctx, "", 0, "")
	if err != nil {
		return nil, unavailable(err)
	}
	list := make([]Key, 0, len(entries))
	for _, e := range entries {
		value, _, ok, err := s.values.GetRevision(ctx, e.Key)
		if err != nil {
			return nil, unavailable(err)
		}
		if !ok {
			continue // revoked since
		}
		r, err := decode(e.Key, value)
		if err != nil {
			return nil, err
		}
		list = append(list, r.key(e.Key))
	}
	// Not slices.SortFunc, which is compiled anew for each type, into 20 KB.
	sort.Slice(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		return a.CreatedAt.Before(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID < b.ID
	})
	return list, nil
}

// Revoke removes a key for good. When it returns the key does not work on this node any
// more, nor two seconds later on any other. Errors: [ErrNotFound], [ErrUnavailable].
func (s *Store) Revoke(ctx context.Context, id, by string) error {
	if !ValidID(id) {
		return fmt.Errorf("%w: %.40q", ErrNotFound, id)
	}
	held, err := s.values.Delete(ctx, id)
	if err != nil {
		return unavailable(err)
	}
	if !held {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	s.forget(id)
	s.logger.Info("api key revoked", "key", id, "by", by)
	return nil
}

func unavailable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err // whoever asked is gone
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
