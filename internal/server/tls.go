package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// doors are the listeners of a server, and the certificates for what comes in there.
type doors struct {
	main     net.Listener
	admin    net.Listener // nil: administrators use the other
	redirect net.Listener // nil: none
	certs    *tlscert.Certificates
}

// openListeners opens the ports, and what is needed to encrypt. A certificate that cannot be used is told before
// anything is served.
func (s *Server) openListeners(ctx context.Context) (d *doors, err error) {
	d = new(doors)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.main, err = listenOn(ctx, s.cfg.Settings.Listen, "--listen, such as --listen 127.0.0.1:0 for a free port"); err != nil {
		return d, err
	}
	s.addr = d.main.Addr()
	if address := s.cfg.Settings.Admin.Listen; address != "" {
		if d.admin, err = listenOn(ctx, address, "the setting admin.listen"); err != nil {
			return d, err
		}
	}
	settings := s.cfg.Settings.TLS
	if !settings.On() {
		return d, nil
	}
	deps := tlscert.Deps{Dir: filepath.Join(s.data.dir, tlscert.Folder), Listen: d.main.Addr(), Logger: s.logger}
	if settings.Redirect != "" {
		if d.redirect, err = new(net.ListenConfig).Listen(ctx, "tcp", settings.Redirect); err != nil {
			return d, fmt.Errorf("cannot listen on %s (%w); choose another address as tls.redirect", settings.Redirect, cause(err))
		}
		deps.Redirect = d.redirect.Addr()
	}
	if d.certs, err = tlscert.Open(settings, deps); err != nil {
		return d, err
	}
	s.certs = d.certs
	s.onClose("certificates", func(context.Context) error { d.certs.Close(); return nil })
	return d, nil
}

// close closes listeners that nobody serves yet.
func (d *doors) close() error {
	var errs []error
	for _, l := range []net.Listener{d.main, d.admin, d.redirect} {
		if l != nil { // one that was opened
			errs = append(errs, ignoreClosed(l.Close()))
		}
	}
	return errors.Join(errs...)
}

// Encrypted returns the fingerprint of the certificate that the server has made itself, if it shows that one to
// everybody, and whether it encrypts at all.
func (s *Server) Encrypted() (fingerprint string, encrypted bool) {
	if s.certs == nil {
		return "", false
	}
	if !s.cfg.Settings.TLS.SelfSigned {
		return "", true
	}
	return s.certs.Fingerprint(), true
}

func (s *Server) scheme() string {
	if s.cfg.Settings.TLS.On() {
		return "https"
	}
	return "http"
}

// openDoorsTo begins to serve: what is behind the guards, on the listeners, and the way there on the one without
// encryption.
func (s *Server) openDoorsTo(d *doors, refused *auth.Refusals) {
	records := newConnRecords(s.logger, s.metrics, refused)
	guard := s.cfg.Settings.Guard
	guard.Listen, guard.Metrics, guard.Refusals = s.addr.String(), s.metrics, refused
	guard.Strict, guard.AnyHost = s.cfg.Production, s.cfg.Production && len(guard.AllowedHosts)+len(s.cfg.Settings.TLS.ACME.Domains) == 0
	// Whoever gets a certificate for a name wants to be asked by it.
	guard.AllowedHosts = append(append([]string(nil), guard.AllowedHosts...), s.cfg.Settings.TLS.ACME.Domains...)
	if d.admin != nil {
		guard.AllowedHosts = append(guard.AllowedHosts, d.admin.Addr().String())
	}
	guarded := auth.Guard(guard, s.logger)
	hsts := s.cfg.Settings.TLS.HSTS
	if s.cfg.Settings.TLS.SelfSigned {
		hsts = 0 // a browser that was told so would not let anybody past the warning any more, on any port
	}
	crossSite := auth.CrossSite(s.metrics, refused, s.logger)
	proxies, _ := auth.NewProxies(s.cfg.Settings.TrustedProxies) // the settings were checked
	behind := func(p part) http.Handler {
		guarded := guarded
		if p == forAdministrators {
			// Figures are shown there without a token: a name that a stranger has lead there is not the server's own.
			strict := guard
			strict.AnyHost, strict.Addresses = false, true
			guarded = auth.Guard(strict, s.logger)
		}
		return proxies.Handler(secureHeaders(hsts, guarded(crossSite(door{&s.routes, p}))))
	}
	if d.admin == nil {
		s.serveOn(d, d.main, behind(everything), records)
	} else {
		s.serveOn(d, d.admin, behind(forAdministrators), records)
		s.serveOn(d, d.main, behind(forEverybody), records)
	}
	if d.redirect != nil {
		s.serveRedirect(d, secureHeaders(0, d.certs.Challenge(guarded(s.redirect(d, guard.AnyHost)))), records)
	}
	if d.certs != nil {
		s.group.Go(func() error { d.certs.Run(s.alive); return nil })
	}
}

// serveOn serves a listener, encrypted if there is a certificate.
func (s *Server) serveOn(d *doors, l net.Listener, handler http.Handler, records *connRecords) {
	if d.certs != nil {
		l = tls.NewListener(l, d.certs.TLS())
	}
	s.serve(l, handler, records)
}

// serveRedirect serves the listener without encryption. There is nothing there that would be missed: it is closed at
// once.
func (s *Server) serveRedirect(d *doors, handler http.Handler, records *connRecords) {
	conns := s.newConns(records)
	httpServer := newHTTPServer(handler, s.logger, conns, records)
	s.group.Go(func() error {
		if err := httpServer.Serve(d.redirect); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("the listener of tls.redirect broke: %w", err))
		}
		return nil
	})
	s.onClose("redirect", func(context.Context) error { return httpServer.Close() })
}

func (s *Server) newConns(records *connRecords) *conns {
	limits := s.cfg.Settings.Limits
	proxies, _ := auth.NewProxies(s.cfg.Settings.TrustedProxies) // the settings were checked
	return &conns{
		limits:  connLimits{total: waitingLimit(limits, openFiles()), perAddress: int(limits.WaitingPerAddress)},
		report:  records,
		trusted: proxies.Trusts,
	}
}

// redirect leads to the same place with encryption. What was sent along is not to be sent again as if nothing had
// happened: a token that came without encryption may have been read by anybody. Where no hosts are listed the certificate
// says which there are: a Host that somebody has made up leads nowhere.
func (s *Server) redirect(d *doors, anyHost bool) http.Handler {
	l := d.redirect
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port := splitHostPort(r.Host)
		if anyHost && !d.certs.Cover(host) {
			w.Header().Set("Cache-Control", "no-store")
			problem(w, http.StatusMisdirectedRequest, "This address is not encrypted, and the certificate of the server is not for the host that was asked for.")
			return
		}
		target := "https://" + host
		if secure := s.encryptedPort(l, port); secure != "443" {
			target = "https://" + net.JoinHostPort(trimBrackets(host), secure)
		}
		w.Header().Set("Cache-Control", "no-store") // ports may be set otherwise tomorrow
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem(w, http.StatusBadRequest, "This address is not encrypted and only leads to "+target+"; what was sent has been ignored.")
			return
		}
		to := &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
		path := to.RequestURI()
		if !strings.HasPrefix(path, "/") { // a request may name anything, and would make another host of ours
			path = "/"
		}
		http.Redirect(w, r, target+path, http.StatusPermanentRedirect)
	})
}

// encryptedPort is the one to lead to, given the port the client has come by. Without one that is 80: if we listen
// on another, something in front maps ports, and 443 is mapped as well.
func (s *Server) encryptedPort(l net.Listener, port string) string {
	if port == "" && portOf(l.Addr()) != "80" {
		return "443"
	}
	return portOf(s.addr)
}

func portOf(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return ""
}

// splitHostPort splits a Host that the guard has let pass; port is "" if there is none.
func splitHostPort(text string) (host, port string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return text, ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]"
	}
	return host, port
}

func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
