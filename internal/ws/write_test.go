package ws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// cutConn is a connection of the server that ends at a byte: from arm on it takes so many bytes,
// then it breaks, or it is stuck until it is closed.
type cutConn struct {
	net.Conn
	breaks  bool
	closing sync.Once
	closed  chan struct{}

	mu    sync.Mutex
	armed bool
	left  int
	held  chan struct{} // closed when writes may go on
	taken []byte
}

func (c *cutConn) arm(left int, breaks bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaks, c.armed, c.left, c.held = breaks, true, left, make(chan struct{})
}

func (c *cutConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	armed, held := c.armed, c.held
	c.mu.Unlock()
	if !armed {
		return c.Conn.Write(p)
	}
	<-held
	c.mu.Lock()
	n := min(len(p), c.left)
	c.left -= n
	c.taken = append(c.taken, p[:n]...)
	c.mu.Unlock()
	switch {
	case n == len(p):
		return n, nil
	case c.breaks:
		return n, syscall.ECONNRESET
	}
	<-c.closed
	return n, net.ErrClosed
}

func (c *cutConn) takenSoFar() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.taken)
}

func (c *cutConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// dialCut opens a socket over a connection that can be cut.
func dialCut(t *testing.T, r *rig, target string) *cutConn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	cut := &cutConn{Conn: far, closed: make(chan struct{})}
	go func() {
		br := bufio.NewReader(far)
		if req, err := http.ReadRequest(br); err == nil {
			r.server.ServeHTTP(pipeWriter{httptest.NewRecorder(), cut, br}, req)
		}
	}()
	askOn(t, near, target, nil).upgraded()
	return cut
}

// outward are messages that are packed and written in all the ways there are.
var outward = []struct {
	text string
	mode hub.Mode
}{
	{"first", hub.ModeText},
	{"a", hub.ModeText},
	{"", hub.ModeText},
	{`{"n":1}`, hub.ModeJSON}, // these three are one frame
	{`{"n":2}`, hub.ModeJSON},
	{`{"n":3}`, hub.ModeJSON},
	{repeat("b", 130), hub.ModeText},                          // a longer header
	{repeat("c", outboxSize), hub.ModeText},                   // not through the buffer
	{`{"n":"` + repeat("4", outboxSize) + `"}`, hub.ModeJSON}, // in pieces, as one frame with
	{`{"n":"` + repeat("5", outboxSize) + `"}`, hub.ModeJSON},
	{"last", hub.ModeText},
}

// items takes frames apart into the messages they carry. A frame that is not whole is left out.
func items(t *testing.T, p []byte) (all []string) {
	t.Helper()
	for br := bytes.NewReader(p); ; {
		h, err := ws.ReadHeader(br)
		if err != nil {
			return all
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(br, payload); err != nil {
			return all
		}
		if h.OpCode == ws.OpText {
			all = append(all, itemsOf(t, string(payload))...)
		}
	}
}

// itemsOf returns the items of an array, or the text as it is.
func itemsOf(t *testing.T, text string) []string {
	t.Helper()
	if text == "" || text[0] != '[' {
		return []string{text}
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	all := make([]string, len(raw))
	for i, item := range raw {
		all[i] = string(item)
	}
	return all
}

// A connection breaks at whatever byte, or is stuck there and taken over: the next one gets what was
// not written whole, and that only (design: "A socket costs one parked goroutine").
func TestABrokenWriteIsAccountedForToTheByte(t *testing.T) {
	for name, breaks := range map[string]bool{"broken": true, "stuck": false} {
		t.Run(name, func(t *testing.T) { cutEverywhere(t, breaks) })
	}
}

func cutEverywhere(t *testing.T, breaks bool) {
	want := make([]string, len(outward))
	for i, m := range outward {
		want[i] = m.text
	}
	const small = 5 + 2 + 2 + 1 + 2 + 2 + 25 + 4 + 130 // frames up to the first large one
	const all = small + 4 + outboxSize + 4 + 2*(outboxSize+8) + 3 + 6
	for cut := 0; cut <= all; cut++ {
		if at := cut % outboxSize; cut > small+20 && cut < all-20 && at > 8 && at < outboxSize-8 && cut%997 != 0 {
			continue // in the middle of a large frame all bytes are alike
		}
		inTime(t, rigConfig{hub: hub.Config{Profile: hub.Native, ResumeWindow: time.Minute}}, func(t *testing.T, r *rig) {
			const target = "/services/echo?X-StatefulSocketId=1"
			first := dialCut(t, r, target)
			synctest.Wait()
			first.arm(cut, breaks)
			for _, m := range outward {
				if _, err := r.socket(t, "1").Send(hub.NewMessage(m.text), m.mode); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the writer has the first, and all others wait together
			}
			close(first.held)
			synctest.Wait()
			got := items(t, first.takenSoFar())
			second := dialPipe(t, r, target)
			if cut == all && len(got) != len(want) {
				t.Fatalf("of %d bytes %d messages were made out", cut, len(got))
			}
			for len(got) < len(want) {
				op, text, err := second.next()
				if err != nil {
					t.Fatalf("cut at %d: after %d messages: %v", cut, len(got), err)
				}
				if op == ws.OpText {
					got = append(got, itemsOf(t, text)...)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("cut at %d: got %.300q", cut, got)
			}
		})
	}
}

// The same over real sockets. What the kernel took for a client that reads nothing is lost with
// the connection, but nothing comes twice.
func TestAStuckWriteHandsOverNothingTwice(t *testing.T) {
	both(t, rigConfig{sendBuffer: 1, hub: hub.Config{MaxMessages: 4000, MaxBytes: 1 << 30}}, func(t *testing.T, r *rig) {
		const target, n, size = "/services/echo?X-StatefulSocketId=1", 2000, 1000
		first := dial(t, r.url, target)
		s := r.socket(t, "1")
		for i := range n {
			if _, err := s.Send(hub.NewMessage(fmt.Sprintf("%05d%s", i, repeat("x", size))), hub.ModeText); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "something was written", func() bool { return s.Info().BytesOut > 0 })
		second := dial(t, r.url, target)
		var newer []int
		for len(newer) == 0 || newer[len(newer)-1] < n-1 {
			newer = append(newer, numbered(t, second))
		}
		older := -1
		for {
			op, text, err := first.next()
			if err != nil || op != ws.OpText {
				break
			}
			var i int
			fmt.Sscanf(text[:5], "%d", &i)
			if i != older+1 {
				t.Fatalf("the older connection got %d behind %d", i, older)
			}
			older = i
		}
		for i, got := range newer {
			if got != newer[0]+i {
				t.Fatalf("the newer connection got %d behind %d", got, newer[i-1])
			}
		}
		if newer[0] <= older {
			t.Errorf("the older connection got up to %d, the newer one from %d on", older, newer[0])
		}
		if newer[0] == 0 || older < 0 {
			t.Errorf("nothing was written to the older connection: up to %d, from %d on", older, newer[0])
		}
	})
}

// numbered reads a text message that begins with five digits.
func numbered(t *testing.T, c *client) (i int) {
	t.Helper()
	for {
		op, text, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		if op == ws.OpText {
			fmt.Sscanf(text[:5], "%d", &i)
			return i
		}
	}
}
