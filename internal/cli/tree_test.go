package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

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
	without := []string{"tutorsocket", "tutorsocket dev", "tutorsocket help", "tutorsocket completion"}
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

// TestEveryFlagCompletes: no flag that takes a value offers the files of the folder by accident.
func TestEveryFlagCompletes(t *testing.T) {
	for _, c := range commands(tree()) {
		for _, name := range []string{"datex-version", "log-level", "log-format", "config", "data", "service", "agent", "socket", "filter", "app"} {
			if f := c.LocalFlags().Lookup(name); f != nil && f.Value.Type() != "bool" {
				if _, ok := c.GetFlagCompletionFunc(name); !ok {
					t.Errorf("%s --%s is not completed", c.CommandPath(), name)
				}
			}
		}
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

// TestExamples runs the examples of every command in a shell, as a reader would, with a server of the sample app.
// Those that go on until Ctrl-C are only looked at.
func TestExamples(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	s := servertest.Start(t)
	dir := exampleFolder(t)
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
				cmd := exec.Command("sh", "-c", line)
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

// exampleFolder has what examples name: an app, a script, a config file, and the program in bin.
func exampleFolder(t *testing.T) string {
	t.Helper()
	dir := servertest.WriteFiles(t, map[string]string{
		"script.js":        "alert(Param.name)",
		"tutorsocket.yaml": "log.level: warn\n",
	})
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
