package timetable

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/cron"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// overtaken is a bucket in which another node is first, once.
type overtaken struct {
	jetstream.KeyValue
	once  sync.Once
	other func(revision uint64)
}

func (o *overtaken) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	o.once.Do(func() { o.other(revision) })
	return o.KeyValue.Update(ctx, key, value, revision)
}

// starts is a Runner that tells of what is started.
type starts chan string

func (s starts) Start(agent string) (*runs.Run, error) {
	s <- agent
	run := runs.New(runs.Config{}).Begin(runs.Start{Agent: agent, Trigger: runs.BySchedule, Stop: func() {}})
	run.End(runs.Outcome{})
	return run, nil
}

func (starts) Lost(string, string, string) {}

// TestWhatWasMissedIsMadeUpForInSpiteOfAnotherNode, which changes the entry while this one first looks at it: the
// agent is not taken for one that was not in the app.
func TestWhatWasMissedIsMadeUpForInSpiteOfAnotherNode(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	missed := time.Now().UTC().Add(-time.Hour).Truncate(time.Minute)
	schedule, err := cron.Parse(fmt.Sprintf("%d %d * * *", missed.Minute(), missed.Hour()))
	if err != nil {
		t.Fatal(err)
	}
	a := Agent{Name: "a", Timetable: app.Timetable{Times: []cron.Schedule{schedule}, Zone: time.UTC, RunMissed: true}}
	began := make(starts, 1)
	table, err := Open(t.Context(), js, Config{
		Node: "n1", Life: "1", Agents: func() []Agent { return []Agent{a} }, Runner: began, Metrics: metrics.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	before := entry{Name: a.Name, Times: table.planOf(a).times, Tick: missed.Add(-time.Hour).Unix()}
	before.Run = &lease{Node: "n2", Life: "1", Tick: before.Tick, Since: before.Tick, Until: before.Tick * 1000}
	if _, err := table.kv.Create(t.Context(), keyOf(a.Name), before.encode()); err != nil {
		t.Fatal(err)
	}
	bucket := table.kv
	table.kv = &overtaken{KeyValue: bucket, other: func(revision uint64) {
		after := before
		after.end(before.Run, string(Lost), time.Now())
		if _, err := bucket.Update(t.Context(), keyOf(a.Name), after.encode(), revision); err != nil {
			t.Error(err)
		}
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = table.Run(ctx)
	}()
	select {
	case <-began:
	case <-time.After(10 * time.Second):
		t.Error("what was missed is not made up for")
	}
	cancel()
	<-ended
	if err := table.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
