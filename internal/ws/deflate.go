package ws

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"

	"github.com/gobwas/ws"
	stateless "github.com/klauspost/compress/flate"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// permessage-deflate (RFC 7692) without anything kept between messages: what one needs is taken
// for the time it is computed with, so compression costs a silent socket nothing.

const (
	// compressFrom is the shortest message that is compressed, in bytes. Chat messages of 256
	// bytes lose a fifth, those of 512 a third and those of 4096 three quarters; below, the
	// packet costs more than its bytes.
	compressFrom = 512
	// scratchKept is how large buffers may be that are kept for the next message.
	scratchKept = 256 << 10
	// rsvDeflate is how a header says that a message is compressed: RSV1 (RFC 7692, 6).
	rsvDeflate = 4
)

// deflateTail ends the compressed data of every message and is not sent (RFC 7692, 7.2.1).
var deflateTail = []byte{0, 0, 0xff, 0xff}

// few lends values of which there are no more than processors. Who has one computes and waits
// for nothing, so nobody waits long, and memory stays bounded however many sockets want one.
type few[T any] chan *T

func newFew[T any]() few[T] {
	f := make(few[T], runtime.GOMAXPROCS(0))
	for range cap(f) {
		f <- new(T)
	}
	return f
}

// use calls do with a value that nobody else has, waiting for one to be free.
func (f few[T]) use(do func(*T)) {
	v := <-f
	defer func() { f <- v }()
	do(v)
}

var (
	deflaters = newFew[deflater]()
	inflaters = newFew[inflater]()
)

// deflater is what compressing works with. The compressor itself keeps nothing.
type deflater struct {
	plain  []byte
	packed bytes.Buffer
}

// encode returns a compressed frame in memory of its own, nil if it would not be shorter than
// the text. The window is what the client can look back on.
func (d *deflater) encode(frame hub.Outgoing, window uint8) []byte {
	d.plain = d.plain[:0]
	for part := range frame.Parts() {
		d.plain = append(d.plain, part...)
	}
	d.packed.Reset()
	d.compress(window)
	packed := bytes.TrimSuffix(d.packed.Bytes(), deflateTail)
	var encoded []byte
	if len(packed) < len(d.plain) {
		encoded = appendHeader(make([]byte, 0, ws.MaxHeaderSize+len(packed)), opcode(frame), len(packed))
		encoded[0] |= rsvDeflate << 4
		encoded = append(encoded, packed...)
	}
	if cap(d.plain) > scratchKept {
		d.plain = nil
	}
	if d.packed.Cap() > scratchKept {
		d.packed = bytes.Buffer{}
	}
	return encoded
}

// compress fills packed from plain. The compressor looks back 32 KB within what one call gives
// it and never beyond, so a smaller window is kept to by giving it no more than that at once:
// clients which want one are rare, and it spares a compressor of a megabyte and more for each size.
func (d *deflater) compress(window uint8) {
	step := 1 << window
	if window == maxWindow {
		step = len(d.plain)
	}
	for rest := d.plain; len(rest) > 0; {
		n := min(step, len(rest))
		_ = stateless.StatelessDeflate(&d.packed, rest[:n], false, nil) // a buffer takes all
		rest = rest[n:]
	}
}

// deflated returns the compressed frame, nil if it is to go out as it is: the client did not
// agree, it is short, or it does not become shorter. A frame of one message is kept with it:
// others may get it too.
func (c *conn) deflated(frame hub.Outgoing, length int) (encoded []byte) {
	if c.window == 0 || length < compressFrom {
		return nil
	}
	m, slot, ok := frame.Shared()
	if !ok || c.window < maxWindow {
		deflaters.use(func(d *deflater) { encoded = d.encode(frame, c.window) })
		return encoded
	}
	return m.Frame(slot.Deflated(), func() []byte {
		deflaters.use(func(d *deflater) {
			// Asked once more: of the writers that waited, only the first finds nothing.
			encoded = m.Frame(slot.Deflated(), func() []byte { return d.encode(frame, maxWindow) })
		})
		return encoded
	})
}

// addEncoded puts an encoded frame into the buffer, or writes it behind what is there.
func (o *outbox) addEncoded(frame hub.Outgoing, encoded []byte) bool {
	if len(o.buf)+len(encoded) > outboxSize && !o.flush() {
		return false
	}
	if len(encoded) > outboxSize {
		o.held = append(o.held, frameEnd{len(encoded), len(frame.Messages)})
		return o.putHeld(encoded)
	}
	o.buf = append(o.buf, encoded...)
	o.ends(len(frame.Messages))
	return true
}

// packedLimit is how many bytes a compressed message may have whose text may have limit: what
// cannot be compressed grows by an eighth at worst, with a compressor that does its best to.
func packedLimit(limit int64) int64 {
	const slack = 64
	return limit + min(limit/8+slack, math.MaxInt64-limit)
}

var (
	errTooLarge = errors.New("the message is too large")
	errCorrupt  = errors.New("the compressed message is damaged")
)

// inflater is what decompressing works with. The reader of Go takes no byte beyond the end of a
// stream, which the faster one of the other library does.
type inflater struct {
	packed []byte
	src    bytes.Reader
	r      io.ReadCloser // a flate.Resetter; nil before the first use
	buf    [chunkSize]byte
}

// inflate returns what a message amounts to whose compressed data came in two parts. It stops
// with errTooLarge at the first byte beyond limit, and returns errCorrupt for what is not
// compressed data.
func (z *inflater) inflate(head, tail []byte, limit int64) (text string, err error) {
	// The data ends with an empty block that was not sent, and then one that is marked as last,
	// so that the reader knows of the end.
	z.packed = append(append(append(z.packed[:0], head...), tail...), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)
	z.src.Reset(z.packed)
	sent := int64(len(head) + len(tail))
	var b strings.Builder
	for {
		z.restart()
		err = z.copy(&b, limit)
		// A block of the client's that is marked as last does not end its message (RFC 7692,
		// 7.2.3.4); another stream may follow.
		if err != nil || z.src.Size()-int64(z.src.Len()) >= sent {
			break
		}
	}
	z.src.Reset(nil)
	if cap(z.packed) > scratchKept {
		z.packed = nil
	}
	return b.String(), err
}

// restart makes the reader ready for a stream that begins where src is.
func (z *inflater) restart() {
	if z.r == nil {
		z.r = flate.NewReader(&z.src)
		return
	}
	_ = z.r.(flate.Resetter).Reset(&z.src, nil) // a dictionary is all it could refuse
}

// copy appends a stream to b.
func (z *inflater) copy(b *strings.Builder, limit int64) error {
	for {
		n, err := z.r.Read(z.buf[:])
		if int64(n) > limit-int64(b.Len()) {
			return errTooLarge
		}
		b.Write(z.buf[:n])
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return errCorrupt
		}
	}
}
