package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// farSockets are sockets that other nodes hold, or do not tell of.
type farSockets struct {
	*cluster.Cluster
	query   hub.ListQuery // the last one
	infos   []hub.Info
	more    bool
	missing []string
	sent    hub.Delivery
	err     error
}

func (s *farSockets) List(_ context.Context, q hub.ListQuery) ([]hub.Info, bool, []string, error) {
	s.query = q
	return s.infos, s.more, s.missing, s.err
}

func (s *farSockets) Info(context.Context, hub.Ref) (hub.Info, bool, error) {
	return s.infos[0], true, s.err
}

func (s *farSockets) Send(context.Context, string, *hub.Message, hub.Mode) (int, error) {
	return 3, s.err
}

func (s *farSockets) SendMany(context.Context, []string, *hub.Message, hub.Mode) (hub.Delivery, error) {
	return s.sent, s.err
}

func (s *farSockets) SendWhere(_ context.Context, f hub.Filter, _ *hub.Message, _ hub.Mode) (hub.Delivery, error) {
	if !f.Reaches() {
		return hub.Delivery{}, fmt.Errorf("the filter %q leaves detached sockets out", f)
	}
	return s.sent, s.err
}

func (s *farSockets) PatchTags(context.Context, hub.Ref, map[string]*string) (bool, error) {
	return true, s.err
}

func (s *farSockets) Abort(context.Context, hub.Ref) error { return s.err }

func (s *farSockets) TagNames(context.Context) (map[string]int, []string, error) {
	return map[string]int{"a": 3}, []string{"n3"}, s.err
}

func (s *farSockets) TagValues(_ context.Context, names []string, each func(string, map[string]int)) ([]string, error) {
	for _, name := range names {
		each(name, map[string]int{"x": 1, "y": 2})
	}
	return []string{"n2", "n3"}, s.err
}

// farNodes are other nodes that cannot be asked.
type farNodes struct{ err error }

func (n farNodes) List(context.Context) ([]api.Node, []string, error) {
	return []api.Node{{Name: "n1"}, {Name: "n2"}}, []string{"n3"}, n.err
}

func (n farNodes) Drain(context.Context, string) (api.Node, error) {
	return api.Node{Name: "n2"}, n.err
}

// farFixture is an API over sockets of other nodes.
func farFixture(t *testing.T, s *farSockets) *fixture {
	t.Helper()
	f := &fixture{hub: hub.New(hub.Config{Node: "n1"})}
	s.Cluster = cluster.New(f.hub)
	f.server = httptest.NewServer(api.New(api.Config{Version: "test", Node: "n1"}, api.Deps{
		Auth: keys.Bearers{Admin: auth.NewAdmin(token)}, Sockets: s, Tags: s, Nodes: farNodes{s.err}, Refusals: (*fakeRefusals)(f),
	}))
	t.Cleanup(f.server.Close)
	return f
}

func TestSocketsOfOtherNodes(t *testing.T) {
	far := hub.Info{Key: anna, Service: "main_ws_service", StatefulID: "anna", Node: "n2", State: hub.StateOpen, QueueDropReason: "node_lost"}
	s := &farSockets{infos: []hub.Info{far}, more: true, missing: []string{"n3"}, sent: hub.Delivery{Nodes: map[string]int{"n1": 1, "n2": 2}, Missing: []string{"n3"}}}
	f := farFixture(t, s)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     []string
	}{
		{"list", "GET", "/sockets?node=n2&limit=1", "", 200, []string{`"node":"n2"`, `"missing":["n3"]`, `"next":"` + cursor("sockets", anna), `"drop_reason":"node_lost"`}},
		{"one", "GET", "/sockets/" + encoded(anna), "", 200, []string{`"node":"n2"`}},
		{"abort", "DELETE", "/sockets/" + encoded(anna), "", 204, nil},
		{"tags of one", "PATCH", "/sockets/" + encoded(anna) + "/tags", `{"a":"1"}`, 200, []string{`"node":"n2"`}},
		{"to one", "POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x"}`, 202, []string{`"queue_depth":3`}},
		{"to keys", "POST", "/messages", `{"message":"x","keys":["` + anna + `"]}`, 202, []string{`"addressed":3`, `"nodes":{"n1":1,"n2":2}`, `"missing":["n3"]`}},
		{"to a filter", "POST", "/messages", `{"message":"x","filter":""}`, 202, []string{`"addressed":3`, `"nodes":{"n1":1,"n2":2}`, `"missing":["n3"]`}},
		{"to a user", "POST", "/messages", `{"message":"x","user_id":"1"}`, 202, []string{`"addressed":3`}},
		{"batch", "POST", "/messages/batch", `{"messages":[{"key":"` + anna + `","message":"x"}]}`, 202, []string{`{"status":202,"addressed":1,"missing":[],"queue_depth":3}`}},
		{"tags", "GET", "/tags", "", 200, []string{`"name":"a"`, `"count":3`, `"missing":["n2","n3"]`}},
		{"nodes", "GET", "/nodes", "", 200, []string{`"name":"n2"`, `"missing":["n3"]`}},
		{"drain", "POST", "/nodes/n2/drain", "", 202, []string{`"name":"n2"`}},
	} {
		resp, body := f.ask(t, tt.method, "/api/v1"+tt.path, tt.body)
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s, %s", tt.name, resp.Status, body)
		}
		for _, part := range tt.want {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %s; want %s", tt.name, body, part)
			}
		}
	}
	if q := s.query; q.Node != "n2" || q.Limit != 1 || q.After != "" {
		t.Errorf("asked %+v", q)
	}
}

// TestNodesThatCannotBeAsked: the answer is 503, and says which node and what to do.
func TestNodesThatCannotBeAsked(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: no answer from n2", hub.ErrNoAnswer), "no answer from n2"},
		{hub.ErrUnavailable, "needs the others"},
		{fmt.Errorf("%w: the stream is full", hub.ErrNotStored), "the stream is full"},
	} {
		f := farFixture(t, &farSockets{infos: make([]hub.Info, 1), err: tt.err})
		for _, req := range []struct{ method, path, body string }{
			{"GET", "/sockets", ""}, {"GET", "/sockets/" + encoded(anna), ""}, {"DELETE", "/sockets/" + encoded(anna), ""}, {"PATCH", "/sockets/" + encoded(anna) + "/tags", `{"a":"1"}`},
			{"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x"}`}, {"POST", "/messages", `{"message":"x","keys":["a"]}`}, {"POST", "/messages", `{"message":"x","user_id":"1"}`},
			{"GET", "/tags", ""}, {"POST", "/nodes/n2/drain", ""},
		} {
			resp, body := f.ask(t, req.method, "/api/v1"+req.path, req.body)
			var p struct{ Title, Detail string }
			if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(p.Detail, tt.want) || p.Title == "" {
				t.Errorf("%v, %s %s: %s, %s", tt.err, req.method, req.path, resp.Status, body)
			}
		}
		_, body := f.ask(t, "POST", "/api/v1/messages/batch", `{"messages":[{"key":"`+anna+`","message":"x"}]}`)
		if !strings.Contains(body, `"status":503`) || !strings.Contains(body, tt.want) {
			t.Errorf("%v, batch: %s", tt.err, body)
		}
	}
}
