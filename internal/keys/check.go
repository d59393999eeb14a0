package keys

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

const (
	// rememberTime is how long what was read of a key is good, from when the reading began.
	rememberTime = time.Second
	// readTime bounds a reading: what a check decides is never older.
	readTime = 1500 * time.Millisecond
	// revokedTime is how long it is remembered that this node revoked a key: longer than any reading that
	// began before.
	revokedTime = time.Minute
	// maxKnown bounds what is remembered, of keys and of texts that are none.
	maxKnown = 10_000
	// usedStep is how exactly it is known when a key was used last.
	usedStep = 10 * time.Minute
	// noteRetry is how long after an attempt to write a use down the next one comes.
	noteRetry = time.Minute
	// noteTime bounds such an attempt.
	noteTime = 5 * time.Second
)

// known is what is remembered of an id.
type known struct {
	at       time.Time // when the reading of it began
	record   *record   // nil: there was no key
	revision uint64
	revoked  bool      // by this node: no reading changes it
	noted    time.Time // when a use was written down, or was to be
}

// Check returns the key with a token. Errors: [ErrNoKey], [ErrUnknown], [ErrExpired],
// [ErrUnavailable]; their texts name the id at most. Time does not depend on how much of the secret is right.
func (s *Store) Check(ctx context.Context, text string) (Key, error) {
	id, secret, ok := parseToken(text)
	switch {
	case !ok && strings.HasPrefix(text, prefix):
		return Key{}, fmt.Errorf("%w: it begins as one, but characters are missing or wrong", ErrUnknown)
	case !ok:
		return Key{}, ErrNoKey
	}
	r, err := s.look(ctx, id)
	if err != nil {
		return Key{}, err
	}
	var stored [sha256.Size]byte
	if r != nil {
		_, _ = hex.Decode(stored[:], []byte(r.SHA256)) // decode has checked it
	}
	digest := secret.digest()
	same := subtle.ConstantTimeCompare(digest[:], stored[:]) == 1
	if r == nil || !same {
		return Key{}, fmt.Errorf("%w: that with the id %s is another one, or was revoked", ErrUnknown, id)
	}
	now := s.clock()
	if r.expired(now) {
		return Key{}, fmt.Errorf("%w: %s (%s), on %s", ErrExpired, id, r.Name, r.ExpiresAt.UTC().Format(time.RFC3339))
	}
	s.note(id, now)
	return r.key(id), nil
}

// look returns what is kept of a key, nil for nothing, as it was not longer than readTime ago.
func (s *Store) look(ctx context.Context, id string) (*record, error) {
	s.mu.Lock()
	if k := s.known[id]; k != nil && (k.revoked || s.clock().Sub(k.at) < rememberTime) {
		s.mu.Unlock()
		return k.record, nil
	}
	s.mu.Unlock()
	// Whoever asks first may go away; others wait for the same answer.
	found, err, _ := s.reads.Do(id, func() (any, error) { return s.read(context.WithoutCancel(ctx), id) })
	if err != nil {
		return nil, err
	}
	return found.(*record), nil
}

func (s *Store) read(ctx context.Context, id string) (*record, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	began := s.clock()
	value, revision, ok, err := s.values.GetRevision(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	var r *record
	if ok {
		if r, err = decode(id, value); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.known[id]
	if k == nil {
		k = new(known)
		s.makeRoom()
		s.known[id] = k
	}
	if k.revoked { // meanwhile
		return nil, nil
	}
	k.at, k.record, k.revision = began, r, revision
	return r, nil
}

// makeRoom forgets what is not good any more when there is much, and then the rest but for
// the keys revoked just now. Called with mu held.
func (s *Store) makeRoom() {
	if len(s.known) < maxKnown {
		return
	}
	now := s.clock()
	for _, life := range []time.Duration{rememberTime, 0} {
		for id, k := range s.known {
			if k.revoked && now.Sub(k.at) < revokedTime {
				continue
			}
			if k.revoked || now.Sub(k.at) >= life {
				delete(s.known, id)
			}
		}
		if len(s.known) < maxKnown {
			return
		}
	}
}

// forget makes a key unknown to this node at once.
func (s *Store) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[id] = &known{at: s.clock(), revoked: true}
}

// note writes down that a key is in use, if that is due. Nobody waits for it.
func (s *Store) note(id string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.known[id]
	if s.closed || k == nil || k.record == nil || now.Sub(k.record.LastUsedAt) < usedStep || now.Sub(k.noted) < noteRetry {
		return
	}
	k.noted = now
	used, revision := *k.record, k.revision
	used.LastUsedAt = now.UTC().Truncate(time.Second)
	s.notes.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), noteTime)
		defer cancel()
		// Another node may have been faster, and the next use is noted anyway.
		if _, err := s.values.Replace(ctx, id, used.encode(), used.ttl(now), revision); err != nil {
			s.logger.Debug("use of an api key is not noted", "key", id, "error", err.Error())
		}
	})
}
