package peers

import (
	"context"
	"time"
)

// Gather asks all nodes with one message, and waits for the answers of those in nodes, other nodes of
// [Peers.Others]; this one is passed over. page is called with each page and the end of each answer, in order
// for a node, on the caller's goroutine; it may be nil. With no nodes nothing is sent.
//
// missing are the nodes that did not answer wholly: nobody listens there, which a probe finds out, or the
// time-out of op passed without a sign of an answer. That alone is no error. After an error they are those that
// had not answered by then. Errors: that of page, which ends the wait; a [*Failure], the first, after all others
// have answered; those of [Peers.Ask] but ErrGone and ErrNoAnswer.
func (p *Peers) Gather(ctx context.Context, nodes []string, op Op, body []byte, page func(node string, body []byte) error) (missing []string, err error) {
	g := p.newGathering(nodes, op, page)
	if g.open == 0 {
		return nil, ctx.Err()
	}
	patience := p.patienceFor(op)
	wait := patience.within(ctx)
	return g.run(ctx, op, func(reply string) error {
		return p.send(p.all, reply, frame{kind: kindRequest, op: op, wait: wait, body: body})
	})
}

// Group is Gather with a number, by which receivers see it as [Request.GroupSeq]: 1, 2, 3… in the order in which the
// messages of this incarnation are published. before, which may be nil, is called with it just before, while no
// other group message gets a number; it must not wait for one. The message is sent even if nodes is empty: a
// node that is just joining gets it, too.
//
// When publishing fails after before was called the number is not used again.
func (p *Peers) Group(ctx context.Context, nodes []string, op Op, body []byte, before func(seq uint64), page func(node string, body []byte) error) (missing []string, err error) {
	g := p.newGathering(nodes, op, page)
	patience := p.patienceFor(op)
	return g.run(ctx, op, func(reply string) error {
		p.group.Lock()
		defer p.group.Unlock()
		if !p.nc.IsConnected() {
			return ErrDisconnected
		}
		if len(body) > MaxBody {
			return ErrTooLarge
		}
		p.groupSeq++
		if before != nil {
			before(p.groupSeq)
		}
		return p.send(p.all, reply, frame{kind: kindRequest, op: op, groupSeq: p.groupSeq, wait: patience.within(ctx), body: body})
	})
}

// gathering is the wait for the answers of several nodes.
type gathering struct {
	peers   *Peers
	page    func(node string, body []byte) error
	nodes   []awaited
	open    int // nodes that are neither done nor missing
	failure *Failure
}

// awaited is one node whose answer is awaited.
type awaited struct {
	name          string
	number        uint64 // incarnation; 0: not known
	patience      patience
	done, missing bool
}

func (p *Peers) newGathering(nodes []string, op Op, page func(string, []byte) error) *gathering {
	g := &gathering{peers: p, page: page, nodes: make([]awaited, 0, len(nodes))}
	patience := p.patienceFor(op)
	for _, name := range nodes {
		if name == p.cfg.Name || g.find(name) != nil {
			continue
		}
		g.nodes = append(g.nodes, awaited{name: name, number: p.table.number(name), patience: patience})
	}
	g.open = len(g.nodes)
	return g
}

func (g *gathering) find(name string) *awaited {
	for i := range g.nodes {
		if g.nodes[i].name == name {
			return &g.nodes[i]
		}
	}
	return nil
}

func (g *gathering) run(ctx context.Context, op Op, send func(reply string) error) (missing []string, err error) {
	err = g.wait(ctx, op, send)
	if err == nil && g.failure != nil {
		err = g.failure
	}
	for i := range g.nodes {
		if !g.nodes[i].done {
			missing = append(missing, g.nodes[i].name)
		}
	}
	counted := err
	if err == nil && missing != nil {
		counted = ErrNoAnswer
	}
	g.peers.figures.ops[op].count(counted)
	return missing, err
}

func (g *gathering) wait(ctx context.Context, op Op, send func(reply string) error) error {
	p := g.peers
	broken := p.link.now()
	c, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer p.finish(c)
	if err := send(c.reply); err != nil {
		return err
	}
	c.timer.Reset(p.patienceFor(op).first)
	for g.open > 0 {
		select {
		case <-c.wake:
			arrived, err := p.take(c)
			if err != nil {
				return err
			}
			for i := range arrived {
				if err := g.one(&arrived[i]); err != nil {
					return err
				}
			}
		case <-c.timer.C:
			next, err := g.tick(c, time.Now())
			if err != nil {
				return err
			}
			c.timer.Reset(next)
		case <-broken:
			return ErrDisconnected
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// one looks at something that came from a node.
func (g *gathering) one(a *arrival) error {
	if a.kind == arrivalNobody {
		if a.probe > 0 && a.probe <= len(g.nodes) {
			g.give(&g.nodes[a.probe-1])
		}
		return nil
	}
	n := g.find(a.from)
	if n == nil || n.done || n.missing {
		g.peers.figures.late.Inc() // from a node that was not asked, or twice
		return nil
	}
	if a.kind == kindPong {
		if n.number != 0 && n.number != a.number {
			g.give(n) // it was started again and knows nothing of this
		}
		return nil
	}
	n.patience.fresh = true
	if a.kind == arrivalSome {
		return nil
	}
	if a.kind != kindPage {
		n.done = true
		g.open--
	}
	if a.kind == kindFailure {
		if g.failure == nil {
			g.failure = failureOf(a)
		}
		return nil
	}
	if g.page == nil {
		return nil
	}
	return g.page(n.name, a.body)
}

// give gives a node up.
func (g *gathering) give(n *awaited) {
	if !n.done && !n.missing {
		n.missing = true
		g.open--
	}
}

// tick gives up who has been silent for too long and probes the others.
func (g *gathering) tick(c *call, now time.Time) (next time.Duration, err error) {
	next = reprobe
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.done || n.missing {
			continue
		}
		left, over := n.patience.tick(now)
		if over {
			g.give(n)
			continue
		}
		next = min(next, left)
		if err := g.peers.probe(c, n.name, i+1); err != nil {
			return 0, err
		}
	}
	return next, nil
}
