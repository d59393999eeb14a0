package tracing

import (
	"context"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"
)

// Span is a piece of work under way. A nil *Span is one that is not recorded; all methods take it.
// Safe for concurrent use.
type Span struct {
	tracer *Tracer // nil: the trace was not chosen
	place  place
	parent place // the zero value: the span is the root of its trace
	kind   kind
	began  time.Time

	children atomic.Int32

	// Below is written until the span ends, and only read after that.
	mu     sync.Mutex
	name   string
	attrs  []attribute
	events []event
	failed bool
	status string // of a failed span; may be empty
	ended  time.Time
}

// kind is the part a span has in its trace, in the numbers of OTLP.
type kind int

const (
	kindInternal kind = 1 + iota
	kindServer
	kindClient
	kindProducer
)

// event is something that happened during a span.
type event struct {
	name  string
	at    time.Time
	attrs []attribute
}

// attribute is a name with the one of the values that its type says.
type attribute struct {
	key   string
	typ   valueType
	text  string
	whole int64
	real  float64
}

type valueType byte

const (
	typeText valueType = iota
	typeWhole
	typeReal
)

func text(key, value string) attribute { return attribute{key: key, text: cut(value)} }
func whole(key string, value int) attribute {
	return attribute{key: key, typ: typeWhole, whole: int64(value)}
}
func real(key string, v float64) attribute { return attribute{key: key, typ: typeReal, real: v} }

// cut shortens a text. What is left of a character is replaced on the way out.
func cut(text string) string { return text[:min(len(text), maxValue)] }

// unchosen stands in contexts for a trace that is not recorded, so that nothing below begins another.
var unchosen = &Span{}

type spanKey struct{}

// fromContext returns the span a context carries, nil if it carries none.
func fromContext(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}

func (s *Span) recording() bool { return s != nil && s.tracer != nil }

// In returns a context in which the span is the one that others belong below; ctx itself if s is nil.
func (s *Span) In(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// TraceID returns the id of the trace in hex, "" if it is not recorded.
func (s *Span) TraceID() string {
	if !s.recording() {
		return ""
	}
	return hex.EncodeToString(s.place.trace[:])
}

// End ends the span; what it did not record of its children is said on it. A second end does nothing.
func (s *Span) End() {
	if !s.recording() {
		return
	}
	if left := s.children.Load() - maxChildren; left > 0 {
		s.set(whole(attrLeftOut, int(left)))
	}
	if s.change(func() { s.ended = s.began.Add(time.Since(s.began)) }) {
		s.tracer.exporter.take(s)
	}
}

// Outcome records how the work ended, one of the Outcome constants.
func (s *Span) Outcome(outcome string) {
	if s.recording() {
		s.set(text(attrOutcome, outcome))
	}
}

// Fail records an error as an event: its message, and where it happened if that is known. Long texts are
// cut; of many errors the first are kept.
func (s *Span) Fail(message, stack string) {
	if !s.recording() {
		return
	}
	attrs := []attribute{text("exception.type", "error"), text("exception.message", message)}
	if stack != "" {
		attrs = append(attrs, text("exception.stacktrace", stack))
	}
	s.change(func() {
		s.failed, s.status = true, cut(message)
		if len(s.events) < maxEvents {
			s.events = append(s.events, event{"exception", time.Now(), attrs})
		}
	})
}

// fault marks the span as failed, with nothing to say about it.
func (s *Span) fault() { s.change(func() { s.failed = true }) }

// rename gives the span the name that is known only now.
func (s *Span) rename(name string) { s.change(func() { s.name = cut(name) }) }

// set records attributes; a later value of the same name replaces the earlier one.
func (s *Span) set(attrs ...attribute) {
	s.change(func() {
		for _, a := range attrs {
			s.put(a)
		}
	})
}

func (s *Span) put(a attribute) {
	for i := range s.attrs {
		if s.attrs[i].key == a.key {
			s.attrs[i] = a
			return
		}
	}
	s.attrs = append(s.attrs, a)
}

// change calls f unless the span has ended, and reports whether it did.
func (s *Span) change(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended.IsZero() {
		return false
	}
	f()
	return true
}

// admit counts a child, and reports whether it is still to be recorded.
func (s *Span) admit() bool { return s.children.Add(1) <= maxChildren }
