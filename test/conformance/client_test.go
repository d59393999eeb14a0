package conformance

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// patience is how long a test waits for something that must happen.
const patience = time.Minute

// cut says in which pieces a client sends.
type cut int

const (
	whole  cut = iota // what one call of send is given, in one piece
	octets            // byte by byte
	random            // pieces of one to nine bytes
)

func (c cut) String() string { return [...]string{"whole", "octets", "random"}[c] }

// next returns how much of n bytes goes at once.
func (c cut) next(n int) int {
	switch c {
	case octets:
		return min(n, 1)
	case random:
		return min(n, 1+mathrand.IntN(9))
	}
	return n
}

// client is one end of a connection, down to the bytes.
type client struct {
	t        testing.TB
	nc       net.Conn
	br       *bufio.Reader
	cut      cut
	response *http.Response
	zip      *zip     // nil: no compression was agreed on
	partial  *partial // nil: the server is between messages
	writeErr error
}

// partial is a message of which frames have come, but not the last.
type partial struct {
	op         byte
	compressed bool
	payload    []byte
}

// A message is what the server sends: a control frame, or the frames of a message together.
type message struct {
	op      byte
	payload string
}

func (m message) String() string {
	return fmt.Sprintf("opcode %d with %d bytes %.60q", m.op, len(m.payload), m.payload)
}

// request is the text of an opening handshake. Lines of more replace those of the same name.
type request struct {
	line  string // "": GET / HTTP/1.1
	drop  string // name of a header left out
	lines []string
	body  string
}

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

func (r request) text(host, path, key string) string {
	line := r.line
	if line == "" {
		line = "GET " + path + " HTTP/1.1"
	}
	lines := []string{"Host: " + host, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key}
	replaced := func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		same := func(other string) bool {
			otherName, _, _ := strings.Cut(other, ":")
			return strings.EqualFold(name, otherName)
		}
		return name == r.drop || slices.ContainsFunc(r.lines, same)
	}
	lines = append(slices.DeleteFunc(lines, replaced), r.lines...)
	return line + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + r.body
}

// connect makes a TCP or TLS connection, and no handshake yet.
func connect(t testing.TB, to *target, c cut) *client {
	t.Helper()
	nc, err := to.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &client{t: t, nc: nc, br: bufio.NewReader(nc), cut: c}
}

// open connects and makes a handshake that offers extensions, a header line each ("" for none).
func open(t testing.TB, to *target, c cut, offer string) *client {
	t.Helper()
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	var r request
	for line := range strings.Lines(offer) {
		r.lines = append(r.lines, "Sec-WebSocket-Extensions: "+strings.TrimSuffix(line, "\n"))
	}
	cl := connect(t, to, whole) // the request is cut by cases of its own
	cl.write([]byte(r.text(to.addr, to.path, key)))
	cl.readResponse()
	cl.wantUpgrade(key)
	cl.cut = c
	cl.zip = agreed(t, offer, cl.response.Header)
	return cl
}

// readResponse reads the answer to a handshake.
func (c *client) readResponse() {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(patience))
	var err error
	if c.response, err = http.ReadResponse(c.br, nil); err != nil {
		c.t.Fatalf("reading the answer to the handshake: %v", err)
	}
}

// wantUpgrade checks the answer to a handshake with a key (RFC 6455, 4.2.2).
func (c *client) wantUpgrade(key string) {
	c.t.Helper()
	if c.response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(c.response.Body, 1000))
		c.t.Fatalf("the handshake is answered with %s %s", c.response.Status, body)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	h := c.response.Header
	if got, want := h["Sec-Websocket-Accept"], base64.StdEncoding.EncodeToString(sum[:]); len(got) != 1 || got[0] != want {
		c.t.Fatalf("Sec-WebSocket-Accept is %q, want %q", got, want)
	}
	if !strings.EqualFold(h.Get("Upgrade"), "websocket") || !strings.EqualFold(h.Get("Connection"), "Upgrade") {
		c.t.Fatalf("Upgrade is %q, Connection is %q", h.Get("Upgrade"), h.Get("Connection"))
	}
}

// wantRefused checks that a handshake was refused with one of some statuses.
func (c *client) wantRefused(statuses ...int) {
	c.t.Helper()
	if !slices.Contains(statuses, c.response.StatusCode) {
		c.t.Fatalf("the handshake is answered with %s, want one of %v", c.response.Status, statuses)
	}
}

// send writes frames behind each other.
func (c *client) send(frames ...frame) { c.t.Helper(); c.write(encodeAll(frames...)) }

// write writes bytes in pieces. A server that has enough may break the connection while its client still sends,
// so an error is kept for whoever reads in vain.
func (c *client) write(p []byte) {
	c.t.Helper()
	c.nc.SetWriteDeadline(time.Now().Add(patience))
	for len(p) > 0 && c.writeErr == nil {
		n := c.cut.next(len(p))
		_, c.writeErr = c.nc.Write(p[:n])
		p = p[n:]
	}
}

// readFrame reads a frame and checks what holds for every frame of a server.
func (c *client) readFrame() (fin bool, rsv, op byte, payload []byte, err error) {
	c.nc.SetReadDeadline(time.Now().Add(patience))
	var head [2]byte
	if _, err = io.ReadFull(c.br, head[:]); err != nil {
		return
	}
	fin, rsv, op = head[0]&0x80 != 0, head[0]&0x70, head[0]&0x0f
	if head[1]&0x80 != 0 {
		return fin, rsv, op, nil, errors.New("the server masks its frames (5.1)")
	}
	length, err := c.readLength(head[1])
	if err != nil {
		return
	}
	if op >= opClose && (!fin || length > 125) {
		return fin, rsv, op, nil, fmt.Errorf("a control frame of %d bytes, FIN %v (5.5)", length, fin)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(c.br, payload)
	return
}

// readLength reads the rest of a length, which has to be as short as possible (5.2).
func (c *client) readLength(first byte) (uint64, error) {
	var b [8]byte
	switch first {
	case 126:
		_, err := io.ReadFull(c.br, b[:2])
		n := uint64(binary.BigEndian.Uint16(b[:]))
		if err == nil && n < 126 {
			err = fmt.Errorf("the length %d is said in two bytes (5.2)", n)
		}
		return n, err
	case 127:
		_, err := io.ReadFull(c.br, b[:])
		n := binary.BigEndian.Uint64(b[:])
		if err == nil && (n <= 0xffff || n >= 1<<32) {
			err = fmt.Errorf("the length %d is said in eight bytes (5.2)", n)
		}
		return n, err
	}
	return uint64(first), nil
}

// next reads a control frame, or a message up to its last fragment.
func (c *client) next() (message, error) {
	for {
		fin, rsv, op, payload, err := c.readFrame()
		if err != nil {
			return message{}, err
		}
		if op >= opClose && rsv == 0 {
			return message{op, string(payload)}, nil
		}
		if err := c.add(rsv, op, payload); err != nil {
			return message{}, err
		}
		if fin {
			return c.complete()
		}
	}
}

// add adds a frame to the message that is on its way.
func (c *client) add(rsv, op byte, payload []byte) error {
	first := c.partial == nil
	switch {
	case first != (op != opContinuation):
		return fmt.Errorf("opcode %d, and it is %v that a message begins (5.4)", op, first)
	case rsv == rsv1 && first && c.zip != nil:
	case rsv != 0:
		return fmt.Errorf("the reserved bits are %#x (5.2)", rsv)
	}
	if first {
		c.partial = &partial{op: op, compressed: rsv == rsv1}
	}
	c.partial.payload = append(c.partial.payload, payload...)
	return nil
}

// complete ends the message that is on its way.
func (c *client) complete() (message, error) {
	p := c.partial
	c.partial = nil
	if p.compressed {
		var err error
		if p.payload, err = c.zip.in.message(p.payload); err != nil {
			return message{}, fmt.Errorf("inflating a message: %w", err)
		}
	}
	m := message{p.op, string(p.payload)}
	if m.op == opText && !utf8.ValidString(m.payload) {
		return m, errors.New("the server sends a text that is not valid UTF-8 (8.1)")
	}
	return m, nil
}

// want reads one frame or message, which has to be this one.
func (c *client) want(op byte, payload string) {
	c.t.Helper()
	m, err := c.next()
	if err != nil {
		c.t.Fatalf("want %v, got %v%s", message{op, payload}, err, c.alsoWriting())
	}
	if m.op == opClose && op != opClose {
		c.t.Fatalf("want %v, got a close: %v", message{op, payload}, m)
	}
	if m != (message{op, payload}) {
		c.t.Fatalf("want %v, got %v", message{op, payload}, m)
	}
}

func (c *client) alsoWriting() string {
	if c.writeErr == nil {
		return ""
	}
	return fmt.Sprintf(" (and writing: %v)", c.writeErr)
}

func (c *client) wantText(payload string)   { c.t.Helper(); c.want(opText, payload) }
func (c *client) wantBinary(payload string) { c.t.Helper(); c.want(opBinary, payload) }
func (c *client) wantPong(payload string)   { c.t.Helper(); c.want(opPong, payload) }

// wantEach reads pongs and messages, each in their order; a pong may overtake an echo.
func (c *client) wantEach(pongs []string, messages ...message) {
	c.t.Helper()
	for len(pongs)+len(messages) > 0 {
		m, err := c.next()
		switch {
		case err != nil:
			c.t.Fatalf("want pongs %.60q and messages %.200v, got %v%s", pongs, messages, err, c.alsoWriting())
		case m.op == opPong && len(pongs) > 0 && m.payload == pongs[0]:
			pongs = pongs[1:]
		case len(messages) > 0 && m == messages[0]:
			messages = messages[1:]
		default:
			c.t.Fatalf("want pongs %.60q and messages %.200v, got %v", pongs, messages, m)
		}
	}
}

// alive checks that the server has read all that was sent, and still listens.
func (c *client) alive() {
	c.t.Helper()
	c.send(ping("alive?"))
	c.wantPong("alive?")
}

// noCode is what wantClose takes for a close frame without a code.
const noCode = 1005

// wantClose reads a close frame with one of some codes, and nothing before it, and checks that the server ends
// the connection properly behind it: a client sees an end, not a reset (7.1.1).
func (c *client) wantClose(codes ...int) (reason string) {
	c.t.Helper()
	m, err := c.next()
	if err != nil {
		c.t.Fatalf("want a close with %v, got %v%s", codes, err, c.alsoWriting())
	}
	if m.op != opClose {
		c.t.Fatalf("want a close with %v, got %v", codes, m)
	}
	code := noCode
	switch {
	case len(m.payload) == 1:
		c.t.Fatal("the close frame of the server has one byte (5.5.1)")
	case len(m.payload) >= 2:
		code, reason = int(binary.BigEndian.Uint16([]byte(m.payload))), m.payload[2:]
	}
	if len(m.payload) > 0 && code == noCode || !slices.Contains(codes, code) {
		c.t.Fatalf("want a close with %v, got %d %q", codes, code, reason)
	}
	if !utf8.ValidString(reason) {
		c.t.Fatalf("the reason %q of the server is not valid UTF-8 (5.5.1)", reason)
	}
	c.wantEnd()
	return reason
}

// wantEnd checks that the server closes its side in good order.
func (c *client) wantEnd() {
	c.t.Helper()
	if m, err := c.next(); !errors.Is(err, io.EOF) {
		c.t.Fatalf("want the end of the connection, got %v %v", m, err)
	}
	c.nc.Close()
}

// wantGone checks that the server ends the connection, in whichever way, without a close frame: it has nobody to
// say one to.
func (c *client) wantGone() {
	c.t.Helper()
	for {
		m, err := c.next()
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			c.t.Fatal("the server keeps a connection that has ended")
		}
		if err != nil {
			return
		}
		if m.op == opClose {
			c.t.Fatalf("a close frame %q to somebody who is gone", m.payload)
		}
	}
}

// bye closes in good order, which also shows that nothing else was on its way.
func (c *client) bye() {
	c.t.Helper()
	c.send(closing(1000, ""))
	c.wantClose(1000)
}

// shutWrite ends the client's side of the TCP connection.
func (c *client) shutWrite() {
	c.t.Helper()
	if err := c.nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
}
