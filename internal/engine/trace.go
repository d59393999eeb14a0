package engine

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// hookSpans are the names of the spans of hooks.
var hookSpans = map[hostapi.Hook]string{
	hostapi.HookOpen:    tracing.SpanOpen,
	hostapi.HookProcess: tracing.SpanProcess,
	hostapi.HookClose:   tracing.SpanClose,
}

// trace begins the span of the run, below that of ctx if there is one. The caller ends it.
func (x *run) trace(ctx context.Context, name string) {
	t := x.engine.deps.Tracer
	if t == nil {
		return
	}
	script := tracing.Script{Name: name, Socket: x.Socket.Key, User: x.User.ID, URL: x.script.URL, Thread: x.thread}
	if x.script.Kind == app.Agent {
		script.Agent = x.script.Name
	} else {
		script.Service = x.script.Name
	}
	x.span = t.Script(ctx, script)
}

// traceOutcome records on the span how the run ended.
func (x *run) traceOutcome(err error) {
	if x.span == nil {
		return
	}
	var e *basescript.Error
	switch {
	case err == nil:
		x.span.Outcome(tracing.OutcomeOK)
		return
	case !errors.As(err, &e):
		x.span.Outcome(tracing.OutcomeError)
		x.span.Fail(plainText(err), errorText(err))
		return
	case e.Kind == basescript.Cancelled:
		x.span.Outcome(tracing.OutcomeCancelled)
		return
	case e.Kind == basescript.Stopped:
		x.span.Outcome(tracing.OutcomeStopped)
	default:
		x.span.Outcome(tracing.OutcomeError)
	}
	x.span.Fail(e.Message, errorText(err))
}
