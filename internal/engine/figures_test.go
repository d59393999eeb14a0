package engine_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/tracing/tracingtest"
)

// counted replaces the engine of a world by one that counts.
func counted(w *world, cfg engine.Config) *metrics.Registry {
	r := metrics.New()
	e := engine.New(cfg, engine.Deps{Apps: w.app.Snapshot, Sockets: cluster.New(w.hub), UserData: w.data, Logs: w.logs, Metrics: r})
	w.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			w.Error(err)
		}
	})
	w.engine = e
	return r
}

func TestOutcomesAreCounted(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"services/s.js": `function process(context) { if (message == 'throw') throw 'x'; if (message == 'cancel') Cancel(); if (message == 'deep') f(); } function f() { f() }`,
		"agents/a.js":   `alert(1)`,
		"agents/bad.js": `alert(`,
	}})
	r := counted(w, engine.Config{})
	c := w.connect("s", "1")
	for _, text := range []string{"fine", "throw", "cancel", "deep"} {
		c.say(text)
	}
	for _, req := range []engine.RunRequest{{Agent: "a"}, {Agent: "bad"}, {Source: "alert(1)"}, {Source: "alert("}, {Source: "throw 'x'", Name: "a"}} {
		if _, err := w.engine.Run(t.Context(), req); err != nil {
			t.Error(err)
		}
	}
	for _, test := range []struct {
		want  float64
		match []string
	}{
		{2, []string{"service", "s", "hook", "process", "outcome", "ok"}},
		{1, []string{"service", "s", "hook", "process", "outcome", "failed"}},
		{1, []string{"service", "s", "hook", "process", "outcome", "stopped"}},
		{0, []string{"hook", "open"}}, // the service has none
	} {
		if n := r.Sum("tutorsocket_engine_calls_total", test.match...); n != test.want {
			t.Errorf("%v calls of %v, want %v", n, test.match, test.want)
		}
	}
	for _, test := range []struct {
		want  float64
		match []string
	}{
		{1, []string{"agent", "a", "outcome", "ok"}},
		{1, []string{"agent", "bad", "outcome", "broken"}},
		{1, []string{"agent", "(source)", "outcome", "ok"}},
		{1, []string{"agent", "(source)", "outcome", "broken"}},
		{1, []string{"agent", "(source)", "outcome", "failed"}}, // though it is called like an agent
		{5, nil},
	} {
		if n := r.Sum("tutorsocket_engine_agent_runs_total", test.match...); n != test.want {
			t.Errorf("%v runs of %v, want %v", n, test.match, test.want)
		}
	}
}

func TestBudgetStopsAreCounted(t *testing.T) {
	w := newWorld(t, setup{files: map[string]string{
		"services/s.js": `function process(context) { while (true) {} }`,
	}})
	r := counted(w, engine.Config{ServiceCompute: 20 * time.Millisecond, AgentBytes: 1 << 20})
	w.connect("s", "1").say("loop")
	for _, req := range []engine.RunRequest{
		{Source: `function f() { f() } f()`},
		{Source: `a = []; while (true) a.push('a text that takes some room ' + a.length)`},
		{Source: `while (true) {}`, Timeout: 50 * time.Millisecond},
	} {
		if _, err := w.engine.Run(t.Context(), req); err != nil {
			t.Error(err)
		}
	}
	for _, b := range []basescript.Budget{basescript.BudgetCompute, basescript.BudgetDepth, basescript.BudgetMemory, basescript.BudgetTime} {
		if n := r.Sum("tutorsocket_engine_budget_stops_total", "budget", b.String()); n != 1 {
			t.Errorf("%v stops by %v", n, b)
		}
	}
}

// TestEveryRunEndsEverywhere: however a run ends, it is counted once, its span has ended, and it is in the
// list of runs as one that has.
func TestEveryRunEndsEverywhere(t *testing.T) {
	collector := tracingtest.Start(t)
	tracer, err := tracing.New(tracing.Config{Endpoint: collector.URL, Sample: 1}, tracing.Process{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setup{files: map[string]string{"agents/bad.js": "alert(", "agents/other.js": "alert('other')", "agents/endless.js": "alert('endless'); while (true) Sleep(1)"}})
	r, listed := metrics.New(), runs.New(runs.Config{})
	e := engine.New(engine.Config{}, engine.Deps{
		Apps: w.app.Snapshot, Sockets: cluster.New(w.hub), UserData: panickingData{w.data}, Logs: w.logs, Runs: listed,
		Metrics: r, Tracer: tracer, Logger: slog.New(slog.DiscardHandler),
	})
	over, end := context.WithCancel(t.Context())
	end()
	for _, run := range []struct {
		ctx     context.Context
		source  string
		outcome string
	}{
		{t.Context(), "alert('fine')", "ok"},
		{t.Context(), "Cancel()", "ok"},
		{t.Context(), "throw 'x'", "failed"},
		{t.Context(), "alert(", "broken"},
		{t.Context(), "tools_web.remove_user_data('x')", "stopped"}, // a panic
		{over, "alert('never')", "stopped"},
		{over, "alert(", "broken"},
	} {
		before := r.Sum("tutorsocket_engine_agent_runs_total", "outcome", run.outcome)
		outcome, err := e.Run(run.ctx, engine.RunRequest{Source: run.source})
		if n := r.Sum("tutorsocket_engine_agent_runs_total", "outcome", run.outcome) - before; err != nil || n != 1 {
			t.Errorf("%s is counted %v times as %s; %+v, %v", run.source, n, run.outcome, outcome, err)
		}
	}
	reader, err := e.Start(over, engine.RunRequest{Agent: "endless"})
	if err != nil {
		t.Fatal(err)
	}
	w.waitLine("endless") // it goes on though the request is over
	reader.Run().Stop()
	if info, err := reader.Run().Wait(t.Context()); err != nil || info.State != runs.Failed {
		t.Errorf("a run that was stopped is %+v, %v", info, err)
	}
	reader.Close()
	if _, err := e.Run(t.Context(), engine.RunRequest{Source: "new Thread().EvalCode(\"alert('thread'); throw 'x'\"); tools.start_agent('other')"}); err != nil {
		t.Fatal(err)
	}
	w.waitLine("other")
	reader, err = e.Start(t.Context(), engine.RunRequest{Agent: "endless"})
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	if err := e.Close(context.Background()); err != nil { // which ends the last
		t.Error(err)
	}
	tracer.Close(context.Background()) // which sends what is left
	const all = 7 + 1 + 3 + 1
	list, _ := listed.List(t.Context(), runs.Query{})
	spans := len(collector.Spans())
	if n := r.Sum("tutorsocket_engine_agent_runs_total"); n != all || len(list) != all || listed.Running() != 0 || spans != all {
		t.Errorf("of %d runs %v are counted, %d listed, %d still running, %d have a span", all, n, len(list), listed.Running(), spans)
	}
	for _, info := range list {
		if info.Ended.IsZero() || info.State == runs.Running {
			t.Errorf("a run goes on: %+v", info)
		}
	}
	if n := r.Sum("tutorsocket_engine_running"); n != 0 {
		t.Errorf("%v runs are running", n)
	}
}
