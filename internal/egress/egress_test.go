package egress_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/egress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// names is a resolver with fixed answers; each lookup takes the next one.
type names map[string][][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	answers := n[host]
	if len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(answers) > 1 {
		n[host] = answers[1:]
	}
	return answers[0], nil
}

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// get asks for a URL and returns what refused it, nil if it was answered or failed in another way.
func get(t *testing.T, cfg egress.Config, resolver egress.Resolver, address string) error {
	t.Helper()
	transport, err := egress.New(cfg, resolver)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.Close()
	resp, err := (&http.Client{Transport: transport}).Get(address)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func TestEntries(t *testing.T) {
	for _, text := range []string{"*", "example.com", "Example.com:8080", "*.example.com", "*.example.com:443", "10.0.0.1",
		"10.0.0.1:80", "::1", "[::1]", "[::1]:8080", "localhost", "пример.рф", "a_b.local"} {
		if err := egress.CheckEntry(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "http://example.com", "example.com/", "a b", "*example.com", "ex*mple.com", "*.", "*.*", ".", "a..b",
		"example.com:", "example.com:0", "example.com:99999", "example.com:http", "user@example.com", "*.10.0.0.1", "evil。example.com"} {
		if err := egress.CheckEntry(text); err == nil {
			t.Errorf("%q is taken", text)
		}
		if _, err := egress.New(egress.Config{Allow: []string{text}}, nil); err == nil {
			t.Errorf("a list with %q is taken", text)
		}
	}
}

// TestHosts: which hosts of a list may be asked. The servers do not exist; what counts is whether
// the refusal comes from the list.
func TestHosts(t *testing.T) {
	for _, tc := range []struct {
		allow   string
		url     string
		allowed bool
	}{
		{"", "http://example.com/", false},
		{"example.com", "http://example.com/", true},
		{"example.com", "https://EXAMPLE.com:8443/x", true},
		{"example.com", "http://example.com./", true},
		{"example.com", "http://www.example.com/", false},
		{"example.com", "http://example.com.evil.org/", false},
		{"example.com", "http://example.com@evil.org/", false},
		{"example.com", "http://evil.org/?example.com", false},
		{"example.com:8080", "http://example.com:8080/", true},
		{"example.com:8080", "http://example.com/", false},
		{"example.com:80", "http://example.com/", true},
		{"example.com:443", "https://example.com/", true},
		{"example.com:443", "http://example.com/", false},
		{"*.example.com", "http://a.example.com/", true},
		{"*.example.com", "http://a.b.example.com/", true},
		{"*.example.com", "http://example.com/", false},
		{"*.example.com", "http://evilexample.com/", false},
		{"*.example.com", "http://evil。example.com/", false},
		{"*.example.com", "http://evil.org%2f.example.com/", false},
		{"*.пример.рф", "http://а.пример.рф/", true},
		{"192.0.2.1", "http://192.0.2.1/", true},
		{"192.0.2.1", "http://192.0.2.2/", false},
		{"192.0.2.1", "http://[::ffff:192.0.2.1]/", true},
		{"example.com", "http://127.0.0.1/", false},
		{"example.com", "http://2130706433/", false},
		{"example.com", "http://[::1]/", false},
		{"example.com", "http://[fe80::1%25eth0]/", false},
		{"*", "http://anything.org/", true},
		{"*", "http://127.0.0.1/", true},
	} {
		var allow []string
		if tc.allow != "" {
			allow = []string{tc.allow}
		}
		transport, err := egress.New(egress.Config{Allow: allow}, names{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(tc.url)
		if err != nil {
			continue // such an address reaches nobody
		}
		// A request that is over already reaches nobody, but is checked first.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = transport.RoundTrip((&http.Request{Method: "GET", URL: u, Header: http.Header{}}).WithContext(ctx))
		if allowed := errors.Is(err, context.Canceled); allowed != tc.allowed {
			t.Errorf("list %q, %s: %v", tc.allow, tc.url, err)
		}
		transport.Close()
	}
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	err := get(t, egress.Config{Allow: []string{"example.com"}}, nil, "http://user:secret@api.example.org:8080/x")
	var refused *egress.RefusedError
	if !errors.As(err, &refused) || refused.Error() != "requests to api.example.org:8080 are not allowed; add it to http_request.allow" {
		t.Errorf("error %v", err)
	}
}

func TestOnlyHTTP(t *testing.T) {
	for _, address := range []string{"file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1:6379/x", "x-local://a"} {
		var scheme *egress.SchemeError
		if err := get(t, egress.Config{AnyHost: true}, nil, address); !errors.As(err, &scheme) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestAddressDialled: a name of the list does not lead to this machine or its link, however its
// answers change, unless that was meant.
func TestAddressDialled(t *testing.T) {
	var calls int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++ }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, tc := range []struct {
		allow    []string
		host     string
		answer   []netip.Addr
		answered bool
	}{
		{[]string{"rebind.test"}, "rebind.test", addrs("127.0.0.1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("::ffff:127.0.0.1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("0.0.0.0"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("::1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("::"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("::7f00:1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("64:ff9b::7f00:1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("169.254.169.254"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("fe80::1"), false},
		{[]string{"rebind.test"}, "rebind.test", addrs("224.0.0.1", "255.255.255.255"), false},
		{[]string{"*.test"}, "rebind.test", addrs("127.0.0.1"), false},
		{[]string{"rebind.test", "127.0.0.1"}, "rebind.test", addrs("127.0.0.1"), true},
		{[]string{"rebind.test", "127.0.0.1:1"}, "rebind.test", addrs("127.0.0.1"), false},
		{[]string{"localhost"}, "localhost", addrs("127.0.0.1"), true},
		{[]string{"*"}, "rebind.test", addrs("127.0.0.1"), true},
	} {
		calls = 0
		err := get(t, egress.Config{Allow: tc.allow}, names{tc.host: {tc.answer}}, "http://"+tc.host+port+"/")
		var refused *egress.RefusedError
		if errors.As(err, &refused) == tc.answered || (calls == 1) != tc.answered {
			t.Errorf("%v, %s at %v: %d calls, error %v", tc.allow, tc.host, tc.answer, calls, err)
		}
		if refused != nil && (refused.Address == "" || !strings.Contains(err.Error(), refused.Address)) {
			t.Errorf("the refusal does not name the address: %v", err)
		}
	}
}

// TestNameIsResolvedOnce: the answer that was checked is the one that is dialled.
func TestNameIsResolvedOnce(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the second answer was dialled") }))
	defer inside.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	// The first answer is refused; a second look would find one that is listed.
	resolver := names{"rebind.test": {addrs("169.254.169.254"), addrs("127.0.0.1")}}
	err := get(t, egress.Config{Allow: []string{"rebind.test", "127.0.0.1"}}, resolver, "http://rebind.test"+port+"/")
	var refused *egress.RefusedError
	if !errors.As(err, &refused) || refused.Address != "169.254.169.254" {
		t.Errorf("error %v", err)
	}
}

// TestEnvironmentProxyIsIgnored: a proxy would connect in our place, past the list.
func TestEnvironmentProxyIsIgnored(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	err := get(t, egress.Config{Allow: []string{"nowhere.test"}}, names{}, "http://nowhere.test/")
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		t.Errorf("error %v", err)
	}
}

// TestRedirects: a server that is allowed cannot send a request on to one that is not.
func TestRedirects(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the second host was asked") }))
	defer secret.Close()
	open := httptest.NewServer(http.RedirectHandler(secret.URL, http.StatusFound))
	defer open.Close()
	err := get(t, egress.Config{Allow: []string{strings.TrimPrefix(open.URL, "http://")}}, nil, open.URL)
	var refused *egress.RefusedError
	if !errors.As(err, &refused) || refused.Host != strings.TrimPrefix(secret.URL, "http://") {
		t.Errorf("error %v", err)
	}
}
