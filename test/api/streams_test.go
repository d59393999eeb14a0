package api_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestStreamsGoOnAfterAnEvent: a client that comes back with the id of the last event it has gets what
// happened since, and nothing again.
func TestStreamsGoOnAfterAnEvent(t *testing.T) {
	for id, c := range map[string]struct {
		path   string
		happen func(t *testing.T, s *servertest.Server, socket *servertest.Socket, text string)
	}{
		"stream-logs":          {"/logs", writeLine},
		"stream-socket-events": {"/sockets/events?snapshot=true", setTag},
		"trace-socket":         {"/sockets/%2Fservices%2Fecho-s-bert/trace", sendText},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.App(app))
			doc := document(t, s)
			op, _ := doc.Operation(id)
			w := &world{s, doc, op, strings.NewReplacer()}
			socket := s.Dial(t, "echo", "bert", "1")
			last := w.firstEvent(t, c.path, func() { c.happen(t, s, socket, "first") })
			c.happen(t, s, socket, "second")
			_, again := w.do(t, http.MethodGet, exchange{path: c.path, header: []string{"Last-Event-ID", last}, until: "second"})
			if strings.Contains(again, "first\"") || strings.Contains(again, "snapshot") {
				t.Errorf("after %s came again what was there before:\n%s", last, again)
			}
		})
	}
}

// firstEvent follows a stream until the text "first" came, which happen causes, and returns the id of
// that event.
func (w *world) firstEvent(t *testing.T, path string, happen func()) (id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL()+base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Authorization", "Bearer "+w.Token())
	resp, err := http.DefaultTransport.RoundTrip(req) // the header comes once nothing that happens is missed
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	happen()
	body := read(t, resp.Body, "first")
	ids := regexp.MustCompile(`(?m)^id: (.+)$`).FindAllStringSubmatch(body, -1)
	if len(ids) == 0 {
		t.Fatalf("no event has an id:\n%s", body)
	}
	return ids[len(ids)-1][1]
}

func writeLine(t *testing.T, s *servertest.Server, _ *servertest.Socket, text string) {
	t.Helper()
	runOf(t, s, "/runs", `{"source":"alert( '`+text+`' )"}`)
}

func setTag(t *testing.T, s *servertest.Server, _ *servertest.Socket, text string) {
	t.Helper()
	resp, body := s.Ask(t, "PATCH", base+"/sockets/%2Fservices%2Fecho-s-bert/tags", `{"step":"`+text+`"}`, "Content-Type", "application/json")
	if resp.StatusCode != 200 {
		t.Fatalf("set a tag: status %d: %s", resp.StatusCode, body)
	}
}

func sendText(t *testing.T, s *servertest.Server, socket *servertest.Socket, text string) {
	t.Helper()
	socket.Send(t, text)
	s.Lines.Expect(t, text) // the service writes what it got
}

// TestATraceGoesOnOverConnections: whoever watches a socket sees it detached and resumed as one.
func TestATraceGoesOnOverConnections(t *testing.T) {
	s := servertest.Start(t, servertest.App(app))
	doc := document(t, s)
	op, _ := doc.Operation("trace-socket")
	w := &world{s, doc, op, strings.NewReplacer()}
	const bert = "%2Fservices%2Fecho-s-bert"
	socket := s.Dial(t, "echo", "bert", "1")
	last := w.firstEvent(t, "/sockets/"+bert+"/trace", func() { sendText(t, s, socket, "first") })
	socket.Drop()
	await(t, s, base+"/sockets/"+bert, `"state":"detached"`)
	s.Ask(t, "POST", base+"/sockets/"+bert+"/messages", `{"message":"second"}`, "Content-Type", "application/json")
	again := s.Dial(t, "echo", "bert", "1")
	if got := again.Next(t); got != "second" {
		t.Errorf("after the resume comes %q", got)
	}
	sendText(t, s, again, "third")
	_, body := w.do(t, http.MethodGet, exchange{path: "/sockets/" + bert + "/trace", header: []string{"Last-Event-ID", last}, until: "third"})
	if strings.Contains(body, "event: ended") || !strings.Contains(body, `"second"`) {
		t.Errorf("the trace of a socket that was detached and resumed:\n%s", body)
	}
}

// TestStreamsAreNeverSilent: after what a stream begins with, a comment comes again and again where nothing happens.
func TestStreamsAreNeverSilent(t *testing.T) {
	s := servertest.Start(t, servertest.App(app))
	s.Dial(t, "main_ws_service", "anna", "1")
	known := strings.NewReplacer(runsWorld(t, s)...)
	for _, path := range []string{"/logs?contains=nobody+writes+this", "/sockets/events", "/sockets/" + annaInPath + "/trace", "/runs/{slow}"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := &world{Server: s, known: known}
			resp, body := w.ask(t, http.MethodGet, exchange{path: path, header: events, until: "\n\n: still here\n\n"})
			if resp.StatusCode != 200 {
				t.Errorf("status %d: %s", resp.StatusCode, body)
			}
		})
	}
}

// TestRepeatedMessagesAreSentOnce: however often, and however many at once, a request with a key comes.
func TestRepeatedMessagesAreSentOnce(t *testing.T) {
	for id, x := range map[string]exchange{
		"send-message":  {path: "/sockets/" + annaInPath + "/messages", body: `{"message":"once"}`},
		"send-messages": {path: "/messages", body: `{"user_id":"1","message":"once"}`},
		"send-batch":    {path: "/messages/batch", body: `{"messages":[{"user_id":"1","message":"once"}]}`},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.App(app))
			socket := s.Dial(t, "main_ws_service", "anna", "1")
			doc := document(t, s)
			op, _ := doc.Operation(id)
			w := &world{s, doc, op, strings.NewReplacer()}
			x.header = []string{"Idempotency-Key", "key-1"}
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if resp, body := w.do(t, http.MethodPost, x); resp.StatusCode != 202 && resp.StatusCode != 409 {
						t.Errorf("status %d: %s", resp.StatusCode, body)
					}
				})
			}
			wg.Wait()
			if resp, body := w.do(t, http.MethodPost, x); resp.StatusCode != 202 || resp.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("repeated: status %d, %v: %s", resp.StatusCode, resp.Header, body)
			}
			other := x
			other.body = strings.ReplaceAll(x.body, "once", "other")
			if resp, body := w.do(t, http.MethodPost, other); resp.StatusCode != 422 || !strings.Contains(body, "header.Idempotency-Key") {
				t.Errorf("another request with the key: status %d: %s", resp.StatusCode, body)
			}
			s.Ask(t, "POST", base+"/messages", `{"user_id":"1","message":"last"}`, "Content-Type", "application/json")
			if got := fmt.Sprint(socket.Next(t), socket.Next(t)); got != "oncelast" {
				t.Errorf("received %q", got)
			}
		})
	}
}
