package cli_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// keyPair is one that everybody knows (RFC 8410, 10.3).
const (
	privateKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
	publicKey  = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
)

// TestTokenCreate: a server that has the public key, or the secret, lets the user in with what was printed.
func TestTokenCreate(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"private.pem": privateKey, "public.pem": publicKey, "secret": strings.Repeat("secret ", 5)})
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for key, cfg := range map[string]jwt.Config{
		"private.pem": {KeyFiles: []string{dir + "/public.pem"}},
		"secret":      {SecretFile: dir + "/secret"},
	} {
		t.Run(key, func(t *testing.T) {
			create := func(more ...string) string {
				var out, errs servertest.Buffer
				args := append([]string{"token", "create", "--user", "7177256154427237596", "--key", dir + "/" + key}, more...)
				env := cli.Env{Args: args, Stdout: &out, Stderr: &errs, Now: func() time.Time { return now }}
				if code := cli.Main(t.Context(), env); code != cli.ExitDone || errs.String() != "" {
					t.Fatalf("code %d, %s", code, errs.String())
				}
				return out.String()
			}
			cfg.Issuer, cfg.Audience = "portal", []string{"tutorsocket"}
			cfg.Claims = jwt.ClaimsConfig{Name: "name", Tags: []string{"tags"}, Services: "services"}
			at := now
			cfg.Clock = func() time.Time { return at }
			m, err := jwt.New(cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			text := create("--name", "Anna K.", "--tag", "hall=Main=hall", "--tag", "role=", "--service", "echo", "--service", "chat",
				"--issuer", "portal", "--audience", "other", "--audience", "tutorsocket", "--ttl", "10m")
			token, rest, _ := strings.Cut(text, "\n")
			if rest != "" || strings.Count(token, ".") != 2 {
				t.Fatalf("it prints more than the token: %q", text)
			}
			caller, err := m.Renew(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if want := (hub.User{ID: "7177256154427237596", Name: "Anna K."}); !reflect.DeepEqual(caller.User, want) {
				t.Errorf("user %+v", caller.User)
			}
			if !reflect.DeepEqual(caller.Tags, map[string]string{"hall": "Main=hall", "role": ""}) || !reflect.DeepEqual(caller.Services, []string{"echo", "chat"}) {
				t.Errorf("tags %q, services %q", caller.Tags, caller.Services)
			}
			at = now.Add(10 * time.Minute)
			if _, err := m.Renew(t.Context(), token); err == nil {
				t.Error("it counts longer than --ttl")
			}
			var printed struct {
				Token, Alg string
				Expires    time.Time
			}
			if err := json.Unmarshal([]byte(create("--json", "--issuer", "portal", "--audience", "tutorsocket")), &printed); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Renew(t.Context(), printed.Token); err != nil || !printed.Expires.Equal(now.Add(time.Hour)) || printed.Alg == "" {
				t.Errorf("%+v: %v", printed, err)
			}
		})
	}
}
