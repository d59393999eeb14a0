package faults

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// seat is a place at a service that one user comes back to again and again.
type seat struct {
	rig               *rig
	service, id, user string
	buffer            int // what the kernel may keep for a client that does not read, in bytes; 0: its default

	mu     sync.Mutex
	orders map[int][]*history.Send // told to the service and not yet done, by number
	last   int                     // the number of the last order
}

// order has the service send a message to sockets.
func (c *client) order(keys ...string) error {
	s := c.seat
	from, done := "order "+s.key(), "done "+s.key()
	s.mu.Lock()
	s.last++
	n := s.last
	var sent []*history.Send
	for _, key := range keys {
		sent = append(sent, s.rig.history.Send(key, from, n))
	}
	if s.orders == nil {
		s.orders = map[int][]*history.Send{}
	}
	s.orders[n] = sent
	s.mu.Unlock()
	s.rig.history.Send(s.key(), done, n)
	text, err := json.Marshal(map[string]any{"to": keys, "from": from, "done": done, "n": n})
	if err != nil {
		return err
	}
	return c.say(string(text))
}

// done notes that the service has done what it was told.
func (s *seat) done(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range s.orders[n] {
		sent.Answered(history.Taken)
	}
	delete(s.orders, n)
}

func (s *seat) key() string { return "/services/" + s.service + "-s-" + s.id }

// refused is an upgrade request that got no socket.
type refused struct {
	status int
	body   string
}

func (r *refused) Error() string { return fmt.Sprintf("refused with %d: %s", r.status, r.body) }

// client is one connection of a seat. It reads all the time, unless it is held, and writes down what comes.
type client struct {
	seat *seat
	line *line
	in   *bufio.Reader
	hist *history.Conn
	done chan struct{} // closed when nothing comes any more

	writing sync.Mutex
	left    atomic.Bool // it said good-bye

	mu     sync.Mutex
	held   chan struct{} // closed when reading goes on; nil: it does
	last   map[string]int
	news   chan struct{} // closed when something has come
	frames int           // that have come
	items  int           // messages in them
	code   int           // of the server's close frame; 1006: none came. Valid when done.
	reason string
}

// dial opens a connection that follows a plan. The error is a [*refused], or that of a connection that did not
// come to its handshake.
func (s *seat) dial(p plan) (*client, error) {
	dialed := s.rig.history.Dial()
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", s.rig.address())
	if err != nil {
		return nil, err
	}
	tcp := nc.(*net.TCPConn)
	if s.buffer > 0 {
		if err := tcp.SetReadBuffer(s.buffer); err != nil {
			return nil, err
		}
	}
	l := &line{TCPConn: tcp, plan: p}
	c := &client{seat: s, line: l, in: bufio.NewReader(l), done: make(chan struct{}), news: make(chan struct{}), last: map[string]int{}, code: 1006}
	if err := l.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
		return nil, err
	}
	asked, err := c.shakeHands()
	if err != nil {
		cut := l.wasCut()
		if asked && cut {
			c.abandonHandshake(dialed)
		}
		l.Close()
		if cut {
			err = errCut // whatever the parser made of it
		}
		return nil, err
	}
	if err := l.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.shook = true
	l.mu.Unlock()
	c.hist = s.rig.history.Opened(s.key(), s.user, dialed)
	s.rig.start(c)
	return c, nil
}

// shakeHands asks for the upgrade. asked says that the server may have got all of the request.
func (c *client) shakeHands() (asked bool, err error) {
	query := url.Values{"X-StatefulSocketId": {c.seat.id}, "X-Dev-User": {c.seat.user}}
	_, err = fmt.Fprintf(c.line, "GET /services/%s?%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", c.seat.service, query.Encode(), c.seat.rig.address())
	if err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return true, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(resp.Body) // what came is what there is to say
		return true, &refused{resp.StatusCode, string(body)}
	}
	if got := resp.Header.Get("X-Socket-Key"); got != c.seat.key() {
		return true, fmt.Errorf("the socket has the key %q, want %q", got, c.seat.key())
	}
	return true, nil
}

// abandonHandshake writes down a connection that was cut while the server answered: the server may have taken
// it for open. It waits until the server has given it up: a connection that opens later would take over.
func (c *client) abandonHandshake(dialed int64) {
	_, _ = io.Copy(io.Discard, c.line.TCPConn)
	hist := c.seat.rig.history.Opened(c.seat.key(), c.seat.user, dialed)
	hist.Ended(history.Torn)
}

// read is the life of the client.
func (c *client) read() {
	defer close(c.done)
	for {
		c.mu.Lock()
		held := c.held
		c.mu.Unlock()
		if held != nil {
			<-held
		}
		frame, err := readFrame(c.in)
		if err != nil {
			c.end(history.Torn, 1006, err.Error())
			c.line.Close()
			return
		}
		if frame.Header.Masked || frame.Header.Rsv != 0 || !frame.Header.Fin {
			c.seat.rig.t.Errorf("%s: a frame with the header %+v", c.seat.key(), frame.Header)
		}
		switch frame.Header.OpCode {
		case ws.OpText:
			c.take(string(frame.Payload))
		case ws.OpPing:
			_ = c.write(ws.NewPongFrame(frame.Payload)) // a broken connection shows when it is read
		case ws.OpClose:
			c.closed(frame.Payload)
			return
		}
	}
}

// maxFrame is the largest frame a test expects, in bytes.
const maxFrame = 16 << 20

func readFrame(in io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(in); err != nil {
		return f, err
	}
	if f.Header.Length > maxFrame {
		return f, fmt.Errorf("a frame of %d bytes", f.Header.Length)
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(in, f.Payload)
	return f, err
}

// take writes down a frame and wakes who waits for what is in it.
func (c *client) take(text string) {
	messages := c.hist.Frame(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames++
	c.items += len(messages)
	for _, m := range messages {
		c.last[m.From] = m.N
		if m.From == "done "+c.seat.key() {
			c.seat.done(m.N)
		}
	}
	close(c.news)
	c.news = make(chan struct{})
}

// closed takes the close frame of the server and answers it.
func (c *client) closed(payload []byte) {
	code, reason := 1005, ""
	if len(payload) >= 2 {
		code, reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
	}
	ending := history.Whole
	switch {
	case c.left.Load():
		ending = history.Over
	case code == 1000, code == 1008, code == 4003:
		c.seat.rig.t.Errorf("%s: the server ends the socket with %d %s", c.seat.key(), code, reason)
	}
	c.end(ending, code, reason)
	_ = c.write(ws.NewCloseFrame(payload)) // the server may have gone already
	// The server closes first, so that its side waits for late packets and not the client's.
	_ = c.line.SetReadDeadline(time.Now().Add(servertest.Patience))
	_, _ = io.Copy(io.Discard, c.in)
	c.line.Close()
}

func (c *client) end(e history.Ending, code int, reason string) {
	c.hist.Ended(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.code, c.reason = code, reason
}

// write writes a frame, masked.
func (c *client) write(frame ws.Frame) error {
	bytes, err := ws.CompileFrame(ws.MaskFrame(frame))
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err = c.line.Write(bytes)
	return err
}

// say sends a text message.
func (c *client) say(text string) error { return c.write(ws.NewTextFrame([]byte(text))) }

// hold stops reading after the frame that is being read.
func (c *client) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = make(chan struct{})
	}
}

// goOn reads again.
func (c *client) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil {
		close(c.held)
		c.held = nil
	}
}

// snap cuts the connection now and waits until all that is to be read has been.
func (c *client) snap(how cut) {
	c.line.mu.Lock()
	c.line.plan.how = how
	c.line.mu.Unlock()
	c.line.snap()
	// An RST that finds the window shut may not get through.
	_ = c.line.SetReadDeadline(time.Now().Add(time.Second))
	c.goOn()
	c.wait("the end of a connection that was cut")
}

// leave says good-bye with a code, which ends the socket if that is 1000.
func (c *client) leave(code int) {
	c.goOn()
	c.left.Store(true)
	if err := c.write(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), ""))); err != nil {
		c.seat.rig.t.Errorf("say good-bye: %v", err)
	}
	c.wait("the answer to a good-bye")
}

// wait waits until nothing comes any more, and returns the close code.
func (c *client) wait(what string) (code int) {
	c.seat.rig.t.Helper()
	select {
	case <-c.done:
	case <-time.After(servertest.Patience):
		c.seat.rig.t.Errorf("%s: %s did not come", c.seat.key(), what)
		c.line.Close()
		<-c.done
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// expect waits for the number of a sender, or a later one.
func (c *client) expect(from string, n int) bool {
	c.seat.rig.t.Helper()
	patience := time.After(servertest.Patience)
	for {
		c.mu.Lock()
		last, news := c.last[from], c.news
		c.mu.Unlock()
		if last >= n {
			return true
		}
		select {
		case <-news:
		case <-c.done:
			c.mu.Lock()
			last = c.last[from]
			c.mu.Unlock()
			if last >= n {
				return true
			}
			c.seat.rig.t.Errorf("%s: %d of %s did not come before the end: %d %s", c.seat.key(), n, from, c.code, c.reason)
			return false
		case <-patience:
			c.seat.rig.t.Errorf("%s: %d of %s did not come, the last was %d", c.seat.key(), n, from, last)
			return false
		}
	}
}

// count is how many frames have come.
func (c *client) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames
}

// messages is how many messages have come.
func (c *client) messages() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.items
}

// gone reports whether nothing comes any more.
func (c *client) gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// services are what the seats of a test sit at: mail answers nothing, and passes on what it is told to.
func services(names ...string) map[string]string {
	files := map[string]string{}
	for _, name := range names {
		files["services/"+name+".js"] = strings.ReplaceAll(passOn, "NAME", name)
	}
	return files
}

// passOn is a service that sends what it is told to send, then says so to the socket that told it. The hook of
// closing writes a line.
const passOn = `
function process( context )
{
	order = ParseJson( message );
	for ( key in order.to )
	{
		write( key, '{"from":"' + order.from + '","n":' + order.n + '}' );
	}
	write( RValue( context.WebSocketCurrentId ), '{"from":"' + order.done + '","n":' + order.n + '}' );
}

function close( context )
{
	alert( 'closed ' + context.WebSocketCurrentId + ' with ' + context.CloseCode );
}

function write( key, text )
{
	tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ key, text, true ] );
}
`
