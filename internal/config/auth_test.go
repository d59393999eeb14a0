package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

// A way to log in that is used needs what it works with.
const (
	jwtSection      = "jwt: {secret_file: s, issuer: i, audience: [a]}"
	webtutorSection = "webtutor: {url: 'https://portal.example.com/s.html', cookies: [sid]}"
	headerSection   = "header: {from: [10.0.0.7]}"
)

func TestAuth(t *testing.T) {
	c := load(t, config.Sources{File: file(t, "auth:\n  methods: [webtutor, jwt, accounts, header]\n  "+jwtSection+"\n  "+webtutorSection+"\n  "+headerSection+
		"\n  accounts: {min_password: 15, idle: 2h}\nservices: {a: {auth: [jwt]}, b: {overflow: conflate}}\ntrusted_proxies: [10.0.0.7, 'fd00::/8']\n")})
	if c.Auth.Accounts.Users.MinPassword != 15 || c.Auth.Accounts.Login.Idle.Hours() != 2 || c.Auth.JWT.Issuer != "i" ||
		!slices.Equal(c.Auth.Header.From, []string{"10.0.0.7"}) || !slices.Equal(c.TrustedProxies, []string{"10.0.0.7", "fd00::/8"}) {
		t.Errorf("%+v, %v", c.Auth, c.TrustedProxies)
	}
	// The order is that in which the ways are tried.
	all := []string{config.AuthWebTutor, config.AuthJWT, config.AuthAccounts, config.AuthHeader}
	for service, want := range map[string][]string{"a": {config.AuthJWT}, "b": all, "unknown": all} {
		if got := c.AuthOf(service); !slices.Equal(got, want) {
			t.Errorf("users of %s log in by %q, want %q", service, got, want)
		}
	}
}

// TestLogsIn: a way counts if one service uses it.
func TestLogsIn(t *testing.T) {
	c := load(t, config.Sources{
		File: file(t, "auth:\n  methods: [accounts]\n  "+headerSection+"\n"),
		Env:  []string{"TUTORSOCKET_SERVICES_A_AUTH=header"},
	})
	for method, want := range map[string]bool{config.AuthAccounts: true, config.AuthHeader: true, config.AuthJWT: false, config.AuthWebTutor: false} {
		if c.LogsIn(method) != want {
			t.Errorf("%s: %v", method, !want)
		}
	}
}

func TestWrongAuth(t *testing.T) {
	for text, want := range map[string]string{
		"auth.methods: [ldap]":                                                              `auth.methods: "ldap" is no way to log in; there are webtutor, jwt, accounts, header (FILE, line 1)`,
		"auth.methods: [JWT]":                                                               `auth.methods: "JWT" is no way to log in`,
		"auth.methods: [accounts, accounts]":                                                `auth.methods: "accounts" stands there twice`,
		"services: {a: {auth: [oauth]}}":                                                    `services.a.auth: "oauth" is no way to log in`,
		"services: {a: {auth: []}}":                                                         `services.a.auth: names no way to log in; without the key auth.methods holds (FILE, line 1)`,
		"trusted_proxies: ['0.0.0.0/1', '128.0.0.0/1']":                                     `trusted_proxies: "0.0.0.0/1" is larger than any network of proxies`,
		"auth.header.name: authorization":                                                   `auth.header.name: is "authorization", which clients write themselves`,
		"services.a.auth: [accounts, accounts]":                                             `services.a.auth: "accounts" stands there twice`,
		"auth.method: [jwt]":                                                                `unknown key "auth.method": did you mean auth.methods?`,
		"trusted_proxies: [proxy]":                                                          `trusted_proxies: "proxy" is `,
		"auth.header.from: [10.0.0.0/40]":                                                   `auth.header.from: "10.0.0.0/40" is `,
		"auth.header.name: 'a b'":                                                           `auth.header.name: is "a b", which is no name of a header`,
		"auth.methods: [header]":                                                            "auth.header.from: is not set: list the addresses",
		"services: {a: {auth: [header]}}":                                                   "auth.header.from: is not set: list the addresses",
		"auth.methods: [webtutor]":                                                          "auth.webtutor.url: is not set: it is the page of WebTutor",
		"services: {a: {auth: [webtutor]}}":                                                 "auth.webtutor.url: is not set",
		"auth.webtutor: {url: 'https://p.example.com/s'}":                                   "auth.webtutor.cookies: names none",
		"auth.webtutor: {url: 'ftp://p.example.com/s', cookies: [a]}":                       "auth.webtutor.url: is not an address",
		"auth: {methods: [jwt], jwt: {issuer: i, audience: [a]}}":                           "auth.jwt.jwks_url: is not set, nor is secret_file",
		"auth: {methods: [jwt], jwt: {secret_file: s, audience: [a]}}":                      "auth.jwt.issuer: is not set",
		"auth: {methods: [jwt], jwt: {secret_file: s, issuer: i}}":                          "auth.jwt.audience: is not set",
		"auth: {methods: [jwt], jwt: {secret_file: s, issuer: i, audience: [a], skew: 1h}}": "auth.jwt.skew: is 1h0m0s",
		"auth: {jwt: {algorithms: [none]}, methods: [jwt]}":                                 `auth.jwt.algorithms: "none" is none of`,
		"services: {a: {auth: [jwt]}}":                                                      "auth.jwt.issuer: is not set",
		"auth.accounts.min_password: 7":                                                     "auth.accounts.min_password: must be at least 8",
		"auth.accounts.attempts: 2":                                                         "auth.accounts.attempts: must be at least 3",
	} {
		path := file(t, text+"\n")
		_, err := config.Load(config.Sources{File: path})
		if want := strings.ReplaceAll(want, "FILE", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	// What nobody uses need not be complete.
	load(t, config.Sources{File: file(t, "auth: {methods: [accounts], jwt: {issuer: i}}\n")})
}

// TestServe: what others reach starts with safe settings only; each of the others is named by its key.
func TestServe(t *testing.T) {
	const accounts = "auth.methods: [accounts]\n"
	for name, c := range map[string]struct {
		file string
		want []string // keys
	}{
		"nothing is set":            {file: "{}\n", want: []string{"auth.methods"}}, // listens on loopback
		"nothing, for others":       {file: "listen: :443\n", want: []string{"auth.methods", "tls.cert"}},
		"this machine":              {file: accounts},
		"this machine, by its name": {file: accounts + "listen: localhost:80\n"},
		"this machine, IPv6":        {file: accounts + "listen: '[::1]:80'\n"},
		"all addresses":             {file: accounts + "listen: :80\n", want: []string{"tls.cert"}},
		"all addresses, written":    {file: accounts + "listen: 0.0.0.0:80\n", want: []string{"tls.cert"}},
		"all addresses, IPv6":       {file: accounts + "listen: '[::]:80'\n", want: []string{"tls.cert"}},
		"another name":              {file: accounts + "listen: localhost.example.com:80\n", want: []string{"tls.cert"}},
		"a certificate":             {file: accounts + "listen: :443\ntls: {cert: a, key: b}\n"},
		"ACME":                      {file: accounts + "listen: :443\ntls.acme.domains: [ws.example.com]\n"},
		"a proxy encrypts":          {file: accounts + "listen: :80\ntrusted_proxies: [10.0.0.7]\n"},
		"plain, said aloud":         {file: accounts + "listen: :80\ntls.plain: true\n"},
		"self-signed":               {file: accounts + "listen: :443\ntls.self_signed: true\n", want: []string{"tls.self_signed"}},
		"self-signed, this machine": {file: accounts + "tls.self_signed: true\n", want: []string{"tls.self_signed"}},
		"administrators, plain":     {file: accounts + "admin.listen: :8081\n", want: []string{"admin.listen"}},
		"administrators, here":      {file: accounts + "admin.listen: 127.0.0.1:8081\n"},
		"administrators, encrypted": {file: accounts + "admin.listen: :8081\ntls: {cert: a, key: b}\n"},
		"administrators, aloud":     {file: accounts + "admin.listen: :8081\ntls.plain: true\n"},
		"everybody, plain":          {file: accounts + "listen: :80\nadmin.listen: :8081\n", want: []string{"admin.listen", "tls.cert"}},
		"any frame":                 {file: accounts + "origins: ['null']\n", want: []string{"origins"}},
		"a way for one service":     {file: "services: {a: {auth: [accounts]}, b: {overflow: conflate}}\n"},
		"services without a way":    {file: "services: {a: {overflow: conflate}}\n", want: []string{"auth.methods"}},
		"all at once": {
			file: "listen: :443\norigins: ['null']\ntls.self_signed: true\n",
			want: []string{"auth.methods", "origins", "tls.self_signed"},
		},
	} {
		err := load(t, config.Sources{File: file(t, c.file)}).CheckServe()
		var problems config.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
		}
		var keys []string
		for _, p := range problems {
			keys = append(keys, p.Key)
			if !strings.Contains(err.Error(), p.Key) {
				t.Errorf("%s: %v does not name %s", name, err, p.Key)
			}
		}
		if !slices.Equal(keys, c.want) {
			t.Errorf("%s: %v, want problems with %q", name, err, c.want)
		}
	}
}

// TestServeNamesTheWays: who reads the error knows what to write.
func TestServeNamesTheWays(t *testing.T) {
	err := load(t, config.Sources{}).CheckServe()
	for _, want := range []string{"auth.methods", "webtutor, jwt, accounts, header"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}
