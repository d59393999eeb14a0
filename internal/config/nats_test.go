package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestNATSSettings(t *testing.T) {
	c := load(t, config.Sources{
		File: file(t, "node: a.b-1_C\nnats:\n  url: [nats://u:hush@a:4222, 'tls://[::1]:5222', b]\n  tls: {ca: ca.pem, cert: c.pem, key: k.pem}\n  replicas: 1\n  timeout: 500ms\n  prefix: school_2\n"),
		Env:  []string{"TUTORSOCKET_NATS_TOKEN=hush"},
	})
	want := config.NATS{
		URL: []string{"nats://u:hush@a:4222", "tls://[::1]:5222", "b"}, Token: "hush", TLS: config.NATSTLS{CA: "ca.pem", Cert: "c.pem", Key: "k.pem"},
		Replicas: 1, Timeout: 500 * time.Millisecond, Prefix: "school_2",
	}
	n := c.NATS
	if c.Node != "a.b-1_C" || !slices.Equal(n.URL, want.URL) || n.Token != want.Token || n.TLS != want.TLS || n.Replicas != 1 || n.Copies() != 1 ||
		n.Timeout != want.Timeout || n.Prefix != want.Prefix || !n.Outside() {
		t.Errorf("%s %+v", c.Node, n)
	}
	c = load(t, config.Sources{Env: []string{"TUTORSOCKET_NATS_URL=a:1, b:2"}})
	if !slices.Equal(c.NATS.URL, []string{"a:1", "b:2"}) || c.NATS.Copies() != 3 || c.NATS.Replicas.String() != "auto" {
		t.Errorf("%+v", c.NATS)
	}
	c = load(t, config.Sources{Flags: map[string][]string{"nats.url": {"a", "b"}, "node": {"n"}}})
	if len(c.NATS.URL) != 2 || c.Node != "n" {
		t.Errorf("%s %+v", c.Node, c.NATS)
	}
	if c := config.Default(); c.NATS.Outside() || c.NATS.Copies() != 1 || c.NATS.Timeout != 2*time.Second || c.NATS.Prefix != "tutorsocket" {
		t.Errorf("%+v", c.NATS)
	}
}

func TestWrongNATSSettings(t *testing.T) {
	for text, want := range map[string]string{
		"nats.url: [a, 'http://u:hush@b']":                     `nats.url: "http://***@b" is not the address of a NATS server: it begins with nats:// or tls://`,
		"nats.url: 'nats://hush@b:port'":                       `nats.url: "nats://***@b:port" has no port after the last colon`,
		"nats.url: 'nats://hush@:4222'":                        `nats.url: "nats://***@:4222" is not the address of a NATS server`,
		"nats.url: 'nats://b/path'":                            `nats.url: "nats://b/path" is not the address`,
		"nats: {url: a, user: u}":                              "nats.user: needs nats.password",
		"nats: {url: a, password: hush}":                       "nats.password: needs nats.user",
		"nats: {url: a, tls: {cert: c}}":                       "nats.tls.cert: needs nats.tls.key",
		"nats: {url: a, tls: {key: c}}":                        "nats.tls.key: needs nats.tls.cert",
		"nats: {url: a, token: hush, nkey: f}":                 "nats.nkey: is one way to log in to NATS too many, nats.token is another",
		"nats: {url: a, sync: 1s}":                             "nats.sync: is about the embedded store; with nats.url the NATS servers decide",
		"nats.token: hush":                                     "nats.token: needs nats.url",
		"nats.tls.ca: x":                                       "nats.tls.ca: needs nats.url",
		"nats.replicas: 3":                                     "nats.replicas: needs nats.url",
		"nats: {url: a, replicas: 6}":                          `nats.replicas: "6" is neither auto nor a number from 1 to 5`,
		"nats.timeout: 1ms":                                    "nats.timeout: must be at least 100ms",
		"nats.prefix: a.b":                                     `nats.prefix: "a.b" is not up to 32 letters, digits, - and _`,
		"nats.prefix: ''":                                      `nats.prefix: "" is not up to 32`,
		"node: a..b":                                           `node: "a..b" is not the name of a node`,
		"node: 'a b'":                                          `node: "a b" is not the name of a node`,
		"node: " + strings.Repeat("x", 65):                     "is not the name of a node: up to 64 letters",
		"nats: {url: a, tls: {insecure: true}}":                `unknown key "nats.tls.insecure"`,
		"nats: {url: a, credentials: c, user: u, password: h}": "nats.user: is one way to log in to NATS too many",
	} {
		_, err := config.Load(config.Sources{File: file(t, text+"\n")})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestSecretsOfNATSAreNotShown: neither as settings nor in the addresses.
func TestSecretsOfNATSAreNotShown(t *testing.T) {
	for _, text := range []string{
		"nats: {url: ['nats://hush@a', 'nats://u:hush@b', 'hush@c'], token: hush}", "nats: {url: a, user: u, password: hush}",
	} {
		values, err := config.Effective(config.Sources{File: file(t, text+"\n")})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if shown := v.YAML(); strings.Contains(shown, "hush") {
				t.Errorf("%s: %s", v.Setting.Key, shown)
			}
		}
	}
}
