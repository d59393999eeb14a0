package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
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
