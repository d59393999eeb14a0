package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// crowd are durable sockets without connections.
type crowd struct {
	r   *rig
	ids []string
}

// newCrowd opens sockets at a node, tags them and drops their connections.
func (r *rig) newCrowd(n *node, size int) *crowd {
	c := &crowd{r: r}
	for i := range size {
		c.ids = append(c.ids, fmt.Sprintf("crowd%d", i))
	}
	c.each(func(id string) {
		conn, err := dial(n, durableService, id, "21")
		if err != nil {
			r.t.Errorf("%s: %v", id, err)
			return
		}
		n.must(http.StatusOK, http.MethodPatch, "/sockets/"+escaped(conn.Key())+"/tags", map[string]any{"crowd": id}, nil)
		conn.Drop()
	})
	return c
}

// each calls do for some at once.
func (c *crowd) each(do func(id string)) {
	var work sync.WaitGroup
	places := make(chan struct{}, 16)
	for _, id := range c.ids {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			do(id)
		})
	}
	work.Wait()
}

// at waits until all are detached and known to a node, and returns on which nodes they are.
func (c *crowd) at(n *node) (nodes []string) {
	c.r.t.Helper()
	until(c.r.t, "all are detached, with their tags", func() bool {
		var list api.List[api.Socket]
		n.must(http.StatusOK, http.MethodGet, `/sockets?limit=1000&filter={"$state":"detached","$user":"21"}`, nil, &list)
		nodes = nil
		for _, s := range list.Items {
			if s.Tags["crowd"] != s.StatefulID {
				c.r.t.Fatalf("%s has the tags %v", s.Key, s.Tags)
			}
			if !slices.Contains(nodes, s.Node) {
				nodes = append(nodes, s.Node)
			}
		}
		return len(list.Items) == len(c.ids)
	})
	return nodes
}

// tell sends a message to all by a filter.
func (c *crowd) tell(n *node, text string) {
	c.r.t.Helper()
	var d api.Delivery
	n.must(http.StatusAccepted, http.MethodPost, "/messages", map[string]any{"message": text, "json_compound": true, "user_id": "21"}, &d)
	if d.Addressed != len(c.ids) || len(d.Missing) > 0 {
		c.r.t.Fatalf("%s went to %d of %d, missing %v", text, d.Addressed, len(c.ids), d.Missing)
	}
}

// comeTo has all clients come to a node: each gets what is expected, in this order, perhaps some of it again.
func (c *crowd) comeTo(n *node, want ...string) {
	c.r.t.Helper()
	c.each(func(id string) {
		conn, err := dial(n, durableService, id, "21")
		if err != nil {
			c.r.t.Errorf("%s comes back: %v", id, err)
			return
		}
		defer conn.Drop()
		giveUp := time.AfterFunc(patience, conn.Drop)
		defer giveUp.Stop()
		var got []string
		for !slices.Contains(got, want[len(want)-1]) {
			m, err := conn.Receive()
			if err != nil {
				c.r.t.Errorf("%s got %v of %v: %v", id, got, want, err)
				return
			}
			var items []json.RawMessage
			_ = json.Unmarshal([]byte(m.Text), &items)
			for _, item := range items {
				got = append(got, string(item))
			}
		}
		if !slices.Equal(got, want) {
			c.r.t.Errorf("%s got %v, want %v", id, got, want)
		}
	})
}

// TestDurableCrowd: the detached durable sockets of a node that stops go on at another one, and when that is killed
// what waits for them comes at the third.
func TestDurableCrowd(t *testing.T) {
	size := 200
	if *long {
		size = 1000
	}
	r := newRig(t, 3)
	a, b, leaving := r.nodes[0], r.nodes[1], r.nodes[2]
	c := r.newCrowd(leaving, size)
	if at := c.at(a); !slices.Equal(at, []string{leaving.name}) {
		t.Errorf("they are at %v", at)
	}
	c.tell(b, `"first"`)
	leaving.signal(syscall.SIGTERM)
	if code := leaving.wait(); code != 0 {
		t.Errorf("%s ends with %d:\n%s", leaving.name, code, leaving.text())
	}
	at := c.at(b)
	if len(at) != 1 || at[0] == leaving.name {
		t.Fatalf("they are at %v", at)
	}
	c.tell(a, `"second"`)
	adopter, last := a, b
	if at[0] == b.name {
		adopter, last = b, a
	}
	adopter.kill()
	until(t, last.name+" gives "+adopter.name+" up", func() bool { return slices.Equal(last.knows(), []string{last.name}) })
	var d api.Delivery
	var keys []string
	for _, id := range c.ids {
		keys = append(keys, keyOf(durableService, id))
	}
	last.must(http.StatusAccepted, http.MethodPost, "/messages", map[string]any{"message": `"third"`, "json_compound": true, "keys": keys}, &d)
	if d.Addressed != size {
		t.Errorf("the third went to %d of %d", d.Addressed, size)
	}
	c.comeTo(last, `"first"`, `"second"`, `"third"`)
	if strings.Contains(last.text(), "lost") {
		t.Errorf("%s says:\n%s", last.name, last.text())
	}
}
