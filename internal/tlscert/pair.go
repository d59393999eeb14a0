package tlscert

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// pairLook is how often the files are read. Links that are turned, as certbot and Kubernetes do, change nothing
	// that a watch of the files could see.
	pairLook = 10 * time.Second
	// pairBytes bounds a file that is surely no certificate.
	pairBytes = 1 << 20
	// pairSoon is how long before its end a certificate is worth a warning.
	pairSoon = 7 * 24 * time.Hour
)

// pair is a certificate in two files that somebody else writes.
type pair struct {
	certFile, keyFile string
	log               *slog.Logger
	clock             func() time.Time
	cert              atomic.Pointer[tls.Certificate]

	// What follows belongs to the goroutine of run.
	certText, keyText []byte // in force
	doubt             string // what was wrong when it was looked at last; "" for nothing
	told              bool   // doubt has been logged
	warned            time.Time
}

func openPair(certFile, keyFile string, deps Deps) (*pair, error) {
	p := &pair{certFile: certFile, keyFile: keyFile, log: deps.Logger, clock: deps.Clock}
	certText, keyText, err := p.read()
	if err != nil {
		return nil, err
	}
	return p, p.use(certText, keyText)
}

func (p *pair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.cert.Load(), nil }

func (p *pair) covers(host string) bool { return p.cert.Load().Leaf.VerifyHostname(host) == nil }

func (p *pair) run(ctx context.Context) {
	p.warnOfEnd()
	ticker := time.NewTicker(pairLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.look()
			p.warnOfEnd()
		}
	}
}

// look takes changed files up. They are written one after the other, so that they may not belong together for a
// moment: what is wrong is told when it is still so at the next look, once.
func (p *pair) look() {
	certText, keyText, err := p.read()
	if err == nil && bytes.Equal(certText, p.certText) && bytes.Equal(keyText, p.keyText) {
		p.doubt, p.told = "", false
		return
	}
	if err == nil {
		err = p.use(certText, keyText)
	}
	if err == nil {
		p.doubt, p.told, p.warned = "", false, time.Time{}
		leaf := p.cert.Load().Leaf
		p.log.Info("certificate changed", "certificate", names(leaf), "until", date(leaf.NotAfter))
		return
	}
	if p.doubt != err.Error() {
		p.doubt, p.told = err.Error(), false
		return
	}
	if !p.told {
		p.told = true
		p.log.Error("certificate files cannot be used, the earlier certificate stays in force", "error", p.doubt)
	}
}

// warnOfEnd says once a day that nobody has renewed the certificate.
func (p *pair) warnOfEnd() {
	leaf, now := p.cert.Load().Leaf, p.clock()
	if leaf.NotAfter.Sub(now) > pairSoon || now.Sub(p.warned) < 24*time.Hour {
		return
	}
	p.warned = now
	if now.After(leaf.NotAfter) {
		p.log.Error("certificate has ended, clients refuse it; put a new one into the file of tls.cert", "certificate", names(leaf), "until", date(leaf.NotAfter))
		return
	}
	p.log.Warn("certificate ends soon", "certificate", names(leaf), "until", date(leaf.NotAfter))
}

func (p *pair) read() (certText, keyText []byte, err error) {
	if certText, err = readFile("tls.cert", p.certFile); err != nil {
		return nil, nil, err
	}
	keyText, err = readFile("tls.key", p.keyFile)
	return certText, keyText, err
}

// use puts a certificate in force, unless it is wrong.
func (p *pair) use(certText, keyText []byte) error {
	cert, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return p.explain(certText, keyText, err)
	}
	p.cert.Store(&cert)
	p.certText, p.keyText = certText, keyText
	return nil
}

// explain says in words of the settings why two files are no pair. It repeats nothing of the key.
func (p *pair) explain(certText, keyText []byte, err error) error {
	leaf, certErr := firstCertificate(certText)
	text := err.Error()
	switch {
	case certErr != nil:
		return fmt.Errorf("tls.cert: the file %s %w", p.certFile, certErr)
	case strings.Contains(string(keyText), "ENCRYPTED"):
		return fmt.Errorf("tls.key: the key in %s is protected with a password; the server needs one without", p.keyFile)
	case !bytes.Contains(keyText, []byte("PRIVATE KEY-----")):
		return fmt.Errorf("tls.key: the file %s holds no private key (PEM)", p.keyFile)
	case strings.Contains(text, "does not match"):
		return fmt.Errorf("tls.cert, tls.key: the key in %s is not that of the certificate for %s in %s, which must come first in its file", p.keyFile, names(leaf), p.certFile)
	}
	return fmt.Errorf("tls.cert, tls.key: %s and %s cannot be used: %s", p.certFile, p.keyFile, strings.TrimPrefix(text, "tls: "))
}

func firstCertificate(text []byte) (*x509.Certificate, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("holds no certificate (PEM)")
		}
		if block.Type == "CERTIFICATE" {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("holds a certificate that cannot be read: %s", strings.TrimPrefix(err.Error(), "x509: "))
			}
			return cert, nil
		}
	}
}

func readFile(key, name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > pairBytes {
		return nil, fmt.Errorf("%s: the file %s has %d bytes, that is no certificate and no key", key, name, info.Size())
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the file %s cannot be read: %w", key, name, reason(err))
	}
	return text, nil
}
