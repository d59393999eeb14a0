package ws

import (
	"cmp"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// chunkSize is how much is read at once. Chunks are pooled; a waiting reader has none.
const chunkSize = 4 << 10

var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// received is what the last wait for the client brought.
type received struct {
	chunk *[chunkSize]byte // nil: none
	n     int
	err   error
}

// heartbeatText is a text message that the original answers itself (spec/websocket.md A.5).
const heartbeatText = "$hbt"

var heartbeatAnswer = hub.NewMessage("$ok")

// begin is the first reader of a connection: it runs Opened and handles the bytes that came with
// the handshake.
func (c *conn) begin(first []byte) {
	if !c.open() {
		c.endReading()
		return
	}
	c.countIn(len(first))
	c.goOn(c.feed(first) && c.paceBytes(len(first)))
}

// read is a reader: it waits for bytes and handles them. What it does then makes its stack grow
// for good, so the next wait is that of a fresh goroutine: starting one costs less than a
// microsecond, a grown stack is several kilobytes on each of many thousand silent sockets.
func (c *conn) read() {
	if err := c.await(); err != nil {
		c.end(lost(err))
		c.endReading()
		return
	}
	n := c.got.n
	c.countIn(n)
	more := c.feed(c.got.chunk[:n])
	c.release()
	c.goOn(more && c.paceBytes(n))
}

// goOn hands over to the next reader, or to none. It is the last thing a reader does.
func (c *conn) goOn(more bool) {
	if more {
		go c.read()
		return
	}
	c.endReading()
}

// endReading ends the connection after its last message. It is the last reader's last duty, and
// ends when the connection is closed on both sides.
func (c *conn) endReading() {
	defer c.srv.running.Done()
	c.shutCalls()
	c.sayClosed()
	c.forgetInbound()
	c.discard()
	c.mu.Lock()
	c.dead = true
	c.mu.Unlock()
	c.nc.Close()
	c.srv.wheel.remove(c)
	c.readerLeft()
	c.finish(hub.Reason{Code: hub.CodeLost, Text: "the connection was lost"})
}

// open calls Opened, and reports whether messages are to be read. A connection that was taken
// over before its turn came is not opened: the newer one will be. A socket that was aborted
// meanwhile is, so that each Closed has an Opened before it.
func (c *conn) open() bool {
	c.takeTurn()
	defer c.endCall()
	if !c.hc.Current() {
		return false
	}
	c.life.opened = true
	err := c.call(callOpened, nil, "", hub.Reason{})
	if err != nil {
		c.hc.CloseWith(hub.Reason{Code: hub.CodeRefused, Text: err.Error()})
	}
	return err == nil
}

// lost is why a connection ended that could not be read any more.
func lost(err error) hub.Reason {
	if errors.Is(err, io.EOF) {
		return hub.Reason{Code: hub.CodeLost, Text: "the client went away without a close frame"}
	}
	return hub.Reason{Code: hub.CodeLost, Text: "the connection was lost"}
}

// discard reads on without looking, until the client has closed its side or time is up (see
// beginClose): closing a TCP connection with unread bytes would reset it, and the client might
// never see our close frame.
func (c *conn) discard() {
	for c.await() == nil {
		c.release()
	}
	c.awaitBye()
}

// await waits until bytes are there. On success c.got holds them, until release.
func (c *conn) await() error {
	if c.raw == nil {
		return c.awaitBuffered()
	}
	if err := c.raw.Read(c.onReadable); err != nil {
		return err
	}
	c.unanswered.Store(0)
	return c.got.err
}

// awaitBuffered is await where readiness cannot be known, as with TLS. Between frames it waits
// in a read of a single byte, which needs no buffer, and then takes what has come with it; that
// second read does not wait on an honest client, because no frame is shorter than six bytes.
func (c *conn) awaitBuffered() error {
	var one [1]byte
	n := 0
	if c.in == nil || c.in.betweenFrames() {
		var err error
		if n, err = c.nc.Read(one[:]); n == 0 {
			return cmp.Or(err, io.ErrNoProgress)
		}
	}
	chunk := chunks.Get().(*[chunkSize]byte)
	chunk[0] = one[0]
	m, err := c.nc.Read(chunk[n:])
	if n+m == 0 {
		chunks.Put(chunk)
		return cmp.Or(err, io.ErrNoProgress)
	}
	c.unanswered.Store(0)
	c.got = received{chunk: chunk, n: n + m} // an error will be there again at the next read
	return nil
}

// release gives the chunk back.
func (c *conn) release() {
	if c.got.chunk != nil {
		chunks.Put(c.got.chunk)
		c.got = received{}
	}
}

// feed takes bytes of the client and handles what they complete. It returns false when no more
// are to be handled. p is modified.
func (c *conn) feed(p []byte) (more bool) {
	if c.in == nil {
		c.in = inbounds.Get().(*inbound)
	}
	rules := c.rules()
	for more = true; more && len(p) > 0; {
		var f event
		f, p = c.in.next(p, rules)
		more = c.handle(f, len(p) == 0)
	}
	if !more || c.in.idle() {
		c.forgetInbound()
	}
	return more
}

// forgetInbound drops what is unfinished, if anything is.
func (c *conn) forgetInbound() {
	if c.in == nil {
		return
	}
	c.in.reset()
	inbounds.Put(c.in)
	c.in = nil
}

// rules returns what the client may send.
func (c *conn) rules() rules {
	return rules{limit: c.srv.cfg.MessageLimit, binary: c.srv.takesBinary(), deflate: c.window != 0}
}

// handle does what an event asks for. It returns false when no more are to be handled. last
// says that nothing follows in the chunk.
func (c *conn) handle(f event, last bool) (more bool) {
	switch f.kind {
	case eventNone:
		return true
	case eventText, eventBinary:
		c.traffic.messagesIn.Inc()
		text := f.takeText() // the copy that goes to scripts
		if last {
			c.release() // a call may take long, and needs no chunk
		}
		if !c.pace() {
			return false
		}
		if f.kind == eventBinary {
			return c.handOver(callBinary, text)
		}
		return c.message(text)
	case eventPing:
		if !c.pace() {
			return false
		}
		c.sendControl(ws.MustCompileFrame(ws.NewPongFrame(f.data)))
		return true
	case eventPong:
		// Those that answer nothing are messages like others: nobody may send them without an end.
		return c.confirm(f.data) || c.pace()
	case eventClose:
		c.answerClose(f.reason)
		return false
	}
	// A client that breaks the rules is not listened to any more.
	c.hc.CloseWith(f.reason)
	return false
}

// message handles one text message.
func (c *conn) message(text string) (more bool) {
	c.srv.traces.in(c.hc.Socket(), text)
	if text == heartbeatText && !c.srv.cfg.NoHeartbeatText {
		// A full queue is dealt with by the hub.
		_, _ = c.hc.Socket().Send(heartbeatAnswer, hub.ModePlain)
		return true
	}
	return c.handOver(callMessage, text)
}

// handOver has the Handler called with a message.
func (c *conn) handOver(kind callKind, text string) (more bool) {
	span := c.trace(len(text))
	defer span.End()
	if !c.beginCall() {
		return false
	}
	defer c.endCall()
	// The engine has logged an error; the connection goes on (spec/websocket.md A.4).
	_ = c.call(kind, span, text, hub.Reason{})
	return true
}

// trace begins the trace of a message that has been read, if there is to be one.
func (c *conn) trace(bytes int) *tracing.Span {
	t := c.srv.deps.Tracer
	if t == nil {
		return nil
	}
	s := c.hc.Socket()
	return t.Receive(s.Service(), s.Key(), s.User().ID, bytes)
}

// answerClose ends the connection because the client said so, and echoes its code: 1000 gives
// 1000 (spec/websocket.md F.5). A client that says good-bye still gets what was queued before:
// answers to its last messages are on their way. To one that may come back nothing more is
// written: it would be lost there, and not waiting for it here.
func (c *conn) answerClose(reason hub.Reason) {
	switch code := reason.Code; {
	case code == hub.CodeNormal, code == hub.CodeNoStatus, code >= 3000:
		c.hc.CloseWith(reason) // the writer answers when the queue is empty
		return
	}
	c.end(reason)
	c.mu.Lock()
	c.bye = &hub.Reason{Code: reason.Code}
	c.mu.Unlock()
	c.beginClose(reason)
	c.kick()
}

type eventKind uint8

const (
	eventNone   eventKind = iota // more bytes are needed, or nothing is to be done
	eventText                    // a complete message: whole, or text
	eventBinary                  // the same, but binary
	eventPing                    // data is its payload
	eventPong                    // likewise
	eventClose                   // the client closes with reason
	eventFault                   // the client broke a rule; reason says which
)

// event is what some bytes of the client amount to.
type event struct {
	kind   eventKind
	data   []byte // valid until the next event
	text   string
	reason hub.Reason
}

// takeText returns the text, or the bytes, of the message, which does not share memory with data.
func (f event) takeText() string {
	if f.text != "" {
		return f.text
	}
	return string(f.data)
}

func fault(code int, text string) event {
	return event{kind: eventFault, reason: hub.Reason{Code: code, Text: text}}
}

// inbound is what is known of a frame and a message that have arrived in part. It is pooled; a
// connection has one only while something is unfinished.
type inbound struct {
	header  [ws.MaxHeaderSize]byte
	nheader int

	frame   ws.Header
	inFrame bool
	seen    int64 // bytes of the payload so far

	inMessage bool            // a message has begun
	binary    bool            // it is no text
	deflated  bool            // its frames hold compressed data
	size      int64           // announced by its frames so far
	parts     int64           // of the message, so far
	text      strings.Builder // what has arrived of it, if it is not compressed
	packed    []byte          // what has arrived of it, if it is
	runes     textCheck

	control  [ws.MaxControlFramePayloadSize]byte
	ncontrol int
}

var inbounds = sync.Pool{New: func() any { return new(inbound) }}

// betweenFrames reports whether no frame is unfinished.
func (in *inbound) betweenFrames() bool { return in.nheader == 0 && !in.inFrame }

// idle reports whether nothing is unfinished.
func (in *inbound) idle() bool { return in.betweenFrames() && !in.inMessage }

func (in *inbound) reset() { *in = inbound{} }

// rules say what a client may send.
type rules struct {
	limit   int64 // of the bytes of a message
	binary  bool  // messages may be binary
	deflate bool  // messages may be compressed
}

// next takes bytes from the front of p up to the end of a frame, and returns the rest.
func (in *inbound) next(p []byte, r rules) (event, []byte) {
	if !in.inFrame {
		n, ready, err := in.readHeader(p)
		p = p[n:]
		if err != nil {
			return fault(hub.CodeProtocol, err.Error()), nil
		}
		if !ready {
			return event{}, nil
		}
		if f := in.begin(r); f.kind != eventNone {
			return f, nil
		}
	}
	n := min(int64(len(p)), in.frame.Length-in.seen)
	part := p[:n]
	ws.Cipher(part, in.frame.Mask, int(in.seen%4))
	in.seen += n
	return in.payload(part, r), p[n:]
}

// begin checks what the header of a frame says, before anything of the payload is kept.
func (in *inbound) begin(r rules) event {
	h := in.frame
	compressed := r.deflate && h.Rsv == rsvDeflate && (h.OpCode == ws.OpText || h.OpCode == ws.OpBinary)
	if compressed { // nowhere else may the bit be set (RFC 7692, 6.1)
		h.Rsv = 0
	}
	state := ws.StateServerSide
	if in.inMessage {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return fault(hub.CodeProtocol, err.Error())
	}
	in.inFrame, in.seen, in.ncontrol = true, 0, 0
	if h.OpCode.IsControl() {
		return event{}
	}
	if h.OpCode != ws.OpContinuation {
		in.inMessage, in.binary, in.deflated, in.parts = true, h.OpCode == ws.OpBinary, compressed, 0
	}
	return in.beginData(r)
}

// beginData checks the header of a frame that holds a message or a part of it.
func (in *inbound) beginData(r rules) event {
	if in.binary && !r.binary {
		return fault(hub.CodeBinary, "only text messages are accepted") // spec/websocket.md A.4
	}
	limit := r.limit
	if in.deflated { // what it amounts to is measured when all is here
		limit = packedLimit(limit)
	}
	// Lengths are below 2^63 each; the sum is checked so that it cannot overflow. A message of empty parts would else
	// never end, and no rate would count it.
	if in.parts++; in.frame.Length > limit-in.size || in.parts > limit+1 {
		return fault(hub.CodeTooLarge, errTooLarge.Error())
	}
	in.size += in.frame.Length
	return event{}
}

// payload takes unmasked bytes of the current frame.
func (in *inbound) payload(part []byte, r rules) event {
	complete := in.seen == in.frame.Length
	if complete {
		in.inFrame = false
	}
	if in.frame.OpCode.IsControl() {
		in.ncontrol += copy(in.control[in.ncontrol:], part)
		if !complete {
			return event{}
		}
		return in.controlFrame(in.control[:in.ncontrol])
	}
	last := complete && in.frame.Fin
	if in.deflated {
		return in.deflatedData(part, last, r.limit)
	}
	return in.data(part, last)
}

// deflatedData takes compressed bytes of a message. They are kept until it is complete: what the
// client has sent is bounded and cheap to keep, a decompressor at work for each is not.
func (in *inbound) deflatedData(part []byte, last bool, limit int64) event {
	if !last {
		in.packed = append(in.packed, part...)
		return event{}
	}
	var text string
	var err error
	inflaters.use(func(z *inflater) { text, err = z.inflate(in.packed, part, limit) })
	switch {
	case errors.Is(err, errTooLarge):
		return fault(hub.CodeTooLarge, err.Error())
	case err != nil:
		return fault(hub.CodeProtocol, err.Error()) // what browsers answer too
	case !in.binary && !utf8.ValidString(text):
		return fault(hub.CodeInvalidText, "the message is not valid UTF-8")
	}
	return in.endMessage(event{text: text})
}

// data takes bytes of a message. last says that it is complete with them.
func (in *inbound) data(part []byte, last bool) event {
	if !in.binary && (!in.runes.feed(part) || last && !in.runes.complete()) {
		return fault(hub.CodeInvalidText, "the message is not valid UTF-8")
	}
	if last && in.text.Len() == 0 { // all of it is here: no need to copy it twice
		return in.endMessage(event{data: part})
	}
	in.text.Write(part)
	if !last {
		return event{}
	}
	return in.endMessage(event{text: in.text.String()})
}

// endMessage makes f the event of a complete message, and forgets the message.
func (in *inbound) endMessage(f event) event {
	f.kind = eventText
	if in.binary {
		f.kind = eventBinary
	}
	in.inMessage, in.binary, in.deflated, in.size = false, false, false, 0
	in.text, in.packed, in.runes = strings.Builder{}, nil, textCheck{}
	return f
}

// controlFrame returns what a complete control frame asks for. To the heartbeat a pong says nothing: that
// something came was noted when it was read.
func (in *inbound) controlFrame(data []byte) event {
	switch in.frame.OpCode {
	case ws.OpPing:
		return event{kind: eventPing, data: data}
	case ws.OpPong:
		return event{kind: eventPong, data: data}
	case ws.OpClose:
		return closeEvent(data)
	}
	return event{}
}

// closeEvent reads the payload of a close frame.
func closeEvent(data []byte) event {
	switch {
	case len(data) == 0:
		return event{kind: eventClose, reason: hub.Reason{Code: hub.CodeNoStatus, Cause: hub.CauseClient}}
	case len(data) == 1:
		return fault(hub.CodeProtocol, "a close frame with one byte")
	}
	code, text := ws.ParseCloseFrameData(data)
	switch {
	case !mayClose(int(code)):
		return fault(hub.CodeProtocol, "an impossible close code")
	case !utf8.ValidString(text):
		return fault(hub.CodeInvalidText, "the close reason is not valid UTF-8")
	}
	return event{kind: eventClose, reason: hub.Reason{Code: int(code), Text: text, Cause: hub.CauseClient}}
}

// mayClose reports whether a client may send a close code: those that RFC 6455 and the registry
// of IANA define for the wire, and those for libraries and applications.
func mayClose(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 3000 && code <= 4999
}
