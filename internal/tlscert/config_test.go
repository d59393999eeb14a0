package tlscert_test

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

func TestConfig(t *testing.T) {
	acme := func(change func(*tlscert.ACME)) tlscert.Config {
		c := tlscert.Config{ACME: tlscert.ACME{Domains: []string{"ws.example.com"}}}
		change(&c.ACME)
		return c
	}
	for name, c := range map[string]struct {
		cfg  tlscert.Config
		on   bool
		want []string // beginnings of what is wrong
	}{
		"nothing":     {},
		"files":       {cfg: tlscert.Config{Cert: "a", Key: "b", Redirect: ":80"}, on: true},
		"self-signed": {cfg: tlscert.Config{SelfSigned: true}, on: true},
		"authority": {cfg: acme(func(a *tlscert.ACME) {
			a.Email, a.Directory, a.CA = "admin@example.com", "https://ca.example.com/dir", "ca.pem"
		}), on: true},
		"no key":            {cfg: tlscert.Config{Cert: "a"}, on: true, want: []string{"cert needs tls.key"}},
		"no certificate":    {cfg: tlscert.Config{Key: "b"}, want: []string{"key needs tls.cert"}},
		"two ways":          {cfg: tlscert.Config{Cert: "a", Key: "b", SelfSigned: true}, on: true, want: []string{"self_signed is one way to a certificate too many, tls.cert is another"}},
		"redirect alone":    {cfg: tlscert.Config{Redirect: ":80"}, want: []string{"redirect needs a certificate"}},
		"redirect nowhere":  {cfg: tlscert.Config{SelfSigned: true, Redirect: "80"}, on: true, want: []string{`redirect "80" is not an address`}},
		"email alone":       {cfg: tlscert.Config{ACME: tlscert.ACME{Email: "a@b"}}, want: []string{"acme.email needs tls.acme.domains"}},
		"email of nobody":   {cfg: acme(func(a *tlscert.ACME) { a.Email = "admin" }), on: true, want: []string{`acme.email "admin"`}},
		"directory as file": {cfg: acme(func(a *tlscert.ACME) { a.Directory = "http://ca.example.com" }), on: true, want: []string{"acme.directory is not"}},
		"all at once":       {cfg: acme(func(a *tlscert.ACME) { a.Email, a.Directory = "admin", "x" }), on: true, want: []string{"acme.email", "acme.directory"}},
		"address":           {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"192.0.2.1"} }), on: true, want: []string{`acme.domains "192.0.2.1"`}},
		"IPv6":              {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"2001:db8::1"} }), on: true, want: []string{"acme.domains"}},
		"all names":         {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"*.example.com"} }), on: true, want: []string{"acme.domains"}},
		"no domain":         {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"localhost"} }), on: true, want: []string{"acme.domains"}},
		"a URL":             {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"https://ws.example.com"} }), on: true, want: []string{"acme.domains"}},
		"line break":        {cfg: acme(func(a *tlscert.ACME) { a.Domains = []string{"ws.example.com\n"} }), on: true, want: []string{"acme.domains"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cfg.On() != c.on {
				t.Errorf("On is %v", c.cfg.On())
			}
			var lines []string
			if err := c.cfg.Validate(); err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(c.want) {
				t.Fatalf("%d things are wrong, want %d: %q", len(lines), len(c.want), lines)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, c.want[i]) {
					t.Errorf("%q does not begin with %q", line, c.want[i])
				}
			}
		})
	}
}
