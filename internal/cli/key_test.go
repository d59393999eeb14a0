package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

func TestKeys(t *testing.T) {
	s := servertest.Start(t, silent)
	run := func(args ...string) (code int, out, errs string) {
		c := at(s)
		code = c.run(t.Context(), args...)
		return code, c.out.String(), c.err.String()
	}
	code, out, errs := run("key", "create", "портал", "--scope", "send,read", "--ttl", "1h30m")
	token := strings.TrimSpace(out)
	id, ok := keys.IDOf(token)
	if code != 0 || !ok || !strings.Contains(errs, "key revoke "+id) || strings.Contains(errs, token) {
		t.Fatalf("code %d, %s%s", code, out, errs)
	}
	code, out, errs = run("sockets", "--token", token)
	if code != 0 {
		t.Errorf("with the key: code %d, %s%s", code, out, errs)
	}
	code, _, errs = run("data", "set", "counter", "1", "--token", token)
	if code != 1 || !strings.Contains(errs, "wants the scope run, and the key has read, send") {
		t.Errorf("without the scope: code %d, %s", code, errs)
	}
	var made struct {
		ID, Token string
		Scopes    []string
	}
	code, out, errs = run("key", "create", "ci", "--scope", "run", "--scope", "admin", "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 || len(made.Scopes) != 2 || !strings.HasPrefix(made.Token, "tsk_"+made.ID) || errs != "" {
		t.Errorf("code %d, %v, %s%s", code, err, out, errs)
	}
	code, out, errs = run("key", "list")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 3 || !strings.Contains(lines[1], "портал") || !strings.Contains(lines[1], "read,send") || !strings.Contains(lines[2], "run,admin") || !strings.Contains(lines[2], "never") {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	code, out, _ = run("key", "list", "--json")
	var list struct {
		Items []struct{ ID, Name string }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list.Items) != 2 || strings.Contains(out, token[20:]) {
		t.Errorf("code %d, %v, %s", code, err, out)
	}
	code, out, errs = run("key", "revoke", "aaaaaaaaaaaa", token, "--json") // the whole token, as it was found somewhere
	if code != 1 || !strings.Contains(out, `"`+id+`"`) || !strings.Contains(errs, "aaaaaaaaaaaa") || strings.Contains(out+errs, token[20:]) {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	if code, _, errs = run("sockets", "--token", token); code != 1 || !strings.Contains(errs, "was revoked") {
		t.Errorf("with the revoked key: code %d, %s", code, errs)
	}
	if code, out, errs = run("key", "revoke", made.ID); code != 0 || out+errs != "" {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	if code, out, _ = run("key", "list"); code != 0 || out != "no API keys\n" {
		t.Errorf("code %d, %s", code, out)
	}
}

func TestWrongKeyCommands(t *testing.T) {
	s := servertest.Start(t, silent)
	for line, want := range map[string]string{
		"key create":                                 "the name is missing",
		"key create portal":                          "--scope is missing",
		"key create portal --scope sent":             "did you mean",
		"key create portal --scope read,read":        "twice",
		"key create portal --scope read --ttl 1ms":   "at least 1s",
		"key create portal more --scope read":        "one argument too many",
		"key create a\x1b[31m --scope read":          `'\x1b'`,
		"key revoke":                                 "the id is missing",
		"key revoke portal":                          "is not the id of a key",
		"key revoke tsk_aaaaaaaaaaaa_secretsecretse": "is not the id of a key",
	} {
		c := at(s)
		if code := c.run(t.Context(), strings.Fields(line)...); code != 2 || !strings.Contains(c.err.String(), want) || strings.Contains(c.err.String(), "secretsecret") {
			t.Errorf("%s: code %d, %s", line, code, c.err.String())
		}
	}
}

// TestCommandsFindTheListenerForAdministrators: they take what the server left in its data folder, and say what to do
// where they are sent to the other listener.
func TestCommandsFindTheListenerForAdministrators(t *testing.T) {
	s := servertest.Start(t, silent, servertest.Settings(func(c *config.Config) { c.Admin.Listen = "127.0.0.1:0" }))
	c := at(s)
	if code := c.run(t.Context(), "key", "list"); code != 0 {
		t.Errorf("code %d, %s", code, c.err.String())
	}
	c = at(s)
	if code := c.run(t.Context(), "key", "list", "--server", s.URL()); code != 1 || !strings.Contains(c.err.String(), "admin.listen") {
		t.Errorf("code %d, %s", code, c.err.String())
	}
	c = at(s)
	if code := c.run(t.Context(), "sockets", "--server", s.URL()); code != 0 {
		t.Errorf("code %d, %s", code, c.err.String())
	}
}
