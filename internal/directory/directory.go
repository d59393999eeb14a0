package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

const (
	defaultBucket = "sockets"
	// defaultMaxBytes has room for some four million claims.
	defaultMaxBytes = 1 << 30
	// patience bounds a call whose context has no deadline.
	patience = 5 * time.Second
	// attempt is how long one request may go unanswered before it is repeated.
	attempt = 2 * time.Second
	// pause lies between attempts, for a stream that is electing its leader.
	pause = 100 * time.Millisecond
)

// Config says where a directory keeps its claims. The zero value is ready to use.
type Config struct {
	// Bucket names the stream, in capitals, and its subjects; "sockets" if empty.
	Bucket string
	// MaxBytes is how large the stream may grow on the disk of each server that has it; 1 GiB if zero. A claim
	// that does not fit is [ErrFull].
	MaxBytes int64
	// Replicas is how many servers of a NATS cluster keep the claims; one if zero.
	Replicas int
	// Metrics counts requests; nil: nothing does.
	Metrics *metrics.Registry
}

// Directory is where claims are. Its methods are safe for concurrent use. There is nothing to close; the caller
// closes the connection, after which everything is [ErrUnavailable].
type Directory struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	prefix  string // of all subjects: "<bucket>."
	figures figures
}

// Open makes the stream if need be, or brings its limits and replicas to what cfg says. ctx bounds the opening
// only.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Directory, error) {
	bucket := cmp.Or(cfg.Bucket, defaultBucket)
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:              strings.ToUpper(bucket),
		Description:       "which node of tutorsocket owns which stateful key",
		Subjects:          []string{bucket + ".*"},
		MaxMsgsPerSubject: 1,
		MaxBytes:          cmp.Or(cfg.MaxBytes, defaultMaxBytes),
		Discard:           jetstream.DiscardNew, // a claim that is there is not to go for another one
		Storage:           jetstream.FileStorage,
		Replicas:          cfg.Replicas,
		AllowDirect:       false, // replicas would answer with what was
	})
	if err != nil {
		return nil, outward("open the directory of sockets", err)
	}
	return &Directory{js: js, stream: stream, prefix: bucket + ".", figures: newFigures(cfg.Metrics)}, nil
}

// bounded gives ctx the deadline it lacks.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, patience)
}

// persist calls try until it succeeds, fails for good, or ctx ends. A connection that is gone ends it at once:
// what is written to it would be sent when it is back, long after the caller gave up.
func (d *Directory) persist(ctx context.Context, try func(context.Context) error) error {
	var last error
	for {
		if !d.js.Conn().IsConnected() {
			return cmp.Or(last, error(nats.ErrDisconnected))
		}
		once, cancel := context.WithTimeout(ctx, attempt)
		err := try(once)
		cancel()
		if err == nil || !passing(err) {
			return err
		}
		last = err
		select {
		case <-ctx.Done():
			return cmp.Or(canceled(ctx), last)
		case <-time.After(pause):
		}
	}
}

// canceled is the error of a context somebody ended before its time.
func canceled(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return nil
}

// Look says who holds a key, as the leader of the stream knows it; false if nobody does. Errors:
// [ErrUnavailable] at the latest when ctx ends (after five seconds if it has no deadline), [ErrCollision],
// [ErrBroken].
func (d *Directory) Look(ctx context.Context, key string) (held Held, ok bool, err error) {
	defer d.figures.done(opLook, time.Now(), &err)
	ctx, cancel := bounded(ctx)
	defer cancel()
	held, _, ok, err = d.look(ctx, key)
	return held, ok, outward("look up "+key, err)
}

func (d *Directory) look(ctx context.Context, key string) (held Held, m mark, ok bool, err error) {
	var msg *jetstream.RawStreamMsg
	err = d.persist(ctx, func(ctx context.Context) (err error) {
		msg, err = d.stream.GetLastMsgForSubject(ctx, d.prefix+token(key))
		return err
	})
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return Held{}, 0, false, nil
	case err != nil:
		return Held{}, 0, false, err
	}
	stored, c, m, err := decode(msg.Data)
	if err != nil {
		return Held{}, 0, false, err
	}
	if stored != key {
		return Held{}, 0, false, fmt.Errorf("%w: %s", ErrCollision, stored)
	}
	return Held{Claim: c, Revision: msg.Sequence}, m, true, nil
}

// Take writes a claim if the key's present one has the revision after; if after is zero, only if nobody holds the
// key. It returns the revision of the new claim.
//
// Errors: [ErrChanged] if the key is in another state, and the claim is not written then. [ErrUnavailable] at the
// latest when ctx ends (after five seconds if it has no deadline); whether the claim was written is not known
// then, see the package's comment. [ErrFull], [ErrCollision].
func (d *Directory) Take(ctx context.Context, key string, c Claim, after uint64) (revision uint64, err error) {
	defer d.figures.done(opTake, time.Now(), &err)
	ctx, cancel := bounded(ctx)
	defer cancel()
	m := mark(rand.Uint64())
	value := encode(key, c, m)
	attempts := 0
	var ack *jetstream.PubAck
	err = d.persist(ctx, func(ctx context.Context) (err error) {
		attempts++
		msg := &nats.Msg{Subject: d.prefix + token(key), Data: value}
		ack, err = d.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(after), jetstream.WithRetryAttempts(0))
		return err
	})
	if err == nil {
		return ack.Sequence, nil
	}
	if !changed(err) {
		return 0, outward("claim "+key, err)
	}
	return d.lost(ctx, key, m, attempts)
}

// lost finds out why a claim was refused: another one is there, or an earlier attempt won whose answer did not
// come.
func (d *Directory) lost(ctx context.Context, key string, m mark, attempts int) (revision uint64, err error) {
	if attempts == 1 {
		return 0, fmt.Errorf("claim %s: %w", key, ErrChanged)
	}
	held, found, ok, err := d.look(ctx, key)
	switch {
	case err != nil:
		return 0, outward("claim "+key, err)
	case ok && found == m:
		return held.Revision, nil
	}
	return 0, fmt.Errorf("claim %s: %w", key, ErrChanged)
}

// changed says that the stream refused a write for its condition.
func changed(err error) bool {
	code := said(err)
	return code == jetstream.JSErrCodeStreamWrongLastSequence || code == jetstream.JSErrCodeStreamWrongLastSequenceConstant
}

// Release takes away the claim of a key that has this revision. If it is another one by now, or none, nothing
// happens and it is no error. Nothing of the claim stays in the store. Errors: [ErrUnavailable] at the latest
// when ctx ends (after five seconds if it has no deadline): the claim may be there still, or may go later.
func (d *Directory) Release(ctx context.Context, key string, revision uint64) (err error) {
	defer d.figures.done(opRelease, time.Now(), &err)
	if revision == 0 {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	err = d.persist(ctx, func(ctx context.Context) error {
		err := d.stream.DeleteMsg(ctx, revision)
		if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
			return d.gone(ctx, revision, err)
		}
		return err
	})
	return outward("release "+key, err)
}

// gone is nil if the stream has no message of this sequence, which is why it could not remove it.
func (d *Directory) gone(ctx context.Context, revision uint64, why error) error {
	_, err := d.stream.GetMsg(ctx, revision)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil
	case err != nil:
		return err
	}
	return why
}
