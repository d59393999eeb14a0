package outbox

import "github.com/tutorsocket/tutorsocket/internal/hub"

// receipt hears that the client has an entry.
type receipt struct {
	line    *Line
	gen     uint64
	pos     Position
	counter uint64
	writer  string
}

var _ hub.Receipt = (*receipt)(nil)

// Received moves the watermark, and has the next portion fed when there is room.
func (r *receipt) Received() {
	l := r.line
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.gen != r.gen || l.ended {
		return
	}
	for len(l.sent) > 0 && l.sent[0].pos <= r.pos {
		l.sentBytes -= l.sent[0].size
		l.sent = l.sent[1:]
	}
	if len(l.sent) == 0 {
		l.sent = nil
	}
	l.owes = 0
	l.mark, l.full = max(l.mark, r.pos), false
	l.markSeen.note(r.writer, r.counter)
	l.soil()
	l.proceed()
}
