package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func TestClientOfOneSocket(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", map[string]string{"kind": "a"})
	c := f.client(t)
	s, err := c.Socket(t.Context(), anna)
	if err != nil || s.Key != anna || s.UserID != "1" || s.Tags["kind"] != "a" {
		t.Errorf("socket %+v, error %v", s, err)
	}
	value := "2"
	s, err = c.PatchTags(t.Context(), anna, map[string]*string{"kind": nil, "b": &value})
	if err != nil || fmt.Sprint(s.Tags) != "map[b:2]" {
		t.Errorf("tags %v, error %v", s.Tags, err)
	}
	if err := c.Abort(t.Context(), anna); err != nil {
		t.Error(err)
	}
	_, notShown := c.Socket(t.Context(), bob)
	_, notTagged := c.PatchTags(t.Context(), bob, map[string]*string{"a": nil})
	for name, err := range map[string]error{"show": notShown, "tags": notTagged, "abort": c.Abort(t.Context(), bob)} {
		if !api.IsNotFound(err) || !strings.Contains(err.Error(), bob) {
			t.Errorf("%s of an unknown key gives %v", name, err)
		}
	}
}

func TestClientSendsToMany(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", map[string]string{"kind": "a"})
	f.open(t, bob, "2", nil)
	c := f.client(t)
	for _, group := range []api.GroupMessage{
		{Filter: api.FilterText("$kind:a")},
		{Filter: api.FilterValue(`{"kind":"a"}`)},
		{UserID: "1"}, // its queue holds three, and is full then
	} {
		if d, err := c.SendMany(t.Context(), group); err != nil || d.Addressed != 1 || d.Nodes["n1"] != 1 {
			t.Errorf("%s%s: %+v, error %v", group.Filter, group.UserID, d, err)
		}
	}
	if d, err := c.SendMany(t.Context(), api.GroupMessage{Keys: []string{bob, "/services/gone-s-1"}}); err != nil || d.Addressed != 1 {
		t.Errorf("by keys: %+v, error %v", d, err)
	}
	if d, err := c.SendMany(t.Context(), api.GroupMessage{Filter: api.FilterText("")}); err != nil || d.Addressed != 1 {
		t.Errorf("everybody: %+v, error %v", d, err)
	}
	if _, err := c.SendMany(t.Context(), api.GroupMessage{}); err == nil {
		t.Error("a message for nobody is sent")
	}
}

// TestFilterValue keeps what was written, numbers included.
func TestFilterValue(t *testing.T) {
	for _, text := range []string{`"$kind:a"`, `""`, `{"id":12345678901234567890}`} {
		var f api.FilterValue
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(f)
		if err != nil || string(again) != text {
			t.Errorf("%s becomes %s, error %v", text, again, err)
		}
	}
}

// TestLogsByOrigin: each condition leaves out the other line.
func TestLogsByOrigin(t *testing.T) {
	f := newFixture(t)
	f.log.Write(logs.Line{Text: "one", Service: "s1", Socket: anna, User: "1"})
	f.log.Write(logs.Line{Text: "two", Agent: "a1", User: "2", Error: true})
	for want, queries := range map[string][]api.LogQuery{
		"one":     {{Service: "s1"}, {Socket: anna}, {User: "1"}, {Service: "s1", User: "1", Contains: "on"}},
		"two":     {{Agent: "a1"}, {User: "2"}, {Errors: true}, {Errors: true, Agent: "a1"}, {After: 1}},
		"":        {{Service: "s"}, {Service: "s1", Errors: true}, {Socket: bob}, {After: 2}},
		"one two": {{}},
	} {
		for _, q := range queries {
			var got []string
			opened := false
			err := f.client(t).Logs(t.Context(), q, func() { opened = true }, func(l api.Line) { got = append(got, l.Text) })
			if err != nil || !opened || strings.Join(got, " ") != want {
				t.Errorf("%+v: %q, opened %v, error %v", q, got, opened, err)
			}
		}
	}
	if resp, body := f.ask(t, "GET", "/api/v1/logs?level=loud", ""); resp.StatusCode != 422 || !strings.Contains(body, "query.level") {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}

func TestAStreamThatEndsIsToldApart(t *testing.T) {
	f := newFixture(t)
	f.log.Write(logs.Line{Text: "one"})
	err := f.client(t).Logs(t.Context(), api.LogQuery{Follow: true}, nil, func(api.Line) { f.server.CloseClientConnections() })
	if !errors.Is(err, api.ErrStreamEnded) {
		t.Errorf("a broken stream gives %v", err)
	}
	f.server.Close()
	if err := f.client(t).Logs(t.Context(), api.LogQuery{}, nil, nil); !errors.Is(err, api.ErrNoServer) || errors.Is(err, api.ErrStreamEnded) {
		t.Errorf("no server gives %v", err)
	}
}
