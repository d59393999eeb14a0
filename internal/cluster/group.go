package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
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
}

// SendWhere queues a message for all sockets that meet the filter, on all nodes, the detached ones too unless
// the filter looks at $state, passing over queues that are full. It is one message to each other node. Where
// nodes do not answer in time the result names them: their sockets may have got it or not. Errors: ctx's.
func (c *Cluster) SendWhere(ctx context.Context, f hub.Filter, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	f = f.Reaching()
	return c.traced(c.tracer.SendWhere(ctx, len(m.Text())), m, func(m *hub.Message) (hub.Delivery, error) {
		delivery, all, err := c.sendGroup(ctx, &groupSend{m: m, mode: mode, filter: &f})
		return delivery, cmp.Or(err, all.failure())
	})
}

// SendMany queues one message for each of the keys, in their order, wherever the sockets are, passing over
// those that are gone or full. A key that is there twice gets the message twice. It is one message to each
// other node, if not all keys are of sockets here. Nodes that do not answer in time are named: their
// sockets may have got it or not. Errors: [hub.ErrNotStored] where a durable queue did not take it for certain.
// When ctx ends on the way it returns its error and how far it came.
func (c *Cluster) SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error) {
	return c.traced(c.tracer.SendMany(ctx, len(keys), len(m.Text())), m, func(m *hub.Message) (hub.Delivery, error) {
		return c.sendMany(ctx, keys, m, mode)
	})
}

// traced calls send with the message, and records in the span, if there is one, what becomes of it.
func (c *Cluster) traced(span *tracing.Span, m *hub.Message, send func(*hub.Message) (hub.Delivery, error)) (hub.Delivery, error) {
	if span == nil {
		return send(m)
	}
	defer span.End()
	delivery, err := send(m.Watched(c.tracer.Follow(span)))
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
	here := make(chan outcomes, 1)
	away := c.deliverHere(keys, m, mode, func(o outcomes) { here <- o })
	all, err := c.settle(ctx, here, &delivery)
	if err != nil || len(away) == 0 || c.claims == nil {
		c.unknown.Add(len(away))
		return delivery, cmp.Or(err, all.failure())
	}
	for part := range slices.Chunk(away, keysAtOnce) {
		rest, far, err := c.sendGroup(ctx, &groupSend{m: m, mode: mode, keys: part})
		for node, n := range rest.Nodes {
			delivery.Add(node, n)
		}
		delivery.Missing = slices.Compact(slices.Sorted(slices.Values(append(delivery.Missing, rest.Missing...))))
		all.add(far)
		if err != nil {
			return delivery, err
		}
		if rest.Addressed()+far.unstored < len(part) {
			all.add(c.storeForAbsent(ctx, part, m, mode, &delivery))
		}
	}
	return delivery, all.failure()
}

// errOvertaken says that a later message of the same node was delivered before.
var errOvertaken = errors.New("the message has come after a later one")

// keysAtOnce is how many keys one request to the other nodes names.
const keysAtOnce = 50_000

// storeForAbsent stores a message for those of the keys that have durable queues and whose nodes are gone.
func (c *Cluster) storeForAbsent(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode, delivery *hub.Delivery) (all outcomes) {
	stored := make(chan outcomes, 1)
	tally := newTally(func(o outcomes) { stored <- o })
	places := make(chan struct{}, tenders)
	for _, key := range keys {
		if !c.durableKey(key) {
			continue
		}
		places <- struct{}{}
		tally.expect()
		go func() {
			defer func() { <-places }()
			o, err := c.findOwner(ctx, key, true)
			switch {
			case err != nil:
				err = fmt.Errorf("%w: %w", hub.ErrNotStored, err)
			case o.instead: // where the socket is not it counts as one of a node that is gone
				_, err = c.sendAway(ctx, key, m, mode)
			case !o.known || o.live: // it has ended, or was asked
				err = hub.ErrNotFound
			default:
				_, err = c.sendToNobody(ctx, key, o.claim, m, mode)
			}
			tally.one(0, err)
		}()
	}
	tally.close()
	all = <-stored
	delivery.Add(c.hub.Node(), all.addressed)
	return all
}

// deliverHere queues a message for those of the keys whose sockets are here, and returns the others. done is called
// as that of deliver.
func (c *Cluster) deliverHere(keys []string, m *hub.Message, mode hub.Mode, done func(outcomes)) (away []string) {
	tally := newTally(done)
	defer tally.close()
	var durable mailing
	for _, key := range keys {
		socket, ok := c.hub.Get(key)
		stores := ok && socket.Durable() && mode != hub.ModePlain
		switch {
		// It is ending, has just moved, or may have been taken over: that is found out where it is put to the others.
		case !ok, stores && c.lines.get(key) == nil, c.inDoubt(socket):
			away = append(away, key)
		case c.mail(&durable, socket, mode):
		case stores:
			tally.expect()
			c.put(socket, m, mode, nil, func(depth int, err error) {
				if absent(err) { // it has moved since: nobody is to believe that the message follows it
					err = fmt.Errorf("%w: %w", hub.ErrNotStored, err)
				}
				tally.one(depth, err)
			})
		case c.frozen.Load():
			away = append(away, key)
		default:
			tally.expect()
			c.queue(socket, m, mode, func(depth int, err error) { // called before queue returns
				if absent(err) {
					away = append(away, key)
				}
				tally.one(depth, err)
			})
		}
	}
	c.storeFor(&durable, m, mode, tally)
	return away
}

// sendGroup delivers here and on the other nodes.
func (c *Cluster) sendGroup(ctx context.Context, s *groupSend) (delivery hub.Delivery, all outcomes, err error) {
	delivery.Nodes = map[string]int{}
	if err := ctx.Err(); err != nil {
		return delivery, all, err
	}
	here := make(chan outcomes, 1)
	local := func() { c.deliver(s, func(o outcomes) { here <- o }) }
	if len(c.others()) == 0 {
		local()
	} else {
		delivery.Missing, err = c.sendToAll(ctx, s, local, &delivery, &all)
	}
	mine, failed := c.settle(ctx, here, &delivery)
	all.add(mine)
	return delivery, all, cmp.Or(failed, err)
}

// settle waits for what became of a message in the queues of this node.
func (c *Cluster) settle(ctx context.Context, here <-chan outcomes, delivery *hub.Delivery) (outcomes, error) {
	select {
	case o := <-here:
		delivery.Add(c.hub.Node(), o.addressed)
		return o, nil
	case <-ctx.Done():
		return outcomes{}, ctx.Err()
	}
}

// sendToAll passes the message on, and delivers it here when it has its number.
func (c *Cluster) sendToAll(ctx context.Context, s *groupSend, local func(), delivery *hub.Delivery, all *outcomes) (missing []string, err error) {
	begun, nodes := false, c.far.others()
	before := func(seq uint64) {
		begun = true
		s.from, s.seq = c.cfg.Incarnation, seq
		local()
	}
	missing, err = c.peers.Group(ctx, nodes, opGroup, writeGroup(s), before, func(node string, body []byte) error {
		o := readOutcomes(body)
		delivery.Add(node, o.addressed)
		all.add(o)
		return nil
	})
	if !begun {
		local()
	}
	var failure *peers.Failure
	if errors.As(err, &failure) { // the others have answered all the same
		return append(missing, failure.Node), nil
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
	if c.groups.past(s) { // it took another way through NATS than those after it, and was thought to be lost
		refuse(q, errOvertaken)
		return
	}
	s.alive = func() { q.Page(nil) } // or the other node would take this one for dead
	c.deliver(s, func(o outcomes) { q.Reply(writeOutcomes(o)) })
}

// A delivery that takes longer than aliveEvery is a sign of life each time; the clock is looked at once in aliveSockets.
const (
	aliveEvery   = 200 * time.Millisecond
	aliveSockets = 1 << 10
)

// deliver queues a message for the sockets of this node that it is for. done is called once with what became
// of it, possibly before deliver returns: where queues are durable, after storage.
func (c *Cluster) deliver(s *groupSend, done func(outcomes)) {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	c.groups.note(s)
	tally := newTally(done)
	defer tally.close()
	var durable mailing
	defer func() { c.storeFor(&durable, s.m, s.mode, tally) }()
	if s.filter == nil {
		for _, key := range s.keys {
			if socket, ok := c.hub.Get(key); ok {
				c.deliverTo(socket, s, &durable, tally)
			}
		}
		return
	}
	began := time.Now()
	for i, socket := range c.hub.Select(*s.filter) {
		c.deliverTo(socket, s, &durable, tally)
		if i%aliveSockets == aliveSockets-1 && s.alive != nil && time.Since(began) > aliveEvery {
			began = time.Now()
			s.alive()
		}
	}
}

// deliverTo queues the message for a socket, or notes it in durable. Called with the mutex of groups held.
func (c *Cluster) deliverTo(socket *hub.Socket, s *groupSend, durable *mailing, t *tally) {
	if c.groups.ahead != nil && c.groups.had(socket.Key(), s) {
		return
	}
	if c.mail(durable, socket, s.mode) {
		return
	}
	t.expect()
	if c.frozen.Load() {
		t.one(0, hub.ErrMoving)
		return
	}
	c.queue(socket, s.m, s.mode, t.one) // at once, even in doubt: a socket that is handed over now counts as one that has it
}

// mailing is the durable sockets of this node that a message to many is for: it is stored once for many of them.
type mailing struct {
	to  []outbox.Addressee
	has map[string]bool
}

// mail notes a durable socket, and reports whether it did; if not, the message is for put.
func (c *Cluster) mail(durable *mailing, s *hub.Socket, mode hub.Mode) bool {
	if !s.Durable() || mode == hub.ModePlain || c.frozen.Load() || durable.has[s.Key()] {
		return false
	}
	line := c.lines.get(s.Key())
	if line == nil {
		return false
	}
	if durable.has == nil {
		durable.has = map[string]bool{}
	}
	durable.has[s.Key()] = true
	durable.to = append(durable.to, line.Addressee())
	return true
}

// storeFor stores a message for all that are noted. Where others may have taken this node for gone meanwhile, those
// count that are its own still.
func (c *Cluster) storeFor(durable *mailing, m *hub.Message, mode hub.Mode, t *tally) {
	to := durable.to
	if len(to) == 0 {
		return
	}
	absences, unseen := c.absences()
	doubt := unseen || c.sure.Load() != absences+1
	t.expect()
	c.outbox.Append(to, m, mode, func(_ outbox.Position, err error) {
		if err == nil && c.peers != nil && (doubt || c.absentSince(absences)) {
			go c.confirmAll(to, t)
			return
		}
		t.several(len(to), err)
	})
}

// confirmAll counts the queues of which this node is still the owner. Another owner has the message itself.
func (c *Cluster) confirmAll(to []outbox.Addressee, t *tally) {
	for _, a := range to {
		err := c.assure(a.Key)
		if _, mine := c.claims.get(a.Key); mine || err != nil {
			t.expect()
			t.one(0, err)
		}
	}
	t.close()
}
