package ws

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const statefulEcho = "/services/echo?X-StatefulSocketId=1&user=u1"

// resuming is a rig whose sockets outlive their connection by a minute.
var resuming = rigConfig{hub: hub.Config{ResumeWindow: time.Minute}}

// wantState waits until a socket has a state.
func wantState(t testing.TB, s *hub.Socket, state string) {
	t.Helper()
	eventually(t, "the socket is "+state, func() bool { return s.State() == state })
}

// A stateful socket outlives its connection: who comes back finds tags, calls and context going
// on, and what was sent meanwhile, in order, before what comes after it.
func TestResume(t *testing.T) {
	both(t, resuming, func(t *testing.T, r *rig) {
		var opens atomic.Int32
		ctxs := make(chan context.Context, 10)
		r.onOpen = func(ctx context.Context, _ *hub.Socket) error { opens.Add(1); ctxs <- ctx; return nil }
		first := dial(t, r.url, statefulEcho)
		first.text("hello")
		first.wantText("hello")
		s := r.socket(t, "1")
		if err := s.ReplaceTags(hub.NewTags(map[string]string{"a": "1"})); err != nil {
			t.Fatal(err)
		}
		first.nc.Close()
		wantState(t, s, hub.StateDetached)
		const n = 100
		for i := range n {
			if _, err := s.Send(hub.NewMessage(fmt.Sprint(i)), hub.ModeText); err != nil {
				t.Fatal(err)
			}
		}
		wantProblem(t, ask(t, r.url, strings.Replace(statefulEcho, "u1", "u2", 1), nil).response, 403, "another user")
		second := ask(t, r.url, statefulEcho, masked(ws.OpText, true, "and I am back")).upgraded()
		for i := range n {
			second.wantText(fmt.Sprint(i))
		}
		second.wantText("and I am back")
		if v, _ := s.Tags().Get("a"); v != "1" || r.socket(t, "1") != s || s.State() != hub.StateOpen {
			t.Error("the socket is not the same")
		}
		ctx := <-ctxs
		if again := <-ctxs; again != ctx || ctx.Err() != nil {
			t.Error("the context did not go on")
		}
		r.wantNoEnd(t)
		second.sendClose(1000, "")
		second.wantClose(1000)
		r.wantEnd(t, 1000)
		if ctx.Err() == nil || opens.Load() != 2 {
			t.Errorf("Opened was called %d times, the context says %v", opens.Load(), ctx.Err())
		}
		r.shutdown()
		r.wantNoEnd(t)
	})
}

// What ends the connection of a stateful socket, and what ends the socket with it (design:
// "Sockets over the wire"). A volatile one ends in any case.
func TestWhatEndsASocketAndWhatOnlyItsConnection(t *testing.T) {
	say := func(code int) func(*client, *hub.Socket) {
		return func(c *client, _ *hub.Socket) { c.sendClose(code, ""); c.wantClose(code) }
	}
	closeWith := func(reason hub.Reason, code int) func(*client, *hub.Socket) {
		return func(c *client, s *hub.Socket) { s.CloseWith(reason); c.wantClose(code) }
	}
	tests := []struct {
		name     string
		end      func(c *client, s *hub.Socket)
		detaches bool
	}{
		{"the page was left", say(1001), true},
		{"lost", func(c *client, _ *hub.Socket) { c.nc.Close() }, true},
		{"reset", func(c *client, _ *hub.Socket) { c.nc.(*net.TCPConn).SetLinger(0); c.nc.Close() }, true},
		{"cut in a frame", func(c *client, _ *hub.Socket) { c.raw(masked(ws.OpText, true, "hello")[:8]); c.nc.Close() }, true},
		{"protocol", func(c *client, _ *hub.Socket) { c.send(ws.OpContinuation, true, "x"); c.wantClose(1002) }, true},
		{"binary", func(c *client, _ *hub.Socket) { c.send(ws.OpBinary, true, "x"); c.wantClose(1003) }, true},
		{"no UTF-8", func(c *client, _ *hub.Socket) { c.text("\xff"); c.wantClose(1007) }, true},
		{"too large", func(c *client, _ *hub.Socket) { c.text(repeat("x", 70000)); c.wantClose(1009) }, true},
		{"restart", closeWith(hub.Reason{Code: hub.CodeShutdown}, 1012), true},
		{"overflow", closeWith(hub.Reason{Code: hub.CodeOverflow}, 1013), true},
		{"good-bye", say(1000), false},
		{"good-bye without a code", func(c *client, _ *hub.Socket) { c.send(ws.OpClose, true, ""); c.wantClose(1005) }, false},
		{"good-bye with a code of its own", say(3000), false},
		{"refused", closeWith(hub.Reason{Code: hub.CodeRefused}, 1008), false},
		{"logged out", closeWith(hub.Reason{Code: hub.CodeSessionEnded}, 4003), false},
		{"aborted", func(c *client, s *hub.Socket) { s.Abort(); c.wantDropped() }, false},
	}
	r := newRig(t, resuming)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, r.url, statefulEcho)
			c.text("x")
			c.wantText("x")
			s := r.socket(t, "1")
			tt.end(c, s)
			if tt.detaches {
				wantState(t, s, hub.StateDetached)
				r.wantNoEnd(t)
				s.Abort()
			}
			if e := within(t, r.closed, "the end"); e.socket != s {
				t.Error("another socket ended")
			}
			volatile := dial(t, r.url, "/services/echo?user=volatile")
			volatile.text("x")
			volatile.wantText("x")
			var v *hub.Socket
			for _, s := range r.hub.Select(hub.Filter{}) {
				if s.User().ID == "volatile" {
					v = s
				}
			}
			tt.end(volatile, v)
			if e := within(t, r.closed, "the end of the volatile one"); e.socket != v {
				t.Error("another socket ended")
			}
		})
	}
}

// When nobody comes back in time the socket ends: once, with the reason its connection had.
func TestTheWindowEnds(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		ctxs := make(chan context.Context, 10)
		r.onOpen = func(ctx context.Context, _ *hub.Socket) error { ctxs <- ctx; return nil }
		for range 3 {
			c := dialPipe(t, r, statefulEcho)
			ctx := <-ctxs
			c.nc.Close()
			time.Sleep(59 * time.Second)
			synctest.Wait()
			if r.wantNoEnd(t); ctx.Err() != nil {
				t.Fatal("the context ended before the window")
			}
			again := dialPipe(t, r, statefulEcho)
			<-ctxs
			again.nc.Close()
			begin := time.Now()
			e := <-r.closed
			if d := time.Since(begin); d != time.Minute || e.reason.Code != 1006 || ctx.Err() == nil {
				t.Errorf("ended after %v with %v, the context says %v", d, e.reason, ctx.Err())
			}
		}
		r.shutdown()
		r.wantNoEnd(t)
	})
}

// A call that is still running when the window ends is waited for, and learns of it.
func TestTheWindowEndsDuringACall(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		var returned time.Time
		r.onMessage = func(ctx context.Context, _ *hub.Socket, _ string) error {
			<-ctx.Done()
			time.Sleep(time.Hour)
			returned = time.Now()
			return nil
		}
		c := dialPipe(t, r, statefulEcho)
		c.text("x")
		synctest.Wait()
		s := r.socket(t, "1")
		begin := time.Now()
		s.CloseWith(hub.Reason{Code: hub.CodeShutdown})
		c.wantClose(1012)
		<-r.closed
		if d := time.Since(begin); returned.IsZero() || d < time.Hour+time.Minute {
			t.Errorf("Closed was called after %v, the call returned at %v", d, returned)
		}
	})
}

func TestAbortOfADetachedSocket(t *testing.T) {
	r := newRig(t, resuming)
	c := dial(t, r.url, statefulEcho)
	c.text("x")
	c.wantText("x")
	s := r.socket(t, "1")
	c.nc.Close()
	wantState(t, s, hub.StateDetached)
	s.Abort()
	r.wantEnd(t, 1006)
	s.Abort()
	r.shutdown()
	r.wantNoEnd(t)
}

// The messages of the connection that resumes wait for the call of the one before; other sockets
// go on. The call may send, and its context goes on.
func TestAResumeWaitsForTheCallBeforeIt(t *testing.T) {
	r := newRig(t, resuming)
	inCall, proceed := make(chan struct{}), make(chan struct{})
	var running atomic.Int32
	r.onMessage = func(ctx context.Context, s *hub.Socket, text string) error {
		if s.StatefulID() == "1" {
			if running.Add(1) > 1 {
				t.Error("two calls of one socket at the same time")
			}
			defer running.Add(-1)
		}
		if text == "slow" {
			close(inCall)
			<-proceed
			if ctx.Err() != nil {
				t.Error("the context ended though the socket lives")
			}
		}
		_, err := s.Send(hub.NewMessage(text), hub.ModeText)
		return err
	}
	first := dial(t, r.url, statefulEcho)
	first.text("slow")
	first.text("never read")
	within(t, inCall, "the call")
	// The reader waits for the call: the end of the connection is noticed from the other side.
	s := r.socket(t, "1")
	s.CloseWith(hub.Reason{Code: hub.CodeOverflow})
	wantState(t, s, hub.StateDetached)
	second := dial(t, r.url, statefulEcho)
	second.text("1")
	second.text("2")
	other := dial(t, r.url, "/services/echo")
	other.text("hello")
	other.wantText("hello")
	s.Send(hub.NewMessage("pushed"), hub.ModeText)
	second.wantText("pushed") // writing needs no turn
	close(proceed)
	second.wantText("slow")
	second.wantText("1")
	second.wantText("2")
	r.wantNoEnd(t)
}

// brokenHandshake asks for a socket, and dies before the answer.
func brokenHandshake(t *testing.T, r *rig, target string) {
	t.Helper()
	gone, other := net.Pipe()
	other.Close()
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(handshake(target, "test"))))
	if err != nil {
		t.Fatal(err)
	}
	r.server.ServeHTTP(pipeWriter{httptest.NewRecorder(), gone, bufio.NewReader(gone)}, req)
}

// A client that dies in the handshake leaves the socket as it was, with all that waits.
func TestABrokenHandshakeLosesNothing(t *testing.T) {
	r := newRig(t, resuming)
	brokenHandshake(t, r, statefulEcho)
	if _, there := r.hub.Get(hub.BuildKey("echo", "1")); there {
		t.Fatal("a socket came about without a connection")
	}
	first := dial(t, r.url, statefulEcho)
	first.text("x")
	first.wantText("x")
	s := r.socket(t, "1")
	first.nc.Close()
	wantState(t, s, hub.StateDetached)
	send := func(text string) {
		if _, err := s.Send(hub.NewMessage(text), hub.ModeText); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	for range 3 {
		brokenHandshake(t, r, statefulEcho)
		wantState(t, s, hub.StateDetached)
	}
	send("2")
	second := dial(t, r.url, statefulEcho)
	second.wantText("1")
	second.wantText("2")
	brokenHandshake(t, r, statefulEcho) // takes over
	second.wantClose(4001)
	wantState(t, s, hub.StateDetached)
	send("3")
	third := dial(t, r.url, statefulEcho)
	third.wantText("3")
	r.wantNoEnd(t)
	third.sendClose(1000, "")
	third.wantClose(1000)
	r.wantEnd(t, 1000)
	r.shutdown()
	r.wantNoEnd(t)
}

// The window after a broken handshake ends like any other.
func TestTheWindowEndsAfterABrokenHandshake(t *testing.T) {
	inTime(t, resuming, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, statefulEcho)
		synctest.Wait()
		c.nc.Close()
		time.Sleep(30 * time.Second)
		brokenHandshake(t, r, statefulEcho)
		begin := time.Now()
		<-r.closed
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("ended after %v", d)
		}
	})
}

// A long chain of resumes keeps no dead connection in memory, and of the last one only what a
// detached socket needs.
func TestResumesLeaveNothingBehind(t *testing.T) {
	both(t, resuming, func(t *testing.T, r *rig) {
		var seen []weak.Pointer[conn]
		for range 20 {
			c := dial(t, r.url, statefulEcho)
			c.text("x")
			c.wantText("x")
			conns := r.server.wheel.conns()
			seen = append(seen, weak.Make(conns[0]))
			c.nc.Close()
			wantState(t, r.socket(t, "1"), hub.StateDetached)
			eventually(t, "the connection is over", func() bool { return len(r.server.wheel.conns()) == 0 })
			clear(conns)
		}
		eventually(t, "one connection is left", func() bool {
			runtime.GC()
			return !slices.ContainsFunc(seen[:len(seen)-1], func(p weak.Pointer[conn]) bool { return p.Value() != nil })
		})
		eventually(t, "the last one has let go", func() bool {
			last := seen[len(seen)-1].Value()
			last.mu.Lock()
			defer last.mu.Unlock()
			return last.nc == nil && last.older == nil
		})
	})
}

// What a process saved is found again in the next one.
func TestRestore(t *testing.T) {
	before := newRig(t, resuming)
	c := dial(t, before.url, statefulEcho)
	c.text("x")
	c.wantText("x")
	s := before.socket(t, "1")
	s.ReplaceTags(hub.NewTags(map[string]string{"a": "1"}))
	before.hub.StopExpiry()
	before.shutdown()
	before.wantNoEnd(t)
	for i := range 3 {
		s.Send(hub.NewMessage(fmt.Sprint(i)), hub.ModeText)
	}
	saved := before.hub.Detached()
	if len(saved) != 1 {
		t.Fatalf("%d sockets are to be saved", len(saved))
	}
	after := newRig(t, resuming)
	if err := after.server.Restore(saved[0]); err != nil {
		t.Fatal(err)
	}
	if err := after.server.Restore(saved[0]); !errors.Is(err, hub.ErrKeyTaken) {
		t.Errorf("a second time it says %v", err)
	}
	c = dial(t, after.url, statefulEcho)
	for i := range 3 {
		c.wantText(fmt.Sprint(i))
	}
	c.text("back")
	c.wantText("back")
	if v, _ := after.socket(t, "1").Tags().Get("a"); v != "1" {
		t.Error("the tags are lost")
	}
	c.sendClose(1000, "")
	c.wantClose(1000)
	after.wantEnd(t, 1000)
	after.shutdown()
	after.wantNoEnd(t)
}

// A restored socket that nobody comes back for is closed, once.
func TestTheWindowOfARestoredSocketEnds(t *testing.T) {
	for _, left := range []time.Duration{0, 20 * time.Second} {
		inTime(t, resuming, func(t *testing.T, r *rig) {
			begin := time.Now()
			err := r.server.Restore(hub.Detached{
				Key: hub.BuildKey("echo", "1"), User: hub.User{ID: "u1"}, Opened: begin, Connected: begin,
				Reason: hub.Reason{Code: hub.CodeLost, Text: "lost"}, Window: left,
			})
			if err != nil {
				t.Fatal(err)
			}
			e := <-r.closed
			if d := time.Since(begin); d != left || e.reason.Text != "lost" || e.socket.User().ID != "u1" {
				t.Errorf("ended after %v with %v for %q", d, e.reason, e.socket.User().ID)
			}
			r.shutdown()
			r.wantNoEnd(t)
		})
	}
}

// A connection that was found lost is dropped, also when a writer still runs that would close it: a
// close frame without a code would tell the client that it was meant, and need not come back.
func TestALostConnectionGetsNoGoodBye(t *testing.T) {
	both(t, resuming, func(t *testing.T, r *rig) {
		c := dial(t, r.url, statefulEcho)
		c.text("hello")
		c.wantText("hello")
		conns := r.server.wheel.conns()
		if len(conns) != 1 {
			t.Fatalf("%d connections", len(conns))
		}
		if _, end := conns[0].hc.Ended(hub.Reason{Code: hub.CodeLost, Text: "lost"}); end != hub.EndDetached {
			t.Fatal(end)
		}
		conns[0].kick()
		c.wantDropped()
	})
}
