package outbox

import (
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// figures counts what an outbox does.
type figures struct {
	appended, appendedBytes, marks        *metrics.Counter
	full, busy, timeout, disconnected     *metrics.Counter
	tooLarge, otherwise                   *metrics.Counter
	live, stored, redelivered             *metrics.Counter
	read, readBytes, late, damaged, trims *metrics.Counter
	flying, flyingBytes, lines            *metrics.Gauge
}

func newFigures(r *metrics.Registry) figures {
	failed := r.Counters("tutorsocket_outbox_failed_total", "Durable messages that were not stored, by reason.", "reason")
	fed := r.Counters("tutorsocket_outbox_fed_total",
		"Durable messages put into the queue of a socket: live (as they were stored) or read from the stream.", "from")
	return figures{
		appended:      r.Counter("tutorsocket_outbox_appended_total", "Entries stored for durable sockets; one may be for many sockets."),
		appendedBytes: r.Counter("tutorsocket_outbox_appended_bytes_total", "Bytes of stored entries."),
		marks:         r.Counter("tutorsocket_outbox_watermark_writes_total", "Records of watermarks stored; one holds those of many sockets."),
		full:          failed.With("full"),
		busy:          failed.With("busy"),
		timeout:       failed.With("timeout"),
		disconnected:  failed.With("disconnected"),
		tooLarge:      failed.With("too_large"),
		otherwise:     failed.With("other"),
		live:          fed.With("live"),
		stored:        fed.With("stream"),
		redelivered:   r.Counter("tutorsocket_outbox_redelivered_total", "Messages fed again because the client had not confirmed them."),
		read:          r.Counter("tutorsocket_outbox_read_total", "Entries read from the stream."),
		readBytes:     r.Counter("tutorsocket_outbox_read_bytes_total", "Bytes of entries read from the stream."),
		late:          r.Counter("tutorsocket_outbox_late_total", "Entries passed over because a newer one of their writer was stored before."),
		damaged:       r.Counter("tutorsocket_outbox_damaged_total", "Entries passed over because they cannot be read."),
		trims:         r.Counter("tutorsocket_outbox_expired_total", "Sockets that lost messages because these became too old."),
		flying:        r.Gauge("tutorsocket_outbox_in_flight", "Entries on their way to the store."),
		flyingBytes:   r.Gauge("tutorsocket_outbox_in_flight_bytes", "Bytes on their way to the store."),
		lines:         r.Gauge("tutorsocket_outbox_lines", "Durable sockets of this node."),
	}
}

// refused counts a message that was not stored.
func (f *figures) refused(err error) {
	switch {
	case errors.Is(err, ErrFull):
		f.full.Inc()
	case errors.Is(err, ErrBusy):
		f.busy.Inc()
	case errors.Is(err, ErrTimeout):
		f.timeout.Inc()
	case errors.Is(err, ErrDisconnected):
		f.disconnected.Inc()
	case errors.Is(err, ErrTooLarge):
		f.tooLarge.Inc()
	default:
		f.otherwise.Inc()
	}
}
