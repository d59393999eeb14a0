package tlscert_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// inForce is the name in the certificate a handshake would get.
func inForce(t testing.TB, c *tlscert.Certificates) string {
	t.Helper()
	cert, err := c.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: "anything"})
	if err != nil {
		t.Fatal(err)
	}
	return commonName(cert.Leaf)
}

// TestFilesAreReadAgain: a new pair is taken up within seconds, half of one is not, and what is wrong is told once.
func TestFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log record
		end := time.Now().AddDate(1, 0, 0)
		cert, key := issue(t, end, "one.example")
		cfg := files(t, cert, key)
		c, err := tlscert.Open(cfg, tlscert.Deps{Dir: t.TempDir(), Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(ctx)
		}()
		looks := func(n int) {
			time.Sleep(time.Duration(n) * 11 * time.Second)
			synctest.Wait()
		}
		looks(2)
		if got := inForce(t, c); got != "one.example" {
			t.Errorf("%s is in force", got)
		}
		cert2, key2 := issue(t, end, "two.example")
		write(t, cfg.Cert, cert2)
		looks(1)
		if inForce(t, c) != "one.example" || log.String() != "" {
			t.Errorf("half of a new pair: %s in force, log %s", inForce(t, c), log.String())
		}
		write(t, cfg.Key, key2)
		looks(1)
		if inForce(t, c) != "two.example" || !strings.Contains(log.String(), `msg="certificate changed" certificate=two.example`) {
			t.Errorf("a new pair: %s in force, log %s", inForce(t, c), log.String())
		}
		for name, spoil := range map[string]func(){
			"the key of another":    func() { write(t, cfg.Key, key) },
			"no certificate":        func() { write(t, cfg.Cert, []byte("x")) },
			"files that are gone":   func() { _ = os.Remove(cfg.Cert) },
			"a folder for the file": func() { _ = os.Remove(cfg.Key); _ = os.Mkdir(cfg.Key, 0o700) },
		} {
			before := log.String()
			spoil()
			looks(5)
			if said := strings.TrimPrefix(log.String(), before); inForce(t, c) != "two.example" || strings.Count(said, "the earlier certificate stays in force") != 1 {
				t.Errorf("%s: %s in force, log %s", name, inForce(t, c), said)
			}
			_ = os.RemoveAll(cfg.Key)
			write(t, cfg.Cert, cert2)
			write(t, cfg.Key, key2)
			looks(2)
		}
		if strings.Contains(log.String(), "PRIVATE") {
			t.Error("a key is in the log")
		}
		cancel()
		<-done
		c.Close()
	})
}

// TestLinksThatAreTurned, as certbot and Kubernetes do.
func TestLinksThatAreTurned(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		cert, key := issue(t, time.Now().AddDate(1, 0, 0), name+".example")
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "tls.crt"), cert)
		write(t, filepath.Join(dir, name, "tls.key"), key)
	}
	live := filepath.Join(dir, "live")
	if err := os.Symlink("one", live); err != nil {
		t.Skipf("no links here: %v", err)
	}
	cfg := tlscert.Config{Cert: filepath.Join(live, "tls.crt"), Key: filepath.Join(live, "tls.key")}
	synctest.Test(t, func(t *testing.T) {
		c, err := tlscert.Open(cfg, tlscert.Deps{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.Run(ctx)
		if err := os.Remove(live); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("two", live); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got := inForce(t, c); got != "two.example" {
			t.Errorf("%s is in force", got)
		}
	})
}

// TestTheEndOfACertificateIsTold: a week before, and every day when nobody does anything.
func TestTheEndOfACertificateIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		left        time.Duration
		soon, ended [3]int // after 15 s, a minute, a day
	}{
		"a week away": {7*24*time.Hour + 30*time.Second, [3]int{0, 1, 2}, [3]int{}},
		"about to":    {30 * time.Second, [3]int{1, 1, 1}, [3]int{0, 0, 1}},
		"long ago":    {-time.Hour, [3]int{}, [3]int{1, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log record
				cert, key := issue(t, time.Now().Add(c.left), "ws.example.com")
				certificates, err := tlscert.Open(files(t, cert, key), tlscert.Deps{Dir: t.TempDir(), Logger: log.logger()})
				if err != nil {
					t.Fatal(err)
				}
				defer certificates.Close()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go certificates.Run(ctx)
				began := time.Now()
				for i, after := range []time.Duration{15 * time.Second, time.Minute, 24*time.Hour + time.Minute} {
					time.Sleep(time.Until(began.Add(after)))
					synctest.Wait()
					soon, ended := strings.Count(log.String(), "certificate ends soon"), strings.Count(log.String(), "certificate has ended")
					if soon != c.soon[i] || ended != c.ended[i] {
						t.Errorf("after %v: %d times soon, %d times ended", after, soon, ended)
					}
				}
			})
		})
	}
}

// TestWrongFiles: the error names the setting and the file, and nothing of the key.
func TestWrongFiles(t *testing.T) {
	end := time.Now().Add(time.Hour)
	cert, key := issue(t, end, "ws.example.com")
	authority, _ := issue(t, end, "authority")
	_, other := issue(t, end, "other.example")
	block, _ := pem.Decode(key)
	for name, c := range map[string]struct {
		cert, key []byte
		want      []string
	}{
		"key of another":       {cert, other, []string{"tls.cert, tls.key: the key in", "is not that of the certificate for ws.example.com"}},
		"authority first":      {append(bytes.Clone(authority), cert...), key, []string{"the certificate for authority in", "must come first"}},
		"changed round":        {key, cert, []string{"tls.cert: the file", "holds no certificate"}},
		"no key":               {cert, cert, []string{"tls.key: the file", "holds no private key"}},
		"empty certificate":    {nil, key, []string{"tls.cert: the file", "holds no certificate"}},
		"empty key":            {cert, nil, []string{"tls.key: the file", "holds no private key"}},
		"damaged certificate":  {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), key, []string{"tls.cert: the file", "cannot be read"}},
		"damaged key":          {cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes[:20]}), []string{"tls.cert, tls.key:", "cannot be used"}},
		"key with a password":  {cert, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), []string{"tls.key:", "protected with a password"}},
		"key with a password2": {cert, []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n"), []string{"tls.key:", "protected with a password"}},
		"enormous":             {make([]byte, 2<<20), key, []string{"tls.cert: the file", "that is no certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := files(t, c.cert, c.key)
			_, err := tlscert.Open(cfg, tlscert.Deps{Dir: t.TempDir()})
			if err == nil {
				t.Fatal("it opened")
			}
			for _, want := range append(c.want, filepath.Dir(cfg.Cert)) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "PRIVATE KEY--") || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("the error repeats what it read: %v", err)
			}
		})
	}
	if _, err := tlscert.Open(tlscert.Config{Cert: "none.crt", Key: "none.key"}, tlscert.Deps{Dir: t.TempDir()}); err == nil || !strings.HasPrefix(err.Error(), "tls.cert: the file none.crt cannot be read: ") {
		t.Errorf("no file: %v", err)
	}
}
