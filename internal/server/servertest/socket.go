package servertest

import (
	"bufio"
	"context"
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

// Socket is a WebSocket client. It answers pings while it waits for something.
// Its methods fail the test when something else happens than was expected. It
// belongs to one goroutine.
type Socket struct {
	Protocol string // the subprotocol selected
	conn     net.Conn
	in       io.Reader
}

// Dial opens a socket to a service. Without a stateful id it is "". A user is the
// id of one other than the administrator.
func (s *Server) Dial(t testing.TB, service, statefulID string, user ...string) *Socket {
	t.Helper()
	query := url.Values{}
	if statefulID != "" {
		query.Set("X-StatefulSocketId", statefulID)
	}
	for _, id := range user {
		query.Set("X-Dev-User", id)
	}
	return s.DialPath(t, "/services/"+service+"?"+query.Encode())
}

// DialPath opens a socket to a path of the server, query included. headers are
// names and values by turns.
func (s *Server) DialPath(t testing.TB, path string, headers ...string) *Socket {
	t.Helper()
	socket, err := s.TryDial(t, path, headers...)
	if err != nil {
		t.Fatalf("dial %s: %v", path, err)
	}
	return socket
}

// Refused is an upgrade request that got no socket.
type Refused struct {
	Status int
	Body   string
}

func (r *Refused) Error() string { return fmt.Sprintf("status %d: %s", r.Status, r.Body) }

// TryDial is DialPath for sockets that may be refused, with a [*Refused] then.
func (s *Server) TryDial(t testing.TB, path string, headers ...string) (*Socket, error) {
	t.Helper()
	header := http.Header{}
	var host string
	var protocols []string
	for i := 0; i+1 < len(headers); i += 2 {
		switch name, value := headers[i], headers[i+1]; name {
		case "Host":
			host = value
		case "Sec-WebSocket-Protocol":
			protocols = strings.Split(value, ", ")
		default:
			header.Set(name, value)
		}
	}
	refused := &Refused{}
	dialer := ws.Dialer{
		Timeout: Patience, Header: ws.HandshakeHeaderHTTP(header), Host: host, Protocols: protocols, TLSConfig: s.TLS,
		OnStatusError: func(status int, _ []byte, resp io.Reader) { refused = readRefusal(status, resp) },
	}
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	conn, buffered, handshake, err := dialer.Dial(ctx, "ws"+strings.TrimPrefix(s.URL(), "http")+path)
	var status ws.StatusError
	if errors.As(err, &status) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	socket := &Socket{Protocol: handshake.Protocol, conn: conn, in: conn}
	if buffered != nil {
		socket.in = buffered
	}
	return socket, nil
}

func readRefusal(status int, resp io.Reader) *Refused {
	r := &Refused{Status: status}
	answer, err := http.ReadResponse(bufio.NewReader(resp), nil)
	if err != nil {
		return r
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body) // what came is what there is to see
	r.Body = string(body)
	return r
}

// Send sends a text message.
func (c *Socket) Send(t testing.TB, text string) {
	t.Helper()
	c.Write(t, ws.NewTextFrame([]byte(text)))
}

// Write sends a frame as it is, only masked.
func (c *Socket) Write(t testing.TB, frame ws.Frame) {
	t.Helper()
	c.deadline(t)
	if err := ws.WriteFrame(c.conn, ws.MaskFrame(frame)); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func (c *Socket) deadline(t testing.TB) {
	t.Helper()
	if err := c.conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
}

// Next returns the next text message.
func (c *Socket) Next(t testing.TB) string {
	t.Helper()
	text, code, reason := c.NextOrClose(t)
	if code != 0 {
		t.Fatalf("closed with %d %q instead of a message", code, reason)
	}
	return text
}

// NextOrClose returns the next text message, or the code and the reason of a close frame that comes instead. The
// code of a message is 0.
func (c *Socket) NextOrClose(t testing.TB) (text string, code int, reason string) {
	t.Helper()
	frame, err := c.read(t)
	if err != nil {
		t.Fatalf("wait for a message: %v", err)
	}
	if frame.Header.OpCode == ws.OpClose {
		code, reason := ws.ParseCloseFrameData(frame.Payload)
		return "", int(code), reason
	}
	return string(frame.Payload), 0, ""
}

// read returns the next frame that is no ping or pong.
func (c *Socket) read(t testing.TB) (ws.Frame, error) {
	t.Helper()
	for {
		c.deadline(t)
		frame, err := readFrame(c.in)
		if err != nil {
			return ws.Frame{}, err
		}
		switch frame.Header.OpCode {
		case ws.OpPing:
			c.Write(t, ws.NewPongFrame(frame.Payload))
		case ws.OpPong:
		default:
			return frame, nil
		}
	}
}

// maxFrame is the largest frame a test expects, in bytes.
const maxFrame = 64 << 20

func readFrame(in io.Reader) (ws.Frame, error) {
	header, err := ws.ReadHeader(in)
	if err != nil {
		return ws.Frame{}, err
	}
	if header.Length > maxFrame {
		return ws.Frame{}, fmt.Errorf("a frame of %d bytes", header.Length)
	}
	payload := make([]byte, header.Length)
	_, err = io.ReadFull(in, payload)
	return ws.Frame{Header: header, Payload: payload}, err
}

// Expect waits for a message and compares it.
func (c *Socket) Expect(t testing.TB, text string) {
	t.Helper()
	if got := c.Next(t); got != text {
		t.Fatalf("got  %s\nwant %s", got, text)
	}
}

// ExpectQuiet checks that everything the server had to say was said: the next
// message is the answer to a heartbeat sent now.
func (c *Socket) ExpectQuiet(t testing.TB) {
	t.Helper()
	c.Send(t, "$hbt")
	c.Expect(t, "$ok")
}

// ExpectClose waits for a close frame, answers it, and returns its reason.
func (c *Socket) ExpectClose(t testing.TB, code int) (reason string) {
	t.Helper()
	frame, err := c.read(t)
	if err != nil {
		t.Fatalf("wait for a close frame: %v", err)
	}
	if frame.Header.OpCode != ws.OpClose {
		t.Fatalf("got %q instead of a close frame", frame.Payload)
	}
	got, reason := ws.ParseCloseFrameData(frame.Payload)
	if int(got) != code {
		t.Fatalf("closed with %d %q, want %d", got, reason, code)
	}
	// The server may have closed the connection already, or does it now (RFC 6455, 7.1.1).
	_ = ws.WriteFrame(c.conn, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(got, ""))))
	if n, err := c.in.Read(make([]byte, 1)); n > 0 || err != nil && isTimeout(err) {
		t.Fatalf("the connection goes on after the close frame: %v", err)
	}
	c.Drop()
	return reason
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// ExpectLost waits until the connection ends without a close frame.
func (c *Socket) ExpectLost(t testing.TB) {
	t.Helper()
	frame, err := c.read(t)
	if err == nil || isTimeout(err) {
		t.Fatalf("got %q (%v) instead of a lost connection", frame.Payload, err)
	}
}

// Close says good-bye with 1000 and waits for the answer.
func (c *Socket) Close(t testing.TB) {
	t.Helper()
	c.Write(t, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")))
	c.ExpectClose(t, int(ws.StatusNormalClosure))
}

// CloseWith says good-bye with a code and a reason, and waits for the answer.
func (c *Socket) CloseWith(t testing.TB, code int, reason string) {
	t.Helper()
	c.Write(t, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), reason)))
	c.ExpectClose(t, code)
}

// Drop ends the connection without a word.
func (c *Socket) Drop() { _ = c.conn.Close() }
