package userdata

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// record is the last message of a subject.
type record struct {
	data     []byte // nil when there is no message, or a mark of removal
	expires  time.Time
	key      string // as the key header has it
	revision uint64 // of the mark of removal too; 0 when there is nothing
}

func (r record) expired(now time.Time) bool { return expired(r.expires, now) }

func expired(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// read returns the last message of a subject of the bucket. jetstream.KeyValue
// would hide the headers, which carry the expiry.
func (s *Store) read(ctx context.Context, subject string) (record, error) {
	known, ok, turns := s.memory.look(subject, s.clock())
	if ok {
		return known, nil
	}
	m, sequence, err := s.lastMessage(ctx, s.prefix+subject)
	if err != nil {
		return record{}, translate(err)
	}
	if m == nil {
		return record{}, nil
	}
	r := headers(m.Header)
	r.revision = sequence
	if !isRemoval(m.Header) {
		r.data = m.Data
	}
	s.memory.keep(subject, r, turns)
	return r, nil
}

// headers reads what the headers of a message say.
func headers(h nats.Header) record {
	r := record{key: h.Get(keyHeader)}
	if ms, err := strconv.ParseInt(h.Get(expiresHeader), 10, 64); err == nil {
		r.expires = time.UnixMilli(ms)
	}
	return r
}

// isRemoval reports whether a message only says that there is no value: written
// by a removal, or by the server when it collected an expired message.
func isRemoval(h nats.Header) bool {
	return h.Get("KV-Operation") != "" || h.Get(jetstream.MarkerReasonHeader) != ""
}

// write is a message to be stored as the last of its subject.
type write struct {
	subject string
	data    []byte
	expires time.Time // zero: never
	key     string    // for the key header
	after   *uint64   // the revision it must replace; nil: whatever there is
}

// publish stores a message and returns its revision. A conflict with w.after is
// told by isConflict.
//
// jetstream.KeyValue cannot do this: Put and Update give a message no TTL, Create
// alone does (architecture.md 4).
func (s *Store) publish(ctx context.Context, w write) (uint64, error) {
	return s.send(ctx, s.message(w))
}

// message is a write as NATS takes it.
func (s *Store) message(w write) *nats.Msg {
	m := nats.NewMsg(s.prefix + w.subject)
	m.Data = w.data
	if !w.expires.IsZero() {
		m.Header.Set(expiresHeader, strconv.FormatInt(ceilMilli(w.expires), 10))
		if ttl := collectAfter(w.expires.Sub(s.clock()), s.slack); ttl > 0 {
			m.Header.Set(jetstream.MsgTTLHeader, ttl.String())
		}
	}
	if w.key != "" {
		m.Header.Set(keyHeader, w.key)
	}
	if w.after != nil {
		expect(m, *w.after)
	}
	return m
}

// remove replaces the message of a subject with a mark of removal, which
// disappears by itself. A revision other than 0 must be the present one, else
// nothing happens and isConflict tells.
func (s *Store) remove(ctx context.Context, subject string, revision uint64) (uint64, error) {
	return s.send(ctx, s.removal(subject, revision))
}

// removal is the message of remove.
func (s *Store) removal(subject string, revision uint64) *nats.Msg {
	m := nats.NewMsg(s.prefix + subject)
	m.Header.Set("KV-Operation", "PURGE")
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	m.Header.Set(jetstream.MsgTTLHeader, s.marker.String())
	if revision != 0 {
		expect(m, revision)
	}
	return m
}

// expect has a message replace this revision of its subject or none; 0: there is none.
func expect(m *nats.Msg, revision uint64) {
	m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
}

func (s *Store) send(ctx context.Context, m *nats.Msg) (uint64, error) {
	subject := m.Subject
	sequence, err := s.store(ctx, m)
	var refused *jetstream.APIError
	s.memory.written(strings.TrimPrefix(subject, s.prefix), err == nil || errors.As(err, &refused))
	if err != nil {
		return 0, fmt.Errorf("write to bucket: %w", translate(err))
	}
	return sequence, nil
}

// collectAfter is the TTL NATS gets for something with this much life left: whole
// seconds, with slack, or 0 for none.
func collectAfter(left, slack time.Duration) time.Duration {
	if left > maxCollect {
		return 0
	}
	return max(left, 0).Truncate(time.Second) + time.Second + slack.Round(time.Second)
}

// ceilMilli is a moment in unix milliseconds, rounded up: a value lives no
// shorter than it was told to.
func ceilMilli(t time.Time) int64 {
	return t.Add(time.Millisecond - time.Nanosecond).UnixMilli()
}
