package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// A node that stops leaves its detached sockets to another one. It saves them first, so that they are kept
// whatever becomes of both; then the other one takes them from there, with their claims. Meanwhile nothing is
// queued for them here: who sends is told that they move.

// adoptPatience is how long an adopter keeps a log for a node that has said it would leave.
const adoptPatience = time.Minute

// adoptPhase is what a leaving node asks for.
type adoptPhase byte

const (
	adoptBegin adoptPhase = 1 // sockets will come: keep a log
	adoptLoad  adoptPhase = 2 // they are saved: take them
)

// adoption is a node that leaves its sockets to this one.
type adoption struct {
	end   func() // ends the log
	timer *time.Timer
}

// adoptions are the nodes that leave their sockets to this one, by incarnation. Safe for concurrent use.
type adoptions struct {
	mu   sync.Mutex
	open map[string]*adoption
}

// begin is the first phase; it may be repeated.
func (a *adoptions) begin(incarnation string, log func() (end func())) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open[incarnation] != nil {
		return
	}
	if a.open == nil {
		a.open = map[string]*adoption{}
	}
	a.open[incarnation] = &adoption{end: log(), timer: time.AfterFunc(adoptPatience, func() { a.end(incarnation) })}
}

func (a *adoptions) end(incarnation string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if one := a.open[incarnation]; one != nil {
		one.timer.Stop()
		one.end()
		delete(a.open, incarnation)
	}
}

func (a *adoptions) has(incarnation string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open[incarnation] != nil
}

// leaves reports whether a node that still runs leaves its sockets to this one.
func (c *core) leaves(incarnation string) bool { return c.adoptions.has(incarnation) }

// Leave keeps what is to outlive this node: save keeps the detached sockets as they are then, and another node
// is asked to take them. Without another one they stay saved for the next that starts. From now on nothing is
// queued here. adopter is who took them, "" if nobody did; the error is that of save.
func (c *Cluster) Leave(ctx context.Context, save func(context.Context) error) (adopter string, err error) {
	refused := map[string]bool{}
	adopter = c.findAdopter(ctx, refused)
	had := c.freeze()
	if err := save(ctx); err != nil {
		return "", err
	}
	for adopter != "" {
		_, err := c.peers.Ask(ctx, adopter, opAdopt, writeAdopt(adoptRequest{adoptLoad, had}))
		if err == nil {
			return adopter, nil
		}
		c.cfg.Logger.Warn("node does not take over the detached sockets, they stay saved until another one does", "peer", adopter, "error", err.Error())
		refused[adopter] = true // it may have begun to leave, too
		adopter = c.findAdopter(ctx, refused)
	}
	return "", nil
}

// findAdopter returns a node that is ready to take sockets and has not refused, "" if none is.
func (c *Cluster) findAdopter(ctx context.Context, refused map[string]bool) string {
	for _, n := range c.others() {
		if n.State != peers.Ready || refused[n.Name] {
			continue
		}
		if _, err := c.peers.Ask(ctx, n.Name, opAdopt, writeAdopt(adoptRequest{phase: adoptBegin})); err == nil {
			return n.Name
		}
	}
	return ""
}

// freeze sees that nothing is queued here any more, and says how far this node has come with messages to many.
func (c *Cluster) freeze() vector {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	c.frozen.Store(true)
	return c.groups.now()
}

// serveAdopt takes over the sockets of a node that leaves.
func (c *Cluster) serveAdopt(q *peers.Request) {
	r, err := readAdopt(q.Body)
	switch {
	case err != nil:
		refuse(q, err)
	case c.cfg.Adopt == nil || c.frozen.Load():
		refuse(q, fmt.Errorf("%w: this node takes no sockets", hub.ErrUnavailable))
	case r.phase == adoptBegin:
		c.adoptions.begin(q.FromIncarnation, c.groups.arrive)
		q.Reply(nil)
	default:
		c.adoptions.begin(q.FromIncarnation, c.groups.arrive)
		go func() { // the leaving node waits for the end of it, as long as its own end allows
			defer c.adoptions.end(q.FromIncarnation)
			ctx, cancel := context.WithTimeout(context.Background(), adoptPatience)
			defer cancel()
			if err := c.cfg.Adopt(ctx, q.From, func(d hub.Detached) error { return c.adopt(ctx, d, r.had) }); err != nil {
				refuse(q, err)
				return
			}
			q.Reply(nil)
		}()
	}
}

// adopt takes over one socket.
func (c *Cluster) adopt(ctx context.Context, d hub.Detached, had vector) error {
	service, _, stateful, err := hub.ParseKey(d.Key)
	if err != nil || !c.isClaimed(service, stateful) {
		return fmt.Errorf("take over socket %q: %w", d.Key, hub.ErrBadKey)
	}
	unlock, err := c.claims.lock(ctx, d.Key)
	if err != nil {
		return err
	}
	defer unlock()
	left := c.arriving(d.Key)
	defer left()
	if err := c.claimOld(ctx, &d, c.cfg.Durable(service)); err != nil {
		return err
	}
	return c.arrived(d, had)
}
