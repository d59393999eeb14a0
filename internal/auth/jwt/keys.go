package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

const (
	// minSecret is the least length of a secret for HS256 (RFC 7518, 3.2): shorter ones are guessed from one token.
	minSecret = 32
	// minRSA is the least size of an RSA key (RFC 7518, 3.3).
	minRSA = 2048
	// maxRSA keeps a key that somebody publishes from costing much time for each token.
	maxRSA = 8192
	// maxSet is how many keys of a set are looked at; a token without a key id may be tried with each.
	maxSet = 64
)

// key is one key that signatures are checked with. It serves one algorithm: that of its kind.
type key struct {
	id     string // "kid"; "" if it has none
	alg    jose.SignatureAlgorithm
	public any // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey, or []byte for HS256
}

// fits reports whether a token with an algorithm and a key id may have been signed with the key. A key or a token
// without an id fits any.
func (k key) fits(alg jose.SignatureAlgorithm, id string) bool {
	return k.alg == alg && (k.id == "" || id == "" || k.id == id)
}

// newKey takes a public key, or a secret. The error says why it is good for nothing here.
func newKey(id string, public any) (key, error) {
	switch p := public.(type) {
	case []byte:
		if len(p) < minSecret {
			return key{}, fmt.Errorf("the secret has %d bytes, HS256 needs at least %d", len(p), minSecret)
		}
		return key{id, jose.HS256, p}, nil
	case *rsa.PublicKey:
		if bits := p.N.BitLen(); bits < minRSA || bits > maxRSA {
			return key{}, fmt.Errorf("an RSA key of %d bits, RS256 needs %d to %d", bits, minRSA, maxRSA)
		}
		return key{id, jose.RS256, p}, nil
	case *ecdsa.PublicKey:
		if p.Curve != elliptic.P256() {
			return key{}, fmt.Errorf("a key on the curve %s, ES256 needs P-256", p.Curve.Params().Name)
		}
		return key{id, jose.ES256, p}, nil
	case ed25519.PublicKey:
		return key{id, jose.EdDSA, p}, nil
	}
	return key{}, fmt.Errorf("a key of a kind (%T) that no algorithm here uses", public)
}

// parseSecret reads what secret_file holds. A public key there would be a secret that everybody knows.
func parseSecret(text []byte) ([]key, error) {
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		return nil, errors.New("holds a key in PEM form, which is no secret; name public keys in key_files")
	}
	k, err := newKey("", secret(text))
	if err != nil {
		return nil, err
	}
	return []key{k}, nil
}

// secret is a secret without the line break that editors put behind it.
func secret(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

// parsePublic reads the public keys and certificates in a PEM file.
func parsePublic(text []byte) ([]key, error) {
	var keys []key
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		var public any
		var err error
		switch block.Type {
		case "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "RSA PUBLIC KEY":
			public, err = x509.ParsePKCS1PublicKey(block.Bytes)
		case "CERTIFICATE":
			var certificate *x509.Certificate
			if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
				public = certificate.PublicKey
			}
		case "EC PARAMETERS": // openssl writes them beside a key
			continue
		default:
			if strings.HasSuffix(block.Type, "PRIVATE KEY") {
				return nil, errors.New("holds a private key; this server needs the public one only: openssl pkey -in PRIVATE -pubout -out PUBLIC")
			}
			return nil, fmt.Errorf("holds a block %s, which is no public key", shown(block.Type))
		}
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %w", err)
		}
		k, err := newKey("", public)
		if err != nil {
			return nil, fmt.Errorf("holds %w", err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)")
	}
	return keys, nil
}

// errEmptySet says that a set holds no key for HS256, RS256, ES256 or EdDSA because it holds none at all.
var errEmptySet = errors.New("holds no key, the set is empty")

// parseSet reads a set of keys (RFC 7517). Keys for another use, or of a kind that nothing here needs, are passed over
// in silence, as the RFC wants it; doubts says what is wrong with others, which are passed over too. Secrets count
// only where secrets are allowed: not in a set that is published. A set without any key to use is an error.
func parseSet(text []byte, secrets bool) (keys []key, doubts []string, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, nil, errors.New(`is not a set of keys in JSON, {"keys": […]}`) // the text may hold secrets
	}
	if set.Keys != nil && len(set.Keys) == 0 {
		return nil, nil, errEmptySet
	}
	if len(set.Keys) > maxSet {
		return nil, nil, fmt.Errorf("holds %d keys, at most %d are possible", len(set.Keys), maxSet)
	}
	for i, raw := range set.Keys {
		k, use, err := parseSetKey(raw, secrets)
		switch {
		case err != nil:
			doubts = append(doubts, fmt.Sprintf("key %d: %s", i+1, err))
		case use:
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, doubts, errors.New(strings.Join(append([]string{"holds no key for " + listed(algorithms)}, doubts...), "; "))
	}
	return keys, doubts, nil
}

// parseSetKey reads one key of a set; use is false if it is meant for something else.
func parseSetKey(raw json.RawMessage, secrets bool) (k key, use bool, err error) {
	var jwk jose.JSONWebKey
	var more struct {
		Operations []string `json:"key_ops"`
	}
	if err := jwk.UnmarshalJSON(raw); errors.Is(err, jose.ErrUnsupportedKeyType) {
		return key{}, false, nil
	} else if err != nil {
		return key{}, false, errors.New("it cannot be read")
	}
	if err := json.Unmarshal(raw, &more); err != nil {
		return key{}, false, errors.New("its key_ops cannot be read")
	}
	if jwk.Use != "" && jwk.Use != "sig" || more.Operations != nil && !slices.Contains(more.Operations, "verify") {
		return key{}, false, nil
	}
	if _, secret := jwk.Key.([]byte); secret && !secrets {
		return key{}, false, errors.New("it is a secret, and everybody can read it there")
	} else if !secret && !jwk.IsPublic() {
		return key{}, false, errors.New("it is private, and has no place there")
	}
	k, err = newKey(jwk.KeyID, jwk.Key)
	if err != nil {
		return key{}, false, err
	}
	return k, jwk.Algorithm == "" || jwk.Algorithm == string(k.alg), nil
}
