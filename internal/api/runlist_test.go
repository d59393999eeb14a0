package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// waiting is a script that logs a line and runs until it is stopped, or go is closed.
func waiting(begun chan<- struct{}, goOn <-chan struct{}) func(context.Context, playedRun) api.Outcome {
	return func(ctx context.Context, run playedRun) api.Outcome {
		run.OnLine(logs.Line{Time: noon, Text: "begun"})
		close(begun)
		select {
		case <-ctx.Done():
			return api.Outcome{Error: "stopped"}
		case <-goOn:
			run.OnLine(logs.Line{Time: noon, Text: "more"})
			return api.Outcome{OK: true}
		}
	}
}

func TestADetachedRun(t *testing.T) {
	f := newFixture(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	f.run = waiting(begun, goOn)
	resp, body := f.ask(t, "POST", "/api/v1/agents/a/runs", `{"user":"5","detach":true}`)
	wait(t, begun, "the run did not begin")
	run := newest(t, f)
	if want := `{"id":"` + run.ID + `"}` + "\n"; resp.StatusCode != 202 || body != want || resp.Header.Get("Location") != "/api/v1/runs/"+run.ID {
		t.Errorf("status %d, %s, %v", resp.StatusCode, body, resp.Header)
	}
	if run.Agent != "a" || run.User != "5" || run.State != "running" || run.EndedAt != nil || run.Trigger != "api" || run.Node != "n1" || run.StartedAt.IsZero() {
		t.Errorf("run %+v", run)
	}
	texts := []string{}
	close(goOn)
	outcome, err := f.client(t).FollowRun(t.Context(), run.ID, 0, func(l api.Line) { texts = append(texts, fmt.Sprint(l.Seq, l.Text)) })
	if err != nil || !outcome.OK || fmt.Sprint(texts) != "[1begun 2more]" {
		t.Errorf("%v %+v %v", err, outcome, texts)
	}
	detail, err := f.client(t).RunByID(t.Context(), run.ID)
	if err != nil || detail.State != "done" || detail.EndedAt == nil || len(detail.Lines) != 2 || detail.LinesDropped != 0 {
		t.Errorf("%v %+v", err, detail)
	}
}

func TestStoppingARun(t *testing.T) {
	f := newFixture(t)
	begun := make(chan struct{})
	f.run = waiting(begun, nil)
	id, err := f.client(t).StartRun(t.Context(), api.RunRequest{Name: "x.js", Source: "x"})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, begun, "the run did not begin")
	for range 2 { // the second time it has ended already
		resp, body := f.ask(t, "DELETE", "/api/v1/runs/"+id, "")
		if resp.StatusCode != 204 || body != "" {
			t.Errorf("status %d, %s", resp.StatusCode, body)
		}
		if run := newest(t, f); run.State != "failed" || run.Error != "stopped" || run.Name != "x.js" {
			t.Errorf("run %+v", run)
		}
	}
	if err := f.client(t).StopRun(t.Context(), "0123456789abcdef"); !api.IsNotFound(err) {
		t.Errorf("an unknown run: %v", err)
	}
}

// TestAttachingResumes: what Last-Event-ID names is not told again, and nothing else is lost.
func TestAttachingResumes(t *testing.T) {
	f := newFixture(t)
	f.run = twoLines
	f.ask(t, "POST", "/api/v1/runs", `{"source":"x"}`)
	path := "/api/v1/runs/" + newest(t, f).ID
	_, secondEvent, _ := strings.Cut(twoEvents, "\n\n")
	outcome := "id: 3\nevent: outcome\ndata: {" + theOutcome + "}\n\n"
	for last, want := range map[string]string{
		"": twoEvents + outcome, "0": twoEvents + outcome, "1": secondEvent + outcome, "2": outcome,
		"4": twoEvents + outcome, "-1": twoEvents + outcome, "x": twoEvents + outcome, "99999999999999999999": twoEvents + outcome,
	} {
		resp, body := f.ask(t, "GET", path, "", "Accept", "text/event-stream", "Last-Event-ID", last)
		if got := withoutHeartbeats(body); resp.StatusCode != 200 || got != want {
			t.Errorf("after %q: %d\ngot  %s\nwant %s", last, resp.StatusCode, got, want)
		}
	}
	if resp, body := f.ask(t, "GET", path, "", "Accept", "text/event-stream", "Last-Event-ID", "3"); resp.StatusCode != 204 || body != "" {
		t.Errorf("after the outcome: %d %s", resp.StatusCode, body)
	}
}

// TestAnAttachedClientLeaves: the run is not its own and goes on.
func TestAnAttachedClientLeaves(t *testing.T) {
	f := newFixture(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	f.run = waiting(begun, goOn)
	id, err := f.client(t).StartRun(t.Context(), api.RunRequest{Source: "x"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	if _, err := f.client(t).FollowRun(ctx, id, 0, func(api.Line) { leave() }); err != context.Canceled {
		t.Errorf("following: %v", err)
	}
	close(goOn)
	if outcome, err := f.client(t).FollowRun(t.Context(), id, 1, func(api.Line) {}); err != nil || !outcome.OK {
		t.Errorf("%v %+v", err, outcome)
	}
}

func TestListOfRuns(t *testing.T) {
	f := newFixture(t)
	f.run = func(_ context.Context, run playedRun) api.Outcome {
		if run.Source == "bad" {
			return api.Outcome{Error: "boom"}
		}
		return api.Outcome{OK: true}
	}
	for i := range 5 {
		f.ask(t, "POST", "/api/v1/runs", fmt.Sprintf(`{"name":"%d","source":"ok"}`, i))
	}
	f.ask(t, "POST", "/api/v1/runs", `{"name":"x","source":"bad"}`)
	f.ask(t, "POST", "/api/v1/agents/a/runs", "")
	for want, q := range map[string]api.RunQuery{
		"[a x 4 3 2 1 0]": {}, "[a]": {Agent: "a"}, "[2]": {Agent: "2"}, "[x]": {State: "failed"}, "[a 4 3 2 1 0]": {State: "done"}, "[]": {State: "running"},
	} {
		for _, limit := range []int{0, 1, 2} { // page after page
			q.Limit, q.After = limit, ""
			names := []string{}
			for {
				page, err := f.client(t).Runs(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, run := range page.Items {
					names = append(names, run.Agent+run.Name)
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			if fmt.Sprint(names) != want {
				t.Errorf("%+v: %v, want %s", q, names, want)
			}
		}
	}
}
