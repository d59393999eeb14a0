package hub

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// Bounds of what one call of Next hands out. They keep what a writer holds for one slow client
// small; an array is never cut, since all items that wait together are one frame.
const (
	batchBytes    = 64 << 10
	batchMessages = 256
)

// packing says how a queued message goes out. It is fixed when the message is queued, so that a
// message which outlives its connection keeps it.
type packing uint8

const (
	packText packing = iota // the text, or the bytes, in a frame of its own
	packItem                // an item of an array, together with items next to it
)

// queued is a message that waits.
type queued struct {
	m    *Message
	pack packing
}

// stickiness of the queue's mode: spec/websocket.md B.2.
type stickyMode uint8

const (
	modeOpen stickyMode = iota // no write yet
	modeText
	modeJSON
)

// queue holds what one socket still has to receive, first in, first out. Messages that were
// handed to a writer stay in front, and count, until it is known that they were written.
// Guarded by the lock of its socket.
type queue struct {
	items  []queued // nil when empty, so that an idle socket keeps no memory for it
	bytes  int      // text of all items
	taken  int      // how many of items, from the front, holder has
	holder *Conn    // who took them; nil: nobody
	lost   *loss    // nil: no message was dropped
	mode   stickyMode
	// relief doubles the limits until the queue is empty: a client that comes back to a full queue is
	// not to lose what is sent while it reads that.
	relief bool
}

// itemSize is what a message in a queue takes beside its text, about.
const itemSize = 32

// packFor decides how a message written now goes out, and fixes the mode on the first write of
// a connection. In the native profile each message keeps its own (spec/websocket.md F.5).
func (q *queue) packFor(mode Mode, profile Profile) packing {
	switch {
	case mode == ModePlain:
		return packText
	case profile == Native:
		return packing(mode)
	case q.mode == modeOpen && mode == ModeJSON:
		q.mode = modeJSON
	case q.mode == modeOpen:
		q.mode = modeText
	}
	if q.mode == modeJSON {
		return packItem
	}
	return packText
}

// fits reports whether a message may be added. An empty queue takes a message of any size: it
// exists already, and refusing it would end a connection that is not slow at all.
func (q *queue) fits(m *Message, cfg *Config) bool {
	if len(q.items) == 0 {
		return true
	}
	times := 1
	if q.relief {
		times = 2
	}
	return len(q.items) < times*cfg.MaxMessages && q.bytes+len(m.text) <= times*cfg.MaxBytes
}

// push adds a message at the end. A binary one is never part of an array.
func (q *queue) push(m *Message, pack packing, h *Hub) {
	if m.binary {
		pack = packText
	}
	q.items = append(q.items, queued{m, pack})
	q.bytes += len(m.text)
	h.hold(m)
}

// remove takes the message with the index out.
func (q *queue) remove(i int, h *Hub) {
	m := q.items[i].m
	if i == 0 { // the common case, and the quick one
		q.items[0] = queued{}
		q.items = q.items[1:]
	} else {
		q.items = slices.Delete(q.items, i, i+1)
	}
	if len(q.items) == 0 {
		q.items = nil
	}
	q.bytes -= len(m.text)
	h.release(m)
}

// settle ends the hold of c on what it took: the first written messages leave the queue, the
// rest is again to be taken. Does nothing if c holds nothing.
func (q *queue) settle(c *Conn, written int, h *Hub) {
	if q.holder != c {
		return
	}
	bytes, freed := 0, int64(0)
	for _, item := range q.items[:written] {
		bytes += len(item.m.text)
		freed += item.m.leave()
	}
	h.held.Add(-freed)
	h.figures.waiting(-written, -bytes)
	q.bytes -= bytes
	q.items = q.items[written:]
	if len(q.items) == 0 {
		q.items, q.relief = nil, false
	}
	q.taken, q.holder = 0, nil
	q.recall(h)
}

// clear forgets all that waits, and returns how many messages of senders that were.
func (q *queue) clear(h *Hub) (messages int) {
	freed := int64(0)
	for _, item := range q.items {
		freed += item.m.leave()
		if item.m.gap == nil {
			messages++
		}
	}
	h.held.Add(-freed)
	h.figures.waiting(-len(q.items), -q.bytes)
	q.items, q.bytes, q.taken, q.holder = nil, 0, 0, nil
	return messages
}

// wants reports whether there is something to be written.
func (q *queue) wants() bool {
	return len(q.items) > 0 || q.lost != nil && q.lost.gaps != [lossKinds]int{}
}

// unread is how many messages the client has not got: those that wait, and those dropped that it
// has not been told of; MissedUnknown if some were not counted.
func (q *queue) unread() (n int) {
	for _, item := range q.items {
		if g := item.m.gap; g != nil {
			n = addMissed(n, g.missed)
		} else {
			n = addMissed(n, 1)
		}
	}
	if q.lost != nil {
		n = addMissed(n, q.lost.unannounced())
	}
	return n
}

// enter notes that the message waits in one more queue, and returns how many bytes that takes.
func (m *Message) enter() int64 {
	if m.shared().queues.Add(1) == 1 {
		return int64(itemSize + len(m.text))
	}
	return itemSize
}

// leave is the other end of enter.
func (m *Message) leave() int64 {
	if m.shared().queues.Add(-1) == 0 {
		return int64(itemSize + len(m.text))
	}
	return itemSize
}

// hold counts a message that has joined a queue.
func (h *Hub) hold(m *Message) {
	h.held.Add(m.enter())
	h.figures.waiting(1, len(m.text))
}

// release counts one that has left it.
func (h *Hub) release(m *Message) {
	h.held.Add(-m.leave())
	h.figures.waiting(-1, -len(m.text))
}

// take fills b with what goes out next, packed by the rules of the profile, and remembers that
// c has it. Gaps that are to be announced come first. The queue is not empty.
func (q *queue) take(c *Conn, b *Batch, h *Hub) {
	profile := h.cfg.Profile
	q.announce(h)
	b.reset()
	bytes := 0
	for at := 0; at < len(q.items) && at < batchMessages && bytes < batchBytes; {
		n, array := q.frameAt(at, profile)
		for _, item := range q.items[at : at+n] {
			b.messages = append(b.messages, item.m)
			b.watched = b.watched || item.m.watched != nil
			bytes += len(item.m.text)
		}
		b.frames = append(b.frames, frameSpan{n, array})
		at += n
	}
	q.taken, q.holder = len(b.messages), c
	b.profile, b.key = profile, c.socket.key
}

// frameAt returns how many messages beginning with the one at i share a frame, and whether they
// are enclosed in brackets.
func (q *queue) frameAt(i int, profile Profile) (n int, array bool) {
	if q.items[i].pack == packText || standsAlone(q.items[i].m, profile) {
		return 1, false
	}
	for n = 1; i+n < len(q.items) && q.items[i+n].pack == packItem; n++ {
		// 1.24 looks at the first item only; native sends arrays alone wherever they stand.
		if profile == Native && standsAlone(q.items[i+n].m, profile) {
			break
		}
	}
	return n, true
}

// standsAlone reports whether a JSON item that comes first goes out without brackets:
// never in 1.22, if it begins with "[" in 1.24, if it is an array in native
// (spec/websocket.md B.2, F.5).
func standsAlone(m *Message, profile Profile) bool {
	switch profile {
	case Profile122:
		return false
	case Native:
		return m.nativeItem().array
	}
	return strings.HasPrefix(m.text, "[")
}

// Batch is what a writer got from [Conn.Next]. It may be used again for the next call, which
// spares its memory; the zero value is ready. It belongs to one goroutine.
type Batch struct {
	messages []*Message
	frames   []frameSpan
	profile  Profile
	watched  bool   // one of messages is
	key      string // of the socket
}

// frameSpan says that the next n messages make a frame.
type frameSpan struct {
	n     int
	array bool
}

func (b *Batch) reset() {
	clear(b.messages) // a pooled batch must not keep messages alive
	b.messages, b.frames, b.watched = b.messages[:0], b.frames[:0], false
}

// Watched reports whether somebody wants to hear of [Batch.Written].
func (b *Batch) Watched() bool { return b.watched }

// Written tells those who watch them that n messages of the batch, those from the one with number from
// on, have been written whole by a write that began at a time.
func (b *Batch) Written(from, n int, began time.Time) {
	for _, m := range b.messages[from : from+n] {
		if m.watched != nil {
			m.watched.by.Written(b.key, began)
		}
	}
}

// Reset forgets what the batch holds.
func (b *Batch) Reset() { b.reset() }

// Frames iterates over what is to be written, in order.
func (b *Batch) Frames() iter.Seq[Outgoing] {
	return func(yield func(Outgoing) bool) {
		at := 0
		for _, f := range b.frames {
			if !yield(Outgoing{Messages: b.messages[at : at+f.n], Array: f.array, profile: b.profile}) {
				return
			}
			at += f.n
		}
	}
}

// Outgoing is one frame to be written: a message as it is, or several as the items of an array. It is
// valid until its batch is used again.
type Outgoing struct {
	Messages []*Message
	Array    bool
	profile  Profile
}

// Binary reports whether the frame is a binary one.
func (o Outgoing) Binary() bool { return o.Messages[0].binary }

// item returns the text of a message inside an array. The originals join texts as they are,
// without encoding (spec/websocket.md B.2); native makes valid JSON of each.
func (o Outgoing) item(m *Message) string {
	if o.profile == Native {
		return m.nativeItem().text
	}
	return m.text
}

// Len returns the length of the text of the frame in bytes.
func (o Outgoing) Len() int {
	if !o.Array {
		return len(o.Messages[0].text)
	}
	n := len("[]") + len(o.Messages) - 1
	for _, m := range o.Messages {
		n += len(o.item(m))
	}
	return n
}

// Parts iterates over the pieces that make up the text of the frame.
func (o Outgoing) Parts() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !o.Array {
			yield(o.Messages[0].text)
			return
		}
		separator := "["
		for _, m := range o.Messages {
			if !yield(separator) || !yield(o.item(m)) {
				return
			}
			separator = ","
		}
		yield("]")
	}
}

// Shared returns where the encoded frame can be kept, if the frame consists of one message.
func (o Outgoing) Shared() (m *Message, slot FrameSlot, ok bool) {
	if len(o.Messages) != 1 {
		return nil, 0, false
	}
	if o.Array {
		return o.Messages[0], SlotArray, true
	}
	return o.Messages[0], SlotText, true
}

// modeName returns the mode as lists show it.
func (q *queue) modeName() string {
	switch q.mode {
	case modeText:
		return "text"
	case modeJSON:
		return "json"
	}
	return ""
}

// Len returns the number of messages in the batch.
func (b *Batch) Len() int { return len(b.messages) }
