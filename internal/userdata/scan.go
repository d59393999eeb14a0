package userdata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Entry is a key in use.
type Entry struct {
	Key     string
	Expires time.Time // zero: never
}

// List returns up to limit keys in use that begin with prefix and follow after,
// in the order of their bytes; values that expired are left out. A limit of 0 or
// less means all. next is to be passed as after for the following page, and is ""
// when there is none. The cost is that of going through all keys of the store,
// without their values. Errors: [ErrClosed].
func (s *Store) List(ctx context.Context, prefix string, limit int, after string) (page []Entry, next string, err error) {
	defer s.figures.done(opList, &err)
	found, err := s.scan(ctx, prefix)
	if err != nil {
		return nil, "", fmt.Errorf("list user data %q: %w", prefix, err)
	}
	found = append(found, s.mirror.keys(prefix, s.clock())...)
	found = slices.DeleteFunc(found, func(e Entry) bool { return e.Key <= after && after != "" })
	sort.Slice(found, func(i, j int) bool { return found[i].Key < found[j].Key })
	// A list and a value stored at the same moment may both be there: one key.
	found = slices.CompactFunc(found, func(a, b Entry) bool { return a.Key == b.Key })
	if limit > 0 && len(found) > limit {
		return slices.Clip(found[:limit]), found[limit-1].Key, nil
	}
	return found, "", nil
}

// Bytes is what the bucket takes on disk. Errors: [ErrClosed].
func (s *Store) Bytes(ctx context.Context) (int64, error) {
	info, err := s.stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("size of user data: %w", translate(err))
	}
	return int64(info.State.Bytes), nil
}

// DeletePrefix removes every key that begins with prefix, values and lists, and
// returns how many held something. An empty prefix is an error, not everything.
// Errors: [ErrBadKey], [ErrClosed].
func (s *Store) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	if err := checkKey(prefix); err != nil {
		return 0, err
	}
	entries, _, err := s.List(ctx, prefix, 0, "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		held, err := s.Delete(ctx, e.Key)
		if err != nil {
			return n, err
		}
		if held {
			n++
		}
	}
	return n, nil
}

const (
	// scanBatch is how many keys are asked for at a time.
	scanBatch = 1000
	// scanIdle is when the server forgets a scan whose node died.
	scanIdle = 30 * time.Second
	// scanKnown is when all servers should have heard of a scan.
	scanKnown = 2 * time.Second
	// scanPause is how long to wait for that at a time.
	scanPause = 20 * time.Millisecond
)

// scan returns the plain values whose keys begin with prefix and which have not
// expired, in no order. It reads headers only.
func (s *Store) scan(ctx context.Context, prefix string) ([]Entry, error) {
	c, err := s.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject:     s.prefix + "d.*",
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		HeadersOnly:       true,
		MemoryStorage:     true,
		InactiveThreshold: scanIdle,
	})
	if err != nil {
		return nil, translate(err)
	}
	name := c.CachedInfo().Name
	// The server forgets it anyway; this is only sooner.
	defer func() { _ = s.stream.DeleteConsumer(context.WithoutCancel(ctx), name) }()

	var found []Entry
	escaped, now := escape(prefix), s.clock()
	known := time.Now().Add(scanKnown)
	for pending := c.CachedInfo().NumPending; pending > 0; {
		batch, err := c.FetchNoWait(scanBatch)
		if err != nil {
			return nil, translate(err)
		}
		pending = 0
		for m := range batch.Messages() {
			if e, ok := s.scanned(m, escaped, now); ok && strings.HasPrefix(e.Key, prefix) {
				found = append(found, e)
			}
			if meta, err := m.Metadata(); err == nil {
				pending = meta.NumPending
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err = batch.Error()
		if errors.Is(err, nats.ErrNoResponders) && len(found) == 0 && time.Now().Before(known) {
			// The scan is at another server, of which ours has not heard yet.
			time.Sleep(scanPause)
			pending = c.CachedInfo().NumPending
			continue
		}
		if err != nil {
			return nil, translate(err)
		}
	}
	return found, nil
}

// scanned reads a message of a scan; ok is false when it holds no value, or one
// that expired, or cannot have the prefix.
func (s *Store) scanned(m jetstream.Msg, escapedPrefix string, now time.Time) (Entry, bool) {
	token := strings.TrimPrefix(m.Subject(), s.prefix+"d.")
	if isRemoval(m.Headers()) || !tokenMayHavePrefix(token, escapedPrefix) {
		return Entry{}, false
	}
	r := headers(m.Headers())
	if r.key == "" {
		r.key = token
	}
	key, ok := unescape(r.key)
	return Entry{Key: key, Expires: r.expires}, ok && !r.expired(now)
}
