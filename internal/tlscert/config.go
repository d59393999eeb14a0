package tlscert

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config says where the certificate comes from. At most one of the ways may be set; without any the server does
// not encrypt.
type Config struct {
	SelfSigned bool          `yaml:"self_signed" flag:"tls" default:"false" doc:"Encrypt with a certificate that the server makes itself, once per data folder, for localhost and the name of the machine: for development, no browser trusts it."`
	Cert       string        `yaml:"cert" default:"" file:"true" doc:"File with the certificate (PEM) to encrypt with, the server's first and then those it is signed by; with tls.key. It is read again when it changes."`
	Key        string        `yaml:"key" default:"" file:"true" doc:"File with the key (PEM) of tls.cert."`
	ACME       ACME          `yaml:"acme"`
	Plain      bool          `yaml:"plain" default:"false" doc:"Let serve answer without encryption on an address that others reach: the network is safe, or something encrypts in front that trusted_proxies does not name."`
	Redirect   string        `yaml:"redirect" default:"" doc:"Second address to listen on, host:port, usually :80: it sends requests without encryption to the encrypted address, and answers the challenges of tls.acme."`
	HSTS       time.Duration `yaml:"hsts" default:"8760h" min:"0s" doc:"How long browsers are to ask for nothing but encryption of this host, after each visit (Strict-Transport-Security). Not with tls.self_signed; 0: they are not told."`
}

// ACME is about certificates that a certificate authority gives to programs.
type ACME struct {
	Domains   []string `yaml:"domains" default:"" doc:"Names to get a certificate for from a certificate authority, such as ws.example.com. By setting it you accept the terms of service of that authority."`
	Email     string   `yaml:"email" default:"" doc:"Address the certificate authority writes to when something is wrong with the certificate."`
	Directory string   `yaml:"directory" default:"" doc:"URL of the ACME directory of the certificate authority; without one that of Let's Encrypt."`
	CA        string   `yaml:"ca" default:"" file:"true" doc:"File with the certificates (PEM) of those who sign for tls.acme.directory; without one those the system trusts."`
}

// On reports whether the server encrypts.
func (c Config) On() bool { return c.SelfSigned || c.Cert != "" || len(c.ACME.Domains) > 0 }

// Validate says what is wrong with the section. Each error begins with the name of a setting in it.
func (c Config) Validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	var ways []string
	for _, way := range []struct {
		name string
		set  bool
	}{{"acme.domains", len(c.ACME.Domains) > 0}, {"cert", c.Cert != ""}, {"self_signed", c.SelfSigned}} {
		if way.set {
			ways = append(ways, way.name)
		}
	}
	if len(ways) > 1 {
		add(true, "%s is one way to a certificate too many, tls.%s is another; leave one", ways[1], ways[0])
	}
	add(c.Cert != "" && c.Key == "", "cert needs tls.key")
	add(c.Key != "" && c.Cert == "", "key needs tls.cert")
	for _, domain := range c.ACME.Domains {
		add(!domainName(domain), "acme.domains %q is not the name of a host such as ws.example.com; a certificate for all names below one (*.) or for an address is not to be had this way", domain)
	}
	if len(c.ACME.Domains) == 0 {
		for _, set := range []struct{ name, value string }{
			{"acme.email", c.ACME.Email}, {"acme.directory", c.ACME.Directory}, {"acme.ca", c.ACME.CA},
		} {
			add(set.value != "", "%s needs tls.acme.domains", set.name)
		}
	}
	add(c.ACME.Email != "" && !emailAddress.MatchString(c.ACME.Email), "acme.email %q is not an address such as admin@example.com", c.ACME.Email)
	if c.ACME.Directory != "" {
		u, err := url.Parse(c.ACME.Directory)
		add(err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil, "acme.directory is not the URL of an ACME directory: it begins with https:// and has no user in it")
	}
	if c.Redirect != "" {
		add(!c.On(), "redirect needs a certificate to lead to: set tls.cert, tls.acme.domains or tls.self_signed")
		_, _, err := net.SplitHostPort(c.Redirect)
		add(err != nil, "redirect %q is not an address: write it as :80 or 127.0.0.1:8081", c.Redirect)
	}
	return errors.Join(errs...)
}

var (
	emailAddress = regexp.MustCompile(`^[^@\s<>,]+@[^@\s<>,]+$`)
	hostLabel    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

// domainName reports whether an authority may be asked for a certificate of a name.
func domainName(name string) bool {
	if len(name) > 253 || net.ParseIP(name) != nil || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}
