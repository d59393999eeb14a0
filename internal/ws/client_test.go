package ws

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience is how long a test waits for something that must happen.
const patience = time.Minute

// client is the other end of a socket, down to the bytes.
type client struct {
	t        testing.TB
	nc       net.Conn
	br       *bufio.Reader
	response *http.Response
}

// handshake is the text of an upgrade request.
func handshake(target, host string, header ...string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
		target, host, strings.Join(append(header, ""), "\r\n"))
}

// reach connects to a server, by TLS if its URL says so.
func reach(base string) (net.Conn, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" {
		return tls.Dial("tcp", u.Host, &tls.Config{InsecureSkipVerify: true})
	}
	return net.Dial("tcp", u.Host)
}

// ask sends an upgrade request, with bytes behind it in the same packet, and reads the answer.
func ask(t testing.TB, base, target string, behind []byte, header ...string) *client {
	t.Helper()
	nc, err := reach(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return askOn(t, nc, target, behind, header...)
}

func askOn(t testing.TB, nc net.Conn, target string, behind []byte, header ...string) *client {
	t.Helper()
	c := &client{t: t, nc: nc, br: bufio.NewReader(nc)}
	c.raw(append([]byte(handshake(target, "test", header...)), behind...))
	var err error
	if c.response, err = http.ReadResponse(c.br, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// dial opens a socket.
func dial(t testing.TB, base, target string, header ...string) *client {
	t.Helper()
	return ask(t, base, target, nil, header...).upgraded()
}

func (c *client) upgraded() *client {
	c.t.Helper()
	if c.response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(c.response.Body)
		c.t.Fatalf("status is %d: %s", c.response.StatusCode, body)
	}
	if got := c.response.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		c.t.Fatalf("Sec-WebSocket-Accept is %q", got)
	}
	return c
}

func (c *client) raw(p []byte) {
	c.t.Helper()
	if _, err := c.nc.Write(p); err != nil {
		c.t.Fatal(err)
	}
}

// masked returns an encoded frame as a client sends it.
func masked(op ws.OpCode, fin bool, payload string) []byte {
	var b bytes.Buffer
	f := ws.MaskFrameInPlaceWith(ws.NewFrame(op, fin, []byte(payload)), [4]byte{1, 2, 3, 4})
	if err := ws.WriteFrame(&b, f); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (c *client) send(op ws.OpCode, fin bool, payload string) {
	c.t.Helper()
	c.raw(masked(op, fin, payload))
}

func (c *client) text(s string) { c.t.Helper(); c.send(ws.OpText, true, s) }

func (c *client) sendClose(code int, text string) {
	c.t.Helper()
	c.send(ws.OpClose, true, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+text)
}

// next reads a frame. Of the server only whole, unmasked and uncompressed frames are accepted.
func (c *client) next() (ws.OpCode, string, error) {
	h, payload, err := c.nextRaw()
	if err == nil && h.Rsv != 0 {
		err = fmt.Errorf("impossible frame %+v", h)
	}
	return h.OpCode, payload, err
}

// nextRaw reads a frame, which may be compressed.
func (c *client) nextRaw() (ws.Header, string, error) {
	c.nc.SetReadDeadline(time.Now().Add(patience))
	h, err := ws.ReadHeader(c.br)
	if err != nil {
		return h, "", err
	}
	if h.Masked || !h.Fin {
		return h, "", fmt.Errorf("impossible frame %+v", h)
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(c.br, payload)
	return h, string(payload), err
}

func (c *client) wantFrame(op ws.OpCode, payload string) {
	c.t.Helper()
	gotOp, got, err := c.next()
	if err != nil {
		c.t.Fatalf("want frame %v %.60q, got %v", op, payload, err)
	}
	if gotOp != op || got != payload {
		c.t.Fatalf("want frame %v %.60q, got %v %.60q", op, payload, gotOp, got)
	}
}

func (c *client) wantText(s string) { c.t.Helper(); c.wantFrame(ws.OpText, s) }

// wantClose reads up to the close frame, and checks its code and that the connection ends after
// it. It returns the reason.
func (c *client) wantClose(code int) (text string) {
	c.t.Helper()
	for {
		op, payload, err := c.next()
		if err != nil {
			c.t.Fatalf("want a close with %d, got %v", code, err)
		}
		if op != ws.OpClose {
			continue
		}
		got := 1005
		if len(payload) >= 2 {
			got = int(binary.BigEndian.Uint16([]byte(payload)))
			text = payload[2:]
		}
		if got != code {
			c.t.Fatalf("want a close with %d, got %d %q", code, got, text)
		}
		if _, _, err := c.next(); !errors.Is(err, io.EOF) {
			c.t.Fatalf("after the close frame: %v, want the end of the connection", err)
		}
		c.nc.Close()
		return text
	}
}

// wantDropped checks that the connection ends without a close frame.
func (c *client) wantDropped() {
	c.t.Helper()
	for {
		op, payload, err := c.next()
		if err == nil && op == ws.OpClose {
			c.t.Fatalf("want the connection dropped, got a close frame %q", payload)
		}
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			c.t.Fatal("the connection was not dropped")
		}
		if err != nil {
			return
		}
	}
}
