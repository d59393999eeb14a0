package echoserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/test/echo/echoserver"
)

// patience is how long a test waits for something that must happen.
const patience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server until the test ends.
func start(t *testing.T, opts echoserver.Options) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := echoserver.Start(ln, opts)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	d := ws.Dialer{Timeout: patience, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	nc, _, _, err := d.Dial(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return nc
}

// Whatever comes is sent back as it came, on any path, with and without TLS.
func TestEcho(t *testing.T) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	config := certified.TLS.Clone()
	certified.Close()
	for scheme, opts := range map[string]echoserver.Options{"ws": {}, "wss": {TLS: config}} {
		addr := start(t, opts)
		for _, path := range []string{"/", "/services/echo", "/a/b?agent=x&X-StatefulSocketId=1"} {
			t.Run(scheme+path, func(t *testing.T) {
				nc := dial(t, scheme+"://"+addr+path)
				for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
					data := bytes.Repeat([]byte{0xff, 0xfe, 'x'}, size/3+1)[:size]
					wantEcho(t, nc, ws.OpBinary, data)
					wantEcho(t, nc, ws.OpText, bytes.Repeat([]byte("я"), size/2))
				}
				wantEcho(t, nc, ws.OpText, []byte("$hbt"))
			})
		}
	}
}

// Clients fail a connection whose server selects none of the subprotocols that they offer.
func TestSubprotocol(t *testing.T) {
	d := ws.Dialer{Timeout: patience, Protocols: []string{"chat", "superchat"}}
	nc, _, answer, err := d.Dial(context.Background(), "ws://"+start(t, echoserver.Options{})+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if answer.Protocol != "chat" {
		t.Errorf("selected %q, want the first offered", answer.Protocol)
	}
}

func wantEcho(t *testing.T, nc net.Conn, op ws.OpCode, data []byte) {
	t.Helper()
	if err := wsutil.WriteClientMessage(nc, op, data); err != nil {
		t.Fatal(err)
	}
	got, gotOp, err := wsutil.ReadServerData(nc)
	if err != nil || gotOp != op || !bytes.Equal(got, data) {
		t.Fatalf("sent %v of %d bytes, got %v of %d (%v)", op, len(data), gotOp, len(got), err)
	}
}

// Fragments of one byte become the message they are of.
func TestTinyFragments(t *testing.T) {
	nc := dial(t, "ws://"+start(t, echoserver.Options{})+"/")
	data := make([]byte, 4096)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	var sent bytes.Buffer
	for i := range data {
		op := ws.OpContinuation
		if i == 0 {
			op = ws.OpBinary
		}
		f := ws.MaskFrameInPlace(ws.NewFrame(op, i == len(data)-1, bytes.Clone(data[i:i+1])))
		if err := ws.WriteFrame(&sent, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nc.Write(sent.Bytes()); err != nil {
		t.Fatal(err)
	}
	got, op, err := wsutil.ReadServerData(nc)
	if err != nil || op != ws.OpBinary || !bytes.Equal(got, data) {
		t.Fatalf("got %v of %d bytes (%v)", op, len(got), err)
	}
}

// What is too large for the server closes the connection with 1009.
func TestLimit(t *testing.T) {
	nc := dial(t, "ws://"+start(t, echoserver.Options{Limit: 1000})+"/")
	wantEcho(t, nc, ws.OpBinary, make([]byte, 1000))
	if err := wsutil.WriteClientBinary(nc, make([]byte, 1001)); err != nil {
		t.Fatal(err)
	}
	_, _, err := wsutil.ReadServerData(nc)
	if closed, ok := err.(wsutil.ClosedError); !ok || closed.Code != ws.StatusMessageTooBig {
		t.Fatalf("got %v, want a close with 1009", err)
	}
}
