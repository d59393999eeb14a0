package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
)

// claimTries bounds how often a claim is tried that others change meanwhile.
const claimTries = 16

// openPatience bounds what opening a socket may wait for: a node that does not answer, and the directory.
func (c *core) openPatience() time.Duration { return c.cfg.GiveUp + 5*time.Second }

// Open makes a connection a socket. The key of a stateful one is claimed first, if it has to be: a socket
// that another node has under it is handed over, with what waits for it. One whose node is gone, or does not
// answer, begins anew, and its user is told of a gap. Errors: ctx's, those of [hub.Hub.Open], and
// [hub.ErrUnavailable] where nobody can say now whose the key is.
func (c *Cluster) Open(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.isClaimed(req.Service, req.StatefulID != "") {
		return c.hub.Open(req)
	}
	unlock, err := c.claims.lock(ctx, req.Key)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	defer unlock()
	if !c.connected() {
		return nil, fmt.Errorf("%w: the connection to NATS is down", hub.ErrUnavailable)
	}
	// What has begun is finished, though the client may be gone: another node may have let the socket go.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.openPatience())
	defer cancel()
	conn, err := c.openLocked(ctx, req)
	if _, here := c.hub.Get(req.Key); err != nil && !here {
		c.letGo(context.WithoutCancel(ctx), req.Key)
	}
	return conn, err
}

// openLocked does the work of Open with the lock of the key held.
func (c *Cluster) openLocked(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	req.Durable = c.cfg.Durable(req.Service)
	if _, mine := c.claims.get(req.Key); mine && !c.checkLocked(ctx, req.Key) {
		return nil, fmt.Errorf("%w: nobody can say now whether the id is still this node's", hub.ErrUnavailable)
	}
	defer c.claims.arrive(req.Key)() // from here on the key is not given away before the socket has the connection
	_, here := c.hub.Get(req.Key)
	if _, mine := c.claims.get(req.Key); !mine || !here {
		defer c.groups.arrive()()
		if err := c.claim(ctx, &req); err != nil {
			return nil, err
		}
	}
	return c.attach(ctx, req)
}

// attach opens a socket whose key is this node's.
func (c *Cluster) attach(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	conn, err := c.hub.Open(req)
	if err != nil {
		return nil, err
	}
	if line := c.lines.get(req.Key); line != nil {
		if err := line.Attach(ctx, conn); err != nil {
			conn.CloseWith(hub.Reason{Code: hub.CodeShutdown, Text: "the queue cannot be read now"})
			return nil, unavailable(ctx, err)
		}
	}
	return conn, nil
}

// claim makes the key this node's, and fetches the socket from the node that has it.
func (c *Cluster) claim(ctx context.Context, req *hub.OpenRequest) (err error) {
	// Most keys are nobody's, or were this node's until a moment ago: then one write is all it takes.
	mine, found := c.claims.get(req.Key)
	now := directory.Held{Claim: mine.Claim, Revision: mine.revision}
	for try := range claimTries {
		if try > 1 { // who reads may be a moment behind who wrote, and others try as well
			if err := pause(ctx, rand.N(min(movePause<<try, maxMovePause))); err != nil {
				return unavailable(ctx, err)
			}
		}
		if try > 0 {
			if now, found, err = c.claims.dir.Look(ctx, req.Key); err != nil {
				return unavailable(ctx, err)
			}
		}
		if found && now.User != req.User.ID && now.Incarnation != c.cfg.Incarnation {
			return hub.ErrKeyTaken
		}
		err = c.take(ctx, req, now)
		if errors.Is(err, directory.ErrChanged) {
			continue
		}
		return err
	}
	return fmt.Errorf("%w: too many connections want the id", hub.ErrUnavailable)
}

// arriving says that a socket is about to come here.
func (c *Cluster) arriving(key string) (left func()) {
	logged := c.groups.arrive()
	here := c.claims.arrive(key)
	return func() {
		here()
		logged()
	}
}

// take replaces the claim there is, and fetches the socket.
func (c *Cluster) take(ctx context.Context, req *hub.OpenRequest, now directory.Held) error {
	from := c.sources(req.Key, now)
	next := directory.Claim{
		Node: c.hub.Node(), Incarnation: c.cfg.Incarnation, User: req.User.ID, Life: now.Life, Since: now.Since, Before: joinTrail(from),
	}
	begins := len(from) == 0
	if begins {
		if err := c.beginLife(ctx, &next, req.Durable); err != nil {
			return err
		}
	}
	revision, err := c.write(ctx, req.Key, next, now.Revision, now)
	if err != nil {
		return err
	}
	c.own(req.Key, next, revision, req.Durable, begins)
	if begins {
		return nil
	}
	return c.fetch(ctx, req, from, next, revision)
}

// sources returns the incarnations that may have the socket, the likeliest first, given the claim in force, which may be
// none: the node that has the claim, and those before it. Any of them may have claimed the key and not have come to fetch
// the socket. Without any a life begins; [nobody] stands for one that goes on though no node has the socket.
func (c *Cluster) sources(key string, now directory.Held) (from []string) {
	if now.Incarnation != c.cfg.Incarnation {
		return trail(c.cfg.Incarnation, now.Incarnation, now.Before)
	}
	if h, mine := c.claims.get(key); mine && h.came {
		return nil // it has ended
	}
	return trail(c.cfg.Incarnation, "", now.Before)
}

// write writes a claim. Where nobody knows whether it was written it is looked for later, and what was there before is put
// back. Errors: [directory.ErrChanged], and those of unavailable.
func (c *Cluster) write(ctx context.Context, key string, claim directory.Claim, after uint64, before directory.Held) (revision uint64, err error) {
	revision, err = c.claims.dir.Take(ctx, key, claim, after)
	if err == nil || errors.Is(err, directory.ErrChanged) {
		return revision, err
	}
	c.claims.miss(key, after, before)
	return 0, unavailable(ctx, err)
}

// beginLife makes a claim one of a key that begins a new life: what was stored for the one before is not its own.
func (c *Cluster) beginLife(ctx context.Context, claim *directory.Claim, durable bool) error {
	claim.Life, claim.Since, claim.Before = rand.Uint64(), 0, ""
	if !durable {
		return nil
	}
	end, err := c.outbox.End(ctx)
	if err != nil {
		return unavailable(ctx, err)
	}
	claim.Since = uint64(end)
	return nil
}

// own notes that a key is this node's, by a claim that begins a life of the key or goes on with one.
func (c *Cluster) own(key string, claim directory.Claim, revision uint64, durable, begins bool) {
	c.claims.hold(key, claim, revision, begins)
	c.owners.drop(key)
	if durable {
		line := c.outbox.Line
		if begins {
			line = c.outbox.Begin
		}
		c.lines.open(key, line(outbox.Addressee{Key: key, Life: claim.Life}, outbox.Position(claim.Since)))
	}
}

// fetch brings the socket here from the node that has it: the first of those in from that does. All may be gone, or not
// answer.
func (c *Cluster) fetch(ctx context.Context, req *hub.OpenRequest, from []string, mine directory.Claim, revision uint64) (err error) {
	defer func() {
		if err == nil {
			c.claims.come(req.Key)
		}
	}()
	for i, one := range from {
		if !c.isLive(one) {
			continue
		}
		err := c.fetchPatiently(ctx, req, one, revision)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errNeverCame), errors.Is(err, errRestarted):
			continue
		case errors.Is(err, hub.ErrNotFound): // it has ended there
			return c.beginAnew(ctx, req, mine, revision)
		case errors.Is(err, hub.ErrKeyLive):
			c.claims.come(req.Key) // it has been ended there: its life is over, and the claim goes with it
			return err
		case errors.Is(err, hub.ErrKeyTaken):
			return err
		case errors.Is(err, errSuperseded):
			return fmt.Errorf("%w: a newer connection brought the id to another node", hub.ErrUnavailable)
		case !errors.Is(err, errGivenUp):
			c.cfg.Logger.Warn("node does not hand a socket over, it begins anew", "socket", req.Key, "user", req.User.ID, "peer", c.nodeOf(one), "error", err.Error())
			c.insist(req, one, mine.Life, revision, !errors.Is(err, errNobody))
		}
		for _, older := range from[i+1:] {
			c.insist(req, older, mine.Life, revision, false)
		}
		break
	}
	req.NodeLost = !req.Durable
	return nil
}

// fetchPatiently is fetchFrom, with some patience for a node whose connection to NATS is just coming back: it looks like
// one that is gone.
func (c *Cluster) fetchPatiently(ctx context.Context, req *hub.OpenRequest, from string, revision uint64) error {
	err := c.fetchFrom(ctx, req, from, revision)
	for deadline := time.Now().Add(c.cfg.GiveUp / 3); errors.Is(err, errNobody) && time.Now().Before(deadline); {
		if pause(ctx, maxMovePause/4) != nil {
			break
		}
		err = c.fetchFrom(ctx, req, from, revision)
	}
	return err
}

// insist has a node told of a key that is this node's, which may have its socket still. silent says that it was told, and has
// not answered.
func (c *Cluster) insist(req *hub.OpenRequest, node string, life, revision uint64, silent bool) {
	if c.isLive(node) {
		c.duties.insist(unheard{c.nodeOf(node), handOver{req.Key, req.User.ID, revision, node}, life, silent})
	}
}

// beginAnew makes a claim that went on with a life one that begins another.
func (c *Cluster) beginAnew(ctx context.Context, req *hub.OpenRequest, mine directory.Claim, revision uint64) error {
	c.claims.come(req.Key) // that life is over, and its claim goes with it if no other begins
	if err := c.beginLife(ctx, &mine, req.Durable); err != nil {
		return err
	}
	revision, err := c.write(ctx, req.Key, mine, revision, directory.Held{})
	if err != nil {
		return err
	}
	c.own(req.Key, mine, revision, req.Durable, true)
	return nil
}

// letGo gives up a claim without a socket. Where that does not work now it is done later.
func (c *Cluster) letGo(ctx context.Context, key string) {
	c.lines.end(key)
	ctx, cancel := context.WithTimeout(ctx, releasePatience)
	defer cancel()
	if !c.release(ctx, key) {
		c.claims.doubt(key)
	}
}

// release removes the claim of this node on a key whose socket has ended. One whose socket never came is given back. It
// reports whether it could.
func (c *Cluster) release(ctx context.Context, key string) bool {
	h, mine := c.claims.get(key)
	if mine && !h.came && h.Before != "" {
		if !c.giveBack(ctx, key, doubt{}) {
			return false
		}
		c.claims.forget(key, h.revision+1)
		return true
	}
	if err := c.claims.release(ctx, key); err != nil {
		c.cfg.Logger.Debug("claim is released later", "socket", key, "error", err.Error())
		return false
	}
	return true
}

// releasePatience bounds one try to release a claim.
const releasePatience = 5 * time.Second

// Restore makes a socket again that was detached when it was saved or handed over; see [hub.Hub.Restore]. Its key
// is claimed, if it has to be and is not yet: a claim of a process that runs no more gives way. Errors: those of
// the hub, [hub.ErrKeyTaken] too where another node has the key by now, and [hub.ErrUnavailable].
func (c *Cluster) Restore(d hub.Detached, w hub.Waker) (*hub.Conn, error) {
	service, _, stateful, err := hub.ParseKey(d.Key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.openPatience())
	defer cancel()
	if _, mine := c.heldClaim(d.Key); mine || !c.isClaimed(service, stateful) {
		return c.hub.Restore(c.asConfigured(ctx, d), w)
	}
	unlock, err := c.claims.lock(ctx, d.Key)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	defer unlock()
	left := c.arriving(d.Key)
	defer left()
	if err := c.claimOld(ctx, &d, c.cfg.Durable(service)); err != nil {
		return nil, err
	}
	return c.hub.Restore(c.asConfigured(ctx, d), w)
}

// asConfigured returns a socket as the settings of this process have it, which may not be those of the one that
// saved it. What waits for a socket that is durable from now on is stored; where that fails it stays an ordinary one.
// What was stored for one that is not durable any more is not read: its client is told.
func (c *Cluster) asConfigured(ctx context.Context, d hub.Detached) hub.Detached {
	line := c.lines.get(d.Key)
	switch {
	case d.Durable && line == nil:
		d.Durable, d.NodeLost = false, hub.MissedUnknown
	case !d.Durable && line != nil:
		if err := storeWaiting(ctx, line, d.Waiting); err != nil {
			c.cfg.Logger.Warn("socket is not durable yet: what waits for it is not stored", "socket", d.Key, "error", err.Error())
			c.lines.end(d.Key)
			return d
		}
		d.Durable, d.Waiting = true, nil
	}
	return d
}

// storeWaiting stores what waits for a socket.
func storeWaiting(ctx context.Context, line *outbox.Line, waiting []hub.Waiting) (err error) {
	stored := make(chan error, len(waiting))
	for _, w := range waiting {
		mode := hub.ModeText
		if w.Item {
			mode = hub.ModeJSON
		}
		line.Send(hub.NewMessage(w.Text).WithConflateKey(w.ConflateKey), mode, func(_ int, err error) { stored <- err })
	}
	for range waiting {
		select {
		case one := <-stored:
			err = cmp.Or(err, one)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (c *core) heldClaim(key string) (held, bool) {
	if c.claims == nil {
		return held{}, false
	}
	return c.claims.get(key)
}

// claimOld claims the key of a socket that an earlier process had.
func (c *Cluster) claimOld(ctx context.Context, d *hub.Detached, durable bool) error {
	_, mine := c.claims.get(d.Key)
	if _, here := c.hub.Get(d.Key); mine || here { // its client was faster
		return hub.ErrKeyTaken
	}
	now, found, err := c.claims.dir.Look(ctx, d.Key)
	if err != nil {
		return unavailable(ctx, err)
	}
	next := directory.Claim{
		Node: c.hub.Node(), Incarnation: c.cfg.Incarnation, User: d.User.ID, Life: now.Life, Since: now.Since, Before: nobody,
	}
	switch {
	case found && (now.Incarnation != c.cfg.Incarnation && c.isLive(now.Incarnation) && !c.leaves(now.Incarnation) || now.User != d.User.ID):
		return hub.ErrKeyTaken
	case !found:
		if err := c.beginLife(ctx, &next, durable); err != nil {
			return err
		}
	}
	revision, err := c.write(ctx, d.Key, next, now.Revision, now)
	if errors.Is(err, directory.ErrChanged) {
		return hub.ErrKeyTaken
	} else if err != nil {
		return err
	}
	c.own(d.Key, next, revision, durable, !found)
	c.claims.come(d.Key)
	return nil
}
