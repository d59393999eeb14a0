package docs

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cli"
)

var listed = regexp.MustCompile(`^  ([a-z]+) {2,}\S`)

// TestCommands: the pages about the command line list the commands of the program, in its groups and its order.
func TestCommands(t *testing.T) {
	var help, errs bytes.Buffer
	env := cli.Env{Args: []string{"--help"}, Program: "tutorsocket", Stdout: &help, Stderr: &errs, Now: time.Now}
	if code := cli.Main(t.Context(), env); code != cli.ExitDone {
		t.Fatalf("code %d, %s", code, errs.String())
	}
	var want []string
	for section := range strings.SplitSeq(help.String(), "\n\n") {
		var commands []string
		for line := range strings.SplitSeq(section, "\n") {
			if m := listed.FindStringSubmatch(line); m != nil {
				commands = append(commands, m[1])
			}
		}
		if len(commands) > 0 {
			want = append(want, strings.Join(commands, " "))
		}
	}
	if len(want) < 5 {
		t.Fatalf("groups of commands in the help: %q", want)
	}
	for name, heading := range map[string]string{
		"docs/en/command-line.md": "| group | commands |\n| --- | --- |\n",
		"docs/ru/command-line.md": "| группа | команды |\n| --- | --- |\n",
	} {
		_, table, _ := strings.Cut(readPage(t, name).text, heading)
		table, _, _ = strings.Cut(table, "\n\n")
		var got []string
		for line := range strings.SplitSeq(table, "\n") {
			var commands []string
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				commands = append(commands, m[1])
			}
			got = append(got, strings.Join(commands, " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lists\n%q and the help\n%q", name, got, want)
		}
	}
}
