package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const goodPassword = "correct horse battery"

func TestUsersFromTheCommandLine(t *testing.T) {
	s := servertest.Start(t, silent)
	for _, step := range []struct {
		args, in string
		code     int
		out      string // a pattern
	}{
		{"user list", "", 0, `^no users; to add one: tutorsocket user add LOGIN\n$`},
		{"user add Anna --name A --id 41 --admin --field b=2 --field a=x=y", goodPassword + "\r\n", 0, `(?m)^LOGIN +ID +NAME +IS +FIELDS\nAnna +41 +A +administrator +a=x=y b=2\n$`},
		{"user add anna", goodPassword, 1, `login is taken`},
		{"user add bob", "short", 1, `^error: The user cannot be saved: the password has 5 characters, at least 12 are needed`},
		{"user add bob", "", 1, `no password on standard input`},
		{"user add bob", "one line\nanother line\n", 1, `several lines`},
		{"user add bob --field x", goodPassword, 2, `NAME=VALUE`},
		{"user add bob --id x", goodPassword, 1, `id must be a number`},
		{"user add", goodPassword, 2, `the login is missing`},
		{"user add bob " + "hunter2hunter2", goodPassword, 2, `one argument too many`},
		{"user add bob", goodPassword, 0, `bob +\d{19}`},
		{"user disable BOB", "", 0, `bob .* disabled`},
		{"user list", "", 0, `(?m)^Anna .*\nbob +\d+ +disabled\n$`},
		{"user enable bob", "", 0, `(?m)^bob +\d+\n$`},
		{"user set anna --admin=false --name=", "", 0, `(?m)^Anna +41 +a=x=y b=2\n$`},
		{"user set anna --field c=1", "", 0, `(?m)^Anna +41 +c=1\n$`},
		{"user set anna", "", 2, `nothing is to change`},
		{"user passwd bob", "another horse battery", 0, `bob`},
		{"user passwd carl", goodPassword, 1, `there is no user "carl"; see: tutorsocket user list`},
		{"user logout anna", "", 0, `^logged out Anna\n$`},
		{"user sessions anna", "", 0, `^no sessions\n$`},
		{"user sessions --json", "", 0, `"items": \[\]`},
		{"user sessions a b", "", 2, `too many`},
		{"user remove bob", "", 0, `^removed bob\n$`},
		{"user remove bob --json", "", 1, `there is no user`},
	} {
		c := at(s)
		c.in = strings.NewReader(step.in)
		code := c.run(t.Context(), strings.Fields(step.args)...)
		out := c.out.String() + c.err.String()
		if code != step.code || !regexp.MustCompile(step.out).MatchString(out) {
			t.Errorf("%s: code %d, want %d and %s\n%s", step.args, code, step.code, step.out, out)
		}
		if strings.Contains(out, goodPassword) {
			t.Errorf("%s: the password is shown: %s", step.args, out)
		}
	}
	c := at(s)
	if code := c.run(t.Context(), "user", "list", "--json"); code != 0 {
		t.Fatal(c.err.String())
	}
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(c.out.String()), &list); err != nil || len(list.Items) != 1 || list.Items[0]["id"] != "41" {
		t.Errorf("%v in %s", err, c.out.String())
	}
}

func TestAPasswordIsTypedTwice(t *testing.T) {
	s := servertest.Start(t, silent)
	for name, c := range map[string]struct {
		typed []string
		err   error
		code  int
		part  string
	}{
		"twice the same": {[]string{goodPassword, goodPassword}, nil, 0, "anna"},
		"another":        {[]string{goodPassword, goodPassword + "x"}, nil, 1, "the two passwords differ"},
		"Ctrl-C":         {nil, context.Canceled, 1, "stopped"},
		"end of input":   {nil, errors.New("EOF"), 1, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			at := at(s)
			at.screen = cli.Screen{Secret: func(context.Context) (string, error) {
				if c.err != nil {
					return "", c.err
				}
				text := c.typed[0]
				c.typed = c.typed[1:]
				return text, nil
			}}
			code := at.run(t.Context(), "user", "add", "anna")
			if all := at.out.String() + at.err.String(); code != c.code || !strings.Contains(all, c.part) || !strings.Contains(all, "Password: ") || strings.Contains(all, goodPassword) {
				t.Errorf("code %d, %s", code, all)
			}
		})
	}
}
