package jwt_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
)

// FuzzAuthenticate: whatever a request brings, it lets in only whom somebody with a key has named, and an error is one
// of ours that repeats no token. The tokens signed here are all for one user.
func FuzzAuthenticate(f *testing.F) {
	cfg := settings(f)
	cfg.Cookie = "portal"
	m := method(f, cfg)
	good := token("HS256", claims())
	f.Add("Bearer "+good, "", "", "", "")
	f.Add("", "portal="+good, "", "", "http://example.com")
	f.Add("", "portal="+good, "", "", "https://evil.example")
	f.Add("", "", "access_token="+good+"&access_token="+good, "", "")
	f.Add("", "", "a=%zz&access_token="+good, "", "")
	f.Add("", "", "", "chat, bearer."+good, "")
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		f.Add("Bearer "+token(alg, claims()), "", "", "", "null")
	}
	f.Add("Bearer "+forge(object{"alg": "none"}, claims(), func([]byte) []byte { return nil }), "", "", "", "")
	f.Add("Bearer "+forge(object{"alg": "HS256"}, claims(), signsHMAC([]byte(publicPEM(rsaKey().Public())))), "", "", "", "")
	f.Add("Bearer "+forge(object{"alg": "RS256", "jwk": jwk(rsaKey().Public(), nil), "x5u": "x", "crit": []string{"exp"}}, claims(), signsRSA(rsaKey())), "", "", "", "")
	f.Add("Basic x", "portal=", "access_token", "bearer.", "")
	f.Fuzz(func(t *testing.T, authorization, cookie, query, protocols, origin string) {
		r := httptest.NewRequest("GET", "/services/echo", nil)
		r.URL.RawQuery = query
		for name, value := range map[string]string{"Authorization": authorization, "Cookie": cookie, "Sec-WebSocket-Protocol": protocols, "Origin": origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		caller, err := m.Authenticate(r)
		if err == nil {
			if caller.User.ID != claims()["sub"] || caller.Method != "jwt" || caller.Lease == nil || caller.User.Admin {
				t.Fatalf("let in as %+v", caller)
			}
			return
		}
		if !errors.Is(err, auth.ErrNoCredentials) && !errors.Is(err, auth.ErrUnauthenticated) && !errors.Is(err, auth.ErrForbidden) {
			t.Fatalf("an error of no kind: %v", err)
		}
		checkError(t, err, authorization, cookie, query, protocols)
	})
}

// checkError: an error is short, fit for a log line, and holds no part of what may be a token.
func checkError(t *testing.T, err error, from ...string) {
	t.Helper()
	if len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) || strings.ContainsFunc(err.Error(), unicode.IsControl) {
		t.Fatalf("an error that spoils logs: %q", err)
	}
	for _, text := range from {
		for _, piece := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(".=&, ;", c) }) {
			if len(piece) >= 24 && strings.Contains(err.Error(), piece) {
				t.Fatalf("the error holds %q: %v", piece, err)
			}
		}
	}
}

// FuzzClaims: what an issuer signs, people have written in part.
func FuzzClaims(f *testing.F) {
	cfg := settings(f)
	cfg.Claims = jwt.ClaimsConfig{UserID: "a.b", Login: "login", Name: "name", Admin: "roles=admin", Fields: []string{"fields", "x=a"},
		Tags: []string{"tags", "hall"}, Services: "services"}
	m := method(f, cfg)
	for _, text := range []string{
		`"a":{"b":"1"}`, `"a.b":7177256154427237596,"name":"Anna","roles":["admin"],"services":"x y"`,
		`"a":{"b":"1"},"fields":{"x":[1,{"y":null}]},"tags":{"":1},"hall":1e5`, `"a":{"b":-0},"services":null`, `"a":{"b":1,"b":2}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, more string) {
		text := `{"iss":"` + issuer + `","aud":"tutorsocket","exp":9999999999,` + more + `}`
		caller, err := m.Authenticate(bearing(token("HS256", text)))
		if err != nil {
			if !errors.Is(err, auth.ErrUnauthenticated) {
				t.Fatalf("an error of no kind: %v", err)
			}
			checkError(t, err)
			return
		}
		plain := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }
		u := caller.User
		if u.ID == "" || len(u.ID) > 128 || !plain(u.ID) || strings.ContainsFunc(u.ID, unicode.IsSpace) || !plain(u.Login) || !plain(u.Name) || len(u.Name) > 256 || len(caller.Tags) > 64 {
			t.Fatalf("let in as %+v", caller)
		}
		if u.Admin && !strings.Contains(more, "roles") && !strings.Contains(more, `\u`) {
			t.Fatalf("an administrator by %s", more)
		}
	})
}

// FuzzKeyFiles: no file makes the server fall, and one that is taken can be used.
func FuzzKeyFiles(f *testing.F) {
	f.Add([]byte(publicPEM(ecKey().Public()) + publicPEM(edKey().Public())))
	f.Add([]byte(privatePEM(edKey())))
	f.Add([]byte(set(jwk(rsaKey().Public(), object{"kid": "k"}), jwk(ecKey().Public(), object{"x5c": []string{"AQ=="}}), jwk(hmacKey, nil))))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQ"},{"kty":"OKP","crv":"Ed25519","x":"AQ"},null,1]}`))
	f.Add(hmacKey)
	good := token("ES256", claims())
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, setting := range []string{"secret_file", "key_files", "jwks_file"} {
			m, err := jwt.New(withFile(setting, name), nil)
			if err != nil {
				continue
			}
			if _, err := m.Authenticate(bearing(good)); err != nil && !errors.Is(err, auth.ErrUnauthenticated) {
				t.Fatalf("%s: %v", setting, err)
			}
		}
		if s, err := jwt.NewSigner(name, ""); err == nil {
			if _, err := s.Sign(grant()); err != nil {
				t.Fatalf("a key that was taken does not sign: %v", err)
			}
		}
	})
}
