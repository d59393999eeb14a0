package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
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

// TestLimitsOfSockets: at a limit the new connection gets 429, and one that ended makes room.
func TestLimitsOfSockets(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*config.Limits)
		user  string // of the connection beyond the limit
		says  string
	}{
		"per user":    {func(l *config.Limits) { l.PerUser = 2 }, "anna", "limits.per_user"},
		"per address": {func(l *config.Limits) { l.PerAddress = 2 }, "boris", "(limits.per_address)"},
		"in all":      {func(l *config.Limits) { l.Total = 2 }, "boris", "(limits.total)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(cfg *config.Config) { c.limit(&cfg.Limits) }))
			first, second := s.Dial(t, "echo", "1", "anna"), s.Dial(t, "echo", "2", "anna")
			path := "/services/echo?X-Dev-User=" + c.user
			_, err := s.TryDial(t, path)
			var refused *servertest.Refused
			if !errors.As(err, &refused) || refused.Status != 429 || !strings.Contains(refused.Body, c.says) {
				t.Fatalf("the third connection: %v", err)
			}
			again := s.Dial(t, "echo", "2", "anna") // takes over, and counts once
			second.ExpectClose(t, 4001)
			again.ExpectQuiet(t)
			first.Drop() // detached sockets do not count
			dialWhenThereIsRoom(t, s, path).ExpectQuiet(t)
		})
	}
}

// dialWhenThereIsRoom opens a socket as soon as no limit is in the way.
func dialWhenThereIsRoom(t *testing.T, s *servertest.Server, path string) *servertest.Socket {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(time.Millisecond) {
		socket, err := s.TryDial(t, path)
		if err == nil {
			return socket
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestLimitOfOneUserOnly: others of the same address are not concerned, and dev has no limit by itself.
func TestLimitOfOneUserOnly(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.Limits.PerUser = 1 }))
	for i := range 30 {
		s.Dial(t, "echo", "", fmt.Sprint("user", i))
	}
	s = servertest.Start(t, servertest.App(echo))
	for range 30 {
		s.Dial(t, "echo", "", "anna")
	}
}

// TestRateOfMessages: who sends faster than the rate is slowed down and loses nothing; who goes on and on is closed
// with a reason that says why; others notice nothing.
func TestRateOfMessages(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) {
		c.Limits.Rate, c.Limits.Burst, c.Limits.Throttle = 50, 5, 2*time.Second
	}))
	fast, slow := s.Dial(t, "echo", "fast"), s.Dial(t, "echo", "slow")
	const burst = 20
	for i := range burst {
		fast.Send(t, fmt.Sprint(i))
	}
	slow.Send(t, "hello")
	slow.Expect(t, "one hello")
	for i := range burst {
		fast.Expect(t, fmt.Sprint("one ", i))
	}
	for i := range 1000 {
		fast.Send(t, fmt.Sprint(i))
	}
	for i := 0; ; i++ {
		text, code, reason := fast.NextOrClose(t)
		if code != 0 {
			if code != 1008 || !strings.Contains(reason, "more than 50 messages a second") {
				t.Errorf("closed with %d %q", code, reason)
			}
			break
		}
		if want := fmt.Sprint("one ", i); text != want {
			t.Fatalf("got %q, want %q", text, want)
		}
	}
	slow.ExpectQuiet(t)
}

// TestRefuseLiveID: as in the original, a second connection with the id of an open socket ends both, and nothing
// is kept of a socket whose connection broke.
func TestRefuseLiveID(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/echo.js": echo["services/echo.js"] + "\nfunction close(context) { alert('closed with ' + context.CloseCode) }",
	}), servertest.Settings(func(c *config.Config) { c.Compat.RefuseLiveID = true }))
	first := s.Dial(t, "echo", "anna")
	_, err := s.TryDial(t, "/services/echo?X-StatefulSocketId=anna")
	var refused *servertest.Refused
	if !errors.As(err, &refused) || refused.Status != 403 {
		t.Fatalf("the second connection: %v", err)
	}
	first.ExpectLost(t)
	s.Lines.Expect(t, "closed with 1006")
	if list, err := s.API.Sockets(t.Context(), api.SocketQuery{Filter: `{"$state":["open","detached"]}`}); err != nil || len(list.Items) > 0 {
		t.Errorf("%+v %v", list, err)
	}
	dialWhenThereIsRoom(t, s, "/services/echo?X-StatefulSocketId=anna").ExpectQuiet(t)
}

// TestResumeWindow: with one a socket outlives its connection and keeps what is sent to it, without it ends.
func TestResumeWindow(t *testing.T) {
	for name, window := range map[string]time.Duration{"none": 0, "a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.Resume.Window = window }))
			anna := s.Dial(t, "echo", "anna")
			anna.ExpectQuiet(t)
			anna.Drop()
			const key = "/services/echo-s-anna"
			for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(time.Millisecond) {
				if info, err := s.API.Socket(t.Context(), key); err != nil || info.State != "open" {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the connection is not lost")
				}
			}
			_, err := s.API.Send(t.Context(), key, api.Message{Message: "while away"})
			if kept := err == nil; kept != (window > 0) {
				t.Fatalf("a message for it: %v", err)
			}
			anna = s.Dial(t, "echo", "anna")
			if window > 0 {
				anna.Expect(t, "while away")
			}
			anna.ExpectQuiet(t)
		})
	}
}
