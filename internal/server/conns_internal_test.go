package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// fakeConn is a connection that knows where it comes from and whether it was closed.
type fakeConn struct {
	net.Conn
	remote string
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.remote))
}

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

type reports []string

func (r *reports) crowdedOut(remote, limit string) { *r = append(*r, limit+" "+remote) }
func (r *reports) unread(remote string)            { *r = append(*r, "unread "+remote) }

func arrive(c *conns, remote string) *fakeConn {
	conn := &fakeConn{remote: remote}
	c.track(context.Background(), conn)
	c.note(conn, http.StateNew)
	return conn
}

// TestConnectionsThatWait: each case is a story of arrivals, by address, and who is closed by the last of them.
func TestConnectionsThatWait(t *testing.T) {
	const a, b, c = "192.0.2.1", "192.0.2.2", "192.0.2.3"
	for name, tc := range map[string]struct {
		limits   connLimits
		arrivals []string
		closed   []int // numbers of arrivals
	}{
		"no limits":                         {connLimits{}, []string{a, a, a, a, b}, nil},
		"as many as may":                    {connLimits{4, 2}, []string{a, a, b, b}, nil},
		"too many of one":                   {connLimits{4, 2}, []string{a, a, a, a}, []int{0, 1}},
		"others are not concerned":          {connLimits{9, 2}, []string{b, a, a, a, a}, []int{1, 2}},
		"too many in all, one of them most": {connLimits{3, 0}, []string{b, a, a, a, a, a}, []int{1, 2, 3}},
		"a newcomer takes the oldest place": {connLimits{3, 0}, []string{a, a, a, b}, []int{0}},
		"everybody has one":                 {connLimits{2, 2}, []string{a, b, c}, []int{0}},
		"no more than a share":              {connLimits{4, 4}, []string{b, a, a, a, a, a}, []int{1, 2}},
		"within its share":                  {connLimits{4, 4}, []string{b, a, a, a, b}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			var said reports
			all := &conns{limits: tc.limits, report: &said}
			var arrived []*fakeConn
			for i, address := range tc.arrivals {
				arrived = append(arrived, arrive(all, fmt.Sprintf("%s:%d", address, 1000+i)))
			}
			var closed []int
			for i, conn := range arrived {
				if conn.closed {
					closed = append(closed, i)
				}
			}
			if !slices.Equal(closed, tc.closed) || len(said) != len(tc.closed) {
				t.Errorf("closed are %v, want %v; reports %v", closed, tc.closed, said)
			}
		})
	}
}

// TestConnectionsInUseDoNotCount: neither a request that is answered nor a socket can be crowded out.
func TestConnectionsInUseDoNotCount(t *testing.T) {
	var said reports
	c := &conns{limits: connLimits{2, 2}, report: &said}
	used := arrive(c, "192.0.2.1:1")
	c.note(used, http.StateActive)
	socket := arrive(c, "192.0.2.1:2")
	c.note(socket, http.StateActive)
	c.note(socket, http.StateHijacked)
	for i := range 10 {
		arrive(c, fmt.Sprintf("192.0.2.1:%d", 10+i))
	}
	if used.closed || socket.closed || len(said) != 8 {
		t.Errorf("request closed %v, socket closed %v, reports %v", used.closed, socket.closed, said)
	}
	c.note(used, http.StateIdle) // it waits again, as the youngest
	if used.closed || len(said) != 9 {
		t.Errorf("closed %v, reports %v", used.closed, said)
	}
}

// TestProxiesAreNotOneAddress: behind a proxy are many, and what it holds open is no attack of one.
func TestProxiesAreNotOneAddress(t *testing.T) {
	proxies, err := auth.NewProxies([]string{"192.0.2.1", "2001:db8:0:1::1"})
	if err != nil {
		t.Fatal(err)
	}
	const proxy, stranger = "192.0.2.1", "192.0.2.2"
	var said reports
	c := &conns{limits: connLimits{8, 2}, report: &said, trusted: proxies.Trusts}
	var first *fakeConn
	for i, from := range []string{proxy, proxy, proxy, "[2001:db8:0:1::1]", "[2001:db8:0:1::1]", "[::ffff:192.0.2.1]"} {
		conn := arrive(c, fmt.Sprintf("%s:%d", from, 1+i))
		if first == nil {
			first = conn
		}
	}
	if len(said) != 0 {
		t.Fatalf("a proxy crowds itself out: %v", said)
	}
	for i := range 4 { // its neighbour in the network is none
		arrive(c, fmt.Sprintf("[2001:db8:0:1::2]:%d", 10+i))
	}
	want := reports{"limits.waiting_per_address [2001:db8:0:1::2]:10", "limits.waiting_per_address [2001:db8:0:1::2]:11"}
	if !slices.Equal(said, want) || first.closed {
		t.Errorf("reports %v, want %v", said, want)
	}
	arrive(c, stranger+":20")
	if !first.closed || said[2] != "limits.waiting 192.0.2.1:1" {
		t.Errorf("of too many in all the oldest is not closed: %v", said)
	}
	if c.note(first, http.StateClosed); len(c.conns) != 11-1 {
		t.Errorf("%d connections are known", len(c.conns))
	}
}

func TestNetworksOfIPv6CountAsOne(t *testing.T) {
	var said reports
	c := &conns{limits: connLimits{0, 1}, report: &said}
	first := arrive(c, "[2001:db8:0:1::1]:1")
	arrive(c, "[2001:db8:0:2::1]:1")
	arrive(c, "[::ffff:192.0.2.1]:1")
	if first.closed {
		t.Error("another network crowds it out")
	}
	arrive(c, "[2001:db8:0:1:ffff::2]:1")
	mapped := arrive(c, "192.0.2.1:2")
	if !first.closed || mapped.closed || len(said) != 2 {
		t.Errorf("closed %v, reports %v", first.closed, said)
	}
}

// TestBookkeepingOfConnections compares any story with a count of its own, and finds nothing left at the end.
func TestBookkeepingOfConnections(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var said reports
	c := &conns{limits: connLimits{20, 7}, report: &said}
	open := map[*fakeConn]http.ConnState{}
	for range 20_000 {
		if len(open) < 40 && random.IntN(3) == 0 {
			open[arrive(c, fmt.Sprintf("192.0.2.%d:1", random.IntN(6)))] = http.StateNew
		}
		for conn, state := range open {
			next := map[http.ConnState][]http.ConnState{
				http.StateNew: {http.StateActive, http.StateClosed}, http.StateActive: {http.StateIdle, http.StateHijacked, http.StateClosed},
				http.StateIdle: {http.StateActive, http.StateClosed},
			}[state]
			to := next[random.IntN(len(next))]
			c.note(conn, to)
			if open[conn] = to; to == http.StateHijacked || to == http.StateClosed {
				delete(open, conn)
			}
			break
		}
		waiting, from := 0, map[string]int{}
		for conn, state := range open {
			if (state == http.StateNew || state == http.StateIdle) && !conn.closed {
				waiting++
				from[strings.Split(conn.remote, ":")[0]]++
			}
		}
		for address, n := range from {
			if n > 7 || c.from[netip.MustParseAddr(address)].Len() != n {
				t.Fatalf("%d wait of %s", n, address)
			}
		}
		if waiting > 20 || c.queue.Len() != waiting || len(c.from) != len(from) {
			t.Fatalf("%d wait, it counts %d of %d addresses", waiting, c.queue.Len(), len(c.from))
		}
		for conn := range open { // those that were closed notice it
			if conn.closed {
				c.note(conn, http.StateClosed)
				delete(open, conn)
			}
		}
	}
	for conn := range open {
		c.note(conn, http.StateClosed)
	}
	if len(c.conns) != 0 || c.queue.Len() != 0 || len(c.from) != 0 {
		t.Errorf("left over: %d, %d, %d", len(c.conns), c.queue.Len(), len(c.from))
	}
}
