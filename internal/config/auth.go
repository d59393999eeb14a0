package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
	"github.com/tutorsocket/tutorsocket/internal/login"
)

// Names of the ways to log in.
const (
	AuthWebTutor = "webtutor"
	AuthJWT      = "jwt"
	AuthAccounts = "accounts"
	AuthHeader   = "header"
)

// methodsKey is the setting with the ways to log in of every service that has none of its own.
const methodsKey = "auth.methods"

// authMethods are all there are.
var authMethods = []string{AuthWebTutor, AuthJWT, AuthAccounts, AuthHeader}

// Auth is about who may connect.
type Auth struct {
	Methods  []string          `yaml:"methods" default:"" doc:"How users log in, the ways tried one after the other: webtutor, jwt, accounts, header. serve needs one at least; in dev who brings nothing of the kind is the built-in administrator."`
	JWT      jwt.Config        `yaml:"jwt"`
	WebTutor webtutor.Config   `yaml:"webtutor"`
	Accounts Accounts          `yaml:"accounts"`
	Header   auth.HeaderConfig `yaml:"header"`
}

// Accounts is about users of the server's own.
type Accounts struct {
	Users accounts.Config `yaml:",inline"`
	Login login.Config    `yaml:",inline"`
}

// LogsIn says whether users of any service log in this way.
func (c *Config) LogsIn(method string) bool {
	for name := range c.Services {
		if slices.Contains(c.AuthOf(name), method) {
			return true
		}
	}
	return slices.Contains(c.Auth.Methods, method)
}

// AuthOf returns how users of a service log in.
func (c *Config) AuthOf(service string) []string {
	if set := c.Services[service]; set != nil && len(set.Auth) > 0 {
		return set.Auth
	}
	return c.Auth.Methods
}

// check looks at what is set for the ways that are used.
func (a *Auth) check(c *Config, add func(key string, err error)) {
	checkMethods(methodsKey, a.Methods, add)
	for name, service := range c.Services {
		checkMethods(serviceKey(name, "auth"), service.Auth, add)
	}
	for _, text := range c.TrustedProxies {
		add("trusted_proxies", auth.CheckPrefix(text))
	}
	if c.LogsIn(AuthJWT) {
		room("auth.jwt", a.JWT.Validate(), add)
	}
	room("auth.webtutor", a.WebTutor.Validate(), add)
	if c.LogsIn(AuthWebTutor) && a.WebTutor.URL == "" {
		add("auth.webtutor.url", errors.New("is not set: it is the page of WebTutor that says who is logged in"))
	}
	room("auth.header", a.Header.Validate(), add)
	if c.LogsIn(AuthHeader) && len(a.Header.From) == 0 {
		add("auth.header.from", errors.New("is not set: list the addresses of the reverse proxy that names the user"))
	}
}

func checkMethods(key string, list []string, add func(key string, err error)) {
	if key != methodsKey && list != nil && len(list) == 0 { // somebody may mean everybody by it, or nobody
		add(key, fmt.Errorf("names no way to log in; without the key %s holds", methodsKey))
	}
	for i, name := range list {
		switch {
		case !slices.Contains(authMethods, name):
			add(key, fmt.Errorf("%q is no way to log in; there are %s", name, strings.Join(authMethods, ", ")))
		case slices.Contains(list[:i], name):
			add(key, fmt.Errorf("%q stands there twice", name))
		}
	}
}

// CheckServe reports what keeps these settings from being those of a server that others reach: nobody could log in,
// or what they log in with would be open to everybody on the way. Each problem names the key to set.
func (c Config) CheckServe() error {
	var ps Problems
	add := func(key, format string, args ...any) {
		ps = append(ps, Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	if len(c.Auth.Methods) == 0 && !slices.ContainsFunc(slices.Collect(maps.Values(c.Services)), func(s *Service) bool { return len(s.Auth) > 0 }) {
		add(methodsKey, "is not set, so nobody could connect; name one way to log in at least, of %s: %s: [%s]. "+
			"An app is served without login, to this machine, by dev", strings.Join(authMethods, ", "), methodsKey, AuthAccounts)
	}
	encrypted := c.TLS.On() || c.TLS.Plain || len(c.TrustedProxies) > 0
	if !encrypted && !localOnly(c.Listen) {
		add("tls.cert", "is not set, and %s is an address that others reach: cookies and tokens would go over the network as they are. "+
			"Set tls.cert and tls.key, or tls.acme.domains; where a reverse proxy encrypts, list it in trusted_proxies; tls.plain allows it all the same", c.Listen)
	}
	if !encrypted && c.Admin.Listen != "" && !localOnly(c.Admin.Listen) {
		add("admin.listen", "is %s, an address that others reach, and nothing encrypts there: the admin token and API keys would go over the network as they are. "+
			"Listen on 127.0.0.1, or encrypt as for listen; tls.plain allows it all the same", c.Admin.Listen)
	}
	if slices.Contains(c.Guard.AllowedOrigins, "null") {
		add("origins", "null lets in every page in a frame without an origin of its own; that is for dev only")
	}
	if c.TLS.SelfSigned {
		add("tls.self_signed", "is for dev: no browser trusts the certificate. Set tls.cert and tls.key, or tls.acme.domains")
	}
	return ps.err()
}

// localOnly reports whether only this machine reaches an address.
func localOnly(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
