package jwt

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Signer makes tokens.
type Signer struct {
	signer jose.Signer
	alg    string
}

// Grant is what a token says. Its claims have the names that [ClaimsConfig] has by default.
type Grant struct {
	UserID   string
	Login    string            // "": none
	Name     string            // "": none
	Tags     map[string]string // nil: none
	Services []string          // nil: all
	Issuer   string            // "": none
	Audience []string          // nil: none
	Issued   time.Time
	Expires  time.Time
}

// NewSigner returns a signer with the key in a file: a private key in PEM form, or else a secret for HS256, as
// [Config.SecretFile] has it. alg is the algorithm, "" for the one that fits the key; another one is an error.
func NewSigner(file, alg string) (*Signer, error) {
	text, err := readKeyFile(file)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", file, err)
	}
	private, fits, err := parsePrivate(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", file, err)
	}
	if alg != "" && alg != string(fits) {
		if !slices.Contains(algorithms, jose.SignatureAlgorithm(alg)) {
			return nil, fmt.Errorf("%s is none of %s", shown(alg), listed(algorithms))
		}
		return nil, fmt.Errorf("key file %s: the key is one for %s, not for %s", file, fits, alg)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: fits, Key: private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", file, err)
	}
	return &Signer{signer, string(fits)}, nil
}

// Algorithm is the one the signer uses.
func (s *Signer) Algorithm() string { return s.alg }

// Sign makes a token. It refuses what no server would take: an id that is no plain text, tags beyond those of a socket
// or that the server sets itself, an end before the beginning, more than 8 KiB.
func (s *Signer) Sign(g Grant) (string, error) {
	if err := checkUserID(g.UserID); err != nil {
		return "", err
	}
	if err := hub.NewTags(g.Tags).Check(); err != nil {
		return "", err
	}
	if name := auth.PosesAs(g.Tags); name != "" {
		return "", fmt.Errorf("no server takes a token with the tag %s, which the server sets itself", name)
	}
	if !g.Expires.After(g.Issued) {
		return "", errors.New("the token would be expired when it is issued")
	}
	claims := map[string]any{
		"sub": g.UserID,
		"iat": g.Issued.Unix(),
		"exp": g.Expires.Unix(),
		"jti": auth.NewToken()[:16],
	}
	for name, text := range map[string]string{"preferred_username": g.Login, "name": g.Name, "iss": g.Issuer} {
		if text != "" {
			claims[name] = text
		}
	}
	if len(g.Tags) > 0 {
		claims["tags"] = g.Tags
	}
	if g.Services != nil {
		claims["services"] = g.Services
	}
	if len(g.Audience) > 0 {
		claims["aud"] = josejwt.Audience(g.Audience)
	}
	token, err := josejwt.Signed(s.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	if len(token) > maxToken {
		return "", fmt.Errorf("the token has %d bytes, at most %d are taken; give it fewer tags or services", len(token), maxToken)
	}
	return token, nil
}

// parsePrivate reads what tokens are signed with, and says which algorithm fits it.
func parsePrivate(text []byte) (private any, alg jose.SignatureAlgorithm, err error) {
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		k, err := newKey("", secret(text))
		return k.public, k.alg, err
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, "", errors.New("holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
		}
		switch {
		case block.Type == "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, "", errors.New("holds an encrypted key; decrypt it: openssl pkey -in ENCRYPTED -out PRIVATE")
		case block.Type == "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case block.Type == "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		case strings.HasSuffix(block.Type, "PUBLIC KEY"):
			return nil, "", errors.New("holds a public key; tokens are signed with the private one")
		default:
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("cannot be read: %w", err)
		}
		signs, ok := private.(crypto.Signer)
		if !ok {
			return nil, "", fmt.Errorf("holds a key that signs nothing (%T)", private)
		}
		k, err := newKey("", signs.Public())
		if err != nil {
			return nil, "", fmt.Errorf("holds %w", err)
		}
		return private, k.alg, nil
	}
}
