package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// Send queues a message for the socket with the key, on whichever node it is, and returns how many wait
// there now. It does not wait for the client. For another node it is one request to that. Where the service
// has durable queues, Send returns after storage. Errors: ctx's, [hub.ErrNotFound], [hub.ErrQueueFull] when
// the message was dropped, [hub.ErrNoAnswer] when the node of the socket did not answer, so that the
// message may have been queued or not, [hub.ErrUnavailable] when nobody can say now where the socket is,
// and [hub.ErrNotStored] when a durable queue did not take it for certain.
func (c *Cluster) Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	span := c.tracer.Send(ctx, key, len(m.Text()))
	if span == nil {
		return c.send(ctx, key, m, mode)
	}
	defer span.End()
	depth, err = c.send(ctx, key, m.Watched(c.tracer.Follow(span)), mode)
	if err == nil {
		span.Queued(depth)
	}
	span.Outcome(outcome(err))
	return depth, err
}

// outcome says how a send ended, for its span.
func outcome(err error) string {
	switch {
	case err == nil:
		return tracing.OutcomeOK
	case errors.Is(err, hub.ErrNotFound):
		return tracing.OutcomeGone
	case errors.Is(err, hub.ErrQueueFull):
		return tracing.OutcomeFull
	}
	return tracing.OutcomeError
}

func (c *Cluster) send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	depth, err = c.sendHere(ctx, key, m, mode)
	if absent(err) && c.claims != nil {
		depth, err = c.sendAway(ctx, key, m, mode)
	}
	if errors.Is(err, hub.ErrNotFound) {
		c.unknown.Inc()
	}
	return depth, err
}

// absent reports whether an error says that the socket is not here, though it may be elsewhere.
func absent(err error) bool { return errors.Is(err, hub.ErrNotFound) || errors.Is(err, hub.ErrMoving) }

// sendHere queues a message for a socket of this node, also for one that is on its way here.
func (c *Cluster) sendHere(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	s, ok := c.hub.Get(key)
	if !ok {
		done := c.claims.onTheWay(key)
		if done == nil {
			return 0, hub.ErrNotFound
		}
		select {
		case <-done:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if s, ok = c.hub.Get(key); !ok {
			return 0, hub.ErrNotFound
		}
	}
	if !s.Durable() && !c.frozen.Load() && !c.inDoubt(s) {
		depth, err = s.Send(m, mode)
		return depth, gone(err)
	}
	type result struct {
		depth int
		err   error
	}
	stored := make(chan result, 1)
	c.put(s, m, mode, nil, func(depth int, err error) { stored <- result{depth, err} })
	select {
	case r := <-stored:
		return r.depth, r.err
	case <-ctx.Done():
		if !s.Durable() {
			return 0, ctx.Err()
		}
		return 0, fmt.Errorf("%w: %w", hub.ErrNotStored, ctx.Err())
	}
}

// put queues a message for a socket of this node. done is called once, possibly before put returns: where the
// queue is durable, after storage. expired says that nobody waits for that any more; nil: somebody does.
func (c *Cluster) put(s *hub.Socket, m *hub.Message, mode hub.Mode, expired func() bool, done func(depth int, err error)) {
	if c.frozen.Load() {
		done(0, hub.ErrMoving)
		return
	}
	if c.inDoubt(s) {
		go c.putChecked(s.Key(), m, mode, expired, done)
		return
	}
	c.queue(s, m, mode, done)
}

// queue is put for a socket that is this node's for certain.
func (c *Cluster) queue(s *hub.Socket, m *hub.Message, mode hub.Mode, done func(depth int, err error)) {
	if s.Durable() && mode != hub.ModePlain {
		c.putDurable(s.Key(), m, mode, done)
		return
	}
	depth, err := s.Send(m, mode)
	done(depth, gone(err))
}

const (
	// sendTries bounds how often the owner is looked for: the one remembered, the one in the directory, and
	// more while the socket is on the move.
	sendTries = 12
	// movePause is how long a sender waits before it looks again for a socket on the move, at first.
	movePause = 5 * time.Millisecond
	// maxMovePause is how long at most.
	maxMovePause = 400 * time.Millisecond
)

// sendAway queues a message for a socket of another node.
func (c *Cluster) sendAway(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	depth, err = c.tryAway(ctx, key, m, mode)
	if err != nil && c.durableKey(key) && !absent(err) && !errors.Is(err, hub.ErrQueueFull) && !errors.Is(err, hub.ErrNotStored) {
		err = fmt.Errorf("%w: %w", hub.ErrNotStored, err)
	}
	return depth, err
}

// tryAway is sendAway, whose errors do not say yet that a durable queue did not take the message.
func (c *Cluster) tryAway(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	asked := uint64(0) // the claim whose node did not have the socket
	for try := range sendTries {
		o, err := c.findOwner(ctx, key, try > 0)
		switch {
		case err != nil:
			return 0, err
		case !o.known:
			return 0, hub.ErrNotFound
		case !o.live, o.instead && o.revision == asked: // whoever has the key next gets what is stored for it
			return c.sendToNobody(ctx, key, o.claim, m, mode)
		case asked != 0 && o.revision == asked:
			c.askedInVain(ctx, key, o)
			if !c.durableKey(key) {
				return 0, hub.ErrNotFound
			}
			asked, err = 0, hub.ErrMoving
		case o.node == c.hub.Node():
			depth, err = c.sendHere(ctx, key, m, mode)
		default:
			depth, err = c.sendTo(ctx, o.node, key, m, mode)
		}
		switch {
		case errors.Is(err, hub.ErrMoving):
			err = pause(ctx, min(movePause<<try, maxMovePause))
		case errors.Is(err, hub.ErrNotFound) && (o.remembered || o.revision != 0):
			asked, err = o.revision, nil
		case errors.Is(err, errNobody) && o.remembered:
			err = nil
		default:
			return depth, err
		}
		if err != nil {
			return 0, err
		}
		c.owners.drop(key)
	}
	return 0, errStillMoves
}

// askedInVain is for a key whose node does not have the socket. Either it has just ended, or the node has claimed the key
// without hearing of it: then the key has another owner in a moment.
func (c *Cluster) askedInVain(ctx context.Context, key string, o owner) {
	if err := c.haveChecked(ctx, key, o.node, o.incarnation); err != nil {
		c.cfg.Logger.Debug("node does not look at its claim", "socket", key, "peer", o.node, "error", err.Error())
	}
}

// pause waits, unless ctx ends first, whose error it returns then.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendTo asks a node to queue a message for its socket.
func (c *Cluster) sendTo(ctx context.Context, node, key string, m *hub.Message, mode hub.Mode) (depth int, err error) {
	body, err := c.peers.Ask(ctx, node, opSend, writeSent(sent{key, m, mode}))
	if err == nil {
		return readCount(body), nil
	}
	err = Unreached(node, err)
	if c.durableKey(key) && !absent(err) && !errors.Is(err, hub.ErrQueueFull) {
		return 0, fmt.Errorf("%w: %w", hub.ErrNotStored, err)
	}
	return 0, err
}

// serveSend queues a message for a socket of this node.
func (c *Cluster) serveSend(q *peers.Request) {
	r, err := readSent(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	if s, ok := c.hub.Get(r.key); ok {
		c.put(s, r.m, r.mode, q.Expired, answerDepth(q))
		return
	}
	if done := c.claims.onTheWay(r.key); done != nil {
		go func() { // the arrival has an end of its own
			<-done
			if q.Expired() {
				return
			}
			if s, ok := c.hub.Get(r.key); ok {
				c.put(s, r.m, r.mode, q.Expired, answerDepth(q))
				return
			}
			answerDepth(q)(0, c.missing(r.key))
		}()
		return
	}
	answerDepth(q)(0, c.missing(r.key))
}

// missing is why a socket is not here, for another node that has asked for it.
func (c *Cluster) missing(key string) error {
	if node, ok := c.owners.get(key); ok && node != c.hub.Node() {
		return hub.ErrMoving
	}
	return hub.ErrNotFound
}

// answerDepth returns what answers a request with the number of messages that wait.
func answerDepth(q *peers.Request) func(depth int, err error) {
	return func(depth int, err error) {
		if err != nil {
			refuse(q, err)
			return
		}
		q.Reply(writeCount(depth))
	}
}

// sendToNobody is for a key whose node is gone. A durable queue takes the message all the same, for whoever has
// the key next.
func (c *Cluster) sendToNobody(ctx context.Context, key string, claim directory.Claim, m *hub.Message, mode hub.Mode) (depth int, err error) {
	if !c.durableKey(key) {
		return 0, fmt.Errorf("%w: %s, which had the socket, is gone", hub.ErrNoAnswer, cmp.Or(claim.Node, "the node"))
	}
	type result struct {
		at  outbox.Position
		err error
	}
	stored := make(chan result, 1)
	c.outbox.Append([]outbox.Addressee{{Key: key, Life: claim.Life}}, m, mode, func(at outbox.Position, err error) { stored <- result{at, err} })
	select {
	case r := <-stored:
		if r.err != nil {
			return 0, r.err
		}
		return 1, c.tellStored(ctx, key, r.at)
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", hub.ErrNotStored, ctx.Err())
	}
}

// tellStored tells the node that has the key by now, if one does, of a message that was stored for it: it may
// have read the queue before.
func (c *Cluster) tellStored(ctx context.Context, key string, at outbox.Position) error {
	o, err := c.findOwner(ctx, key, true)
	switch {
	case err != nil || !o.known || !o.live:
		return nil // it is stored, and whoever has the key next will read it
	case o.node == c.hub.Node():
		c.stored(key, at)
		return nil
	}
	if _, err := c.peers.Ask(ctx, o.node, opStored, writeStored(storedAt{key, at})); err != nil {
		return fmt.Errorf("%w: it is stored, but %s, which has the socket now, does not know: %w", hub.ErrNotStored, o.node, err)
	}
	return nil
}

func (c *Cluster) serveStored(q *peers.Request) {
	r, err := readStored(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	c.stored(r.key, r.at)
	q.Reply(nil)
}

// stored passes on that a message for a socket of this node was stored by another. A socket that is not here yet
// will read it.
func (c *Cluster) stored(key string, at outbox.Position) {
	if line := c.lines.get(key); line != nil {
		line.Stored(at)
	}
}

// owner is who has a key.
type owner struct {
	node        string
	incarnation string // of the node; "" for one that is remembered
	known       bool   // somebody has it, or had it last
	live        bool   // the node is there
	remembered  bool   // this is from memory
	instead     bool   // the node that has the claim is gone, and this is the one that had the socket before
	claim       directory.Claim
	revision    uint64 // of the claim; 0: not known
}

// findOwner says who has a key, from memory unless fresh. Errors: ctx's, [hub.ErrUnavailable].
func (c *core) findOwner(ctx context.Context, key string, fresh bool) (owner, error) {
	service, _, stateful, err := hub.ParseKey(key)
	if err != nil {
		return owner{}, nil
	}
	if !stateful {
		tag, ok := hub.TagOfKey(key)
		if !ok || c.peers == nil {
			return owner{}, nil
		}
		node, ok := c.peers.ByTag(tag)
		return owner{node: node.Name, known: ok, live: ok}, nil
	}
	if !c.isClaimed(service, true) {
		return owner{}, nil
	}
	if node, ok := c.owners.get(key); ok && !fresh {
		return owner{node: node, known: true, live: true, remembered: true}, nil
	}
	now, found, err := c.claims.dir.Look(ctx, key)
	if err != nil {
		return owner{}, unavailable(ctx, err)
	}
	if !found {
		return owner{}, nil
	}
	o := owner{node: now.Node, incarnation: now.Incarnation, known: true, claim: now.Claim, revision: now.Revision}
	if !c.isLive(now.Incarnation) {
		for _, one := range splitTrail(now.Before) {
			if o.instead = c.isLive(one); o.instead {
				o.node, o.incarnation = c.nodeOf(one), one // the socket may never have left it
				break
			}
		}
	}
	if o.live = c.isLive(o.incarnation); o.live && !o.instead {
		c.owners.put(key, o.node)
	}
	return o, nil
}
