package runs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/runs"
)

// begin enters a run of the agent a.
func begin(r *runs.Registry) *runs.Run {
	return r.Begin(runs.Start{Agent: "a", Trigger: runs.ByAPI, Stop: func() {}})
}

func say(run *runs.Run, lines int) {
	for i := range lines {
		run.Line(logs.Line{Text: fmt.Sprint(i + 1)})
	}
}

func end(run *runs.Run) { run.End(runs.Outcome{Duration: time.Second}) }

// read reads all of a run that has ended: the texts, and how many lines were skipped.
func read(t *testing.T, reader *runs.Reader) (texts []string, skipped int) {
	t.Helper()
	next := 0
	for {
		lines, first, missed, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			return texts, skipped
		}
		if next != 0 && first != next+missed {
			t.Errorf("line %d after %d, %d skipped", first, next-1, missed)
		}
		next = first + len(lines)
		skipped += missed
		for _, l := range lines {
			texts = append(texts, l.Text)
		}
	}
}

func TestIDsGrowAndAreValid(t *testing.T) {
	r := runs.New(runs.Config{})
	last := ""
	for range 1000 { // more than two digits tell apart in a millisecond
		id := begin(r).ID()
		if id <= last || !runs.ValidID(id) {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
	for _, id := range []string{"", "hello", last[1:], last + "0", strings.ToUpper("a" + last[1:]), "g" + last[1:]} {
		if runs.ValidID(id) {
			t.Errorf("%q is no id", id)
		}
	}
}

func TestLifeOfARun(t *testing.T) {
	r := runs.New(runs.Config{})
	stopped := false
	run := r.Begin(runs.Start{Agent: "a", User: "5", Thread: 7, Trigger: runs.ByScript, Stop: func() { stopped = true }})
	if i := run.Info(); i.State != runs.Running || i.Agent != "a" || i.User != "5" || i.Thread != 7 || i.Trigger != runs.ByScript || !i.Ended.IsZero() || r.Running() != 1 {
		t.Errorf("%+v", i)
	}
	run.Stop()
	if !stopped {
		t.Error("it was not told to stop")
	}
	run.Line(logs.Line{Text: "x", Agent: "a", Socket: "s"})
	run.End(runs.Outcome{Error: strings.Repeat("я", logs.MaxText), Duration: time.Second})
	i, err := run.Wait(t.Context())
	if err != nil || i.State != runs.Failed || i.Took != time.Second || i.Ended.IsZero() || len(i.Error) > logs.MaxText || r.Running() != 0 {
		t.Errorf("%v %.200v", err, i)
	}
	if found, ok, err := r.Find(t.Context(), run.ID()); !ok || err != nil || found != run {
		t.Error("it cannot be found")
	}
	if _, ok, _ := r.Find(t.Context(), "0123456789abcdef"); ok {
		t.Error("a run that never was is found")
	}
}

func TestReadersResume(t *testing.T) {
	run := begin(runs.New(runs.Config{}))
	say(run, 5)
	end(run)
	for after, want := range map[int]string{0: "[1 2 3 4 5]", 3: "[4 5]", 5: "[]", 6: "[1 2 3 4 5]", -1: "[1 2 3 4 5]"} {
		reader := run.Read(after)
		if texts, skipped := read(t, reader); fmt.Sprint(texts) != want || skipped != 0 {
			t.Errorf("after %d: %v, %d skipped", after, texts, skipped)
		}
		reader.Close()
		reader.Close()
	}
}

func TestAReaderWaits(t *testing.T) {
	run := begin(runs.New(runs.Config{}))
	reader := run.Read(0)
	defer reader.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := reader.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	go func() {
		say(run, 1000)
		end(run)
	}()
	if texts, skipped := read(t, reader); len(texts) != 1000 || skipped != 0 {
		t.Errorf("%d lines, %d skipped", len(texts), skipped)
	}
}

// TestLinesOfAnEndedRunAreFew, unless somebody still reads them.
func TestLinesOfAnEndedRunAreFew(t *testing.T) {
	run := begin(runs.New(runs.Config{}))
	reader := run.Read(0)
	say(run, 60_000)
	end(run)
	texts, skipped := read(t, reader)
	if len(texts) != 50_000 || skipped != 10_000 || texts[49_999] != "60000" {
		t.Errorf("%d lines, %d skipped", len(texts), skipped)
	}
	reader.Close()
	if lines, dropped := run.Lines(10_000); len(lines) != 1000 || dropped != 59_000 || lines[999].Text != "60000" {
		t.Errorf("%d lines, %d dropped", len(lines), dropped)
	}
	if lines, dropped := run.Lines(3); len(lines) != 3 || dropped != 59_997 {
		t.Errorf("%d lines, %d dropped", len(lines), dropped)
	}
}

func TestTheRegistryIsBounded(t *testing.T) {
	r := runs.New(runs.Config{Runs: 10})
	first := begin(r) // it goes on and stays
	var ended []*runs.Run
	for range 30 {
		ended = append(ended, begin(r))
		end(ended[len(ended)-1])
	}
	list, more := r.List(t.Context(), runs.Query{})
	if len(list) != 11 || more || list[0].ID != ended[29].ID() || list[9].ID != ended[20].ID() || list[10].ID != first.ID() {
		t.Errorf("%d runs", len(list))
	}
	end(first)
	if _, ok, _ := r.Find(t.Context(), first.ID()); ok {
		t.Error("the oldest run stays")
	}
}

// TestTextsAreBounded: lines of old runs give way first, then the runs.
func TestTextsAreBounded(t *testing.T) {
	r := runs.New(runs.Config{Bytes: 100_000})
	long := strings.Repeat("x", 20_000)
	var all []*runs.Run
	for range 10 {
		run := begin(r)
		run.Line(logs.Line{Text: long})
		end(run)
		all = append(all, run)
	}
	if list, _ := r.List(t.Context(), runs.Query{}); len(list) != 10 {
		t.Errorf("%d runs", len(list))
	}
	if lines, dropped := all[0].Lines(10); len(lines) != 0 || dropped != 1 {
		t.Errorf("the oldest keeps %d lines, %d dropped", len(lines), dropped)
	}
	if lines, _ := all[9].Lines(10); len(lines) != 1 {
		t.Error("the newest has lost its line")
	}
	for range 10 {
		begin(r).End(runs.Outcome{Error: long})
	}
	if list, _ := r.List(t.Context(), runs.Query{}); len(list) > 5 || list[0].Error != long {
		t.Errorf("%d runs", len(list))
	}
}

func TestConcurrentUse(t *testing.T) {
	r := runs.New(runs.Config{Runs: 20, Bytes: 50_000})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				run := begin(r)
				reader := run.Read(0)
				wg.Go(func() {
					defer reader.Close()
					if texts, _ := read(t, reader); len(texts) != 20 {
						t.Errorf("%d lines", len(texts))
					}
				})
				say(run, 20)
				end(run)
				r.List(t.Context(), runs.Query{Name: "a", State: runs.Done, Limit: 5})
			}
		})
	}
	wg.Wait()
	if list, _ := r.List(t.Context(), runs.Query{}); len(list) == 0 || len(list) > 20 || r.Running() != 0 {
		t.Errorf("%d runs, %d go on", len(list), r.Running())
	}
}
