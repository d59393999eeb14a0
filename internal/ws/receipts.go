package ws

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Receipts. Bytes that the kernel has taken may never arrive, and a plain client confirms nothing that it reads.
// But it answers pings, and TCP keeps the order: the answer to a ping says that all that was written before it has
// arrived. So messages that ask for a receipt are followed by a ping, behind the last of those written together.
// One is on its way at a time; what is written meanwhile is behind the next. These pings say nothing to the
// heartbeat, and its pings, which have no payload, nothing to receipts.

const (
	askSize = 8 // of the payload of a ping
	// maxUnconfirmed bounds the messages that a client may leave without an answer. One that answers no pings,
	// against RFC 6455, 5.5.2, must not cost memory without end.
	maxUnconfirmed = 64 << 10
)

// receipts is what a connection knows of messages that the client has not confirmed. Few have one. It is guarded
// by the lock of the connection.
type receipts struct {
	asked   []hub.Receipt // of messages before the ping on its way; none: no ping is
	written []hub.Receipt // of those behind it
	payload [askSize]byte // of the ping on its way
	due     bool          // a ping is to be written, because none is on its way and something was written
}

// appendAsk appends a ping of which the answer confirms all that was written before.
func (r *receipts) appendAsk(b []byte) []byte {
	r.asked, r.written, r.due = r.written, nil, false
	binary.BigEndian.PutUint64(r.payload[:], rand.Uint64())
	b = append(b, 0x80|byte(ws.OpPing), askSize)
	return append(b, r.payload[:]...)
}

// take returns the receipts of what an answer confirms.
func (r *receipts) take(answer []byte) (confirmed []hub.Receipt) {
	if len(r.asked) == 0 || string(answer) != string(r.payload[:]) {
		return nil
	}
	confirmed, r.asked = r.asked, nil
	r.due = len(r.written) > 0
	return confirmed
}

// askReceipts notes the receipts of a batch of which all frames are written or in the buffer, and puts a ping
// behind them, unless one is on its way. An answer cannot come before what is in the buffer was written.
func (o *outbox) askReceipts() bool {
	if !o.batch.Receipts() {
		return true
	}
	if len(o.buf)+ws.MaxHeaderSize+askSize > outboxSize && !o.flush() {
		return false
	}
	c := o.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.receipts == nil {
		c.receipts = new(receipts)
	}
	r := c.receipts
	r.written = o.batch.AppendReceipts(r.written)
	if len(r.asked) == 0 {
		o.buf = r.appendAsk(o.buf)
	}
	if len(r.asked)+len(r.written) > maxUnconfirmed {
		o.broke = &unconfirmed
	}
	return o.broke == nil
}

// unconfirmed is why a connection ends whose client answers no pings.
var unconfirmed = hub.Reason{Code: hub.CodeLost, Text: "the client confirmed no messages", Cause: hub.CauseHeartbeat}

// confirm takes the answer to a ping: those are told whose messages it confirms. A connection that is not its
// socket's any more confirms nothing: what the next one gets is decided. asked is false where no ping of ours has asked for it.
func (c *conn) confirm(answer []byte) (asked bool) {
	c.mu.Lock()
	if c.receipts == nil {
		c.mu.Unlock()
		return false
	}
	confirmed := c.receipts.take(answer)
	again := c.receipts.due
	c.mu.Unlock()
	if len(confirmed) == 0 {
		return false
	}
	if again {
		c.kick()
	}
	if !c.hc.Current() {
		return true
	}
	for _, r := range confirmed {
		r.Received()
	}
	return true
}
