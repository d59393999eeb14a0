package peers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// room is how many messages may wait for the one goroutine that handles them.
const room = 1 << 16

// maxWaiting bounds the bytes of answers that wait to be told apart.
const maxWaiting = 512 << 20

// flushTime is how long NATS may take to confirm that it has what was published.
const flushTime = 10 * time.Second

// Peers is this node's place among the others. It is made by [Join].
type Peers struct {
	cfg      Config
	nc       *nats.Conn
	handlers [256]Handler
	figures  *figures
	table    table
	calls    calls
	link     link
	asked    joiner // bodies of requests
	answered joiner // bodies of answers

	changes, reconnects followers
	nodes, all          string // subjects
	inbox               string // what the subjects of answers begin with
	name                []byte
	number              atomic.Uint64 // our incarnation
	chunk               atomic.Int64  // bytes of a body that fit into one message
	parts               atomic.Uint64 // number of the last body that was cut
	beats               atomic.Uint64 // how often the keeper has sent one
	beaten              atomic.Int64  // when it did last, in nanoseconds since started
	deaf                atomic.Bool   // our own heartbeats do not come back; the keeper's to say
	reconnected         atomic.Uint64 // times, as far as the keeper knows
	absences            atomic.Uint64
	echoed              atomic.Int64 // when our own heartbeat came back last, in nanoseconds since started
	started             time.Time
	group               sync.Mutex // orders numbers and publishing of group messages
	groupSeq            uint64
	malformedLog        pace
	rivalLog            pace
	aboutLog            pace

	saying sync.Mutex // orders what is said of this node
	left   bool       // the good-bye was said; guarded by saying

	joining   chan Node // who answers before we are a member
	member    atomic.Bool
	incoming  chan *nats.Msg
	announce  chan struct{} // the state has changed
	stop      chan struct{} // the keeper ends
	kept      chan struct{} // the keeper has ended
	ended     chan struct{} // no more messages come in: the dispatcher ends when it has handled what is there
	done      sync.WaitGroup
	subs      []*nats.Subscription
	answers   *nats.Subscription
	leaveOnce sync.Once

	// The keeper's.
	overflow map[*nats.Subscription]int

	senders names // of the goroutine that takes the answers
}

// Join makes this process a node: it asks who is there, waits [Config].Settle for answers, says
// hello, and handles from then on what others ask for. The connection must be up; it stays the
// caller's, who closes it after [Peers.Leave].
//
// Errors: [ErrNameTaken], [ErrDisconnected], ctx's, those of NATS, and a faulty Config.
func Join(ctx context.Context, nc *nats.Conn, cfg Config, handlers map[Op]Handler) (*Peers, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	p := &Peers{
		cfg: cfg, nc: nc, name: []byte(cfg.Name), started: time.Now(),
		nodes: cfg.Prefix + ".nodes", all: cfg.Prefix + ".all", inbox: nc.NewInbox() + ".",
		joining: make(chan Node, 64), incoming: make(chan *nats.Msg, room), announce: make(chan struct{}, 1),
		stop: make(chan struct{}), kept: make(chan struct{}), ended: make(chan struct{}), overflow: map[*nats.Subscription]int{}, senders: names{},
	}
	p.calls.open = map[uint64]*call{}
	p.reconnected.Store(nc.Stats().Reconnects)
	p.table.byName = map[string]*member{}
	p.table.self = Node{Name: cfg.Name, Started: p.started.UTC().Round(0), Version: cfg.Version, State: Ready}
	p.draw()
	p.figures = newFigures(p)
	for op, h := range handlers {
		p.handlers[op] = h
	}
	p.link.init()
	if !nc.IsConnected() {
		return nil, ErrDisconnected
	}
	p.measure()
	p.done.Go(p.dispatch)
	if err := p.enter(ctx); err != nil {
		p.close()
		p.done.Wait()
		return nil, err
	}
	p.figures.watch(p)
	statuses := nc.StatusChanged()
	go p.keep(statuses)
	return p, nil
}

// draw gives this node an incarnation.
func (p *Peers) draw() {
	n := p.cfg.draw()
	p.table.mu.Lock()
	p.table.self.become(n)
	p.table.mu.Unlock()
	p.number.Store(n)
}

// measure notes how much fits into one message.
func (p *Peers) measure() {
	p.chunk.Store(min(max(p.nc.MaxPayload()-maxHead, 512), 1<<20))
}

// enter makes sure that nobody has our name or tag, and becomes a member.
func (p *Peers) enter(ctx context.Context) error {
	answers, err := p.nc.Subscribe(p.inbox+"*", p.answer)
	if err != nil {
		return err
	}
	p.answers = answers
	if err := answers.SetPendingLimits(-1, maxWaiting); err != nil {
		return err
	}
	if err := p.subscribe(p.nodes); err != nil {
		return err
	}
	for tries := 0; ; tries++ {
		again, err := p.lookAround(ctx)
		if err != nil {
			return err
		}
		if !again {
			break
		}
		if tries == 10 {
			return errors.New("other nodes answer with the tag of this one, whichever it draws")
		}
		p.draw()
	}
	if err := p.subscribe(p.cfg.Prefix + ".node." + token(p.cfg.Name)); err != nil {
		return err
	}
	if err := p.subscribe(p.all); err != nil {
		return err
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	p.member.Store(true)
	return p.say(kindHello, p.nodes, p.inbox+joinToken)
}

func (p *Peers) subscribe(subject string) error {
	sub, err := p.nc.ChanSubscribe(subject, p.incoming)
	if err == nil {
		p.subs = append(p.subs, sub)
	}
	return err
}

// lookAround asks who is there; again: somebody has our tag.
func (p *Peers) lookAround(ctx context.Context) (again bool, err error) {
	if err := p.say(kindWho, p.nodes, p.inbox+joinToken); err != nil {
		return false, err
	}
	if err := p.flush(ctx); err != nil {
		return false, err
	}
	settle := time.NewTimer(p.cfg.Settle)
	defer settle.Stop()
	me := p.Self()
	for {
		select {
		case n := <-p.joining:
			switch {
			case n.number == me.number: // ourselves
			case n.Name == me.Name:
				return false, fmt.Errorf("%w: %q is in use by a node that was started at %s (incarnation %s): give one of the two another name",
					ErrNameTaken, n.Name, n.Started.Format(time.RFC3339), n.Incarnation)
			case n.Tag == me.Tag:
				return true, nil
			}
		case <-settle.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// Self returns this node.
func (p *Peers) Self() Node { return p.table.me() }

// Others returns the other nodes that are there, by name. The list is shared: it must not be changed.
func (p *Peers) Others() []Node { return p.table.list() }

// ByTag returns the node with a tag, which may be this one; false: none that is there.
func (p *Peers) ByTag(tag uint32) (Node, bool) {
	return p.table.find(func(n *Node) bool { return n.Tag == tag })
}

// ByIncarnation returns the node with an incarnation, which may be this one; false: none that is there.
func (p *Peers) ByIncarnation(incarnation string) (Node, bool) {
	return p.table.find(func(n *Node) bool { return n.Incarnation == incarnation })
}

// Connected says whether there is a connection to NATS.
func (p *Peers) Connected() bool { return p.nc.IsConnected() }

// Changes returns a channel that gets a word when a node has joined, left, lapsed or changed its
// state, and when the connection has come back: the follower looks again. Words that are
// not taken become one. Each call makes another channel, for one follower, until Leave closes it.
func (p *Peers) Changes() <-chan struct{} { return p.changes.follow() }

// Reconnected returns a channel that gets a word when others may have taken this node for gone, as
// [Peers.Changes] does: the connection to NATS has come back, this process has stood still, or nodes that could
// not hear each other can again. What this node believes to own may be somebody else's by now.
func (p *Peers) Reconnected() <-chan struct{} { return p.reconnects.follow() }

// Absences is [Peers.Reconnected] for who cannot wait for a word: n is how often others may have taken this node for gone,
// and unseen says that they may have done so now, and n does not count it yet: there is no connection, or this process
// has just begun to run again. It costs less than a microsecond.
func (p *Peers) Absences() (n uint64, unseen bool) {
	unseen = p.paused() || p.deaf.Load() || !p.nc.IsConnected() || p.link.isDown() || p.nc.Stats().Reconnects != p.reconnected.Load()
	return p.absences.Load(), unseen // in this order: what is seen meanwhile is counted first
}

// AbsencesSeen is Absences without a look at the connection, for who goes on without one: paused says that this process has
// just begun to run again after it stood still. It takes no locks.
func (p *Peers) AbsencesSeen() (n uint64, paused bool) {
	paused = p.paused()
	return p.absences.Load(), paused
}

// paused reports whether the keeper is late.
func (p *Peers) paused() bool {
	return time.Since(p.started)-time.Duration(p.beaten.Load()) > 3*p.cfg.Beat
}

// SetState changes the state of this node, and tells the others at once.
func (p *Peers) SetState(state string) {
	p.table.mu.Lock()
	p.table.self.State = state
	p.table.mu.Unlock()
	select {
	case p.announce <- struct{}{}:
	default:
	}
}

// Leave says good-bye, handles what has come in until then, and ends what this node waits for
// with [ErrLeft]. When it returns nothing of Peers runs any more, except what handlers have started.
// A second call does nothing. Errors: ctx's, when NATS does not take the good-bye in time, and those of
// NATS; this node has left all the same.
func (p *Peers) Leave(ctx context.Context) (err error) {
	p.leaveOnce.Do(func() {
		close(p.stop)
		<-p.kept
		if p.Connected() {
			err = p.say(kindBye, p.nodes, "")
			for _, sub := range p.subs {
				err = errors.Join(err, sub.Drain()) // what NATS has sent by now is still taken
			}
			err = errors.Join(err, p.flush(ctx))
		}
		p.close()
		p.done.Wait()
		p.changes.end()
		p.reconnects.end()
	})
	return err
}

// flush waits until NATS has taken what was published, for a while.
func (p *Peers) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	if err := p.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("NATS does not confirm what this node has sent: %w", err)
	}
	return nil
}

// close ends the dispatcher and all calls.
func (p *Peers) close() {
	for _, sub := range append(p.subs, p.answers) {
		sub.Unsubscribe() // fails if it is not there, or not any more
	}
	p.calls.end(ErrLeft)
	close(p.ended)
}
