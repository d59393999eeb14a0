package cluster

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// rig is a cluster, those who sit at it, and what is written down of them.
type rig struct {
	t       *testing.T
	servers *servers
	nodes   []*node
	history history.History
	seats   []*visitor

	mu      sync.Mutex
	senders map[string]*sender
	flowing sync.WaitGroup
	stop    atomic.Bool
	sent    atomic.Int64
}

// durableService has its queues in JetStream; those of mail are in the memory of a node.
const durableService = "post"

// newRig starts nodes on three NATS servers.
func newRig(t *testing.T, nodes int, settings ...string) *rig {
	s := newServers(t, 3)
	settings = append([]string{
		"services." + durableService + ".delivery=durable",
		"queue.max_messages=1000000", "queue.max_bytes=1GiB", "resume.window=5m", // nothing overflows or expires
	}, settings...)
	r := &rig{t: t, servers: s, nodes: newNodes(t, s, nodes, settings...)}
	// A node that does not answer when a socket is taken over cannot say which messages to many it has delivered:
	// one that is still on its way to the new node is delivered there, too.
	r.history.Repeats = func(from string) bool { return strings.HasPrefix(from, "group@") }
	r.history.AtLeastOnce = func(key string) bool { return isDurable && strings.HasPrefix(key, "/services/"+durableService+"-s-") }
	r.joined(r.nodes...)
	return r
}

// isDurable: the program knows the setting.
var isDurable = slices.ContainsFunc(config.Reference(), func(s config.Setting) bool { return s.Key == "services.<name>.delivery" })

// joined waits until each of the nodes knows all of them, and no other.
func (r *rig) joined(nodes ...*node) {
	r.t.Helper()
	var want []string
	for _, n := range nodes {
		want = append(want, n.name)
	}
	for _, n := range nodes {
		until(r.t, fmt.Sprintf("%s knows %v", n.name, want), func() bool { return slices.Equal(n.knows(), want) })
	}
}

// knows are the names of the nodes that a node lists, all of which answered.
func (n *node) knows() (names []string) {
	var list api.List[api.Node]
	status, answer := n.ask(http.MethodGet, "/nodes", nil)
	if status != http.StatusOK || json.Unmarshal(answer, &list) != nil || len(list.Missing) > 0 {
		return nil
	}
	for _, one := range list.Items {
		names = append(names, one.Name)
	}
	return names
}

// healed waits until all nodes know each other, answer and send to each other, and returns how long that took.
func (r *rig) healed() time.Duration {
	r.t.Helper()
	begun := time.Now()
	for _, n := range r.nodes {
		until(r.t, n.name+" answers", func() bool {
			status, answer := n.ask(http.MethodGet, "/sockets?limit=1", nil)
			var list api.List[api.Socket]
			if status != http.StatusOK || json.Unmarshal(answer, &list) != nil || len(list.Missing) > 0 {
				return false
			}
			status, _ = n.ask(http.MethodPut, "/user-data/healed", map[string]any{"value": n.name})
			return status == http.StatusOK || status == http.StatusCreated || status == http.StatusNoContent
		})
	}
	took := time.Since(begun)
	r.joined(r.nodes...)
	return took
}

// answersAgain is how soon every node has to answer when all is whole.
const answersAgain = 5 * time.Second

// heal judges how long the nodes took. Other tests may hold them up; alone they have to be in time.
func (r *rig) heal() {
	r.t.Helper()
	took := r.healed()
	r.t.Logf("every node answers again after %v", took.Round(time.Millisecond))
	if *long && took > answersAgain {
		r.t.Errorf("every node answers again only after %v", took)
	}
}

// owners are the nodes that have a socket, open or detached, by its key.
func (r *rig) owners() map[string][]string {
	owners := map[string][]string{}
	for _, n := range r.nodes {
		for after := ""; ; {
			query := url.Values{"node": {n.name}, "limit": {"100"}, "filter": {`{"$state":["open","detached"]}`}}
			if after != "" {
				query.Set("after", after)
			}
			var list api.List[api.Socket]
			n.must(http.StatusOK, http.MethodGet, "/sockets?"+query.Encode(), nil, &list)
			for _, s := range list.Items {
				if s.Node != n.name {
					r.t.Errorf("%s says that %s is on %s", n.name, s.Key, s.Node)
				}
				owners[s.Key] = append(owners[s.Key], n.name)
			}
			if after = list.Next; after == "" {
				break
			}
		}
	}
	return owners
}

// owned checks that no socket is on two nodes. What is moved right now may be for a moment.
func (r *rig) owned() {
	r.t.Helper()
	twice := ""
	defer func() {
		if twice != "" {
			r.t.Errorf("on two nodes: %s", twice)
		}
	}()
	until(r.t, "no socket is on two nodes", func() bool {
		twice = ""
		for key, nodes := range r.owners() {
			if len(nodes) > 1 {
				twice += fmt.Sprintf("%s on %v ", key, nodes)
			}
		}
		return twice == ""
	})
}

// sender is somebody who sends numbered messages, one after the other. When it does not know what became of one it
// begins again under another name: that one may still come, also after others.
type sender struct {
	rig  *rig
	node *node
	base string
	name string
	last int
	lost int // how often it did not know
}

// answered takes what was said of the last message.
func (s *sender) answered(a history.Answer) {
	if a == history.Unknown {
		s.lost++
		s.name, s.last = fmt.Sprintf("%s#%d", s.base, s.lost), 0
	}
}

// sender returns the sender of a name at a node. Each belongs to one goroutine at a time.
func (r *rig) sender(n *node, name string) *sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	name += "@" + n.name
	if r.senders == nil {
		r.senders = map[string]*sender{}
	}
	if r.senders[name] == nil {
		r.senders[name] = &sender{rig: r, node: n, base: name, name: name}
	}
	return r.senders[name]
}

func (s *sender) text() string {
	s.last++
	return history.Item{From: s.name, N: s.last}.Text()
}

// answerOf is what a status says of one message.
func answerOf(status int) history.Answer {
	switch status {
	case http.StatusAccepted:
		return history.Taken
	case http.StatusTooManyRequests:
		return history.Full
	case http.StatusNotFound:
		return history.Refused
	}
	return history.Unknown
}

// send sends one message to one socket.
func (s *sender) send(key string) history.Answer {
	text := s.text()
	sent := s.rig.history.Send(key, s.name, s.last)
	status, _ := s.node.ask(http.MethodPost, "/sockets/"+url.PathEscape(key)+"/messages", map[string]any{"message": text, "json_compound": true})
	answer := answerOf(status)
	if answer == history.Refused && s.rig.history.AtLeastOnce(key) {
		s.rig.t.Errorf("%s is told that there is no %s, which outlives all nodes", s.name, key)
	}
	sent.Answered(answer)
	s.answered(answer)
	return answer
}

// group sends one message to several sockets, named by how: user_id, filter or keys. If it was taken for less than
// all, nobody knows for whom.
func (s *sender) group(how map[string]any, keys ...string) {
	body := map[string]any{"message": s.text(), "json_compound": true}
	for name, value := range how {
		body[name] = value
	}
	var sent []*history.Send
	for _, key := range keys {
		sent = append(sent, s.rig.history.Send(key, s.name, s.last))
	}
	status, text := s.node.ask(http.MethodPost, "/messages", body)
	answer := history.Unknown
	var delivery api.Delivery
	if status == http.StatusAccepted && json.Unmarshal(text, &delivery) == nil && delivery.Addressed == len(keys) && len(delivery.Missing) == 0 {
		answer = history.Taken
	}
	for _, one := range sent {
		one.Answered(answer)
	}
	s.answered(answer)
}

// script has a script send to each of several sockets.
func (s *sender) script(keys ...string) {
	var sent []*history.Send
	var source strings.Builder
	source.WriteString("a = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );\n")
	text := s.text()
	for _, key := range keys {
		fmt.Fprintf(&source, "a.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ '%s', '%s', true ] );\n", key, text)
		sent = append(sent, s.rig.history.Send(key, s.name, s.last))
	}
	status, answer := s.node.ask(http.MethodPost, "/runs", map[string]any{"source": source.String()})
	var outcome api.RunResult
	ok := status == http.StatusOK && json.Unmarshal(answer, &outcome) == nil && outcome.OK
	said := history.Unknown
	if ok && s.rig.storedBefore(keys) {
		said = history.Taken
	}
	for _, one := range sent {
		one.Answered(said)
	}
	if !ok {
		s.answered(history.Unknown)
	}
}

// storedBefore reports whether a script that wrote to these sockets knows that the messages are taken: only the
// durable service throws where one is not.
func (r *rig) storedBefore(keys []string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return !r.history.AtLeastOnce(key) })
}

// flow has senders at every node send in every way, until rest is called.
func (r *rig) flow(rnd *rand.Rand) {
	r.stop.Store(false)
	all, durable := r.keysOf(func(*visitor) bool { return true }), r.keysOf(func(v *visitor) bool { return v.service == durableService })
	for _, n := range r.nodes {
		r.run(child(rnd), r.sender(n, "api"), func(s *sender, rnd *rand.Rand) { s.send(all[rnd.IntN(len(all))]) })
		r.run(child(rnd), r.sender(n, "script"), func(s *sender, rnd *rand.Rand) {
			if rnd.IntN(2) == 0 {
				s.script(durable...)
			} else {
				s.script(all[rnd.IntN(len(all))])
			}
		})
		r.run(child(rnd), r.sender(n, "group"), func(s *sender, rnd *rand.Rand) {
			switch rnd.IntN(3) {
			case 0:
				s.group(map[string]any{"keys": all}, all...)
			case 1:
				user := r.seats[rnd.IntN(len(r.seats))].user
				s.group(map[string]any{"user_id": user}, r.keysOf(func(v *visitor) bool { return v.user == user })...)
			default:
				name := r.seats[rnd.IntN(len(r.seats))].service
				s.group(map[string]any{"filter": map[string]any{"$service": name, "$state": []string{"open", "detached"}}},
					r.keysOf(func(v *visitor) bool { return v.service == name })...)
			}
		})
	}
}

func (r *rig) run(rnd *rand.Rand, s *sender, send func(*sender, *rand.Rand)) {
	r.flowing.Go(func() {
		for !r.stop.Load() {
			send(s, rnd)
			r.sent.Add(1)
			time.Sleep(time.Duration(rnd.IntN(10)) * time.Millisecond) // the tests of others want to run too
		}
	})
}

// flows waits until so many more messages were sent.
func (r *rig) flows(n int64) {
	r.t.Helper()
	before := r.sent.Load()
	until(r.t, "messages flow", func() bool { return r.sent.Load() >= before+n })
}

// rest stops the senders.
func (r *rig) rest() {
	r.stop.Store(true)
	r.flowing.Wait()
}

func (r *rig) keysOf(take func(*visitor) bool) (keys []string) {
	for _, v := range r.seats {
		if take(v) {
			keys = append(keys, v.key())
		}
	}
	return keys
}

// visit has n visitors of each service come, who go on to another node when they lose their connection.
func (r *rig) visit(rnd *rand.Rand, n int) {
	for i := range n {
		for _, service := range []string{"mail", durableService} {
			v := &visitor{rig: r, service: service, id: fmt.Sprint(i), user: fmt.Sprint(11 + i%3), rnd: child(rnd), news: make(chan struct{})}
			v.wants = true
			r.seats = append(r.seats, v)
			v.living.Go(v.live)
		}
	}
	r.t.Cleanup(r.dismiss)
	for _, v := range r.seats {
		v.here()
	}
}

// dismiss ends the visits.
func (r *rig) dismiss() {
	for _, v := range r.seats {
		v.leave()
	}
}

// settle has everything come that waits, and judges all.
func (r *rig) settle() history.Verdict {
	r.t.Helper()
	for i, v := range r.seats {
		v.here()
		s := r.sender(r.nodes[i%len(r.nodes)], "settle")
		until(r.t, v.key()+" takes a last message", func() bool { return s.send(v.key()) == history.Taken })
		v.expect(s.name, s.last)
	}
	r.owned()
	v := r.history.Judge()
	told := map[history.Kind]bool{}
	for _, f := range v.Faults {
		if !told[f.Kind] { // the story of one of each kind
			told[f.Kind] = true
			r.t.Errorf("%v\n%s", f, r.history.Story(f.Key, f.From))
		}
	}
	if len(v.Faults) > 0 {
		r.t.Error(v)
	}
	v.Faults = nil
	r.t.Log(v)
	return v
}

func keyOf(service, id string) string { return hub.BuildKey(service, id) }
