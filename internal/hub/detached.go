package hub

import (
	"sync/atomic"
	"time"
)

// away is what a socket has instead of a connection while it is detached.
type away struct {
	last   *Conn  // its latest connection, which the next one replaces
	reason Reason // why that broke
	until  time.Time
	timer  *time.Timer // nil: its window does not end
	told   atomic.Bool // Conn.Final was asked and has answered
}

// A window does not end while a connection holds messages: it will soon say which of them it has
// written, and those are not lost. It is asked so often, and has so long.
const (
	holderAsked    = 100 * time.Millisecond
	holderPatience = 5 * time.Second
)

// detaches reports whether a stateful socket outlives a connection that ended for the reason: where
// the client may want to come back. One that says good-bye does not, unless its page only goes away;
// who was refused, aborted or logged out must not (design: "Sockets over the wire").
func (r Reason) detaches() bool {
	if r.Abort {
		return false
	}
	switch r.Code {
	case CodeGoingAway, CodeLost, CodeShutdown, CodeOverflow,
		CodeProtocol, CodeBinary, CodeInvalidText, CodeTooLarge: // a fault costs the connection, not what waits
		return true
	}
	return false
}

// outlives reports whether the socket stays when c ends for the reason. A handshake that failed
// leaves an older socket as it was, but makes no new one.
func (s *Socket) outlives(c *Conn, reason Reason) bool {
	return s.keeps() && reason.detaches() && !(c.fresh && reason.Cause == CauseHandshake)
}

// keeps reports whether the socket may outlive a connection at all.
func (s *Socket) keeps() bool { return s.stateful && s.hub.cfg.ResumeWindow > 0 }

// detach takes the connection from an open socket: c is stale from now on and closes for the
// reason. Called with both locks held; the window begins.
func (s *Socket) detach(sh *shard, c *Conn, reason Reason) {
	c.bye = &reason
	s.conn = nil
	s.draining = false
	s.beAway(sh, c, reason, s.hub.cfg.ResumeWindow)
	s.hub.crowd.leave(s.user.Load().ID, s.handshake.Load().RemoteAddr)
	s.happened(EventDetached, s.tags.Load(), StateOpen)
	s.hub.figures.closed(reason)
}

// beAway makes the socket detached, for the time given. Called with both locks held.
func (s *Socket) beAway(sh *shard, last *Conn, reason Reason, window time.Duration) {
	a := &away{last: last, reason: reason, until: s.hub.windowTime().Add(window)}
	s.away = a
	sh.noteDetached(s)
	if s.hub.frozen.Load() == nil {
		a.timer = time.AfterFunc(window, func() { s.expire(a) })
	}
}

// comeBack ends the detached state. Called with both locks held; the socket is in the registry.
func (s *Socket) comeBack(sh *shard) *away {
	a := s.away
	if a.timer != nil {
		a.timer.Stop() // one that has gone off finds another state
	}
	s.away = nil
	sh.noteAttached(s)
	return a
}

// expire ends a socket whose window is over, unless it has left that state; a writer that holds messages
// of it is waited for. A user who comes back later under the key hears of what waited.
func (s *Socket) expire(a *away) {
	sh := s.hub.shard(s.key)
	sh.mu.Lock()
	s.mu.Lock()
	due := s.away == a && !s.gone && s.hub.frozen.Load() == nil
	if due && s.queue.holder != nil && time.Since(a.until) < holderPatience {
		due = false
		a.timer.Reset(holderAsked)
	}
	if due {
		s.hub.losses.add(s.key, s.user.Load().ID, s.queue.unread())
		s.endDetached(sh, a.reason)
		s.hub.figures.expired.With(s.Service()).Inc()
	}
	s.mu.Unlock()
	sh.mu.Unlock()
	if due {
		a.last.waker.Wake()
	}
}

// endDetached ends a detached socket: what waited is dropped. Called with both locks held; the waker of
// the last connection must be called after that.
func (s *Socket) endDetached(sh *shard, reason Reason) {
	if a := s.away; a.timer != nil {
		a.timer.Stop()
	}
	s.leave(sh, reason, StateDetached)
	s.ended = true
	s.forget()
}

// Final reports that the socket has ended after c was its last connection and had left it detached:
// its window is over, or somebody ended it meanwhile. The waker of c is woken for it. It returns
// true once.
func (c *Conn) Final() (Reason, bool) {
	s := c.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.away; !s.ended || a == nil || a.last != c || a.told.Swap(true) {
		return Reason{}, false
	}
	return *s.reason, true
}

// StopExpiry sees that no window ends from now on. Detached sockets stay until the process ends,
// so that they can be saved with [Hub.Detached]. Their windows stand still: nobody could come back
// meanwhile.
func (h *Hub) StopExpiry() {
	now := time.Now()
	h.frozen.CompareAndSwap(nil, &now)
}

// windowTime is the time by which windows end.
func (h *Hub) windowTime() time.Time {
	if frozen := h.frozen.Load(); frozen != nil {
		return *frozen
	}
	return time.Now()
}

// Detached is all there is to know of a detached socket, for whoever keeps it over a restart.
type Detached struct {
	Key       string
	User      User
	Handshake Handshake
	Tags      map[string]string
	Opened    time.Time
	Connected time.Time // when its latest connection began
	BytesIn   int64
	BytesOut  int64
	Reason    Reason        // why its connection broke
	Window    time.Duration // what is left of its window; not negative
	Mode      string        // of its queue: "text", "json", "" if none is fixed
	Waiting   []Waiting     // in the order of their sends
	Dropped   int           // messages dropped since it was opened, as far as they were counted
	Overflow  int           // of them, those still to be announced as overflowed; MissedUnknown if not counted
	Expired   int           // and as expired, likewise
	NodeLost  int           // and as lost with a node, likewise
	Durable   bool          // see [Socket.Durable]
}

// Waiting is a message in the queue of a detached socket.
type Waiting struct {
	Text        string
	Item        bool // it goes out as an item of an array, not in a frame of its own
	ConflateKey string
}

// Detached returns the detached sockets of this hub, in no particular order. Each is as it was at
// some moment of the call.
func (h *Hub) Detached() []Detached {
	var all []Detached
	for i := range h.shards {
		all = h.shards[i].appendDetached(all)
	}
	return all
}

func (sh *shard) appendDetached(all []Detached) []Detached {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if len(sh.detached) == 0 {
		return all
	}
	for _, s := range sh.all {
		if s.indexed.detached {
			all = append(all, s.detachedState())
		}
	}
	return all
}

// detachedState describes the socket. Called with the lock of the shard held, which keeps it
// detached.
func (s *Socket) detachedState() Detached {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := Detached{
		Durable: s.durable, Key: s.key, User: s.User(), Handshake: *s.Handshake(), Tags: s.Tags().Map(),
		Opened: time.Unix(0, s.opened), Connected: time.Unix(0, s.connected),
		BytesIn: s.bytesIn.Load(), BytesOut: s.bytesOut.Load(),
		Reason: s.away.reason, Window: max(s.away.until.Sub(s.hub.windowTime()), 0), Mode: s.queue.modeName(),
	}
	for _, item := range s.queue.items {
		if g := item.m.gap; g != nil { // a writer still has it
			d.count(g.kind, g.missed)
			continue
		}
		d.Waiting = append(d.Waiting, Waiting{Text: item.m.text, Item: item.pack == packItem, ConflateKey: item.m.conflateKey})
	}
	if l := s.queue.lost; l != nil {
		d.Dropped = l.total
		d.count(lossOverflow, l.behind)
		for kind, missed := range l.gaps {
			d.count(lossKind(kind), missed)
		}
	}
	return d
}

func (d *Detached) count(kind lossKind, missed int) {
	switch kind {
	case lossExpired:
		d.Expired = addMissed(d.Expired, missed)
	case lossNode:
		d.NodeLost = addMissed(d.NodeLost, missed)
	default:
		d.Overflow = addMissed(d.Overflow, missed)
	}
}

// Restore makes a socket again that was detached when it was saved. The rest of its window begins
// now; w is the waker of its last connection: it is woken when the window ends, and the next
// connection replaces it. The connection returned is stale from the start. A queue
// larger than the limits of this hub is taken as it is. Errors: [ErrKeyTaken] when a socket has the
// key already, and one that wraps [ErrBadKey].
func (h *Hub) Restore(d Detached, w Waker) (*Conn, error) {
	service, _, stateful, err := ParseKey(d.Key)
	if err != nil {
		return nil, err
	}
	s := &Socket{
		hub: h, key: d.Key, serviceEnd: int32(len(keyPrefix) + len(service)), stateful: stateful,
		opened: d.Opened.UnixNano(), connected: d.Connected.UnixNano(), durable: d.Durable,
	}
	user, handshake, reason := d.User, d.Handshake, d.Reason // copies: what waited must not stay in memory for them
	s.user.Store(&user)
	s.handshake.Store(&handshake)
	s.tags.Store(NewTags(d.Tags).set)
	s.bytesIn.Store(d.BytesIn)
	s.bytesOut.Store(d.BytesOut)
	h.openingFrom(func(last int64) int64 { return max(last, s.opened) })
	s.restoreQueue(&d)
	c := &Conn{socket: s, waker: w, bye: &reason}
	sh := h.shard(d.Key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.byKey[d.Key] != nil {
		s.forget()
		return nil, ErrKeyTaken
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.add(s)
	s.beAway(sh, c, reason, d.Window)
	return c, nil
}

func (s *Socket) restoreQueue(d *Detached) {
	q := &s.queue
	for _, w := range d.Waiting {
		m, pack := NewMessage(w.Text).WithConflateKey(w.ConflateKey), packText
		if w.Item {
			pack = packItem
		}
		q.push(m, pack, s.hub)
	}
	switch d.Mode {
	case "text":
		q.mode = modeText
	case "json":
		q.mode = modeJSON
	}
	if d.Dropped == 0 && d.Overflow == 0 && d.Expired == 0 && d.NodeLost == 0 {
		return
	}
	l := q.loss()
	l.total, l.gaps = d.Dropped, [lossKinds]int{lossOverflow: d.Overflow, lossExpired: d.Expired, lossNode: d.NodeLost}
	for kind, missed := range l.gaps { // which was the latest is not kept
		if missed != 0 {
			l.last = lossKind(kind)
		}
	}
}
