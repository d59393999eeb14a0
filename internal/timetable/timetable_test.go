package timetable_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/cron"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/timetable"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// clock is one that tests turn. Several nodes share it, each with an error of its own.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan time.Time]time.Time // when each is to be told
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), waiting: map[chan time.Time]time.Time{}}
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, at := range c.waiting {
		if !at.After(c.now) {
			ch <- c.now
			delete(c.waiting, ch)
		}
	}
}

// wrong is a clock that differs.
type wrong struct {
	*clock
	by time.Duration
}

func (w wrong) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.Add(w.by)
}

func (w wrong) At(t time.Time) <-chan time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := make(chan time.Time, 1)
	if t = t.Add(-w.by); t.After(w.now) {
		w.waiting[ch] = t
	} else {
		ch <- w.now
	}
	return ch
}

// crew runs agents of several nodes. Runs end at once unless they are held.
type crew struct {
	mu       sync.Mutex
	runs     map[string][]*runs.Run // by node
	lost     []string
	hold     bool
	refuse   error
	registry *runs.Registry
	changed  chan struct{}
}

func newCrew() *crew {
	return &crew{runs: map[string][]*runs.Run{}, registry: runs.New(runs.Config{}), changed: make(chan struct{})}
}

type member struct {
	*crew
	node string
}

func (m member) Start(agent string) (*runs.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.announce()
	if m.refuse != nil {
		return nil, m.refuse
	}
	run := m.registry.Begin(runs.Start{Agent: agent, Trigger: runs.BySchedule, Stop: func() {}})
	if !m.hold {
		run.End(runs.Outcome{})
	}
	m.runs[m.node] = append(m.runs[m.node], run)
	return run, nil
}

func (m member) Lost(agent, node, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = append(m.lost, agent+"@"+node)
	m.announce()
}

func (c *crew) announce() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *crew) count() (n int) {
	for _, list := range c.runs {
		n += len(list)
	}
	return n
}

// await waits until something is true of the crew.
func (c *crew) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		c.mu.Lock()
		ok, changed := is(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%s: %v", what, c)
		}
	}
}

func (c *crew) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprint("lost ", c.lost)
	for node, list := range c.runs {
		text += fmt.Sprint(" ", node, " ", len(list))
	}
	return text
}

func agent(t *testing.T, name, schedule string) timetable.Agent {
	t.Helper()
	s, err := cron.Parse(schedule)
	if err != nil {
		t.Fatal(err)
	}
	return timetable.Agent{Name: name, Timetable: app.Timetable{Times: []cron.Schedule{s}, Zone: time.UTC}}
}

// node is a timetable of its own, which ends with the test or by kill.
type node struct {
	*timetable.Timetable
	metrics *metrics.Registry
	stop    context.CancelFunc
	ended   chan struct{}
}

func start(t *testing.T, js jetstream.JetStream, name string, c timetable.Clock, crew *crew, agents func() []timetable.Agent) *node {
	t.Helper()
	n := &node{metrics: metrics.New(), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	var err error
	n.Timetable, err = timetable.Open(t.Context(), js, timetable.Config{
		Node: name, Life: name + "-1", Agents: agents, Runner: member{crew, name}, Clock: c, Metrics: n.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(n.ended)
		_ = n.Run(ctx)
	}()
	t.Cleanup(func() {
		n.stop()
		<-n.ended
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = n.Close(over)
	})
	return n
}

// shared is the entry of an agent as the nodes share it.
type shared struct {
	Name, Times string
	Tick, Wait  int64
	Run         *struct {
		Node, Run string
		Until     int64
	}
	Last *struct{ Node, State string }
	Skip *struct{ Reason string }
}

// shareds are states that the entry of the one agent takes on, in order, the newest among them. One that is soon
// replaced may be left out: the bucket has but the newest, and whoever watches may be slower.
func shareds(t *testing.T, js jetstream.JetStream) <-chan jetstream.KeyValueEntry {
	t.Helper()
	kv, err := js.KeyValue(t.Context(), "timetable")
	if err != nil {
		t.Fatal(err)
	}
	watch, err := kv.WatchAll(t.Context(), jetstream.IgnoreDeletes())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watch.Stop() })
	return watch.Updates()
}

// until waits for a state of the entry.
func until(t *testing.T, states <-chan jetstream.KeyValueEntry, what string, is func(shared) bool) {
	t.Helper()
	late, seen := time.After(patience), ""
	for {
		select {
		case e := <-states:
			if e == nil {
				continue
			}
			seen = string(e.Value())
			var s shared
			if err := json.Unmarshal(e.Value(), &s); err != nil {
				t.Fatal(err)
			}
			if is(s) {
				return
			}
		case <-late:
			t.Fatalf("not %s, but %s", what, seen)
		}
	}
}

func there(shared) bool { return true }

func always(agents ...timetable.Agent) func() []timetable.Agent {
	return func() []timetable.Agent { return agents }
}

// TestEachTickOnce: three nodes, whose clocks differ, and 1,000 ticks.
func TestEachTickOnce(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew := newClock(), newCrew()
	agents := always(agent(t, "every second", "* * * * * *"))
	var nodes []*node
	for i, by := range []time.Duration{0, 700 * time.Millisecond, -900 * time.Millisecond} {
		nodes = append(nodes, start(t, js, fmt.Sprint("n", i+1), wrong{c, by}, crew, agents))
	}
	states, first := shareds(t, js), int64(0)
	until(t, states, "there", func(s shared) bool { first = s.Tick; return true })
	const ticks = 1000
	last := c.now.Unix()
	for range ticks {
		c.advance(time.Second)
		last++
		until(t, states, "run", func(s shared) bool { return s.Tick >= last && s.Run == nil })
	}
	for _, n := range nodes {
		n.stop()
		<-n.ended
	}
	ran, other := 0.0, 0.0
	for _, n := range nodes {
		ran += n.metrics.Sum("tutorsocket_timetable_ticks_total", "outcome", "run")
		for _, o := range []string{"missed", "lost", "skipped"} {
			other += n.metrics.Sum("tutorsocket_timetable_ticks_total", "outcome", o)
		}
	}
	t.Logf("%v", crew)
	if n := crew.count(); n != int(last-first) || int(ran) != n || other != 0 {
		t.Errorf("%d runs of %d ticks, %v counted, %v missed, lost or skipped", n, last-first, ran, other)
	}
}

// TestARunOfADeadNodeBlocksNobody, and is lost.
func TestARunOfADeadNodeBlocksNobody(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew := newClock(), newCrew()
	crew.hold = true
	agents := always(agent(t, "a", "* * * * * *"))
	first := start(t, js, "n1", wrong{c, 0}, crew, agents)
	states := shareds(t, js)
	until(t, states, "there", there)
	c.advance(time.Second)
	crew.await(t, "the first runs it", func() bool { return len(crew.runs["n1"]) == 1 })
	first.stop()
	<-first.ended
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = first.Close(over) // nobody renews its lease any more
	start(t, js, "n2", wrong{c, 0}, crew, agents)
	c.advance(5 * time.Second)
	until(t, states, "skipped", func(s shared) bool { return s.Skip != nil && s.Run.Node == "n1" })
	c.advance(11 * time.Second)
	until(t, states, "lost, and run by the other", func(s shared) bool {
		return s.Last != nil && s.Last.State == "lost" && s.Run != nil && s.Run.Node == "n2"
	})
	crew.await(t, "the second runs it", func() bool { return len(crew.runs["n2"]) == 1 && len(crew.lost) == 1 })
	if crew.lost[0] != "a@n1" {
		t.Error(crew.lost)
	}
}

// TestOneTickWaits for the end of the run before, whichever node runs that.
func TestOneTickWaits(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew := newClock(), newCrew()
	crew.hold = true
	a := agent(t, "a", "* * * * * *")
	a.Timetable.Queue = true
	for _, name := range []string{"n1", "n2"} {
		start(t, js, name, wrong{c, 0}, crew, always(a))
	}
	states := shareds(t, js)
	until(t, states, "there", there)
	c.advance(time.Second)
	crew.await(t, "it runs", func() bool { return crew.count() == 1 })
	c.advance(time.Second)
	until(t, states, "waiting", func(s shared) bool { return s.Wait != 0 })
	c.advance(time.Second)
	until(t, states, "skipped", func(s shared) bool { return s.Skip != nil && s.Wait == s.Tick-1 })
	crew.mu.Lock()
	first := slices.Concat(crew.runs["n1"], crew.runs["n2"])
	crew.mu.Unlock()
	for _, run := range first {
		run.End(runs.Outcome{Error: "it threw"})
	}
	crew.await(t, "what waited runs", func() bool { return crew.count() == 2 })
	until(t, states, "failed, and waiting no more", func(s shared) bool {
		return s.Last != nil && s.Last.State == "failed" && s.Wait == 0 && s.Run != nil
	})
}

// TestMissedTicks are made up for once by agents that want it, after all nodes were down.
func TestMissedTicks(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c := newClock()
	a, b := agent(t, "a", "* * * * *"), agent(t, "b", "* * * * *")
	b.Timetable.RunMissed = true
	first := start(t, js, "n1", wrong{c, 0}, newCrew(), always(a, b))
	states := shareds(t, js)
	for range 2 {
		until(t, states, "there", there)
	}
	first.stop()
	<-first.ended
	c.advance(time.Hour + 30*time.Second)
	crew := newCrew()
	var nodes []*node
	for _, name := range []string{"n1", "n2"} {
		nodes = append(nodes, start(t, js, name, wrong{c, 0}, crew, always(a, b)))
	}
	for seen := map[string]bool{}; len(seen) < 2; {
		until(t, states, "up to date", func(s shared) bool {
			if s.Tick == c.now.Add(-30*time.Second).Unix() && s.Run == nil {
				seen[s.Name] = true
				return true
			}
			return false
		})
	}
	missed := 0.0
	for _, n := range nodes {
		n.stop()
		<-n.ended
		missed += n.metrics.Sum("tutorsocket_timetable_ticks_total", "outcome", "missed")
	}
	if n := crew.count(); n != 1 || missed != 119 {
		t.Errorf("%d runs, %v missed", n, missed)
	}
	for _, list := range crew.runs {
		for _, run := range list {
			if run.Info().Agent != "b" {
				t.Error("the wrong one is made up for")
			}
		}
	}
}

// TestChangesOfTheAppTakeEffect without a restart; what an agent would have done before is not made up for.
func TestChangesOfTheAppTakeEffect(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew := newClock(), newCrew()
	var mu sync.Mutex
	var agents []timetable.Agent
	n := start(t, js, "n1", wrong{c, 0}, crew, func() []timetable.Agent {
		mu.Lock()
		defer mu.Unlock()
		return agents
	})
	put := func(list ...timetable.Agent) {
		mu.Lock()
		agents = list
		mu.Unlock()
		n.Look()
	}
	states := shareds(t, js)
	c.advance(time.Minute)
	a := agent(t, "a", "* * * * * *")
	a.Timetable.RunMissed = true
	put(a)
	until(t, states, "there", there)
	c.advance(time.Second)
	crew.await(t, "it runs", func() bool { return crew.count() == 1 })
	until(t, states, "done", func(s shared) bool { return s.Run == nil && s.Last != nil })

	slow := agent(t, "a", "@daily")
	slow.Timetable.RunMissed = true
	put(slow)
	until(t, states, "changed", func(s shared) bool { return strings.HasPrefix(s.Times, "@daily") })
	if s := n.Status(slow); s.Next.UTC().Format("02 15:04") != "27 00:00" || s.Last == nil || s.Last.State != runs.Done {
		t.Errorf("%+v", s)
	}
	put()
	c.advance(time.Hour)
	put(a)
	until(t, states, "changed back", func(s shared) bool { return strings.HasPrefix(s.Times, "* * *") && s.Tick == c.now.Unix() })
	c.advance(time.Second)
	crew.await(t, "it runs again", func() bool { return crew.count() == 2 })
}

var errFull = errors.New("there is no place")

// TestWithoutAPlaceATickIsSkipped, and the entry says why.
func TestWithoutAPlaceATickIsSkipped(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew := newClock(), newCrew()
	crew.refuse = errFull
	a := agent(t, "a", "* * * * * *")
	n := start(t, js, "n1", wrong{c, 0}, crew, always(a))
	states := shareds(t, js)
	until(t, states, "there", there)
	c.advance(time.Second)
	until(t, states, "skipped", func(s shared) bool { return s.Run == nil && s.Skip != nil && s.Skip.Reason == errFull.Error() })
	if sum := n.metrics.Sum("tutorsocket_timetable_ticks_total", "outcome", "skipped"); sum != 1 {
		t.Errorf("%v skipped", sum)
	}
}

// TestANodeThatStopsGivesTicksBack to another one.
func TestANodeThatStopsGivesTicksBack(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c, crew, other := newClock(), newCrew(), newCrew()
	crew.refuse = fmt.Errorf("%w: for a test", timetable.ErrStopping)
	a := agent(t, "a", "* * * * * *")
	first := start(t, js, "n1", wrong{c, 0}, crew, always(a))
	states := shareds(t, js)
	until(t, states, "there", there)
	c.advance(time.Second)
	until(t, states, "given back", func(s shared) bool { return s.Run == nil && s.Wait == c.now.Unix() })
	<-first.ended
	start(t, js, "n2", wrong{c, 0}, other, always(a))
	other.await(t, "the other runs it", func() bool { return other.count() == 1 })
}

// TestWithoutNATSNothingIsStarted, which is said once; afterwards ticks are taken again.
func TestWithoutNATSNothingIsStarted(t *testing.T) {
	folder := t.TempDir()
	port := 0
	listen := func(o *server.Options) { o.DontListen, o.Host, o.Port = false, "127.0.0.1", cmp.Or(port, -1) }
	var address string
	_, stop := natstest.Start(t, folder, listen, func(o *server.Options) { port = freePort(t); o.Port = port })
	address = fmt.Sprint("nats://127.0.0.1:", port)
	nc, err := nats.Connect(address, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	c, crew := newClock(), newCrew()
	var out lines
	a := agent(t, "a", "* * * * * *")
	table, err := timetable.Open(t.Context(), js, timetable.Config{
		Node: "n1", Life: "1", Agents: always(a), Runner: member{crew, "n1"}, Clock: wrong{c, 0}, Metrics: metrics.New(),
		Logger: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = table.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
		_ = table.Close(t.Context())
	}()
	tick := func(what string, is func() bool) {
		t.Helper()
		for late := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%s: %v\n%s", what, crew, out.text())
			}
			c.advance(time.Second)
		}
	}
	count := func() int {
		crew.mu.Lock()
		defer crew.mu.Unlock()
		return crew.count()
	}
	tick("it runs", func() bool { return count() > 0 })
	stop()
	tick("it is said", func() bool { return strings.Contains(out.text(), "timetable cannot be reached") })
	before := count()
	tick("time goes by", func() bool { c.advance(time.Minute); return c.now.Minute() > 30 })
	natstest.Start(t, folder, listen)
	tick("it runs again", func() bool { return count() > before })
	if text := out.text(); strings.Count(text, "timetable cannot be reached") != 1 || !strings.Contains(text, "timetable is reached again") {
		t.Error(text)
	}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
