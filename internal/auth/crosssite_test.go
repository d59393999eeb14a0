package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCrossSite: without the guard in front, in a table of what a browser and others may send.
func TestCrossSite(t *testing.T) {
	h := CrossSite(nil, nil, nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for name, c := range map[string]struct {
		method  string
		headers map[string]string
		passes  bool
	}{
		"reading":                    {"GET", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, true},
		"another site":               {"POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"another host of it":         {"POST", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"old browser, another site":  {"POST", map[string]string{"Origin": "https://evil.example"}, false},
		"old browser, own page":      {"POST", map[string]string{"Origin": "https://ws.example.com"}, true},
		"own page":                   {"POST", map[string]string{"Origin": "https://ws.example.com", "Sec-Fetch-Site": "same-origin"}, true},
		"typed by the user":          {"POST", map[string]string{"Sec-Fetch-Site": "none"}, true},
		"no browser":                 {"POST", nil, true},
		"page in a file":             {"POST", map[string]string{"Origin": "null"}, false},
		"bearer token":               {"PUT", map[string]string{"Origin": "https://portal.example", "Authorization": "Bearer x"}, true},
		"password of the browser":    {"PUT", map[string]string{"Origin": "https://portal.example", "Authorization": "Basic eDp5"}, false},
		"empty token":                {"PUT", map[string]string{"Origin": "https://portal.example", "Authorization": "Bearer "}, false},
		"a method nobody knows":      {"X", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a method in lower case":     {"post", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"an unknown kind of request": {"POST", map[string]string{"Sec-Fetch-Site": "sideways"}, false},
	} {
		r := httptest.NewRequest(c.method, "https://ws.example.com/login", nil)
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if passes := w.Code == http.StatusTeapot; passes != c.passes || !passes && w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}
