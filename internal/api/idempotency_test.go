package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// queued is how many messages wait for a socket.
func (f *fixture) queued(t *testing.T, key string) int {
	t.Helper()
	s, ok := f.hub.Get(key)
	if !ok {
		t.Fatalf("%s is not open", key)
	}
	return s.Info().QueueMessages
}

func TestARepeatedRequestIsDoneOnce(t *testing.T) {
	group := func(text string) string { return `{"filter":"","message":"` + text + `"}` }
	for name, c := range map[string]struct{ path, body, other string }{
		"one":   {"/api/v1/sockets/" + encoded(anna) + "/messages", `{"message":"a"}`, `{"message":"b"}`},
		"group": {"/api/v1/messages", group("a"), group("b")},
		"batch": {"/api/v1/messages/batch", `{"messages":[` + group("a") + `]}`, `{"messages":[` + group("b") + `]}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.open(t, anna, "1", nil)
			send := func(body, key string) (*http.Response, string) {
				return f.ask(t, "POST", c.path, body, "Idempotency-Key", key)
			}
			first, want := send(c.body, "k")
			for range 3 {
				again, body := send(c.body, "k")
				if again.StatusCode != 202 || body != want || again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
					t.Fatalf("the answer is %d %s %v, and was %s", again.StatusCode, body, again.Header, want)
				}
			}
			if first.Header.Get("Idempotency-Replayed") != "" || f.queued(t, anna) != 1 {
				t.Errorf("%d messages are queued; headers of the first answer %v", f.queued(t, anna), first.Header)
			}
			if resp, body := send(c.other, "k"); resp.StatusCode != 422 || !strings.Contains(body, "another request") {
				t.Errorf("another body gives %d %s", resp.StatusCode, body)
			} else {
				checkProblem(t, resp, body)
			}
			if resp, _ := f.ask(t, "POST", c.path+"?", c.body, "Idempotency-Key", "another"); resp.StatusCode != 202 || f.queued(t, anna) != 2 {
				t.Errorf("another key gives %d, %d messages are queued", resp.StatusCode, f.queued(t, anna))
			}
		})
	}
}

func TestAFailedRequestMayBeRepeated(t *testing.T) {
	f := newFixture(t)
	path := "/api/v1/sockets/" + encoded(anna) + "/messages"
	if resp, body := f.ask(t, "POST", path, `{"message":"x"}`, "Idempotency-Key", "k"); resp.StatusCode != 404 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	f.open(t, anna, "1", nil)
	resp, body := f.ask(t, "POST", path, `{"message":"x"}`, "Idempotency-Key", "k")
	if resp.StatusCode != 202 || resp.Header.Get("Idempotency-Replayed") != "" || f.queued(t, anna) != 1 {
		t.Errorf("%d %s, %d messages are queued", resp.StatusCode, body, f.queued(t, anna))
	}
}

// TestManyWithOneKeySendOnce: each of a hundred gets the one answer, or 409 with
// when to ask again, and nothing else.
func TestManyWithOneKeySendOnce(t *testing.T) {
	const clients, rounds = 100, 3
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	for round := range rounds {
		key := fmt.Sprint("round-", round)
		answers := make(chan string, clients)
		var asking sync.WaitGroup
		for range clients {
			asking.Go(func() {
				resp, body := f.ask(t, "POST", "/api/v1/messages", `{"filter":"","message":"x"}`, "Idempotency-Key", key)
				switch {
				case resp.StatusCode == 409 && resp.Header.Get("Retry-After") != "":
				case resp.StatusCode == 202 && resp.Header.Get("Idempotency-Replayed") == "true":
				case resp.StatusCode == 202:
					answers <- "sent"
				default:
					answers <- fmt.Sprint(resp.StatusCode, body)
				}
			})
		}
		asking.Wait()
		close(answers)
		got := ""
		for a := range answers {
			got += a
		}
		if got != "sent" || f.queued(t, anna) != round+1 {
			t.Errorf("round %d: %s, %d messages are queued", round, got, f.queued(t, anna))
		}
	}
}

// TestOtherRoutesKnowNoKey: the header is taken where a repetition would send twice, and
// means nothing elsewhere.
func TestOtherRoutesKnowNoKey(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	for range 2 {
		resp, body := f.ask(t, "PATCH", "/api/v1/sockets/"+encoded(anna)+"/tags", `{}`, "Idempotency-Key", "k")
		if resp.StatusCode != 200 || resp.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
}

func TestClientSendsOnce(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	ctx := api.WithIdempotencyKey(t.Context(), "k")
	batch := []api.BatchMessage{
		{Key: anna, GroupMessage: api.GroupMessage{Message: api.Message{Message: "a"}}},
		{GroupMessage: api.GroupMessage{Message: api.Message{Message: "b"}, Filter: api.FilterText("$none")}},
		{Key: bob},
	}
	for range 2 {
		results, err := f.client(t).SendBatch(ctx, batch)
		if err != nil || len(results.Results) != 3 || *results.Results[0].QueueDepth != 1 || *results.Results[1].Addressed != 0 || results.Results[2].Error.Status != 404 {
			t.Fatalf("results %+v, error %v", results, err)
		}
	}
	if f.queued(t, anna) != 1 {
		t.Errorf("%d messages are queued", f.queued(t, anna))
	}
}
