package runs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	storeTime  = 5 * time.Second // of one record; a store that takes longer cannot be reached
	storePause = time.Second     // before the next try
)

// Run follows what is stored and stores what is added until ctx ends, then what still waits, and returns
// nil. It goes on without NATS, trying again. A history runs once.
func (h *History) Run(ctx context.Context) error {
	following := make(chan struct{})
	go func() {
		defer close(following)
		h.follow(ctx)
	}()
	for ctx.Err() == nil {
		select {
		case <-h.news:
			h.storeAll(ctx)
		case <-ctx.Done():
		}
	}
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	<-following
	h.storeAll(ctx)
	return nil
}

// storeAll stores what waits. The end of ctx ends it at the first record that cannot be stored.
func (h *History) storeAll(ctx context.Context) {
	said := false
	for rec := h.next(); rec != nil; {
		err := h.store(context.WithoutCancel(ctx), rec)
		if err == nil {
			rec = h.next()
			continue
		}
		if !said {
			h.cfg.Logger.Warn("run is not in the history, trying again", "run", rec.ID, "error", err.Error())
			said = true
		}
		select {
		case <-time.After(storePause):
		case <-ctx.Done():
			return
		}
	}
	h.mu.Lock()
	left := h.left
	h.left = 0
	h.mu.Unlock()
	if left > 0 {
		h.cfg.Logger.Warn("runs are not in the history: too many came at once, or it could not be reached", "count", left)
	}
}

// next takes the first of those waiting, nil if there are none. A begin is passed over whose end waits
// too: that tells all.
func (h *History) next() *record {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.waiting) > 0 {
		rec := h.waiting[0]
		h.waiting[0] = nil
		h.waiting = h.waiting[1:]
		h.bytes -= rec.size()
		const near = 64 // how far it is worth looking
		ahead := h.waiting[:min(near, len(h.waiting))]
		if rec.State == Running && slices.ContainsFunc(ahead, func(r *record) bool { return r.ID == rec.ID }) {
			continue
		}
		return rec
	}
	h.waiting = nil
	return nil
}

func (h *History) store(ctx context.Context, rec *record) error {
	header, body, err := rec.encode()
	if err != nil {
		h.cfg.Logger.Warn("run is not in the history", "run", rec.ID, "error", err.Error())
		return nil // it would not get better
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	_, err = h.js.PublishMsg(ctx, &nats.Msg{Subject: h.subject(), Header: nats.Header{recordHeader: {header}}, Data: body})
	return err
}

// follow keeps the list until ctx ends.
func (h *History) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := h.followOnce(ctx); err != nil && ctx.Err() == nil {
			h.cfg.Logger.Warn("history of runs cannot be followed, trying again", "error", err.Error())
			select {
			case <-time.After(storePause):
			case <-ctx.Done():
			}
		}
	}
}

func (h *History) followOnce(ctx context.Context) error {
	info, err := h.stream.Info(ctx)
	if err != nil {
		return err
	}
	last := info.State.LastSeq
	if info.State.Msgs == 0 {
		h.catchUp()
	}
	consumer, err := h.js.OrderedConsumer(ctx, h.cfg.stream(), jetstream.OrderedConsumerConfig{HeadersOnly: true})
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	consuming, err := consumer.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			return
		}
		h.see(m.Headers().Get(recordHeader), meta.Sequence.Stream)
		if meta.Sequence.Stream >= last || meta.NumPending == 0 {
			h.catchUp()
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) {
			return // it makes itself a new one
		}
		if errors.Is(err, nats.ErrConnectionClosed) {
			select {
			case failed <- err:
			default:
			}
		}
	}))
	if err != nil {
		return err
	}
	defer consuming.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-consuming.Closed():
		return nats.ErrConnectionClosed
	case err := <-failed:
		return err
	}
}

// catchUp notes that the list is complete: what an earlier start of this node had begun is lost.
func (h *History) catchUp() {
	select {
	case <-h.caught:
		return
	default:
		close(h.caught)
	}
	h.Lose(func(node, _ string) bool { return node == h.cfg.Node })
}

// see takes a stored record into the list.
func (h *History) see(header string, sequence uint64) {
	var rec record
	if json.Unmarshal([]byte(header), &rec) != nil || !ValidID(rec.ID) {
		return // not ours, or of a version to come
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.known[rec.ID]
	switch {
	case k == nil:
		h.known[rec.ID] = &known{rec, sequence}
		at, _ := slices.BinarySearch(h.order, rec.ID)
		h.order = slices.Insert(h.order, at, rec.ID)
	case rec.outranks(&k.record):
		k.record, k.sequence = rec, sequence
	default:
		return
	}
	if run := h.shadows[rec.ID]; run != nil && rec.State != Running {
		delete(h.shadows, rec.ID)
		go h.endShadow(run, rec.info(), sequence)
	}
	for len(h.order) > h.cfg.MaxRuns {
		delete(h.known, h.order[0])
		h.order = h.order[1:]
	}
}

// endShadow ends a run elsewhere for those who look at it here.
func (h *History) endShadow(run *Run, i Info, sequence uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	body, err := h.body(ctx, sequence)
	if err != nil {
		h.cfg.Logger.Warn("lines of a run cannot be read", "run", i.ID, "error", err.Error())
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	run.ended, run.lost, run.outcome = i.Ended, i.State == Lost, Outcome{Error: i.Error, Duration: i.Took}
	run.fill(body)
	run.announce()
}

func isGone(err error) bool { return errors.Is(err, jetstream.ErrMsgNotFound) }
