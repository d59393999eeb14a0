package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// in starts a server with its data in a folder, so that another can be started there later.
func in(data string) servertest.Option {
	return servertest.Settings(func(c *config.Config) { c.Data = data })
}

func TestLogsSurviveARestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	script := filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert('before ' + Param.n)"}), "a.js")
	s := servertest.Start(t, in(data))
	at(s).run(t.Context(), "agent", "run", script, "--param", "n=1")
	ctx, interrupt := context.WithCancel(t.Context())
	c := at(s)
	code := make(chan int)
	go func() { code <- c.run(ctx, "logs", "--follow") }()
	c.out.Expect(t, "before 1")
	s.Stop(t)
	c.err.Expect(t, "ended the stream")
	s = servertest.Start(t, in(data))
	at(s).run(t.Context(), "agent", "run", script, "--param", "n=2")
	c.err.Expect(t, "the server is back")
	c.out.Expect(t, "before 2") // though it is line 1 of the new server
	interrupt()
	if got := <-code; got != 0 || strings.Count(c.out.String(), "before 1") != 1 {
		t.Errorf("code %d, %s%s", got, c.out.String(), c.err.String())
	}
}

func TestLogsWithATokenOfAnotherServerEnd(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := servertest.Start(t, in(data))
	c := at(s)
	code := make(chan int)
	go func() { code <- c.run(t.Context(), "logs", "-f", "--token", s.Token()) }()
	at(s).run(t.Context(), "agent", "run", filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert('here')"}), "a.js"))
	c.out.Expect(t, "here")
	s.Stop(t)
	servertest.Start(t, in(data))
	if got := <-code; got != 1 || !strings.Contains(c.err.String(), "The token is not that of this server") {
		t.Errorf("code %d, %s", got, c.err.String())
	}
}

// speaking has a service and an agent that log.
var speaking = servertest.App(map[string]string{
	"services/echo.js": "function process(context) { alert('service ' + message); if (message == 'bad') throw 'spoilt'; }",
	"agents/hello.js":  "alert('agent hello')",
})

func TestLogsAreChosenByWhereTheyComeFrom(t *testing.T) {
	s := servertest.Start(t, speaking)
	anna := s.Dial(t, "echo", "anna", "41")
	anna.Send(t, "one")
	s.Dial(t, "echo", "bob", "42").Send(t, "bad")
	s.Lines.Expect(t, "service one")
	s.Lines.Expect(t, "spoilt")
	at(s).run(t.Context(), "agent", "run", "hello")
	for args, want := range map[string][]string{
		"--agent hello":               {"agent hello"},
		"--service echo --user 41":    {"service one"},
		"--socket echo-s-anna":        {"service one"},
		"--socket /services/echo-s-x": nil,
		"--errors":                    {"spoilt"},
		"--errors --agent hello":      nil,
	} {
		c := at(s)
		code := c.run(t.Context(), strings.Fields("logs --json "+args)...)
		var texts []string
		for line := range strings.Lines(c.out.String()) {
			var l struct{ Text, Service, Agent string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Errorf("%s: %v in %s", args, err, line)
			}
			texts = append(texts, l.Text)
		}
		if code != 0 || len(texts) != len(want) || len(want) > 0 && !strings.Contains(texts[0], want[0]) {
			t.Errorf("%s: code %d, lines %q", args, code, texts)
		}
	}
}

func TestSendToMany(t *testing.T) {
	s := servertest.Start(t, silent)
	anna, bob := s.Dial(t, "echo", "anna", "41"), s.Dial(t, "echo", "bob", "42")
	s.Ask(t, "PATCH", "/api/v1/sockets/%2Fservices%2Fecho-s-bob/tags", `{"role":"speaker"}`)
	run := func(stdin string, args ...string) (code int, out string) {
		c := at(s)
		c.in = strings.NewReader(stdin)
		code = c.run(t.Context(), append([]string{"send"}, args...)...)
		return code, c.out.String() + c.err.String()
	}
	if code, out := run("", "--filter", "$role:speaker", "hello"); code != 0 || out != "1 socket addressed\n" {
		t.Errorf("code %d, %s", code, out)
	}
	bob.Expect(t, "hello")
	if code, out := run("", "--filter", `{"role":["speaker"]}`, "again"); code != 0 || out != "1 socket addressed\n" {
		t.Errorf("code %d, %s", code, out)
	}
	bob.Expect(t, "again")
	if code, out := run("line 1\nline 2\r\n", "--user", "41", "-"); code != 0 || out != "1 socket addressed\n" {
		t.Errorf("code %d, %s", code, out)
	}
	anna.Expect(t, "line 1\nline 2")
	if code, out := run("", "--filter", "", "all", "--json"); code != 0 || !strings.Contains(out, `"addressed": 2`) || !strings.Contains(out, `"missing": []`) {
		t.Errorf("code %d, %s", code, out)
	}
	if code, out := run("\xff", "--filter", "", "-"); code != 1 || !strings.Contains(out, "is not UTF-8") {
		t.Errorf("code %d, %s", code, out)
	}
	if code, out := run(strings.Repeat("x", 5<<20), "--filter", "", "-"); code != 1 || !strings.Contains(out, "is longer than 4194304 bytes") {
		t.Errorf("code %d, %s", code, out)
	}
}

func TestTagsAndAbort(t *testing.T) {
	s := servertest.Start(t, silent)
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	for _, step := range []struct{ args, out string }{
		{"tags echo-s-anna", "no tags\n"},
		{"tags echo-s-anna set role=speaker b=x=y", "NAME  VALUE\nb     x=y\nrole  speaker\n"},
		{"tags echo-s-anna remove b none", "NAME  VALUE\nrole  speaker\n"},
		{"tags echo-s-anna --json", "{\n  \"role\": \"speaker\"\n}\n"},
	} {
		c := at(s)
		if code := c.run(t.Context(), strings.Fields(step.args)...); code != 0 || c.out.String() != step.out {
			t.Errorf("%s: code %d, %q%s", step.args, code, c.out.String(), c.err.String())
		}
	}
	c := at(s)
	if code := c.run(t.Context(), "sockets", "show", "echo-s-anna"); code != 0 || !regexp.MustCompile(`(?m)^Tags +role=speaker$`).MatchString(c.out.String()) {
		t.Errorf("code %d, %s", code, c.out.String())
	}
	c = at(s)
	if code := c.run(t.Context(), "abort", "echo-s-gone", "echo-s-anna", "--json"); code != 1 ||
		!strings.Contains(c.out.String(), `"/services/echo-s-anna"`) || !strings.Contains(c.err.String(), "echo-s-gone") {
		t.Errorf("code %d, %s%s", code, c.out.String(), c.err.String())
	}
	anna.ExpectLost(t)
}

func TestWatchWithoutATerminal(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"services/echo.js": "function process(context) {}"}))
	anna := s.Dial(t, "echo", "anna")
	ctx, interrupt := context.WithCancel(t.Context())
	c := at(s)
	code := make(chan int)
	go func() { code <- c.run(ctx, "sockets", "watch", "--json", "--interval", "100ms") }()
	c.out.Expect(t, `"bytes_in_per_s":null`) // nothing to compare with yet
	anna.Send(t, strings.Repeat("x", 1000))
	until(t, func() bool {
		for line := range strings.Lines(c.out.String()) {
			var f struct {
				Sockets int
				Items   []struct {
					Key string
					In  *float64 `json:"bytes_in_per_s"`
				}
			}
			if json.Unmarshal([]byte(line), &f) == nil && len(f.Items) == 1 && f.Items[0].In != nil && *f.Items[0].In > 0 {
				return f.Sockets == 1 && f.Items[0].Key == "/services/echo-s-anna"
			}
		}
		return false
	})
	interrupt()
	if got := <-code; got != 0 {
		t.Errorf("code %d, %s", got, c.err.String())
	}
	c = at(s)
	if code := c.run(t.Context(), "sockets", "watch", "--count", "2", "--interval", "100ms"); code != 0 || strings.Count(c.out.String(), "KEY") != 2 || strings.Contains(c.out.String(), "\x1b") {
		t.Errorf("code %d, %s", code, c.out.String())
	}
}

// until waits for a condition.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

func TestWatchOnATerminal(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := servertest.Start(t, silent, in(data))
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	keyboard, press := io.Pipe()
	defer press.Close()
	sizes := make(chan [2]int, 1)
	sizes <- [2]int{40, 10}
	restored := make(chan struct{})
	c := at(s)
	c.colour, c.in = true, keyboard
	c.screen = cli.Screen{
		Size: func() (columns, rows int) { size := <-sizes; sizes <- size; return size[0], size[1] },
		Keys: func() (func(), error) { return func() { close(restored) }, nil },
	}
	code := make(chan int)
	go func() { code <- c.run(t.Context(), "sockets", "watch", "--interval", "100ms") }()
	c.out.Expect(t, "1 socket, in ")
	for line := range strings.SplitSeq(escapes.ReplaceAllString(c.out.String(), ""), "\r\n") {
		if n := len([]rune(line)); n > 40 {
			t.Errorf("a line of %d characters on a screen of 40: %q", n, line)
		}
	}
	c.out.Expect(t, " 0       echo-s-anna ") // the numbers are never what is cut
	<-sizes
	sizes <- [2]int{120, 10}
	c.out.Expect(t, "/services/echo-s-anna  6148914691236517121") // whole now
	s.Stop(t)
	c.out.Expect(t, "trying again")
	s = servertest.Start(t, silent, in(data))
	s.Dial(t, "echo", "bob").ExpectQuiet(t)
	c.out.Expect(t, "echo-s-bob")
	if _, err := press.Write([]byte("xq")); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != 0 || !strings.HasSuffix(c.out.String(), "\x1b[?1049l") {
		t.Errorf("code %d, it ends with %q", got, c.err.String())
	}
	<-restored
}

var escapes = regexp.MustCompile("\x1b\\[[?0-9;]*[A-Za-z]")

func TestTablesFitTheTerminal(t *testing.T) {
	s := servertest.Start(t, silent)
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	s.Ask(t, "PATCH", "/api/v1/sockets/%2Fservices%2Fecho-s-anna/tags", `{"a":"`+strings.Repeat("я", 100)+`"}`)
	c := at(s)
	c.colour, c.screen = true, cli.Screen{Size: func() (columns, rows int) { return 70, 24 }}
	if code := c.run(t.Context(), "sockets"); code != 0 {
		t.Fatal(c.err.String())
	}
	for line := range strings.Lines(escapes.ReplaceAllString(c.out.String(), "")) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 70 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	if !strings.Contains(c.out.String(), "/services/echo-s-anna") || !strings.Contains(c.out.String(), "…") {
		t.Errorf("got %s", c.out.String())
	}
}

func TestRunsForMachines(t *testing.T) {
	s := servertest.Start(t, speaking)
	c := at(s)
	if code := c.run(t.Context(), "agent", "run", "hello", "--json"); code != 0 || c.err.String() != "" {
		t.Fatalf("code %d, %s", code, c.err.String())
	}
	lines := strings.Split(strings.TrimSpace(c.out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"text":"agent hello"`) || !strings.Contains(lines[1], `{"ok":true,`) {
		t.Errorf("got %q", lines)
	}
}

func TestConfigShowIsAConfigFile(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"a.yaml": "http_request.allow: ['*']\napp_config: [\"A=b: c\", 'PASSWORD=xyzzy', 'n=1']\nqueue: {max_bytes: 2MiB, grace: 10m}\norigins: 'http://u:secret@h.example'\n"})
	c := &terminal{env: []string{"TUTORSOCKET_LOG_LEVEL=debug"}}
	file := filepath.Join(dir, "a.yaml")
	c.run(t.Context(), "config", "show", "--config", file, "--listen", ":9000")
	out := c.out.String()
	for _, want := range []string{
		`(?m)^listen: :9000 +# --listen$`,
		`(?m)^log\.level: debug +# TUTORSOCKET_LOG_LEVEL$`,
		`(?m)^queue\.max_bytes: 2MiB +# .*a\.yaml, line 3$`,
		`(?m)^queue\.grace: 10m +# .*a\.yaml, line 3$`,
		`(?m)^data: \.tutorsocket +# default$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Contains(out, "xyzzy") || strings.Contains(out, "u:secret") {
		t.Errorf("secrets are shown:\n%s", out)
	}
	shown := filepath.Join(dir, "shown.yaml")
	if err := os.WriteFile(shown, []byte(strings.ReplaceAll(out, "http://u:***@h.example", "http://h.example")), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := config.Load(config.Sources{File: shown})
	if err != nil {
		t.Fatal(err)
	}
	if again.Listen != ":9000" || again.Queue.MaxBytes != 2<<20 || again.Queue.Grace != 10*time.Minute ||
		strings.Join(again.AppConfig, "|") != "A=b: c|PASSWORD=***|n=1" || strings.Join(again.HTTPRequest.Allow, "|") != "*" {
		t.Errorf("read back: %+v", again)
	}
}
