package slowreaders

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// service answers each message with the message.
var service = map[string]string{"services/echo.js": `
var WebSocketContext = tools.get_object_assembly('XHTTPMiddlewareStatic');
function process(context) {
	WebSocketContext.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
		[context.WebSocketCurrentId, context.WebSocketMessage, false]);
}`}

// patience is how long anything expected may take.
const patience = time.Minute

// smallBuffer is what a client that never reads lets the kernel keep for it, in bytes. The kernel of the server keeps
// as much as it likes.
const smallBuffer = 4 << 10

// key is that of the socket with a stateful id.
func key(id string) string { return "/services/echo-s-" + id }

// began is what the times in messages count from.
var began = time.Now()

// message is a text of some kind, with its number and the time at which it was due.
func message(kind string, n int, due time.Time, size int) string {
	text := fmt.Sprintf("%s %d %d ", kind, n, due.Sub(began))
	return text + strings.Repeat("x", max(size-len(text), 0))
}

// dial opens a socket. It returns what came with the answer to the handshake as a part of the reader.
func dial(t testing.TB, server, id string, tune func(*net.TCPConn) error) (net.Conn, *bufio.Reader) {
	t.Helper()
	dialer := ws.Dialer{Timeout: patience, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil && tune != nil {
			err = tune(conn.(*net.TCPConn))
		}
		return conn, err
	}}
	at := "ws" + strings.TrimPrefix(server, "http") + "/services/echo?X-StatefulSocketId=" + url.QueryEscape(id)
	conn, buffered, _, err := dialer.Dial(t.Context(), at)
	if err != nil {
		t.Fatalf("dial %s: %v", id, err)
	}
	t.Cleanup(func() { conn.Close() })
	if buffered == nil {
		buffered = bufio.NewReader(conn)
	}
	return conn, buffered
}

// dialSilent opens a socket from which nobody reads.
func dialSilent(t testing.TB, server, id string) net.Conn {
	t.Helper()
	conn, _ := dial(t, server, id, func(c *net.TCPConn) error { return c.SetReadBuffer(smallBuffer) })
	return conn
}

// reader is a client that reads all it gets.
type reader struct {
	conn net.Conn
	over chan struct{} // closed when nothing is read any more

	mu    sync.Mutex // guards all below, and writing
	last  map[string]int
	waits []time.Duration // of each message, since take
	wrong error
}

// read opens a socket and reads from it until the test ends. Of each kind the numbers are to come without a gap.
func read(t testing.TB, server, id string) *reader {
	t.Helper()
	conn, in := dial(t, server, id, nil)
	c := &reader{conn: conn, over: make(chan struct{}), last: map[string]int{}}
	go func() {
		defer close(c.over)
		c.run(in)
	}()
	t.Cleanup(func() { conn.Close(); <-c.over })
	return c
}

func (c *reader) run(in *bufio.Reader) {
	for {
		header, err := ws.ReadHeader(in)
		if err != nil {
			c.fail(err)
			return
		}
		payload := make([]byte, header.Length)
		if _, err := io.ReadFull(in, payload); err != nil {
			c.fail(err)
			return
		}
		switch header.OpCode {
		case ws.OpText:
			c.note(string(payload))
		case ws.OpPing:
			c.write(ws.NewPongFrame(payload))
		case ws.OpClose:
			c.fail(fmt.Errorf("closed: %q", payload))
		}
	}
}

// note takes a message into account.
func (c *reader) note(text string) {
	now := time.Since(began)
	var kind string
	var n int
	var due time.Duration
	_, err := fmt.Sscanf(text, "%s %d %d", &kind, &n, &due)
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.last[kind]; err != nil || ok && n != last+1 {
		c.wrong = errors.Join(c.wrong, fmt.Errorf("after %d came %.40q", last, text))
	}
	c.last[kind] = n
	c.waits = append(c.waits, now-due)
}

func (c *reader) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = errors.Join(c.wrong, err)
}

func (c *reader) write(frame ws.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ws.WriteFrame(c.conn, ws.MaskFrame(frame)); err != nil {
		c.wrong = errors.Join(c.wrong, err)
	}
}

// send sends a text message.
func (c *reader) send(text string) { c.write(ws.NewTextFrame([]byte(text))) }

// take returns how long each message since the last call took, and what has gone wrong so far.
func (c *reader) take() ([]time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waits := c.waits
	c.waits = nil
	return waits, c.wrong
}

// await waits until the last message of a kind has come.
func (c *reader) await(t testing.TB, kind string, n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		last, wrong := c.last[kind], c.wrong
		c.mu.Unlock()
		switch {
		case wrong != nil:
			t.Fatal(wrong)
		case last == n:
			return
		case time.Now().After(deadline):
			t.Fatalf("%s %d has not come, the last is %d", kind, n, last)
		}
	}
}
