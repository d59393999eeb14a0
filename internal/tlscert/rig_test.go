package tlscert_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// patience is how long anything expected may take.
const patience = time.Minute

// record is a log that tests read while it is written.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// issue makes a pair of files' contents for the names.
func issue(t testing.TB, until time.Time, names ...string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Unix(0, 0), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// files writes a pair and returns the settings for it.
func files(t testing.TB, cert, key []byte) tlscert.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := tlscert.Config{Cert: filepath.Join(dir, "server.crt"), Key: filepath.Join(dir, "server.key")}
	write(t, cfg.Cert, cert)
	write(t, cfg.Key, key)
	return cfg
}

func open(t testing.TB, cfg tlscert.Config, deps tlscert.Deps) *tlscert.Certificates {
	t.Helper()
	c, err := tlscert.Open(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve answers "hello" on a listener until the test ends.
func serve(t testing.TB, l net.Listener, handler http.Handler) {
	t.Helper()
	s := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // ended by Close
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// shake connects, and returns the certificate that was shown, and what the client thinks of the connection.
func shake(t testing.TB, addr net.Addr, cfg *tls.Config) (*x509.Certificate, tls.ConnectionState, error) {
	t.Helper()
	dialer := &net.Dialer{Timeout: patience}
	conn, err := tls.DialWithDialer(dialer, "tcp", addr.String(), cfg)
	if err != nil {
		return nil, tls.ConnectionState{}, err
	}
	defer conn.Close()
	state := conn.ConnectionState()
	return state.PeerCertificates[0], state, nil
}

// shown is the certificate for a name, whoever signed it.
func shown(t testing.TB, addr net.Addr, name string) *x509.Certificate {
	t.Helper()
	cert, _, err := shake(t, addr, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func commonName(c *x509.Certificate) string { return strings.TrimSpace(c.Subject.CommonName) }
