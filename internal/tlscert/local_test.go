package tlscert_test

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// TestSelfSigned: the certificate is made once, is good for the names of this machine to whoever trusts it, and to
// nobody else.
func TestSelfSigned(t *testing.T) {
	data := t.TempDir()
	dir := filepath.Join(data, tlscert.Folder)
	l := listen(t)
	cfg := tlscert.Config{SelfSigned: true}
	c := open(t, cfg, tlscert.Deps{Dir: dir})
	serve(t, tls.NewListener(l, c.TLS()), nil)
	trust := tlscert.Trust(data)
	if trust == nil {
		t.Fatal("there is nothing to trust")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, host: true, "example.com": false} {
		one := trust.Clone()
		one.ServerName = name
		if _, _, err := shake(t, l.Addr(), one); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var unknown *tls.CertificateVerificationError
	if _, _, err := shake(t, l.Addr(), &tls.Config{ServerName: "localhost"}); !errors.As(err, &unknown) {
		t.Errorf("a stranger trusts it: %v", err)
	}
	if !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(c.Fingerprint()) {
		t.Errorf("fingerprint %q", c.Fingerprint())
	}
	if again := open(t, cfg, tlscert.Deps{Dir: dir}); again.Fingerprint() != c.Fingerprint() {
		t.Error("the next start made another certificate")
	}
	if other := open(t, cfg, tlscert.Deps{Dir: filepath.Join(t.TempDir(), "tls")}); other.Fingerprint() == c.Fingerprint() {
		t.Error("another data folder has the same certificate")
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "local.key": 0o600, "local.crt": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestALocalCertificateIsMadeAnew where the one there is cannot be used.
func TestALocalCertificateIsMadeAnew(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string, deps *tlscert.Deps){
		"no key":         func(t *testing.T, dir string, _ *tlscert.Deps) { _ = os.Remove(filepath.Join(dir, "local.key")) },
		"no certificate": func(t *testing.T, dir string, _ *tlscert.Deps) { _ = os.Remove(filepath.Join(dir, "local.crt")) },
		"damaged": func(t *testing.T, dir string, _ *tlscert.Deps) {
			write(t, filepath.Join(dir, "local.crt"), []byte("x"))
		},
		"key of another": func(t *testing.T, dir string, _ *tlscert.Deps) {
			_, key := issue(t, time.Now().Add(time.Hour), "x")
			write(t, filepath.Join(dir, "local.key"), key)
		},
		"ends soon": func(_ *testing.T, _ string, deps *tlscert.Deps) {
			deps.Clock = func() time.Time { return time.Now().AddDate(0, 0, 800) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tls")
			first := open(t, tlscert.Config{SelfSigned: true}, tlscert.Deps{Dir: dir})
			deps := tlscert.Deps{Dir: dir}
			spoil(t, dir, &deps)
			second := open(t, tlscert.Config{SelfSigned: true}, deps)
			if first.Fingerprint() == second.Fingerprint() {
				t.Error("it is still the same")
			}
			if third := open(t, tlscert.Config{SelfSigned: true}, deps); third.Fingerprint() != second.Fingerprint() {
				t.Error("the new one was not kept")
			}
		})
	}
}

// TestCommandsOfThisMachine reach the server whatever its certificate is for, and only the one whose folder they read.
func TestCommandsOfThisMachine(t *testing.T) {
	data := t.TempDir()
	l := listen(t)
	cert, key := issue(t, time.Now().Add(time.Hour), "ws.example.com")
	c := open(t, files(t, cert, key), tlscert.Deps{Dir: filepath.Join(data, tlscert.Folder)})
	serve(t, tls.NewListener(l, c.TLS()), nil)
	if name := commonName(shown(t, l.Addr(), "ws.example.com")); name != "ws.example.com" {
		t.Errorf("others see the certificate of %s", name)
	}
	if _, _, err := shake(t, l.Addr(), tlscert.TrustLocal(data)); err != nil {
		t.Errorf("a command on this machine: %v", err)
	}
	other := t.TempDir()
	open(t, tlscert.Config{SelfSigned: true}, tlscert.Deps{Dir: filepath.Join(other, tlscert.Folder)})
	if _, _, err := shake(t, l.Addr(), tlscert.TrustLocal(other)); err == nil {
		t.Error("a command believes the server of another folder")
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if tlscert.Trust(dir) != nil || tlscert.TrustLocal(dir) != nil {
			t.Error("a folder without a certificate is trusted")
		}
	}
}

// TestProtocols: TLS 1.2 and newer, and nothing but HTTP/1.1 above it.
func TestProtocols(t *testing.T) {
	l := listen(t)
	c := open(t, tlscert.Config{SelfSigned: true}, tlscert.Deps{Dir: t.TempDir()})
	serve(t, tls.NewListener(l, c.TLS()), nil)
	for name, tc := range map[string]struct {
		newest uint16
		offer  []string
		ok     bool
		got    string
	}{
		"TLS 1.1":           {newest: tls.VersionTLS11},
		"TLS 1.2":           {newest: tls.VersionTLS12, ok: true},
		"TLS 1.3":           {newest: tls.VersionTLS13, ok: true},
		"HTTP/2 is offered": {newest: tls.VersionTLS13, offer: []string{"h2", "http/1.1"}, ok: true, got: "http/1.1"},
		"challenge":         {newest: tls.VersionTLS13, offer: []string{"acme-tls/1"}}, // nobody asks for any
	} {
		cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tc.newest, NextProtos: tc.offer}
		_, state, err := shake(t, l.Addr(), cfg)
		if (err == nil) != tc.ok || err == nil && (state.Version != tc.newest || state.NegotiatedProtocol != tc.got) {
			t.Errorf("%s: %v, version %x, protocol %q", name, err, state.Version, state.NegotiatedProtocol)
		}
	}
}

func TestAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	if _, err := tlscert.Open(tlscert.Config{SelfSigned: true}, tlscert.Deps{Dir: filepath.Join(file, "tls")}); err == nil || !strings.Contains(err.Error(), "the folder for certificates") {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "local.crt"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := tlscert.Open(tlscert.Config{SelfSigned: true}, tlscert.Deps{Dir: dir}); err == nil || !strings.Contains(err.Error(), "own certificate") {
		t.Errorf("error %v", err)
	}
}
