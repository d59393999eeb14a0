package server_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// selfSigned encrypts as dev --tls does.
func selfSigned() servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.TLS.SelfSigned = true })
}

// withFiles encrypts with a certificate in files, and returns what trusts it.
func withFiles(t *testing.T, names ...string) (servertest.Option, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	dir := servertest.WriteFiles(t, map[string]string{
		"server.crt": string(cert), "server.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})),
	})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return servertest.Settings(func(c *config.Config) {
		c.TLS.Cert, c.TLS.Key = filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
		c.Guard.AllowedHosts = append(c.Guard.AllowedHosts, names...)
	}), pool
}

// TestEncrypted: over TLS everything is as without, and a page knows that it is secure.
func TestEncrypted(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), selfSigned())
	if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
		t.Errorf("its address is %s", s.URL())
	}
	anna := s.Dial(t, "echo", "anna")
	for _, text := range []string{"привет", "", strings.Repeat("long", 10_000)} {
		anna.Send(t, text)
		anna.Expect(t, "one "+text)
	}
	anna.ExpectQuiet(t)
	list, err := s.API.Sockets(t.Context(), api.SocketQuery{})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	s.DialPath(t, "/services/echo", "Origin", s.URL()).ExpectQuiet(t)
	_, err = s.TryDial(t, "/services/echo", "Origin", "http://"+s.Addr().String()+".evil.example")
	if refused, ok := err.(*servertest.Refused); !ok || refused.Status != 403 {
		t.Errorf("another origin: %v", err)
	}
	again := s.Dial(t, "echo", "anna")
	anna.ExpectClose(t, 4001)
	again.Close(t)
}

// TestAbortOverTLS: the connection is dropped, without the good-bye of TLS that a client may not take.
func TestAbortOverTLS(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), selfSigned())
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	if resp, body := s.Ask(t, "DELETE", "/api/v1/sockets/%2Fservices%2Fecho-s-anna", ""); resp.StatusCode != 204 {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	anna.ExpectLost(t)
}

// TestCertificateFiles: whoever trusts who has signed it reaches the server by its name, and nobody else; commands on
// this machine do by the data folder.
func TestCertificateFiles(t *testing.T) {
	option, pool := withFiles(t, "ws.tutorsocket.example")
	s := servertest.Start(t, servertest.App(echo), option)
	ask := func(cfg *tls.Config) (int, error) {
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr().String())
		}
		transport := &http.Transport{TLSClientConfig: cfg, DialContext: dial, DisableKeepAlives: true}
		resp, err := (&http.Client{Transport: transport}).Get("https://ws.tutorsocket.example/healthz")
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		if resp.ProtoMajor != 1 {
			t.Errorf("it speaks %s", resp.Proto)
		}
		return resp.StatusCode, nil
	}
	if status, err := ask(&tls.Config{RootCAs: pool}); err != nil || status != 200 {
		t.Errorf("%d, %v", status, err)
	}
	if status, err := ask(nil); err == nil {
		t.Errorf("a stranger trusts it: %d", status)
	}
	if _, err := s.API.Services(t.Context()); err != nil {
		t.Errorf("a command on this machine: %v", err)
	}
	if _, encrypted := s.Encrypted(); !encrypted {
		t.Error("it says that it does not encrypt")
	}
}

// TestPlainRequestsOnTheEncryptedPort are answered with words, whatever else is there is hung up on.
func TestPlainRequestsOnTheEncryptedPort(t *testing.T) {
	s := servertest.Start(t, selfSigned())
	for sent, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n":                                               "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
		"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}":            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
		"SSH-2.0-scanner_that_looks_for_something_else_altogether_and_says_so_at_some_length\r\n": "",
	} {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(servertest.Patience))
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn)                                    // it may be reset behind the answer
		if string(answer) != want && !(want == "" && len(answer) < 10) { // an alert of TLS
			t.Errorf("%.20q is answered with %q", sent, answer)
		}
	}
	s.Log.Expect(t, "TLS handshake failed")
	if strings.Contains(s.Log.String(), "level=WARN msg=\"http server") {
		t.Error("a scanner makes warnings")
	}
}

// plainly sends a request to a listener without encryption, with any target and Host.
func plainly(t *testing.T, at, method, target, host string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(servertest.Patience))
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, target, host); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// TestRedirectByCertificate: where no hosts are listed a Host that somebody has made up leads nowhere.
func TestRedirectByCertificate(t *testing.T) {
	plain := freeAddress(t)
	files, _ := withFiles(t, "ws.tutorsocket.example", "*.branch.example")
	s := servertest.Start(t, servertest.Production(func(c *config.Config) {
		c.Auth.Methods, c.TLS.Redirect = []string{config.AuthAccounts}, plain
	}), files, servertest.Settings(func(c *config.Config) { c.Guard.AllowedHosts = nil }))
	_, secure, _ := net.SplitHostPort(s.Addr().String())
	for host, want := range map[string]string{
		"ws.tutorsocket.example": "https://ws.tutorsocket.example/a", "WS.tutorsocket.example:" + secure: "https://WS.tutorsocket.example:" + secure + "/a",
		"x.branch.example": "https://x.branch.example/a", "evil.example": "", "evil.example:80": "", "x.y.branch.example": "", plain: "", "[::1]": "",
	} {
		resp := plainly(t, plain, "GET", "/a", host)
		status := http.StatusMisdirectedRequest
		if want != "" {
			status = http.StatusPermanentRedirect
		}
		if resp.StatusCode != status || resp.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q, want %q", host, resp.Status, resp.Header.Get("Location"), want)
		}
	}
}

// freeAddress is one of this machine where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestRedirect leads to the same place with encryption, and only hosts that are known.
func TestRedirect(t *testing.T) {
	plain := freeAddress(t)
	s := servertest.Start(t, selfSigned(), servertest.Settings(func(c *config.Config) {
		c.TLS.Redirect, c.Guard.AllowedHosts = plain, []string{"ws.tutorsocket.example"}
	}))
	_, secure, _ := net.SplitHostPort(s.Addr().String())
	raw := func(method, target, host string) *http.Response { return plainly(t, plain, method, target, host) }
	for name, c := range map[string]struct {
		target, host string
		status       int
		location     string
	}{
		"page":                     {"/client/?a=1", plain, 308, s.URL() + "/client/?a=1"},
		"name of this machine":     {"/", "localhost:1", 308, "https://localhost:" + secure + "/"},
		"IPv6":                     {"/", "[::1]:80", 308, "https://[::1]:" + secure + "/"},
		"ports are mapped":         {"/x", "ws.tutorsocket.example", 308, "https://ws.tutorsocket.example/x"},
		"ports are mapped, IPv6":   {"/x", "[::1]", 308, "https://[::1]/x"},
		"another host":             {"/", "evil.example", 403, ""},
		"an address in the path":   {"//evil.example/", plain, 308, s.URL() + "//evil.example/"},
		"an address for a path":    {"http://evil.example/x", plain, 403, ""},
		"no path":                  {"x:.evil.example/", "ws.tutorsocket.example", 308, "https://ws.tutorsocket.example/"},
		"a line break in the path": {"/a%0d%0aSet-Cookie:x", plain, 308, s.URL() + "/a%0d%0aSet-Cookie:x"},
	} {
		resp := raw("GET", c.target, c.host)
		if resp.StatusCode != c.status || resp.Header.Get("Location") != c.location || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s to %q, want %q", name, resp.Status, resp.Header.Get("Location"), c.location)
		}
		if resp.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: a browser is told to insist on encryption without any", name)
		}
	}
	if resp := raw("POST", "/api/v1/runs", plain); resp.StatusCode != 400 {
		t.Errorf("what is sent without encryption: %s", resp.Status)
	}
	if resp := raw("GET", "/.well-known/acme-challenge/x", plain); resp.StatusCode != 308 {
		t.Errorf("a challenge nobody has begun: %s", resp.Status)
	}
	s.Stop(t)
	if _, err := net.DialTimeout("tcp", plain, time.Second); err == nil {
		t.Error("the port is still open")
	}
}

// TestTLSThatCannotBe: a person is told which setting is wrong, and nothing is left running.
func TestTLSThatCannotBe(t *testing.T) {
	running := servertest.Start(t)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		change func(*tlscert.Config)
		want   string
	}{
		"no file":         {func(c *tlscert.Config) { c.Cert, c.Key = "none.crt", "none.key" }, "tls.cert: the file none.crt cannot be read"},
		"redirect in use": {func(c *tlscert.Config) { c.SelfSigned, c.Redirect = true, running.Addr().String() }, "choose another address as tls.redirect"},
		"no authority": {func(c *tlscert.Config) {
			c.ACME = tlscert.ACME{Domains: []string{"ws.tutorsocket.example"}, CA: "none.pem"}
		}, "tls.acme.ca: the file none.pem cannot be read"},
		"nothing to trust": {func(c *tlscert.Config) { c.Cert, c.Key = filepath.Join(dir, "x"), filepath.Join(dir, "x") }, "tls.cert: the file"},
	} {
		_, err := servertest.TryStart(t, servertest.Settings(func(cfg *config.Config) { cfg.Data = filepath.Join(dir, "data"); c.change(&cfg.TLS) }))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	servertest.Start(t, dataDir(filepath.Join(dir, "data")))
}

// TestACMEDomainsAreHosts: whoever asks by the name that a certificate is got for is let in.
func TestACMEDomainsAreHosts(t *testing.T) {
	authority := "https://127.0.0.1:1/directory" // nobody is there
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) {
		c.TLS.ACME = tlscert.ACME{Domains: []string{"ws.tutorsocket.example"}, Directory: authority}
	}))
	for host, want := range map[string]int{"ws.tutorsocket.example": 200, "evil.example": 403} {
		if resp, body := s.Ask(t, "GET", "/healthz", "", "Host", host); resp.StatusCode != want {
			t.Errorf("%s: %s %s", host, resp.Status, body)
		}
	}
}
