package server

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

type fakeListener struct{ net.Listener }

func (fakeListener) Addr() net.Addr { return &net.TCPAddr{Port: 8080} }

// FuzzRedirect: whatever the first line and the Host are, the way leads to the very host that the guard has let pass,
// and nothing of the request becomes a header.
func FuzzRedirect(f *testing.F) {
	for _, seed := range [][2]string{
		{"/a?b=c", "localhost"}, {"//evil.example", "localhost:80"}, {"x:.evil.example/", "127.0.0.1"}, {"http://evil.example/", "[::1]:8080"},
		{"/%0d%0aX:y", "[::1]"}, {"*", "localhost"}, {"/\\evil.example", "LOCALHOST."}, {"?@evil.example", "localhost"},
	} {
		f.Add(seed[0], seed[1])
	}
	s := &Server{addr: &net.TCPAddr{Port: 8443}}
	h := auth.Guard(auth.GuardConfig{}, nil)(s.redirect(&doors{redirect: fakeListener{}}, false))
	f.Fuzz(func(t *testing.T, target, host string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusForbidden {
			return
		}
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusPermanentRedirect || to.Scheme != "https" || to.User != nil {
			t.Fatalf("%q at %q: %d to %q, %v", target, host, w.Code, w.Header().Get("Location"), err)
		}
		name, port := splitHostPort(r.Host)
		if want := trimBrackets(name); !strings.EqualFold(to.Hostname(), want) || port == "" && to.Port() != "" || port != "" && to.Port() != "8443" {
			t.Fatalf("%q at %q leads to %s", target, r.Host, to)
		}
		if strings.ContainsAny(w.Header().Get("Location"), "\r\n") {
			t.Fatalf("a line break in %q", w.Header().Get("Location"))
		}
	})
}
