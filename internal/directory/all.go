package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// portion is how many claims are read at once.
	portion = 2000
	// idle is when the stream forgets a reader that stopped without saying so.
	idle = time.Minute
)

// errGap says that claims were lost on the way to this node.
var errGap = errors.New("claims were lost on the way")

// All calls visit for every claim, in the order they were written. Claims written or released meanwhile may be
// among them or not. What cannot be read is skipped. It ends early with the error of visit, or that of ctx, or
// [ErrUnavailable]; then the caller may begin again.
func (d *Directory) All(ctx context.Context, visit func(key string, h Held) error) (err error) {
	defer d.figures.done(opList, time.Now(), &err)
	reader, err := d.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: idle,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return outward("list the claims", err)
	}
	defer func() { // without the caller's ctx, which may have ended
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attempt)
		defer cancel()
		_ = d.stream.DeleteConsumer(ctx, reader.CachedInfo().Name)
	}()
	r := &reading{reader: reader, visit: visit, pending: reader.CachedInfo().NumPending}
	for r.pending > 0 {
		if err := r.portion(ctx); err != nil {
			return outward("list the claims", err)
		}
	}
	return nil
}

// reading is one walk through the claims.
type reading struct {
	reader  jetstream.Consumer
	visit   func(key string, h Held) error
	read    uint64 // claims so far
	pending uint64 // how many follow
}

// portion visits the next claims. Those that were released meanwhile do not come.
func (r *reading) portion(ctx context.Context) error {
	// Who is not read to the end must hear of it: without this context the reader would wait for what is left.
	fetching, stop := context.WithTimeout(ctx, attempt)
	defer stop()
	batch, err := r.reader.Fetch(int(min(r.pending, portion)), jetstream.FetchContext(fetching))
	if err != nil {
		return err
	}
	before := r.read
	for msg := range batch.Messages() {
		if err := cmp.Or(ctx.Err(), r.message(msg)); err != nil {
			return err
		}
	}
	if err := cmp.Or(ctx.Err(), batch.Error()); err != nil {
		return err
	}
	if r.read > before {
		return nil
	}
	info, err := r.reader.Info(ctx)
	if err != nil {
		return err
	}
	r.pending = info.NumPending
	return nil
}

func (r *reading) message(msg jetstream.Msg) error {
	about, err := msg.Metadata()
	if err != nil {
		return err
	}
	r.read++
	if about.Sequence.Consumer != r.read {
		return fmt.Errorf("%w: %w", ErrUnavailable, errGap)
	}
	r.pending = about.NumPending
	key, c, _, err := decode(msg.Data())
	if err != nil {
		return nil // it is nobody's: Look says so for the key it is in the way of
	}
	return r.visit(key, Held{Claim: c, Revision: about.Sequence.Stream})
}
