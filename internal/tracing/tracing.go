package tracing

import (
	"context"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"time"
)

// scope is the name under which all spans are made.
const scope = "tutorsocket"

// Bounds of what is kept and of how long anything takes.
const (
	queueSpans  = 4096 // finished spans that wait for the collector; more are dropped
	batchSpans  = 512  // spans of one request
	batchDelay  = time.Second
	exportTime  = 10 * time.Second // of one batch, retries included
	flushTime   = 3 * time.Second  // of what is left at the end
	maxChildren = 128              // sends and requests below one span
	maxWrites   = 16               // written frames below one send
	maxValue    = 1024             // bytes of a text
	maxEvents   = 8                // of a span
)

// Process says who sends the spans.
type Process struct {
	Version string // of the program
	Node    string
}

// Tracer makes spans. A nil *Tracer makes none; so do its nil spans. Safe for concurrent use.
type Tracer struct {
	sample   float64
	exporter *exporter
}

// New returns what sends traces to the endpoint, nil if there is none. Settings must satisfy
// [Config.Validate]; the error is that of Validate. Faults of the collector go to logger. Close it to
// send what is left.
func New(cfg Config, process Process, logger *slog.Logger) (*Tracer, error) {
	if cfg.Endpoint == "" {
		return nil, nil
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("settings of traces: %w", err)
	}
	return &Tracer{sample: cfg.Sample, exporter: startExporter(cfg, process, logger)}, nil
}

// Close sends what is left and ends the goroutine. It takes no longer than ctx, nor than a few seconds
// whatever the collector does; spans that could not be sent by then are lost. Spans that end later go
// nowhere. It may be called more than once.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	defer context.AfterFunc(ctx, t.exporter.stop)() // breaks the requests under way off when time is over
	t.exporter.close()
	t.exporter.stop()
}

// parent says below which span of ctx a new one belongs, nil for the root of a trace, and whether it is
// to be recorded: as its parent is, or for a root as chance says.
func (t *Tracer) parent(ctx context.Context) (parent *Span, record bool) {
	if t == nil {
		return nil, false
	}
	if parent = fromContext(ctx); parent != nil {
		return parent, parent.recording()
	}
	return nil, t.chosen()
}

// chosen decides about a trace that begins here.
func (t *Tracer) chosen() bool { return mathrand.Float64() < t.sample }

// begin starts a span below parent, or a trace if that is nil. parent is recorded.
func (t *Tracer) begin(parent *Span, name string, kind kind, attrs ...attribute) *Span {
	if parent == nil {
		return t.beginBelow(nil, name, kind, attrs...)
	}
	return t.beginBelow(&parent.place, name, kind, attrs...)
}

// beginBelow starts a span below the one in a place, or a trace if there is none.
func (t *Tracer) beginBelow(parent *place, name string, kind kind, attrs ...attribute) *Span {
	s := &Span{tracer: t, place: newPlace(parent), kind: kind, began: time.Now(), name: name, attrs: attrs}
	if parent != nil {
		s.parent = *parent
	}
	return s
}
