package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// What a client feels of the server's time and room, over TCP, on the path with readiness and on the buffered
// one. The same in simulated time, on the buffered path, is in time_test.go.

// While a call of a socket runs nothing more is read from it, and others are served. Nothing is lost: the rest is
// read when the call has ended.
func TestBackPressureIsOfOneSocket(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		const messages, size = 64, 32 << 10
		inCall, proceed := make(chan struct{}, messages), make(chan struct{})
		r.onMessage = func(_ context.Context, s *hub.Socket, text string) error {
			if s.StatefulID() == "busy" {
				inCall <- struct{}{}
				<-proceed
			}
			_, err := s.Send(hub.NewMessage(text[:4]), hub.ModeText)
			return err
		}
		busy := dial(t, r.url, "/services/echo?X-StatefulSocketId=busy")
		wrote := make(chan error, 1)
		go func() {
			for i := range messages {
				if _, err := busy.nc.Write(masked(ws.OpText, true, fmt.Sprintf("%04d%s", i, repeat("x", size)))); err != nil {
					wrote <- err
					return
				}
			}
			wrote <- nil
		}()
		within(t, inCall, "the call")
		other := dial(t, r.url, "/services/echo")
		for i := range 100 {
			other.text(fmt.Sprintf("%04d", i))
			other.wantText(fmt.Sprintf("%04d", i))
		}
		if in := r.socket(t, "busy").Info().BytesIn; in > 2*size {
			t.Errorf("%d bytes were read while the first message was handled", in)
		}
		close(proceed)
		for i := range messages {
			busy.wantText(fmt.Sprintf("%04d", i))
		}
		if err := within(t, wrote, "the last message"); err != nil {
			t.Error(err)
		}
		r.wantNoEnd(t)
	})
}

// A client that takes no bytes is dropped when a write takes too long, and others do not feel it.
func TestStalledWriteOverTCP(t *testing.T) {
	cfg := rigConfig{ws: Config{WriteTimeout: time.Second}, hub: hub.Config{MaxMessages: 1 << 20, MaxBytes: 1 << 30}}
	both(t, cfg, func(t *testing.T, r *rig) {
		dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
		s := r.socket(t, "1")
		m := hub.NewMessage(repeat("x", 1<<20))
		for range 64 { // more than the kernel's buffers hold
			if _, err := s.Send(m, hub.ModeText); err != nil {
				t.Fatal(err)
			}
		}
		other := dial(t, r.url, "/services/echo")
		other.text("hello")
		other.wantText("hello")
		if e := r.wantEnd(t, hub.CodeLost); e.socket != s || e.reason.Cause != hub.CauseStalled {
			t.Errorf("%s ended with %v", e.socket.Key(), e.reason)
		}
		other.text("hello")
		other.wantText("hello")
	})
}

// A client that reads and answers nothing sees two pings, and is dropped.
func TestLostHeartbeatOverTCP(t *testing.T) {
	both(t, rigConfig{ws: Config{Heartbeat: 100 * time.Millisecond}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		for range heartbeatMisses {
			c.wantFrame(ws.OpPing, "")
		}
		if op, _, err := c.next(); err == nil {
			t.Errorf("got frame %v after two pings", op)
		}
		if e := r.wantEnd(t, hub.CodeLost); e.reason.Cause != hub.CauseHeartbeat {
			t.Errorf("ended with %v", e.reason)
		}
	})
}

// A client that closes its side without a close frame has gone; what it said before is handled, and the server
// closes the other side.
func TestHalfClosed(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		handled := make(chan string, 1)
		r.onMessage = func(_ context.Context, _ *hub.Socket, text string) error { handled <- text; return nil }
		c := dial(t, r.url, "/services/echo")
		c.text("last words")
		if err := c.nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if text := within(t, handled, "the message"); text != "last words" {
			t.Errorf("handled %q", text)
		}
		if _, _, err := c.next(); !errors.Is(err, io.EOF) {
			t.Errorf("the server's side ends with %v", err)
		}
		r.wantEnd(t, hub.CodeLost)
	})
}

// A client that vanishes ends the socket with 1006, also in the middle of what it was saying: of a frame, and over
// TLS of a record.
func TestVanishes(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		for name, leave := range map[string]func(c *client, under *net.TCPConn){
			"reset": func(_ *client, under *net.TCPConn) { under.SetLinger(0); under.Close() },
			"in the middle of a frame": func(c *client, under *net.TCPConn) {
				c.raw(masked(ws.OpText, true, "hello")[:7])
				under.Close()
			},
			"in the middle of a record": func(c *client, under *net.TCPConn) {
				if c.nc != net.Conn(under) {
					under.Write([]byte{23, 3, 3, 0, 200, 1, 2, 3}) // application data of 200 bytes
				}
				under.Close()
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := dial(t, r.url, "/services/echo")
				under, ok := c.nc.(*net.TCPConn)
				if !ok {
					under = c.nc.(*tls.Conn).NetConn().(*net.TCPConn)
				}
				leave(c, under)
				if e := r.wantEnd(t, hub.CodeLost); e.reason.Cause == hub.CauseHeartbeat {
					t.Errorf("ended with %v", e.reason)
				}
			})
		}
	})
}
