package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gobwas "github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// anybody is a user of main_ws_service, as ws asks for.
type anybody struct{}

func (anybody) Authenticate(*http.Request) (auth.Caller, error) {
	return auth.Caller{User: otherUser}, nil
}

type opener struct{ *hub.Hub }

func (o opener) Open(_ context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	return o.Hub.Open(req)
}

func (o opener) VolatileKey(service string) string { return hub.NewVolatileKey(service, 0) }

// pipeAnswer is the answer to a request that came over a pipe.
type pipeAnswer struct {
	http.ResponseWriter
	nc net.Conn
	br *bufio.Reader
}

func (a pipeAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return a.nc, bufio.NewReadWriter(a.br, bufio.NewWriter(a.nc)), nil
}

// dialPipe opens a socket of main_ws_service over a pipe. The client answers pings, and reads on until the server closes.
func dialPipe(t *testing.T, s *ws.Server, id string) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		br := bufio.NewReader(far)
		if req, err := http.ReadRequest(br); err == nil {
			req.RemoteAddr = "pipe"
			s.ServeHTTP(pipeAnswer{httptest.NewRecorder(), far, br}, req)
		}
	}()
	fmt.Fprintf(near, "GET /services/main_ws_service?X-StatefulSocketId=%s HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", id)
	br := bufio.NewReader(near)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake got %v: %v", resp, err)
	}
	go func() {
		for {
			h, err := gobwas.ReadHeader(br)
			if err != nil {
				return
			}
			io.CopyN(io.Discard, br, h.Length)
			if h.OpCode == gobwas.OpPing {
				sayPipe(near, gobwas.NewPongFrame(nil))
			}
		}
	}()
	return near
}

func sayPipe(nc net.Conn, f gobwas.Frame) {
	_, _ = nc.Write(gobwas.MustCompileFrame(gobwas.MaskFrame(f))) // the server may have closed
}

// A socket stays in the lists of recipients while it is detached, and leaves them when its window ends: then, and once,
// the hook runs that takes it out.
func TestRecipientsLeaveWhenTheWindowEnds(t *testing.T) {
	const crowd, window, list = 20, time.Minute, "ws_group_recipients"
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{profile: hub.Profile122, window: window})
		s := ws.New(ws.Config{}, ws.Deps{
			Opener: opener{w.hub}, Auth: anybody{}, Handler: w.engine,
			ServiceExists: func(name string) bool { return name == "main_ws_service" },
		})
		t.Cleanup(func() {
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
		var all, back []string
		conns := map[string]net.Conn{}
		for i := range crowd {
			id := fmt.Sprint(i)
			key := hub.BuildKey("main_ws_service", id)
			conns[id] = dialPipe(t, s, id)
			sayPipe(conns[id], gobwas.NewTextFrame([]byte(`{"socket_action":"init_socket","socket_type":"ws_group"}`)))
			if all = append(all, key); i%2 == 0 {
				back = append(back, key)
			}
		}
		members := func() []string {
			synctest.Wait()
			return slices.Sorted(slices.Values(w.data.list(list)))
		}
		slices.Sort(all)
		slices.Sort(back)
		time.Sleep(time.Hour)
		w.want("members after an hour", members(), all)
		for _, nc := range conns {
			nc.Close()
		}
		time.Sleep(window / 2)
		for i := range crowd / 2 {
			id := fmt.Sprint(2 * i)
			conns[id] = dialPipe(t, s, id)
		}
		time.Sleep(window/2 - time.Nanosecond)
		w.want("members until the window ends", members(), all)
		time.Sleep(time.Nanosecond)
		w.want("members when it has ended", members(), back)
		time.Sleep(time.Hour)
		w.want("members an hour later", members(), back)
		for i := range crowd / 2 {
			sayPipe(conns[fmt.Sprint(2*i)], gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(gobwas.StatusNormalClosure, "")))
		}
		w.want("members after all have said good-bye", members(), nil)
	})
}
