package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// defaultGiveUp is how long a node has to hand a socket over before it is given up. It is longer than a sender
// waits for an answer, so that a node which was paused has nothing to say to senders any more that somebody else has
// not seen.
const defaultGiveUp = 3 * time.Second

// settlePatience is how long the writer of a connection may take to say what it has written.
func (c *core) settlePatience() time.Duration { return c.cfg.GiveUp * 2 / 3 }

// errRestarted says that the process runs no more that had the socket.
var errRestarted = errors.New("the node has been started anew since")

// errGivenUp says that a node gave the socket up before it was asked for it: it had found out that the key was another's.
var errGivenUp = errors.New("the node has given the socket up")

// errNeverCame says that a node has claimed the key and never had the socket.
var errNeverCame = errors.New("the socket has never come to the node")

// errSuperseded says that another node has claimed the key since.
var errSuperseded = errors.New("the key has been claimed by another node since")

// handOver is a request for a socket: the node that asks has claimed its key.
type handOver struct {
	key, user string
	revision  uint64 // of its claim
	from      string // the incarnation that may have the socket: another process of the node does not
}

// fetchFrom has a node hand the socket over, and restores it here. Errors: [hub.ErrNotFound] if it has ended there,
// errGivenUp, errNeverCame, errRestarted, [hub.ErrKeyLive] if it was ended because connections do not take over,
// [hub.ErrKeyTaken], errSuperseded, and others where the node cannot say.
func (c *Cluster) fetchFrom(ctx context.Context, req *hub.OpenRequest, from string, revision uint64) error {
	node := c.nodeOf(from)
	ctx, cancel := context.WithTimeout(ctx, c.cfg.GiveUp)
	defer cancel()
	op := opHandOver
	if c.cfg.RefuseLiveID {
		op = opEnd
	}
	var answer []byte
	err := c.peers.AskPages(ctx, node, op, writeHandOver(handOver{req.Key, req.User.ID, revision, from}), func(page []byte) error {
		answer = append(answer, page...)
		return nil
	})
	if err != nil {
		return Unreached(node, err)
	}
	if c.cfg.RefuseLiveID {
		return hub.ErrKeyLive
	}
	d, had, err := readHandedOver(answer)
	if err != nil {
		return err
	}
	return c.arrived(d, had)
}

// arrived restores a socket that another node has handed over, and delivers what was sent to many meanwhile.
func (c *Cluster) arrived(d hub.Detached, had vector) error {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	missed, more := c.groups.come(d.Key, had)
	if err := c.cfg.Restore(d); err != nil {
		return err
	}
	if socket, ok := c.hub.Get(d.Key); ok && more {
		socket.NoteLost(hub.MissedUnknown)
	}
	for _, s := range missed {
		if socket, ok := c.hub.Matching(d.Key, s.filter); ok && s.isFor(d.Key) {
			c.queue(socket, s.m, s.mode, func(int, error) {}) // it was counted where it was sent from, or not at all
		}
	}
	return nil
}

// isFor reports whether the message is for a key, as far as it names keys.
func (s *groupSend) isFor(key string) bool {
	if s.filter != nil {
		return true
	}
	for _, k := range s.keys {
		if k == key {
			return true
		}
	}
	return false
}

// serveHandOver hands a socket over to the node that asks.
func (c *Cluster) serveHandOver(q *peers.Request) {
	r, err := readHandOver(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	if q.Expired() { // it goes on without what waits here
		c.claims.doubt(r.key)
		go c.checkClaim(context.Background(), r.key)
		return
	}
	go func() { // the other side waits no longer than this does
		ctx, cancel := context.WithTimeout(context.Background(), c.cfg.GiveUp)
		defer cancel()
		answer, err := c.giveAway(ctx, q.From, r)
		if err != nil {
			refuse(q, err)
			return
		}
		q.Reply(answer)
	}()
}

// giveAway takes a socket away from this node. A claim of this node that is newer than that of the node which
// asks wins.
func (c *Cluster) giveAway(ctx context.Context, node string, r handOver) ([]byte, error) {
	stood, err := c.yield(ctx, r)
	if err != nil {
		return nil, err
	}
	c.owners.put(r.key, node)
	moving, had, err := c.beginMove(r.key, r.user, node)
	if err != nil {
		c.lines.end(r.key)
		return nil, absentAs(gone(err), stood)
	}
	settle, cancel := context.WithTimeout(ctx, c.settlePatience())
	defer cancel()
	d, err := moving.Wait(settle)
	if line := c.lines.take(r.key); line != nil {
		line.Detach()
		if err := c.outbox.Flush(ctx); err != nil { // it will be told some messages twice
			c.cfg.Logger.Debug("watermarks are not stored", "socket", r.key, "error", err.Error())
		}
	}
	if err != nil {
		return nil, gone(err)
	}
	return writeHandedOver(&d, had), nil
}

// yield gives up the claim on a key for that of the node that asks, when a socket that is on its way here has come, and
// returns how it stood.
func (c *Cluster) yield(ctx context.Context, r handOver) (stood standing, err error) {
	if r.from != c.cfg.Incarnation {
		return 0, errRestarted
	}
	for {
		stood, news := c.claims.yield(r.key, r.revision)
		switch stood {
		case newer:
			return stood, errSuperseded
		case arriving:
		default:
			return stood, nil
		}
		select {
		case <-news:
		case <-ctx.Done(): // the other node goes on without what is coming here, which is to end as soon as it has come
			c.claims.doubt(r.key)
			return stood, ctx.Err()
		}
	}
}

// absentAs is the error for the next node of a socket that is not here. Only where it has ended its life is over, and with it
// what is stored for it.
func absentAs(err error, stood standing) error {
	switch {
	case !errors.Is(err, hub.ErrNotFound):
		return err
	case stood == givenUp:
		return errGivenUp
	case stood == neverCame:
		return errNeverCame
	}
	return err
}

// beginMove stops all that is sent to the socket here, and says how far this node has come with messages to many.
func (c *Cluster) beginMove(key, user, node string) (*hub.Moving, vector, error) {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	moving, err := c.hub.Move(key, user, hub.Reason{Code: hub.CodeTakenOver, Text: "taken over by a newer connection at node " + node})
	if err != nil {
		return nil, nil, err
	}
	return moving, c.groups.leave(key), nil
}

// serveEnd ends a socket whose id another node was asked for, where connections do not take over.
func (c *Cluster) serveEnd(q *peers.Request) {
	r, err := readHandOver(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	go func() { // as in serveHandOver
		ctx, cancel := context.WithTimeout(context.Background(), c.cfg.GiveUp)
		defer cancel()
		stood, err := c.yield(ctx, r)
		if err != nil {
			refuse(q, err)
			return
		}
		c.lines.end(r.key)
		s, ok := c.hub.Get(r.key)
		if !ok {
			refuse(q, absentAs(hub.ErrNotFound, stood))
			return
		}
		s.CloseWith(hub.Reason{Code: hub.CodeLost, Text: "a second connection brought the id", Abort: true})
		q.Reply(nil)
	}()
}

// late says that a node still had something for a socket that another one took over without it. How much of it the
// client has had nobody knows: its connection may have taken some, and who sent the rest may have sent it again.
type late struct {
	key  string
	life uint64
}

// serveLate tells a socket of this node what another one could not hand over in time.
func (c *Cluster) serveLate(q *peers.Request) {
	l, err := readLate(q.Body)
	if err != nil {
		refuse(q, err)
		return
	}
	if !c.noteLost(l) {
		refuse(q, hub.ErrMoving)
		return
	}
	q.Reply(nil)
}

// noteLost notes a loss at a socket of this node, and reports whether it is here. What is for a durable one is stored.
func (c *Cluster) noteLost(l late) bool {
	s, here := c.hub.Get(l.key)
	if h, mine := c.claims.get(l.key); !here || !mine || h.Life != l.life {
		return false
	}
	if !s.Durable() {
		s.NoteLost(hub.MissedUnknown)
	}
	return true
}
