package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// visitor is a client that comes back to its socket, each time at another node.
type visitor struct {
	rig               *rig
	service, id, user string
	rnd               *rand.Rand
	living            sync.WaitGroup

	mu    sync.Mutex
	wants bool // to be connected
	at    *node
	conn  *wsclient.Conn // nil: it is on its way
	last  map[string]int // the last number of each sender
	codes map[int]int    // how often it was closed with each code
	news  chan struct{}  // closed and replaced when something has changed
}

func (v *visitor) key() string { return keyOf(v.service, v.id) }

// dialTime is the patience of a visitor with a node that does not answer. It goes on to the next then.
const dialTime = 5 * time.Second

// changed wakes who waits. Called with mu held.
func (v *visitor) changed() {
	close(v.news)
	v.news = make(chan struct{})
}

// live connects again and again.
func (v *visitor) live() {
	for {
		v.mu.Lock()
		wants, before := v.wants, v.at
		v.mu.Unlock()
		if !wants {
			return
		}
		to := v.rig.nodes[v.rnd.IntN(len(v.rig.nodes))]
		if to == before && len(v.rig.nodes) > 1 {
			continue
		}
		v.visit(to)
	}
}

// visit is one connection, from its handshake to its end.
func (v *visitor) visit(to *node) {
	v.mu.Lock()
	v.at = to
	v.mu.Unlock()
	dialed := v.rig.history.Dial()
	conn, err := dial(to, v.service, v.id, v.user)
	if err != nil {
		var refused *wsclient.Refused
		if !errors.As(err, &refused) {
			// The node may have taken the connection for open before it was lost.
			v.rig.history.Opened(v.key(), v.user, dialed).Ended(history.Torn)
		}
		time.Sleep(20 * time.Millisecond) // there are others
		return
	}
	written := v.rig.history.Opened(v.key(), v.user, dialed)
	v.mu.Lock()
	if !v.wants {
		conn.Drop()
	}
	v.conn = conn
	v.changed()
	v.mu.Unlock()
	for {
		m, err := conn.Receive()
		if err != nil {
			v.end(written, err)
			return
		}
		items := written.Frame(m.Text)
		v.mu.Lock()
		if v.last == nil {
			v.last = map[string]int{}
		}
		for _, item := range items {
			v.last[item.From] = item.N
		}
		v.changed()
		v.mu.Unlock()
	}
}

func (v *visitor) end(written *history.Conn, err error) {
	ending := history.Torn
	var closed *wsclient.Closed
	if errors.As(err, &closed) && closed.Code != wsclient.CodeLost {
		ending = history.Whole
	}
	written.Ended(ending)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conn = nil
	if v.codes == nil {
		v.codes = map[int]int{}
	}
	if closed != nil {
		v.codes[closed.Code]++
	}
	v.changed()
}

// dial opens a socket at a node.
func dial(to *node, service, id, user string) (*wsclient.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	query := url.Values{"X-Dev-User": {user}}
	if id != "" {
		query.Set("X-StatefulSocketId", id)
	}
	return wsclient.Dial(ctx, wsclient.Options{
		URL:     &url.URL{Scheme: "ws", Host: to.address, Path: "/services/" + service, RawQuery: query.Encode()},
		Timeout: dialTime,
	})
}

// part cuts the connection without a word; the visitor goes on to another node.
func (v *visitor) part() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn != nil {
		v.conn.Drop()
	}
}

// partFrom is part, of those who are at a node.
func (v *visitor) partFrom(n *node) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn != nil && v.at == n {
		v.conn.Drop()
	}
}

// leave ends the visits.
func (v *visitor) leave() {
	v.mu.Lock()
	v.wants = false
	if v.conn != nil {
		v.conn.Drop()
	}
	v.mu.Unlock()
	v.living.Wait()
}

// here waits until it is connected.
func (v *visitor) here() {
	v.rig.t.Helper()
	v.await("connected", func() bool { return v.conn != nil })
}

// expect waits for the number of a sender, or a later one.
func (v *visitor) expect(from string, n int) {
	v.rig.t.Helper()
	v.await(from+" came", func() bool { return v.last[from] >= n })
}

// whereabouts tells where the client is connected, and which nodes have its socket, with what waits for it.
func (v *visitor) whereabouts() string {
	v.mu.Lock()
	text := "its client has no connection"
	if v.conn != nil {
		text = "its client is at " + v.at.name
	}
	v.mu.Unlock()
	for _, n := range v.rig.nodes {
		status, answer := n.ask(http.MethodGet, "/sockets?limit=1000&node="+n.name+"&filter="+url.QueryEscape(`{"$state":["open","detached"]}`), nil)
		var list api.List[api.Socket]
		if status != http.StatusOK || json.Unmarshal(answer, &list) != nil {
			text += fmt.Sprintf(", %s answers %d", n.name, status)
		}
		for _, s := range list.Items {
			if s.Key == v.key() {
				text += fmt.Sprintf(", %s has it %s with %d messages", n.name, s.State, s.Queue.Messages)
			}
		}
	}
	return text
}

// await waits for something, which is asked about with mu held.
func (v *visitor) await(what string, done func() bool) {
	v.rig.t.Helper()
	late := time.After(patience)
	for {
		v.mu.Lock()
		is, news := done(), v.news
		v.mu.Unlock()
		if is {
			return
		}
		select {
		case <-news:
		case <-late:
			v.rig.t.Fatalf("%s: not within %v: %s; %s", v.key(), patience, what, v.whereabouts())
		}
	}
}
