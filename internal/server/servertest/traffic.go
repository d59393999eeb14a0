package servertest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// Traffic does on a server of the embedded sample app something of each kind that
// is counted, so that every family of metrics has a sample.
func (s *Server) Traffic(t testing.TB) {
	t.Helper()
	first := s.Dial(t, "echo", "traffic")
	first.Next(t) // the service says hello
	first.Send(t, "one")
	first.Expect(t, "one")
	second := s.Dial(t, "echo", "traffic") // takes the socket over
	first.ExpectClose(t, 4001)
	second.Next(t)
	second.Send(t, "two")
	second.Expect(t, "two")
	second.Close(t)
	s.Lines.Expect(t, "closed with 1000")
	if _, err := s.TryDial(t, "/services/none"); err == nil {
		t.Error("a service that does not exist takes a socket")
	}
	s.Ask(t, "GET", "/healthz", "", "Host", "elsewhere.example")
	for _, source := range []string{
		`function f() { f() } f()`,
		`HttpRequest( '` + s.URL() + `/healthz' ); tools_web.set_user_data( 'traffic', { n: 1 }, 60 ); alert( 'done' )`,
	} {
		if _, err := s.API.Run(t.Context(), api.RunRequest{Source: source}, func(api.Line) {}); err != nil {
			t.Error(err)
		}
	}
}

// Away lets a client come back to its socket after its connection broke, and stay away then. It takes a server of
// the embedded sample app whose resume.window is short: it waits for its end.
func (s *Server) Away(t testing.TB) {
	t.Helper()
	const resumed = `tutorsocket_hub_resumed_sockets_total{service="echo"}`
	for deadline := time.Now().Add(Patience); ; {
		client := s.Dial(t, "echo", "away")
		client.Next(t) // the service says hello
		client.Drop()
		if _, figures := s.Ask(t, "GET", "/metrics", ""); strings.Contains(figures, resumed) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the client never came back within resume.window")
		}
	}
	s.Lines.Expect(t, "/services/echo-s-away closed with 1006")
}

// Nodes starts two servers that are a cluster on one NATS server, where the service echo of the embedded sample app
// has durable queues, and has a message sent from the first to a socket of the second: so that the first shows what is
// counted in clusters only.
func Nodes(t testing.TB) (first, second *Server) {
	t.Helper()
	nats := natstest.Listen(t, t.TempDir())
	start := func(name string) *Server {
		return Start(t, Settings(func(c *config.Config) {
			c.Node, c.NATS.URL, c.NATS.Replicas = name, []string{nats.ClientURL()}, 1
			c.Services = map[string]*config.Service{"echo": {Delivery: config.DeliveryDurable}}
		}))
	}
	first, second = start("first"), start("second")
	here, there := first.Dial(t, "echo", "here"), second.Dial(t, "echo", "there")
	for _, socket := range []*Socket{here, there} {
		socket.Next(t) // the service says hello
	}
	sent, body := first.Ask(t, "POST", "/api/v1/sockets/%2Fservices%2Fecho-s-there/messages", `{"message":"from the first"}`, "Content-Type", "application/json")
	if sent.StatusCode != http.StatusAccepted {
		t.Fatalf("a message to the other node: %s: %s", sent.Status, body)
	}
	there.Expect(t, "from the first")
	return first, second
}
