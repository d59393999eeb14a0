package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// challengeProtocol is that of TLS-ALPN-01 (RFC 8737).
const challengeProtocol = "acme-tls/1"

// authority gets certificates from a certificate authority and renews them.
type authority struct {
	domains []string
	cache   *certmagic.Cache
	config  *certmagic.Config
	issuer  *certmagic.ACMEIssuer
	log     *slog.Logger
}

func openAuthority(cfg ACME, deps Deps) (*authority, error) {
	dir := filepath.Join(deps.Dir, "acme")
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	a := &authority{domains: cfg.Domains, log: deps.Logger}
	template := certmagic.ACMEIssuer{
		CA: certmagic.LetsEncryptProductionCA, Email: cfg.Email, Agreed: true, // the setting says so
		Logger: zapTo(deps.Logger), DisableHTTPChallenge: deps.Redirect == nil,
	}
	if cfg.Directory != "" {
		template.CA = cfg.Directory
	}
	if cfg.CA != "" {
		text, err := readFile("tls.acme.ca", cfg.CA)
		if err != nil {
			return nil, err
		}
		template.TrustedRoots = x509.NewCertPool()
		if !template.TrustedRoots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls.acme.ca: the file %s holds no certificate (PEM)", cfg.CA)
		}
	}
	// It opens the ports of challenges itself, unless they are open: ours are.
	template.ListenHost, template.AltTLSALPNPort = hostPort(deps.Listen)
	_, template.AltHTTPPort = hostPort(deps.Redirect)
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		Logger:           template.Logger,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: dir}, DefaultServerName: cfg.Domains[0], FallbackServerName: cfg.Domains[0],
		Logger: template.Logger, OnEvent: a.note, ShouldEmitFunc: noted,
	})
	a.issuer = certmagic.NewACMEIssuer(a.config, template)
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// hostPort splits the address of a listener; port 0 for none.
func hostPort(addr net.Addr) (host string, port int) {
	if addr == nil {
		return "", 0
	}
	host, text, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "", 0
	}
	port, _ = strconv.Atoi(text) // that of a listener is a number
	return host, port
}

func (a *authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.config.GetCertificate(hello)
}

func (a *authority) covers(host string) bool {
	return slices.ContainsFunc(a.domains, func(domain string) bool { return strings.EqualFold(domain, host) })
}

func (a *authority) challenge(next http.Handler) http.Handler {
	return a.issuer.HTTPChallengeHandler(next)
}

// run takes up what is stored, and gets the rest in the background.
func (a *authority) run(ctx context.Context) {
	if err := a.config.ManageAsync(ctx, a.domains); err != nil && ctx.Err() == nil {
		a.log.Error("stored certificates cannot be used", "error", err.Error())
	}
	<-ctx.Done()
}

func (a *authority) close() { a.cache.Stop() }

const (
	eventObtained = "cert_obtained"
	eventFailed   = "cert_failed"
)

// noted says which events are logged.
func noted(event string) bool { return event == eventObtained || event == eventFailed }

// note logs what an operator counts on.
func (a *authority) note(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	switch event {
	case eventObtained:
		a.log.Info("certificate obtained", "certificate", name)
	case eventFailed:
		text := "unknown"
		if err, ok := data["error"].(error); ok {
			text = err.Error()
		}
		a.log.Error("no certificate from the certificate authority, it is asked again later", "certificate", name, "error", text)
	}
	return nil
}

// zapTo writes the warnings of a library that logs with zap.
func zapTo(logger *slog.Logger) *zap.Logger { return zap.New(zapCore{log: logger}) }
