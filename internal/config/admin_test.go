package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

const adminToken = "0123456789abcdefghij-_+/="

func TestTheAdminTokenIsSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(adminToken+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]string{"in the environment": "TUTORSOCKET_ADMIN_TOKEN=" + adminToken, "in a file": "TUTORSOCKET_ADMIN_TOKEN_FILE=" + file} {
		c, err := config.Load(config.Sources{Env: []string{env}})
		if err != nil {
			t.Fatal(err)
		}
		if token, err := c.Admin.AdminToken(); err != nil || token != adminToken {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
	if token, err := config.Default().Admin.AdminToken(); err != nil || token != "" {
		t.Errorf("nowhere: %q, %v", token, err)
	}
	for _, s := range config.Reference() {
		if strings.HasPrefix(s.Key, "admin.") && s.Flag != "" {
			t.Errorf("the flag --%s sets %s, which everybody on the machine could read", s.Flag, s.Key)
		}
		if s.Key == "admin.token" && !s.Secret {
			t.Error("admin.token is shown with the settings")
		}
	}
}

func TestTokensThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for name, token := range map[string]string{
		"short": "0123456789abcdefghi", "a blank": "0123456789 abcdefghij", "two lines": "0123456789\nabcdefghij", "a comma": "0123456789,abcdefghij",
		"not ASCII": "пароль, который никто не угадает", "an API key": "tsk_0123456789abcdefghij", "very long": strings.Repeat("x", 4097),
	} {
		_, err := config.Load(config.Sources{Env: []string{"TUTORSOCKET_ADMIN_TOKEN=" + token}})
		if err == nil || !strings.Contains(err.Error(), "admin.token") || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (config.Admin{TokenFile: file}).AdminToken(); err == nil || got != "" || !strings.Contains(err.Error(), "admin.token_file") || strings.Contains(err.Error(), token) {
			t.Errorf("%s, in a file: %q, %v", name, got, err)
		}
	}
	for _, file := range []string{dir, filepath.Join(dir, "none")} {
		if got, err := (config.Admin{TokenFile: file}).AdminToken(); err == nil || got != "" {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	_, err := config.Load(config.Sources{Env: []string{"TUTORSOCKET_ADMIN_TOKEN=" + adminToken, "TUTORSOCKET_ADMIN_TOKEN_FILE=" + dir}})
	if err == nil || !strings.Contains(err.Error(), "one place too many") {
		t.Errorf("both: %v", err)
	}
}

func TestTheAddressForAdministrators(t *testing.T) {
	for address, ok := range map[string]bool{
		"": true, "127.0.0.1:8081": true, "[::1]:0": true, ":8081": true,
		"8081": false, "127.0.0.1": false, "127.0.0.1:http": false, "127.0.0.1:8080": false, // that of listen
	} {
		_, err := config.Load(config.Sources{Env: []string{"TUTORSOCKET_ADMIN_LISTEN=" + address}})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "admin.listen") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
