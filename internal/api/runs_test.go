package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

var noon = time.Date(2025, 11, 23, 12, 0, 0, 0, time.UTC)

// twoLines is a script that logs twice and throws.
func twoLines(_ context.Context, run playedRun) api.Outcome {
	run.OnLine(logs.Line{Seq: 4, Time: noon, Thread: 7, Text: "<first>\nline"})
	run.OnLine(logs.Line{Seq: 5, Time: noon, Thread: 7, Text: "boom\n(x-local://a.js,   line 2)", Error: true, Agent: "a"})
	return api.Outcome{Error: "boom\n(x-local://a.js,   line 2)", DurationMS: 3}
}

const (
	firstLine  = `{"time":"2025-11-23T12:00:00Z","thread":7,"text":"<first>\nline"}`
	secondLine = `{"time":"2025-11-23T12:00:00Z","thread":7,"text":"boom\n(x-local://a.js,   line 2)","error":true}`
	theOutcome = `"ok":false,"error":"boom\n(x-local://a.js,   line 2)","duration_ms":3`
)

const twoEvents = "id: 1\nevent: line\ndata: " + firstLine + "\n\nid: 2\nevent: line\ndata: " + secondLine + "\n\n"

// withoutHeartbeats is what a stream tells.
func withoutHeartbeats(body string) string { return strings.ReplaceAll(body, ": still here\n\n", "") }

// newest is the run that began last.
func newest(t *testing.T, f *fixture) api.RunInfo {
	t.Helper()
	list, err := f.client(t).Runs(t.Context(), api.RunQuery{Limit: 1})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("runs %+v, %v", list, err)
	}
	return list.Items[0]
}

func TestRunToldAtItsEnd(t *testing.T) {
	f := newFixture(t)
	f.run = twoLines
	for path, request := range map[string]string{"/runs": `{"source":"x"}`, "/agents/a/runs": ""} {
		resp, body := f.ask(t, "POST", "/api/v1"+path, request)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		id := newest(t, f).ID
		if resp.Header.Get("Location") != "/api/v1/runs/"+id {
			t.Errorf("Location %s of the run %s", resp.Header.Get("Location"), id)
		}
		if want := `{"id":"` + id + `",` + theOutcome + `,"lines":[` + firstLine + `,` + secondLine + "]}\n"; body != want {
			t.Errorf("got  %s\nwant %s", body, want)
		}
	}
}

func TestRunAsAStream(t *testing.T) {
	f := newFixture(t)
	f.run = twoLines
	for _, accept := range []string{"text/event-stream", "application/json;q=0.5, text/event-stream"} {
		resp, body := f.ask(t, "POST", "/api/v1/agents/a/runs", `{}`, "Accept", accept)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
		}
		if want := twoEvents + "id: 3\nevent: outcome\ndata: {" + theOutcome + "}\n\n"; withoutHeartbeats(body) != want {
			t.Errorf("got  %s\nwant %s", body, want)
		}
	}
}

func TestRunGetsWhatWasAsked(t *testing.T) {
	f := newFixture(t)
	var got api.Run
	f.run = func(_ context.Context, run playedRun) api.Outcome {
		got = run.Run
		return api.Outcome{OK: true}
	}
	check := func(want api.Run) {
		t.Helper()
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	_, body := f.ask(t, "POST", "/api/v1/runs", `{"name":"a.js","source":"alert(1)","user":"5","timeout":"90s"}`)
	check(api.Run{Name: "a.js", Source: "alert(1)", UserID: "5", Timeout: 90 * time.Second})
	if want := `,"ok":true,"error":"","duration_ms":0,"lines":[]}` + "\n"; !strings.HasSuffix(body, want) {
		t.Errorf("a run without lines is told as %s", body)
	}
	f.ask(t, "POST", "/api/v1/agents/%D1%8F%2Fb/runs", `{"user":"6","params":{"имя":"1"}}`)
	check(api.Run{Agent: "я/b", UserID: "6", Params: map[string]string{"имя": "1"}})
}

// TestALeavingClientStopsItsRun covers both forms of the answer, before and
// after the first line.
func TestALeavingClientStopsItsRun(t *testing.T) {
	for _, accept := range []string{"application/json", "text/event-stream"} {
		for _, lines := range []int{0, 1} {
			t.Run(fmt.Sprint(accept, " after ", lines), func(t *testing.T) {
				f := newFixture(t)
				began, ended := make(chan struct{}), make(chan struct{})
				f.run = func(ctx context.Context, run playedRun) api.Outcome {
					for range lines {
						run.OnLine(logs.Line{Text: "x"})
					}
					close(began)
					<-ctx.Done()
					close(ended)
					return api.Outcome{Error: "stopped"}
				}
				ctx, leave := context.WithCancel(t.Context())
				req, _ := http.NewRequestWithContext(ctx, "POST", f.server.URL+"/api/v1/runs", strings.NewReader(`{"source":"x"}`))
				req.Header.Set("Authorization", "Bearer "+token)
				req.Header.Set("Accept", accept)
				go func() {
					if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
						resp.Body.Close()
					}
				}()
				wait(t, began, "the run did not begin")
				leave()
				wait(t, ended, "the run went on")
			})
		}
	}
}

func wait(t *testing.T, done <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal(otherwise)
	}
}

// TestAQuietRunOutlivesTheTimeForItsBody: the time a client has to send the
// request must not end the run, and the stream shows that it is alive.
func TestAQuietRunOutlivesTheTimeForItsBody(t *testing.T) {
	f := newFixture(t, api.Config{Heartbeat: 10 * time.Millisecond, BodyTimeout: 50 * time.Millisecond})
	f.run = func(ctx context.Context, _ playedRun) api.Outcome {
		select {
		case <-ctx.Done():
			return api.Outcome{Error: "stopped"}
		case <-time.After(200 * time.Millisecond):
			return api.Outcome{OK: true}
		}
	}
	for _, accept := range []string{"application/json", "text/event-stream"} {
		_, body := f.ask(t, "POST", "/api/v1/runs", `{"source":"x"}`, "Accept", accept)
		if !strings.Contains(body, `"ok":true`) {
			t.Errorf("%s: %s", accept, body)
		}
		if streamed := strings.Contains(body, ": still here\n\n"); streamed != (accept == "text/event-stream") {
			t.Errorf("%s: heartbeats %v in %s", accept, streamed, body)
		}
	}
}

func TestABusyServerSaysSo(t *testing.T) {
	f := newFixture(t)
	f.run = twoLines
	f.refused = fmt.Errorf("run: %w", api.ErrBusy)
	resp, body := f.ask(t, "POST", "/api/v1/runs", `{"source":"x"}`)
	checkProblem(t, resp, body)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
	f.refused = api.ErrStopping
	if resp, body := f.ask(t, "POST", "/api/v1/runs", `{"source":"x"}`); resp.StatusCode != 503 || !strings.Contains(body, "stopping") {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
	f.refused = api.ErrBadUser
	if resp, body := f.ask(t, "POST", "/api/v1/runs", `{"source":"x","user":" "}`); resp.StatusCode != 422 || !strings.Contains(body, "body.user") {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
}

func TestAnAnswerKeepsTheLastLines(t *testing.T) {
	f := newFixture(t)
	f.run = func(_ context.Context, run playedRun) api.Outcome {
		for i := range 10_003 {
			run.OnLine(logs.Line{Text: fmt.Sprint("line ", i)})
		}
		return api.Outcome{OK: true}
	}
	_, body := f.ask(t, "POST", "/api/v1/runs", `{"source":"x"}`)
	var result api.RunResult
	if err := json.Unmarshal([]byte(body), &result); err != nil {
		t.Fatal(err)
	}
	if n := len(result.Lines); n != 10_000 || result.LinesDropped != 3 || result.Lines[n-1].Text != "line 10002" {
		t.Errorf("%d lines, %d dropped", n, result.LinesDropped)
	}
}

// eventsOf follows a stream of the API until the test ends.
func eventsOf(t *testing.T, f *fixture, path string, headers ...string) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", f.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return bufio.NewScanner(resp.Body)
}

// expect reads on until the line comes.
func expect(t *testing.T, s *bufio.Scanner, line string) {
	t.Helper()
	for s.Scan() {
		if s.Text() == line {
			return
		}
		if strings.HasPrefix(s.Text(), "id: ") {
			t.Fatalf("got %s before %s", s.Text(), line)
		}
	}
	t.Fatalf("the stream ended before %s: %v", line, s.Err())
}

func TestLogs(t *testing.T) {
	f := newFixture(t)
	f.log.Write(logs.Line{Time: noon, Thread: 1, Text: "old"})
	f.log.Write(logs.Line{Time: noon, Thread: 2, Text: "other", Service: "s", Socket: anna, User: "1"})
	s := eventsOf(t, f, "/api/v1/logs")
	expect(t, s, "id: 1")
	expect(t, s, "event: line")
	expect(t, s, `data: {"time":"2025-11-23T12:00:00Z","thread":1,"text":"old"}`)
	expect(t, s, "id: 2")
	expect(t, s, `data: {"time":"2025-11-23T12:00:00Z","thread":2,"text":"other","service":"s","socket":"`+anna+`","user":"1"}`)
	f.log.Write(logs.Line{Thread: 3, Text: "new"})
	expect(t, s, "id: 3")
	expect(t, s, ": still here")

	expect(t, eventsOf(t, f, "/api/v1/logs", "Last-Event-ID", "2"), "id: 3")
	expect(t, eventsOf(t, f, "/api/v1/logs", "Last-Event-ID", "of-another-server"), "id: 1")
	expect(t, eventsOf(t, f, "/api/v1/logs?thread=0002"), "id: 2")
	expect(t, eventsOf(t, f, "/api/v1/logs?since=1h"), "id: 3")
	expect(t, eventsOf(t, f, "/api/v1/logs?contains=oth"), "id: 2")
}

func TestLogsWithoutFollowing(t *testing.T) {
	f := newFixture(t)
	if resp, body := f.ask(t, "GET", "/api/v1/logs?follow=false", ""); resp.Header.Get("Content-Type") != "text/event-stream" || strings.Contains(body, "data") {
		t.Errorf("an empty log is told as %s, %s", resp.Header.Get("Content-Type"), body)
	}
	for i, text := range []string{"a", "ab", "c"} {
		f.log.Write(logs.Line{Time: noon.Add(time.Duration(i) * time.Hour), Thread: i + 1, Text: text})
	}
	for query, want := range map[string]string{
		"":                            "1 2 3 ",
		"&contains=a":                 "1 2 ",
		"&thread=2":                   "2 ",
		"&since=2025-11-23T13:00:00Z": "2 3 ",
		"&contains=none":              "",
	} {
		_, body := f.ask(t, "GET", "/api/v1/logs?follow=false"+query, "")
		got := ""
		for line := range strings.Lines(body) {
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				got += strings.TrimSpace(id) + " "
			}
		}
		if got != want {
			t.Errorf("%s: got lines %s, want %s", query, got, want)
		}
	}
	if _, body := f.ask(t, "GET", "/api/v1/logs?follow=false", "", "Last-Event-ID", "3"); strings.Contains(body, "id:") {
		t.Errorf("after the last line comes %s", body)
	}
}
