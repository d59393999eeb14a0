package login

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Prefixes of what nodes tell each other of logins. Names are hashed: people type passwords where a login belongs.
const (
	failedPrefix = "failed/"
	knownPrefix  = "known/"
)

// failedCount is a count as it is stored.
type failedCount struct {
	N  float64   `json:"n"`
	At time.Time `json:"at"`
}

// knownUntil says until when a login is known from an address.
type knownUntil struct {
	Until time.Time `json:"until"`
}

func failedKey(kind, name string) string { return failedPrefix + kind + "/" + idOf(name) }

func knownKey(of pair) string { return knownPrefix + idOf(of.login+" from "+of.address) }

// learn brings what other nodes have counted, or this one before it was started anew, into the throttle. Attempts under
// way elsewhere are in no store yet: there a node counts its own only.
func (s *Server) learn(ctx context.Context, of pair) error {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if of.login != "" && !s.throttle.knows(of) {
		var known knownUntil
		if _, err := s.sessions.get(ctx, knownKey(of), &known); err != nil {
			return err
		}
		s.throttle.know(of, known.Until)
	}
	for kind, name := range s.throttle.names(of) {
		var count failedCount
		revision, err := s.sessions.get(ctx, failedKey(kind, name), &count)
		if err != nil {
			return err
		}
		if revision != 0 {
			s.throttle.learn(kind, name, bucket{count.N, count.At})
		}
	}
	return nil
}

// tellWrong tells all nodes of an attempt that failed. A client who goes away is counted all the same.
func (s *Server) tellWrong(ctx context.Context, a attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	for kind, name := range a.names() {
		if err := s.addFailed(ctx, kind, name); err != nil {
			s.cfg.Logger.Warn("other nodes are not told of a failed login", "error", err.Error())
			return
		}
	}
}

func (s *Server) addFailed(ctx context.Context, kind, name string) error {
	for {
		var count failedCount
		key := failedKey(kind, name)
		revision, err := s.sessions.get(ctx, key, &count)
		if err != nil {
			return err
		}
		now, ttl := s.cfg.Clock().UTC(), time.Duration(0)
		count.N, ttl = s.throttle.another(kind, bucket{count.N, count.At}, now)
		count.At = now
		if ok, err := s.sessions.put(ctx, key, count, ttl, revision); err != nil || ok {
			return err
		}
		if err := ctx.Err(); err != nil { // else another node has counted at this moment
			return err
		}
	}
}

// tellRight tells all nodes that a login is known from an address, and has them forget what had failed.
func (s *Server) tellRight(ctx context.Context, a attempt, failed bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	err := s.tellKnown(ctx, a.of)
	if err == nil && failed {
		_, err = s.sessions.values.Delete(ctx, failedKey(ofLogin, a.login))
	}
	if err != nil {
		s.cfg.Logger.Warn("other nodes are not told of a login", "error", err.Error())
	}
}

func (s *Server) tellKnown(ctx context.Context, of pair) error {
	key := knownKey(of)
	revision, err := s.sessions.get(ctx, key, new(knownUntil))
	if err != nil {
		return err
	}
	// Somebody who was faster has written the same.
	_, err = s.sessions.put(ctx, key, knownUntil{s.cfg.Clock().UTC().Add(knownFor)}, knownFor, revision)
	return err
}

// get reads what is under a key into v and returns the revision, 0 if there is nothing.
func (s *store) get(ctx context.Context, key string, v any) (revision uint64, err error) {
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
func (s *store) put(ctx context.Context, key string, v any, ttl time.Duration, revision uint64) (bool, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return false, fmt.Errorf("encode %s: %w", key, err)
	}
	return s.values.Replace(ctx, key, value, max(ttl, time.Millisecond), revision)
}
