package ws

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// pipeWriter is the answer to a request that came over a pipe.
type pipeWriter struct {
	http.ResponseWriter
	nc net.Conn
	br *bufio.Reader
}

func (w pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.nc, bufio.NewReadWriter(w.br, bufio.NewWriter(w.nc)), nil
}

// dialPipe opens a socket over a pipe, on which time can be faked. A pipe has no room: a write
// of the server waits until the client reads.
func dialPipe(t *testing.T, r *rig, target string) *client {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	go func() {
		br := bufio.NewReader(far)
		if req, err := http.ReadRequest(br); err == nil {
			req.RemoteAddr = "pipe"
			r.server.ServeHTTP(pipeWriter{httptest.NewRecorder(), far, br}, req)
		}
	}()
	return askOn(t, near, target, nil).upgraded()
}

// dialPipeTLS is dialPipe with TLS between the two ends.
func dialPipeTLS(t *testing.T, r *rig, server *tls.Config, target string) *client {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	secure := tls.Server(far, server)
	go func() {
		br := bufio.NewReader(secure)
		if req, err := http.ReadRequest(br); err == nil {
			req.RemoteAddr = "pipe"
			r.server.ServeHTTP(pipeWriter{httptest.NewRecorder(), secure, br}, req)
		}
	}()
	c := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
	return askOn(t, c, target, nil).upgraded()
}

// tlsConfig returns that of a test server. It cannot be made where time is fake.
func tlsConfig() *tls.Config {
	hs := httptest.NewTLSServer(nil)
	defer hs.Close()
	return hs.TLS.Clone()
}

// inTime runs a test with a rig inside a bubble in which time is fake.
func inTime(t *testing.T, cfg rigConfig, test func(t *testing.T, r *rig)) {
	cfg.own = true
	synctest.Test(t, func(t *testing.T) { test(t, newRig(t, cfg)) })
}

// about checks a duration, allowing for the coarseness of the wheel.
func about(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got < want || got > want+6*time.Second {
		t.Errorf("%s after %v, want about %v", what, got, want)
	}
}

func TestHeartbeatKeepsAnAnsweringClient(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		begin := time.Now()
		for i := range 20 {
			c.nc.SetReadDeadline(time.Time{})
			h, err := ws.ReadHeader(c.br)
			if err != nil || h.OpCode != ws.OpPing {
				t.Fatalf("want a ping, got %v %v", h.OpCode, err)
			}
			about(t, "ping", time.Since(begin), time.Duration(i+1)*25*time.Second)
			c.send(ws.OpPong, true, "")
		}
		r.wantNoEnd(t)
	})
}

func TestLostHeartbeat(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		begin := time.Now()
		pings := 0
		for {
			c.nc.SetReadDeadline(time.Time{})
			if _, err := ws.ReadHeader(c.br); err != nil {
				break
			}
			pings++
		}
		if pings != 2 {
			t.Errorf("%d pings before the drop", pings)
		}
		about(t, "dropped", time.Since(begin), 75*time.Second)
		synctest.Wait()
		if e := r.wantEnd(t, 1006); e.reason.Text != "the heartbeat was lost" {
			t.Errorf("ended with %v", e.reason)
		}
	})
}

func TestHeartbeatSwitchedOff(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		c.nc.SetReadDeadline(time.Now().Add(time.Hour))
		if h, err := ws.ReadHeader(c.br); err == nil {
			t.Errorf("got frame %v", h.OpCode)
		}
		r.wantNoEnd(t)
	})
}

// While a call runs the reader cannot see the client's pongs: nobody is dropped for that.
func TestLongCallIsNoLostHeartbeat(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		r.onMessage = func(ctx context.Context, s *hub.Socket, _ string) error {
			time.Sleep(10 * time.Minute)
			_, err := s.Send(hub.NewMessage("done"), hub.ModeText)
			return err
		}
		c := dialPipe(t, r, "/services/echo")
		c.text("x")
		c.nc.SetReadDeadline(time.Time{})
		for {
			h, err := ws.ReadHeader(c.br)
			if err != nil {
				t.Fatal(err)
			}
			if h.OpCode == ws.OpText {
				break
			}
		}
		c.br.Discard(len("done"))
		r.wantNoEnd(t)
	})
}

func TestClientThatTakesNoBytesIsDropped(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		begin := time.Now()
		r.socket(t, "1").Send(hub.NewMessage("never read"), hub.ModeText)
		e := <-r.closed
		about(t, "dropped", time.Since(begin), 10*time.Second)
		if e.reason.Code != 1006 || e.reason.Text != "the client took no bytes for too long" {
			t.Errorf("ended with %v", e.reason)
		}
	})
}

// A large message that is taken slowly but steadily is not a dead client, however slow that is.
func TestSteadySlowClientIsKept(t *testing.T) {
	inTime(t, rigConfig{hub: hub.Config{MaxBytes: 4 << 20}, ws: Config{Heartbeat: -1}}, func(t *testing.T, r *rig) {
		takeSlowly(t, r, dialPipe(t, r, "/services/echo?X-StatefulSocketId=1"), 4<<10) // what the client reads at once
	})
}

// Over TLS progress is seen by the record.
func TestSteadySlowClientIsKeptOverTLS(t *testing.T) {
	server := tlsConfig()
	inTime(t, rigConfig{hub: hub.Config{MaxBytes: 4 << 20}, ws: Config{Heartbeat: -1}}, func(t *testing.T, r *rig) {
		takeSlowly(t, r, dialPipeTLS(t, r, server, "/services/echo?X-StatefulSocketId=1"), writeSizeTLS)
	})
}

// takeSlowly sends a large message and takes some bytes of it every nine seconds.
func takeSlowly(t *testing.T, r *rig, c *client, pace int) {
	t.Helper()
	want := repeat("x", 20*pace+100_000)
	r.socket(t, "1").Send(hub.NewMessage(want), hub.ModeText)
	h, err := ws.ReadHeader(c.br)
	if err != nil || h.Length != int64(len(want)) {
		t.Fatal(h, err)
	}
	part := make([]byte, pace)
	for left := len(want); left > 0; left -= len(part) {
		time.Sleep(9 * time.Second)
		part = part[:min(len(part), left)]
		if _, err := io.ReadFull(c.br, part); err != nil {
			t.Fatalf("%d bytes before the end: %v", left, err)
		}
	}
	r.wantNoEnd(t)
}

// Whatever is to be written to a client that takes no bytes, it is dropped in time, with TLS
// and without.
func TestWritesHaveALimitEverywhere(t *testing.T) {
	server := tlsConfig()
	writes := map[string]func(c *client, s *hub.Socket){
		"message":       func(_ *client, s *hub.Socket) { s.Send(hub.NewMessage("x"), hub.ModeText) },
		"large message": func(_ *client, s *hub.Socket) { s.Send(hub.NewMessage(repeat("x", 1<<20)), hub.ModeText) },
		"array": func(_ *client, s *hub.Socket) {
			for range 3 {
				s.Send(hub.NewMessage(repeat("x", 20<<10)), hub.ModeJSON)
			}
		},
		"pong":       func(c *client, _ *hub.Socket) { c.send(ws.OpPing, true, "x") },
		"close":      func(_ *client, s *hub.Socket) { s.CloseWith(hub.Reason{Code: hub.CodeSessionEnded}) },
		"close echo": func(c *client, _ *hub.Socket) { c.sendClose(1000, "") },
	}
	for name, write := range writes {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", TLS ", secure), func(t *testing.T) {
				inTime(t, rigConfig{ws: Config{Heartbeat: -1}}, func(t *testing.T, r *rig) {
					const target = "/services/echo?X-StatefulSocketId=1"
					var c *client
					if secure {
						c = dialPipeTLS(t, r, server, target)
					} else {
						c = dialPipe(t, r, target)
					}
					s := r.socket(t, "1")
					begin := time.Now()
					write(c, s)
					<-r.closed
					if d := time.Since(begin); d > 15*time.Second {
						t.Errorf("it took %v", d)
					}
					time.Sleep(15 * time.Second)
					synctest.Wait()
					if n := len(r.server.wheel.conns()); n != 0 {
						t.Errorf("%d connections are left", n)
					}
				})
			})
		}
	}
}

// The queue of a client that does not read overflows; after the grace time it is closed with
// 1013, which it sees behind what was on the way.
func TestOverflowClosesWith1013(t *testing.T) {
	inTime(t, rigConfig{hub: hub.Config{MaxMessages: 2}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		s := r.socket(t, "1")
		for i := range 5 {
			_, err := s.Send(hub.NewMessage(fmt.Sprint(i)), hub.ModeText)
			synctest.Wait()
			if (err != nil) != (i >= 2) {
				t.Errorf("message %d: %v", i, err)
			}
		}
		time.Sleep(7 * time.Second) // nobody sends any more: the wheel has to notice
		if s.State() != hub.StateGone {
			t.Error("the socket is not closed after the grace time")
		}
		c.wantText("0")
		c.wantClose(1013)
		synctest.Wait()
		r.wantEnd(t, 1013)
	})
}

// After our close frame the client has a moment to close; then the connection ends anyway.
func TestCloseThatIsNotAnswered(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		r.socket(t, "1").CloseWith(hub.Reason{Code: hub.CodeSessionEnded, Text: "log in again"})
		begin := time.Now()
		if text := c.wantClose(4003); text != "log in again" {
			t.Errorf("the text is %q", text)
		}
		if d := time.Since(begin); d < time.Second || d > 4*time.Second {
			t.Errorf("the connection ended after %v", d)
		}
		r.wantEnd(t, 4003)
	})
}

// The end of a socket does not wait for a client that cannot even be told.
func TestCloseOfAClientThatDoesNotRead(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		begin := time.Now()
		r.socket(t, "1").CloseWith(hub.Reason{Code: hub.CodeShutdown})
		if e := <-r.closed; e.reason.Code != 1012 {
			t.Errorf("ended with %v", e.reason)
		}
		about(t, "ended", time.Since(begin), 10*time.Second)
	})
}

// What the writer of an older connection is stuck with goes to the newer one soon, and not only
// when the write times out.
func TestTakeoverFromAStuckWriter(t *testing.T) {
	server := tlsConfig()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS ", secure), func(t *testing.T) {
			inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
				const target = "/services/echo?X-StatefulSocketId=1"
				if secure {
					dialPipeTLS(t, r, server, target)
				} else {
					dialPipe(t, r, target)
				}
				r.socket(t, "1").Send(hub.NewMessage("stuck"), hub.ModeText)
				synctest.Wait()
				begin := time.Now()
				c := dialPipe(t, r, target)
				c.wantText("stuck")
				if d := time.Since(begin); d > staleTime+time.Second {
					t.Errorf("the newer connection waited %v", d)
				}
				r.wantNoEnd(t)
			})
		})
	}
}

// The newer connection does not wait until the older one, whose network may be gone, is closed.
func TestTakeoverFromADeadConnection(t *testing.T) {
	inTime(t, rigConfig{}, func(t *testing.T, r *rig) {
		dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		synctest.Wait()
		begin := time.Now()
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		c.text("hello")
		c.wantText("hello")
		if d := time.Since(begin); d != 0 {
			t.Errorf("the newer connection waited %v", d)
		}
	})
}

// As many workers run as are needed, up to the limit; the rest waits its turn. Idle ones go.
func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, calls = 3, 10
		h := hub.New(hub.Config{})
		conn, err := h.Open(hub.OpenRequest{Key: "/services/echo-s-1", Service: "echo", StatefulID: "1", Waker: &conn{}})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorkers(limit)
		handler := &slowHandler{}
		var all sync.WaitGroup
		for range calls {
			j := &job{handler: handler, kind: callMessage, ctx: t.Context(), socket: conn.Socket(), done: make(chan struct{}, 1)}
			w.submit(j)
			all.Go(func() { <-j.done })
		}
		all.Wait()
		if handler.most != limit || handler.done != calls {
			t.Errorf("%d calls at once, %d in all", handler.most, handler.done)
		}
		synctest.Wait()
		w.reap()
		if w.count != limit {
			t.Errorf("%d workers right after they were needed", w.count)
		}
		w.reap()
		synctest.Wait()
		if w.count != 0 || len(w.idle) != 0 {
			t.Errorf("%d workers are kept that nobody needs", w.count)
		}
		w.stop()
	})
}

type slowHandler struct {
	mu              sync.Mutex
	now, most, done int
}

func (h *slowHandler) Message(context.Context, *hub.Socket, string) error {
	h.mu.Lock()
	h.now++
	h.most = max(h.most, h.now)
	h.mu.Unlock()
	time.Sleep(time.Second)
	h.mu.Lock()
	h.now--
	h.done++
	h.mu.Unlock()
	return nil
}

func (h *slowHandler) Opened(context.Context, *hub.Socket) error { return nil }
func (h *slowHandler) Closed(*hub.Socket, hub.Reason)            {}
