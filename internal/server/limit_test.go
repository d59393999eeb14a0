package server_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestProtocolsOfAService: of what a client offers the service's own come first, in the order of the setting.
func TestProtocolsOfAService(t *testing.T) {
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) {
		c.Services = map[string]*config.Service{"echo": {Protocols: []string{"v2", "v1"}}}
	}))
	for _, c := range []struct{ service, offered, want string }{
		{"echo", "x, v1, v2", "v2"},
		{"echo", "v1, x", "v1"},
		{"echo", "x", "x"}, // dev takes what there is
		{"main_ws_service", "v1, v2", "v1"},
	} {
		if socket := s.DialPath(t, "/services/"+c.service, "Sec-WebSocket-Protocol", c.offered); socket.Protocol != c.want {
			t.Errorf("%s, %s: %q is selected, want %q", c.service, c.offered, socket.Protocol, c.want)
		}
	}
}
