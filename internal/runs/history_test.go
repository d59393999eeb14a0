package runs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// process is a registry with its history, one start of a node.
type process struct {
	*runs.Registry
	history *runs.History
	end     func() // stores what waits
}

func open(t *testing.T, js jetstream.JetStream, cfg runs.HistoryConfig, elsewhere runs.Elsewhere) *process {
	t.Helper()
	h, err := runs.OpenHistory(t.Context(), js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = h.Run(ctx)
	}()
	end := func() {
		cancel()
		<-ended
	}
	t.Cleanup(end)
	return &process{runs.New(runs.Config{Node: cfg.Node, History: h, Elsewhere: elsewhere}), h, end}
}

// until waits for a state of a run as a process sees it.
func (p *process) until(t *testing.T, id string, state runs.State) *runs.Run {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		run, ok, err := p.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok && run.Info().State == state {
			return run
		}
		if time.Now().After(late) {
			t.Fatalf("the run %s is there %v, not %s", id, ok, state)
		}
	}
}

func texts(run *runs.Run) string {
	var all []string
	lines, dropped := run.Lines(5)
	for _, l := range lines {
		all = append(all, l.Text)
	}
	return fmt.Sprint(dropped, all)
}

func TestRunsOutliveTheirProcess(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	first := open(t, js, runs.HistoryConfig{Node: "n1", Life: "1"}, nil)
	done := first.Begin(runs.Start{Agent: "a", User: "5", Thread: 7, Trigger: runs.BySchedule, Stop: func() {}})
	done.Line(logs.Line{Time: time.Now(), Thread: 7, Text: "Привет\n\"x\""})
	done.End(runs.Outcome{Duration: time.Second})
	failed := begin(first.Registry)
	say(failed, 3000)
	failed.End(runs.Outcome{Error: strings.Repeat("я", 3000), Duration: time.Minute})
	dead := begin(first.Registry)
	first.end() // and dead has not ended

	second := open(t, js, runs.HistoryConfig{Node: "n1", Life: "2"}, nil)
	second.until(t, dead.ID(), runs.Lost)
	own := begin(second.Registry)
	list, more := second.List(t.Context(), runs.Query{})
	var got []string
	for _, i := range list {
		got = append(got, i.ID+" "+string(i.State))
	}
	want := []string{own.ID() + " running", dead.ID() + " lost", failed.ID() + " failed", done.ID() + " done"}
	if fmt.Sprint(got) != fmt.Sprint(want) || more {
		t.Errorf("%v, not %v", got, want)
	}
	run := second.until(t, done.ID(), runs.Done)
	i := run.Info()
	if i.Agent != "a" || i.User != "5" || i.Thread != 7 || i.Trigger != runs.BySchedule || i.Node != "n1" || i.Took != time.Second || !i.Began.Equal(done.Info().Began) || i.Ended.IsZero() {
		t.Errorf("%+v", i)
	}
	if lines, _ := run.Lines(5); len(lines) != 1 || lines[0].Text != "Привет\n\"x\"" || lines[0].Thread != 7 {
		t.Errorf("lines %v", lines)
	}
	run = second.until(t, failed.ID(), runs.Failed)
	if got := texts(run); got != "2995 [2996 2997 2998 2999 3000]" {
		t.Errorf("lines %s", got)
	}
	if i := run.Info(); len(i.Error) != 6000 {
		t.Errorf("error of %d bytes", len(i.Error))
	}
	if i := second.until(t, dead.ID(), runs.Lost).Info(); i.Ended.IsZero() || !strings.Contains(i.Error, "n1") {
		t.Errorf("%+v", i)
	}
	if err := second.Stop(t.Context(), done.ID()); err != nil {
		t.Errorf("stop of what has ended: %v", err)
	}
	if err := second.Stop(t.Context(), "0123456789abcdef"); !errors.Is(err, runs.ErrNotFound) {
		t.Errorf("stop of what never was: %v", err)
	}
}

// TestPagesOverBoth: pages of memory and history together are the whole list.
func TestPagesOverBoth(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	first := open(t, js, runs.HistoryConfig{Node: "n1", Life: "1"}, nil)
	for i := range 25 {
		run := first.Begin(runs.Start{Agent: fmt.Sprint("a", i%2), Trigger: runs.ByAPI, Stop: func() {}})
		run.End(runs.Outcome{})
	}
	first.end()
	second := open(t, js, runs.HistoryConfig{Node: "n1", Life: "2"}, nil)
	for i := range 10 {
		run := second.Begin(runs.Start{Agent: fmt.Sprint("a", i%2), Trigger: runs.ByAPI, Stop: func() {}})
		if i%3 == 0 {
			run.End(runs.Outcome{Error: "x"})
		}
	}
	for _, q := range []runs.Query{{}, {Name: "a1"}, {State: runs.Done}, {Name: "a0", State: runs.Failed}, {State: runs.Running}} {
		all, more := second.List(t.Context(), q)
		if more {
			t.Errorf("%+v: more than all", q)
		}
		var pages []runs.Info
		for q.Limit, more = 4, true; more; q.After = pages[len(pages)-1].ID {
			var page []runs.Info
			page, more = second.List(t.Context(), q)
			pages = append(pages, page...)
		}
		if len(all) == 0 || len(all) != len(pages) {
			t.Fatalf("%+v: %d, in pages %d", q, len(all), len(pages))
		}
		for i := range all {
			if all[i].ID != pages[i].ID || i > 0 && all[i].ID >= all[i-1].ID {
				t.Errorf("%+v: %s at %d, in pages %s", q, all[i].ID, i, pages[i].ID)
			}
		}
	}
	if all, _ := second.List(t.Context(), runs.Query{}); len(all) != 35 {
		t.Errorf("%d runs", len(all))
	}
}

type told struct{ node, id chan string }

func (d told) StopRun(_ context.Context, node, id string) error {
	d.node <- node
	d.id <- id
	return nil
}

// TestRunsOfOtherNodes are listed while they go on, ended when they end, and stopped through the cluster.
func TestRunsOfOtherNodes(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	tell := told{make(chan string, 1), make(chan string, 1)}
	one := open(t, js, runs.HistoryConfig{Node: "n1", Life: "1"}, nil)
	two := open(t, js, runs.HistoryConfig{Node: "n2", Life: "1"}, tell)
	alone := open(t, js, runs.HistoryConfig{Node: "n3", Life: "1"}, nil)
	run := begin(one.Registry)
	seen := two.until(t, run.ID(), runs.Running)
	if i := seen.Info(); i.Node != "n1" || i.Agent != "a" {
		t.Errorf("%+v", i)
	}
	if err := two.Stop(t.Context(), run.ID()); err != nil {
		t.Error(err)
	}
	if node, id := <-tell.node, <-tell.id; node != "n1" || id != run.ID() {
		t.Errorf("%s is told to stop %s", node, id)
	}
	alone.until(t, run.ID(), runs.Running)
	var elsewhere *runs.ElsewhereError
	if err := alone.Stop(t.Context(), run.ID()); !errors.As(err, &elsewhere) || elsewhere.Node != "n1" || !strings.Contains(err.Error(), "n1") {
		t.Error(err)
	}
	say(run, 3)
	end(run)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if i, err := seen.Wait(ctx); err != nil || i.State != runs.Done {
		t.Errorf("%v %+v", err, i)
	}
	if got := texts(seen); got != "0 [1 2 3]" {
		t.Errorf("lines %s", got)
	}
	// A node that is gone is known by its start; the end of a run that was given up counts all the same.
	late := begin(one.Registry)
	two.until(t, late.ID(), runs.Running)
	two.history.Lose(func(node, life string) bool { return node == "n1" && life == "1" })
	two.until(t, late.ID(), runs.Lost)
	end(late)
	two.until(t, late.ID(), runs.Done)
}

func TestTheHistoryIsBounded(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	p := open(t, js, runs.HistoryConfig{Node: "a b.c", Life: "1", MaxRuns: 20}, nil)
	var last string
	for range 100 {
		run := begin(p.Registry)
		end(run)
		last = run.ID()
	}
	p.end()
	q := open(t, js, runs.HistoryConfig{Node: "n2", Life: "1", MaxRuns: 20}, nil)
	q.until(t, last, runs.Done)
	if list, _ := q.List(t.Context(), runs.Query{}); len(list) > 20 || len(list) < 10 || list[0].ID != last || list[0].Node != "a b.c" {
		t.Errorf("%d runs, %+v", len(list), list[0])
	}
	stream, err := js.Stream(t.Context(), "RUNS")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n > 40 {
		t.Errorf("%d records", n)
	}
}
