package userdata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Condition says whether a write may go ahead, given what the key holds: the
// [Value.Revision] and whether there is anything at all. It may be asked more than
// once.
type Condition func(revision uint64, exists bool) bool

// SetIf is [Store.Set] under a condition, nil for none, and returns the revision of
// the new value, 0 for a recipients list. Between the answer of the condition and the
// write nobody else can write a plain value; a recipients list may change meanwhile.
// Errors besides those of Set: [ErrChanged].
func (s *Store) SetIf(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, may Condition) (revision uint64, err error) {
	defer s.figures.done(opWrite, &err)
	if err := s.checkSet(key, value, ttl); err != nil {
		return 0, err
	}
	if items, ok := recipients(key, value); ok {
		for _, item := range items {
			if err := checkSize(item.item, s.maxBytes); err != nil {
				return 0, fmt.Errorf("a member: %w", err)
			}
		}
		if err := s.setList(ctx, key, items, ttl, may); err != nil {
			return 0, fmt.Errorf("set recipients %q: %w", key, err)
		}
		return 0, nil
	}
	if err := checkSize(value, s.maxBytes); err != nil {
		return 0, err
	}
	err = s.change(ctx, key, may, func(now *Value) error {
		if _, err := s.dropList(ctx, key); err != nil {
			return err
		}
		revision, err = s.writePlain(ctx, key, value, ttl, now.replaced())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("set user data %q: %w", key, err)
	}
	return revision, nil
}

// GetRevision is [Store.Get] with the revision of the value, for [Store.Replace]; 0 where there is none, and for a
// recipients list.
func (s *Store) GetRevision(ctx context.Context, key string) (value json.RawMessage, revision uint64, ok bool, err error) {
	v, ok, err := s.Look(ctx, key)
	if !ok {
		v.Revision = 0
	}
	return v.JSON, v.Revision, ok, err
}

// Replace is [Store.Set] where the key holds the value of that revision still, or nothing if it is 0. Otherwise it does
// nothing and reports false.
func (s *Store) Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error) {
	_, err := s.SetIf(ctx, key, value, ttl, func(now uint64, exists bool) bool { return exists == (revision != 0) && now == revision })
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) setList(ctx context.Context, key string, items []recipient, ttl time.Duration, may Condition) error {
	return s.change(ctx, key, may, func(*Value) error { return s.replaceList(ctx, key, items, ttl) })
}

// DeleteIf is [Store.Delete] under a condition, nil for none, as for [Store.SetIf].
// Errors besides those of Delete: [ErrChanged].
func (s *Store) DeleteIf(ctx context.Context, key string, may Condition) (held bool, err error) {
	defer s.figures.done(opRemove, &err)
	return s.delete(ctx, key, may)
}

// delete is DeleteIf, for an operation that counts as another.
func (s *Store) delete(ctx context.Context, key string, may Condition) (held bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	err = s.change(ctx, key, may, func(now *Value) error {
		if now != nil && now.JSON != nil && now.Revision != 0 {
			token, _ := encodeKey(key)
			_, err := s.remove(ctx, "d."+token, now.Revision)
			held = err == nil
			return err
		}
		listed, err := s.dropList(ctx, key)
		if err != nil {
			return err
		}
		plain, err := s.dropPlain(ctx, key)
		held = listed || plain
		return err
	})
	if err != nil {
		return false, fmt.Errorf("delete user data %q: %w", key, err)
	}
	return held, nil
}

// change asks the condition and calls fn with what the key holds now; nil without a
// condition. When another writer was faster it asks again.
func (s *Store) change(ctx context.Context, key string, may Condition, fn func(now *Value) error) error {
	if may == nil {
		return fn(nil)
	}
	for {
		now, exists, err := s.look(ctx, key)
		if err != nil {
			return err
		}
		if revision := now.Revision; !exists && !may(0, false) || exists && !may(revision, true) {
			return ErrChanged
		}
		if err = fn(&now); !isConflict(err) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// replaced is the revision that a plain value must replace: that of one, or of the
// trace of one; nil if any will do.
func (v *Value) replaced() *uint64 {
	if v == nil || v.JSON != nil && v.Revision == 0 {
		return nil // no condition, or a list
	}
	return &v.Revision
}
