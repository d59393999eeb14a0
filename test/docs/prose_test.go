package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

var (
	inline = regexp.MustCompile("`([^`\n]+)`")
	bold   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// TestCommandsInProse: a command that a sentence names exists, with its flags.
func TestCommandsInProse(t *testing.T) {
	for _, pg := range pages(t) {
		p := &play{page: pg, dir: t.TempDir()}
		for _, m := range inline.FindAllStringSubmatch(prose(pg.text), -1) {
			switch line := m[1]; {
			case strings.HasPrefix(line, program+" "):
				args := append(strings.Fields(line)[3:], "--help")
				var out servertest.Buffer
				if code := p.tutorsocket(t.Context(), &out, args...); code != cli.ExitDone {
					t.Errorf("%s: %s: %s", pg.name, line, out.String())
				}
			case strings.HasPrefix(line, "go test "), strings.HasPrefix(line, "go build "):
				checkFolders(t, pg, line)
			}
		}
	}
}

// checkFolders checks that the packages a go command names are there.
func checkFolders(t *testing.T, pg page, line string) {
	t.Helper()
	words := strings.Fields(line)
	for i, word := range words {
		if strings.HasPrefix(word, "./") || words[max(i-1, 0)] == "-C" {
			if info, err := os.Stat(filepath.Join(root, strings.TrimSuffix(word, "..."))); err != nil || !info.IsDir() {
				t.Errorf("%s: %s: there is no folder %s", pg.name, line, word)
			}
		}
	}
}

// TestLabels: what a page says to press is written on a button of the test client.
func TestLabels(t *testing.T) {
	texts, err := os.ReadFile(filepath.Join(root, "web", "src", "client", "texts.ts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "README.ru.md", "docs/en/getting-started.md", "docs/ru/getting-started.md"} {
		labels := bold.FindAllStringSubmatch(prose(readPage(t, name).text), -1)
		if len(labels) == 0 {
			t.Errorf("%s names no button", name)
		}
		for _, m := range labels {
			if !strings.Contains(string(texts), ": '"+m[1]+"'") {
				t.Errorf("%s: the test client has no %q", name, m[1])
			}
		}
	}
}
