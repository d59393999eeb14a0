package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// TestJoinsFromAllNodes: sockets join one list from three nodes at the same time, and all are in it, at every node.
func TestJoinsFromAllNodes(t *testing.T) {
	nodes := newNodes(t, newServers(t, 3), 3)
	for _, n := range nodes {
		if want := "Node          " + n.name + " of NATS test at nats://127.0.0.1:"; !strings.Contains(n.text(), want) {
			t.Errorf("%s does not say which cluster it has joined, %q:\n%s", n.name, want, n.text())
		}
	}
	const each = 40
	var joining sync.WaitGroup
	for i, n := range nodes {
		joining.Go(func() {
			for j := range 4 {
				var source strings.Builder
				for k := range each / 4 {
					fmt.Fprintf(&source, "tools_web.join_recipients( 'course_recipients', '%d', 'socket-%d-%d' );\n", 10+i, i, j*each/4+k)
				}
				n.run(source.String())
			}
		})
	}
	joining.Wait()
	for _, n := range nodes {
		// A list is in the memory of each node, which hears of the others a moment later.
		until(t, n.name+" knows all that have joined", func() bool {
			var data api.UserData
			n.must(http.StatusOK, http.MethodGet, "/user-data/course_recipients", nil, &data)
			for i := range nodes {
				for k := range each {
					if !strings.Contains(string(data.Value), fmt.Sprintf(`"socket-%d-%d"`, i, k)) {
						return false
					}
				}
			}
			return true
		})
	}
}

// TestUserDataOutlivesServers: what a script has written is read at every node right away, also while one of the
// NATS servers after the other is killed.
func TestUserDataOutlivesServers(t *testing.T) {
	s := newServers(t, 3)
	nodes := newNodes(t, s, 3)
	written := 0
	for round := range s.list {
		s.list[round].kill()
		for i := range 30 {
			until(t, "a script writes", func() bool {
				status, _ := nodes[i%3].ask(http.MethodPut, fmt.Sprintf("/user-data/k%d", written), map[string]any{"value": written})
				return status/100 == 2
			})
			value := ""
			until(t, "another node answers", func() bool {
				status, text := nodes[(i+1)%3].ask(http.MethodGet, fmt.Sprintf("/user-data/k%d", written), nil)
				value = string(text)
				return status == http.StatusOK || status == http.StatusNotFound
			})
			if !strings.Contains(value, fmt.Sprintf(`"value":%d`, written)) {
				t.Errorf("%s reads of k%d: %s", nodes[(i+1)%3].name, written, value)
			}
			written++
		}
		s.list[round].start()
		s.ready()
	}
	for i := range written {
		for _, n := range nodes {
			var data api.UserData
			n.must(http.StatusOK, http.MethodGet, fmt.Sprintf("/user-data/k%d", i), nil, &data)
			if string(data.Value) != fmt.Sprint(i) {
				t.Errorf("%s reads of k%d: %s", n.name, i, data.Value)
			}
		}
	}
}
