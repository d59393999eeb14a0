package peers

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// joinToken ends the subject of answers to who and hello.
const joinToken = "here"

// calls are the requests of this node that wait for answers.
type calls struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*call
	err  error // no new ones
}

// call is one request that waits. Calls are used again: who finds one in calls.open holds calls.mu while using it.
type call struct {
	id    uint64
	reply string        // subject of its answers
	wake  chan struct{} // something arrived
	timer *time.Timer

	// Guarded by calls.mu.
	arrived []arrival
	bytes   int
	full    bool // more arrived than may wait
	err     error

	taken []arrival // the other buffer
}

// arrival is what came for a call.
type arrival struct {
	kind   kind // kindAnswer, kindPage, kindFailure, kindPong, or one of those below
	from   string
	number uint64 // incarnation of the sender
	probe  int    // which of the asked nodes was probed, from 1; 0: it is about the request itself
	body   []byte
}

const (
	arrivalNobody kind = kinds + iota // nobody listens to the subject
	arrivalSome                       // a part of a body
)

var spareCalls = sync.Pool{New: func() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &call{wake: make(chan struct{}, 1), timer: timer}
}}

// begin makes a call. It must be given to finish.
func (p *Peers) begin(ctx context.Context) (*call, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := spareCalls.Get().(*call)
	s := &p.calls
	s.mu.Lock()
	if err := s.err; err != nil {
		s.mu.Unlock()
		spareCalls.Put(c)
		return nil, err
	}
	s.last++
	c.id = s.last
	s.open[c.id] = c
	s.mu.Unlock()
	var b [20]byte
	c.reply = p.inbox + string(strconv.AppendUint(b[:0], c.id, 36))
	return c, nil
}

func (p *Peers) finish(c *call) {
	p.calls.mu.Lock()
	delete(p.calls.open, c.id)
	p.calls.mu.Unlock()
	// Nobody else has it from here on.
	c.timer.Stop()
	select {
	case <-c.wake:
	default:
	}
	clear(c.arrived)
	clear(c.taken)
	c.arrived, c.taken, c.bytes, c.full, c.err = c.arrived[:0], c.taken[:0], 0, false, nil
	if cap(c.arrived) <= 64 && cap(c.taken) <= 64 {
		spareCalls.Put(c)
	}
}

// take returns what has arrived, valid until the next take. Errors: [ErrTooLarge], [ErrLeft].
func (p *Peers) take(c *call) ([]arrival, error) {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	clear(c.taken)
	c.taken, c.arrived = c.arrived, c.taken[:0]
	c.bytes = 0
	if c.full {
		return nil, ErrTooLarge
	}
	return c.taken, c.err
}

// deliver hands a call what came for it; false: nobody waits for it.
func (s *calls) deliver(id uint64, a arrival) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[id]
	if c == nil {
		return false
	}
	if c.bytes += len(a.body); c.bytes > MaxBody && len(c.arrived) > 0 {
		c.full = true
	} else {
		c.arrived = append(c.arrived, a)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// end ends all calls, and lets no new ones begin.
func (s *calls) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	for _, c := range s.open {
		c.err = err
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// probe asks the node that is the nth of a call, from 1, whether it is there.
func (p *Peers) probe(c *call, node string, n int) error {
	return p.send(p.subjectOf(node), c.reply+"-"+strconv.Itoa(n), frame{kind: kindProbe})
}

func (p *Peers) subjectOf(node string) string { return p.cfg.Prefix + ".node." + token(node) }

// answer takes an answer. NATS calls it from one goroutine.
func (p *Peers) answer(m *nats.Msg) {
	rest := m.Subject[len(p.inbox):]
	f, nobody, err := parseAnswer(m)
	if err != nil {
		p.malformed(p.inbox, err)
		return
	}
	if rest == joinToken {
		if !nobody {
			p.joinAnswer(&f)
		}
		return
	}
	id, probe, ok := parseToken(rest)
	if !ok {
		p.malformed(p.inbox, errKind)
		return
	}
	a := arrival{kind: arrivalNobody, probe: probe}
	if !nobody {
		if a, ok = p.arrivalOf(&f, probe); !ok {
			return
		}
	}
	if !p.calls.deliver(id, a) && a.kind < kindProbe { // what probes bring late is no loss
		p.figures.late.Inc()
	}
}

// parseAnswer reads what came to the inbox; nobody: it is NATS that says that nobody listens.
func parseAnswer(m *nats.Msg) (f frame, nobody bool, err error) {
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return frame{}, true, nil
	}
	f, err = parse(m.Data)
	return f, false, err
}

// parseToken reads the end of the subject of an answer: the number of a call, and which of its nodes was probed.
func parseToken(s string) (id uint64, probe int, ok bool) {
	number, nth, probed := strings.Cut(s, "-")
	id, err := strconv.ParseUint(number, 36, 64)
	if err == nil && probed {
		probe, err = strconv.Atoi(nth)
	}
	return id, probe, err == nil
}

// arrivalOf makes a frame what a call waits for; false: nothing to hand over.
func (p *Peers) arrivalOf(f *frame, probe int) (arrival, bool) {
	switch f.kind {
	case kindAnswer, kindPage, kindFailure, kindPong:
	default:
		p.malformed(p.inbox, errKind)
		return arrival{}, false
	}
	whole, dropped := p.answered.add(f, time.Now())
	if dropped {
		p.figures.partial.Inc()
		return arrival{}, false
	}
	a := arrival{kind: f.kind, from: p.senders.of(f).name, number: f.incarnation, probe: probe}
	if whole {
		a.body = f.body
	} else {
		a.kind = arrivalSome
	}
	return a, true
}

// joinAnswer takes the answer to who or hello.
func (p *Peers) joinAnswer(f *frame) {
	if f.kind != kindHere {
		p.malformed(p.inbox, errKind)
		return
	}
	if !p.member.Load() {
		if n, err := nodeOf(f); err == nil {
			select {
			case p.joining <- n:
			default: // enough others answer
			}
		}
	}
	p.heard(f, "")
}
