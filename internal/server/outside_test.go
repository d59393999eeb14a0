package server_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// outside has a node keep its data in one NATS server outside.
func outside(url string, more ...func(*config.Config)) servertest.Option {
	return servertest.Settings(func(c *config.Config) {
		c.NATS.URL, c.NATS.Replicas = []string{url}, 1
		for _, change := range more {
			change(c)
		}
	})
}

func withPassword(o *nats.Options) { o.Username, o.Password = "u", "hush" }

// TestOutside: nodes on one NATS server have the same user data, also where they have nothing else in common; those
// of another prefix have not.
func TestOutside(t *testing.T) {
	srv := natstest.Listen(t, t.TempDir(), withPassword)
	url := strings.Replace(srv.ClientURL(), "://", "://u:hush@", 1)
	one := servertest.Start(t, outside(url))
	two := servertest.Start(t, outside(srv.ClientURL(), func(c *config.Config) { c.NATS.User, c.NATS.Password, c.Node = "u", "hush", "b.2" }))
	other := servertest.Start(t, outside(url, func(c *config.Config) { c.NATS.Prefix = "other" }))
	if _, err := one.API.SetUserData(t.Context(), "k", json.RawMessage(`"v"`), 0); err != nil {
		t.Fatal(err)
	}
	if data, _, err := two.API.UserDataByKey(t.Context(), "k"); err != nil || string(data.Value) != `"v"` {
		t.Errorf("%s %v", data.Value, err)
	}
	if data, _, err := other.API.UserDataByKey(t.Context(), "k"); err == nil {
		t.Errorf("another installation has %s", data.Value)
	}
	if name := one.Node(); !regexp.MustCompile(`^[A-Za-z0-9_-]+-[0-9a-f]{4}$`).MatchString(name) || name == other.Node() {
		t.Errorf("node %q, another %q", name, other.Node())
	}
	if want := "NATS outside at nats://***@127.0.0.1:"; two.Node() != "b.2" || !strings.HasPrefix(one.Cluster(), want) || !strings.HasSuffix(one.Cluster(), ", 1 copy of each thing stored") {
		t.Errorf("node %s, cluster %s", two.Node(), one.Cluster())
	}
	for _, s := range []*servertest.Server{one, two, other} {
		if text := s.Log.String() + s.Cluster(); strings.Contains(text, "hush") || !strings.Contains(text, "connected to NATS") {
			t.Error(text)
		}
	}
}

// TestNodeKeepsItsName: it is in the data folder, and a wrong one is not taken.
func TestNodeKeepsItsName(t *testing.T) {
	srv, data := natstest.Listen(t, t.TempDir()), t.TempDir()
	in := outside(srv.ClientURL(), func(c *config.Config) { c.Data = data })
	s := servertest.Start(t, in)
	name := s.Node()
	s.Stop(t)
	if s = servertest.Start(t, in); s.Node() != name {
		t.Errorf("%s was %s", s.Node(), name)
	}
	s.Stop(t)
	path := filepath.Join(data, "node")
	if err := os.WriteFile(path, []byte("a b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := servertest.TryStart(t, in); err == nil || !strings.Contains(err.Error(), path+`: "a b" is not the name of a node`) {
		t.Error(err)
	}
}

// TestNATSThatCannotBeUsed: the start says what is wrong, in which setting, and no secrets.
func TestNATSThatCannotBeUsed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for name, c := range map[string]struct {
		server func(*nats.Options)
		node   func(*config.Config)
		want   string
	}{
		"no login":    {server: withPassword, want: "refuse the login (nats: Authorization Violation); see nats.credentials, nats.user"},
		"wrong login": {server: withPassword, node: func(c *config.Config) { c.NATS.User, c.NATS.Password = "u", "hushhush" }, want: "refuse the login"},
		"no stream":   {server: func(o *nats.Options) { o.JetStream = false }, want: "JetStream is not enabled"},
		"one server":  {node: func(c *config.Config) { c.NATS.Replicas = 0 }, want: "cannot keep 3 copies of each thing, there are too few of them"},
		"payload":     {server: func(o *nats.Options) { o.MaxPayload = 1 << 16 }, want: "take messages of 65536 bytes; set their max_payload to at least 1MB"},
		"encryption": {node: func(c *config.Config) { c.NATS.URL[0] = strings.Replace(c.NATS.URL[0], "nats:", "tls:", 1) },
			want: "do not encrypt; leave out tls://"},
		"credentials": {node: func(c *config.Config) { c.NATS.Credentials = missing }, want: "nats.credentials: the file " + missing + " cannot be read: no such file"},
		"nkey":        {node: func(c *config.Config) { c.NATS.NKey = missing }, want: "nats.nkey: the seed file " + missing + " cannot be used: no such file"},
		"authority":   {node: func(c *config.Config) { c.NATS.TLS.CA = missing }, want: "nats.tls.ca: the file " + missing + " cannot be read"},
		"certificate": {node: func(c *config.Config) { c.NATS.TLS.Cert, c.NATS.TLS.Key = missing, missing }, want: "nats.tls.cert, nats.tls.key: open " + missing},
	} {
		t.Run(name, func(t *testing.T) {
			change := func(*config.Config) {}
			if c.node != nil {
				change = c.node
			}
			started := func(*nats.Options) {}
			if c.server != nil {
				started = c.server
			}
			srv := natstest.Listen(t, t.TempDir(), started)
			_, err := servertest.TryStart(t, outside(srv.ClientURL(), change))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestNATSThatIsNotThere: it may come a little later than the node, and is given up in the end.
func TestNATSThatIsNotThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // now nobody listens there
	_, err = servertest.TryStart(t, outside("nats://hush@"+address))
	if err == nil || !strings.Contains(err.Error(), "NATS servers at nats://***@"+address+" do not answer") || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

// TestWithoutNATS: a node serves the sockets it has while NATS is away, says so, and goes on when it is back.
func TestWithoutNATS(t *testing.T) {
	folder := t.TempDir()
	srv := natstest.Listen(t, folder)
	port := srv.Addr().(*net.TCPAddr).Port
	s := servertest.Start(t, servertest.App(echo), outside(srv.ClientURL()))
	if _, err := s.API.SetUserData(t.Context(), "k", json.RawMessage(`1`), 0); err != nil {
		t.Fatal(err)
	}
	socket := s.Dial(t, "echo", "7")
	if !strings.Contains(metricsOf(t, s), "\ntutorsocket_nats_connected 1\n") {
		t.Error(metricsOf(t, s))
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	s.Log.Expect(t, "connection to NATS lost")
	socket.Send(t, "still here")
	socket.Expect(t, "one still here")
	if resp, body := s.Ask(t, http.MethodGet, "/readyz", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if !strings.Contains(metricsOf(t, s), "\ntutorsocket_nats_connected 0\n") {
		t.Error(metricsOf(t, s))
	}
	if resp, body := s.Ask(t, http.MethodGet, "/api/v1/user-data/k", ""); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	natstest.Listen(t, folder, func(o *nats.Options) { o.Port = port })
	s.Log.Expect(t, "connection to NATS is back")
	for deadline := time.Now().Add(servertest.Patience); ; {
		data, _, err := s.API.UserDataByKey(t.Context(), "k")
		if err == nil && string(data.Value) == "1" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %v", data.Value, err)
		}
	}
	if n := strings.Count(s.Log.String(), "connection to NATS lost"); n != 1 {
		t.Errorf("lost %d times:\n%s", n, s.Log.String())
	}
}

func metricsOf(t *testing.T, s *servertest.Server) string {
	t.Helper()
	_, body := s.Ask(t, http.MethodGet, "/metrics", "")
	return body
}
