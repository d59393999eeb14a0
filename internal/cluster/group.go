package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// A message to many is one request to all nodes, and each delivers to the sockets it has. A socket that
// moves from one node to another meanwhile must get it once, though both nodes have the request. So each
// node numbers what it sends to all, and knows how far it has come in what every other has sent: that is a
// vector of numbers, one for each node. Numbers only grow: one that does not come, because its sender had given
// this node up before, is one that was not delivered here. A socket that is handed over brings the vector of the node that had
// it. What is beyond that, and this node has already dealt with, is delivered from a log that is kept while
// sockets arrive; what the socket has had there, and is still to come here, is left out for it.

// groups is what a node knows of the messages to many. Safe for concurrent use.
type groups struct {
	mu       sync.Mutex // held while one is delivered: a socket is handed over before it or after it
	seen     vector
	fading   map[string]time.Time // since when those of seen are gone, that are
	arrivals []*setOut            // sockets on their way here since the first that still is
	log      []*groupSend         // what was delivered since that set out, as far as there is room
	first    uint64               // number of the first of the log
	logBytes int                  // of what is in it
	dropped  vector               // up to where the log had no room, while that is missing
	ahead    map[string]vector    // by key: what sockets had before they came
}

// setOut is a socket on its way here.
type setOut struct {
	from uint64 // number of the first message since
	here bool
}

// vector says of each node, by its incarnation, how far somebody has come in what it sent to all.
type vector map[string]uint64

// groupLogMost and groupLogBytes bound the log. Sockets arrive within milliseconds, but where another node stops.
// One that may have missed more hears of a gap.
const (
	groupLogMost  = 64 << 10
	groupLogBytes = 64 << 20
)

// groupSend is a message to many: to the sockets that meet the filter, or to those with the keys.
type groupSend struct {
	from   string // incarnation; "" for one that no other node gets
	seq    uint64
	m      *hub.Message
	mode   hub.Mode
	filter *hub.Filter
	keys   []string
	alive  func() // says to who sent it that the delivery goes on; nil: nobody waits
	// expired says that who sent it has given this node up; nil: it is this node's own
	expired func() bool
}

// arrive begins the log for one more socket; left ends it.
func (g *groups) arrive() (left func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := &setOut{from: g.first + uint64(len(g.log))}
	g.arrivals = append(g.arrivals, one)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		one.here = true
		g.trim()
	}
}

// trim forgets what nobody needs any more who is on the way here. Called with mu held.
func (g *groups) trim() {
	for len(g.arrivals) > 0 && g.arrivals[0].here {
		g.arrivals[0] = nil
		g.arrivals = g.arrivals[1:]
	}
	if len(g.arrivals) == 0 {
		g.first += uint64(len(g.log))
		g.arrivals, g.log, g.logBytes, g.dropped = nil, nil, 0, nil
		return
	}
	for g.first < g.arrivals[0].from {
		g.shift()
	}
	if g.first == g.arrivals[0].from {
		g.dropped = nil
	}
}

// shift takes the oldest message out of the log. Called with mu held.
func (g *groups) shift() *groupSend {
	oldest := g.log[0]
	g.log[0] = nil
	g.log = g.log[1:]
	g.first++
	g.logBytes -= len(oldest.m.Text())
	return oldest
}

// note enters a message that is about to be delivered here. Called with mu held.
func (g *groups) note(s *groupSend) {
	if s.from == "" {
		return
	}
	if g.seen == nil {
		g.seen = vector{}
	}
	g.seen[s.from] = s.seq
	if len(g.arrivals) == 0 {
		return
	}
	g.log = append(g.log, s)
	g.logBytes += len(s.m.Text())
	for len(g.log) > groupLogMost || g.logBytes > groupLogBytes {
		lost := g.shift()
		if g.dropped == nil {
			g.dropped = vector{}
		}
		g.dropped[lost.from] = lost.seq
	}
}

// had reports whether a socket had a message before it came here. Called with mu held.
func (g *groups) had(key string, s *groupSend) bool {
	v := g.ahead[key]
	most, ok := v[s.from]
	if !ok {
		return false
	}
	if most <= s.seq { // there is none after this one
		if delete(v, s.from); len(v) == 0 {
			delete(g.ahead, key)
		}
	}
	return s.seq <= most
}

// now returns how far this node has come. Called with mu held.
func (g *groups) now() vector {
	v := make(vector, len(g.seen))
	for from, seq := range g.seen {
		v[from] = seq
	}
	return v
}

// leave returns what a socket has had that goes to another node: what this node has dealt with, and what it had before
// it came here. Called with mu held.
func (g *groups) leave(key string) vector {
	had := g.now()
	for from, seq := range g.ahead[key] {
		had[from] = max(had[from], seq)
	}
	delete(g.ahead, key)
	return had
}

// come takes in a socket that had what the vector says, and returns what it missed on its way, and whether
// that is not all. Called with mu held.
func (g *groups) come(key string, had vector) (missed []*groupSend, more bool) {
	ahead := vector{}
	for from, seq := range had {
		if seq > g.seen[from] {
			ahead[from] = seq
		}
	}
	if len(ahead) > 0 {
		if g.ahead == nil {
			g.ahead = map[string]vector{}
		}
		g.ahead[key] = ahead
	}
	for _, s := range g.log {
		if s.seq > had[s.from] {
			missed = append(missed, s)
		}
	}
	for from, seq := range g.dropped {
		more = more || seq > had[from]
	}
	return missed, more
}

// fadeTime is how long a node has to be gone before it is forgotten how far it had come: one that was only cut off
// goes on where it was.
const fadeTime = 2 * time.Minute

// prune forgets nodes that have been gone for long. A socket that had more of them than this node has will not get
// it here.
func (g *groups) prune(live func(incarnation string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for from := range g.seen {
		since, fading := g.fading[from]
		switch {
		case live(from):
			delete(g.fading, from)
		case !fading:
			if g.fading == nil {
				g.fading = map[string]time.Time{}
			}
			g.fading[from] = now
		case now.Sub(since) > fadeTime:
			delete(g.seen, from)
			delete(g.fading, from)
		}
	}
	for key, v := range g.ahead {
		for from, seq := range v {
			if _, known := g.seen[from]; !known && !live(from) || seq <= g.seen[from] {
				delete(v, from)
			}
		}
		if len(v) == 0 {
			delete(g.ahead, key)
		}
	}
}

// SendWhere queues a message for all sockets that meet the filter, on all nodes, the detached ones too unless
// the filter looks at $state, passing over queues that are full. It is one message to each other node. Where
// nodes do not answer in time the result names them: their sockets may have got it or not. Errors: ctx's.
func (c *Cluster) SendWhere(ctx context.Context, f hub.Filter, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	f = f.Reaching()
	return c.sendGroup(ctx, &groupSend{m: m, mode: mode, filter: &f})
}

// SendMany queues one message for each of the keys, in their order, wherever the sockets are, passing over
// those that are gone or full. A key that is there twice gets the message twice. It is one message to each
// other node, if not all keys are of sockets here. Nodes that do not answer in time are named: their
// sockets may have got it or not. Errors: [hub.ErrNotStored] where a durable queue did not take it for certain. When ctx ends on the way it returns its error and how far it came.
func (c *Cluster) SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	span := c.tracer.SendMany(ctx, len(keys), len(m.Text()))
	if span == nil {
		return c.sendMany(ctx, keys, m, mode)
	}
	defer span.End()
	delivery, err := c.sendMany(ctx, keys, m.Watched(c.tracer.Follow(span)), mode)
	span.Addressed(delivery.Addressed())
	span.Outcome(outcome(err))
	return delivery, err
}

// sendMany delivers here first: what is left is of sockets that others have, or of nobody. Only that is numbered.
func (c *Cluster) sendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	delivery := hub.Delivery{Nodes: map[string]int{}}
	if err := ctx.Err(); err != nil {
		return delivery, err
	}
	here := make(chan delivered, 1)
	away := c.deliverHere(keys, m, mode, func(d delivered) { here <- d })
	if err := c.settle(ctx, here, &delivery); err != nil || len(away) == 0 || c.claims == nil {
		c.unknown.Add(len(away))
		return delivery, err
	}
	rest, err := c.sendGroup(ctx, &groupSend{m: m, mode: mode, keys: away})
	for node, n := range rest.Nodes {
		delivery.Add(node, n)
	}
	delivery.Missing = rest.Missing
	return delivery, err
}

// deliverHere queues a message for those of the keys whose sockets are here, and returns the others. done is called
// as that of deliver.
func (c *Cluster) deliverHere(keys []string, m *hub.Message, mode hub.Mode, done func(delivered)) (away []string) {
	tally := &tally{done: done}
	tally.open.Store(1)
	defer tally.close()
	for _, key := range keys {
		socket, ok := c.hub.Get(key)
		if !ok {
			away = append(away, key)
			continue
		}
		durable := socket.Durable() && mode != hub.ModePlain
		if durable && c.lines.get(key) == nil { // it is ending, or has just moved
			away = append(away, key)
			continue
		}
		tally.open.Add(1)
		if durable {
			c.put(socket, m, mode, nil, func(depth int, err error) {
				if absent(err) { // it has moved since: nobody is to believe that the message follows it
					err = fmt.Errorf("%w: %w", hub.ErrNotStored, err)
				}
				tally.one(depth, err)
			})
			continue
		}
		c.put(socket, m, mode, nil, func(depth int, err error) { // called before put returns
			if absent(err) {
				away = append(away, key)
			}
			tally.one(depth, err)
		})
	}
	return away
}

// sendGroup delivers here and on the other nodes.
func (c *Cluster) sendGroup(ctx context.Context, s *groupSend) (hub.Delivery, error) {
	delivery := hub.Delivery{Nodes: map[string]int{}}
	if err := ctx.Err(); err != nil {
		return delivery, err
	}
	here := make(chan delivered, 1)
	local := func() { c.deliver(s, func(d delivered) { here <- d }) }
	var err error
	if len(c.others()) == 0 {
		local()
	} else {
		delivery.Missing, err = c.sendToAll(ctx, s, local, delivery.Nodes)
	}
	if failed := c.settle(ctx, here, &delivery); failed != nil {
		err = failed
	}
	if n := delivery.Addressed(); n > 0 && errors.Is(err, hub.ErrNotStored) {
		err = fmt.Errorf("%w; %d other sockets have it all the same", err, n)
	}
	return delivery, err
}

// settle waits for what became of a message on this node.
func (c *Cluster) settle(ctx context.Context, here <-chan delivered, delivery *hub.Delivery) error {
	select {
	case d := <-here:
		delivery.Add(c.hub.Node(), d.addressed)
		return d.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendToAll passes the message on, and delivers it here when it has its number.
func (c *Cluster) sendToAll(ctx context.Context, s *groupSend, local func(), counts map[string]int) (missing []string, err error) {
	begun, nodes := false, c.far.others()
	before := func(seq uint64) {
		begun = true
		s.from, s.seq = c.cfg.Incarnation, seq
		local()
	}
	missing, err = c.peers.Group(ctx, nodes, opGroup, writeGroup(s), before, func(node string, body []byte) error {
		if n := readCount(body); n > 0 {
			counts[node] = n
		}
		return nil
	})
	if !begun {
		local()
	}
	var failure *peers.Failure
	if errors.As(err, &failure) { // the others have answered all the same
		return missing, errorOf(failure)
	}
	if err != nil && ctx.Err() == nil { // the others cannot be reached; what is here was delivered
		return nodes, nil
	}
	return missing, err
}

// serveGroup delivers a message of another node.
func (c *Cluster) serveGroup(q *peers.Request) {
	s, err := readGroup(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	s.from, s.seq = q.FromIncarnation, q.GroupSeq
	s.alive = func() { q.Page(nil) } // or the other node would take this one for dead
	s.expired = q.Expired
	c.deliver(s, func(d delivered) {
		if d.err != nil {
			refuse(q, d.err)
			return
		}
		q.Reply(writeCount(d.addressed))
	})
}

// A delivery that takes longer than aliveEvery is a sign of life each time; the clock is looked at once in aliveSockets.
const (
	aliveEvery   = 200 * time.Millisecond
	aliveSockets = 1 << 10
)

// delivered is what became of a message to many on one node.
type delivered struct {
	addressed int   // queues that took it
	err       error // it was not stored for a durable one; [hub.ErrNotStored]
}

// deliver queues a message for the sockets of this node that it is for. done is called once, possibly before
// deliver returns: where queues are durable, after storage.
func (c *Cluster) deliver(s *groupSend, done func(delivered)) {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	c.groups.note(s)
	tally := &tally{done: done}
	tally.open.Store(1)
	defer tally.close()
	var stored []outbox.Addressee
	defer func() { c.store(stored, s, tally) }()
	if s.filter != nil {
		began := time.Now()
		for i, socket := range c.hub.Select(*s.filter) {
			stored = c.deliverTo(socket, s, tally, stored)
			if i%aliveSockets == aliveSockets-1 && s.alive != nil && time.Since(began) > aliveEvery {
				began = time.Now()
				s.alive()
			}
		}
		return
	}
	for _, key := range s.keys {
		if socket, ok := c.hub.Get(key); ok {
			stored = c.deliverTo(socket, s, tally, stored)
		}
	}
}

// deliverTo queues the message for a socket, or adds that to those it is to be stored for. Called with the mutex of
// groups held.
func (c *Cluster) deliverTo(socket *hub.Socket, s *groupSend, t *tally, stored []outbox.Addressee) []outbox.Addressee {
	if c.groups.ahead != nil && c.groups.had(socket.Key(), s) {
		return stored
	}
	if socket.Durable() && s.mode != hub.ModePlain && !c.frozen.Load() {
		if h, mine := c.claims.get(socket.Key()); mine {
			return append(stored, outbox.Addressee{Key: socket.Key(), Life: h.Life})
		}
	}
	t.open.Add(1)
	c.put(socket, s.m, s.mode, s.expired, t.one)
	return stored
}

// store stores a message for durable queues: it is kept once for many of them.
func (c *Cluster) store(to []outbox.Addressee, s *groupSend, t *tally) {
	if len(to) == 0 {
		return
	}
	absences, unseen := c.absences()
	if unseen || c.sure.Load() != absences+1 {
		to = slices.DeleteFunc(to, func(a outbox.Addressee) bool {
			doubtful := c.doubtful(a.Key)
			if doubtful {
				t.open.Add(1)
				go c.putChecked(a.Key, s.m, s.mode, s.expired, t.one)
			}
			return doubtful
		})
	}
	if len(to) == 0 {
		return
	}
	t.open.Add(1)
	c.outbox.Append(to, s.m, s.mode, func(_ outbox.Position, err error) {
		if err == nil && c.absentSince(absences) {
			go c.confirmAll(to, t)
			return
		}
		t.count(len(to), err)
	})
}

// confirmAll counts the queues whose owner is still this node.
func (c *Cluster) confirmAll(to []outbox.Addressee, t *tally) {
	for _, a := range to {
		t.open.Add(1)
		c.confirm(a.Key, 0, t.one)
	}
	t.close()
}

// tally counts what becomes of a message to many.
type tally struct {
	done      func(delivered)
	open      atomic.Int64
	addressed atomic.Int64
	failed    atomic.Pointer[error] // the first time it was not stored
}

func (t *tally) one(_ int, err error) { t.count(1, err) }

// count notes what became of it for some queues.
func (t *tally) count(queues int, err error) {
	switch {
	case err == nil:
		t.addressed.Add(int64(queues))
	case errors.Is(err, hub.ErrNotStored):
		t.failed.CompareAndSwap(nil, &err)
	}
	t.close()
}

func (t *tally) close() {
	if t.open.Add(-1) > 0 {
		return
	}
	d := delivered{addressed: int(t.addressed.Load())}
	if err := t.failed.Load(); err != nil {
		d.err = *err
	}
	t.done(d)
}
