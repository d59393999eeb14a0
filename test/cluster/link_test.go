package cluster

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// link passes TCP connections on to an address until it is cut. Then it holds back what either side sends, and what
// it connects to: neither side is told, and all of it goes on when the link heals.
type link struct {
	listener net.Listener
	target   string
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	open  chan struct{} // closed while data pass
	ended bool
}

// newLink makes a link on a free port. It ends with the test.
func newLink(t testing.TB, target string) *link {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &link{listener: l, target: target, conns: map[net.Conn]bool{}, open: make(chan struct{})}
	close(k.open)
	k.serving.Go(k.serve)
	t.Cleanup(k.end)
	return k
}

func (k *link) address() string { return k.listener.Addr().String() }

// cut stops everything; heal undoes it. Both may be called twice.
func (k *link) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.open:
		if !k.ended {
			k.open = make(chan struct{})
		}
	default:
	}
}

func (k *link) heal() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pass()
}

// pass lets data through. Called with mu held.
func (k *link) pass() {
	select {
	case <-k.open:
	default:
		close(k.open)
	}
}

func (k *link) passing() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open
}

func (k *link) end() {
	_ = k.listener.Close()
	k.mu.Lock()
	k.ended = true
	k.pass()
	for c := range k.conns {
		_ = c.Close()
	}
	k.mu.Unlock()
	k.serving.Wait()
}

func (k *link) serve() {
	for {
		near, err := k.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			k.serving.Go(func() { k.join(near) })
		}
	}
}

// keep notes a connection to be closed at the end; it is closed at once after that.
func (k *link) keep(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns[c] = true
	if k.ended {
		_ = c.Close()
	}
}

func (k *link) drop(c net.Conn) {
	_ = c.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.conns, c)
}

// join passes data both ways until one side ends.
func (k *link) join(near net.Conn) {
	k.keep(near)
	defer k.drop(near)
	<-k.passing()
	far, err := net.Dial("tcp", k.target)
	if err != nil {
		return
	}
	k.keep(far)
	defer k.drop(far)
	var passing sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		passing.Go(func() {
			k.copy(way[0], way[1])
			_, _ = near.Close(), far.Close() // the other direction ends with it
		})
	}
	passing.Wait()
}

// copy passes data on while the link is whole. That a side has ended is not told while it is cut either.
func (k *link) copy(from io.Reader, to io.Writer) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		<-k.passing()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
