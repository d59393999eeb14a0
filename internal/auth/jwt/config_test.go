package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
)

// TestValidate: every error begins with the key that is wrong, and all come at once.
func TestValidate(t *testing.T) {
	good := jwt.Config{SecretFile: "secret", Issuer: issuer, Audience: []string{audience}, Claims: defaultClaims()}
	for name, c := range map[string]struct {
		change func(*jwt.Config)
		want   []string // beginnings of lines
	}{
		"good":      {func(*jwt.Config) {}, nil},
		"all there": {func(c *jwt.Config) { c.Algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"} }, nil},
		"anybody":   {func(c *jwt.Config) { c.Issuer, c.Audience, c.AnyIssuer, c.AnyAudience = "", nil, true, true }, nil},
		"nothing": {func(c *jwt.Config) { *c = jwt.Config{} }, []string{
			"jwks_url is not set, nor is secret_file", "issuer is not set; any_issuer", "audience is not set; any_audience"}},
		"none":                     {func(c *jwt.Config) { c.Algorithms = []string{"none"} }, []string{`algorithms "none" is none of "HS256", "RS256"`}},
		"HS512":                    {func(c *jwt.Config) { c.Algorithms = []string{"RS256", "HS512"} }, []string{`algorithms "HS512"`}},
		"both issuers":             {func(c *jwt.Config) { c.AnyIssuer = true }, []string{"any_issuer contradicts issuer"}},
		"both audiences":           {func(c *jwt.Config) { c.AnyAudience = true }, []string{"any_audience contradicts audience"}},
		"empty audience":           {func(c *jwt.Config) { c.Audience = []string{""} }, []string{"audience holds an empty name"}},
		"skew of a day":            {func(c *jwt.Config) { c.Skew = 24 * time.Hour }, []string{"skew is 24h0m0s"}},
		"skew backwards":           {func(c *jwt.Config) { c.Skew = -1 }, []string{"skew is -1ns"}},
		"times backwards":          {func(c *jwt.Config) { c.Refresh, c.Timeout, c.KeepKeys = -1, -1, -1 }, []string{"refresh is", "fetch_timeout is", "keep_keys is"}},
		"https":                    {func(c *jwt.Config) { c.JWKSURL = "https://login.example.com/keys?tenant=1" }, nil},
		"http here":                {func(c *jwt.Config) { c.JWKSURL = "http://127.0.0.1:9000/keys" }, nil},
		"http here by name":        {func(c *jwt.Config) { c.JWKSURL = "http://localhost/keys" }, nil},
		"http here, IPv6":          {func(c *jwt.Config) { c.JWKSURL = "http://[::1]/keys" }, nil},
		"http elsewhere":           {func(c *jwt.Config) { c.JWKSURL = "http://login.example.com/keys" }, []string{"jwks_url \"http://login.example.com/keys\" must begin with https"}},
		"a secret in the query":    {func(c *jwt.Config) { c.JWKSURL = "http://login.example.com/keys?code=hunter2" }, []string{"jwks_url \"http://login.example.com/keys\" must"}},
		"http to a name like here": {func(c *jwt.Config) { c.JWKSURL = "http://localhost.evil.example/" }, []string{"jwks_url \"http://localhost.evil.example/\" must begin with https"}},
		"a file as an address":     {func(c *jwt.Config) { c.JWKSURL = "file:///etc/keys" }, []string{"jwks_url \"file:///etc/keys\" is not an address"}},
		"no scheme":                {func(c *jwt.Config) { c.JWKSURL = "login.example.com" }, []string{"jwks_url \"login.example.com\" is not an address"}},
		"password in the address":  {func(c *jwt.Config) { c.JWKSURL = "https://me:hunter2@login.example.com" }, []string{"jwks_url must not hold a name or a password"}},
		"unreadable with password": {func(c *jwt.Config) { c.JWKSURL = "https://me:hunter2@login example" }, []string{"jwks_url is not an address"}},
		"cookie of two words":      {func(c *jwt.Config) { c.Cookie = "a b" }, []string{`cookie "a b" is not the name of a cookie`}},
		"tag of nothing":           {func(c *jwt.Config) { c.Claims.Tags = []string{"hall=", "ok=x"} }, []string{`claims.tags "hall=" is neither`}},
		"field of nothing":         {func(c *jwt.Config) { c.Claims.Fields = []string{"=x"} }, []string{`claims.fields "=x" is neither`}},
		"admin without a claim":    {func(c *jwt.Config) { c.Claims.Admin = "=admin" }, []string{`claims.admin "=admin" is neither`}},
		"admin by an empty value":  {func(c *jwt.Config) { c.Claims.Admin = "roles=" }, []string{`claims.admin "roles=" is neither`}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			err := cfg.Validate()
			var lines []string
			if err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(c.want) {
				t.Fatalf("got %q, want %d errors", lines, len(c.want))
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("got %q, want %q", lines[i], want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error holds a password: %v", err)
			}
			if _, fails := jwt.New(cfg, nil); err != nil && (fails == nil || fails.Error() != err.Error()) {
				t.Errorf("New says %v", fails)
			}
		})
	}
}

// TestErrorsNameSettings: the first word of each error is a setting, or its section would be blamed.
func TestErrorsNameSettings(t *testing.T) {
	keys := map[string]bool{}
	var walk func(t reflect.Type, prefix string)
	walk = func(s reflect.Type, prefix string) {
		for i := range s.NumField() {
			f := s.Field(i)
			name := f.Tag.Get("yaml")
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, prefix+name+".")
				continue
			}
			if doc := f.Tag.Get("doc"); name != "-" && (!strings.HasSuffix(doc, ".") || strings.Contains(doc, "\n")) {
				t.Errorf("%s: the doc line is %q", name, doc)
			}
			keys[prefix+name] = true
		}
	}
	walk(reflect.TypeFor[jwt.Config](), "")
	wrong := jwt.Config{Algorithms: []string{"x"}, JWKSURL: "x", Refresh: -1, Timeout: -1, KeepKeys: -1, Skew: -1, Cookie: " ", AnyIssuer: true,
		Issuer: "x", Claims: jwt.ClaimsConfig{Admin: "=", Fields: []string{""}, Tags: []string{""}}}
	lines := strings.Split(wrong.Validate().Error(), "\n")
	if len(lines) != 12 {
		t.Errorf("%d errors: %q", len(lines), lines)
	}
	for _, line := range lines {
		if first, _, _ := strings.Cut(line, " "); !keys[first] {
			t.Errorf("%q begins with no setting", line)
		}
	}
}

// TestFilesThatAreNoKeys: the error names setting and file, says what to do, and holds nothing of what is in it.
func TestFilesThatAreNoKeys(t *testing.T) {
	short := made(rsa.GenerateKey(rand.Reader, 1024))
	p384 := made(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	for name, c := range map[string]struct {
		key, text, want string
	}{
		"short secret":             {"secret_file", "0123456789abcdef0123456789abcde\n", "the secret has 31 bytes, HS256 needs at least 32"},
		"empty secret":             {"secret_file", "\n", "the secret has 0 bytes"},
		"public key as secret":     {"secret_file", publicPEM(rsaKey().Public()), "holds a key in PEM form, which is no secret"},
		"private key as secret":    {"secret_file", privatePEM(edKey()), "holds a key in PEM form"},
		"huge secret":              {"secret_file", strings.Repeat("x", 256<<10+1), "is longer than 262144 bytes"},
		"secret as public key":     {"key_files", string(hmacKey), "holds no public key in PEM form"},
		"private key":              {"key_files", privatePEM(rsaKey()), "openssl pkey"},
		"private key of old form":  {"key_files", pemText("RSA PRIVATE KEY", []byte("x")), "holds a private key"},
		"short RSA key":            {"key_files", publicPEM(short.Public()), "an RSA key of 1024 bits"},
		"another curve":            {"key_files", publicPEM(p384.Public()), "a key on the curve P-384, ES256 needs P-256"},
		"broken":                   {"key_files", pemText("PUBLIC KEY", []byte("x")), "cannot be read"},
		"a request":                {"key_files", pemText("CERTIFICATE REQUEST", nil), `holds a block "CERTIFICATE REQUEST"`},
		"good and bad":             {"key_files", publicPEM(edKey().Public()) + publicPEM(short.Public()), "1024 bits"},
		"set of a secret too few":  {"jwks_file", set(jwk([]byte("short"), nil)), "the secret has 5 bytes"},
		"set of a private key":     {"jwks_file", set(jwk(edKey().Public(), object{"d": part(string(edKey().Seed()))})), "it is private"},
		"PEM as set":               {"jwks_file", publicPEM(edKey().Public()), "is not a set of keys in JSON"},
		"set of secp256k1, Ed448":  {"jwks_file", `{"keys":[{"kty":"EC","crv":"secp256k1","x":"AQ","y":"AQ"},{"kty":"OKP","crv":"Ed448","x":"AQ"}]}`, "holds no key for"},
		"set with a point outside": {"jwks_file", `{"keys":[{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}]}`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.text)
			_, err := jwt.New(withFile(c.key, path), nil)
			if err == nil || !strings.HasPrefix(err.Error(), c.key+" "+path+": ") || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			for line := range strings.Lines(c.text) {
				if len(line) > 16 && !strings.HasPrefix(line, "-----") && strings.Contains(err.Error(), strings.TrimSpace(line)) {
					t.Errorf("the error holds what is in the file: %v", err)
				}
			}
		})
	}
	for _, key := range []string{"secret_file", "key_files", "jwks_file"} {
		absent := filepath.Join(t.TempDir(), "absent")
		if _, err := jwt.New(withFile(key, absent), nil); !os.IsNotExist(unwrapped(err)) || strings.Count(err.Error(), absent) != 1 {
			t.Errorf("%s: an absent file gives %v", key, err)
		}
		if _, err := jwt.New(withFile(key, t.TempDir()), nil); err == nil || !strings.Contains(err.Error(), "is a directory") {
			t.Errorf("%s: a folder gives %v", key, err)
		}
	}
	both := jwt.Config{SecretFile: "absent-1", JWKSFile: "absent-2", AnyIssuer: true, AnyAudience: true}
	if _, err := jwt.New(both, nil); err == nil || !strings.Contains(err.Error(), "absent-1") || !strings.Contains(err.Error(), "absent-2") {
		t.Errorf("two absent files give %v", err)
	}
}

func withFile(key, name string) jwt.Config {
	cfg := jwt.Config{AnyIssuer: true, AnyAudience: true}
	switch key {
	case "secret_file":
		cfg.SecretFile = name
	case "key_files":
		cfg.KeyFiles = []string{name}
	default:
		cfg.JWKSFile = name
	}
	return cfg
}

// unwrapped is the innermost error of a chain, and of joined errors the first.
func unwrapped(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			err = e.Unwrap()[0]
		default:
			return err
		}
	}
}

// TestKeyPairOfRFC8410: files as OpenSSL writes them.
func TestKeyPairOfRFC8410(t *testing.T) {
	private := "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
	public := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	s := made(jwt.NewSigner(file(t, private), ""))
	text := made(s.Sign(jwt.Grant{UserID: "1", Issued: time.Now(), Expires: time.Now().Add(time.Minute)}))
	if _, err := method(t, withFile("key_files", file(t, public))).Authenticate(bearing(text)); err != nil {
		t.Error(err)
	}
}
