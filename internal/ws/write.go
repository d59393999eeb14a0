package ws

import (
	"errors"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	// outboxSize is how many bytes of frames are put together for one write: the number of
	// writes, not the bytes, is what a fan-out costs.
	outboxSize = 16 << 10
	// writeSize is the most that is handed to the kernel at once: what a client has taken of a
	// large message is counted as it takes it.
	writeSize = 64 << 10
	// writeSizeTLS is that of TLS: a record. A client that takes one within the write
	// time-out is not taken for dead.
	writeSizeTLS = 16 << 10
	// maxControl bounds the pongs that wait for a client which does not read.
	maxControl = 4 << 10
)

// outbox is what a writer works with. Pooled: a connection has one only while it is written to.
type outbox struct {
	c     *conn
	batch hub.Batch
	buf   []byte
	whole int         // messages of the batch whose frames were written
	held  []frameEnd  // of the messages of the batch that are in buf
	broke *hub.Reason // why writing failed; nil: it has not
}

// frameEnd says that a frame ends at a byte of what is to be written, and how many messages it
// carries.
type frameEnd struct{ at, messages int }

var outboxes = sync.Pool{New: func() any { return &outbox{buf: make([]byte, 0, outboxSize)} }}

// sendControl has an encoded ping or pong written. When more are waiting than a client can
// want, the oldest are dropped; RFC 6455, 5.5.3 allows to answer the latest ping only.
func (c *conn) sendControl(frame []byte) {
	c.mu.Lock()
	if len(c.control)+len(frame) > maxControl {
		c.control = nil
	}
	c.control = append(c.control, frame...)
	c.mu.Unlock()
	c.kick()
}

// kick starts a writer, or has the one that runs look once more.
func (c *conn) kick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.dead || c.said:
	case c.writing:
		c.again = true
	default:
		c.writing = true
		c.writers++
		c.srv.running.Add(1) // the reader still counts: it sets dead before it ends
		go c.write()
	}
}

// write is the writer: it drains the queue and ends when nothing waits.
func (c *conn) write() {
	defer c.srv.running.Done()
	o := outboxes.Get().(*outbox)
	o.c = c
	for o.round() {
	}
	if o.broke != nil { // what was not written has gone back
		c.drop(*o.broke)
	}
	o.c, o.broke = nil, nil
	o.buf, o.held = o.buf[:0], o.held[:0]
	o.batch.Reset()
	outboxes.Put(o)
	c.writerLeft()
	c.sayClosed()
}

// round writes what waits now. It returns false when the writer has to end.
func (o *outbox) round() (more bool) {
	c := o.c
	o.whole, o.held = 0, o.held[:0]
	c.mu.Lock()
	c.again = false
	bye := c.bye
	c.mu.Unlock()
	if bye != nil {
		c.hc.Return(o.batch.Len()) // all of the batch before was written
		o.takeControl()
		return o.sayBye(*bye)
	}
	duty := c.hc.Next(&o.batch)
	o.takeControl() // after Next, so that a ping is answered before a message that came behind it
	switch duty {
	case hub.DutyWrite:
		return o.writeBatch()
	case hub.DutyClose:
		reason, _ := c.hc.Closing()
		if reason.Abort || reason.Code == hub.CodeLost { // a close frame would say that this was meant
			c.drop(reason)
			return false
		}
		if reason.Cause == hub.CauseClient {
			reason.Text = "" // it knows what it said
		}
		return o.sayBye(reason)
	}
	if !o.flush() {
		return false
	}
	return !c.rest()
}

// takeControl begins the buffer with the pings and pongs that wait. All messages of earlier batches were
// written.
func (o *outbox) takeControl() {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.buf = append(o.buf[:0], o.c.control...)
	if r := o.c.receipts; r != nil && r.due {
		o.buf = r.appendAsk(o.buf)
	}
	o.c.control = nil
}

// rest ends the duty of the writer, unless there is something new.
func (c *conn) rest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again && !c.dead {
		return false
	}
	c.writing = false
	c.tellWritten()
	return true
}

// writeBatch writes the frames of a batch. What was not written whole goes back.
func (o *outbox) writeBatch() bool {
	done := o.writeFrames()
	o.c.traffic.messagesOut.Add(o.whole)
	if !done {
		o.c.hc.Return(o.whole)
	}
	return done
}

func (o *outbox) writeFrames() bool {
	for frame := range o.batch.Frames() {
		if !o.add(frame) {
			return false
		}
		o.c.srv.traces.out(o.c.hc.Socket(), frame)
	}
	return o.askReceipts() && o.flush()
}

// add puts a frame into the buffer, writing it out when it is full.
func (o *outbox) add(frame hub.Outgoing) bool {
	length := frame.Len()
	if encoded := o.c.deflated(frame, length); encoded != nil {
		return o.addEncoded(frame, encoded)
	}
	if ws.MaxHeaderSize+length > outboxSize {
		return o.writeLarge(frame, length)
	}
	if len(o.buf)+ws.MaxHeaderSize+length > outboxSize && !o.flush() {
		return false
	}
	o.buf = appendHeader(o.buf, opcode(frame), length)
	for part := range frame.Parts() {
		o.buf = append(o.buf, part...)
	}
	o.ends(len(frame.Messages))
	return true
}

// writeLarge writes a frame that does not fit the buffer. If it is one message, the encoded
// frame is kept with it: others may get it too.
func (o *outbox) writeLarge(frame hub.Outgoing, length int) bool {
	if !o.flush() {
		return false
	}
	if m, slot, ok := frame.Shared(); ok {
		encoded := m.Frame(slot, func() []byte { return encode(frame, length) })
		o.held = append(o.held, frameEnd{len(encoded), 1})
		return o.putHeld(encoded)
	}
	o.buf = appendHeader(o.buf, opcode(frame), length)
	for part := range frame.Parts() {
		for len(part) > 0 {
			n := min(len(part), outboxSize-len(o.buf))
			o.buf = append(o.buf, part[:n]...)
			part = part[n:]
			if len(o.buf) == outboxSize && !o.flush() {
				return false
			}
		}
	}
	o.ends(len(frame.Messages))
	return true
}

// ends notes that the frame the buffer ends with carries the next messages of the batch.
func (o *outbox) ends(messages int) {
	o.held = append(o.held, frameEnd{len(o.buf), messages})
}

// flush writes the buffer.
func (o *outbox) flush() bool {
	done := o.putHeld(o.buf)
	o.buf = o.buf[:0]
	return done
}

// putHeld writes bytes that hold the frames noted. Those that went whole are written, also when
// the write breaks behind them: sent again, they would come twice.
func (o *outbox) putHeld(p []byte) bool {
	var began time.Time
	watched := o.batch.Watched()
	if watched {
		began = time.Now()
	}
	n, broke := o.c.put(p)
	messages := 0
	for _, end := range o.held {
		if end.at <= n {
			messages += end.messages
		}
	}
	if watched {
		o.batch.Written(o.whole, messages, began)
	}
	o.whole += messages
	o.held = o.held[:0]
	o.broke = broke
	return broke == nil
}

// sayBye writes a close frame behind what the buffer holds. Nothing is written after it.
func (o *outbox) sayBye(reason hub.Reason) bool {
	o.buf = append(o.buf, closeFrame(reason)...)
	if o.flush() {
		o.c.saidBye()
	}
	return false
}

// put hands bytes to the kernel, and returns how many it took: all, unless the connection broke.
func (c *conn) put(p []byte) (taken int, broke *hub.Reason) {
	since := c.srv.now() // the client has taken nothing
	for taken < len(p) {
		c.writeSince.Store(max(int64(since), 1)) // 0 means that nothing is written
		n, err := c.nc.Write(p[taken:min(len(p), taken+c.writeSize())])
		c.writeSince.Store(0)
		c.countOut(n)
		taken += n
		now := c.srv.now()
		if n > 0 {
			since = now
		}
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return taken, &hub.Reason{Code: hub.CodeLost, Text: "the connection was lost"}
		case now-since >= c.srv.cfg.WriteTimeout:
			return taken, &stalled
		default: // visit wanted to know how far it is
			_ = c.nc.SetWriteDeadline(time.Time{}) // one that is closed is noticed by the next write
		}
	}
	return taken, nil
}

// stalled is why a connection ends whose client does not read.
var stalled = hub.Reason{Code: hub.CodeLost, Text: "the client took no bytes for too long", Cause: hub.CauseStalled}

// writeSize is how much is handed over at once.
func (c *conn) writeSize() int {
	if c.secure {
		return writeSizeTLS
	}
	return writeSize
}

// checkWrite sees to a write that goes on since a time, and returns when it wants to be called
// again. Nobody can say from outside how much of it was taken. So it is interrupted: put goes on
// with the rest if there was progress, or if time is not up. TLS does not survive that, there
// each write is as small as the protocol allows and has the whole time.
func (c *conn) checkWrite(since, now time.Duration) (next time.Duration) {
	limit := c.srv.cfg.WriteTimeout
	c.mu.Lock()
	nc := c.nc
	c.mu.Unlock()
	switch {
	case nc == nil: // it is over
	case !c.secure && now-since >= limit/4:
		_ = nc.SetWriteDeadline(time.Unix(1, 0)) // one that is closed does not write
	case now-since >= limit:
		c.drop(stalled)
	}
	if now-since >= limit {
		return c.srv.visitPeriod()
	}
	return limit - (now - since)
}

// saidBye closes our side and gives the client a moment to close its own.
func (c *conn) saidBye() {
	c.end(hub.Reason{Code: hub.CodeNormal}) // whoever asked for the close has given the reason
	c.mu.Lock()
	c.said = true
	c.tellWritten()
	c.closeBy = c.srv.now() + lingerTime
	c.mu.Unlock()
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the client may have closed already
	}
	c.srv.wheel.schedule(c, lingerTime)
}

// appendHeader appends the header of an unmasked, unfragmented frame (RFC 6455, 5.2).
func appendHeader(b []byte, op ws.OpCode, length int) []byte {
	b = append(b, 0x80|byte(op))
	switch {
	case length < 126:
		return append(b, byte(length))
	case length <= 0xffff:
		return append(b, 126, byte(length>>8), byte(length))
	}
	b = append(b, 127)
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(uint64(length)>>shift))
	}
	return b
}

// opcode returns what kind of frame goes out.
func opcode(frame hub.Outgoing) ws.OpCode {
	if frame.Binary() {
		return ws.OpBinary
	}
	return ws.OpText
}

// encode returns a frame in memory of its own.
func encode(frame hub.Outgoing, length int) []byte {
	b := appendHeader(make([]byte, 0, ws.MaxHeaderSize+length), opcode(frame), length)
	for part := range frame.Parts() {
		b = append(b, part...)
	}
	return b
}

// closeFrame encodes a close frame; codes that are not for the wire give one without a code.
func closeFrame(reason hub.Reason) []byte {
	if reason.Code == hub.CodeNoStatus || reason.Code == hub.CodeLost {
		return ws.CompiledClose
	}
	text := cut(strings.ToValidUTF8(reason.Text, "\uFFFD"), ws.MaxControlFramePayloadSize-2)
	return ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(reason.Code), text)))
}

// cut returns at most n bytes of a valid text, never ending inside a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
