package cluster

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// servers are three NATS servers that make a cluster.
type servers struct {
	t    testing.TB
	list []*natsServer
	// routes are the links between two servers: routes[i][j] is what i connects to j by.
	routes map[int]map[int]*link
}

// natsServer is one of them.
type natsServer struct {
	*process
	client  string // address for clients
	monitor string
}

const serverConfig = `
server_name: %s
listen: %s
http: %s
max_payload: 2MB
jetstream { store_dir: "js", max_file_store: 64G, max_memory_store: 1G }
cluster {
  name: test
  listen: %s
  # Nobody finds a way around the links.
  no_advertise: true
  advertise: "127.0.0.1:1"
  routes: [%s]
  ping_interval: "1s"
  ping_max: 2
}
`

// newServers starts n servers and waits until they have elected a leader.
func newServers(t testing.TB, n int) *servers {
	t.Helper()
	path, err := programs.natsServer()
	if err != nil {
		t.Fatal(err)
	}
	s := &servers{t: t, routes: map[int]map[int]*link{}}
	addresses := freeAddresses(t, 3*n)
	for i := range n {
		s.routes[i] = map[int]*link{}
		var routes []string
		for j := range n {
			if j != i {
				s.routes[i][j] = newLink(t, addresses[3*j+2])
				routes = append(routes, `"nats-route://`+s.routes[i][j].address()+`"`)
			}
		}
		dir := t.TempDir()
		one := &natsServer{client: addresses[3*i], monitor: addresses[3*i+1]}
		name := fmt.Sprintf("nats%d", i+1)
		text := fmt.Sprintf(serverConfig, name, one.client, one.monitor, addresses[3*i+2], strings.Join(routes, ", "))
		if err := os.WriteFile(filepath.Join(dir, "nats.conf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		one.process = &process{t: t, name: name, path: path, args: []string{"-c", "nats.conf"}, dir: dir}
		s.list = append(s.list, one)
		one.start()
		t.Cleanup(one.cleanUp)
	}
	s.ready()
	return s
}

// ready waits until all servers that run are healthy.
func (s *servers) ready() {
	s.t.Helper()
	for _, one := range s.list {
		until(s.t, one.name+" is healthy", func() bool { return !one.runs() || one.healthy() })
	}
}

// healthy reports whether the server has caught up with all that it keeps.
func (n *natsServer) healthy() bool {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + n.monitor + "/healthz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var health struct{ Status string }
	return json.NewDecoder(resp.Body).Decode(&health) == nil && health.Status == "ok"
}

// isolate cuts one server off from the others, or undoes it.
func (s *servers) isolate(i int, cut bool) {
	for j := range s.list {
		if j == i {
			continue
		}
		for _, l := range []*link{s.routes[i][j], s.routes[j][i]} {
			if cut {
				l.cut()
			} else {
				l.heal()
			}
		}
	}
}

// freeAddresses finds addresses of this machine that nobody listens on. Their ports are none that the system gives to
// outgoing connections: a server that is started again must find its own free.
func freeAddresses(t testing.TB, n int) (addresses []string) {
	for tries := 0; len(addresses) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000)))
		if err == nil {
			defer l.Close() // not before all are found
			addresses = append(addresses, l.Addr().String())
		} else if tries > 100*n {
			t.Fatal(err)
		}
	}
	return addresses
}
