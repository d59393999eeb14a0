package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestSecureHeaders: whatever is answered, pages of others can neither frame it nor take it for something it is not,
// and no page of the server may run what stands in it.
func TestSecureHeaders(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), selfSigned())
	paths := append([]string{"/metrics", "/nothing", "/services/none", "/api", "/client", "/api/v1/none"}, everyRoute...)
	for _, path := range paths {
		for _, headers := range [][]string{nil, {"Authorization", ""}, {"Host", "evil.example"}} {
			resp, _ := s.Ask(t, "GET", path, "", headers...)
			policy := resp.Header.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") ||
				!strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "base-uri 'none'") {
				t.Errorf("%s %v: policy %q", path, headers, policy)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Strict-Transport-Security": "", // a self-signed certificate is no reason to insist
			} {
				if got := resp.Header.Values(name); strings.Join(got, ", ") != want {
					t.Errorf("%s %v: %s is %q, want %q", path, headers, name, got, want)
				}
			}
		}
	}
}

// TestStrictTransport: browsers are told to insist on encryption only where there is a certificate they trust.
func TestStrictTransport(t *testing.T) {
	const name = "Strict-Transport-Security"
	files, _ := withFiles(t, "ws.tutorsocket.example")
	never := servertest.Settings(func(c *config.Config) { c.TLS.HSTS = 0 })
	for what, c := range map[string]struct {
		options []servertest.Option
		want    string
	}{
		"not encrypted":         {nil, ""},
		"self-signed":           {[]servertest.Option{selfSigned()}, ""},
		"files":                 {[]servertest.Option{files}, "max-age=31536000"},
		"files, not to be told": {[]servertest.Option{files, never}, ""},
	} {
		s := servertest.Start(t, c.options...)
		for _, path := range []string{"/", "/client/", "/api/v1/sockets", "/services/none"} {
			if resp, _ := s.Ask(t, "GET", path, ""); resp.Header.Get(name) != c.want {
				t.Errorf("%s, %s: %q", what, path, resp.Header.Get(name))
			}
		}
	}
}

// TestHeadersOfTheApp: its pages may run what their author wrote, be framed by the pages that may connect, and by no
// others.
func TestHeadersOfTheApp(t *testing.T) {
	app := map[string]string{"web/index.html": "<script>alert(1)</script>", "web/a.js": "1"}
	s := servertest.Start(t, servertest.App(app), servertest.Settings(func(c *config.Config) {
		c.Guard.AllowedOrigins = []string{"https://portal.example", "null", "https://two.example:8443"}
	}))
	for _, path := range []string{"/", "/a.js"} {
		resp, _ := s.Ask(t, "GET", path, "")
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, resp.Status)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy":      "frame-ancestors 'self' https://portal.example https://two.example:8443",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "strict-origin-when-cross-origin",
			"Cross-Origin-Opener-Policy":   "same-origin-allow-popups",
			"Cross-Origin-Resource-Policy": "", "X-Frame-Options": "",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	if resp, _ := s.Ask(t, "GET", "/none.html", ""); !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("a file that is not there has %q", resp.Header.Get("Content-Security-Policy"))
	}
}

// TestPagesOfOtherSitesChangeNothing: what a browser sends by itself is not enough to change anything.
func TestPagesOfOtherSitesChangeNothing(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) {
		c.Guard.AllowedOrigins = []string{"https://portal.example"}
	}))
	const cookie = "session=of-the-victim"
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		status       int
	}{
		"form of a listed origin":       {"POST", "/api/v1/messages", []string{"Origin", "https://portal.example", "Content-Type", "text/plain"}, 403},
		"the same, as browsers mark it": {"POST", "/login", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"another host of the site":      {"POST", "/login", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"another port of this machine":  {"POST", "/api/v1/messages", []string{"Origin", "http://localhost:1"}, 403},
		"any method":                    {"DELETE", "/api/v1/sockets/x", []string{"Origin", "https://portal.example"}, 403},
		"any path":                      {"PURGE", "/nothing", []string{"Origin", "https://portal.example"}, 403},
		"password of the browser":       {"POST", "/api/v1/messages", []string{"Origin", "https://portal.example", "Authorization", "Basic YTpi"}, 403},
		"with a token":                  {"POST", "/api/v1/messages", []string{"Origin", "https://portal.example", "Authorization", "Bearer " + s.Token(), "Content-Type", "application/json"}, 422},
		"with a wrong token":            {"POST", "/api/v1/messages", []string{"Origin", "https://portal.example", "Authorization", "Bearer wrong"}, 401},
		"own page":                      {"POST", "/api/v1/messages", []string{"Origin", s.URL(), "Sec-Fetch-Site", "same-origin"}, 401},
		"no browser":                    {"POST", "/api/v1/messages", nil, 401},
		"reading":                       {"GET", "/api/v1/messages", []string{"Origin", "https://portal.example"}, 401},
		"preflight":                     {"OPTIONS", "/api/v1/messages", []string{"Origin", "https://portal.example", "Access-Control-Request-Method", "POST"}, 204},
	} {
		resp, body := s.Ask(t, c.method, c.path, "{}", append([]string{"Authorization", "", "Cookie", cookie}, c.headers...)...)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %s %s, want %d", name, resp.Status, body, c.status)
		}
		if c.status == 403 && (resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "another site may change nothing")) {
			t.Errorf("%s: %s", name, body)
		}
	}
	s.Log.Expect(t, "header=Origin value=https://portal.example reason=\"A page of another site may change nothing here")
	list, err := s.API.RefusedRequests(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	crossSite := 0
	for _, r := range list.Items {
		if r.What == "cross_site" && r.Status == 403 {
			crossSite++
		}
	}
	if crossSite != 7 || strings.Contains(s.Log.String(), "of-the-victim") {
		t.Errorf("%d refusals are listed: %+v", crossSite, list.Items)
	}
}
