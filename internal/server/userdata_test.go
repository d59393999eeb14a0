package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestUserDataOverHTTP: a script reads what HTTP wrote, and the other way round.
func TestUserDataOverHTTP(t *testing.T) {
	s := servertest.Start(t)
	if _, err := s.API.SetUserData(t.Context(), "a/б", json.RawMessage(`{"n": 6148914691236517121, "list": [1, null, "я"]}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	run(t, s, `o = tools_web.get_user_data('a/б'); alert(o.n + ' ' + ArrayCount(o.list)); o.n = 1; tools_web.set_user_data('a/б', o);
		tools_web.set_user_data('short', 'x', 60); tools_web.join_recipients('chat_recipients', '5', 'socket-1')`)
	s.Lines.Expect(t, "6148914691236517121 3")
	data, etag, err := s.API.UserDataByKey(t.Context(), "a/б")
	if err != nil || string(data.Value) != `{"n":1,"list":[1,null,"я"]}` || data.TTL != 0 || data.ExpiresAt != nil || etag == "" {
		t.Errorf("%s %+v %q %v", data.Value, data, etag, err)
	}
	data, _, err = s.API.UserDataByKey(t.Context(), "short")
	if err != nil || string(data.Value) != `"x"` || data.TTL < 1 || data.TTL > 60 || data.ExpiresAt == nil {
		t.Errorf("%s %+v %v", data.Value, data, err)
	}
	data, etag, err = s.API.UserDataByKey(t.Context(), "chat_recipients")
	if err != nil || string(data.Value) != `{"result":[{"person_id":"5","socket_id":"socket-1"}]}` || etag != "" {
		t.Errorf("%s %q %v", data.Value, etag, err)
	}
	if err := s.API.DeleteUserData(t.Context(), "a/б"); err != nil {
		t.Error(err)
	}
	if err := s.API.DeleteUserData(t.Context(), "a/б"); !api.IsNotFound(err) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestUserDataIsNotOverwrittenUnseen(t *testing.T) {
	s := servertest.Start(t)
	old, err := s.API.ReplaceUserData(t.Context(), "k", "", json.RawMessage("1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	stale := func(err error) bool {
		var refused *api.Refusal
		return errors.As(err, &refused) && refused.Status == 412
	}
	if _, err := s.API.ReplaceUserData(t.Context(), "k", "", json.RawMessage("2"), 0); !stale(err) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := s.API.ReplaceUserData(t.Context(), "k", old, json.RawMessage("2"), 0); err != nil {
		t.Error(err)
	}
	if _, err := s.API.ReplaceUserData(t.Context(), "k", old, json.RawMessage("3"), 0); !stale(err) {
		t.Errorf("a stale write: %v", err)
	}
	for header, status := range map[string]int{old: 412, `"x", ` + old: 412, "*": 204} {
		if resp, body := s.Ask(t, "DELETE", "/api/v1/user-data/k", "", "If-Match", header); resp.StatusCode != status {
			t.Errorf("removed with If-Match %s: %d %s", header, resp.StatusCode, body)
			break
		}
		if status == 204 {
			break
		}
	}
	if resp, _ := s.Ask(t, "PUT", "/api/v1/user-data/none", `{"value":1}`, "Content-Type", "application/json", "If-Match", "*"); resp.StatusCode != 412 {
		t.Errorf("over nothing: %d", resp.StatusCode)
	}
}

func TestUserDataPages(t *testing.T) {
	s := servertest.Start(t)
	want := []string{}
	for i := range 7 {
		key := fmt.Sprintf("p/%d", i)
		want = append(want, key)
		if _, err := s.API.SetUserData(t.Context(), key, json.RawMessage(fmt.Sprint(i)), 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.API.SetUserData(t.Context(), "other", json.RawMessage("1"), 0); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 2, 7, 8} {
		got, q := []string{}, api.UserDataQuery{Prefix: "p/", Values: true, Limit: limit}
		for {
			page, err := s.API.ListUserData(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Items {
				got = append(got, d.Key)
				if "p/"+string(d.Value) != d.Key {
					t.Errorf("%s holds %s", d.Key, d.Value)
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("by %d: %v", limit, got)
		}
	}
	large := json.RawMessage(`"` + strings.Repeat("x", 1<<20-2) + `"`)
	for i := range 6 {
		if _, err := s.API.SetUserData(t.Context(), fmt.Sprint("q/", i), large, 0); err != nil {
			t.Fatal(err)
		}
	}
	page, err := s.API.ListUserData(t.Context(), api.UserDataQuery{Prefix: "q/", Values: true})
	if err != nil || len(page.Items) == 6 || page.Next == "" {
		t.Errorf("%d large values in one page, %v", len(page.Items), err)
	}
	rest, err := s.API.ListUserData(t.Context(), api.UserDataQuery{Prefix: "q/", Values: true, After: page.Next})
	if err != nil || len(page.Items)+len(rest.Items) != 6 || rest.Next != "" {
		t.Errorf("%d and %d, %v", len(page.Items), len(rest.Items), err)
	}
}

func TestWrongUserData(t *testing.T) {
	s := servertest.Start(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "k", `{}`, 422, "required property value"},
		{"PUT", "k", `{"value":1,"ttl":0}`, 422, "body.ttl"},
		{"PUT", "k", `{"value":1,"ttl":-1}`, 422, "body.ttl"},
		{"PUT", "k", `{"value":1,"ttl":"24h"}`, 422, "body.ttl"},
		{"PUT", "k", `{"value":1,"ttl":1.5}`, 422, "body.ttl"},
		{"PUT", "k", `{"value":1,"ttl":3153600001}`, 422, "body.ttl"},
		{"PUT", "k", `{"value":1,"tll":5}`, 422, "body.tll"},
		{"PUT", "k", `{"value":`, 400, "body"},
		{"PUT", "k", "{\"value\":\"\xff\"}", 400, "UTF-8"},
		{"PUT", "k", `{"value":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "at most 1048576"},
		{"PUT", strings.Repeat("x", 4097), `{"value":1}`, 422, "path.key"},
		{"PUT", "%FF", `{"value":1}`, 422, "path.key"},
		{"GET", "none", "", 404, `\"none\"`},
		{"GET", strings.Repeat("x", 4097), "", 422, "path.key"},
		{"DELETE", "none", "", 404, `\"none\"`},
		{"GET", "a/b", "", 400, "a%2Fb"},
		{"GET", "", "", 404, ""},
		{"POST", "k", `{"value":1}`, 405, "DELETE"},
		{"GET", "?after=%21", "", 400, "query.after"},
		{"GET", "?after=c29ja2V0czpr", "", 400, "query.after"}, // of the list of sockets
		{"GET", "?limit=10001", "", 422, "query.limit"},
		{"GET", "?values=maybe", "", 422, "query.values"},
	} {
		path := "/api/v1/user-data/" + c.path
		if strings.HasPrefix(c.path, "?") {
			path = "/api/v1/user-data" + c.path
		}
		resp, body := s.Ask(t, c.method, path, c.body, "Content-Type", "application/json")
		if resp.StatusCode != c.status || !strings.Contains(body, c.want) || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.30s %.40s: %d %.300s", c.method, c.path, c.body, resp.StatusCode, body)
		}
	}
	for _, tag := range []string{"17", `"17`, `"1",`} {
		if resp, body := s.Ask(t, "PUT", "/api/v1/user-data/k", `{"value":1}`, "Content-Type", "application/json", "If-Match", tag); resp.StatusCode != 400 || !strings.Contains(body, "header.If-Match") {
			t.Errorf("If-Match %s: %d %s", tag, resp.StatusCode, body)
		}
	}
	if list, err := s.API.ListUserData(t.Context(), api.UserDataQuery{}); err != nil || len(list.Items) != 0 {
		t.Errorf("something was stored: %+v, %v", list, err)
	}
}

func TestNodes(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.NATS.Sync = config.Sync{Interval: time.Second} }))
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	list, err := s.API.Nodes(t.Context())
	if err != nil || len(list.Items) != 1 || len(list.Missing) != 0 {
		t.Fatalf("%+v %v", list, err)
	}
	n := list.Items[0]
	if n.Name != "n1" || n.Version != "test" || n.State != "ready" || n.Sockets != 1 || n.Runs != 0 || n.App != s.AppDir() ||
		n.Data.Folder != s.DataDir() || n.Data.Sync != "1s" || n.DatexVersion != "1.24.4.27" || time.Since(n.StartedAt) > time.Hour {
		t.Errorf("%+v", n)
	}
}

// TestAnUnchangedValueIsNotSentAgain: a client that polls names what it has.
func TestAnUnchangedValueIsNotSentAgain(t *testing.T) {
	s := servertest.Start(t)
	const path = "/api/v1/user-data/k"
	written, _ := s.Ask(t, "PUT", path, `{"value":1}`, "Content-Type", "application/json")
	tag := written.Header.Get("ETag")
	for _, have := range []string{tag, "W/" + tag, `"0", ` + tag, "*"} {
		if resp, body := s.Ask(t, "GET", path, "", "If-None-Match", have); resp.StatusCode != 304 || body != "" || resp.Header.Get("ETag") != tag {
			t.Errorf("%s: %d %s", have, resp.StatusCode, body)
		}
	}
	if resp, body := s.Ask(t, "GET", path, "", "If-None-Match", `"0"`); resp.StatusCode != 200 || resp.Header.Get("ETag") != tag {
		t.Errorf("another value: %d %s", resp.StatusCode, body)
	}
	s.Ask(t, "PUT", path, `{"value":2}`, "Content-Type", "application/json")
	if resp, body := s.Ask(t, "GET", path, "", "If-None-Match", tag); resp.StatusCode != 200 {
		t.Errorf("a new value: %d %s", resp.StatusCode, body)
	}
}

// TestScriptsChangeOneValueTogether: fifty runs add one each, ten at once.
func TestScriptsChangeOneValueTogether(t *testing.T) {
	s := servertest.Start(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 5 {
				outcome, err := s.API.Run(t.Context(), api.RunRequest{
					Source: `tools_web.change_user_data('sum', function (v) { return v == null ? 1 : v + 1 }, 3600)`,
				}, func(api.Line) {})
				if err != nil || !outcome.OK {
					t.Error(err, outcome.Error)
				}
			}
		})
	}
	all.Wait()
	if lines := runLines(t, s, `alert('sum ' + tools_web.get_user_data('sum'))`); !strings.Contains(lines, "sum 50\n") {
		t.Error(lines)
	}
}
