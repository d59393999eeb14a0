package engine

import (
	"errors"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Names that stand for scripts that are no agents of the app. Brackets cannot be
// mistaken for a file's name.
const (
	sourceLabel = "(source)" // a text somebody sent
	threadLabel = "(thread)" // code that a script has started beside itself
)

// Bounds of the buckets of run times, in seconds.
var (
	callBounds  = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	agentBounds = []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 60, 300, 1800}
)

// figures is what an engine counts. The counters in it are nil when nothing is.
type figures struct {
	on      bool
	hooks   map[hostapi.Hook]*metrics.Each[runFigures] // by service
	agents  *metrics.Each[runFigures]                  // by name
	budgets *metrics.Counters
	refused *metrics.Counter
}

// runFigures are those of the runs of one hook or agent.
type runFigures struct {
	ok, failed, stopped, broken *metrics.Counter
	took                        *metrics.Histogram
}

func newFigures(e *Engine, r *metrics.Registry) figures {
	const outcomes = "ok, failed (it threw), stopped (a budget, or the end of the server), broken (it does not compile)"
	calls := r.Counters("tutorsocket_engine_calls_total", "Calls of the hooks of services, by outcome: "+outcomes+".", "service", "hook", "outcome")
	callTimes := r.Histograms("tutorsocket_engine_call_duration_seconds", "Time of the calls of hooks, without the wait for a turn.", callBounds, "service", "hook")
	runs := r.Counters("tutorsocket_engine_agent_runs_total", "Runs of agents, of sources and of threads of scripts, by outcome: "+outcomes+".", "agent", "outcome")
	runTimes := r.Histograms("tutorsocket_engine_agent_run_duration_seconds", "Time of the runs of agents.", agentBounds, "agent")
	r.Read("tutorsocket_engine_running", "Scripts that run now: calls of services, and agents with what else takes their places.", []string{"kind"},
		func(set func(float64, ...string)) {
			set(float64(len(e.services)), "service")
			set(float64(len(e.agents)), "agent")
		})
	f := figures{
		on:    r != nil,
		hooks: map[hostapi.Hook]*metrics.Each[runFigures]{},
		agents: metrics.NewEach(func(name string) *runFigures {
			with := func(outcome string) *metrics.Counter { return runs.With(name, outcome) }
			return &runFigures{with("ok"), with("failed"), with("stopped"), with("broken"), runTimes.With(name)}
		}),
		budgets: r.Counters("tutorsocket_engine_budget_stops_total", "Runs stopped because a budget was used up: compute, memory, depth, time.", "budget"),
		refused: r.Counter("tutorsocket_engine_refused_runs_total", "Agents that did not begin because too many ran."),
	}
	for hook, name := range hookNames {
		f.hooks[hook] = metrics.NewEach(func(service string) *runFigures {
			with := func(outcome string) *metrics.Counter { return calls.With(service, name, outcome) }
			return &runFigures{with("ok"), with("failed"), with("stopped"), with("broken"), callTimes.With(service, name)}
		})
	}
	return f
}

// now is when a run begins; without metrics nobody looks at the clock for them.
func (f *figures) now() (began time.Time) {
	if f.on {
		began = time.Now()
	}
	return began
}

// called counts a call of a hook. err is what [run.report] returned.
func (f *figures) called(x *run, began time.Time, err error) {
	if f.on {
		f.hooks[x.Hook].Of(x.script.Name).ended(x, time.Since(began), err)
	}
}

// ran counts a run of an agent, a source or a thread. err is as in called.
func (f *figures) ran(x *run, took time.Duration, err error) {
	f.agents.Of(agentLabel(x)).ended(x, took, err)
}

func agentLabel(x *run) string {
	switch {
	case x.Thread != nil:
		return threadLabel
	case x.script.Kind == app.Agent:
		if known, ok := x.snapshot.Agent(x.script.Name); ok && known == x.script {
			return x.script.Name
		}
	}
	return sourceLabel
}

func (f *runFigures) ended(x *run, took time.Duration, err error) {
	f.took.Observe(took)
	var e *basescript.Error
	switch {
	case err == nil:
		f.ok.Inc()
	case errors.As(err, &e) && e.Kind == basescript.Stopped:
		f.stopped.Inc()
	case x.script.Program == nil:
		f.broken.Inc()
	default:
		f.failed.Inc()
	}
}

// stopped counts the end of a run by a budget, if err is one.
func (f *figures) stopped(err error) {
	var e *basescript.Error
	if errors.As(err, &e) && e.Budget != basescript.BudgetNone {
		f.budgets.With(e.Budget.String()).Inc()
	}
}
