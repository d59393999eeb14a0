package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// commands are all commands, the program itself first.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

// tree is the program's commands, for looking at.
func tree() *cobra.Command {
	p := &program{Env: Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer), Now: time.Now}}
	root := p.root()
	root.InitDefaultHelpCmd()
	return root
}

// TestEveryCommandExplainsItself: a sentence, a text, examples that call it, arguments that are checked, and a help
// on standard output that fits 80 columns.
func TestEveryCommandExplainsItself(t *testing.T) {
	for _, c := range commands(tree()) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			if c.Short == "" || strings.HasSuffix(c.Short, ".") || c.Long == "" || c.Example == "" || c.Args == nil && c.Name() != "help" && c.Name() != "reference" {
				t.Errorf("short %q, long %q, examples %q, arguments checked: %v", c.Short, c.Long, c.Example, c.Args != nil)
			}
			for line := range strings.SplitSeq(c.Example, "\n") {
				if !strings.Contains(line, c.CommandPath()) && c.HasParent() {
					t.Errorf("the example %q does not call %s", line, c.CommandPath())
				}
			}
			words := strings.Fields(c.CommandPath())[1:]
			var out, errs bytes.Buffer
			env := Env{Args: append(words, "--help"), Stdout: &out, Stderr: &errs, Now: time.Now}
			if code := Main(t.Context(), env); code != ExitDone || errs.Len() > 0 {
				t.Errorf("code %d, %s", code, errs.String())
			}
			byFlag := out.String()
			for line := range strings.Lines(byFlag) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 && !strings.Contains(line, " > ") {
					t.Errorf("a line of %d columns: %s", n, line)
				}
			}
			out.Reset()
			env.Args = append([]string{"help"}, words...)
			if code := Main(t.Context(), env); code != ExitDone || out.String() != byFlag {
				t.Errorf("help gives code %d and\n%s\nand --help gives\n%s", code, out.String(), byFlag)
			}
			if strings.Contains(byFlag, "\x1b") {
				t.Error("there are colours though there is no terminal")
			}
		})
	}
}

// TestEveryResultIsForMachinesToo: every command that prints a result takes --json.
func TestEveryResultIsForMachinesToo(t *testing.T) {
	without := []string{
		"tutorsocket", "tutorsocket dev", "tutorsocket serve", "tutorsocket help", "tutorsocket completion",
		"tutorsocket data export", // writes lines of JSON in any case
	}
	for _, c := range commands(tree()) {
		group := c.HasSubCommands() && c.Annotations[alone] == ""
		if group || slices.Contains(without, c.CommandPath()) || c.HasParent() && c.Parent().Name() == "completion" {
			continue
		}
		if c.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json", c.CommandPath())
		}
	}
}

// TestFilesAreOfferedWhereFilesAreMeant: no other argument and no other flag completes to the files of the folder.
func TestFilesAreOfferedWhereFilesAreMeant(t *testing.T) {
	meant := []string{
		"agent run", "data import", "data set --file", "connect --record", "token create --key",
	}
	for _, c := range commands(tree()) {
		words := strings.Fields(c.CommandPath())[1:]
		offers := func(more ...string) {
			var out, errs bytes.Buffer
			args := slices.Concat([]string{"__complete"}, words, more, []string{""})
			env := Env{Args: args, Stdout: &out, Stderr: &errs, Environ: []string{"TUTORSOCKET_DATA=" + t.TempDir()}, Now: time.Now}
			if code := Main(t.Context(), env); code != ExitDone {
				t.Errorf("%q: code %d, %s", args, code, errs.String())
			}
			name := strings.Join(append(words, more...), " ")
			if files := strings.HasSuffix(out.String(), ":0\n"); files != slices.Contains(meant, name) {
				t.Errorf("%q offers files: %v", name, files)
			}
		}
		offers()
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "bool" {
				offers("--" + f.Name)
			}
		})
	}
}

// runAsProgram makes the test binary the program.
const runAsProgram = "TUTORSOCKET_TEST_RUN"

// asProgram is main where the tests run this binary as the program.
func asProgram() int {
	return Main(context.Background(), Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Now: time.Now,
	})
}

// TestExamples runs the examples of every command in a shell, as a reader would, in a world that has what they
// name. Those that go on until Ctrl-C are only looked at.
func TestExamples(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	dir := exampleFolder(t)
	s := servertest.Start(t, servertest.AppDir(filepath.Join(dir, "my-app")))
	for _, path := range []string{"services/main_ws_service.js", "source/rtk_ws_service.js", "libs/libMain.js"} {
		writeVersions(t, s, path, 4)
	}
	for _, c := range commands(tree()) {
		for line := range strings.SplitSeq(c.Example, "\n") {
			if line == "" || strings.HasSuffix(line, untilCtrlC) {
				continue
			}
			t.Run(line, func(t *testing.T) {
				for _, path := range []string{"main_ws_service-s-123", "echo-s-1", "echo-s-2"} {
					service, id, _ := strings.Cut(path, "-s-")
					reader := s.Dial(t, service, id)
					defer reader.Drop()
				}
				cmd := exec.Command("sh", "-c", inWorld(t, s, line))
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "TUTORSOCKET_DATA="+s.DataDir(),
					"GORACE=atexit_sleep_ms=0") // each command would take a second more
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
				_ = os.RemoveAll(filepath.Join(dir, "shop")) // what init has written
			})
		}
	}
}

// inWorld makes what an example needs to be there and returns it with the names that cannot be foreseen in
// their places.
func inWorld(t *testing.T, s *servertest.Server, line string) string {
	t.Helper()
	for key, value := range map[string]string{"counter": `{"count":1}`, "greeting": `"Good morning"`} {
		if _, err := s.API.SetUserData(t.Context(), key, json.RawMessage(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	line = strings.ReplaceAll(line, "127.0.0.1:8080", s.Addr().String())
	if strings.HasPrefix(line, "tutorsocket data recover") { // of a server that does not run
		return "unset TUTORSOCKET_DATA; " + line
	}
	if strings.Contains(line, "tutorsocket user ") {
		withAnna(t, s, !strings.Contains(line, " add "))
	}
	if strings.HasPrefix(line, "tutorsocket key ") {
		key, err := s.API.CreateKey(t.Context(), api.NewKey{Name: "portal", Scopes: []string{"send"}})
		if err != nil {
			t.Fatal(err)
		}
		line = strings.ReplaceAll(line, "k3qtw7mzb2xa", key.ID)
	}
	if strings.HasPrefix(line, "tutorsocket agent ") {
		run, err := s.API.StartAgent(t.Context(), "digest", api.AgentRunRequest{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.API.StopRun(context.Background(), run) })
		line = strings.ReplaceAll(line, "019abc12def3400a", run)
	}
	return line
}

// withAnna sees that there is a user anna, or that there is none.
func withAnna(t *testing.T, s *servertest.Server, there bool) {
	t.Helper()
	anna, ok, err := s.API.UserByLogin(t.Context(), "anna")
	switch {
	case err != nil:
	case ok && !there:
		err = s.API.RemoveUser(t.Context(), anna.ID)
	case !ok && there:
		_, err = s.API.AddUser(t.Context(), api.NewUser{Login: "anna", Password: "correct horse battery"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeVersions gives a script of the served app so many versions in all.
func writeVersions(t *testing.T, s *servertest.Server, path string, n int) {
	t.Helper()
	folder, file := filepath.Split(path)
	kind, name := api.KindService, strings.TrimSuffix(file, ".js")
	if folder == "libs/" {
		kind = api.KindLibrary
	}
	first, err := s.API.Source(t.Context(), kind, name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= n; i++ {
		text := api.NewSource{Source: fmt.Sprintf("%s\n// version %d\n", first.Source, i)}
		if _, err := s.API.PutSource(t.Context(), kind, name, text, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// ed25519PEM is a private key that everybody knows (RFC 8410, 10.3).
const ed25519PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"

// exampleFolder has what examples name: a new app, a copy of the sample app with an agent that takes long, a
// script, files, and the program in bin.
func exampleFolder(t *testing.T) string {
	t.Helper()
	dir := servertest.WriteFiles(t, map[string]string{
		"script.js":               "alert(Param.name)",
		"tutorsocket.yaml":        "log.level: warn\n",
		"settings.json":           `{"theme":"dark"}`,
		"password.txt":            "correct horse battery\n",
		"secret.txt":              strings.Repeat("secret ", 5),
		"key.pem":                 ed25519PEM,
		"data.jsonl":              `{"key":"counter","value":1}` + "\n",
		"my-app/agents/digest.js": "Sleep( 600000 )",
	})
	sample, err := app.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "my-app"), sample); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := Main(t.Context(), Env{Args: []string{"init", filepath.Join(dir, "app")}, Stdout: &out, Stderr: &out, Now: time.Now}); code != ExitDone {
		t.Fatal(out.String())
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "bin", "tutorsocket")
	servertest.WriteFile(t, program, "#!/bin/sh\n"+runAsProgram+"=1 exec '"+binary+"' \"$@\"\n")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestStarter: what init writes has no problems, and its page and scripts work.
func TestStarter(t *testing.T) {
	dir := filepath.Join(exampleFolder(t), "app")
	var out bytes.Buffer
	env := Env{Args: []string{"check", dir, "--strict", "--portability"}, Stdout: &out, Stderr: &out, Now: time.Now}
	if code := Main(t.Context(), env); code != ExitDone {
		t.Errorf("code %d: %s", code, out.String())
	}
	env.Args = []string{"config", "check", filepath.Join(dir, "tutorsocket.yaml")}
	if code := Main(t.Context(), env); code != ExitDone {
		t.Errorf("code %d: %s", code, out.String())
	}
	s := servertest.Start(t, servertest.AppDir(dir))
	if resp, page := s.Ask(t, "GET", "/", ""); resp.StatusCode != 200 || !strings.Contains(page, "/services/chat") {
		t.Errorf("status %d: %s", resp.StatusCode, page)
	}
	anna, bob := s.Dial(t, "chat", "anna"), s.Dial(t, "chat", "bob")
	anna.Send(t, `{"name":"Anna","text":"hello"}`)
	anna.Expect(t, `{"from":"Anna","text":"hello"}`)
	bob.Expect(t, `{"from":"Anna","text":"hello"}`)
	bob.Send(t, "nonsense")
	bob.Expect(t, `{"error":"This is not JSON."}`)
	bob.Send(t, "{}")
	bob.Expect(t, `{"error":"The message has no text."}`)
	env.Environ = []string{"TUTORSOCKET_DATA=" + s.DataDir()}
	for agent, want := range map[string]string{"greet-all": "Greeted: 2", "who-is-here": "name=Anna"} {
		out.Reset()
		env.Args = []string{"agent", "run", agent}
		if code := Main(t.Context(), env); code != ExitDone || !strings.Contains(out.String(), want) {
			t.Errorf("%s: code %d, %s", agent, code, out.String())
		}
	}
	anna.Expect(t, `{"from":"the agent","text":"Hello, everybody!"}`)
}
