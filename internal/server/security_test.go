package server_test

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// everyRoute has a path behind each of the doors of the server.
var everyRoute = []string{"/", "/healthz", "/readyz", "/client/", "/api/", "/api/v1/openapi.json", "/api/v1/sockets", "/services/echo", "/index.html", "/debug/pprof/heap"}

func TestForeignHostsAndOriginsAreRefusedEverywhere(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	for _, path := range everyRoute {
		for name, value := range map[string]string{"Host": "evil.example", "Origin": "https://evil.example"} {
			resp, body := s.Ask(t, "GET", path, "", name, value)
			if resp.StatusCode != 403 || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "evil.example") {
				t.Errorf("%s with %s %s: %d %s", path, name, value, resp.StatusCode, body)
			}
		}
	}
	for _, headers := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Host", "evil.example"}} {
		_, err := s.TryDial(t, "/services/echo", headers...)
		if refused, ok := err.(*servertest.Refused); !ok || refused.Status != 403 {
			t.Errorf("a socket with %v: %v", headers, err)
		}
	}
	s.Log.Expect(t, "--origin https://evil.example")
	s.Log.Expect(t, "--host evil.example")
	for _, headers := range [][]string{nil, {"Origin", s.URL()}, {"Origin", "http://localhost:5173"}} {
		s.DialPath(t, "/services/echo", headers...).ExpectQuiet(t)
	}
}

func TestListedHostsAndOriginsPass(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) {
		c.Guard.AllowedHosts = []string{"portal.example"}
		c.Guard.AllowedOrigins = []string{"https://portal.example"}
	}))
	for _, headers := range [][]string{{"Origin", "https://portal.example"}, {"Host", "portal.example"}} {
		s.DialPath(t, "/services/echo", headers...).ExpectQuiet(t)
		if resp, _ := s.Ask(t, "GET", "/api/v1/sockets", "", headers...); resp.StatusCode != 200 {
			t.Errorf("%v: %d", headers, resp.StatusCode)
		}
	}
}

// TestTheAPIWantsTheToken asks for everything that shows or does something.
func TestTheAPIWantsTheToken(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	for _, request := range []string{
		"GET /api/v1/sockets", "GET /api/v1/sockets/%2Fservices%2Fecho-s-anna", "DELETE /api/v1/sockets/%2Fservices%2Fecho-s-anna",
		"POST /api/v1/sockets/%2Fservices%2Fecho-s-anna/messages", "PATCH /api/v1/sockets/%2Fservices%2Fecho-s-anna/tags",
		"POST /api/v1/messages", "POST /api/v1/runs", "POST /api/v1/agents/x/runs", "GET /api/v1/agents", "GET /api/v1/services",
		"GET /api/v1/logs", "GET /api/v1/none", "GET /api/v1/runs", "GET /api/v1/runs/x", "DELETE /api/v1/runs/x", "GET /api/v1/nodes",
		"GET /api/v1/user-data", "GET /api/v1/user-data/x", "PUT /api/v1/user-data/x", "DELETE /api/v1/user-data/x", "GET /debug/pprof/heap",
	} {
		method, path, _ := strings.Cut(request, " ")
		for _, authorization := range []string{"", "Bearer wrong", "Bearer " + s.Token() + "x", "Basic " + s.Token()} {
			resp, body := s.Ask(t, method, path, "", "Authorization", authorization)
			if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s with %.12q: %d %s", request, authorization, resp.StatusCode, body)
			}
		}
	}
	if list, err := s.API.Sockets(t.Context(), api.SocketQuery{}); err != nil || len(list.Items) != 1 {
		t.Errorf("the socket did not survive: %+v, %v", list, err)
	}
}

func TestTheTokenIsNotLogged(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	s.Ask(t, "GET", "/api/v1/sockets", "")
	s.Ask(t, "GET", "/api/v1/none?token="+s.Token(), "")
	s.Ask(t, "GET", "/api/v1/sockets", "", "Origin", "https://evil.example")
	anna := s.DialPath(t, "/services/echo?access_token="+s.Token(), "Authorization", "Bearer "+s.Token())
	anna.Send(t, "x")
	anna.Expect(t, "one x")
	anna.Close(t)
	run(t, s, "alert('done')")
	s.Stop(t)
	for name, text := range map[string]string{"structured log": s.Log.String(), "log lines": s.Lines.String()} {
		if strings.Contains(text, s.Token()) {
			t.Errorf("the token is in the %s", name)
		}
	}
}
