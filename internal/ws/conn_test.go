package ws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestHeartbeatText(t *testing.T) {
	for _, profile := range []hub.Profile{hub.Profile122, hub.Profile124, hub.Native} {
		t.Run(profile.String(), func(t *testing.T) {
			r := newRig(t, rigConfig{hub: hub.Config{Profile: profile}})
			r.onMessage = func(_ context.Context, s *hub.Socket, text string) error {
				_, err := s.Send(hub.NewMessage(`{"got":"`+text+`"}`), hub.ModeJSON)
				return err
			}
			c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
			c.text("$hbt")
			c.wantText("$ok")
			if mode := r.socket(t, "1").Info().QueueMode; mode != "" {
				t.Errorf("the heartbeat fixed the mode as %q", mode)
			}
			c.text("x")
			c.wantText(`[{"got":"x"}]`)
			c.text("$hbt")
			c.wantText("$ok")
		})
	}
	t.Run("switched off", func(t *testing.T) {
		r := newRig(t, rigConfig{ws: Config{NoHeartbeatText: true}})
		c := dial(t, r.url, "/services/echo")
		c.text("$hbt")
		c.wantText("$hbt")
	})
}

func TestHooks(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		var order []string
		var ctxs []context.Context
		r.onOpen = func(ctx context.Context, s *hub.Socket) error {
			order, ctxs = append(order, "open"), append(ctxs, ctx)
			_, err := s.Send(hub.NewMessage("welcome"), hub.ModeText)
			return err
		}
		r.onMessage = func(ctx context.Context, s *hub.Socket, text string) error {
			order, ctxs = append(order, text), append(ctxs, ctx)
			return errors.New("the connection goes on")
		}
		r.onClose = func(*hub.Socket, hub.Reason) { order = append(order, "close") }
		c := dial(t, r.url, "/services/echo?user=u1")
		c.wantText("welcome")
		c.text("a")
		c.text("b")
		c.sendClose(1001, "leaving")
		c.wantClose(1001)
		e := r.wantEnd(t, 1001)
		if e.reason.Text != "leaving" || e.socket.User().ID != "u1" {
			t.Errorf("closed with %v for %q", e.reason, e.socket.User().ID)
		}
		if got := strings.Join(order, " "); got != "open a b close" {
			t.Errorf("calls were %q", got)
		}
		for _, ctx := range ctxs {
			if ctx.Err() == nil {
				t.Error("a context lives on after the socket has ended")
			}
		}
		if info := e.socket.Info(); info.BytesIn != 7+7+6+2+7 || info.BytesOut != 2+7+4 {
			t.Errorf("%d bytes in, %d out", info.BytesIn, info.BytesOut)
		}
		r.shutdown()
		r.wantNoEnd(t)
	})
}

func TestOpenedThatRefuses(t *testing.T) {
	long := repeat("ж", 100)
	tests := []struct {
		name string
		err  error
		text string
	}{
		{"short text", errors.New("no access"), "no access"},
		{"long text", errors.New(long), long[:122]},
		{"no UTF-8", errors.New("a\xff"), "a\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, rigConfig{})
			r.onOpen = func(_ context.Context, s *hub.Socket) error {
				s.Send(hub.NewMessage("you may not come in"), hub.ModeText)
				return tt.err
			}
			c := ask(t, r.url, "/services/echo", masked(ws.OpText, true, "never handled")).upgraded()
			c.wantText("you may not come in")
			if text := c.wantClose(1008); text != tt.text || !utf8.ValidString(text) {
				t.Errorf("the text is %q, want %q", text, tt.text)
			}
			r.wantEnd(t, 1008)
		})
	}
}

func TestPanicsAreContained(t *testing.T) {
	r := newRig(t, rigConfig{})
	r.onOpen = func(_ context.Context, s *hub.Socket) error {
		if s.StatefulID() == "open" {
			panic("secret of the server")
		}
		return nil
	}
	r.onMessage = func(_ context.Context, s *hub.Socket, text string) error {
		switch text {
		case "panic":
			panic("secret of the server")
		case "exit":
			runtime.Goexit()
		}
		_, err := s.Send(hub.NewMessage(text), hub.ModeText)
		return err
	}
	r.onClose = func(s *hub.Socket, _ hub.Reason) {
		r.closed <- ending{s, hub.Reason{Code: 1}}
		panic("secret of the server")
	}
	refused := dial(t, r.url, "/services/echo?X-StatefulSocketId=open")
	if text := refused.wantClose(1008); text != "internal error" {
		t.Errorf("the client is told %q", text)
	}
	r.wantEnd(t, 1)
	c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	for _, text := range []string{"panic", "exit", "hello"} {
		c.text(text)
	}
	c.wantText("hello")
	c.sendClose(1000, "")
	c.wantClose(1000)
	r.wantEnd(t, 1)
	if log := r.log.String(); strings.Count(log, "handler panicked") < 2 || !strings.Contains(log, "socket=/services/echo-s-1") {
		t.Errorf("the log has %s", log)
	}
}

// A client that vanishes ends the socket with 1006, whether it says FIN or RST.
func TestLostConnection(t *testing.T) {
	for name, leave := range map[string]func(nc net.Conn){
		"closed": func(nc net.Conn) { nc.Close() },
		"reset":  func(nc net.Conn) { nc.(*net.TCPConn).SetLinger(0); nc.Close() },
		"in the middle of a frame": func(nc net.Conn) {
			nc.Write(masked(ws.OpText, true, "hello")[:7])
			nc.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigConfig{})
			leave(dial(t, r.url, "/services/echo").nc)
			r.wantEnd(t, 1006)
			if r.hub.Len() != 0 {
				t.Error("the socket is still registered")
			}
		})
	}
}

func TestAbort(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
		s := r.socket(t, "1")
		s.Abort()
		if _, ok := r.hub.Get(s.Key()); ok {
			t.Error("the socket is still registered")
		}
		c.wantDropped()
		r.wantEnd(t, 1006)
		s.Abort()
		r.shutdown()
		r.wantNoEnd(t)
	})
}

// An abort ends the context of a call that runs, and Closed waits for the call.
func TestAbortDuringACall(t *testing.T) { both(t, rigConfig{}, abortDuringACall) }

func abortDuringACall(t *testing.T, r *rig) {
	var returned atomic.Bool
	r.onMessage = func(ctx context.Context, s *hub.Socket, _ string) error {
		s.Abort()
		<-ctx.Done()
		returned.Store(true)
		return ctx.Err()
	}
	r.onClose = func(*hub.Socket, hub.Reason) {
		if !returned.Load() {
			t.Error("Closed was called while Message ran")
		}
	}
	c := dial(t, r.url, "/services/echo")
	c.text("x")
	c.wantDropped()
	r.wantEnd(t, 1006)
}

func TestTakeover(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		var opens atomic.Int32
		r.onOpen = func(context.Context, *hub.Socket) error { opens.Add(1); return nil }
		first := dial(t, r.url, "/services/echo?X-StatefulSocketId=1&user=u1")
		first.text("hello")
		first.wantText("hello")
		s := r.socket(t, "1")
		if err := s.ReplaceTags(hub.NewTags(map[string]string{"a": "1"})); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, ask(t, r.url, "/services/echo?X-StatefulSocketId=1&user=u2", nil).response, 403, "another user")
		second := dial(t, r.url, "/services/echo?X-StatefulSocketId=1&user=u1")
		if text := first.wantClose(4001); !strings.Contains(text, "newer connection") {
			t.Errorf("the older connection is told %q", text)
		}
		second.text("hello")
		second.wantText("hello")
		if v, _ := s.Tags().Get("a"); v != "1" || r.socket(t, "1") != s {
			t.Error("the socket is not the same")
		}
		r.wantNoEnd(t)
		second.sendClose(1000, "")
		second.wantClose(1000)
		r.wantEnd(t, 1000)
		if opens.Load() != 2 {
			t.Errorf("Opened was called %d times for two connections", opens.Load())
		}
		r.shutdown()
		r.wantNoEnd(t)
	})
}

// The calls of a socket never overlap, also not when a newer connection takes over while one of
// the older runs; its context goes on, because the socket does.
func TestTakeoverDuringACall(t *testing.T) { both(t, rigConfig{}, takeoverDuringACall) }

func takeoverDuringACall(t *testing.T, r *rig) {
	inCall, proceed := make(chan context.Context, 1), make(chan struct{})
	var running, calls atomic.Int32
	enter := func() func() {
		if running.Add(1) > 1 {
			t.Error("two calls of one socket at the same time")
		}
		calls.Add(1)
		return func() { running.Add(-1) }
	}
	r.onOpen = func(context.Context, *hub.Socket) error { defer enter()(); return nil }
	r.onMessage = func(ctx context.Context, s *hub.Socket, text string) error {
		defer enter()()
		if text == "slow" {
			inCall <- ctx
			<-proceed
			if ctx.Err() != nil {
				t.Error("the context ended though the socket lives")
			}
		}
		_, err := s.Send(hub.NewMessage(text), hub.ModeText)
		return err
	}
	first := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	first.text("slow")
	first.text("too late")
	ctx := within(t, inCall, "the call")
	second := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	third := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	third.text("quick")
	first.wantClose(4001)
	second.wantClose(4001)
	close(proceed)
	third.wantText("slow") // the older call answers the socket, wherever it is now
	third.wantText("quick")
	r.socket(t, "1").Abort()
	r.wantEnd(t, 1006)
	if ctx.Err() == nil {
		t.Error("the context lives on after the socket has ended")
	}
	// Opened of the first and third, "slow", "quick": the second was taken over before its turn.
	if calls.Load() != 4 {
		t.Errorf("%d calls", calls.Load())
	}
}

// Nothing that was queued is lost or doubled by takeovers, while the older connections read
// nothing. What the kernel took for a dead connection is not covered.
func TestTakeoverHandsTheQueueOver(t *testing.T) {
	both(t, rigConfig{ws: Config{WriteTimeout: time.Minute}, hub: hub.Config{MaxMessages: 1000, MaxBytes: 1 << 30}}, takeoverHandsTheQueueOver)
}

func takeoverHandsTheQueueOver(t *testing.T, r *rig) {
	first := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	s := r.socket(t, "1")
	const n, size = 100, 200 << 10
	for i := range n {
		if _, err := s.Send(hub.NewMessage(fmt.Sprintf("%04d%s", i, repeat("x", size))), hub.ModeText); err != nil {
			t.Fatal(err)
		}
	}
	// The first connection takes what fits the kernel's buffers, then its writer is stuck.
	eventually(t, "something was written", func() bool { return s.Info().BytesOut > 0 })
	second := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
	var got []string
	for {
		op, payload, err := first.next()
		if err != nil || op == ws.OpClose {
			break
		}
		got = append(got, payload[:4])
	}
	for len(got) < n {
		op, payload, err := second.next()
		if err != nil || op != ws.OpText {
			t.Fatalf("after %d messages: %v %v", len(got), op, err)
		}
		got = append(got, payload[:4])
	}
	for i, text := range got {
		if text != fmt.Sprintf("%04d", i) {
			t.Fatalf("message %d is %s", i, text)
		}
	}
}

func TestShutdown(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		var clients []*client
		for i := range 20 {
			c := dial(t, r.url, fmt.Sprint("/services/echo?X-StatefulSocketId=", i))
			r.socket(t, fmt.Sprint(i)).Send(hub.NewMessage("last words"), hub.ModeText)
			clients = append(clients, c)
		}
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- r.server.Shutdown(context.Background()) }()
		}
		for _, c := range clients {
			c.wantText("last words")
			c.wantClose(1012)
		}
		for range 2 {
			if err := within(t, done, "Shutdown"); err != nil {
				t.Error(err)
			}
		}
		for range clients {
			r.wantEnd(t, 1012)
		}
		r.wantNoEnd(t)
	})
}

// A client that neither reads nor closes, and a call that does not end, cannot hold a shutdown
// longer than its context.
func TestShutdownThatRunsOutOfTime(t *testing.T) {
	r := newRig(t, rigConfig{})
	proceed, inCall := make(chan struct{}), make(chan struct{})
	r.onMessage = func(ctx context.Context, s *hub.Socket, _ string) error {
		close(inCall)
		<-proceed
		return ctx.Err()
	}
	c := dial(t, r.url, "/services/echo")
	c.text("x")
	within(t, inCall, "the call")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.server.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown gave %v", err)
	}
	close(proceed)
	r.wantEnd(t, 1012)
}

func TestConcurrentSendsKeepTheirOrder(t *testing.T) {
	const senders, each = 8, 100
	both(t, rigConfig{hub: hub.Config{MaxMessages: senders * each}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
		s := r.socket(t, "1")
		var wg sync.WaitGroup
		for n := range senders {
			wg.Go(func() {
				for i := range each {
					if _, err := s.Send(hub.NewMessage(fmt.Sprintf("%d %d", n, i)), hub.ModeText); err != nil {
						t.Error(err)
					}
				}
			})
		}
		next := make([]int, senders)
		for range senders * each {
			_, text, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			var n, i int
			fmt.Sscanf(text, "%d %d", &n, &i)
			if next[n] != i {
				t.Fatalf("sender %d: got %d, want %d", n, i, next[n])
			}
			next[n]++
		}
		wg.Wait()
	})
}

// Everything at once: clients come, talk, are taken over, aborted and closed, while others send.
// All sockets end exactly once, and nothing is left.
func TestManyAtOnce(t *testing.T) { both(t, rigConfig{ws: Config{Workers: 4}}, manyAtOnce) }

func manyAtOnce(t *testing.T, r *rig) {
	var opened, closed sync.Map
	r.onOpen = func(_ context.Context, s *hub.Socket) error { opened.Store(s, true); return nil }
	r.onClose = func(s *hub.Socket, _ hub.Reason) {
		if _, twice := closed.LoadOrStore(s, true); twice {
			t.Error("a socket ended twice")
		}
	}
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			for i := range 15 {
				c := dial(t, r.url, fmt.Sprintf("/services/echo?X-StatefulSocketId=%d", (n+i)%4))
				c.nc.Write(masked(ws.OpText, true, "hello"))
				if s, ok := r.hub.Get(hub.BuildKey("echo", fmt.Sprint(i%4))); ok {
					s.Send(hub.NewMessage("x"), hub.ModeJSON)
					if i%5 == 0 {
						s.Abort()
					}
				}
				if i%3 == 0 {
					c.nc.Write(masked(ws.OpClose, true, closing(1000, "")))
				}
				c.next()
				c.nc.Close()
			}
		})
	}
	wg.Wait()
	r.shutdown()
	opened.Range(func(s, _ any) bool {
		if _, ok := closed.Load(s); !ok {
			t.Error("a socket was opened and never closed")
		}
		return true
	})
	if r.hub.Len() != 0 {
		t.Errorf("%d sockets are left", r.hub.Len())
	}
}

// Items that meet in the queue leave in one frame (spec/websocket.md B.2).
func TestJSONItemsAreJoined(t *testing.T) { both(t, rigConfig{}, jSONItemsAreJoined) }

func jSONItemsAreJoined(t *testing.T, r *rig) {
	r.onMessage = func(_ context.Context, s *hub.Socket, _ string) error {
		for i := range 3 {
			s.Send(hub.NewMessage(fmt.Sprintf(`{"n":%d}`, i)), hub.ModeJSON)
		}
		s.Send(hub.NewMessage(repeat("y", 40<<10)), hub.ModeText)
		return nil
	}
	c := dial(t, r.url, "/services/echo")
	c.text("x")
	var items []string
	for joined := ""; !strings.HasSuffix(joined, "yy]"); {
		_, frame, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		joined = frame
		if !strings.HasPrefix(frame, "[") || !strings.HasSuffix(frame, "]") {
			t.Fatalf("frame is %.40q", frame)
		}
		items = append(items, strings.Split(frame[1:len(frame)-1], ",")...)
	}
	if want := []string{`{"n":0}`, `{"n":1}`, `{"n":2}`, repeat("y", 40<<10)}; !slices.Equal(items, want) {
		t.Errorf("items are %.80q", items)
	}
}

// The same as with a pipe, over TCP: the kernel's buffers fill, then the queue.
func TestSlowReaderOverTCP(t *testing.T) {
	both(t, rigConfig{hub: hub.Config{MaxMessages: 64, Grace: 50 * time.Millisecond}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
		s := r.socket(t, "1")
		m := hub.NewMessage(repeat("x", 64<<10))
		eventually(t, "the socket is closed", func() bool {
			_, err := s.Send(m, hub.ModeText)
			return errors.Is(err, hub.ErrClosed)
		})
		c.wantClose(1013)
		r.wantEnd(t, 1013)
	})
}
