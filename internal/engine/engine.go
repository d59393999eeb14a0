package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// AdministratorID is the user an agent runs as unless it, or who starts it, names another.
const AdministratorID = "6148914691236517121"

// Config holds the budgets of runs. Zero values mean the defaults (design: architecture 7).
type Config struct {
	ServiceCompute     time.Duration // computing time of one call of a service; 5 s
	ServiceTimeout     time.Duration // time of one call, waiting included; 1 min
	ServiceBytes       int64         // memory the values of one call may take; 64 MiB
	ServiceConcurrency int           // calls at once; 64, or 8 per core
	AgentTimeout       time.Duration // time of an agent without @timeout; 10 min
	AgentBytes         int64         // memory the values of an agent may take; 512 MiB
	AgentConcurrency   int           // agents at once; 16
	Depth              int           // nested calls; 1,000
	// NullEqualsUndefined is compat.null_equals_undefined.
	NullEqualsUndefined bool
}

func (c Config) withDefaults() Config {
	orDefault(&c.ServiceCompute, 5*time.Second)
	orDefault(&c.ServiceTimeout, time.Minute)
	orDefault(&c.ServiceBytes, 64<<20)
	// More than there are cores, because calls wait for user data and other nodes.
	orDefault(&c.ServiceConcurrency, max(64, 8*runtime.GOMAXPROCS(0)))
	orDefault(&c.AgentTimeout, 10*time.Minute)
	orDefault(&c.AgentBytes, 512<<20)
	orDefault(&c.AgentConcurrency, 16)
	orDefault(&c.Depth, basescript.DefaultDepth)
	return c
}

func orDefault[T int | int64 | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// Deps are the rooms an engine works with.
type Deps struct {
	// Apps returns the newest snapshot of the app.
	Apps     func() *app.Snapshot
	Sockets  hostapi.Sockets
	UserData hostapi.UserData
	Sources  hostapi.Sources
	// Storage keeps GlobalStorage; nil means that scripts have none.
	Storage hostapi.Storage
	// Files and HTTP are what scripts reach of the disk and of other servers; nil is nothing.
	Files hostapi.Files
	HTTP  hostapi.HTTP
	// Renewer takes the new tokens of users; nil means that there are none.
	Renewer hostapi.Renewer
	Logs    *logs.Log
	// Runs lists the runs of agents and threads; nil means that nobody asks for them.
	Runs *runs.Registry
	// Settings are what scripts may know of the server. Its Logs, Code and Shared may be nil.
	Settings hostapi.Settings
	// Users returns the user with an id, for agents; nil means users of whom only the id is known.
	Users func(id string) hub.User
	// Logger gets faults of this program met in runs; nil means [slog.Default].
	Logger *slog.Logger
	// Metrics counts runs; nil: nothing does.
	Metrics *metrics.Registry
	// Tracer traces runs; nil traces none.
	Tracer *tracing.Tracer
	// Quota is told what scripts have worked for sockets; nil: nobody is.
	Quota Quota
}

// Quota limits what scripts work for a user and an address, with all their sockets. remote is "host:port". It is
// called after each call of a service, and at the end of a thread that one has started; both have ended then, whatever
// it thinks of that.
type Quota interface {
	Computed(user, remote string, took time.Duration)
}

// Engine runs scripts.
type Engine struct {
	cfg      Config
	deps     Deps
	settings *hostapi.Settings
	figures  figures

	services chan struct{} // one element per call of a service that runs
	agents   chan struct{}
	threads  chan struct{} // of agents, those that scripts have started
	numbers  atomic.Uint32

	ctx    context.Context // ends when the engine is closed; the parent of every run's
	cancel context.CancelCauseFunc

	mu       sync.Mutex    // guards what follows
	draining bool          // no agents begin any more
	closed   bool          // nothing does
	running  int           // hooks, agents and threads
	idle     chan struct{} // closed when nothing runs; nil while nobody waits
}

// New returns an engine. Close it when nobody calls it any more, or to end what runs.
func New(cfg Config, deps Deps) *Engine {
	cfg = cfg.withDefaults()
	if deps.Logger == nil {
		deps.Logger = slog.Default()
	}
	if deps.Runs == nil {
		deps.Runs = runs.New(runs.Config{})
	}
	settings := deps.Settings
	if settings.Logs == nil {
		settings.Logs = logs.NewNamed(logs.NamedConfig{})
	}
	if settings.Code == nil {
		settings.Code = hostapi.NewCodeCache()
	}
	if settings.Shared == nil {
		settings.Shared = hostapi.NewShared(nil)
	}
	e := &Engine{
		cfg:      cfg,
		deps:     deps,
		settings: &settings,
		services: make(chan struct{}, cfg.ServiceConcurrency),
		agents:   make(chan struct{}, cfg.AgentConcurrency),
		threads:  make(chan struct{}, max(1, cfg.AgentConcurrency*3/4)),
	}
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	e.numbers.Store(rand.Uint32())
	e.figures = newFigures(e, deps.Metrics)
	return e
}

// Refuse sees that no agents begin from now on: they fail with [ErrClosed], also where a script starts
// one. Hooks of services go on, and what runs may start threads, which are a part of it.
func (e *Engine) Refuse() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.draining = true
}

// Wait returns when nothing runs, or with the error of ctx when that ends first. It does not end
// anything.
func (e *Engine) Wait(ctx context.Context) error {
	e.mu.Lock()
	idle := e.whenIdle()
	e.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-idle: // both at once: nothing runs
		return nil
	default:
		return ctx.Err()
	}
}

// whenIdle returns a channel that is closed when nothing runs. Called with mu held.
func (e *Engine) whenIdle() <-chan struct{} {
	idle := e.idle
	if idle == nil {
		idle = make(chan struct{})
	}
	if e.running == 0 {
		close(idle)
	} else {
		e.idle = idle
	}
	return idle
}

// Close ends all runs and waits for them; calls that come later fail with [ErrClosed]. If ctx ends
// first its error is returned and the runs end on their own. Closing again waits again.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel(ErrClosed)
	return e.Wait(ctx)
}

// begin counts a run that is about to begin, unless the engine is closed. done must follow.
func (e *Engine) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.running++
	return true
}

// beginAgent does what begin does for an agent.
func (e *Engine) beginAgent() bool {
	e.mu.Lock()
	refused := e.draining
	e.mu.Unlock()
	return !refused && e.begin()
}

// done counts a run that has ended.
func (e *Engine) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running--
	if e.running == 0 && e.idle != nil {
		close(e.idle)
		e.idle = nil
	}
}

// maxThread is the largest thread number of four digits.
const maxThread = 9999

// nextThread draws the number of a run: 1 to 9999, each in turn, so that runs at the same time have
// different ones.
func (e *Engine) nextThread() int { return int(e.numbers.Add(1)%maxThread) + 1 }
