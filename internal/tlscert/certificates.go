package tlscert

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Deps are what the certificates need from those around.
type Deps struct {
	// Dir is the folder for what must be kept, usually tls in the data folder. It is made for its owner alone.
	Dir string
	// Listen is the address with encryption, Redirect the one without; nil if there is none.
	Listen, Redirect net.Addr
	Logger           *slog.Logger     // nil: nothing is logged
	Clock            func() time.Time // nil: time.Now
}

// Certificates are the certificates of a server. [Open] makes one.
type Certificates struct {
	local  *tls.Certificate
	source source
	acme   *authority // nil: none
}

// source is where the certificate for a handshake comes from.
type source interface {
	certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// covers reports whether it is for a host.
	covers(host string) bool
	// run keeps the certificate in force until ctx ends.
	run(ctx context.Context)
}

// Open reads or makes what is needed to encrypt. Certificates of an authority may not be there yet: [Certificates.Run]
// gets them. An error names the setting or the file at fault.
func Open(cfg Config, deps Deps) (*Certificates, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Clock == nil {
		deps.Clock = time.Now
	}
	if err := makeFolder(deps.Dir); err != nil {
		return nil, err
	}
	local, err := openLocal(deps)
	if err != nil {
		return nil, err
	}
	c := &Certificates{local: local}
	switch {
	case len(cfg.ACME.Domains) > 0:
		if c.acme, err = openAuthority(cfg.ACME, deps); err == nil {
			c.source = c.acme
		}
	case cfg.Cert != "":
		c.source, err = openPair(cfg.Cert, cfg.Key, deps)
	default:
		c.source = fixed{local}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// makeFolder makes a folder for its owner alone, and one that is there already is closed to others.
func makeFolder(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.Chmod(dir, 0o700) // no work where it is so, nor on Windows
	}
	if err != nil {
		return fmt.Errorf("the folder for certificates %s cannot be made (%w)", dir, reason(err))
	}
	return nil
}

// TLS returns the settings of the listener: TLS 1.2 or newer, and HTTP/1.1 above it, because that is what a
// WebSocket handshake is made of.
func (c *Certificates) TLS() *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: c.certificate}
	if c.acme != nil {
		t.NextProtos = append(t.NextProtos, challengeProtocol)
	}
	return t
}

func (c *Certificates) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if strings.EqualFold(hello.ServerName, LocalName) {
		return c.local, nil
	}
	return c.source.certificate(hello)
}

// Cover reports whether a browser that asks for a host, a name or an address, is shown a certificate for it.
func (c *Certificates) Cover(host string) bool { return c.source.covers(host) }

// Challenge returns a handler that answers the questions of a certificate authority on the address without
// encryption, and leaves all others to next.
func (c *Certificates) Challenge(next http.Handler) http.Handler {
	if c.acme == nil {
		return next
	}
	return c.acme.challenge(next)
}

// Run keeps the certificates in force until ctx ends: files that change are taken up, certificates of an authority
// are got and renewed. What goes wrong is logged and tried again.
func (c *Certificates) Run(ctx context.Context) { c.source.run(ctx) }

// Close lets go of what Open made. Run has returned by then. It may be called once.
func (c *Certificates) Close() {
	if c.acme != nil {
		c.acme.close()
	}
}

// Fingerprint returns the SHA-256 of the certificate that the server made itself, as browsers show it.
func (c *Certificates) Fingerprint() string { return fingerprint(c.local.Leaf) }

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// fixed is a certificate that stays.
type fixed struct{ cert *tls.Certificate }

func (f fixed) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.cert, nil }
func (f fixed) covers(host string) bool                                    { return f.cert.Leaf.VerifyHostname(host) == nil }
func (f fixed) run(context.Context)                                        {}

// Names returns what a certificate is for, and until when, for people.
func names(cert *x509.Certificate) string {
	all := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return cert.Subject.CommonName
	}
	return strings.Join(all, ", ")
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// CertFile returns the file in a data folder with the certificate that the server made itself.
func CertFile(dataDir string) string { return filepath.Join(dataDir, Folder, localCert) }

// Trust returns TLS settings for clients on this machine: what the system trusts, and the certificate that a server
// keeps in a data folder. Without one there it returns nil, which means the settings everybody has.
func Trust(dataDir string) *tls.Config {
	text, err := os.ReadFile(CertFile(dataDir))
	if err != nil {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}

// TrustLocal returns TLS settings for the server that a data folder belongs to, whatever its certificate is for: the one
// in the data folder is asked for, and nothing else is trusted. Without one there it returns nil.
func TrustLocal(dataDir string) *tls.Config {
	text, err := os.ReadFile(CertFile(dataDir))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: LocalName}
}
