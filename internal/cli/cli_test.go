package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// terminal is where a command runs in a test.
type terminal struct {
	env    []string
	colour bool
	screen cli.Screen
	in     io.Reader
	now    time.Time
	out    servertest.Buffer
	err    servertest.Buffer
}

func (c *terminal) run(ctx context.Context, args ...string) int {
	now := time.Now
	if !c.now.IsZero() {
		now = func() time.Time { return c.now }
	}
	return cli.Main(ctx, cli.Env{Args: args, Stdin: c.in, Stdout: &c.out, Stderr: &c.err, Environ: c.env, Now: now, Terminal: c.colour, Screen: c.screen})
}

// at returns a terminal whose commands find the server by its data folder.
func at(s *servertest.Server) *terminal {
	return &terminal{env: []string{"TUTORSOCKET_DATA=" + s.DataDir()}}
}

// silent has a service that says nothing.
var silent = servertest.App(map[string]string{"services/echo.js": "function process(context) {}"})

func TestSocketsTable(t *testing.T) {
	s := servertest.Start(t, silent)
	s.Dial(t, "echo", "anna").ExpectQuiet(t)
	s.Dial(t, "echo", "bob", "42").ExpectQuiet(t)
	s.Ask(t, "PATCH", "/api/v1/sockets/%2Fservices%2Fecho-s-bob/tags", `{"b":"2","a":"\u001b[31m"}`)
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(time.Millisecond) { // what is written is in the queue for a moment
		if _, list := s.Ask(t, "GET", "/api/v1/sockets", ""); strings.Count(list, `"messages":0`) == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(list)
		}
	}
	c := at(s)
	c.now = time.Now().Add(90 * time.Second)
	if code := c.run(t.Context(), "sockets", "--node", "n1"); code != 0 {
		t.Fatal(c.err.String())
	}
	want := regexp.MustCompile(`(?m)^KEY +USER +SINCE +QUEUED +TAGS
/services/echo-s-anna +6148914691236517121 +1m\d+s +0
/services/echo-s-bob +42 +1m\d+s +0 +a=\\x1b\[31m b=2
$`)
	if !want.MatchString(c.out.String()) {
		t.Errorf("got\n%s", c.out.String())
	}
}

func TestSocketsInPages(t *testing.T) {
	s := servertest.Start(t, silent)
	for _, id := range []string{"a", "b", "c"} {
		s.Dial(t, "echo", id).ExpectQuiet(t)
	}
	c := at(s)
	if code := c.run(t.Context(), "sockets", "list", "--limit", "2", "--json"); code != 0 {
		t.Fatal(c.err.String())
	}
	var list struct {
		Items   []struct{ Key string }
		Next    string
		Missing []string
	}
	if err := json.Unmarshal([]byte(c.out.String()), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 2 || list.Next == "" || list.Missing == nil {
		t.Errorf("%+v", list)
	}
	c = at(s)
	if code := c.run(t.Context(), "sockets", "--limit", "2"); code != 0 || !strings.Contains(c.err.String(), "there are more") {
		t.Errorf("code %d, %s", code, c.err.String())
	}
	c = at(s)
	if code := c.run(t.Context(), "sockets", "--node", "n9"); code != 0 || !strings.Contains(c.err.String(), "n9 did not answer") {
		t.Errorf("code %d, %s", code, c.err.String())
	}
}

func TestSendArrives(t *testing.T) {
	s := servertest.Start(t, silent)
	anna := s.Dial(t, "echo", "anna")
	anna.ExpectQuiet(t)
	for _, args := range [][]string{
		{"send", "/services/echo-s-anna", `{"a":1}`, "--json-compound"},
		{"send", "echo-s-anna", "--json-compound", `{"a":1}`},
		{"send", "services/echo-s-anna", "--json-compound", "--", `{"a":1}`},
	} {
		c := at(s)
		if code := c.run(t.Context(), args...); code != 0 || !strings.HasPrefix(c.out.String(), "queued, ") {
			t.Errorf("%v: code %d, %s%s", args, code, c.out.String(), c.err.String())
		}
		anna.Expect(t, `[{"a":1}]`)
	}
}

func TestLogsAreFollowedUntilCtrlC(t *testing.T) {
	s := servertest.Start(t)
	ctx, interrupt := context.WithCancel(t.Context())
	c := at(s)
	code := make(chan int)
	go func() { code <- c.run(ctx, "logs", "-f", "--contains", "shown") }()
	script := filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert('shown 1'); alert('hidden'); throw 'shown 2'"}), "a.js")
	if code := at(s).run(t.Context(), "agent", "run", script); code != 1 {
		t.Errorf("a script that throws ends with %d", code)
	}
	c.out.Expect(t, "\tshown 1\n")
	c.out.Expect(t, "\tshown 2\n")
	interrupt()
	if got := <-code; got != 0 || strings.Contains(c.out.String(), "hidden") {
		t.Errorf("code %d, %s", got, c.out.String())
	}
}

func TestCtrlCStopsARun(t *testing.T) {
	s := servertest.Start(t)
	script := filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert('begun'); while (true) {}"}), "a.js")
	ctx, interrupt := context.WithCancel(t.Context())
	c := at(s)
	code := make(chan int)
	go func() { code <- c.run(ctx, "agent", "run", script) }()
	c.out.Expect(t, "begun")
	interrupt()
	if got := <-code; got != 1 || c.err.String() != "error: stopped\n" {
		t.Errorf("code %d, %s", got, c.err.String())
	}
	s.Lines.Expect(t, "a.js,   line 1)") // the server says where it was stopped
}

// TestWrongFlags: what is wrong with the command line itself needs no server, is
// told in its words, and gives the code 2.
func TestWrongFlags(t *testing.T) {
	script := filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert(1)"}), "a.js")
	for command, want := range map[string]string{
		"agent run " + script + " --timeout x":      `--timeout "x": expected a duration such as 30s`,
		"agent run " + script + " --timeout -1s":    `--timeout "-1s": expected a duration`,
		"agent run " + script + " --timeout=":       `--timeout "": expected a duration`,
		"agent run " + script + " --user a\tb":      `--user "a\tb": the id contains the character '\t'`,
		"agent run hello --user a\tb":               `--user "a\tb": the id contains`,
		"sockets --filter bad":                      `--filter: wrong filter at position 0`,
		"sockets list --filter $":                   `--filter: wrong filter at position`,
		"sockets --limit -1":                        `--limit`,
		"logs --since bad":                          `--since "bad": expected a time such as`,
		"logs --thread -1":                          `--thread is -1`,
		"logs --thread abc":                         `--thread "abc": expected a whole number`,
		"sockets watch --interval soon":             `--interval "soon": expected a duration such as 30s`,
		"sockets --json=maybe":                      `--json "maybe": expected true or false`,
		"agent list --server 127.0.0.1:1":           `--server: "127.0.0.1:1" is not the URL of a server: write it like http://`,
		"agent list --server 127.0.0.1:1 --token x": `--server: "127.0.0.1:1" is not the URL`,
	} {
		t.Run(strings.ReplaceAll(command, script, "a.js"), func(t *testing.T) {
			c := &terminal{env: []string{"TUTORSOCKET_DATA=" + filepath.Join(t.TempDir(), "none")}}
			if code := c.run(t.Context(), strings.Split(command, " ")...); code != 2 {
				t.Errorf("code %d", code)
			}
			if text := c.err.String(); !strings.HasPrefix(text, "error: "+want) || strings.Contains(text, "query.") || strings.Contains(text, "body.") {
				t.Errorf("it says %s", text)
			}
		})
	}
}

// TestAnAddressFileWithAWrongServer is nobody's wrong command line.
func TestAnAddressFileWithAWrongServer(t *testing.T) {
	data := servertest.WriteFiles(t, map[string]string{"admin.json": `{"server":"nowhere","token":"t"}`})
	c := &terminal{env: []string{"TUTORSOCKET_DATA=" + data}}
	if code := c.run(t.Context(), "agent", "list"); code != 1 || !strings.Contains(c.err.String(), "admin.json") || strings.Contains(c.err.String(), "--server:") {
		t.Errorf("code %d, %s", code, c.err.String())
	}
}

func TestLinesAreSafeForATerminal(t *testing.T) {
	s := servertest.Start(t)
	script := filepath.Join(servertest.WriteFiles(t, map[string]string{"a.js": "alert('\\x1b[2J'); throw '\\x1b[31m'"}), "a.js")
	c := at(s)
	c.run(t.Context(), "agent", "run", script)
	c.run(t.Context(), "logs")
	if text := c.out.String() + c.err.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, `\x1b[2J`) {
		t.Errorf("%q", text)
	}
}

func TestColourOnATerminalOnly(t *testing.T) {
	for name, c := range map[string]struct {
		terminal *terminal
		coloured bool
	}{
		"a terminal":              {&terminal{colour: true}, true},
		"no terminal":             {&terminal{}, false},
		"a terminal, NO_COLOR":    {&terminal{colour: true, env: []string{"NO_COLOR=1"}}, false},
		"a terminal, NO_COLOR ''": {&terminal{colour: true, env: []string{"NO_COLOR="}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if code := c.terminal.run(t.Context(), "nonsense"); code != 2 {
				t.Errorf("code %d", code)
			}
			if got := strings.Contains(c.terminal.err.String(), "\x1b[31merror:\x1b[0m"); got != c.coloured {
				t.Errorf("coloured %v: %q", got, c.terminal.err.String())
			}
		})
	}
}

func TestTheServerOfTheDataFolderTakesATokenNamedToo(t *testing.T) {
	s := servertest.Start(t)
	c := at(s)
	if code := c.run(t.Context(), "service", "list", "--token", s.Token()); code != 0 {
		t.Error(c.err.String())
	}
	same := strings.Replace(s.URL(), "127.0.0.1", "localhost", 1)
	if code := c.run(t.Context(), "service", "list", "--server", same+"/"); code != 0 {
		t.Error(c.err.String())
	}
}

func TestDevServesUntilItsContextEnds(t *testing.T) {
	collector := debug.SetGCPercent(100)
	defer debug.SetGCPercent(collector)
	data := filepath.Join(t.TempDir(), "data")
	ctx, interrupt := context.WithCancel(t.Context())
	c := &terminal{colour: true}
	code := make(chan int)
	go func() {
		code <- c.run(ctx, "dev", "--listen", "127.0.0.1:0", "--data", data, "--datex-version", "native")
	}()
	c.out.Expect(t, "Stop with Ctrl-C.")
	interrupt()
	if got := <-code; got != 0 || !strings.Contains(c.out.String(), "native: without") || !strings.Contains(c.out.String(), "--data") {
		t.Errorf("code %d, %s%s", got, c.out.String(), c.err.String())
	}
	if got := debug.SetGCPercent(100); got != 200 {
		t.Errorf("GOGC is %d", got)
	}
}

// A server that is told to end before it is ready has not failed.
func TestDevEndsBeforeItIsReady(t *testing.T) {
	collector := debug.SetGCPercent(100)
	defer debug.SetGCPercent(collector)
	ctx, end := context.WithCancelCause(t.Context())
	end(cli.ErrTerminated)
	c := &terminal{}
	if code := c.run(ctx, "dev", "--listen", "127.0.0.1:0", "--data", t.TempDir()); code != 0 || c.err.String() != "" {
		t.Errorf("code %d, %s", code, c.err.String())
	}
}

func TestTheCollectorOfTheUserStays(t *testing.T) {
	collector := debug.SetGCPercent(77)
	defer debug.SetGCPercent(collector)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	c := &terminal{env: []string{"GOGC=77", "GOMEMLIMIT=off"}}
	if code := c.run(ctx, "dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data")); code > 1 {
		t.Errorf("code %d: %s", code, c.err.String())
	}
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("GOGC is %d", got)
	}
}

func TestDevWarnsWhereOthersCanReachIt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	c := &terminal{}
	code := make(chan int)
	go func() {
		code <- c.run(ctx, "dev", "--listen", "0.0.0.0:0", "--data", filepath.Join(t.TempDir(), "da ta"))
	}()
	c.out.Expect(t, "nobody logs in")
	if !regexp.MustCompile(`Whoever can reach 0\.0\.0\.0:[1-9]\d* is`).MatchString(c.out.String()) {
		t.Errorf("the warning names another address: %s", c.out.String())
	}
	c.out.Expect(t, `da ta"`) // the hint can be pasted into a shell
	interrupt()
	<-code
}

func TestDevListsOriginsAndHosts(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	data := filepath.Join(t.TempDir(), "data")
	c := &terminal{env: []string{"TUTORSOCKET_DATA=" + data}}
	code := make(chan int)
	go func() {
		code <- c.run(ctx, "dev", "--listen", "127.0.0.1:0", "--origin", "https://a.example", "--origin", "https://b.example", "--host", "c.example")
	}()
	c.out.Expect(t, "Stop with Ctrl-C.")
	text, err := os.ReadFile(filepath.Join(data, "admin.json"))
	if err != nil {
		t.Fatal(err)
	}
	var admin struct{ Server, Token string }
	if err := json.Unmarshal(text, &admin); err != nil {
		t.Fatal(err)
	}
	for _, headers := range [][2]string{{"Origin", "https://a.example"}, {"Origin", "https://b.example"}, {"Host", "c.example"}} {
		if got := status(t, admin.Server, headers); got != 200 {
			t.Errorf("%v: %d", headers, got)
		}
	}
	if got := status(t, admin.Server, [2]string{"Origin", "https://d.example"}); got != 403 {
		t.Errorf("a foreign origin gives %d", got)
	}
	c.err.Expect(t, `flag="--origin https://d.example"`)
	interrupt()
	<-code
}

func TestVersionIsForMachinesToo(t *testing.T) {
	c := &terminal{}
	if code := c.run(t.Context(), "version", "--json"); code != 0 {
		t.Fatal(c.err.String())
	}
	var v struct{ Version, Commit, Go, Platform string }
	if err := json.Unmarshal([]byte(c.out.String()), &v); err != nil || v.Version == "" || !strings.HasPrefix(v.Go, "go1.") || v.Platform == "" {
		t.Errorf("%+v, error %v", v, err)
	}
}

// status asks a server whether it lives.
func status(t *testing.T, server string, header [2]string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", server+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(header[0], header[1])
	if header[0] == "Host" {
		req.Host = header[1]
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestAnAnswerThatIsLostIsAFailure: nobody takes an empty file for the answer.
func TestAnAnswerThatIsLostIsAFailure(t *testing.T) {
	for _, command := range []string{"--help", "version", "config reference"} {
		var told strings.Builder
		code := cli.Main(t.Context(), cli.Env{Args: strings.Split(command, " "), Stdout: fullDisk{}, Stderr: &told, Now: time.Now})
		if code != 1 || told.String() != "error: write the answer: no space left on device\n" {
			t.Errorf("%s: code %d, %q", command, code, told.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
