package tracing

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name under which all spans are made.
const scope = "tutorsocket"

// Bounds of what is kept and of how long anything takes.
const (
	queueSpans   = 4096 // finished spans that wait for the collector; more are dropped
	batchSpans   = 512  // spans of one request
	batchDelay   = time.Second
	exportTime   = 10 * time.Second // of one batch, retries included
	flushTime    = 3 * time.Second  // of what is left at the end
	maxChildren  = 128              // sends and requests below one span
	maxWrites    = 16               // written frames below one send
	maxValue     = 1024             // characters of an attribute
	maxAttribute = 32               // attributes of a span
	maxEvents    = 8
)

// Process says who sends the spans.
type Process struct {
	Version string // of the program
	Node    string
}

// Tracer makes spans. A nil *Tracer makes none; so do its nil spans. Safe for concurrent use.
type Tracer struct {
	sample   float64
	otel     trace.Tracer
	provider *sdktrace.TracerProvider
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
	e := newExporter(cfg, logger)
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", scope),
			attribute.String("service.version", process.Version),
			attribute.String("service.instance.id", rand.Text()),
			attribute.String(attrNode, process.Node),
		)),
		// The choice is made before a span is, in [Tracer.parent]: what is not chosen then costs
		// no span at all.
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{
			AttributeValueLengthLimit: maxValue, AttributeCountLimit: maxAttribute, AttributePerEventCountLimit: maxAttribute,
			EventCountLimit: maxEvents, LinkCountLimit: maxEvents, AttributePerLinkCountLimit: maxEvents,
		}),
		sdktrace.WithBatcher(e,
			sdktrace.WithMaxQueueSize(queueSpans), sdktrace.WithMaxExportBatchSize(batchSpans),
			sdktrace.WithBatchTimeout(batchDelay), sdktrace.WithExportTimeout(exportTime)),
	)
	return &Tracer{
		sample: cfg.Sample, provider: provider, exporter: e,
		otel: provider.Tracer(scope, trace.WithInstrumentationVersion(process.Version)),
	}, nil
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
	// The SDK leaves its goroutine alone when a context ends. So it gets one that does not, and the
	// requests under way are broken off when time is over.
	defer context.AfterFunc(ctx, t.exporter.stop)()
	_ = t.provider.Shutdown(context.WithoutCancel(ctx)) // what was lost the exporter has told
	<-t.exporter.done                                   // a second call has not waited yet
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

// begin starts a span below parent, or a trace if that is nil.
func (t *Tracer) begin(parent *Span, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) *Span {
	ctx := context.Background()
	if parent != nil {
		ctx = trace.ContextWithSpan(ctx, parent.otel)
	}
	return t.beginIn(ctx, name, kind, attrs...)
}

// beginIn starts a span below the one that the SDK finds in ctx.
func (t *Tracer) beginIn(ctx context.Context, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) *Span {
	_, s := t.otel.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	return &Span{otel: s, began: time.Now()}
}
