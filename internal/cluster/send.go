package cluster

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// Send queues a message for the socket with the key and returns how many wait
// now. It does not wait for the client. Errors: ctx's, [hub.ErrNotFound], and
// [hub.ErrQueueFull] when the message was dropped.
func (c *Cluster) Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	span := c.tracer.Send(ctx, key, len(m.Text()))
	if span == nil {
		return c.send(ctx, key, m, mode)
	}
	defer span.End()
	depth, err = c.send(ctx, key, m.Watched(c.tracer.Follow(span)), mode)
	if err == nil {
		span.Queued(depth)
	}
	span.Outcome(outcome(err))
	return depth, err
}

func (c *Cluster) send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	s, err := c.resolve(ctx, hub.Ref{Key: key})
	if err != nil {
		c.unknown.Inc()
		return 0, err
	}
	depth, err = s.Send(m, mode)
	return depth, gone(err)
}

// outcome says how a send ended, for its span.
func outcome(err error) string {
	switch {
	case err == nil:
		return tracing.OutcomeOK
	case errors.Is(err, hub.ErrNotFound):
		return tracing.OutcomeGone
	case errors.Is(err, hub.ErrQueueFull):
		return tracing.OutcomeFull
	}
	return tracing.OutcomeError
}

// SendMany queues one message for each of the keys, in their order, passing over
// sockets that are gone or full, and returns how many queues took it. A key that
// is there twice gets the message twice. When ctx ends on the way it returns its
// error and how far it came.
func (c *Cluster) SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	span := c.tracer.SendMany(ctx, len(keys), len(m.Text()))
	if span == nil {
		return c.sendMany(ctx, keys, m, mode)
	}
	defer span.End()
	delivery, err := c.sendMany(ctx, keys, m.Watched(c.tracer.Follow(span)), mode)
	span.Addressed(delivery.Addressed())
	span.Outcome(outcome(err))
	return delivery, err
}

func (c *Cluster) sendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (delivery hub.Delivery, err error) {
	for _, key := range keys {
		_, err := c.send(ctx, key, m, mode)
		switch {
		case err == nil:
			delivery.Add(c.hub.Node(), 1)
		case errors.Is(err, hub.ErrNotFound), errors.Is(err, hub.ErrQueueFull):
		default:
			return delivery, err
		}
	}
	return delivery, nil
}

// SendWhere queues one message for the sockets of all nodes that the filter chooses, passing over
// those that end meanwhile or are full. Errors: ctx's, with how far it came.
func (c *Cluster) SendWhere(ctx context.Context, f hub.Filter, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return hub.Delivery{}, err
	}
	sockets := c.hub.Select(f)
	keys := make([]string, len(sockets))
	for i, s := range sockets {
		keys[i] = s.Key()
	}
	return c.SendMany(ctx, keys, m, mode)
}
