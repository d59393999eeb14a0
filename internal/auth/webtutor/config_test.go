package webtutor_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
)

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func good() webtutor.Config {
	return webtutor.Config{URL: "https://portal.example.com/tutorsocket_session.html", Cookies: []string{"SessionID"},
		Timeout: time.Second, Cache: time.Second, Recheck: time.Minute, Grace: time.Minute}
}

func TestSettingsThatAreWrong(t *testing.T) {
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*webtutor.Config)
		want   string
	}{
		"no address":         {func(c *webtutor.Config) { c.URL = "portal" }, "url is not an address such as"},
		"another scheme":     {func(c *webtutor.Config) { c.URL = "file:///etc/passwd" }, "url is not an address such as"},
		"http":               {func(c *webtutor.Config) { c.URL = "http://127.0.0.1/x" }, "url begins with http"},
		"a password":         {func(c *webtutor.Config) { c.URL = "https://u:hidden@portal/x" }, "url must not hold a name or a password"},
		"a fragment":         {func(c *webtutor.Config) { c.URL = "https://portal/x#y" }, "url must not hold a #"},
		"no cookies":         {func(c *webtutor.Config) { c.Cookies = nil }, "cookies names none"},
		"not a name":         {func(c *webtutor.Config) { c.Cookies = []string{"a=b"} }, `cookies: "a=b" is not the name of a cookie`},
		"an empty name":      {func(c *webtutor.Config) { c.Cookies = []string{""} }, `cookies: "" is not the name of a cookie`},
		"too many":           {func(c *webtutor.Config) { c.Cookies = strings.Split(strings.Repeat("a,", 40)+"a", ",") }, "cookies names 41"},
		"no time":            {func(c *webtutor.Config) { c.Timeout = 0 }, "timeout is 0s"},
		"no interval":        {func(c *webtutor.Config) { c.Recheck = 0 }, "recheck is 0s"},
		"a negative cache":   {func(c *webtutor.Config) { c.Cache = -1 }, "cache is -1ns"},
		"a negative grace":   {func(c *webtutor.Config) { c.Grace = -1 }, "grace is -1ns"},
		"not in use, a time": {func(c *webtutor.Config) { c.URL, c.Cookies, c.Timeout = "", nil, 0 }, "timeout is 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good()
			c.change(&cfg)
			err := cfg.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if m, err := webtutor.New(cfg); err == nil {
				m.Close()
				t.Error("a method was made all the same")
			}
		})
	}
	if err := (webtutor.Config{Timeout: 1, Recheck: 1}).Validate(); err != nil {
		t.Errorf("a method that is not in use: %v", err)
	}
	bad := webtutor.Config{URL: "x"}
	if err := bad.Validate(); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not all that is wrong is said: %v", err)
	}
}

func TestFilesOfSettings(t *testing.T) {
	for name, c := range map[string]struct {
		header, ca *string
		want       string // "" if all is well
	}{
		"a header":            {header: text("X-Secret=abc")},
		"in lines of Windows": {header: text("\ufeffx-secret = abc=d \r\n")},
		"no value":            {header: text("X-Secret="), want: "must hold one line of the form NAME=VALUE"},
		"no name":             {header: text("=hidden"), want: "must hold one line of the form NAME=VALUE"},
		"no sign":             {header: text("hidden"), want: "must hold one line of the form NAME=VALUE"},
		"two lines":           {header: text("X-Secret=abc\nX-Other=hidden"), want: "must hold one line of ASCII characters"},
		"a zero":              {header: text("X-Secret=hidden\x00x"), want: "must hold one line of ASCII characters"},
		"not ASCII":           {header: text("X-Secret=hiddenй"), want: "must hold one line of ASCII characters"},
		"not a name":          {header: text("X Secret: hidden=1"), want: "must hold one line of the form NAME=VALUE"},
		"cookies":             {header: text("cookie=hidden"), want: "Cookie is not a header that can be chosen"},
		"the host":            {header: text("host=hidden"), want: "Host is not a header that can be chosen"},
		"empty":               {header: text(""), want: "must hold one line of the form NAME=VALUE"},
		"too large":           {header: text("X-Secret=" + strings.Repeat("h", 5000)), want: "is larger than 4096 bytes"},
		"no certificates":     {ca: text("hidden"), want: "holds no certificates in the form PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, dir := good(), t.TempDir()
			for setting, content := range map[*string]*string{&cfg.Header: c.header, &cfg.CA: c.ca} {
				if content == nil {
					continue
				}
				*setting = filepath.Join(dir, "file")
				if err := os.WriteFile(*setting, []byte(*content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m, err := webtutor.New(cfg)
			if err == nil {
				m.Close()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	cfg := good()
	cfg.Header = filepath.Join(t.TempDir(), "absent")
	if _, err := webtutor.New(cfg); err == nil || !strings.HasPrefix(err.Error(), "header: ") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func text(s string) *string { return &s }
