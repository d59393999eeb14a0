package directory_test

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestLostAnswer has the answer to a claim not come until it was asked for again.
func TestLostAnswer(t *testing.T) {
	var address string
	local, _ := natstest.Start(t, t.TempDir(), func(o *server.Options) {
		o.DontListen, o.Host, o.Port = false, "127.0.0.1", freePort(t)
		address = (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: o.Port}).String()
	})
	way := newWay(t, address)
	nc, err := nats.Connect("nats://" + way.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, js, directory.Config{})

	way.hold(2) // until the second attempt is on its way
	revision := take(t, d, key, claimOf("a"), 0)
	if way.passed() < 2 {
		t.Fatal("the claim was answered at once: the test shows nothing")
	}
	wantHeld(t, open(t, local, directory.Config{}), key, directory.Held{Claim: claimOf("a"), Revision: revision})
	if n := messages(t, local); n != 1 {
		t.Errorf("%d claims were written, want 1", n)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// way lies between a client and its server and can hold back what the server says.
type way struct {
	address string
	mu      sync.Mutex
	open    *sync.Cond
	until   int // claims that have to pass before answers do
	claims  int // that passed
}

func newWay(t testing.TB, to string) *way {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{address: l.Addr().String()}
	w.open = sync.NewCond(&w.mu)
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); w.hold(0); all.Wait() })
	all.Go(func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = client.Close() }()
		srv, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = srv.Close() }()
		all.Go(func() { w.answers(srv, client) })
		w.requests(client, srv)
	})
	return w
}

// hold keeps answers back until this many claims were made.
func (w *way) hold(claims int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = claims
	w.open.Broadcast()
}

func (w *way) requests(client, srv net.Conn) {
	b := make([]byte, 64<<10)
	for {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.claims += bytes.Count(b[:n], []byte("HPUB sockets."))
		w.open.Broadcast()
		w.mu.Unlock()
		if _, err := srv.Write(b[:n]); err != nil {
			return
		}
	}
}

func (w *way) answers(srv, client net.Conn) {
	b := make([]byte, 64<<10)
	for {
		n, err := srv.Read(b)
		if err != nil {
			return
		}
		w.mu.Lock()
		for w.claims < w.until {
			w.open.Wait()
		}
		w.mu.Unlock()
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}

// passed is how many claims were made.
func (w *way) passed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claims
}
