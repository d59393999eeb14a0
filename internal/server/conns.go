package server

import (
	"container/list"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// conns are the connections of a listener. Those that wait, because no request has come on them yet or the last was
// answered, cost their client nothing and must not cost others the server: they are bounded, in all and by address.
// Of one more than allowed the oldest is closed, which an honest client has long used or does not miss: new ones are
// let in, however many somebody holds open, encrypted or not. Those of a reverse proxy that is trusted are many people's:
// they count in all, and not by address. Safe for concurrent use.
type conns struct {
	limits connLimits
	report connReport
	// trusted tells the addresses of such proxies; nil: there are none.
	trusted func(netip.Addr) bool

	mu     sync.Mutex // guards what follows
	conns  map[net.Conn]*trackedConn
	queue  list.List                 // of those that wait, *trackedConn, the oldest first
	from   map[netip.Addr]*list.List // those that wait by address, without those of proxies
	closed bool                      // nobody is to be answered any more
}

// connLimits bound the connections that wait; 0 is no limit.
type connLimits struct{ total, perAddress int }

// connReport is told what happens to connections.
type connReport interface {
	// crowdedOut is told that a connection was closed because of a limit, by the name of its setting.
	crowdedOut(remote, limit string)
	// unread is told that a connection ended while a request on it had begun and was not complete, not valid or
	// too long.
	unread(remote string)
}

// trackedConn is one connection. Its fields are guarded by the mutex of conns.
type trackedConn struct {
	conn    net.Conn
	address netip.Addr
	proxy   bool // it is one of a proxy that is trusted
	state   http.ConnState
	// queued and own are its places in both lists; nil: it does not wait, or that of a proxy has no place in the second.
	queued, own *list.Element
	dropped     bool
	// asked says that the request that has begun was complete.
	asked atomic.Bool
}

type connKey struct{}

// track is the ConnContext of http.Server: what is known of a connection goes with its requests.
func (c *conns) track(ctx context.Context, conn net.Conn) context.Context {
	peer := peerOf(conn)
	t := &trackedConn{conn: conn, address: counted(peer), proxy: c.trusted != nil && c.trusted(peer)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns == nil {
		c.conns, c.from = map[net.Conn]*trackedConn{}, map[netip.Addr]*list.List{}
	}
	c.conns[conn] = t
	return context.WithValue(ctx, connKey{}, t)
}

// note is the ConnState of http.Server.
func (c *conns) note(conn net.Conn, state http.ConnState) {
	victim, limit, unread := c.move(conn, state)
	if victim != nil {
		c.report.crowdedOut(victim.conn.RemoteAddr().String(), limit)
		hangUp(victim.conn)
	}
	if unread {
		c.report.unread(conn.RemoteAddr().String())
	}
}

// move takes the new state of a connection in, and returns one that is to be closed, and because of which limit.
func (c *conns) move(conn net.Conn, state http.ConnState) (victim *trackedConn, limit string, unread bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.conns[conn]
	if t == nil {
		return nil, "", false
	}
	before := t.state
	t.state = state
	c.leave(t)
	switch state {
	case http.StateNew, http.StateIdle:
		if c.closed {
			return t, "", false
		}
		c.wait(t)
		victim, limit = c.excess(t)
	case http.StateActive:
		t.asked.Store(false)
	case http.StateHijacked, http.StateClosed:
		delete(c.conns, conn)
		unread = state == http.StateClosed && before == http.StateActive && !t.asked.Load() && !t.dropped
	}
	return victim, limit, unread
}

// wait puts a connection at the end of those that wait.
func (c *conns) wait(t *trackedConn) {
	t.queued = c.queue.PushBack(t)
	if t.proxy {
		return
	}
	own := c.from[t.address]
	if own == nil {
		own = list.New()
		c.from[t.address] = own
	}
	t.own = own.PushBack(t)
}

// leave takes a connection out of those that wait, if it is there.
func (c *conns) leave(t *trackedConn) {
	if t.queued == nil {
		return
	}
	c.queue.Remove(t.queued)
	t.queued = nil
	if t.own == nil {
		return
	}
	own := c.from[t.address]
	own.Remove(t.own)
	if own.Len() == 0 {
		delete(c.from, t.address)
	}
	t.own = nil
}

// excess returns the connection that must go because of one that came last, nil if none must. It is the oldest of the
// same address, if that has more than it may, or more than its share of all; otherwise the oldest there is.
func (c *conns) excess(last *trackedConn) (victim *trackedConn, limit string) {
	var own *list.List
	waiting := 0 // from the same address
	if !last.proxy {
		own = c.from[last.address]
		waiting = own.Len()
	}
	switch {
	case c.limits.perAddress > 0 && waiting > c.limits.perAddress:
		victim, limit = own.Front().Value.(*trackedConn), "limits.waiting_per_address"
	case c.limits.total <= 0 || c.queue.Len() <= c.limits.total:
		return nil, ""
	case waiting > 1 && waiting > c.limits.total/len(c.from):
		victim, limit = own.Front().Value.(*trackedConn), "limits.waiting"
	default:
		victim, limit = c.queue.Front().Value.(*trackedConn), "limits.waiting"
	}
	victim.dropped = true
	c.leave(victim)
	return victim, limit
}

// closeUnused closes the connections on which nothing was asked, and those that come later: Shutdown of http.Server
// would wait five seconds for their first request. A request that is on its way on one of them is not answered.
func (c *conns) closeUnused() {
	c.mu.Lock()
	c.closed = true
	var unused []net.Conn
	for conn, t := range c.conns {
		if t.state == http.StateNew {
			unused = append(unused, conn)
		}
	}
	c.mu.Unlock()
	for _, conn := range unused {
		hangUp(conn)
	}
}

// asked says that a request has come whole.
func asked(r *http.Request) {
	if t, ok := r.Context().Value(connKey{}).(*trackedConn); ok {
		t.asked.Store(true)
	}
}

// hangUp closes a connection without a word: TLS would write one, and wait for a client that takes nothing.
func hangUp(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close() // it has no use any more
}

// peerOf is who is at the other end; not valid if that has no address.
func peerOf(conn net.Conn) netip.Addr {
	address, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr().Unmap().WithZone("")
}

// counted is an address as limits count: of IPv6 the network, since everybody has one for himself.
func counted(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		const network = 64
		if p, err := addr.Prefix(network); err == nil {
			return p.Addr()
		}
	}
	return addr
}

// connRecords tells operators what becomes of connections: each is counted, and of many at once a record a minute
// remains.
type connRecords struct {
	logger   *slog.Logger
	refusals *auth.Refusals
	crowded  *metrics.Counters
	unreads  *metrics.Counter
	failures *metrics.Counter // of TLS

	crowdedLog, unreadLog seldom
}

func newConnRecords(logger *slog.Logger, registry *metrics.Registry, refusals *auth.Refusals) *connRecords {
	r := &connRecords{
		logger: logger, refusals: refusals,
		crowded:  registry.Counters("tutorsocket_server_crowded_out_connections_total", "Connections without a request that were closed because there were too many, by the setting that bounds them.", "limit"),
		unreads:  registry.Counter("tutorsocket_server_unread_requests_total", "Requests that were refused before anybody saw them: incomplete, not valid, or with headers that are too long."),
		failures: registry.Counter("tutorsocket_server_tls_failures_total", "TLS handshakes that failed."),
	}
	for _, limit := range []string{"limits.waiting", "limits.waiting_per_address"} {
		r.crowded.With(limit).Add(0) // so that it is there
	}
	return r
}

func (r *connRecords) crowdedOut(remote, limit string) {
	if limit == "" {
		return // the server ends
	}
	r.crowded.With(limit).Inc()
	if skipped, due := r.crowdedLog.due(time.Now()); due {
		r.logger.Warn("connection without a request closed, there are too many", "setting", limit, "address", remote, "skipped", skipped)
	}
}

// unreadDetail is all that can be said of a request that nobody could read.
const unreadDetail = "The request was not complete in time, not valid, or its headers were too long."

func (r *connRecords) unread(remote string) {
	r.unreads.Inc()
	r.refusals.Add(&http.Request{RemoteAddr: remote, URL: new(url.URL)}, auth.Refusal{
		What: auth.RefusedRequest, Status: http.StatusBadRequest, Detail: unreadDetail,
	})
	r.logUnread(remote, unreadDetail)
}

func (r *connRecords) logUnread(remote, why string) {
	if skipped, due := r.unreadLog.due(time.Now()); due {
		r.logger.Warn("request refused before it was read", "address", remote, "reason", why, "skipped", skipped)
	}
}

// seldom lets one record a minute through, and counts the others. Safe for concurrent use.
type seldom struct {
	mu      sync.Mutex
	until   time.Time
	skipped int
}

func (s *seldom) due(now time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		s.skipped++
		return 0, false
	}
	s.until = now.Add(time.Minute)
	skipped, s.skipped = s.skipped, 0
	return skipped, true
}
