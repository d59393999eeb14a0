package tracing

import (
	"context"
	"sync/atomic"
	"time"
)

// Names of spans. Those of requests to the API are their method and route.
const (
	SpanReceive = "socket receive"
	SpanSend    = "socket send"
	SpanWrite   = "socket write"
	SpanOpen    = "script open"
	SpanProcess = "script process"
	SpanClose   = "script close"
	SpanAgent   = "agent run"
	SpanThread  = "thread run"
	SpanAPI     = "api request"
	SpanRequest = "http request"
)

// Outcomes of spans.
const (
	OutcomeOK        = "ok"
	OutcomeError     = "error"     // an error of the script, or of the way to a socket
	OutcomeStopped   = "stopped"   // a budget was spent, or the run was ended
	OutcomeCancelled = "cancelled" // the script called Cancel()
	OutcomeGone      = "gone"      // no such socket
	OutcomeFull      = "full"      // the queue was full, the message is dropped
)

// Attributes, besides those of the conventions of OpenTelemetry.
const (
	attrNode      = "tutorsocket.node"
	attrService   = "tutorsocket.service"
	attrSocket    = "tutorsocket.socket"
	attrUser      = "tutorsocket.user"
	attrAgent     = "tutorsocket.agent"
	attrThread    = "tutorsocket.thread"
	attrScript    = "tutorsocket.script"
	attrOutcome   = "tutorsocket.outcome"
	attrBytes     = "tutorsocket.message.bytes"
	attrTargets   = "tutorsocket.targets"
	attrAddressed = "tutorsocket.addressed"
	attrDepth     = "tutorsocket.queue.depth"
	attrWait      = "tutorsocket.queue.wait_ms"
	attrLeftOut   = "tutorsocket.left_out"
)

// Receive begins a trace for a text message of a client.
func (t *Tracer) Receive(service, socket, user string, bytes int) *Span {
	switch {
	case t == nil:
		return nil
	case !t.chosen():
		return unchosen
	}
	return t.begin(nil, SpanReceive, kindServer,
		text(attrService, service), text(attrSocket, socket), text(attrUser, user), whole(attrBytes, bytes))
}

// Script describes a run of a script. Empty texts are left out.
type Script struct {
	Name    string // of the span
	Service string
	Agent   string
	Socket  string
	User    string
	URL     string
	Thread  int
}

// Script begins the span of a run, below the span of ctx or, without one, as a trace.
func (t *Tracer) Script(ctx context.Context, script Script) *Span {
	parent, record := t.parent(ctx)
	if !record {
		if t == nil {
			return nil
		}
		return unchosen
	}
	attrs := make([]attribute, 0, 6)
	attrs = append(attrs, whole(attrThread, script.Thread))
	for _, a := range [...]struct{ key, value string }{
		{attrService, script.Service}, {attrAgent, script.Agent}, {attrSocket, script.Socket},
		{attrUser, script.User}, {attrScript, script.URL},
	} {
		if a.value != "" {
			attrs = append(attrs, text(a.key, a.value))
		}
	}
	return t.begin(parent, script.Name, kindInternal, attrs...)
}

// Send begins the span of a message to the socket with the key. It is nil unless it belongs to a trace
// that is recorded; of a run's sends the first [maxChildren] are.
func (t *Tracer) Send(ctx context.Context, key string, bytes int) *Span {
	parent := t.sender(ctx)
	if parent == nil {
		return nil
	}
	return t.begin(parent, SpanSend, kindProducer, text(attrSocket, key), whole(attrBytes, bytes))
}

// SendMany is Send for one message to so many sockets.
func (t *Tracer) SendMany(ctx context.Context, targets, bytes int) *Span {
	parent := t.sender(ctx)
	if parent == nil {
		return nil
	}
	return t.begin(parent, SpanSend, kindProducer, whole(attrTargets, targets), whole(attrBytes, bytes))
}

// SendWhere is Send for one message to all sockets that meet a filter. How many these are nobody knows before.
func (t *Tracer) SendWhere(ctx context.Context, bytes int) *Span {
	parent := t.sender(ctx)
	if parent == nil {
		return nil
	}
	return t.begin(parent, SpanSend, kindProducer, whole(attrBytes, bytes))
}

// sender returns the span that a send belongs below, nil if it is not to be recorded.
func (t *Tracer) sender(ctx context.Context) *Span {
	if t == nil {
		return nil
	}
	if parent := fromContext(ctx); parent.recording() && parent.admit() {
		return parent
	}
	return nil
}

// Queued records how many messages wait in the queue that took this one.
func (s *Span) Queued(depth int) {
	if s.recording() {
		s.set(whole(attrDepth, depth))
	}
}

// Addressed records how many queues took the message.
func (s *Span) Addressed(n int) {
	if s.recording() {
		s.set(whole(attrAddressed, n))
	}
}

// Sent follows a message after its send. It implements hub.Watcher.
type Sent struct {
	tracer *Tracer
	send   *Span
	left   atomic.Int32
}

// Follow returns what records the writes of a message below its send. send is recorded.
func (t *Tracer) Follow(send *Span) *Sent {
	s := &Sent{tracer: t, send: send}
	s.left.Store(maxWrites)
	return s
}

// Written records that the message has been written to the socket with the key, beginning at a time
// and until now. Of the writes of one send the first [maxWrites] are recorded.
func (s *Sent) Written(key string, began time.Time) {
	if s.left.Load() <= 0 || s.left.Add(-1) < 0 {
		return
	}
	wait := float64(began.Sub(s.send.began).Microseconds()) / 1000
	span := s.tracer.begin(s.send, SpanWrite, kindInternal, text(attrSocket, key), real(attrWait, max(0, wait)))
	span.began = began // nobody else knows it yet
	span.End()
}
