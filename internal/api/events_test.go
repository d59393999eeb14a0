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
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// stream reads the events of an answer. It belongs to one goroutine.
type stream struct {
	resp  *http.Response
	lines *bufio.Scanner
	id    string // of the last event that had one
}

// follow opens a stream, and returns when the server has begun it.
func (f *fixture) follow(t *testing.T, path, after string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only ends a test that fails
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", f.server.URL+"/api/v1"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	s := &stream{resp: resp, lines: bufio.NewScanner(resp.Body), id: after}
	s.lines.Buffer(nil, 1<<20)
	return s
}

// next returns name and data of the next event; empty at the end.
func (s *stream) next(t *testing.T) (name string, data map[string]any) {
	t.Helper()
	for s.lines.Scan() {
		line := s.lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			s.id = id
		}
		if text, ok := strings.CutPrefix(line, "event: "); ok {
			name = text
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &data); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
		}
		if line == "" && name != "" {
			return name, data
		}
	}
	return "", nil
}

// expect compares the next event, of which it looks at the fields named.
func (s *stream) expect(t *testing.T, want string, fields ...string) {
	t.Helper()
	name, data := s.next(t)
	got := name
	for _, field := range fields {
		got += fmt.Sprint(" ", data[field])
	}
	if got != want {
		t.Fatalf("got  %s\nwant %s\n%v", got, want, data)
	}
}

func TestSocketEvents(t *testing.T) {
	f := newFixture(t)
	s := f.follow(t, "/sockets/events", "")
	a := f.open(t, anna, "1", map[string]string{"kind": "a"})
	s.expect(t, "opened anna 1 open map[] <nil>", "stateful_id", "user_id", "state", "tags", "skipped")
	s.expect(t, "changed anna map[kind:a] tags true", "stateful_id", "tags", "change", "matches")
	f.open(t, anna, "1", map[string]string{"kind": "a"})
	s.expect(t, "changed anna map[kind:a] takeover true", "stateful_id", "tags", "change", "matches")
	here := s.id
	a.CloseWith(hub.Reason{Code: 4003, Text: "the token ended"})
	s.expect(t, "ended "+anna+" main_ws_service 1 map[kind:a] n1 4003 the token ended <nil>", "key", "service", "user_id", "tags", "node", "code", "reason", "state")
	again := f.follow(t, "/sockets/events", here)
	again.expect(t, "ended anna <nil>", "stateful_id", "skipped")
	if again.id != s.id {
		t.Errorf("the event has the id %s, and had %s", again.id, s.id)
	}
}

// TestSocketEventsOfAFilter: what begins or ends to match is told, the rest is not.
func TestSocketEventsOfAFilter(t *testing.T) {
	f := newFixture(t)
	s := f.follow(t, "/sockets/events?filter=%24kind%3Aa", "")
	a := f.open(t, anna, "1", map[string]string{"kind": "b"})
	for _, kind := range []string{"a", "c", "d", "a"} {
		if _, err := a.PatchTags(map[string]*string{"kind": &kind}); err != nil {
			t.Fatal(err)
		}
	}
	a.Abort()
	s.expect(t, "changed map[kind:a] true", "tags", "matches")
	s.expect(t, "changed map[kind:c] false", "tags", "matches")
	s.expect(t, "changed map[kind:a] true", "tags", "matches")
	s.expect(t, "ended 1006 aborted", "code", "reason")
}

func TestASnapshotBeginsTheStream(t *testing.T) {
	f := newFixture(t)
	s := f.follow(t, "/sockets/events?snapshot=true", "")
	s.expect(t, "snapshot 0 start []", "sockets", "reason", "missing")
	f.open(t, anna, "1", map[string]string{"kind": "a"})
	f.open(t, bob, "2", nil)
	two := f.follow(t, "/sockets/events?snapshot=true&filter=%24kind", "")
	two.expect(t, "snapshot 1 start", "sockets", "reason")
	if two.id != "" {
		t.Error("an event that is not the last of a snapshot has an id")
	}
	two.expect(t, "opened anna map[kind:a]", "stateful_id", "tags")
	here := two.id
	f.open(t, "/services/x-s-c", "3", map[string]string{"kind": "c"})
	two.expect(t, "changed c map[kind:c]", "stateful_id", "tags")
	again := f.follow(t, "/sockets/events?snapshot=true&filter=%24kind", here)
	again.expect(t, "changed c", "stateful_id") // nothing was lost: no snapshot
	s.expect(t, "opened anna", "stateful_id")   // the first stream goes on behind its own
}

// TestIDsOfAnotherServer: a stream that cannot be resumed says so.
func TestIDsOfAnotherServer(t *testing.T) {
	f := newFixture(t)
	a := f.open(t, anna, "1", nil)
	for _, id := range []string{"abc-7", "7", "-", "garbage", strings.Repeat("9", 100)} {
		s := f.follow(t, "/sockets/events", id)
		if err := a.ReplaceTags(hub.NewTags(map[string]string{"id": id})); err != nil {
			t.Fatal(err)
		}
		s.expect(t, "changed map[id:"+id+"] -1", "tags", "skipped")
	}
}

// TestAStreamThatLagsIsTold: more happens than is kept while the reader is away.
func TestAStreamThatLagsIsTold(t *testing.T) {
	const changes = 800 // of 12 KB, of 8 MiB that are kept
	text := strings.Repeat("x", 4000)
	f := newFixture(t)
	s := f.follow(t, "/sockets/events", "")
	a := f.open(t, anna, "1", nil)
	s.expect(t, "opened anna", "stateful_id")
	here := s.id
	s.resp.Body.Close()
	for i := range changes {
		if err := a.ReplaceTags(hub.NewTags(map[string]string{"n": fmt.Sprint(i), "a": text, "b": text, "c": text})); err != nil {
			t.Fatal(err)
		}
	}
	again := f.follow(t, "/sockets/events", here)
	seen := 0
	for seen < changes {
		_, data := again.next(t)
		if data == nil {
			t.Fatalf("the stream ended after %d", seen)
		}
		if skipped, ok := data["skipped"].(float64); ok {
			if seen > 0 || skipped == 0 {
				t.Errorf("%v were skipped after %d", skipped, seen)
			}
			seen += int(skipped)
		}
		if got, want := data["tags"].(map[string]any)["n"], fmt.Sprint(seen); got != want {
			t.Fatalf("change %v comes, want %s", got, want)
		}
		seen++
	}
	fresh := f.follow(t, "/sockets/events?snapshot=true", here)
	fresh.expect(t, "snapshot 1 skipped", "sockets", "reason")
	fresh.expect(t, "opened anna <nil>", "stateful_id", "skipped")
}

func TestClientFollowsSockets(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	ctx, cancel := context.WithCancel(t.Context())
	got, last := "", ""
	err := f.client(t).SocketEvents(ctx, api.SocketEventQuery{Snapshot: true}, func(e api.SocketEvent) {
		got += e.Event + " " + e.StatefulID + ";"
		switch last = e.ID; {
		case e.Event == "opened" && e.StatefulID == "anna":
			f.open(t, bob, "2", nil)
		case e.Event == "opened":
			cancel()
		}
	})
	if err != context.Canceled || got != "snapshot ;opened anna;opened bob;" {
		t.Errorf("%s, error %v", got, err)
	}
	s := f.follow(t, "/sockets/events", last)
	f.hub.Select(hub.Filter{})[0].Abort()
	if name, _ := s.next(t); name != "ended" {
		t.Errorf("after %s comes %s", last, name)
	}
	if err := f.client(t).SocketEvents(t.Context(), api.SocketEventQuery{Filter: "x"}, nil); err == nil {
		t.Error("a wrong filter is taken")
	}
}
