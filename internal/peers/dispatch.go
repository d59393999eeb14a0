package peers

import (
	"time"

	"github.com/nats-io/nats.go"
)

// grumble is how often one kind of complaint is logged.
const grumble = 10 * time.Second

// dispatch handles what comes in, in order of arrival, until no more comes.
func (p *Peers) dispatch() {
	known := names{}
	for {
		select {
		case m := <-p.incoming:
			p.handle(m, known)
		case <-p.ended:
			for {
				select {
				case m := <-p.incoming:
					p.handle(m, known)
				default:
					return
				}
			}
		}
	}
}

func (p *Peers) handle(m *nats.Msg, known names) {
	f, err := parse(m.Data)
	if err != nil {
		p.malformed(m.Subject, err)
		return
	}
	now := p.cfg.clock()
	age := time.Duration(0)
	if f.sent != 0 {
		age = p.ageOf(&f, now, known)
	}
	switch f.kind {
	case kindRequest:
		p.request(m, &f, now, age, known)
	case kindProbe:
		p.send(m.Reply, "", frame{kind: kindPong}) // who asks will ask again
	case kindBack:
		p.wasAway()
	case kindWho, kindHello, kindHere, kindBye:
		p.heard(&f, m.Reply)
	default:
		p.malformed(m.Subject, errKind)
	}
}

func (p *Peers) request(m *nats.Msg, f *frame, now, age time.Duration, known names) {
	if !p.member.Load() || m.Subject == p.all && f.incarnation == p.number.Load() {
		return
	}
	whole, dropped := p.asked.add(f, time.Now())
	if dropped {
		p.figures.partial.Inc()
	}
	if !whole {
		return
	}
	until := now + f.patience() - age
	if f.sent != 0 && now > until && !p.cfg.Ops[f.op].Late {
		p.figures.expired.Inc()
		return
	}
	from := known.of(f)
	q := &Request{From: from.name, FromIncarnation: from.incarnation, Op: f.op, Body: f.body, GroupSeq: f.groupSeq, peers: p, reply: m.Reply, until: until}
	p.figures.ops[f.op].handled.Inc()
	q.run(p.handlers[f.op])
}

// heard takes in a sign of life.
func (p *Peers) heard(f *frame, reply string) {
	now := time.Now()
	me := p.number.Load()
	if f.incarnation == me {
		p.echoed.Store(int64(time.Since(p.started)))
		return
	}
	if f.kind == kindBye {
		p.forget(f.incarnation)
		if p.table.bye(string(f.name), f.incarnation) {
			p.changes.tell()
		}
		return
	}
	n, err := nodeOf(f)
	if err != nil {
		p.malformed(p.nodes, err)
		return
	}
	if reply != "" && (p.member.Load() || p.outranks(&n)) {
		p.say(kindHere, reply, "") // if it is lost the next heartbeat says the same
	}
	if f.kind == kindWho {
		return
	}
	what, gone := p.table.hear(n, f.kind == kindHello, now)
	if gone != 0 {
		p.forget(gone)
	}
	switch what {
	case changeJoined, changeState:
		p.changes.tell()
	case changeBack:
		p.send(p.subjectOf(n.Name), "", frame{kind: kindBack})
		p.wasAway()
	case changeRival:
		if _, ok := p.rivalLog.may(grumble); ok && p.member.Load() {
			p.cfg.Logger.Error("another live node has the name of this one: give one of the two another name", "peer", n.Name)
		}
	}
}

// outranks says whether a newcomer must give way to us, who are one, too: of two that want the
// same name or tag, the one with the lower number stays.
func (p *Peers) outranks(n *Node) bool {
	me := p.Self()
	return (n.Name == me.Name || n.Tag == me.Tag) && n.number > me.number
}

// malformed notes a message that is none of ours.
func (p *Peers) malformed(subject string, err error) {
	p.figures.malformed.Inc()
	if kept, ok := p.malformedLog.may(grumble); ok {
		p.cfg.Logger.Warn("message between nodes not understood", "subject", subject, "error", err, "skipped", kept)
	}
}

// names keeps the names of senders, so that a request costs no copy of them.
type names map[uint64]*sender

type sender struct {
	name, incarnation string
	delays            delays
}

func (n names) of(f *frame) *sender {
	if s, ok := n[f.incarnation]; ok && s.name == string(f.name) {
		return s
	}
	if len(n) >= 1024 { // of nodes that are long gone, most of them
		clear(n)
	}
	s := &sender{name: string(f.name), incarnation: incarnationText(f.incarnation)}
	n[f.incarnation] = s
	return s
}
