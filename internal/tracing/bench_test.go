package tracing_test

import (
	"log/slog"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/tracing/tracingtest"
)

// BenchmarkMessage is what the spans of one message cost, without those of its writes.
func BenchmarkMessage(b *testing.B) {
	for name, sample := range map[string]float64{"off": -1, "not chosen": 0, "recorded": 1} {
		b.Run(name, func(b *testing.B) {
			var tracer *tracing.Tracer
			if sample >= 0 {
				var err error
				cfg := tracing.Config{Endpoint: tracingtest.Start(b).URL, Sample: sample}
				if tracer, err = tracing.New(cfg, tracing.Process{}, slog.New(slog.DiscardHandler)); err != nil {
					b.Fatal(err)
				}
				defer tracer.Close(b.Context())
			}
			b.ReportAllocs()
			for b.Loop() {
				root := tracer.Receive("s", "k", "u", 1)
				run := tracer.Script(root.In(b.Context()), tracing.Script{Name: tracing.SpanProcess})
				tracer.Send(run.In(b.Context()), "k", 1).End()
				run.Outcome(tracing.OutcomeOK)
				run.End()
				root.End()
			}
		})
	}
}
