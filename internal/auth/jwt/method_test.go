package jwt_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestEveryAlgorithmWithEveryKindOfKey(t *testing.T) {
	certificate := func(alg string) string {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		switch alg {
		case "RS256":
			return pemText("CERTIFICATE", made(x509.CreateCertificate(rand.Reader, template, template, rsaKey().Public(), rsaKey())))
		case "ES256":
			return pemText("CERTIFICATE", made(x509.CreateCertificate(rand.Reader, template, template, ecKey().Public(), ecKey())))
		}
		return pemText("CERTIFICATE", made(x509.CreateCertificate(rand.Reader, template, template, edKey().Public(), edKey())))
	}
	public := map[string]any{"RS256": rsaKey().Public(), "ES256": ecKey().Public(), "EdDSA": edKey().Public()}
	for alg, key := range public {
		for kind, cfg := range map[string]jwt.Config{
			"PEM":         {KeyFiles: []string{file(t, publicPEM(key))}},
			"certificate": {KeyFiles: []string{file(t, certificate(alg))}},
			"set":         {JWKSFile: file(t, set(jwk(key, object{"kid": "k", "use": "sig", "alg": alg})))},
			"among all":   settings(t),
		} {
			t.Run(alg+" "+kind, func(t *testing.T) {
				cfg.Issuer, cfg.Audience = issuer, []string{audience}
				if caller, err := method(t, cfg).Authenticate(bearing(token(alg, claims()))); err != nil || caller.User.ID != claims()["sub"] {
					t.Errorf("user %q, error %v", caller.User.ID, err)
				}
				cfg.Algorithms = []string{"HS256"}
				if _, err := method(t, cfg).Authenticate(bearing(token(alg, claims()))); !errors.Is(err, auth.ErrUnauthenticated) || !strings.Contains(err.Error(), `allowed is "HS256"`) {
					t.Errorf("an algorithm that is not allowed gives %v", err)
				}
			})
		}
	}
	for kind, cfg := range map[string]jwt.Config{
		"file":         {SecretFile: file(t, string(hmacKey))},
		"line break":   {SecretFile: file(t, string(hmacKey)+"\r\n")},
		"set in files": {JWKSFile: file(t, set(jwk(hmacKey, nil)))},
	} {
		t.Run("HS256 "+kind, func(t *testing.T) {
			cfg.Issuer, cfg.Audience = issuer, []string{audience}
			if _, err := method(t, cfg).Authenticate(bearing(token("HS256", claims()))); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("RSA PUBLIC KEY", func(t *testing.T) {
		cfg := settings(t)
		cfg.KeyFiles = []string{file(t, pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)))}
		if _, err := method(t, cfg).Authenticate(bearing(token("RS256", claims()))); err != nil {
			t.Error(err)
		}
	})
}

// TestRefused: what an attacker, or an issuer with wrong settings, may send.
func TestRefused(t *testing.T) {
	pemBytes := []byte(publicPEM(rsaKey().Public()))
	der := made(x509.MarshalPKIXPublicKey(rsaKey().Public()))
	attacker := made(rsa.GenerateKey(rand.Reader, 2048))
	good := token("HS256", claims())
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	none := func([]byte) []byte { return nil }
	cfg := settings(t)
	cfg.JWKSFile = file(t, set(
		jwk(rsaKey().Public(), object{"kid": "rsa"}),
		jwk(ecKey().Public(), object{"kid": "ec"}),
		jwk(attacker.Public(), object{"kid": "encryption", "use": "enc"}),
		jwk(attacker.Public(), object{"kid": "wraps", "key_ops": []string{"wrapKey"}}),
		jwk(attacker.Public(), object{"kid": "pss", "alg": "PS256"}),
	))
	m := method(t, cfg)
	for name, c := range map[string]struct{ token, want string }{
		"alg none":                  {forge(object{"alg": "none"}, claims(), none), `signed with "none"`},
		"alg None":                  {forge(object{"alg": "None"}, claims(), none), `signed with "None"`},
		"no alg":                    {forge(object{"typ": "JWT"}, claims(), none), `signed with ""`},
		"alg in other case":         {forge(object{"alg": "hs256"}, claims(), signsHMAC(hmacKey)), `signed with "hs256"`},
		"an algorithm not here":     {forge(object{"alg": "HS512"}, claims(), signsHMAC(hmacKey)), `allowed is "HS256", "RS256", "ES256", "EdDSA"`},
		"a long algorithm":          {forge(object{"alg": strings.Repeat("x", 3000)}, claims(), none), `xxx"…`},
		"HS256 with public PEM":     {forge(object{"alg": "HS256"}, claims(), signsHMAC(pemBytes)), "the signature is not of a key"},
		"HS256 with trimmed PEM":    {forge(object{"alg": "HS256"}, claims(), signsHMAC([]byte(strings.TrimSpace(string(pemBytes))))), "the signature is not of a key"},
		"HS256 with public DER":     {forge(object{"alg": "HS256"}, claims(), signsHMAC(der)), "the signature is not of a key"},
		"HS256 with the modulus":    {forge(object{"alg": "HS256", "kid": "rsa"}, claims(), signsHMAC(rsaKey().N.Bytes())), "the signature is not of a key"},
		"HS256 with no secret":      {forge(object{"alg": "HS256"}, claims(), signsHMAC(nil)), "the signature is not of a key"},
		"another key":               {forge(object{"alg": "RS256"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"signature cut off":         {good[:strings.LastIndex(good, ".")+1], "the signature is not of a key"},
		"ES256 of zeros":            {forge(object{"alg": "ES256"}, claims(), func([]byte) []byte { return make([]byte, 64) }), "the signature is not of a key"},
		"claims changed":            {strings.Split(good, ".")[0] + "." + part(claims().with(object{"sub": "1"})) + "." + strings.Split(good, ".")[2], "the signature is not of a key"},
		"unknown kid":               {forge(object{"alg": "RS256", "kid": "../../dev/null"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid of a key of its kind":  {forge(object{"alg": "RS256", "kid": "rsa"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid of another kind":       {forge(object{"alg": "RS256", "kid": "ec"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid for encryption":        {forge(object{"alg": "RS256", "kid": "encryption"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid for wrapping":          {forge(object{"alg": "RS256", "kid": "wraps"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid for another algorithm": {forge(object{"alg": "RS256", "kid": "pss"}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"kid is no text":            {forge(`{"alg":"RS256","kid":["rsa"]}`, claims(), signsRSA(rsaKey())), "a part cannot be read"},
		"alg twice":                 {forge(`{"alg":"none","alg":"RS256"}`, claims(), signsRSA(rsaKey())), "a part cannot be read"},
		"its own key (jwk)":         {forge(object{"alg": "RS256", "jwk": jwk(attacker.Public(), nil)}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"its own key and kid":       {forge(object{"alg": "RS256", "kid": "mine", "jwk": jwk(attacker.Public(), object{"kid": "mine"})}, claims(), signsRSA(attacker)), "the signature is not of a key"},
		"a critical extension":      {forge(object{"alg": "HS256", "crit": []string{"b64"}, "b64": false}, claims(), signsHMAC(hmacKey)), "extension"},
		"an unknown extension":      {forge(object{"alg": "HS256", "crit": []string{"x"}, "x": 1}, claims(), signsHMAC(hmacKey)), "extension"},
		"a notice of a logout":      {forge(object{"alg": "HS256", "typ": "logout+jwt"}, claims(), signsHMAC(hmacKey)), `of the type "logout+jwt"`},
		"expired":                   {token("HS256", claims().with(object{"exp": in(-31 * time.Second)})), "it has expired at 2"},
		"never expires":             {token("HS256", claims().with(object{"exp": nil})), "it would never expire"},
		"exp is null":               {token("HS256", `{"sub":"1","iss":"`+issuer+`","aud":"tutorsocket","exp":null}`), "it would never expire"},
		"exp is a text":             {token("HS256", claims().with(object{"exp": "9999999999"})), "claim exp is not a time"},
		"exp overflows":             {token("HS256", `{"sub":"1","exp":9223372036854775807}`), "claim exp is not a time"},
		"exp is endless":            {token("HS256", `{"sub":"1","exp":1e999}`), "claim exp is not a time"},
		"exp before time":           {token("HS256", `{"sub":"1","exp":-1}`), "claim exp is not a time"},
		"exp twice":                 {token("HS256", `{"sub":"1","exp":1,"exp":9999999999}`), "claims are not one object"},
		"EXP":                       {token("HS256", claims().with(object{"exp": nil, "EXP": in(time.Hour)})), "it would never expire"},
		"not yet":                   {token("HS256", claims().with(object{"nbf": in(time.Minute)})), "it counts from 2"},
		"nbf overflows":             {token("HS256", claims().with(object{"nbf": 1e300})), "claim nbf is not a time"},
		"issued in the future":      {token("HS256", claims().with(object{"iat": in(time.Minute)})), "it was issued at 2"},
		"another issuer":            {token("HS256", claims().with(object{"iss": issuer + "/"})), `its issuer is "https://login.example.com/", expected is "https://login.example.com"`},
		"no issuer":                 {token("HS256", claims().with(object{"iss": nil})), `no issuer (iss), expected is "https://login.example.com"`},
		"issuers":                   {token("HS256", claims().with(object{"iss": []string{issuer}})), "no issuer"},
		"another audience":          {token("HS256", claims().with(object{"aud": []string{"wiki", "mail"}})), `its audience is "wiki", "mail", expected is "tutorsocket"`},
		"audience in other case":    {token("HS256", claims().with(object{"aud": "Tutorsocket"})), `its audience is "Tutorsocket"`},
		"no audience":               {token("HS256", claims().with(object{"aud": nil})), `no audience (aud), expected is "tutorsocket"`},
		"empty audience":            {token("HS256", claims().with(object{"aud": []string{}})), "no audience (aud)"},
		"audience of numbers":       {token("HS256", claims().with(object{"aud": []any{audience, 1}})), "claim aud is neither"},
		"aud twice":                 {token("HS256", `{"aud":"wiki","aud":"tutorsocket"}`), "claims are not one object"},
		"nobody":                    {token("HS256", claims().with(object{"sub": nil})), `it has no claim "sub"`},
		"empty user":                {token("HS256", claims().with(object{"sub": ""})), "is empty"},
		"user of many":              {token("HS256", claims().with(object{"sub": []string{"1"}})), "neither a text nor a whole number"},
		"user is a fraction":        {token("HS256", `{"sub":1.5,"iss":"`+issuer+`","aud":"tutorsocket","exp":9999999999}`), "not a whole number"},
		"user in powers of ten":     {token("HS256", `{"sub":1e3,"iss":"`+issuer+`","aud":"tutorsocket","exp":9999999999}`), "not a whole number"},
		"user with a line break":    {token("HS256", claims().with(object{"sub": "1\n2"})), "not plain text"},
		"user that cannot be seen":  {token("HS256", claims().with(object{"sub": "1\u200b"})), "not plain text"},
		"a long user":               {token("HS256", claims().with(object{"sub": strings.Repeat("1", 129)})), "129 bytes"},
		"too many tags":             {token("HS256", claims().with(object{"tags": object{strings.Repeat("n", 129): "v"}})), "tag limit"},
		"services of a number":      {token("HS256", claims().with(object{"services": 1})), `"services" is neither a list`},
		"services are null":         {token("HS256", `{"services":null,"sub":"1","iss":"`+issuer+`","aud":"tutorsocket","exp":9999999999}`), `"services" is neither a list`},
		"a list for claims":         {token("HS256", `[]`), "claims are not one object"},
		"null for claims":           {token("HS256", `null`), "claims are not one object"},
		"no claims":                 {token("HS256", ``), "claims are not one object"},
		"claims are no JSON":        {token("HS256", `{"sub":`), "claims are not one object"},
		"claims and more":           {token("HS256", `{}{}`), "claims are not one object"},
		"encrypted":                 {"a.b.c.d.e", "not of the form"},
		"two parts":                 {"e30.e30", "not of the form"},
		"JSON form":                 {`{"payload":"e30","protected":"e30","signature":""}`, "Bearer TOKEN"},
		"padding":                   {good + "==", "not of the form"},
		"no base64":                 {"e30.e30.!", "not of the form"},
		"huge":                      {token("HS256", claims().with(object{"x": strings.Repeat("x", 8<<10)})), "at most 8192 are taken"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "JSON form" {
				c.token = strings.ReplaceAll(c.token, ",", " ,") // more than one word
			}
			caller, err := m.Authenticate(bearing(c.token))
			if !errors.Is(err, auth.ErrUnauthenticated) || !reflect.DeepEqual(caller, auth.Caller{}) {
				t.Fatalf("let in as %+v, error %v", caller, err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error does not say %q: %v", c.want, err)
			}
			for _, piece := range strings.Split(c.token, ".") {
				if len(piece) > 16 && strings.Contains(err.Error(), piece) {
					t.Errorf("the error holds a part of the token: %v", err)
				}
			}
			if len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if _, renewed := m.Renew(t.Context(), c.token); name != "JSON form" && (renewed == nil || !strings.Contains(renewed.Error(), c.want)) {
				t.Errorf("in a message it gives %v", renewed)
			}
		})
	}
}

// TestNoSecretAtAll: a server with public keys only has nothing that HS256 could be checked with.
func TestNoSecretAtAll(t *testing.T) {
	public := publicPEM(rsaKey().Public())
	cfg := settings(t)
	cfg.SecretFile, cfg.KeyFiles = "", []string{file(t, public)}
	m := method(t, cfg)
	for _, secret := range []string{public, strings.TrimSpace(public), "", string(hmacKey)} {
		_, err := m.Authenticate(bearing(forge(object{"alg": "HS256"}, claims(), signsHMAC([]byte(secret)))))
		if !errors.Is(err, auth.ErrUnauthenticated) || !strings.Contains(err.Error(), "there is no key for HS256") {
			t.Errorf("error %v", err)
		}
	}
	cfg.SecretFile, cfg.KeyFiles = file(t, public), nil
	if _, err := jwt.New(cfg, nil); err == nil || !strings.Contains(err.Error(), "which is no secret") {
		t.Errorf("a public key in the place of the secret gives %v", err)
	}
}

// TestKeysThatATokenPointsTo: nothing is fetched because a token says so.
func TestKeysThatATokenPointsTo(t *testing.T) {
	attacker := made(rsa.GenerateKey(rand.Reader, 2048))
	server := newPublisher(t, set(jwk(attacker.Public(), object{"kid": "mine"})))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	chain := []any{made(x509.CreateCertificate(rand.Reader, template, template, attacker.Public(), attacker))}
	m := method(t, settings(t))
	for name, header := range map[string]object{
		"jku": {"jku": server.URL, "kid": "mine"},
		"x5u": {"x5u": server.URL},
		"x5c": {"x5c": chain},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := m.Authenticate(bearing(forge(header.with(object{"alg": "RS256"}), claims(), signsRSA(attacker))))
			if !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("error %v", err)
			}
			// With the right signature the header does not matter.
			if _, err := m.Authenticate(bearing(forge(header.with(object{"alg": "RS256"}), claims(), signsRSA(rsaKey())))); err != nil {
				t.Error(err)
			}
		})
	}
	if n := server.fetches(); n != 0 {
		t.Errorf("the attacker's server was asked %d times", n)
	}
}

func TestSkew(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	cfg := settings(t)
	cfg.Clock = func() time.Time { return now }
	m := method(t, cfg)
	for name, c := range map[string]struct {
		claims object
		ok     bool
	}{
		"expired within the skew":  {object{"exp": at(-29 * time.Second)}, true},
		"expired at its end":       {object{"exp": at(-30 * time.Second)}, false},
		"nbf within the skew":      {object{"exp": at(time.Hour), "nbf": at(30 * time.Second)}, true},
		"nbf behind it":            {object{"exp": at(time.Hour), "nbf": at(31 * time.Second)}, false},
		"iat within the skew":      {object{"exp": at(time.Hour), "iat": at(30 * time.Second)}, true},
		"iat behind it":            {object{"exp": at(time.Hour), "iat": at(31 * time.Second)}, false},
		"a fraction of a second":   {object{"exp": float64(at(-30*time.Second)) + 0.5}, true},
		"audience among others":    {object{"exp": at(time.Hour), "aud": []string{"wiki", audience}}, true},
		"everything at its moment": {object{"exp": at(time.Hour), "nbf": at(0), "iat": at(0)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := m.Authenticate(bearing(token("HS256", claims().with(c.claims))))
			if (err == nil) != c.ok {
				t.Errorf("error %v, want it taken: %v", err, c.ok)
			}
			if err != nil && !strings.Contains(err.Error(), "here it is 2026-11-26T12:00:00Z") {
				t.Errorf("the error does not say the time here: %v", err)
			}
		})
	}
}

func TestAnyIssuerAndAudience(t *testing.T) {
	cfg := settings(t)
	cfg.Issuer, cfg.Audience, cfg.AnyIssuer, cfg.AnyAudience = "", nil, true, true
	m := method(t, cfg)
	for name, change := range map[string]object{
		"none":   {"iss": nil, "aud": nil},
		"others": {"iss": "somebody", "aud": []any{1}},
	} {
		if _, err := m.Authenticate(bearing(token("HS256", claims().with(change)))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoIsNamed(t *testing.T) {
	user := func(change func(*hub.User)) auth.Caller {
		u := hub.User{ID: "7177256154427237596"}
		change(&u)
		return auth.Caller{User: u, Method: "jwt"}
	}
	same := func(*hub.User) {}
	for name, c := range map[string]struct {
		claims string // besides those that must be there
		cfg    jwt.ClaimsConfig
		want   auth.Caller
	}{
		"id only":               {`"sub":"7177256154427237596"`, jwt.ClaimsConfig{}, user(same)},
		"a number of 19 digits": {`"sub":7177256154427237596`, jwt.ClaimsConfig{}, user(same)},
		"a number of any size": {`"sub":717725615442723759671772561544272375967`, jwt.ClaimsConfig{},
			user(func(u *hub.User) { u.ID = "717725615442723759671772561544272375967" })},
		"another claim":        {`"sub":"x","person_id":7177256154427237596`, jwt.ClaimsConfig{UserID: "person_id"}, user(same)},
		"a claim in an object": {`"wt":{"person":{"id":"7177256154427237596"}}`, jwt.ClaimsConfig{UserID: "wt.person.id"}, user(same)},
		"a name with dots first": {`"sub":"7177256154427237596","a.b":"Anna","a":{"b":"Bob"}`, jwt.ClaimsConfig{Name: "a.b"},
			user(func(u *hub.User) { u.Name = "Anna" })},
		"login and name": {`"sub":"7177256154427237596","preferred_username":"anna","name":"Анна К."`, defaultClaims(),
			user(func(u *hub.User) { u.Login, u.Name = "anna", "Анна К." })},
		"a name that spoils logs": {`"sub":"7177256154427237596","name":"Anna\r\nroot\u001b[2J\u202eX"`, defaultClaims(),
			user(func(u *hub.User) { u.Name = "Anna  root [2J X" })},
		"a name that is no text":         {`"sub":"7177256154427237596","name":["x"]`, defaultClaims(), user(same)},
		"admin by default nobody":        {`"sub":"7177256154427237596","admin":true`, defaultClaims(), user(same)},
		"admin by a claim of no name":    {`"sub":"7177256154427237596","":true`, jwt.ClaimsConfig{}, user(same)},
		"admin by true":                  {`"sub":"7177256154427237596","boss":true`, jwt.ClaimsConfig{Admin: "boss"}, user(func(u *hub.User) { u.Admin = true })},
		"admin by a text that says true": {`"sub":"7177256154427237596","boss":"true"`, jwt.ClaimsConfig{Admin: "boss"}, user(same)},
		"admin by a number":              {`"sub":"7177256154427237596","boss":1`, jwt.ClaimsConfig{Admin: "boss"}, user(same)},
		"admin by false":                 {`"sub":"7177256154427237596","boss":false`, jwt.ClaimsConfig{Admin: "boss"}, user(same)},
		"admin by a role": {`"sub":"7177256154427237596","realm_access":{"roles":["user","wt-admin"]}`, jwt.ClaimsConfig{Admin: "realm_access.roles=wt-admin"},
			user(func(u *hub.User) { u.Admin = true })},
		"admin by a part of a role": {`"sub":"7177256154427237596","roles":["wt-admins"]`, jwt.ClaimsConfig{Admin: "roles=wt-admin"}, user(same)},
		"admin by a word":           {`"sub":"7177256154427237596","scope":"read admin"`, jwt.ClaimsConfig{Admin: "scope=admin"}, user(func(u *hub.User) { u.Admin = true })},
		"admin by true of a value":  {`"sub":"7177256154427237596","roles":true`, jwt.ClaimsConfig{Admin: "roles=admin"}, user(same)},
		"fields": {`"sub":"7177256154427237596","fields":{"dept":"IT","n":7177256154427237596,"x":null},"title":"Dr.","a":{"b":[1,{"c":"d"}]}`,
			jwt.ClaimsConfig{Fields: []string{"fields", "position=title", "list=a.b", "absent", "a=a"}},
			user(func(u *hub.User) {
				u.Fields = map[string]string{"dept": "IT", "n": "7177256154427237596", "position": "Dr.", "list": `[1,{"c":"d"}]`, "a": `{"b":[1,{"c":"d"}]}`}
			})},
		"tags": {`"sub":"7177256154427237596","tags":{"hall":"Main hall","vip":true},"group":12`,
			jwt.ClaimsConfig{Tags: []string{"tags", "group"}},
			auth.Caller{User: hub.User{ID: "7177256154427237596"}, Method: "jwt", Tags: map[string]string{"hall": "Main hall", "vip": "true", "group": "12"}}},
		"services": {`"sub":"7177256154427237596","services":["echo","chat"]`, defaultClaims(),
			auth.Caller{User: hub.User{ID: "7177256154427237596"}, Method: "jwt", Services: []string{"echo", "chat"}}},
		"services in a text": {`"sub":"7177256154427237596","services":"echo  chat"`, defaultClaims(),
			auth.Caller{User: hub.User{ID: "7177256154427237596"}, Method: "jwt", Services: []string{"echo", "chat"}}},
		"no services": {`"sub":"7177256154427237596","services":[]`, defaultClaims(),
			auth.Caller{User: hub.User{ID: "7177256154427237596"}, Method: "jwt", Services: []string{}}},
		"an empty text of services": {`"sub":"7177256154427237596","services":""`, defaultClaims(),
			auth.Caller{User: hub.User{ID: "7177256154427237596"}, Method: "jwt", Services: []string{}}},
		"services that nobody asks for": {`"sub":"7177256154427237596","services":["echo"]`, jwt.ClaimsConfig{}, user(same)},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(t)
			cfg.Claims = c.cfg
			text := `{"iss":"` + issuer + `","aud":"tutorsocket","exp":9999999999,` + c.claims + `}`
			got, err := method(t, cfg).Authenticate(bearing(token("HS256", text)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Lease == nil {
				t.Error("there is no lease")
			}
			if got.Lease = nil; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%+v, want\n%+v", got, c.want)
			}
			if len(got.Services) == 0 && got.Services != nil && got.MayOpen("echo") {
				t.Error("an empty list opens a service")
			}
		})
	}
}

func TestWhereTheTokenMayBe(t *testing.T) {
	cfg := settings(t)
	cfg.Cookie = "portal"
	m := method(t, cfg)
	good, other := token("HS256", claims()), token("HS256", claims().with(object{"sub": "1"}))
	for name, c := range map[string]struct {
		request *http.Request
		want    error // nil: it is taken
	}{
		"header":                     {bearing(good), nil},
		"header, other case":         {handshake("/", "Authorization: bearer  "+good), nil},
		"parameter":                  {handshake("/services/echo?x=1&access_token=" + good), nil},
		"subprotocol":                {handshake("/", "Sec-WebSocket-Protocol: chat, bearer."+good), nil},
		"subprotocol, second header": {handshake("/", "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: bearer."+good), nil},
		"cookie":                     {handshake("/", "Cookie: a=b; portal="+good), nil},
		"the same everywhere": {handshake("/?access_token="+good, "Authorization: Bearer "+good, "Cookie: portal="+good,
			"Sec-WebSocket-Protocol: bearer."+good), nil},
		"the same parameter twice": {handshake("/?access_token=" + good + "&access_token=" + good), nil},

		"nothing":                    {handshake("/"), auth.ErrNoCredentials},
		"empty parameter":            {handshake("/?access_token="), auth.ErrNoCredentials},
		"another cookie":             {handshake("/", "Cookie: session="+good), auth.ErrNoCredentials},
		"Basic":                      {handshake("/", "Authorization: Basic YTpi"), auth.ErrNoCredentials},
		"subprotocols":               {handshake("/", "Sec-WebSocket-Protocol: chat, bearer"), auth.ErrNoCredentials},
		"parameter in other case":    {handshake("/?Access_Token=" + good), auth.ErrNoCredentials},
		"parameter behind semicolon": {handshake("/?a=b;access_token=" + good), auth.ErrNoCredentials},

		"two parameters":              {handshake("/?access_token=" + good + "&access_token=" + other), auth.ErrUnauthenticated},
		"good and nonsense":           {handshake("/?access_token=" + good + "&access_token=x"), auth.ErrUnauthenticated},
		"header and parameter":        {handshake("/?access_token="+other, "Authorization: Bearer "+good), auth.ErrUnauthenticated},
		"header and cookie":           {handshake("/", "Authorization: Bearer "+good, "Cookie: portal="+other), auth.ErrUnauthenticated},
		"two cookies":                 {handshake("/", "Cookie: portal="+good+"; portal="+other), auth.ErrUnauthenticated},
		"two subprotocols":            {handshake("/", "Sec-WebSocket-Protocol: bearer."+good+", bearer."+other), auth.ErrUnauthenticated},
		"three, the ends the same":    {handshake("/?access_token="+other, "Authorization: Bearer "+good, "Cookie: portal="+good), auth.ErrUnauthenticated},
		"two headers":                 {handshake("/", "Authorization: Bearer "+good, "Authorization: Bearer "+good), auth.ErrUnauthenticated},
		"a header of two words":       {handshake("/", "Authorization: Bearer "+good+" x"), auth.ErrUnauthenticated},
		"an empty header":             {handshake("/", "Authorization: Bearer "), auth.ErrUnauthenticated},
		"a line break in the token":   {handshake("/?access_token=" + good[:40] + "%0a" + good[40:]), auth.ErrUnauthenticated},
		"a blank in front of the dot": {handshake("/?access_token=+" + good), auth.ErrUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			caller, err := m.Authenticate(c.request)
			if !errors.Is(err, c.want) || (err == nil) != (caller.User.ID == claims()["sub"]) {
				t.Errorf("user %q, error %v, want %v", caller.User.ID, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), good[:40]) || strings.Contains(err.Error(), other[40:])) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
	cfg.Cookie = ""
	if _, err := method(t, cfg).Authenticate(handshake("/", "Cookie: portal="+good)); !errors.Is(err, auth.ErrNoCredentials) {
		t.Errorf("a cookie that no setting names gives %v", err)
	}
}

// TestCookieOfAVictim: a page elsewhere has the browser send the cookie. The token itself it does not know.
func TestCookieOfAVictim(t *testing.T) {
	cfg := settings(t)
	cfg.Cookie = "portal"
	m := method(t, cfg)
	good := token("HS256", claims())
	proxies := made(auth.NewProxies([]string{"192.0.2.1"}))
	for name, c := range map[string]struct {
		host    string
		tls     bool
		origins []string
		ok      bool
		https   bool // to a proxy that is trusted
	}{
		"over https, from a page over http": {host: "ws.example.com", origins: []string{"http://ws.example.com"}, https: true},
		"both over https":                   {host: "ws.example.com", origins: []string{"https://ws.example.com"}, https: true, ok: true},

		"no page":                 {host: "ws.example.com", ok: true},
		"a page of this server":   {host: "ws.example.com", origins: []string{"http://ws.example.com"}, ok: true},
		"with TLS":                {host: "ws.example.com", tls: true, origins: []string{"https://ws.example.com"}, ok: true},
		"with a port":             {host: "ws.example.com:8443", tls: true, origins: []string{"https://ws.example.com:8443"}, ok: true},
		"the usual port, written": {host: "ws.example.com:443", tls: true, origins: []string{"https://WS.example.com"}, ok: true},
		"behind a proxy with TLS": {host: "ws.example.com", origins: []string{"https://ws.example.com"}, ok: true},
		"an address":              {host: "[::1]:8080", origins: []string{"http://[0:0:0:0:0:0:0:1]:8080"}, ok: true},

		"another site":          {host: "ws.example.com", origins: []string{"https://evil.example"}},
		"a neighbour":           {host: "ws.example.com", origins: []string{"https://portal.example.com"}},
		"another port":          {host: "ws.example.com:8443", tls: true, origins: []string{"https://ws.example.com"}},
		"without TLS":           {host: "ws.example.com", tls: true, origins: []string{"http://ws.example.com"}},
		"null":                  {host: "ws.example.com", origins: []string{"null"}},
		"a file":                {host: "ws.example.com", origins: []string{"file://ws.example.com"}},
		"two origins":           {host: "ws.example.com", origins: []string{"http://ws.example.com", "https://evil.example"}},
		"name as a user":        {host: "ws.example.com", origins: []string{"http://ws.example.com@evil.example"}},
		"name as a prefix":      {host: "ws.example.com", origins: []string{"http://ws.example.com.evil.example"}},
		"something unreadable":  {host: "ws.example.com", origins: []string{"http://%zz"}},
		"an empty header":       {host: "ws.example.com", origins: []string{""}},
		"not even a host there": {host: "", origins: []string{"http://"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := handshake("/services/echo", "Cookie: portal="+good)
			r.Host, r.TLS = c.host, nil
			if c.tls {
				r.TLS = new(tls.ConnectionState)
			}
			for _, origin := range c.origins {
				r.Header.Add("Origin", origin)
			}
			if c.https {
				r.Header.Set("X-Forwarded-For", "203.0.113.5")
				r.Header.Set("X-Forwarded-Proto", "https")
			}
			var err error
			r.RemoteAddr = "192.0.2.1:5000"
			proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, arrived *http.Request) {
				_, err = m.Authenticate(arrived)
			})).ServeHTTP(httptest.NewRecorder(), r)
			if c.ok && err != nil || !c.ok && !errors.Is(err, auth.ErrForbidden) {
				t.Errorf("error %v, want it taken: %v", err, c.ok)
			}
			// Who sends the token itself may do so from anywhere.
			r.Header.Set("Authorization", "Bearer "+good)
			if _, err := m.Authenticate(r); err != nil {
				t.Errorf("with the token: %v", err)
			}
		})
	}
}

func TestErrorsNameTheToken(t *testing.T) {
	m := method(t, settings(t))
	_, err := m.Authenticate(bearing(token("HS256", claims().with(object{"jti": "job-7\n", "aud": "wiki"}))))
	if err == nil || !strings.Contains(err.Error(), `token "job-7\n":`) {
		t.Errorf("error %v", err)
	}
	unsigned := forge(object{"alg": "HS256"}, claims().with(object{"jti": "job-7"}), signsHMAC([]byte("x")))
	first, second := errorOf(m.Renew(t.Context(), unsigned)), errorOf(m.Renew(t.Context(), unsigned+"A"))
	if strings.Contains(first, "job-7") || first == second || len(first) != len(second) {
		t.Errorf("tokens without a right signature are named in %q and %q", first, second)
	}
}

func errorOf(_ auth.Caller, err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestLeaseEndsWithTheToken: half a minute later, as the clock of the issuer may be late.
func TestLeaseEndsWithTheToken(t *testing.T) {
	secret, _ := hmacKey, rsaKey()
	synctest.Test(t, func(t *testing.T) {
		cfg := jwt.Config{SecretFile: file(t, string(secret)), Issuer: issuer, Audience: []string{audience}, Skew: 30 * time.Second}
		m := method(t, cfg)
		short := token("HS256", claims().with(object{"exp": time.Now().Add(time.Minute).Unix()}))
		caller, err := m.Authenticate(bearing(short))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan string, 1)
		began := time.Now()
		caller.Lease.OnEnd(func(why string) { ended <- why })
		time.Sleep(89 * time.Second)
		if why, over := caller.Lease.Over(); over {
			t.Errorf("it is over a second early: %s", why)
		}
		why := <-ended
		if took := time.Since(began); took != 90*time.Second || why != "the token has expired" {
			t.Errorf("after %v: %q", took, why)
		}
		if _, err := m.Renew(t.Context(), short); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("the expired token renews: %v", err)
		}
		renewed, err := m.Renew(t.Context(), token("HS256", claims()))
		if err != nil || renewed.User.ID != caller.User.ID {
			t.Fatalf("user %q, error %v", renewed.User.ID, err)
		}
		if _, over := renewed.Lease.Over(); over {
			t.Error("the lease of the new token is over")
		}
	})
	if _, err := method(t, settings(t)).Renew(t.Context(), ""); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("no token in a message gives %v", err)
	}
}
