package tlscert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// LocalName is the name that commands on this machine ask for. No name of a real host ends so (RFC 2606).
const LocalName = "this-machine.tutorsocket.invalid"

// Folder is the name of the folder in a data folder.
const Folder = "tls"

const (
	localCert = "local.crt"
	localKey  = "local.key"
	// localLife is as long as systems take certificates of people's own (825 days), and no longer.
	localLife = 820 * 24 * time.Hour
	// localRest is how long one must be valid to be kept.
	localRest = 30 * 24 * time.Hour
)

// openLocal reads the certificate of the data folder. One that is not there, or ends soon, or is damaged, is made.
func openLocal(deps Deps) (*tls.Certificate, error) {
	certFile, keyFile := filepath.Join(deps.Dir, localCert), filepath.Join(deps.Dir, localKey)
	certText, certErr := os.ReadFile(certFile)
	keyText, keyErr := os.ReadFile(keyFile)
	for _, err := range []error{certErr, keyErr} {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the server's own certificate in %s cannot be read (%w)", deps.Dir, reason(err))
		}
	}
	if certErr == nil && keyErr == nil {
		cert, err := tls.X509KeyPair(certText, keyText)
		if err == nil && cert.Leaf.VerifyHostname(LocalName) == nil && deps.Clock().Add(localRest).Before(cert.Leaf.NotAfter) {
			return &cert, nil
		}
		deps.Logger.Warn("the server's own certificate ends soon or is damaged, another one is made", "folder", deps.Dir)
	}
	certText, keyText, err := makeLocal(deps.Clock())
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	// The key first: a certificate without its key is made anew, and so is one whose key is another.
	for _, f := range []struct {
		name string
		text []byte
	}{{keyFile, keyText}, {certFile, certText}} {
		if err := writeFile(f.name, f.text); err != nil {
			return nil, fmt.Errorf("the server's own certificate cannot be written to %s (%w)", deps.Dir, reason(err))
		}
	}
	cert, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &cert, nil
}

// writeFile replaces a file in one step, readable by its owner only.
func writeFile(name string, text []byte) error {
	temporary := name + ".tmp"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

// makeLocal makes a certificate that is signed by itself and cannot sign others.
func makeLocal(now time.Time) (certText, keyText []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"tutorsocket"}, CommonName: "tutorsocket on this machine"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(localLife), // clocks differ
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost", LocalName},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" && nameOfMachine(host) {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", encoded), nil
}

func nameOfMachine(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}

func pemOf(kind string, der []byte) []byte {
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}) // writing to memory
	return b.Bytes()
}

// reason drops the operation and the paths an error of the file system repeats.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
