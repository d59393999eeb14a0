package security

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestHijackFromAnotherOrigin: a browser sends the cookie of its user with a handshake of any page (CWE-1385). Pages of
// the server itself get a socket with it, no others do.
func TestHijackFromAnotherOrigin(t *testing.T) {
	s := production(t, nil)
	anna := logIn(t, s, "anna")
	cookies := anna.cookies()
	for _, origin := range []string{
		evil, "http://evil.example", "http://127.0.0.1:1", "http://localhost:5173", "ws" + strings.TrimPrefix(s.URL(), "http"),
		s.URL() + ".evil.example", "http://evil." + strings.TrimPrefix(s.URL(), "http://"), "null", "http://evil.example@" + strings.TrimPrefix(s.URL(), "http://"),
		"file://", "chrome-extension://abcdef", s.URL() + "/x", s.URL() + "#" + evil, s.URL() + ", " + evil,
	} {
		r := refused(t, s, "/services/echo", []string{"Cookie", cookies, "Origin", origin}, 403, "origin", "Origin")
		if r.Origin != origin {
			t.Errorf("the record names the origin %q, it was %q", r.Origin, origin)
		}
		if origin == evil && r.Add != `origins: ["`+evil+`"]` {
			t.Errorf("the record says to add %q", r.Add)
		}
	}
	s.Log.Expect(t, `msg="request refused"`)
	for _, secret := range strings.Split(cookies, "; ") {
		_, value, _ := strings.Cut(secret, "=")
		if strings.Contains(s.Log.String(), value) {
			t.Errorf("a cookie is in the log")
		}
	}
	s.DialPath(t, "/services/echo", "Cookie", cookies, "Origin", s.URL())
}

// TestNobodyIsLoggedOutByAnotherSite: nor can a page of another site do anything else with the cookie of its visitor.
func TestNobodyIsLoggedOutByAnotherSite(t *testing.T) {
	s := production(t, nil)
	anna := logIn(t, s, "anna")
	form := anna.form().Encode()
	for _, headers := range [][]string{{"Origin", evil}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
		status, body := anna.do("POST", "/logout", form, headers)
		if r := record(t, s); status != 403 || r.Status != 403 || r.What != "origin" && r.What != "cross_site" {
			t.Errorf("%v: %d %s, the record is %+v", headers, status, body, r)
		}
	}
	s.DialPath(t, "/services/echo", "Cookie", anna.cookies(), "Origin", s.URL())
}

// TestAPageOfAnotherSiteAgainstDev: in dev nobody logs in, so any page that a developer visits would be the
// administrator.
func TestAPageOfAnotherSiteAgainstDev(t *testing.T) {
	s := servertest.Start(t)
	for _, origin := range []string{evil, "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "https://evil.example:8080", "file://"} {
		refused(t, s, "/services/echo", []string{"Origin", origin}, 403, "origin", "Origin")
		for _, request := range []string{"POST /api/v1/messages", "POST /api/v1/runs", "GET /api/v1/sockets", "GET /client/"} {
			method, path, _ := strings.Cut(request, " ")
			resp, body := s.Ask(t, method, path, "{}", "Origin", origin, "Content-Type", "text/plain")
			if r := record(t, s); resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "" || r.What != "origin" || r.Path != path {
				t.Errorf("%s of %s: %s %s, the record is %+v", request, origin, resp.Status, body, r)
			}
		}
	}
	s.Log.Expect(t, "--origin "+evil)
}

// TestDNSRebinding: the name of the page's own site leads to this machine, so that the page is of the same origin as
// the server. Only the Host tells.
func TestDNSRebinding(t *testing.T) {
	dev := servertest.Start(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(dev.URL(), "http://"), ":")
	rebound := []string{"Host", "evil.example:" + port, "Origin", "http://evil.example:" + port}
	if r := refused(t, dev, "/services/echo", rebound, 403, "host", "evil.example"); r.Add != "--host evil.example" {
		t.Errorf("the record says to add %q", r.Add)
	}
	for _, path := range []string{"/api/v1/sockets", "/client/", "/metrics", "/debug/pprof/heap"} {
		resp, body := dev.Ask(t, "GET", path, "", rebound...)
		if r := record(t, dev); resp.StatusCode != 403 || r.What != "host" {
			t.Errorf("%s: %s %s, the record is %+v", path, resp.Status, body, r)
		}
	}
	for _, host := range []string{"127.0.0.1.evil.example", "localhost.evil.example", "evil.example#127.0.0.1", "[::1].evil.example"} {
		if _, err := dev.TryDial(t, "/services/echo", "Host", host); err == nil {
			t.Errorf("the host %q is answered", host)
		}
	}
	// Where users log in the cookie is one of the true name, and the page has none.
	s := production(t, nil)
	refused(t, s, "/services/echo", rebound, 401, "user", "")
	named := production(t, func(c *config.Config) { c.Guard.AllowedHosts = []string{"ws.example.com"} })
	refused(t, named, "/services/echo", append(rebound, as(t, "41")...), 403, "host", "evil.example")
}
