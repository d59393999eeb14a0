package security

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestForgedTokens: a token that is not meant for this server, was not made by its issuer, or is over, opens nothing,
// however it is brought; and it is in no record.
func TestForgedTokens(t *testing.T) {
	s := production(t, nil)
	hour := time.Hour
	for name, bad := range map[string]string{
		"another audience":   token(t, "41", "aud", "another"),
		"no audience":        token(t, "41", "aud", nil),
		"another issuer":     token(t, "41", "iss", evil),
		"expired":            token(t, "41", "exp", time.Now().Add(-hour).Unix()),
		"no end":             token(t, "41", "exp", nil),
		"not yet":            token(t, "41", "nbf", time.Now().Add(hour).Unix()),
		"nobody's":           token(t, "41", "sub", nil),
		"alg none":           forge(t, "none", "", claims("41")),
		"alg None":           forge(t, "None", "", claims("41")),
		"alg none, signed":   forge(t, "none", secret, claims("41")),
		"no signature":       forge(t, "HS256", "", claims("41")),
		"key of another":     forge(t, "HS256", strings.Repeat("x", 32), claims("41")),
		"algorithm unknown":  forge(t, "HS1", secret, claims("41")),
		"claims of another":  swapClaims(token(t, "41"), token(t, "42")),
		"not a token at all": "xyz",
	} {
		t.Run(name, func(t *testing.T) {
			for carrier, c := range map[string]struct {
				path    string
				headers []string
			}{
				"header":      {"/services/echo", []string{"Authorization", "Bearer " + bad}},
				"parameter":   {"/services/echo?access_token=" + url.QueryEscape(bad), nil},
				"subprotocol": {"/services/echo", []string{"Sec-WebSocket-Protocol", "bearer." + bad}},
			} {
				r := refused(t, s, c.path, c.headers, 401, "user", "")
				if r.Detail == "" || strings.Contains(r.Detail+r.Path, bad) {
					t.Errorf("%s: the record is %+v", carrier, r)
				}
			}
		})
		if part := strings.Split(bad, "."); strings.Contains(s.Log.String(), part[len(part)/2]) && len(part) > 1 {
			t.Errorf("%s: the token is in the log", name)
		}
	}
	s.DialPath(t, "/services/echo", as(t, "41")...)
}

// swapClaims puts the claims of another token under a signature.
func swapClaims(signed, other string) string {
	a, b := strings.Split(signed, "."), strings.Split(other, ".")
	return a[0] + "." + b[1] + "." + a[2]
}

// TestATokenOpensNothingElse: that of a user is none for the HTTP API, and the other way round.
func TestATokenOpensNothingElse(t *testing.T) {
	s := production(t, nil)
	for _, path := range []string{"/api/v1/sockets", "/api/v1/runs", "/debug/pprof/heap"} {
		resp, body := s.Ask(t, "GET", path, "", as(t, "41")...)
		if r := record(t, s); resp.StatusCode != http.StatusUnauthorized || r.What != "token" {
			t.Errorf("%s: %s %s, the record is %+v", path, resp.Status, body, r)
		}
	}
	refused(t, s, "/services/echo", []string{"Authorization", "Bearer " + s.Token()}, 401, "user", "")
}

// TestNobodyChoosesWhoHeIs: what dev lets choose says nothing where users log in.
func TestNobodyChoosesWhoHeIs(t *testing.T) {
	s := production(t, nil)
	refused(t, s, "/services/echo?X-Dev-User=41", nil, 401, "user", "")
	refused(t, s, "/services/echo", []string{"X-Dev-User", "6148914691236517121"}, 401, "user", "")
	refused(t, s, "/services/echo", []string{"X-Remote-User", "41", "X-Forwarded-User", "41"}, 401, "user", "")
	s.DialPath(t, "/services/echo?X-Dev-User=42", append(as(t, "41"), "X-Dev-User", "42")...)
	if got := socketOf(t, s).UserID; got != "41" {
		t.Errorf("the socket is one of the user %q", got)
	}
}

// TestHeadersOfAProxyFromAnybody: only listed addresses name users.
func TestHeadersOfAProxyFromAnybody(t *testing.T) {
	s := production(t, func(c *config.Config) {
		c.Auth.Methods = []string{config.AuthHeader}
		c.Auth.Header.From = []string{"10.99.0.1"}
	})
	for _, name := range []string{"X-Remote-User", "Remote-User", "X-Forwarded-User", "X-User"} {
		refused(t, s, "/services/echo", []string{name, "41", "X-Forwarded-For", "10.99.0.1", "Forwarded", "for=10.99.0.1"}, 401, "user", "")
	}
}

// TestASessionIsNotReusedAfterLogout: neither by who stole its cookie, nor by a socket that is open.
func TestASessionIsNotReusedAfterLogout(t *testing.T) {
	s := production(t, nil)
	anna := logIn(t, s, "anna")
	stolen := []string{"Cookie", anna.cookies(), "Origin", s.URL()}
	socket := s.DialPath(t, "/services/main_ws_service?X-StatefulSocketId=a", stolen...)
	if status, body := anna.post("/logout", anna.form()); status != http.StatusSeeOther {
		t.Fatalf("log out: %d %s", status, body)
	}
	if why := socket.ExpectClose(t, 4003); why != "you have logged out" {
		t.Errorf("the socket closed because %q", why)
	}
	refused(t, s, "/services/main_ws_service?X-StatefulSocketId=a", stolen, 401, "user", "you have logged out")
}

// TestTheIDOfAnotherUser: a stateful id belongs to the user who opened it, also while the connection is away.
func TestTheIDOfAnotherUser(t *testing.T) {
	s := production(t, nil)
	const path = "/services/main_ws_service?X-StatefulSocketId=of-anna"
	anna := s.DialPath(t, path, as(t, "41")...)
	anna.ExpectQuiet(t)
	theft := func() {
		t.Helper()
		if r := refused(t, s, path, as(t, "42"), 403, "stateful_id", ""); r.UserID != "42" || r.StatefulID != "of-anna" {
			t.Errorf("the record is %+v", r)
		}
	}
	theft()
	anna.ExpectQuiet(t)
	anna.Drop()
	theft()
	again, err := s.TryDial(t, path, as(t, "41")...)
	if err != nil {
		t.Fatal(err)
	}
	again.ExpectQuiet(t)
}

// TestServicesOfTheToken: a token for one service opens no other.
func TestServicesOfTheToken(t *testing.T) {
	s := production(t, nil)
	narrow := []string{"Authorization", "Bearer " + token(t, "41", "services", []string{"echo"})}
	refused(t, s, "/services/main_ws_service", narrow, 403, "user", "main_ws_service")
	s.DialPath(t, "/services/echo", narrow...)
}

// TestServeOpensNothingByItself: without a way to log in serve does not start, and a server that did would let nobody in.
func TestServeOpensNothingByItself(t *testing.T) {
	if err := config.Default().CheckServe(); err == nil || !strings.Contains(err.Error(), "auth.methods") {
		t.Errorf("serve starts, or says %v", err)
	}
	s := servertest.Start(t, servertest.Production(func(*config.Config) {}))
	refused(t, s, "/services/echo", []string{"X-Dev-User", "41"}, 401, "user", "nobody is let in")
	refused(t, s, "/services/echo", as(t, "41"), 401, "user", "nobody is let in")
}

// TestWhoAsksWithoutAHandshakeHearsWhy: browsers hide from pages why one was refused, so the test client asks once more.
func TestWhoAsksWithoutAHandshakeHearsWhy(t *testing.T) {
	s := production(t, nil)
	ask := func(authorization string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/services/echo", nil)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for authorization, want := range map[string]int{"": 401, "Bearer nonsense": 401, "Bearer " + token(t, "41"): 426} {
		if got := ask(authorization); got != want {
			t.Errorf("%q: %d, want %d", authorization, got, want)
		}
	}
}
