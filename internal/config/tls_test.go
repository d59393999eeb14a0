package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestTLS(t *testing.T) {
	c := load(t, config.Sources{
		File: file(t, "tls:\n  acme: {domains: [ws.example.com, www.example.com], email: a@example.com, directory: 'https://ca.example.com/dir', ca: ca.pem}\n  redirect: :80\n"),
		Env:  []string{"TUTORSOCKET_TLS_HSTS=0s"},
	})
	acme := c.TLS.ACME
	if !slices.Equal(acme.Domains, []string{"ws.example.com", "www.example.com"}) || acme.Email != "a@example.com" ||
		acme.Directory != "https://ca.example.com/dir" || acme.CA != "ca.pem" || c.TLS.Redirect != ":80" || c.TLS.HSTS != 0 {
		t.Errorf("%+v", c.TLS)
	}
	if c := load(t, config.Sources{Flags: map[string][]string{"tls.self_signed": {"true"}}}); !c.TLS.On() || c.TLS.HSTS != 365*24*time.Hour {
		t.Errorf("%+v", c.TLS)
	}
	if config.Default().TLS.On() || config.DevDefault().TLS.On() {
		t.Error("it encrypts though nobody has asked for it")
	}
}

func TestWrongTLS(t *testing.T) {
	for text, want := range map[string]string{
		"tls.cert: a": "tls.cert: needs tls.key (FILE, line 1)",
		"tls.key: a":  "tls.key: needs tls.cert",
		"tls: {cert: a, key: b, self_signed: yes}": "tls.self_signed: is one way to a certificate too many, tls.cert is another",
		"tls.redirect: :80":                        "tls.redirect: needs a certificate to lead to",
		"tls.acme.email: a@example.com":            "tls.acme.email: needs tls.acme.domains",
		"tls.acme.domains: ['*.example.com']":      `tls.acme.domains: "*.example.com" is not the name of a host`,
		"tls.hsts: -1s":                            "tls.hsts: must be at least 0s",
		"tls.self_signed: perhaps":                 `tls.self_signed: "perhaps" is neither`,
		"tls: {certificate: a}":                    `unknown key "tls.certificate"`,
		"limits.waiting: 5":                        "limits.waiting: must be at least 16",
		"limits.waiting_per_address: 0":            "limits.waiting_per_address: must be at least 1",
	} {
		path := file(t, text+"\n")
		_, err := config.Load(config.Sources{File: path})
		if want := strings.ReplaceAll(want, "FILE", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
