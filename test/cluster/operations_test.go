package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

func escaped(key string) string { return url.PathEscape(key) }

// hall is a cluster with a stateful and a volatile socket at each node. Those of a and c are of one user, that of b
// of another; each has a tag that says where it is.
type hall struct {
	*testing.T
	nodes    []*node
	stateful []*guest // at a, b, c
	volatile []*guest
}

func (h *hall) all() []*guest { return append(slices.Clone(h.stateful), h.volatile...) }

func keysOf(guests ...*guest) (keys []string) {
	for _, g := range guests {
		keys = append(keys, g.key)
	}
	return keys
}

// call is a call of a method of the assembly of sockets.
func call(method string, args ...any) string {
	list, err := json.Marshal(args)
	if err != nil {
		panic(err) // texts and truth values only
	}
	return fmt.Sprintf("tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', '%s', %s )", method, list)
}

// names sorts keys that a script or the API has listed, and shows them as the ids they were opened with.
func (h *hall) names(keys []string) string {
	var names []string
	for _, key := range keys {
		name := key
		for i, g := range h.all() {
			if g.key == key {
				name = []string{"a", "b", "c", "va", "vb", "vc"}[i]
			}
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)) })
	return strings.Join(names, " ")
}

// listed runs GetWebSockets at a node.
func (h *hall) listed(n *node, args ...any) string {
	h.Helper()
	text := n.run("for ( s in " + call("GetWebSockets", args...) + " ) { alert( s.Key ); }")
	return h.names(strings.Fields(text))
}

func (h *hall) same(n *node, what, got, want string) {
	h.Helper()
	if got != want {
		h.Errorf("at %s, %s: got %s, want %s", n.name, what, got, want)
	}
}

// operations are what can be done with sockets; each is done at every node with sockets of every node.
var operations = []struct {
	name string
	do   func(h *hall, at *node)
}{
	{"GetWebSockets", func(h *hall, at *node) {
		const everybody = "a b c va vb vc"
		own := at.name + " v" + at.name
		h.same(at, "GetWebSockets()", h.listed(at), everybody)
		h.same(at, "GetWebSockets(null)", h.listed(at, nil), everybody)
		h.same(at, "GetWebSockets('',true)", h.listed(at, "", true), everybody)
		h.same(at, "GetWebSockets('',false)", h.listed(at, "", false), own)
		h.same(at, "GetWebSockets('$where:b')", h.listed(at, "$where:b"), "b vb")
		h.same(at, "GetWebSockets('$where:[a,c]',true)", h.listed(at, "$where:[a,c]", true), "a c va vc")
		h.same(at, "GetWebSockets('$where:[a,c]',false)", h.listed(at, "$where:[a,c]", false), strings.TrimPrefix(own, "b vb"))
		h.same(at, "GetWebSockets of a user", h.listed(at, `{"$user":"11"}`), "a c va vc")
	}},
	{"GET /sockets", func(h *hall, at *node) {
		list := func(query string) (string, api.List[api.Socket]) {
			var list api.List[api.Socket]
			at.must(http.StatusOK, http.MethodGet, "/sockets?"+query, nil, &list)
			var keys []string
			for _, s := range list.Items {
				keys = append(keys, s.Key)
				if want := s.Tags["where"]; s.Node != want {
					h.Errorf("at %s: %s is on %s, want %s", at.name, s.Key, s.Node, want)
				}
			}
			return h.names(keys), list
		}
		got, _ := list("")
		h.same(at, "all", got, "a b c va vb vc")
		for _, n := range h.nodes {
			got, _ := list("node=" + n.name)
			h.same(at, "node="+n.name, got, n.name+" v"+n.name)
		}
		got, _ = list("filter=" + url.QueryEscape(`{"where":["b","c"],"$service":"mail"}`))
		h.same(at, "filter", got, "b c vb vc")
		var keys []string
		after := ""
		for range 7 {
			_, page := list("limit=2&after=" + url.QueryEscape(after))
			for _, s := range page.Items {
				keys = append(keys, s.Key)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if !slices.IsSorted(keys) {
			h.Errorf("at %s: pages are not in order: %v", at.name, keys)
		}
		h.same(at, "pages", h.names(keys), "a b c va vb vc")
		for _, g := range h.all() {
			var s api.Socket
			at.must(http.StatusOK, http.MethodGet, "/sockets/"+escaped(g.key), nil, &s)
			if s.Key != g.key || s.Node != g.node.name {
				h.Errorf("at %s: %s is %+v", at.name, g.key, s)
			}
		}
	}},
	{"POST /messages", func(h *hall, at *node) {
		send := func(name string, how map[string]any, to ...*guest) {
			h.Helper()
			how["message"], how["json_compound"] = `"`+name+`"`, true
			var d api.Delivery
			at.must(http.StatusAccepted, http.MethodPost, "/messages", how, &d)
			want := map[string]int{}
			for _, g := range to {
				want[g.node.name]++
			}
			for node, n := range want {
				if d.Nodes[node] != n {
					h.Errorf("at %s: by %s node %s has %d, want %d", at.name, name, node, d.Nodes[node], n)
				}
			}
			if d.Addressed != len(to) || len(d.Missing) > 0 {
				h.Errorf("at %s: by %s %+v, want %d addressed", at.name, name, d, len(to))
			}
			for _, g := range to {
				g.expect(`["` + name + `"]`)
			}
		}
		send("filter", map[string]any{"filter": "$where:[a,b]"}, h.stateful[0], h.stateful[1], h.volatile[0], h.volatile[1])
		send("everybody", map[string]any{"filter": map[string]any{"$service": "mail"}}, h.all()...)
		send("user", map[string]any{"user_id": "12"}, h.stateful[1], h.volatile[1])
		send("keys", map[string]any{"keys": append(keysOf(h.all()...), h.all()[0].key, "/services/mail-s-nobody")}, h.all()...)
	}},
	{"write to keys", func(h *hall, at *node) {
		for _, g := range h.all() {
			at.must(http.StatusAccepted, http.MethodPost, "/sockets/"+escaped(g.key)+"/messages", map[string]any{"message": "1", "json_compound": true}, nil)
			g.expect("[1]")
			at.run(call("WriteToWebSocketMessageQueue", g.key, "2", true))
			g.expect("[2]")
		}
		at.run(call("WriteToWebSocketsMessageQueueArray", keysOf(h.all()...), "3", true))
		for _, g := range h.all() {
			g.expect("[3]")
		}
		at.run(call("WriteToWebSocketMessageQueue", "/services/mail-s-nobody", "4", true))
		at.must(http.StatusNotFound, http.MethodPost, "/sockets/"+escaped("/services/mail-s-nobody")+"/messages", map[string]any{"message": "4"}, nil)
	}},
	{"order", func(h *hall, at *node) {
		// One sender that mixes all ways to send: what it sends arrives as it was sent.
		for _, g := range h.stateful {
			at.run(call("WriteToWebSocketMessageQueue", g.key, `"o1"`, true) + ";\n" + call("WriteToWebSocketsMessageQueueArray", keysOf(h.stateful...), `"o2"`, true) +
				";\n" + call("WriteToWebSocketMessageQueue", g.key, `"o3"`, true))
		}
		for i, g := range h.stateful {
			var want []string
			for j := range h.stateful {
				if i == j {
					want = append(want, `"o1"`, `"o2"`, `"o3"`)
				} else {
					want = append(want, `"o2"`)
				}
			}
			var got []string
			for len(got) < len(want) {
				select {
				case frame := <-g.frames:
					got = append(got, strings.Split(strings.Trim(frame, "[]"), ",")...)
				case <-time.After(patience):
					h.Fatalf("%s got %v, want %v", g.key, got, want)
				}
			}
			if !slices.Equal(got, want) {
				h.Errorf("from %s %s got %v, want %v", at.name, g.key, got, want)
			}
		}
	}},
	{"tags", func(h *hall, at *node) {
		for i, g := range h.all() {
			value := at.name + fmt.Sprint(i)
			at.must(http.StatusOK, http.MethodPatch, "/sockets/"+escaped(g.key)+"/tags", map[string]any{"patched": value, "gone": "x"}, nil)
			h.tag(g, "patched", value)
			at.run("for ( s in " + call("GetWebSockets", "$patched:"+value) + " ) { s.Value.AddOrUpdateTag( 'scripted', '" + value + "' ); s.Value.RemoveTag( 'gone' ); alert( s.Value.GetTag( 'scripted' ) ); }")
			h.tag(g, "scripted", value)
			h.tag(g, "gone", "")
			at.run("for ( s in " + call("GetWebSockets", "$patched:"+value) + " ) { s.Value.SetTagsFromJson( '{\"where\":\"" + g.node.name + "\"}' ); }")
			h.tag(g, "patched", "")
			h.tag(g, "where", g.node.name)
		}
	}},
	{"Abort", func(h *hall, at *node) {
		for i, n := range h.nodes {
			g := newGuest(h.T, n, "mail", fmt.Sprintf("abort-%s-%d", at.name, i), "13")
			at.run("for ( s in " + call("GetWebSockets", `{"$user":"13"}`) + " ) { s.Value.Abort(); }")
			g.expectClose(wsclient.CodeLost)
			g = newGuest(h.T, n, "mail", fmt.Sprintf("delete-%s-%d", at.name, i), "13")
			at.must(http.StatusNoContent, http.MethodDelete, "/sockets/"+escaped(g.key), nil, nil)
			g.expectClose(wsclient.CodeLost)
			for _, other := range h.nodes {
				until(h.T, g.key+" is gone at "+other.name, func() bool {
					status, _ := other.ask(http.MethodGet, "/sockets/"+escaped(g.key), nil)
					return status == http.StatusNotFound
				})
			}
		}
	}},
	{"takeover", func(h *hall, at *node) {
		// From node to node: the earlier connection hears 4001, what waited comes along, and so do tags.
		id := "mover-" + at.name
		first := newGuest(h.T, at, "mail", id, "14")
		at.must(http.StatusOK, http.MethodPatch, "/sockets/"+escaped(first.key)+"/tags", map[string]any{"mine": "yes"}, nil)
		for _, n := range append(slices.Clone(h.nodes), at) {
			next := newGuest(h.T, n, "mail", id, "14")
			first.expectClose(4001)
			h.tag(next, "mine", "yes")
			next.conn.Drop()
			h.state(next.key, "detached")
			for i, from := range h.nodes {
				from.must(http.StatusAccepted, http.MethodPost, "/sockets/"+escaped(next.key)+"/messages", map[string]any{"message": fmt.Sprintf(`"w%d"`, i), "json_compound": true}, nil)
			}
			if status := statusOf(n, "mail", id, "thief"); status != http.StatusForbidden {
				h.Errorf("another user who wants %s at %s gets %d", next.key, n.name, status)
			}
			for _, other := range h.nodes {
				if status := statusOf(other, "mail", id, "thief"); status != http.StatusForbidden {
					h.Errorf("another user who wants %s at %s gets %d", next.key, other.name, status)
				}
			}
			first = newGuest(h.T, at, "mail", id, "14")
			first.expect(`["w0","w1","w2"]`)
			h.tag(first, "mine", "yes")
		}
		first.quiet(at)
	}},
}

// confirmsDurable: what a client of a durable service has and has answered a ping after is not sent again at the next
// node.
func (r *rig) confirmsDurable(t *testing.T) {
	if !isDurable {
		t.Skip("there is no delivery: durable")
	}
	g := newGuest(t, r.nodes[0], durableService, "reader", "16")
	for i := range 5 {
		r.nodes[i%3].must(http.StatusAccepted, http.MethodPost, "/sockets/"+escaped(g.key)+"/messages", map[string]any{"message": fmt.Sprint(i), "json_compound": true}, nil)
		g.expect(fmt.Sprintf("[%d]", i))
	}
	last := 5
	until(t, "what has come is confirmed", func() bool {
		// How soon is not promised: what comes again is less each time, and nothing in the end.
		time.Sleep(200 * time.Millisecond)
		g = newGuest(t, r.nodes[last%3], durableService, "reader", "16")
		r.nodes[0].must(http.StatusAccepted, http.MethodPost, "/sockets/"+escaped(g.key)+"/messages", map[string]any{"message": fmt.Sprint(last), "json_compound": true}, nil)
		came := ""
		for !strings.HasSuffix(strings.TrimSuffix(came, "]"), fmt.Sprint(last)) {
			select {
			case frame := <-g.frames:
				came += frame
			case <-time.After(patience):
				t.Fatalf("%d did not come, but %s", last, came)
			}
		}
		want := fmt.Sprintf("[%d]", last)
		last++
		return came == want
	})
}

// tag waits until every node shows a tag of a socket, "" for none.
func (h *hall) tag(g *guest, name, want string) {
	h.Helper()
	for _, n := range h.nodes {
		var s api.Socket
		n.must(http.StatusOK, http.MethodGet, "/sockets/"+escaped(g.key), nil, &s)
		if got := s.Tags[name]; got != want {
			h.Errorf("at %s: the tag %s of %s is %q, want %q", n.name, name, g.key, got, want)
		}
	}
}

// state waits until every node says so of a socket.
func (h *hall) state(key, want string) {
	h.Helper()
	for _, n := range h.nodes {
		until(h.T, key+" is "+want+" at "+n.name, func() bool {
			status, text := n.ask(http.MethodGet, "/sockets/"+escaped(key), nil)
			var s api.Socket
			return status == http.StatusOK && json.Unmarshal(text, &s) == nil && s.State == want
		})
	}
}

// statusOf is what an upgrade request is answered with, 101 if it opens a socket.
func statusOf(n *node, service, id, user string) int {
	conn, err := dial(n, service, id, user)
	if err == nil {
		conn.Drop()
		return http.StatusSwitchingProtocols
	}
	if refused, ok := err.(*wsclient.Refused); ok {
		return refused.Status
	}
	return 0
}

// TestOperations does everything that can be done with sockets at every node, with the sockets of every node.
func TestOperations(t *testing.T) {
	r := newRig(t, 3)
	h := &hall{T: t, nodes: r.nodes}
	for i, n := range r.nodes {
		user := []string{"11", "12", "11"}[i]
		h.stateful = append(h.stateful, newGuest(t, n, "mail", n.name, user))
		h.volatile = append(h.volatile, newGuest(t, n, "mail", "", user))
	}
	for _, g := range h.all() {
		g.node.must(http.StatusOK, http.MethodPatch, "/sockets/"+escaped(g.key)+"/tags", map[string]any{"where": g.node.name}, nil)
	}
	for _, op := range operations {
		for _, at := range r.nodes {
			t.Run(op.name+" at "+at.name, func(t *testing.T) {
				inner := *h
				inner.T = t
				op.do(&inner, at)
			})
			if t.Failed() {
				return // what was left undone would be found by the next
			}
		}
	}
	for _, g := range h.all() {
		g.quiet(r.nodes[0])
	}
	t.Run("confirmed", func(t *testing.T) { r.confirmsDurable(t) })
	t.Run("resume after a drain", func(t *testing.T) { r.resumesElsewhere(t) })
	t.Run("a node that does not answer", func(t *testing.T) { r.namesMissing(t) })
}

// resumesElsewhere: a node is stopped; a socket that waited there for its client is found at another node.
func (r *rig) resumesElsewhere(t *testing.T) {
	leaving, other := r.nodes[2], r.nodes[0]
	for _, service := range []string{"mail", durableService} {
		g := newGuest(t, leaving, service, "drained", "15")
		g.conn.Drop()
		key := g.key
		until(t, key+" is detached", func() bool {
			var s api.Socket
			status, text := other.ask(http.MethodGet, "/sockets/"+escaped(key), nil)
			return status == http.StatusOK && json.Unmarshal(text, &s) == nil && s.State == "detached"
		})
		other.must(http.StatusAccepted, http.MethodPost, "/sockets/"+escaped(key)+"/messages", map[string]any{"message": "1", "json_compound": true}, nil)
	}
	live := newGuest(t, leaving, "mail", "told", "15")
	leaving.must(http.StatusAccepted, http.MethodPost, "/nodes/"+leaving.name+"/drain", nil, nil)
	live.expectClose(1012)
	if code := leaving.wait(); code != 0 {
		t.Errorf("%s ends with %d", leaving.name, code)
	}
	for _, service := range []string{"mail", durableService} {
		g := newGuest(t, other, service, "drained", "15")
		g.expect("[1]")
		g.quiet(r.nodes[1])
	}
	newGuest(t, r.nodes[1], "mail", "told", "15").quiet(other)
	leaving.start()
	leaving.ready()
	r.joined(r.nodes...)
	r.owned()
}

// namesMissing: a paused node is named in lists and deliveries, and not waited for longer than nats.timeout.
func (r *rig) namesMissing(t *testing.T) {
	silent, asked := r.nodes[1], r.nodes[0]
	silent.pause()
	defer silent.goOn()
	begun := time.Now()
	var list api.List[api.Socket]
	asked.must(http.StatusOK, http.MethodGet, "/sockets", nil, &list)
	if !slices.Equal(list.Missing, []string{silent.name}) {
		t.Errorf("missing %v", list.Missing)
	}
	var d api.Delivery
	asked.must(http.StatusAccepted, http.MethodPost, "/messages", map[string]any{"message": "1", "filter": "$where"}, &d)
	if !slices.Equal(d.Missing, []string{silent.name}) {
		t.Errorf("missing %v", d.Missing)
	}
	t.Logf("both lists took %v, with a timeout of 2 s each", time.Since(begun).Round(time.Millisecond))
	if took := time.Since(begun); *long && took > 5*time.Second {
		t.Errorf("both took %v", took)
	}
	list = api.List[api.Socket]{}
	asked.must(http.StatusOK, http.MethodGet, "/sockets?node="+silent.name, nil, &list)
	if !slices.Equal(list.Missing, []string{silent.name}) {
		t.Errorf("missing %v", list.Missing)
	}
}
