package jwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
)

// What tests sign with. Tokens are put together by hand here: an attacker does not use the library that the server
// trusts.
var (
	hmacKey = []byte("0123456789abcdef0123456789abcdef")
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return made(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey   = sync.OnceValue(func() *ecdsa.PrivateKey { return made(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey   = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return made(key, err)
	})
)

func made[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// object is one of JSON.
type object map[string]any

// with is the object with changes; a nil value takes a member out.
func (o object) with(changes object) object {
	o = maps.Clone(o)
	for name, value := range changes {
		if o[name] = value; value == nil {
			delete(o, name)
		}
	}
	return o
}

const (
	issuer   = "https://login.example.com"
	audience = "tutorsocket"
)

// claims are those of a token that counts.
func claims() object {
	return object{"sub": "7177256154427237596", "iss": issuer, "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}
}

func part(v any) string {
	text, ok := v.(string)
	if !ok {
		text = string(made(json.Marshal(v)))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// forge makes a token of a header and claims, objects or texts, with whatever signature sign makes.
func forge(header, claims any, sign func(input []byte) []byte) string {
	input := part(header) + "." + part(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

// token makes one that is signed as its algorithm wants it, with the key of the test.
func token(alg string, claims any) string {
	return forge(object{"alg": alg, "typ": "JWT"}, claims, signs(alg))
}

func signs(alg string) func([]byte) []byte {
	switch alg {
	case "RS256":
		return signsRSA(rsaKey())
	case "ES256":
		return signsEC(ecKey())
	case "EdDSA":
		return func(input []byte) []byte { return ed25519.Sign(edKey(), input) }
	}
	return signsHMAC(hmacKey)
}

func signsHMAC(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func signsRSA(key *rsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		digest := sha256.Sum256(input)
		return made(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]))
	}
}

func signsEC(key *ecdsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		digest := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		made(0, err)
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

// jwk is a public key as a set has it.
func jwk(public any, more object) object {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	coordinate := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	var o object
	switch p := public.(type) {
	case *rsa.PublicKey:
		o = object{"kty": "RSA", "n": number(p.N), "e": number(big.NewInt(int64(p.E)))}
	case *ecdsa.PublicKey:
		point := made(p.Bytes())
		size := (len(point) - 1) / 2
		o = object{"kty": "EC", "crv": p.Curve.Params().Name, "x": coordinate(point[1 : 1+size]), "y": coordinate(point[1+size:])}
	case ed25519.PublicKey:
		o = object{"kty": "OKP", "crv": "Ed25519", "x": coordinate(p)}
	case []byte:
		o = object{"kty": "oct", "k": coordinate(p)}
	}
	return o.with(more)
}

func set(keys ...object) string { return string(made(json.Marshal(object{"keys": keys}))) }

// file writes a file and returns its name.
func file(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func publicPEM(public any) string {
	return pemText("PUBLIC KEY", made(x509.MarshalPKIXPublicKey(public)))
}

func privatePEM(private any) string {
	return pemText("PRIVATE KEY", made(x509.MarshalPKCS8PrivateKey(private)))
}

// settings are those of a server that knows all keys of the test.
func settings(t testing.TB) jwt.Config {
	t.Helper()
	return jwt.Config{
		SecretFile: file(t, string(hmacKey)+"\n"),
		KeyFiles:   []string{file(t, publicPEM(rsaKey().Public())), file(t, publicPEM(ecKey().Public())+publicPEM(edKey().Public()))},
		Issuer:     issuer, Audience: []string{audience}, Skew: 30 * time.Second, Claims: defaultClaims(),
	}
}

func defaultClaims() jwt.ClaimsConfig {
	return jwt.ClaimsConfig{Login: "preferred_username", Name: "name", Fields: []string{"fields"}, Tags: []string{"tags"}, Services: "services"}
}

func method(t testing.TB, cfg jwt.Config) *jwt.Method {
	t.Helper()
	m, err := jwt.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// handshake is a request for a socket with so many headers, "Name: value".
func handshake(path string, headers ...string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func bearing(token string) *http.Request {
	return handshake("/services/echo", "Authorization: Bearer "+token)
}
