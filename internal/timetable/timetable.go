package timetable

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/runs"
)

const (
	// Grace is how late a tick may be taken.
	Grace = 10 * time.Second
	// MissedWindow is how old the newest missed tick may be for @missed run.
	MissedWindow = 24 * time.Hour

	// DefaultLease is how long a run of a node that is gone counts as going on.
	DefaultLease = 15 * time.Second

	bucket = "timetable"
)

// Agent is an agent that names times.
type Agent struct {
	Name      string
	Timetable app.Timetable
}

// Runner runs agents. Its methods are called one after the other for one agent, and at once for several.
type Runner interface {
	// Start begins a run of an agent and returns at once. An error that wraps [ErrStopping] gives the tick back
	// to the cluster; with any other the tick is skipped, for that reason.
	Start(agent string) (*runs.Run, error)
	// Lost says that a run of an agent ended with a node; life says which start of the node it was.
	Lost(agent, node, life string)
}

// Clock tells the time, and when a moment has come: at once if it is over. A moment, and not how long it is until
// then, is what one waits for: else time that goes by before the waiting begins would be waited for once more.
type Clock interface {
	Now() time.Time
	At(t time.Time) <-chan time.Time
}

// Config says how a timetable works. Node, Life, Agents and Runner are needed.
type Config struct {
	Node     string // the name of this node
	Life     string // differs at each start of the node
	Bucket   string // where the entries are; "timetable" if empty
	Replicas int    // how many servers of a NATS cluster keep the entries; one if zero
	// Agents returns the agents of the app as it is now that name times.
	Agents func() []Agent
	Runner Runner
	// Zone is that of agents without @timezone; the one of the machine if nil.
	Zone    *time.Location
	Lease   time.Duration // [DefaultLease] if zero
	Clock   Clock         // nil: that of the machine
	Metrics *metrics.Registry
	Logger  *slog.Logger
}

// Timetable starts agents in time, see the package. Safe for concurrent use.
type Timetable struct {
	cfg    Config
	kv     jetstream.KeyValue
	mirror *mirror
	wake   chan struct{} // has room for one: look again
	ticks  *metrics.Counters

	refused context.Context // ends when no more ticks are to be taken
	refuse  context.CancelFunc
	alive   context.Context // ends when runs are not looked after any more
	cancel  context.CancelFunc

	closing   sync.Mutex
	closed    bool           // guarded by closing: nothing is counted in any more
	holding   sync.WaitGroup // Run, and the runs of this node
	following sync.WaitGroup

	// Of the goroutine of Run alone.
	known   map[string]string // what the ticks of an agent are computed from, by its name
	started map[string]int64  // the newest tick that this process has run, by the name of the agent
	first   bool              // not all was looked at yet
	cutOff  bool              // NATS did not answer last time
}

// Open makes the bucket if need be. Nothing happens until [Timetable.Run].
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Timetable, error) {
	cfg.Lease = cmp.Or(cfg.Lease, DefaultLease)
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Clock == nil {
		cfg.Clock = realClock{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: cmp.Or(cfg.Bucket, bucket), Description: "ticks of agents of tutorsocket nodes", Storage: jetstream.FileStorage,
		MaxBytes: 64 << 20, Replicas: cfg.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("open the timetable: %w", err)
	}
	t := &Timetable{
		cfg: cfg, kv: kv, wake: make(chan struct{}, 1), first: true, known: map[string]string{}, started: map[string]int64{},
		ticks: cfg.Metrics.Counters("tutorsocket_timetable_ticks_total",
			"Times of agents by what this node made of them: run, skipped (a run went on, or too many), queued, missed; and lost, runs that ended with their node.", "outcome"),
	}
	for _, o := range []Outcome{Ran, Skipped, Queued, Missed, Lost} {
		t.ticks.With(string(o))
	}
	cfg.Metrics.Read("tutorsocket_timetable_agents", "Agents of the app that name times.", nil, func(set func(float64, ...string)) {
		set(float64(len(cfg.Agents())))
	})
	t.mirror = newMirror(t.Look)
	t.refused, t.refuse = context.WithCancel(context.Background())
	t.alive, t.cancel = context.WithCancel(context.Background())
	return t, nil
}

// Look has the timetable look at the agents of the app again, and does not wait for that.
func (t *Timetable) Look() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Refuse says that no more ticks are to be taken. Runs of this node go on, and their leases with them.
func (t *Timetable) Refuse() { t.refuse() }

// Close waits until the runs of this node have ended and the cluster knows it, or ctx ends. Run must have been
// told to end, or [Timetable.Refuse] was called, and somebody else ends the runs.
func (t *Timetable) Close(ctx context.Context) error {
	t.refuse()
	t.closing.Lock()
	t.closed = true
	t.closing.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.holding.Wait()
	}()
	defer t.following.Wait()
	defer t.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("runs of the timetable have not ended: %w", context.Cause(ctx))
	}
}

// Status is what is known of the times of an agent.
type Status struct {
	Next    time.Time // the next tick
	Running *Running  // the run that goes on, in whole the cluster
	Last    *Ended    // the last run that ended
	Skipped *Skip     // the last tick that was not run
}

// Running is a run that goes on.
type Running struct {
	Run, Node string
	Began     time.Time
}

// Ended is a run that ended.
type Ended struct {
	Run, Node    string // Run is empty if it ended before its id was known
	State        runs.State
	Began, Ended time.Time
}

// Skip is a tick that was not run.
type Skip struct {
	At     time.Time
	Reason string
}

// Status tells of an agent what is known at this node; of one without times the zero value. The names of
// runs are empty where they were not known yet.
func (t *Timetable) Status(a Agent) Status {
	var s Status
	if len(a.Timetable.Times) == 0 {
		return s
	}
	s.Next = a.Timetable.Next(t.cfg.Clock.Now(), t.cfg.Zone)
	e, revision, _ := t.mirror.get(keyOf(a.Name))
	if revision == 0 {
		return s
	}
	if e.Run != nil {
		s.Running = &Running{e.Run.Run, e.Run.Node, time.Unix(e.Run.Since, 0)}
	}
	if e.Last != nil {
		s.Last = &Ended{e.Last.Run, e.Last.Node, runs.State(e.Last.State), time.Unix(e.Last.Began, 0), time.Unix(e.Last.Ended, 0)}
	}
	if e.Skip != nil {
		s.Skipped = &Skip{time.Unix(e.Skip.Tick, 0), e.Skip.Reason}
	}
	return s
}

// planOf is what an agent says of its ticks.
func (t *Timetable) planOf(a Agent) plan {
	zone := t.cfg.Zone
	if a.Timetable.Zone != nil {
		zone = a.Timetable.Zone
	}
	var texts []string
	for _, s := range a.Timetable.Times {
		texts = append(texts, s.String())
	}
	return plan{
		name: a.Name, times: strings.Join(append(texts, zone.String()), "; "),
		next:  func(after time.Time) time.Time { return a.Timetable.Next(after, zone) },
		queue: a.Timetable.Queue, missed: a.Timetable.RunMissed,
	}
}

type realClock struct{}

func (realClock) Now() time.Time                  { return time.Now() }
func (realClock) At(t time.Time) <-chan time.Time { return time.After(time.Until(t)) }
