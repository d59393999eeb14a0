package cluster

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Send queues a message for the socket with the key and returns how many wait
// now. It does not wait for the client. Errors: ctx's, [hub.ErrNotFound], and
// [hub.ErrQueueFull] when the message was dropped.
func (c *Cluster) Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	s, err := c.resolve(ctx, hub.Ref{Key: key})
	if err != nil {
		c.unknown.Inc()
		return 0, err
	}
	depth, err = s.Send(m, mode)
	return depth, gone(err)
}

// SendMany queues one message for each of the keys, in their order, passing over
// sockets that are gone or full, and returns how many queues took it. A key that
// is there twice gets the message twice. When ctx ends on the way it returns its
// error and how far it came.
func (c *Cluster) SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (addressed int, err error) {
	for _, key := range keys {
		_, err := c.Send(ctx, key, m, mode)
		switch {
		case err == nil:
			addressed++
		case errors.Is(err, hub.ErrNotFound), errors.Is(err, hub.ErrQueueFull):
		default:
			return addressed, err
		}
	}
	return addressed, nil
}
