package wsclient

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

const (
	// MaxMessage is the largest message that is received, in bytes.
	MaxMessage = 64 << 20
	// writeTimeout is how long the server may leave a frame unread.
	writeTimeout = 30 * time.Second
	// answerTimeout is how long a good-bye of ours in answer to the server's may take.
	answerTimeout = time.Second
)

// Message is one message of the server.
type Message struct {
	Text   string
	Binary bool
}

// Closed is the end of a connection. Code is CodeLost if there was no close frame, and CodeNone if it had no code.
type Closed struct {
	Code   int
	Reason string
	Ours   bool  // Close was called before
	Cause  error // of a lost connection; may be nil
}

func (c *Closed) Error() string {
	text := fmt.Sprintf("closed with %d", c.Code)
	if c.Reason != "" {
		text += " " + c.Reason
	}
	if means := Meaning(c.Code); means != "" {
		text += " (" + means + ")"
	}
	if c.Cause != nil && !errors.Is(c.Cause, io.EOF) && !errors.Is(c.Cause, io.ErrUnexpectedEOF) {
		text += ": " + c.Cause.Error()
	}
	return text
}

func (c *Closed) Unwrap() error { return c.Cause }

// Conn is an open connection.
type Conn struct {
	conn     net.Conn
	in       *bufio.Reader // belongs to Receive
	protocol string
	key      string

	closing atomic.Bool // Close was called

	mu    sync.Mutex // guards writing, and what follows
	last  uint64     // the number of the last ping
	pings map[uint64]chan time.Duration
	sent  map[uint64]time.Time
}

// Protocol is the subprotocol the server selected, "" for none.
func (c *Conn) Protocol() string { return c.protocol }

// Key is the key of the socket, "" if the server does not say it.
func (c *Conn) Key() string { return c.key }

// Receive waits for the next message. Meanwhile it answers pings, tells Ping of pongs and answers the server's
// good-bye. Its error is always a [*Closed]; the connection has ended then.
func (c *Conn) Receive() (Message, error) {
	var text []byte
	var binary, begun bool
	for {
		header, payload, err := c.frame(MaxMessage - len(text))
		if err != nil {
			return Message{}, c.broke(err)
		}
		switch header.OpCode {
		case ws.OpPing:
			// A connection that cannot be written to shows itself to the next reading.
			_ = c.write(ws.NewPongFrame(payload), answerTimeout)
			continue
		case ws.OpPong:
			c.pong(payload)
			continue
		case ws.OpClose:
			return Message{}, c.goodbye(payload)
		case ws.OpText, ws.OpBinary:
			if begun {
				return Message{}, c.broke(errors.New("the server began a message inside another"))
			}
			binary, begun = header.OpCode == ws.OpBinary, true
		case ws.OpContinuation:
			if !begun {
				return Message{}, c.broke(errors.New("the server went on with a message it never began"))
			}
		default:
			return Message{}, c.broke(fmt.Errorf("the server sent a frame of the unknown kind %d", header.OpCode))
		}
		text = append(text, payload...)
		if header.Fin {
			return Message{Text: string(text), Binary: binary}, nil
		}
	}
}

// frame reads one frame of at most limit bytes.
func (c *Conn) frame(limit int) (ws.Header, []byte, error) {
	header, err := ws.ReadHeader(c.in)
	switch {
	case err != nil:
		return header, nil, err
	case header.Length > int64(limit):
		return header, nil, fmt.Errorf("the server sent a message of more than %d MiB", MaxMessage>>20)
	case header.OpCode.IsControl() && (header.Length > ws.MaxControlFramePayloadSize || !header.Fin):
		return header, nil, errors.New("the server sent a control frame that is too long or in parts")
	case header.Masked || header.Rsv != 0:
		return header, nil, errors.New("the server sent a frame that is masked or compressed, which was not agreed")
	}
	// Memory grows with what comes, not with what is announced.
	payload, err := io.ReadAll(io.LimitReader(c.in, header.Length))
	if err == nil && int64(len(payload)) < header.Length {
		err = io.ErrUnexpectedEOF
	}
	return header, payload, err
}

// broke ends the connection after an error.
func (c *Conn) broke(err error) error {
	c.conn.Close()
	return &Closed{Code: CodeLost, Ours: c.closing.Load(), Cause: err}
}

// goodbye answers the close frame of the server, unless it is the answer to ours.
func (c *Conn) goodbye(payload []byte) error {
	closed := &Closed{Code: CodeNone, Ours: c.closing.Load()}
	if len(payload) >= 2 {
		closed.Code, closed.Reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
	}
	if !closed.Ours {
		var body []byte
		if len(payload) >= 2 {
			body = payload[:2]
		}
		_ = c.write(ws.NewCloseFrame(body), answerTimeout) // the server may be gone already
	}
	c.conn.Close()
	return closed
}

// Send sends a text message and returns when the kernel has it.
func (c *Conn) Send(text string) error {
	if err := c.write(ws.NewTextFrame([]byte(text)), writeTimeout); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

func (c *Conn) write(frame ws.Frame, timeout time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeLocked(frame, timeout)
}

func (c *Conn) writeLocked(frame ws.Frame, timeout time.Duration) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	bytes, err := ws.CompileFrame(ws.MaskFrameInPlace(frame))
	if err != nil {
		return err
	}
	_, err = c.conn.Write(bytes)
	return err
}

// Ping sends a ping and waits for its pong, which Receive must see. It returns the time between, or the error of ctx.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	answer := make(chan time.Duration, 1)
	number, err := c.ping(answer)
	defer c.forget(number)
	if err != nil {
		return 0, fmt.Errorf("ping: %w", err)
	}
	select {
	case took := <-answer:
		return took, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (c *Conn) ping(answer chan time.Duration) (number uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == nil {
		c.sent = map[uint64]time.Time{}
	}
	c.last++
	c.pings[c.last], c.sent[c.last] = answer, time.Now()
	return c.last, c.writeLocked(ws.NewPingFrame(binary.BigEndian.AppendUint64(nil, c.last)), writeTimeout)
}

// pong tells whoever waits for it. A pong that nobody asked for is none of our business (RFC 6455, 5.5.3).
func (c *Conn) pong(payload []byte) {
	if len(payload) != 8 {
		return
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.pings[number]; answer != nil {
		answer <- time.Since(c.sent[number]) // has room: it is told once
		delete(c.pings, number)
	}
}

func (c *Conn) forget(number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pings, number)
	delete(c.sent, number)
}

// Close says good-bye with a code and a reason of CheckClose. Receive then returns what the server answers; a server
// that does not answer is left with Drop.
func (c *Conn) Close(code int, reason string) error {
	c.closing.Store(true)
	body := ws.NewCloseFrameBody(ws.StatusCode(code), reason)
	if err := c.write(ws.NewCloseFrame(body), answerTimeout); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// Drop ends the connection without a word. It may be called at any time, and again.
func (c *Conn) Drop() { c.conn.Close() }
