package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// resumingFixture is one whose sockets outlive their connections.
func resumingFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOver(t, hub.Config{Profile: hub.Profile124, Node: "n1", MaxMessages: 3, ResumeWindow: time.Hour})
}

// detach breaks the connection of a socket that was opened just now.
func (f *fixture) detach(t *testing.T, key, user string, tags map[string]string) *hub.Socket {
	t.Helper()
	conn := f.connect(t, key, user)
	if err := conn.Socket().ReplaceTags(hub.NewTags(tags)); err != nil {
		t.Fatal(err)
	}
	breakConn(t, conn)
	return conn.Socket()
}

func breakConn(t *testing.T, conn *hub.Conn) {
	t.Helper()
	if _, end := conn.Ended(hub.Reason{Code: hub.CodeLost}); end != hub.EndDetached {
		t.Fatalf("a socket whose connection broke became %v", end)
	}
}

// TestRequestsAboutDetachedSockets asks one thing after another of a fresh API with an open socket, bob's,
// and a detached one, anna's, which both have the tag kind.
func TestRequestsAboutDetachedSockets(t *testing.T) {
	const either, away = `%7B%22%24state%22%3A%5B%22open%22%2C%22detached%22%5D%7D`, `%7B%22%24state%22%3A%22detached%22%7D`
	inPath := encoded(anna)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               []string // parts of the body
		not                string   // what must not be in it
	}{
		"list":               {"GET", "/sockets", "", 200, []string{bob}, anna},
		"list, by a tag":     {"GET", "/sockets?filter=%24kind", "", 200, []string{bob}, anna},
		"list, both":         {"GET", "/sockets?filter=" + either, "", 200, []string{anna, bob, `"state":"open"`, `"state":"detached"`}, ""},
		"list, detached":     {"GET", "/sockets?filter=" + away, "", 200, []string{anna, `"state":"detached"`}, bob},
		"one":                {"GET", "/sockets/" + inPath, "", 200, []string{`"state":"detached"`, `"kind":"a"`}, ""},
		"abort":              {"DELETE", "/sockets/" + inPath, "", 204, nil, ""},
		"tags":               {"PATCH", "/sockets/" + inPath + "/tags", `{"kind":"b"}`, 200, []string{`"state":"detached"`, `"kind":"b"`}, ""},
		"tags in use":        {"GET", "/tags?name=kind", "", 200, []string{`"count":2`}, ""},
		"send":               {"POST", "/sockets/" + inPath + "/messages", `{"message":"x"}`, 202, []string{`"queue_depth":1`}, ""},
		"send, everybody":    {"POST", "/messages", `{"filter":"","message":"x"}`, 202, []string{`"addressed":2`}, ""},
		"send, filter":       {"POST", "/messages", `{"filter":"$kind:a","message":"x"}`, 202, []string{`"addressed":1`}, ""},
		"send, user":         {"POST", "/messages", `{"user_id":"1","message":"x"}`, 202, []string{`"addressed":1`}, ""},
		"send, keys":         {"POST", "/messages", `{"keys":["` + anna + `","` + bob + `"],"message":"x"}`, 202, []string{`"addressed":2`}, ""},
		"send, only open":    {"POST", "/messages", `{"filter":{"$state":"open"},"message":"x"}`, 202, []string{`"addressed":1`}, ""},
		"send, only away":    {"POST", "/messages", `{"filter":{"$state":"detached","kind":"a"},"message":"x"}`, 202, []string{`"addressed":1`}, ""},
		"batch, by filter":   {"POST", "/messages/batch", `{"messages":[{"filter":"$kind","message":"x"}]}`, 202, []string{`"addressed":2`}, ""},
		"list, a wrong word": {"GET", "/sockets?filter=%7B%22%24state%22%3A%22gone%22%7D", "", 400, []string{`a state is`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := resumingFixture(t)
			f.open(t, bob, "2", map[string]string{"kind": "b"})
			f.detach(t, anna, "1", map[string]string{"kind": "a"})
			resp, body := f.ask(t, c.method, "/api/v1"+c.path, c.body)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.status, body)
			}
			for _, part := range c.want {
				if !strings.Contains(body, part) {
					t.Errorf("the answer lacks %s\n%s", part, body)
				}
			}
			if c.not != "" && strings.Contains(body, c.not) {
				t.Errorf("%s is in the answer\n%s", c.not, body)
			}
		})
	}
}

func TestAnAbortedDetachedSocketIsGone(t *testing.T) {
	f := resumingFixture(t)
	f.detach(t, anna, "1", nil)
	path := "/api/v1/sockets/" + encoded(anna)
	for i, want := range []int{204, 404} {
		if resp, body := f.ask(t, "DELETE", path, ""); resp.StatusCode != want {
			t.Errorf("DELETE number %d: status %d: %s", i+1, resp.StatusCode, body)
		}
	}
	if resp, _ := f.ask(t, "GET", path, ""); resp.StatusCode != 404 {
		t.Errorf("after DELETE: status %d", resp.StatusCode)
	}
}

// TestADetachedSocketLeavesTheList: to a filter that does not ask for the state, it ceases to match, and
// matches again when it is resumed; what happens to it meanwhile is not told.
func TestADetachedSocketLeavesTheList(t *testing.T) {
	f := resumingFixture(t)
	open := f.follow(t, "/sockets/events?snapshot=true&filter=%24kind", "")
	both := f.follow(t, "/sockets/events?filter=%7B%22%24state%22%3A%5B%22open%22%2C%22detached%22%5D%7D", "")
	away := f.follow(t, "/sockets/events?filter=%7B%22%24state%22%3A%22detached%22%7D", "")
	open.expect(t, "snapshot 0", "sockets")
	socket := f.detach(t, anna, "1", map[string]string{"kind": "a"})
	tag := "b"
	if _, err := socket.PatchTags(map[string]*string{"kind": &tag}); err != nil {
		t.Fatal(err)
	}
	conn := f.connect(t, anna, "1")
	breakConn(t, conn)
	socket.Abort()

	open.expect(t, "changed tags true open map[kind:a]", "change", "matches", "state", "tags")
	open.expect(t, "changed detached false detached map[kind:a]", "change", "matches", "state", "tags")
	open.expect(t, "changed resumed true open map[kind:b]", "change", "matches", "state", "tags")
	open.expect(t, "changed detached false detached", "change", "matches", "state")
	bobs := f.open(t, bob, "2", map[string]string{"kind": "b"})
	open.expect(t, "changed bob", "stateful_id") // the end of anna's was not told

	both.expect(t, "opened open", "state")
	both.expect(t, "changed tags true", "change", "matches")
	both.expect(t, "changed detached true detached", "change", "matches", "state")
	both.expect(t, "changed tags true detached", "change", "matches", "state")
	both.expect(t, "changed resumed true open", "change", "matches", "state")
	both.expect(t, "changed detached true detached", "change", "matches", "state")
	both.expect(t, "ended 1006 aborted", "code", "reason")

	away.expect(t, "changed detached true", "change", "matches")
	away.expect(t, "changed tags true", "change", "matches")
	away.expect(t, "changed resumed false", "change", "matches")
	away.expect(t, "changed detached true", "change", "matches")
	away.expect(t, "ended 1006 aborted", "code", "reason")

	bobs.Abort()
	snapshot := f.follow(t, "/sockets/events?snapshot=true", "")
	snapshot.expect(t, "snapshot 0", "sockets")
}

func TestASnapshotHoldsDetachedSocketsIfTheFilterDoes(t *testing.T) {
	f := resumingFixture(t)
	f.detach(t, anna, "1", nil)
	plain := f.follow(t, "/sockets/events?snapshot=true", "")
	plain.expect(t, "snapshot 0", "sockets")
	away := f.follow(t, "/sockets/events?snapshot=true&filter=%7B%22%24state%22%3A%22detached%22%7D", "")
	away.expect(t, "snapshot 1", "sockets")
	away.expect(t, "opened anna detached", "stateful_id", "state")
	f.connect(t, anna, "1")
	plain.expect(t, "changed resumed true open", "change", "matches", "state")
	away.expect(t, "changed resumed false open", "change", "matches", "state")
}

// TestAFullQueueByPolicy: what a sender is answered when there is no room, and what the socket shows.
func TestAFullQueueByPolicy(t *testing.T) {
	const queue = `"queue":{"messages":3,"bytes":3,"mode":"text","dropped":2,"drop_reason":"overflow"}`
	for policy, answers := range map[string][]int{ // to messages about a, b, a, a and nothing, where three have room
		hub.OverflowDisconnect: {202, 202, 202, 429, 429},
		hub.OverflowDropOldest: {202, 202, 202, 202, 202},
		hub.OverflowConflate:   {202, 202, 202, 202, 202},
	} {
		t.Run(policy, func(t *testing.T) {
			f := newFixtureOver(t, hub.Config{Profile: hub.Profile124, Node: "n1", MaxMessages: 3, Overflow: policy})
			f.open(t, anna, "1", nil)
			path := "/api/v1/sockets/" + encoded(anna)
			for i, about := range []string{`,"conflate_key":"a"`, `,"conflate_key":"b"`, `,"conflate_key":"a"`, `,"conflate_key":"a"`, ""} {
				resp, body := f.ask(t, "POST", path+"/messages", `{"message":"x"`+about+`}`)
				if resp.StatusCode != answers[i] {
					t.Errorf("message number %d: status %d: %s", i+1, resp.StatusCode, body)
				}
			}
			if _, body := f.ask(t, "GET", path, ""); !strings.Contains(body, queue) {
				t.Errorf("the socket lacks %s: %s", queue, body)
			}
		})
	}
}
