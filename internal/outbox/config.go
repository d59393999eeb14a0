package outbox

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config says how an outbox keeps messages. Zero values stand for what is given in brackets.
type Config struct {
	// Writer is the incarnation of this process: no other process, and no earlier one, has the same. Required.
	Writer string
	// Prefix begins the names in NATS, where others keep something too ("").
	Prefix string
	// Replicas is how many servers of a NATS cluster keep the messages (1).
	Replicas int
	// MaxAge is how long a message is kept that nobody fetches (1 h), at least 100 ms.
	MaxAge time.Duration
	// MaxBytes is how much is kept for all sockets of all nodes (4 GiB). What does not fit is not stored.
	MaxBytes int64
	// Timeout is how long a store may take before it counts as failed (5 s).
	Timeout time.Duration
	// MaxInFlight and MaxInFlightBytes bound what is on its way to the store (8,192 messages, 64 MiB).
	MaxInFlight      int
	MaxInFlightBytes int
	// PortionMessages and PortionBytes bound what a line that catches up has put into the queue of its socket
	// and the client has not confirmed (256, 256 KiB). About half of what a queue takes is right.
	PortionMessages int
	PortionBytes    int
	// Settle is how long a line that was resumed takes everything it delivers from the stream (0): that long
	// other nodes may still be storing messages for it, which believe that they own the socket.
	Settle time.Duration
	// Lost is told that stored messages of a line have been trimmed by age before its client had them: missed
	// of them, [hub.MissedUnknown] if the number is not known. It is called before what came after them is fed, from
	// any goroutine, without locks held. nil: a [hub.Conn] has its socket announce it, other queues are not told.
	Lost func(key string, q Queue, missed int)

	Metrics *metrics.Registry // nil: nothing is counted
	Logger  *slog.Logger      // nil: nothing is said
}

// Queue takes the messages of a line: it is the [hub.Conn] of a socket that was opened as durable, and takes nothing
// once another connection has the socket, so that nothing gets between what that one is to have first. Send must
// not block.
type Queue interface {
	Send(m *hub.Message, mode hub.Mode) (depth int, err error)
}

func (c Config) withDefaults() Config {
	c.Replicas = cmp.Or(c.Replicas, 1)
	c.MaxAge = cmp.Or(c.MaxAge, time.Hour)
	c.MaxBytes = cmp.Or(c.MaxBytes, 4<<30)
	c.Timeout = cmp.Or(c.Timeout, 5*time.Second)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, 8192)
	c.MaxInFlightBytes = cmp.Or(c.MaxInFlightBytes, 64<<20)
	c.PortionMessages = cmp.Or(c.PortionMessages, 256)
	c.PortionBytes = cmp.Or(c.PortionBytes, 256<<10)
	if c.Lost == nil {
		c.Lost = announce
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// announce has the client told by its socket.
func announce(_ string, q Queue, missed int) {
	if c, ok := q.(*hub.Conn); ok {
		c.Socket().NoteExpired(missed)
	}
}
