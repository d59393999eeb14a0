package peers

import "github.com/tutorsocket/tutorsocket/internal/metrics"

// figures is what is counted. All of it is nil when nothing is.
type figures struct {
	ops        [256]*opFigures
	malformed  *metrics.Counter
	late       *metrics.Counter
	partial    *metrics.Counter
	slow       *metrics.Counter
	expired    *metrics.Counter
	reconnects *metrics.Counter
}

// opFigures counts the requests of one operation.
type opFigures struct {
	ok, failed, gone, noAnswer, disconnected, stopped *metrics.Counter
	handled                                           *metrics.Counter
}

func newFigures(p *Peers) *figures {
	r := p.cfg.Metrics
	requests := r.Counters("tutorsocket_peers_requests_total",
		"Requests to other nodes, by operation and outcome: ok, failed (a node answered so), gone (nobody was there), no_answer (in time), disconnected (from NATS), stopped (the asker did not wait).", "operation", "outcome")
	handled := r.Counters("tutorsocket_peers_handled_requests_total", "Requests of other nodes that came in, by operation.", "operation")
	dropped := r.Counters("tutorsocket_peers_dropped_messages_total",
		"Messages of other nodes that were thrown away: malformed, late (an answer nobody waits for), partial (a body that did not come whole), overflow (they came faster than they could be taken), expired (a request whose asker had given up).", "reason")
	f := &figures{
		malformed: dropped.With("malformed"), late: dropped.With("late"), partial: dropped.With("partial"), slow: dropped.With("overflow"), expired: dropped.With("expired"),
		reconnects: r.Counter("tutorsocket_peers_reconnects_total", "Times that the connection to NATS came back."),
	}
	named := func(name string) *opFigures {
		return &opFigures{
			ok: requests.With(name, "ok"), failed: requests.With(name, "failed"), gone: requests.With(name, "gone"),
			noAnswer: requests.With(name, "no_answer"), disconnected: requests.With(name, "disconnected"), stopped: requests.With(name, "stopped"),
			handled: handled.With(name),
		}
	}
	other := named("other")
	for op := range f.ops {
		f.ops[op] = other
		if info := p.cfg.Ops[Op(op)]; info.Name != "" {
			f.ops[op] = named(info.Name)
		}
	}
	return f
}

// watch registers what is read from a member; there is no second one in a process.
func (f *figures) watch(p *Peers) {
	r := p.cfg.Metrics
	r.Read("tutorsocket_peers_nodes", "Nodes of the cluster that this one knows to be there, itself included, by state: ready, draining.",
		[]string{"state"}, p.readNodes)
	r.Read("tutorsocket_peers_connected", "1 while this node is connected to NATS.", nil, func(set func(float64, ...string)) {
		if p.Connected() {
			set(1)
		} else {
			set(0)
		}
	})
}

func (p *Peers) readNodes(set func(value float64, values ...string)) {
	count := map[string]int{Ready: 0, Draining: 0}
	note := func(n Node) {
		if n.State == Draining {
			count[Draining]++
		} else {
			count[Ready]++
		}
	}
	note(p.Self())
	for _, n := range p.Others() {
		note(n)
	}
	for state, n := range count {
		set(float64(n), state)
	}
}
