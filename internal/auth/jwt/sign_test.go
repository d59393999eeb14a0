package jwt_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func grant() jwt.Grant {
	now := time.Now()
	return jwt.Grant{
		UserID: "7177256154427237596", Login: "anna", Name: "Анна К.", Tags: map[string]string{"hall": "Main hall"}, Services: []string{"echo"},
		Issuer: issuer, Audience: []string{audience, "other"}, Issued: now, Expires: now.Add(time.Hour),
	}
}

// TestSignedTokensCount: what a signer makes with the private key, a server takes with the public one and its default
// settings, and finds all in it.
func TestSignedTokensCount(t *testing.T) {
	for name, c := range map[string]struct {
		key, alg, want string
	}{
		"secret":        {string(hmacKey) + "\n", "", "HS256"},
		"secret, named": {string(hmacKey), "HS256", "HS256"},
		"RSA":           {privatePEM(rsaKey()), "", "RS256"},
		"RSA, old form": {pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), "RS256", "RS256"},
		"P-256":         {privatePEM(ecKey()), "", "ES256"},
		"P-256, with parameters": {pemText("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) +
			pemText("EC PRIVATE KEY", made(x509.MarshalECPrivateKey(ecKey()))), "ES256", "ES256"},
		"Ed25519": {privatePEM(edKey()), "EdDSA", "EdDSA"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := jwt.NewSigner(file(t, c.key), c.alg)
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.Sign(grant())
			if err != nil {
				t.Fatal(err)
			}
			again := made(s.Sign(grant()))
			if s.Algorithm() != c.want || text == again {
				t.Errorf("signed with %s; the second is the same: %v", s.Algorithm(), text == again)
			}
			caller, err := method(t, settings(t)).Authenticate(bearing(text))
			if err != nil {
				t.Fatal(err)
			}
			want := hub.User{ID: "7177256154427237596", Login: "anna", Name: "Анна К."}
			if !reflect.DeepEqual(caller.User, want) || caller.Tags["hall"] != "Main hall" || !reflect.DeepEqual(caller.Services, []string{"echo"}) {
				t.Errorf("got %+v", caller)
			}
		})
	}
	// Without services it is good for all, with none for none.
	s := made(jwt.NewSigner(file(t, string(hmacKey)), ""))
	for _, services := range [][]string{nil, {}} {
		g := grant()
		g.Services = services
		caller, err := method(t, settings(t)).Authenticate(bearing(made(s.Sign(g))))
		if err != nil || caller.MayOpen("echo") != (services == nil) {
			t.Errorf("with services %#v it gives %#v, error %v", services, caller.Services, err)
		}
	}
}

func TestKeysThatSignNothing(t *testing.T) {
	x25519 := made(ecdh.X25519().GenerateKey(rand.Reader))
	p384 := made(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	short := made(rsa.GenerateKey(rand.Reader, 1024))
	for name, c := range map[string]struct{ key, alg, want string }{
		"public":           {publicPEM(rsaKey().Public()), "", "the private one"},
		"public as HS256":  {publicPEM(rsaKey().Public()), "HS256", "the private one"},
		"private as HS256": {privatePEM(rsaKey()), "HS256", "is one for RS256, not for HS256"},
		"RSA as ES256":     {privatePEM(rsaKey()), "ES256", "is one for RS256"},
		"none":             {string(hmacKey), "none", `"none" is none of`},
		"short secret":     {"secret", "", "the secret has 6 bytes"},
		"short RSA key":    {privatePEM(short), "", "1024 bits"},
		"another curve":    {privatePEM(p384), "", "P-384"},
		"for exchange":     {privatePEM(x25519), "", "signs nothing"},
		"encrypted":        {pemText("ENCRYPTED PRIVATE KEY", []byte("x")), "", "decrypt it"},
		"encrypted of old": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\neA==\n-----END RSA PRIVATE KEY-----\n", "", "decrypt it"},
		"certificate":      {pemText("CERTIFICATE", []byte("x")), "", "holds no private key"},
		"broken":           {pemText("PRIVATE KEY", []byte("x")), "", "cannot be read"},
		"broken PEM":       {"-----BEGIN PRIVATE KEY-----\nx", "", "holds no private key"},
		"huge":             {strings.Repeat("x", 256<<10+1), "", "is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.key)
			_, err := jwt.NewSigner(path, c.alg)
			if err == nil || !strings.Contains(err.Error(), c.want) || c.alg != "none" && !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := jwt.NewSigner(t.TempDir()+"/absent", ""); err == nil || strings.Count(err.Error(), "absent") != 1 {
		t.Errorf("an absent file gives %v", err)
	}
}

func TestTokensThatNobodyWouldTake(t *testing.T) {
	s := made(jwt.NewSigner(file(t, string(hmacKey)), ""))
	for name, c := range map[string]struct {
		change func(*jwt.Grant)
		want   string
	}{
		"nobody":       {func(g *jwt.Grant) { g.UserID = "" }, "is empty"},
		"two words":    {func(g *jwt.Grant) { g.UserID = "a b" }, "not plain text"},
		"not UTF-8":    {func(g *jwt.Grant) { g.UserID = "\xff" }, "not plain text"},
		"a nameless":   {func(g *jwt.Grant) { g.Tags = map[string]string{"": "x"} }, "a tag needs a name"},
		"somebody":     {func(g *jwt.Grant) { g.Tags = map[string]string{"user_id": "1"} }, "tag user_id"},
		"over at once": {func(g *jwt.Grant) { g.Expires = g.Issued }, "expired when it is issued"},
		"too long":     {func(g *jwt.Grant) { g.Name = strings.Repeat("x", 8<<10) }, "at most 8192"},
	} {
		g := grant()
		c.change(&g)
		if text, err := s.Sign(g); err == nil || !strings.Contains(err.Error(), c.want) || text != "" {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
