package tracing

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Span is a piece of work under way. A nil *Span is one that is not recorded; all methods take it.
// Safe for concurrent use.
type Span struct {
	otel     trace.Span // nil: the trace was not chosen
	began    time.Time
	children atomic.Int32
}

// unchosen stands in contexts for a trace that is not recorded, so that nothing below begins another.
var unchosen = &Span{}

type spanKey struct{}

// fromContext returns the span a context carries, nil if it carries none.
func fromContext(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}

func (s *Span) recording() bool { return s != nil && s.otel != nil }

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
	return s.otel.SpanContext().TraceID().String()
}

// End ends the span; what it did not record of its children is said on it. A second end does nothing.
func (s *Span) End() {
	if !s.recording() {
		return
	}
	if left := s.children.Load() - maxChildren; left > 0 {
		s.set(attribute.Int(attrLeftOut, int(left)))
	}
	s.otel.End()
}

// Outcome records how the work ended, one of the Outcome constants.
func (s *Span) Outcome(outcome string) {
	if s.recording() {
		s.set(attribute.String(attrOutcome, outcome))
	}
}

// Fail records an error as an event: its message, and where it happened if that is known. Long texts are
// cut.
func (s *Span) Fail(message, stack string) {
	if !s.recording() {
		return
	}
	message, stack = cut(message), cut(stack)
	attrs := []attribute.KeyValue{attribute.String("exception.type", "error"), attribute.String("exception.message", message)}
	if stack != "" {
		attrs = append(attrs, attribute.String("exception.stacktrace", stack))
	}
	s.otel.AddEvent("exception", trace.WithAttributes(attrs...))
	s.otel.SetStatus(codes.Error, message)
}

// cut shortens a text that the SDK takes as it is. What is left of a character is replaced on the way out.
func cut(text string) string { return text[:min(len(text), maxValue)] }

func (s *Span) set(attrs ...attribute.KeyValue) { s.otel.SetAttributes(attrs...) }

// admit counts a child, and reports whether it is still to be recorded.
func (s *Span) admit() bool { return s.children.Add(1) <= maxChildren }
