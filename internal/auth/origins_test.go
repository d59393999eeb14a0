package auth_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

func TestCookiesCountForOwnAndListedOriginsOnly(t *testing.T) {
	o := auth.NewOrigins([]string{"https://portal.example.com", "null", "*"})
	for name, c := range map[string]struct {
		host     string
		tls      bool
		origin   []string
		may, own bool
	}{
		"no origin":                {host: "chat.example", may: true},
		"its own":                  {host: "chat.example:8080", origin: []string{"http://chat.example:8080"}, may: true, own: true},
		"its own, over TLS":        {host: "chat.example", tls: true, origin: []string{"https://chat.example"}, may: true, own: true},
		"its own, behind a proxy":  {host: "chat.example", origin: []string{"https://chat.example"}, may: true, own: true},
		"its own without TLS":      {host: "chat.example", tls: true, origin: []string{"http://chat.example"}},
		"listed":                   {host: "chat.example", origin: []string{"https://portal.example.com"}, may: true},
		"another port":             {host: "localhost:8080", origin: []string{"http://localhost:3000"}},
		"another name of loopback": {host: "127.0.0.1:8080", origin: []string{"http://localhost:8080"}},
		"a subdomain":              {host: "example.com", origin: []string{"https://www.example.com"}},
		"null, though listed":      {host: "chat.example", origin: []string{"null"}},
		"garbage":                  {host: "chat.example", origin: []string{"chat.example"}},
		"empty":                    {host: "chat.example", origin: []string{""}},
		"two":                      {host: "chat.example", origin: []string{"http://chat.example", "http://evil.example"}},
		"an impossible host":       {host: "a..b", origin: []string{"http://a..b"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/services/x", nil)
			r.Host, r.Header["Origin"] = c.host, c.origin
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if may, own := o.MayUseCookies(r), o.Own(r); may != c.may || own != c.own {
				t.Errorf("cookies count: %v, its own: %v", may, own)
			}
		})
	}
}

// FuzzOrigin: an origin that is not listed counts only if it is the scheme and the host of the request.
func FuzzOrigin(f *testing.F) {
	for _, text := range []string{"https://a.example", "http://a.example:80", "null", "https://a.example@b", "https://[::1]:8443", "HTTPS://A.EXAMPLE.", "//a.example", "https://a.example#"} {
		f.Add(text, "a.example")
		f.Add(text, "[::1]:8443")
	}
	listed := auth.NewOrigins([]string{"https://portal.example", "null"})
	name := func(text string) string {
		u, err := url.Parse(text)
		if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return "nothing"
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
			return addr.String()
		}
		return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	}
	f.Fuzz(func(t *testing.T, text, host string) {
		r := httptest.NewRequest("GET", "/services/x", nil)
		r.Host, r.Header = host, http.Header{"Origin": {text}}
		if !listed.MayUseCookies(r) {
			return
		}
		if page := name(text); page == "nothing" || page != "portal.example" && page != name("http://"+host) {
			t.Fatalf("%q counts for %q", text, host)
		}
	})
}
