package cluster

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// guest is a socket of which each frame is expected.
type guest struct {
	t      testing.TB
	node   *node
	conn   *wsclient.Conn
	key    string
	frames chan string           // each text that comes
	closed chan *wsclient.Closed // how it ended
}

// newGuest opens a socket; without an id it is volatile. It is dropped with the test.
func newGuest(t testing.TB, n *node, service, id, user string) *guest {
	t.Helper()
	conn, err := dial(n, service, id, user)
	if err != nil {
		t.Fatalf("%s: open %s %q: %v", n.name, service, id, err)
	}
	g := &guest{t: t, node: n, conn: conn, key: conn.Key(), frames: make(chan string, 1000), closed: make(chan *wsclient.Closed, 1)}
	var reading sync.WaitGroup
	reading.Go(g.read)
	t.Cleanup(func() {
		conn.Drop()
		reading.Wait()
	})
	return g
}

func (g *guest) read() {
	for {
		m, err := g.conn.Receive()
		var closed *wsclient.Closed
		if errors.As(err, &closed) {
			g.closed <- closed
			return
		}
		g.frames <- m.Text
	}
}

// expect waits for frames in this order.
func (g *guest) expect(texts ...string) {
	g.t.Helper()
	for _, want := range texts {
		select {
		case got := <-g.frames:
			if got != want {
				g.t.Errorf("%s at %s: got %s, want %s", g.key, g.node.name, got, want)
			}
		case closed := <-g.closed:
			g.t.Fatalf("%s at %s: want %s, and it is %v", g.key, g.node.name, want, closed)
		case <-time.After(patience):
			g.t.Fatalf("%s at %s: %s did not come", g.key, g.node.name, want)
		}
	}
}

// quiet checks that nothing has come: what is sent afterwards is the next to come.
func (g *guest) quiet(from *node) {
	g.t.Helper()
	from.must(202, "POST", "/sockets/"+escaped(g.key)+"/messages", map[string]any{"message": `"quiet"`, "json_compound": true}, nil)
	g.expect(`["quiet"]`)
}

// expectClose waits for the end with a code.
func (g *guest) expectClose(code int) {
	g.t.Helper()
	for {
		select {
		case got := <-g.frames:
			g.t.Errorf("%s at %s: got %s, want the end", g.key, g.node.name, got)
		case closed := <-g.closed:
			if closed.Code != code {
				g.t.Errorf("%s at %s: closed with %d %s, want %d", g.key, g.node.name, closed.Code, closed.Reason, code)
			}
			return
		case <-time.After(patience):
			g.t.Fatalf("%s at %s is not closed with %d", g.key, g.node.name, code)
		}
	}
}
