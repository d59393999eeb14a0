package auth

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// seen is what a handler behind the proxies sees.
type seen struct {
	remote string
	peer   netip.Addr
	secure bool
	header http.Header
}

func through(t testing.TB, trusted []string, remote string, header http.Header) (s seen) {
	t.Helper()
	p, err := NewProxies(trusted)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Header = remote, header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s = seen{r.RemoteAddr, Peer(r), Secure(r), r.Header}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return s
}

func TestProxies(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "2001:db8::1"}
	xff := func(values ...string) http.Header { return http.Header{"X-Forwarded-For": values} }
	forwarded := func(values ...string) http.Header { return http.Header{"Forwarded": values} }
	with := func(h http.Header, name, value string) http.Header { h.Set(name, value); return h }
	tests := []struct {
		name, remote string
		header       http.Header
		want         string
		secure       bool
	}{
		{"nothing said", "10.0.0.1:99", nil, "10.0.0.1:99", false},
		{"a stranger says something", "192.0.2.9:99", with(xff("192.0.2.1"), "X-Forwarded-Proto", "https"), "192.0.2.9:99", false},
		{"one hop", "10.0.0.1:99", xff("192.0.2.1"), "192.0.2.1:0", false},
		{"with a port", "10.0.0.1:99", xff("192.0.2.1:4711"), "192.0.2.1:4711", false},
		{"IPv6", "[2001:db8::1]:99", xff("2001:db8::2"), "[2001:db8::2]:0", false},
		{"IPv6 in brackets", "10.0.0.1:99", xff("[2001:db8::2]"), "[2001:db8::2]:0", false},
		{"IPv6 with a port", "10.0.0.1:99", xff("[2001:db8::2]:5"), "[2001:db8::2]:5", false},
		{"mapped IPv4", "[::ffff:10.0.0.1]:99", xff("::ffff:192.0.2.1"), "192.0.2.1:0", false},
		{"forged at the left", "10.0.0.1:99", xff("1.2.3.4, 192.0.2.1"), "192.0.2.1:0", false},
		{"forged in a header of its own", "10.0.0.1:99", xff("1.2.3.4", "192.0.2.1"), "192.0.2.1:0", false},
		{"forged as trusted", "10.0.0.1:99", xff("1.2.3.4, 10.9.9.9, 192.0.2.1"), "192.0.2.1:0", false},
		{"several proxies", "10.0.0.1:99", xff("1.2.3.4, 192.0.2.1, 10.0.0.3", "10.0.0.2"), "192.0.2.1:0", false},
		{"all of them trusted", "10.0.0.1:99", xff("10.0.0.3, 10.0.0.2"), "10.0.0.3:0", false},
		{"unknown client", "10.0.0.1:99", xff("1.2.3.4, unknown, 10.0.0.2"), "10.0.0.2:0", false},
		{"unknown to the first", "10.0.0.1:99", xff("1.2.3.4, unknown"), "10.0.0.1:99", false},
		{"empty entry", "10.0.0.1:99", xff("192.0.2.1,"), "10.0.0.1:99", false},
		{"impossible port", "10.0.0.1:99", xff("192.0.2.1:99999"), "192.0.2.1:0", false},
		{"https", "10.0.0.1:99", with(xff("192.0.2.1"), "X-Forwarded-Proto", "HTTPS"), "192.0.2.1:0", true},
		{"https to the outer proxy", "10.0.0.1:99", with(xff("192.0.2.1, 10.0.0.2"), "X-Forwarded-Proto", "https, http"), "192.0.2.1:0", true},
		{"https forged", "10.0.0.1:99", with(xff("1.2.3.4, 192.0.2.1"), "X-Forwarded-Proto", "https, http"), "192.0.2.1:0", false},
		{"https of more hops than there are", "10.0.0.1:99", with(xff("192.0.2.1"), "X-Forwarded-Proto", "https, http"), "192.0.2.1:0", false},
		{"https alone", "10.0.0.1:99", http.Header{"X-Forwarded-Proto": {"http, https"}}, "10.0.0.1:99", true},
		{"Forwarded", "10.0.0.1:99", forwarded(`for=192.0.2.1;proto=https;by=10.0.0.1`), "192.0.2.1:0", true},
		{"Forwarded, quoted", "10.0.0.1:99", forwarded(`For="[2001:db8:cafe::17]:4711"`), "[2001:db8:cafe::17]:4711", false},
		{"Forwarded, IPv6 without quotes", "10.0.0.1:99", forwarded(`for=2001:db8:cafe::17`), "[2001:db8:cafe::17]:0", false},
		{"Forwarded, several", "10.0.0.1:99", forwarded(`for=1.2.3.4;proto=https, for=192.0.2.1 ; proto=http`, `for="10.0.0.2";proto=https`), "192.0.2.1:0", false},
		{"Forwarded, comma in quotes", "10.0.0.1:99", forwarded(`for=192.0.2.1;x="a\", for=1.2.3.4"`), "192.0.2.1:0", false},
		{"Forwarded, a quote that swallows", "10.0.0.1:99", forwarded(`for=1.2.3.4;x="a, for=192.0.2.1`), "10.0.0.1:99", false},
		{"Forwarded, obfuscated", "10.0.0.1:99", forwarded(`for=1.2.3.4, for=_hidden, for=10.0.0.2`), "10.0.0.2:0", false},
		{"Forwarded, nobody named", "10.0.0.1:99", forwarded(`for=1.2.3.4, proto=https`), "10.0.0.1:99", false},
		{"Forwarded, twice", "10.0.0.1:99", forwarded(`for=1.2.3.4;for=192.0.2.1`), "10.0.0.1:99", false},
		{"X-Forwarded-For before Forwarded", "10.0.0.1:99", with(xff("192.0.2.1"), "Forwarded", "for=1.2.3.4;proto=https"), "192.0.2.1:0", false},
		{"no address", "@", xff("192.0.2.1"), "@", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := through(t, trusted, tt.remote, tt.header)
			if s.remote != tt.want || s.secure != tt.secure {
				t.Errorf("client %s, secure %v; want %s, %v", s.remote, s.secure, tt.want, tt.secure)
			}
			if peer, _ := parseHop(tt.remote); s.peer != peer {
				t.Errorf("the connection is of %s, want %s", s.peer, peer)
			}
		})
	}
}

func TestStrangersLoseForwardingHeaders(t *testing.T) {
	header := http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Host": {"a"}, "X-Forwarded-Proto": {"https"}, "X-Real-Ip": {"1.2.3.4"},
		"Forwarded": {"for=1.2.3.4"}, "Accept": {"x"}}
	for _, trusted := range [][]string{nil, {"10.0.0.1"}} {
		if s := through(t, trusted, "192.0.2.1:1", header); len(s.header) != 1 || s.header.Get("Accept") != "x" {
			t.Errorf("trusted %v: headers are %v", trusted, s.header)
		}
	}
	if s := through(t, []string{"10.0.0.1"}, "10.0.0.1:1", header); len(s.header) != len(header) {
		t.Errorf("a trusted proxy's headers are %v", s.header)
	}
}

func TestPeerAndSecureWithoutProxies(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "[fe80::1%eth0]:5"
	if Peer(r).String() != "fe80::1" || Secure(r) {
		t.Errorf("peer %s, secure %v", Peer(r), Secure(r))
	}
	r.TLS = &tls.ConnectionState{}
	if !Secure(r) {
		t.Error("TLS is not secure")
	}
}

// A page that was served by https may not be told apart from one that was not, by a guard behind a proxy.
func TestGuardBehindAProxy(t *testing.T) {
	p, err := NewProxies([]string{"10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	h := p.Handler(Guard(GuardConfig{AllowedHosts: []string{"portal.example.com"}}, nil)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	for origin, want := range map[string]int{"https://portal.example.com": 200, "http://portal.example.com": 403} {
		r := httptest.NewRequest("GET", "http://portal.example.com/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("Origin", origin)
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", origin, w.Code, want)
		}
	}
}

func TestNewProxies(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "0.0.0.0/0", "10.0.0.1:80"} {
		if _, err := NewProxies([]string{text}); err == nil || !strings.HasPrefix(err.Error(), "trusted_proxies: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever strangers write, it does not reach the address; and what a trusted proxy adds at the right
// wins over what stands before it.
func FuzzProxies(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", `for="[::1]:5";proto=https, for=_x`, "https")
	f.Add("unknown,,[", `for=1.2.3.4;by="a\"b"`, "http, https")
	f.Fuzz(func(t *testing.T, xff, forwarded, proto string) {
		header := http.Header{"X-Forwarded-For": {xff}, "Forwarded": {forwarded}, "X-Forwarded-Proto": {proto}}
		if s := through(t, []string{"10.0.0.0/8"}, "192.0.2.1:7", header); s.remote != "192.0.2.1:7" || s.secure || len(s.header) != 0 {
			t.Fatalf("a stranger became %s, secure %v", s.remote, s.secure)
		}
		for _, h := range []http.Header{header, {"Forwarded": {forwarded}}} {
			s := through(t, []string{"10.0.0.0/8"}, "10.0.0.1:7", h)
			if _, err := netip.ParseAddrPort(s.remote); err != nil {
				t.Fatalf("the client is %q: %v", s.remote, err)
			}
		}
		added := http.Header{"X-Forwarded-For": {xff, "192.0.2.1"}, "Forwarded": {forwarded}}
		if s := through(t, []string{"10.0.0.0/8"}, "10.0.0.1:7", added); s.remote != "192.0.2.1:0" {
			t.Fatalf("the client is %s", s.remote)
		}
		s := through(t, []string{"10.0.0.0/8"}, "10.0.0.1:7", http.Header{"Forwarded": {forwarded, "for=192.0.2.1"}})
		if s.remote != "192.0.2.1:0" {
			t.Fatalf("the client is %s", s.remote)
		}
		// Proxies that write into the same line may find a mistake before what they write.
		s = through(t, []string{"10.0.0.0/8"}, "10.0.0.1:7", http.Header{"Forwarded": {forwarded + `, for="192.0.2.1:5"`}})
		if s.remote != "192.0.2.1:5" && s.remote != "10.0.0.1:7" {
			t.Fatalf("the client is %s", s.remote)
		}
	})
}
