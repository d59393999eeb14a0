package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// startRun starts a run as a stream of which nothing has been read but what
// comes first, the status or a heartbeat.
func startRun(t *testing.T, f *fixture) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", f.server.URL+"/api/v1/runs", strings.NewReader(`{"source":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// told is what a stream of a run has told.
type told struct {
	lines    []api.Line
	skipped  uint64
	outcomes []api.Outcome
	last     string // name of the last event
}

func readRun(t *testing.T, resp *http.Response) (r told) {
	t.Helper()
	s := bufio.NewScanner(resp.Body)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
			r.last = name
		}
		data, ok := strings.CutPrefix(s.Text(), "data: ")
		if !ok {
			continue
		}
		var line api.Line
		var outcome api.Outcome
		var err error
		if r.last == "line" {
			err = json.Unmarshal([]byte(data), &line)
			r.lines = append(r.lines, line)
			r.skipped += line.Skipped
		} else {
			err = json.Unmarshal([]byte(data), &outcome)
			r.outcomes = append(r.outcomes, outcome)
		}
		if err != nil {
			t.Fatalf("%v in %.100s", err, data)
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return r
}

// TestARunDoesNotWaitForItsReader: what a reader that stopped does not take is
// kept as far as there is room, then the oldest lines give way, and are counted.
func TestARunDoesNotWaitForItsReader(t *testing.T) {
	const lines = 800 // of 64 KiB: more than connections and the buffer hold
	text := strings.Repeat("z", 64<<10-10)
	f := newFixture(t)
	ended := make(chan struct{})
	f.run = func(_ context.Context, run playedRun) api.Outcome {
		defer close(ended)
		for i := range lines {
			run.OnLine(logs.Line{Text: fmt.Sprintf("%s%03d", text, i)})
		}
		return api.Outcome{OK: true, DurationMS: 7}
	}
	resp := startRun(t, f)
	wait(t, ended, "the run waits for a reader")
	got := readRun(t, resp)
	if got.skipped == 0 || uint64(len(got.lines))+got.skipped != lines {
		t.Errorf("%d lines came and %d were skipped, of %d", len(got.lines), got.skipped, lines)
	}
	next := 0
	for _, l := range got.lines {
		next += int(l.Skipped)
		if !strings.HasSuffix(l.Text, fmt.Sprintf("z%03d", next)) {
			t.Fatalf("line %d is …%s", next, l.Text[len(l.Text)-5:])
		}
		next++
	}
	if got.last != "outcome" || len(got.outcomes) != 1 || !got.outcomes[0].OK {
		t.Errorf("at the end: %s, outcomes %+v", got.last, got.outcomes)
	}
}

// TestAReaderThatPausesMissesNothing while the buffer has room.
func TestAReaderThatPausesMissesNothing(t *testing.T) {
	const lines = 50_000
	f := newFixture(t)
	ended := make(chan struct{})
	f.run = func(_ context.Context, run playedRun) api.Outcome {
		defer close(ended)
		for i := range lines {
			run.OnLine(logs.Line{Thread: i})
		}
		return api.Outcome{OK: true}
	}
	resp := startRun(t, f)
	wait(t, ended, "the run did not end")
	got := readRun(t, resp)
	if len(got.lines) != lines || got.skipped != 0 || got.last != "outcome" {
		t.Fatalf("%d lines, %d skipped, at the end %s", len(got.lines), got.skipped, got.last)
	}
	for i, l := range got.lines {
		if l.Thread != i {
			t.Fatalf("line %d is %d", i, l.Thread)
		}
	}
}

// TestLinesComeWhileTheRunGoesOn: the run continues only when its line was read.
func TestLinesComeWhileTheRunGoesOn(t *testing.T) {
	f := newFixture(t, api.Config{})
	read := make(chan struct{})
	f.run = func(ctx context.Context, run playedRun) api.Outcome {
		for range 3 {
			run.OnLine(logs.Line{Text: "live"})
			select {
			case <-read:
			case <-ctx.Done():
				return api.Outcome{Error: "stopped"}
			}
		}
		return api.Outcome{OK: true}
	}
	outcome, err := f.client(t).Run(t.Context(), api.RunRequest{Source: "x"}, func(api.Line) { read <- struct{}{} })
	if err != nil || !outcome.OK {
		t.Errorf("outcome %+v, error %v", outcome, err)
	}
}

// TestALeavingClientStopsAChattyRun: the run learns it although it never waits.
func TestALeavingClientStopsAChattyRun(t *testing.T) {
	f := newFixture(t)
	ended := make(chan struct{})
	f.run = func(ctx context.Context, run playedRun) api.Outcome {
		defer close(ended)
		for ctx.Err() == nil {
			run.OnLine(logs.Line{Text: strings.Repeat("z", 1000)})
		}
		return api.Outcome{Error: "stopped"}
	}
	resp := startRun(t, f)
	resp.Body.Close()
	wait(t, ended, "the run went on")
}

// TestALineThatCannotBeWrittenStopsItsRun, and nothing else.
func TestALineThatCannotBeWrittenStopsItsRun(t *testing.T) {
	f := newFixture(t)
	ended := make(chan struct{})
	f.run = func(ctx context.Context, run playedRun) api.Outcome {
		defer close(ended)
		run.OnLine(logs.Line{Time: noon.AddDate(20_000, 0, 0)})
		<-ctx.Done()
		return api.Outcome{Error: "stopped"}
	}
	if got := readRun(t, startRun(t, f)); len(got.lines) != 0 || len(got.outcomes) != 0 {
		t.Errorf("it tells %+v", got)
	}
	wait(t, ended, "the run went on")
}
