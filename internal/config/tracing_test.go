package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestTracingSettings(t *testing.T) {
	c := load(t, config.Sources{File: file(t, "tracing:\n  endpoint: http://127.0.0.1:4318\n  sample: 0.25\n  headers: [Authorization=Bearer x=, X-A=b]\n")})
	if got := c.Tracing; got.Endpoint != "http://127.0.0.1:4318" || got.Sample != 0.25 || !slices.Equal(got.Headers, []string{"Authorization=Bearer x=", "X-A=b"}) {
		t.Errorf("%+v", got)
	}
	if c := load(t, config.Sources{Env: []string{"TUTORSOCKET_TRACING_SAMPLE=0"}}); c.Tracing.Sample != 0 {
		t.Errorf("sample %v", c.Tracing.Sample)
	}
	if c := config.Default(); c.Tracing.Sample != 1 || c.Tracing.Endpoint != "" || len(c.Tracing.Headers) != 0 {
		t.Errorf("%+v", c.Tracing)
	}
	for _, s := range config.Reference() {
		if s.Secret != slices.Contains([]string{"admin.token", "tracing.headers", "nats.password", "nats.token"}, s.Key) {
			t.Errorf("%s is secret: %v", s.Key, s.Secret)
		}
	}
}

func TestWrongTracingSettings(t *testing.T) {
	for text, want := range map[string]string{
		"tracing.endpoint: localhost:4318":       `tracing.endpoint: "localhost:4318" is not an address such as http://127.0.0.1:4318`,
		"tracing.endpoint: http://u:hush@a":      "tracing.endpoint: must not hold a name or a password",
		"tracing.sample: 2":                      "tracing.sample: must be from 0 to 1",
		"tracing.sample: -0.1":                   "tracing.sample: must be from 0 to 1",
		"tracing.sample: half":                   `tracing.sample: "half" is not a number such as 0.25 or 1`,
		"tracing.sample: .nan":                   `tracing.sample: ".nan" is not a number`,
		"tracing.headers: [X-A=b, hush hush]":    "tracing.headers: are not all of the form NAME=VALUE: look at number 2",
		"tracing: {header: [a=b]}":               "tracing.header",
		"tracing: {endpoint: [http://a, b]}":     "tracing.endpoint: takes one value",
		"tracing.headers: {Authorization: hush}": "tracing.headers",
	} {
		_, err := config.Load(config.Sources{File: file(t, text+"\n")})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
