package security

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const (
	issuer   = "https://login.example.com"
	audience = "tutorsocket"
	secret   = "a secret of 32 bytes, or of more"
	password = "correct horse battery"
	evil     = "https://evil.example"
)

// production is a server as serve starts it: users come with a token or log in.
func production(t *testing.T, change func(*config.Config), options ...servertest.Option) *servertest.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	servertest.WriteFile(t, file, secret)
	return servertest.Start(t, append([]servertest.Option{servertest.Production(func(c *config.Config) {
		c.Auth.Methods = []string{config.AuthJWT, config.AuthAccounts}
		c.Auth.JWT.SecretFile, c.Auth.JWT.Issuer, c.Auth.JWT.Audience = file, issuer, []string{audience}
		if change != nil {
			change(c)
		}
	})}, options...)...)
}

type object = map[string]any

// claims are those of a token of a user that is good; changes are names and values by turns, nil takes one away.
func claims(user string, changes ...any) object {
	c := object{"iss": issuer, "aud": audience, "sub": user, "exp": time.Now().Add(time.Hour).Unix()}
	for i := 0; i+1 < len(changes); i += 2 {
		c[changes[i].(string)] = changes[i+1]
	}
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// forge writes a token: what its header says need not be true.
func forge(t *testing.T, alg, key string, c object) string {
	t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(object{"alg": alg, "typ": "JWT"}) + "." + part(c)
	if key == "" {
		return signed + "."
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// token is one that the server takes.
func token(t *testing.T, user string, changes ...any) string {
	t.Helper()
	return forge(t, "HS256", secret, claims(user, changes...))
}

// as are the headers of a user with a token.
func as(t *testing.T, user string) []string {
	return []string{"Authorization", "Bearer " + token(t, user)}
}

// refused expects a handshake to be refused with a status, and a record of it: the newest of GET /refusals is of this
// kind and says this.
func refused(t *testing.T, s *servertest.Server, path string, headers []string, status int, what, says string) api.RefusedRequest {
	t.Helper()
	_, err := s.TryDial(t, path, headers...)
	var no *servertest.Refused
	if !errors.As(err, &no) || no.Status != status {
		t.Errorf("%s with %q: %v, want status %d", path, headers, err, status)
		return api.RefusedRequest{}
	}
	newest := record(t, s)
	if newest.What != what || newest.Status != status || !strings.Contains(newest.Detail, says) {
		t.Errorf("%s with %q: the record is %+v, want %s and %q", path, headers, newest, what, says)
	}
	return newest
}

// record is the newest of what was refused.
func record(t *testing.T, s *servertest.Server) api.RefusedRequest {
	t.Helper()
	list, err := s.API.RefusedRequests(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		t.Fatal("nothing was refused")
	}
	return list.Items[0]
}

// script runs a script as an administrator starts one, and returns what it wrote and how it failed.
func script(t *testing.T, s *servertest.Server, source string) (lines, failure string) {
	t.Helper()
	var text strings.Builder
	outcome, err := s.API.Run(t.Context(), api.RunRequest{Source: source}, func(l api.Line) { text.WriteString(l.Text + "\n") })
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return text.String(), outcome.Error
}

// socketOf is the only socket there is.
func socketOf(t *testing.T, s *servertest.Server) api.Socket {
	t.Helper()
	list, err := s.API.Sockets(t.Context(), api.SocketQuery{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("sockets: %+v, %v", list, err)
	}
	return list.Items[0]
}

// victim is the browser of a user who has logged in.
type victim struct {
	t      *testing.T
	server *servertest.Server
	client *http.Client
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// logIn makes a user and logs the user in, in a browser of its own.
func logIn(t *testing.T, s *servertest.Server, login string) *victim {
	t.Helper()
	if _, err := s.API.AddUser(t.Context(), api.NewUser{Login: login, Password: password}); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t, s, &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, page := v.post("/login", v.form("login", login, "password", password)); status != http.StatusSeeOther {
		t.Fatalf("log in: %d %s", status, page)
	}
	return v
}

// form is the form of the login page, filled in: names and values by turns.
func (v *victim) form(fields ...string) url.Values {
	v.t.Helper()
	values := url.Values{}
	_, page := v.do("GET", "/login?lang=en", "", nil)
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		values.Set(m[1], m[2])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

func (v *victim) post(path string, values url.Values) (int, string) {
	return v.do("POST", path, values.Encode(), []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", v.server.URL(), "Sec-Fetch-Site", "same-origin"})
}

func (v *victim) do(method, path, body string, headers []string) (int, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.server.URL()+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// cookies are all that the browser sends to the server.
func (v *victim) cookies() string {
	v.t.Helper()
	base, err := url.Parse(v.server.URL())
	if err != nil {
		v.t.Fatal(err)
	}
	var all []string
	for _, c := range v.client.Jar.Cookies(base) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}
