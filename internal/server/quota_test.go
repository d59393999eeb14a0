package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// limitedServer has limits that a test reaches soon.
func limitedServer(t *testing.T, change func(*config.Limits)) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.App(map[string]string{
		"services/echo.js": "function process(context) { n = 0; while (message == 'work' && n < 2000000) n++; context.WebSocketCurrent.AddOrUpdateTag('got', message); tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [context.WebSocketCurrentId, message, false]) }",
	}), servertest.Settings(func(c *config.Config) {
		c.Limits.Throttle, c.Limits.Surge = time.Second, time.Second
		change(&c.Limits)
	}))
}

// closedFor sends until the socket is closed, and returns the reason.
func closedFor(t *testing.T, c *servertest.Socket) (reason string) {
	t.Helper()
	for {
		if _, code, reason := c.NextOrClose(t); code != 0 {
			if code != 1008 {
				t.Errorf("closed with %d %q", code, reason)
			}
			return reason
		}
	}
}

// TestMessagesOfAUser: all sockets of a user are slowed down, then closed with the setting in the reason; that is
// counted and listed, and another user of the same address goes on.
func TestMessagesOfAUser(t *testing.T) {
	s := limitedServer(t, func(l *config.Limits) { l.UserMessages = 20 })
	other := s.Dial(t, "echo", "o", "boris")
	sockets := []*servertest.Socket{s.Dial(t, "echo", "1", "anna"), s.Dial(t, "echo", "2", "anna")}
	for _, c := range sockets {
		for i := range 500 {
			c.Send(t, fmt.Sprint(i))
		}
	}
	for _, c := range sockets {
		if reason := closedFor(t, c); reason != "this user sends more than 20 messages a second (limits.user_messages)" {
			t.Errorf("the reason is %q", reason)
		}
	}
	other.Send(t, "hello")
	other.Expect(t, "hello")
	stats, err := s.API.Stats(t.Context(), "")
	if err != nil || stats.Totals.LimitWaits < 10 || stats.Totals.LimitRefusals != 2 {
		t.Errorf("stats: %+v %v", stats.Totals, err)
	}
	wantRefusal(t, s, "limits.user_messages", 1008)
}

// wantRefusal checks the newest refusal.
func wantRefusal(t *testing.T, s *servertest.Server, setting string, status int) {
	t.Helper()
	list, err := s.API.RefusedRequests(t.Context(), "", 1)
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("refusals: %v %v", list, err)
	}
	if no := list.Items[0]; no.Setting != setting || no.Status != status || no.What != "limit" || no.UserID != "anna" || !strings.Contains(no.Detail, setting) {
		t.Errorf("refusal: %+v", no)
	}
}

// TestScriptTimeOfAUser: who lets scripts work too long is not served until that is paid, neither on an open socket nor on
// a new one; others are.
func TestScriptTimeOfAUser(t *testing.T) {
	s := limitedServer(t, func(l *config.Limits) { l.UserCompute = 1 })
	other := s.Dial(t, "echo", "o", "boris")
	first, second := s.Dial(t, "echo", "1", "anna"), s.Dial(t, "echo", "2", "anna")
	const spent = "(limits.user_compute)"
	for first != nil { // machines differ in what they do in a second
		first.Send(t, "work")
		if _, code, reason := first.NextOrClose(t); code != 0 {
			if code != 1008 || !strings.Contains(reason, spent) {
				t.Errorf("closed with %d %q", code, reason)
			}
			first = nil
		}
	}
	second.Send(t, "hello")
	if reason := closedFor(t, second); !strings.Contains(reason, spent) {
		t.Errorf("the other socket of the user: %q", reason)
	}
	wantRefusal(t, s, "limits.user_compute", 1008)
	other.Send(t, "hello")
	other.Expect(t, "hello")
}

// TestHandshakesOfAUser: who connects too often gets 429, and it is listed.
func TestHandshakesOfAUser(t *testing.T) {
	s := limitedServer(t, func(l *config.Limits) { l.UserHandshakes = 1 })
	s.Dial(t, "echo", "1", "anna")
	_, err := s.TryDial(t, "/services/echo?X-Dev-User=anna")
	var refused *servertest.Refused
	if !errors.As(err, &refused) || refused.Status != 429 || !strings.Contains(refused.Body, "this user connects more than 1 times a minute (limits.user_handshakes); try again in") {
		t.Errorf("the second connection: %v", err)
	}
	wantRefusal(t, s, "limits.user_handshakes", 429)
	s.Dial(t, "echo", "2", "boris")
}
