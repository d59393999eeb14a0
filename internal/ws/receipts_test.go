package ws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// letters notes what was received, in order.
type letters struct {
	mu       sync.Mutex
	received []string
}

type letter struct {
	to   *letters
	name string
}

func (l letter) Received() {
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	l.to.received = append(l.to.received, l.name)
}

// write makes a message that is noted when it is received.
func (l *letters) write(text string) *hub.Message {
	return hub.NewMessage(text).WithReceipt(letter{l, text[:min(len(text), 3)]})
}

func (l *letters) got() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.received, " ")
}

// await waits until something was received, and checks that it is that.
func (l *letters) await(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d are received", len(want)), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.received) >= len(want)
	})
	if got := l.got(); got != strings.Join(want, " ") {
		t.Fatalf("received: %s, want %s", got, strings.Join(want, " "))
	}
}

// post sends messages in one go, so that they are written together.
func post(t *testing.T, s *hub.Socket, mode hub.Mode, messages ...*hub.Message) {
	t.Helper()
	for _, m := range messages {
		if _, err := s.Send(m, mode); err != nil {
			t.Error(err)
		}
	}
}

// wantAsk reads a ping that asks for receipts.
func (c *client) wantAsk() (payload string) {
	c.t.Helper()
	op, payload, err := c.next()
	if err != nil || op != ws.OpPing || len(payload) != askSize {
		c.t.Fatalf("want a ping for a receipt, got %v %.60q, %v", op, payload, err)
	}
	return payload
}

// wantSynced waits until the server has handled all that the client has sent.
func (c *client) wantSynced() {
	c.t.Helper()
	c.send(ws.OpPing, true, "synced")
	c.wantFrame(ws.OpPong, "synced")
}

func TestAnAnsweredPingIsAReceipt(t *testing.T) {
	both(t, resuming, func(t *testing.T, r *rig) {
		var got letters
		c := dial(t, r.url, statefulEcho)
		s := r.socket(t, "1")
		post(t, s, hub.ModeText, got.write("a"))
		c.wantText("a")
		first := c.wantAsk()
		// What is written meanwhile is not confirmed by that, nor is there another ping.
		post(t, s, hub.ModeText, got.write("b"), hub.NewMessage("plain"), got.write("c"))
		c.wantText("b")
		c.wantText("plain")
		c.wantText("c")
		for _, wrong := range []string{"", "x", strings.Repeat("\x00", askSize), first[1:] + first[:1], first + "\x00"} {
			c.send(ws.OpPong, true, wrong)
		}
		c.wantSynced()
		if got.got() != "" {
			t.Fatalf("received without an answer: %s", got.got())
		}
		c.send(ws.OpPong, true, first)
		got.await(t, "a")
		second := c.wantAsk()
		if second == first {
			t.Error("two pings have the same payload")
		}
		c.send(ws.OpPong, true, first) // once more
		c.wantSynced()
		got.await(t, "a")
		c.send(ws.OpPong, true, second)
		got.await(t, "a", "b", "c")
		c.send(ws.OpPong, true, second)
		c.wantSynced() // and no further ping
		post(t, s, hub.ModeText, hub.NewMessage("nobody asks"))
		c.wantText("nobody asks")
		c.wantSynced()
		got.await(t, "a", "b", "c")
	})
}

// However messages are packed, all that was written together is confirmed together and in order.
func TestReceiptsOfPackedMessages(t *testing.T) {
	for name, header := range map[string]string{"plain": "", "deflate": "Sec-WebSocket-Extensions: permessage-deflate"} {
		t.Run(name, func(t *testing.T) {
			both(t, resuming, func(t *testing.T, r *rig) {
				var got letters
				var want []string
				r.onMessage = func(_ context.Context, s *hub.Socket, _ string) error {
					for i := range 60 {
						mode, size := hub.ModeJSON, 100
						if i/10%2 == 1 {
							mode = hub.ModePlain
						}
						if i%7 == 0 {
							size = 40 << 10 // not through the buffer
						}
						text := fmt.Sprintf("%03d%s", i, repeat("x", size))
						want = append(want, text[:3])
						post(t, s, mode, got.write(text))
						post(t, s, mode, hub.NewMessage(`"nobody asks"`))
					}
					return nil
				}
				headers := []string{}
				if header != "" {
					headers = append(headers, header)
				}
				c := dial(t, r.url, statefulEcho, headers...)
				c.text("x")
				for len(want) == 0 || got.got() != strings.Join(want, " ") {
					h, payload, err := c.nextRaw()
					if err != nil {
						t.Fatal(err)
					}
					if h.OpCode == ws.OpPing {
						before := strings.Count(got.got(), " ")
						c.send(ws.OpPong, true, payload)
						eventually(t, "it is received", func() bool { return got.got() != "" && strings.Count(got.got(), " ") >= before })
						c.send(ws.OpPing, true, "last") // ends the loop's wait for a frame
					}
				}
			})
		})
	}
}

// A connection that ends confirms nothing any more, and what it has not got whole comes again.
func TestUnconfirmedMessagesHaveNoReceipt(t *testing.T) {
	cfg := resuming
	cfg.sendBuffer = 4 << 10
	both(t, cfg, func(t *testing.T, r *rig) {
		var got letters
		c := dial(t, r.url, statefulEcho)
		s := r.socket(t, "1")
		post(t, s, hub.ModeText, got.write("a"))
		c.wantText("a")
		c.wantAsk()
		var large []string
		for i := range 12 {
			large = append(large, fmt.Sprintf("%03d%s", i, repeat("x", 64<<10)))
			post(t, s, hub.ModeText, got.write(large[i]))
		}
		c.wantText(large[0])
		c.nc.Close()
		wantState(t, s, hub.StateDetached)
		again := dial(t, r.url, statefulEcho)
		var left []string
		for len(left) == 0 || left[len(left)-1] != "011" {
			op, payload, err := again.next()
			if err != nil {
				t.Fatal(err)
			}
			if op == ws.OpPing {
				again.send(ws.OpPong, true, payload)
				continue
			}
			left = append(left, payload[:3])
		}
		for !strings.HasSuffix(got.got(), "011") {
			again.send(ws.OpPong, true, again.wantAsk())
			again.send(ws.OpPing, true, "")
			again.wantFrame(ws.OpPong, "")
		}
		if got.got() != strings.Join(left, " ") {
			t.Errorf("received: %s; the second connection got: %v", got.got(), left)
		}
	})
}

// What a connection confirms that was taken over meanwhile does not count.
func TestAStaleConnectionConfirmsNothing(t *testing.T) {
	r := newRig(t, resuming)
	var got letters
	inCall, goOn := make(chan bool), make(chan bool)
	r.onMessage = func(context.Context, *hub.Socket, string) error { inCall <- true; <-goOn; return nil }
	c := dial(t, r.url, statefulEcho)
	s := r.socket(t, "1")
	post(t, s, hub.ModeText, got.write("a"))
	c.wantText("a")
	ask := c.wantAsk()
	c.raw(append(masked(ws.OpText, true, "x"), masked(ws.OpPong, true, ask)...)) // both are read before the takeover
	within(t, inCall, "the call")
	next := dial(t, r.url, statefulEcho)
	close(goOn)
	c.wantClose(4001)
	next.wantSynced()
	if got.got() != "" {
		t.Errorf("received: %s", got.got())
	}
}

// Pings for receipts are none of the heartbeat: a silent client is dropped when it would be without them.
func TestReceiptsDoNotDisturbTheHeartbeat(t *testing.T) {
	dropped := map[bool]time.Duration{}
	for _, receipts := range []bool{false, true} {
		inTime(t, resuming, func(t *testing.T, r *rig) {
			p := &peer{mute: true}
			p.connect(t, r, statefulEcho)
			s, begin := r.socket(t, "1"), time.Now()
			var got letters
			for range 3 {
				m := hub.NewMessage("x")
				if receipts {
					m = got.write("x")
				}
				post(t, s, hub.ModeText, m)
				time.Sleep(time.Second)
			}
			dropped[receipts] = p.untilClosed().Sub(begin)
			if pings, _ := p.counts(); pings != 2+map[bool]int{true: 1}[receipts] || got.got() != "" {
				t.Errorf("receipts %v: %d pings, received %q", receipts, pings, got.got())
			}
		})
	}
	if dropped[false] != dropped[true] {
		t.Errorf("without receipts it is dropped after %v, with them after %v", dropped[false], dropped[true])
	}
}

// A client that reads and answers no pings is not to cost memory without end.
func TestAClientThatConfirmsNothingIsDropped(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		p := &peer{mute: true}
		p.connect(t, r, statefulEcho)
		s := r.socket(t, "1")
		var got letters
		m := got.write("x")
		sent := 0
		for ; s.State() == hub.StateOpen && sent <= 2*maxUnconfirmed; sent++ {
			if _, err := s.Send(m, hub.ModeText); errors.Is(err, hub.ErrQueueFull) {
				t.Fatal("the peer does not read")
			}
			synctest.Wait()
		}
		if sent < maxUnconfirmed || sent > maxUnconfirmed+2 {
			t.Errorf("dropped after %d messages", sent)
		}
	})
}

// Receipts do not outlive their connection in memory, nor does a connection without any have a place for them.
func TestReceiptsAreForgotten(t *testing.T) {
	r := newRig(t, resuming)
	var got letters
	first := dial(t, r.url, statefulEcho)
	post(t, r.socket(t, "1"), hub.ModeText, got.write("a"))
	first.wantText("a")
	first.wantAsk()
	dial(t, r.url, "/services/echo").wantSynced()
	count := func() (some, none int) {
		for _, c := range r.server.wheel.conns() {
			c.mu.Lock()
			if c.receipts != nil {
				some++
			} else {
				none++
			}
			c.mu.Unlock()
		}
		return some, none
	}
	if some, none := count(); some != 1 || none != 1 {
		t.Errorf("%d connections have receipts, %d have not", some, none)
	}
	conns := r.server.wheel.conns()
	first.nc.Close()
	wantState(t, r.socket(t, "1"), hub.StateDetached)
	eventually(t, "the receipts are forgotten", func() bool {
		return !slices.ContainsFunc(conns, func(c *conn) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.receipts != nil
		})
	})
}
