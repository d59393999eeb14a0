package userdata

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Watch tells which plain values change, on any node: the key of each that is stored, removed or
// collected because its time is over, in the order of the stream, if it begins with prefix. Changes
// of a key that follow each other closely may be told as one, the last. Watch
// returns once nothing that changes from then on is missed. The sequence ends when ctx does, or
// when the store cannot be followed any more; then a caller looks at all it knows and calls Watch
// again. Values are not told: whoever wants one reads it, and sees this change or a later one.
// Errors: [ErrUnavailable], [ErrClosed].
func (s *Store) Watch(ctx context.Context, prefix string) (iter.Seq[string], error) {
	info, err := s.stream.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("watch user data %q: %w", prefix, translate(err))
	}
	// Counted from here, not from "new": so a connection that breaks before the first change loses none.
	consumer, err := s.js.OrderedConsumer(ctx, info.Config.Name, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{s.prefix + "d.*"},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    info.State.LastSeq + 1,
		HeadersOnly:    true,
	})
	if err != nil {
		return nil, fmt.Errorf("watch user data %q: %w", prefix, translate(err))
	}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, fmt.Errorf("watch user data %q: %w", prefix, translate(err))
	}
	return func(yield func(string) bool) {
		defer messages.Stop()
		defer context.AfterFunc(ctx, messages.Stop)()
		for {
			m, err := messages.Next()
			if err != nil {
				return
			}
			// The writer, if it is this store, may not have heard of its success yet: who is told reads what is new.
			s.memory.written(strings.TrimPrefix(m.Subject(), s.prefix), true)
			if key, ok := s.changed(m); ok && strings.HasPrefix(key, prefix) && !yield(key) {
				return
			}
		}
	}, nil
}

// changed is the key that a message of the stream is about; ok is false where nobody can say: the
// removal of a key too long for a subject.
func (s *Store) changed(m jetstream.Msg) (key string, ok bool) {
	name := headers(m.Headers()).key
	if name == "" {
		name = strings.TrimPrefix(m.Subject(), s.prefix+"d.")
	}
	return unescape(name)
}
