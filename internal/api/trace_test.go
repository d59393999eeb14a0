package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// traced is a fixture with a socket whose frames the test plays.
func traced(t *testing.T) (*fixture, *fakeTrace, string) {
	t.Helper()
	f, trace := newFixture(t), newFakeTrace()
	f.traces = map[string]*fakeTrace{anna: trace}
	return f, trace, "/sockets/" + encoded(anna) + "/trace"
}

func (t *fakeTrace) frame(dir, text string) {
	t.Add(api.TracedFrame{Frame: api.Frame{Time: noon, Dir: dir, Text: text, Bytes: len(text)}})
}

func (t *fakeTrace) end() {
	t.Add(api.TracedFrame{Frame: api.Frame{Time: noon}, Ended: &hub.Reason{Code: 1000, Text: "bye"}})
	t.Close()
}

func TestTrace(t *testing.T) {
	f, trace, path := traced(t)
	trace.frame("in", "before anybody watched")
	s := f.follow(t, path, "")
	trace.frame("in", "a")
	trace.frame("out", "b")
	s.expect(t, "frame in a 1 <nil> <nil>", "dir", "text", "bytes", "cut", "skipped")
	here := s.id
	s.expect(t, "frame out b", "dir", "text")
	s.resp.Body.Close()
	again := f.follow(t, path, here)
	again.expect(t, "frame b", "text")
	trace.end()
	again.expect(t, "ended 1000 bye", "code", "reason")
	if name, _ := again.next(t); name != "" {
		t.Errorf("after the end comes %s", name)
	}
	if resp, body := f.ask(t, "GET", "/api/v1"+path, "", "Last-Event-ID", again.id); resp.StatusCode != 204 || body != "" {
		t.Errorf("whoever knows the end gets %d %s", resp.StatusCode, body)
	}
	late := f.follow(t, path, here)
	late.expect(t, "frame b", "text")
	late.expect(t, "ended 1000", "code")
	for range 4 { // streams, and the one that was told that nothing follows
		wait(t, trace.left, "a stream still watches")
	}
}

func TestATraceThatCannotBeResumedSaysSo(t *testing.T) {
	f, trace, path := traced(t)
	for _, id := range []string{"t8-x-1", "1", "garbage"} {
		s := f.follow(t, path, id)
		trace.frame("in", id)
		s.expect(t, "frame "+id+" -1", "text", "skipped")
	}
}

func TestATraceThatLagsIsTold(t *testing.T) {
	f, trace, path := traced(t)
	s := f.follow(t, path, "")
	trace.frame("in", "1")
	s.expect(t, "frame 1", "text")
	for i := 2; i <= 10; i++ { // 3 are kept
		trace.frame("in", fmt.Sprint(i))
	}
	again := f.follow(t, path, s.id)
	again.expect(t, "frame 8 6", "text", "skipped")
	again.expect(t, "frame 9 <nil>", "text", "skipped")
}

func TestClientTraces(t *testing.T) {
	f, trace, _ := traced(t)
	ready := make(chan struct{})
	go func() {
		<-ready
		trace.frame("out", "b")
		trace.end()
	}()
	last := ""
	// The first try is to have somebody watch, so that nothing is missed afterwards.
	s := f.follow(t, "/sockets/"+encoded(anna)+"/trace", "")
	trace.frame("in", "a")
	s.expect(t, "frame a", "text")
	close(ready)
	ended, err := f.client(t).TraceSocket(t.Context(), anna, s.id, func(id string, frame api.Frame) { last = id + frame.Dir + frame.Text })
	if err != nil || ended.Code != 1000 || last == "" {
		t.Errorf("last %s, ended %+v, error %v", last, ended, err)
	}
	if _, err := f.client(t).TraceSocket(t.Context(), bob, "", nil); !api.IsNotFound(err) {
		t.Errorf("an unknown key gives %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	f.traces[bob] = newFakeTrace()
	if _, err := f.client(t).TraceSocket(ctx, bob, "", nil); err != context.DeadlineExceeded {
		t.Errorf("the end of the context gives %v", err)
	}
}

func TestRefusalsArePaged(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.refusals = append(f.refusals, api.RefusedRequest{Time: noon, What: "origin", Status: 403, Detail: fmt.Sprint("no ", i), Add: "--origin x"})
	}
	got, after := "", ""
	for {
		page, err := f.client(t).RefusedRequests(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			got += r.Detail + ";"
		}
		if after = page.Next; after == "" {
			break
		}
		f.refusals = append(f.refusals, api.RefusedRequest{Detail: "later"})
	}
	if got != "no 4;no 3;no 2;no 1;no 0;" {
		t.Error(got)
	}
}

func TestTagsArePaged(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", map[string]string{"a": "1", "b": "2", "c": "3"})
	f.open(t, bob, "1", map[string]string{"a": "1", "b": "x"})
	got, after := "", ""
	for {
		page, err := f.client(t).TagsInUse(t.Context(), api.TagQuery{After: after, Limit: 2, Values: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range page.Items {
			got += fmt.Sprint(tag, ";")
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if got != "{a 2 1 [{1 2}] false};{b 2 2 [{2 1}] true};{c 1 1 [{3 1}] false};" {
		t.Error(got)
	}
	one, err := f.client(t).TagsInUse(t.Context(), api.TagQuery{Name: "c"})
	if err != nil || len(one.Items) != 1 {
		t.Errorf("%+v, error %v", one, err)
	}
}
