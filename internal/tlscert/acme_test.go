package tlscert_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

const domain = "ws.tutorsocket.example"

// startAuthority runs Pebble, the certificate authority that the makers of Let's Encrypt test clients with. It asks for
// challenges at these ports of this machine. It returns the settings to use it with, and what ends it early.
func startAuthority(t *testing.T, httpPort, tlsPort int) (cfg tlscert.ACME, stop func()) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	logger := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "the only one"}})
	front := wfe.New(logger, store, va.New(logger, httpPort, tlsPort, false, startDNS(t), store), authority, []string{"authority.example"}, false, false, 0, 0)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "authority.pem")
	write(t, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	return tlscert.ACME{Domains: []string{domain}, Email: "admin@tutorsocket.example", Directory: s.URL + wfe.DirectoryPath, CA: file}, s.Close
}

// startDNS answers that every name is this machine.
func startDNS(t *testing.T) (address string) {
	t.Helper()
	l := listen(t)
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		answer := new(dns.Msg).SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer) // who asked may be gone
	})}
	done := make(chan error, 1)
	go func() { done <- s.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

// managed is a server with certificates of an authority.
type managed struct {
	*tlscert.Certificates
	secure net.Addr
	log    record
	stop   func()
}

// startManaged serves on the listener, and on another without encryption unless that is nil.
func startManaged(t *testing.T, cfg tlscert.ACME, dir string, secure, plain net.Listener) *managed {
	t.Helper()
	m := &managed{secure: secure.Addr()}
	deps := tlscert.Deps{Dir: dir, Listen: secure.Addr(), Logger: m.log.logger()}
	if plain != nil {
		deps.Redirect = plain.Addr()
	}
	c, err := tlscert.Open(tlscert.Config{ACME: cfg}, deps)
	if err != nil {
		t.Fatal(err)
	}
	m.Certificates = c
	serve(t, tls.NewListener(secure, c.TLS()), http.NotFoundHandler())
	if plain != nil {
		serve(t, plain, c.Challenge(http.NotFoundHandler()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	m.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		c.Close()
	})
	t.Cleanup(m.stop)
	return m
}

// waitFor asks until the certificate of the authority is there, and returns it.
func (m *managed) waitFor(t *testing.T) []byte {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		cert, _, err := shake(t, m.secure, &tls.Config{ServerName: domain, InsecureSkipVerify: true})
		if err == nil {
			if err := cert.VerifyHostname(domain); err != nil || !strings.Contains(cert.Issuer.CommonName, "Pebble") {
				t.Fatalf("issued by %s: %v", cert.Issuer, err)
			}
			return cert.Raw
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v\n%s", err, m.log.String())
		}
	}
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// closedPort is one that nobody answers at.
func closedPort(t *testing.T) int {
	l := listen(t)
	defer l.Close()
	return port(l)
}

// TestACME gets a certificate from a real authority, by each challenge, and needs none for the next start.
func TestACME(t *testing.T) {
	for name, way := range map[string]struct{ http, alpn bool }{"HTTP-01": {http: true}, "TLS-ALPN-01": {alpn: true}} {
		t.Run(name, func(t *testing.T) {
			secure := listen(t)
			var plain net.Listener
			httpPort, tlsPort := closedPort(t), closedPort(t)
			if way.http {
				plain = listen(t)
				httpPort = port(plain)
			}
			if way.alpn {
				tlsPort = port(secure)
			}
			cfg, end := startAuthority(t, httpPort, tlsPort)
			dir := filepath.Join(t.TempDir(), tlscert.Folder)
			m := startManaged(t, cfg, dir, secure, plain)
			first := m.waitFor(t)
			if said := m.log.String(); !strings.Contains(said, `msg="certificate obtained" certificate=`+domain) {
				t.Errorf("log %s", said)
			}
			if _, _, err := shake(t, m.secure, &tls.Config{InsecureSkipVerify: true}); err != nil {
				t.Errorf("a client that names nobody: %v", err)
			}
			m.stop()
			privateFolder(t, dir)

			end() // nobody is to be asked
			if again := startManaged(t, cfg, dir, listen(t), nil).waitFor(t); !bytes.Equal(again, first) {
				t.Error("the next start has another certificate")
			}
		})
	}
}

// privateFolder checks that nobody else can read a folder, which has keys in it.
func privateFolder(t *testing.T, dir string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", name, info.Mode())
		}
		if strings.HasSuffix(name, ".key") {
			keys++
		}
		return err
	})
	if err != nil || keys < 3 { // of the account, the certificate and this machine
		t.Errorf("%d keys, error %v", keys, err)
	}
}

// TestAnAuthorityThatIsNotThere: the server runs, handshakes fail until there is a certificate, and the log says why.
func TestAnAuthorityThatIsNotThere(t *testing.T) {
	cfg, _ := startAuthority(t, closedPort(t), closedPort(t)) // nobody can prove the name
	m := startManaged(t, cfg, t.TempDir(), listen(t), listen(t))
	for deadline := time.Now().Add(patience); !strings.Contains(m.log.String(), "getting a certificate"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log says %q", m.log.String())
		}
	}
	if !strings.Contains(m.log.String(), domain) {
		t.Errorf("the log does not say for what: %s", m.log.String())
	}
	_, _, err := shake(t, m.secure, &tls.Config{ServerName: domain, InsecureSkipVerify: true})
	if err == nil {
		t.Error("there is a certificate that nobody gave")
	}
}

// TestChallengesOfNobody: what is no challenge goes to the handler behind, and so does one that nobody has begun.
func TestChallengesOfNobody(t *testing.T) {
	cfg := tlscert.ACME{Domains: []string{domain}, Directory: "https://127.0.0.1:1/none"}
	l := listen(t)
	c := open(t, tlscert.Config{ACME: cfg}, tlscert.Deps{Dir: t.TempDir(), Listen: l.Addr(), Redirect: l.Addr()})
	h := c.Challenge(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for _, path := range []string{"/", "/.well-known/acme-challenge/none", "/.well-known/acme-challenge/../../x"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+domain+path, nil))
		if w.Code != http.StatusTeapot {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestWrongAuthorities(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, nil)
	for file, want := range map[string]string{"none.pem": "tls.acme.ca: the file none.pem cannot be read", empty: "holds no certificate"} {
		_, err := tlscert.Open(tlscert.Config{ACME: tlscert.ACME{Domains: []string{domain}, CA: file}}, tlscert.Deps{Dir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
