package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

var update = flag.Bool("update", false, "rewrite the tables of settings and of what exists")

const (
	tableBegin = "<!-- settings: written by go test ./test/docs -update -->\n"
	tableEnd   = "<!-- end of settings -->\n"
)

// TestSettings: the tables of settings are those of the program. -update rewrites them; a translation
// keeps its sentences, and has one for each setting.
func TestSettings(t *testing.T) {
	for name, heading := range map[string]string{
		"docs/en/settings.md": "| key, variable, flag | default | meaning |",
		"docs/ru/settings.md": "| ключ, переменная, флаг | по умолчанию | что значит |",
	} {
		text := readPage(t, name).text
		before, rest, ok := strings.Cut(text, tableBegin)
		old, after, ended := strings.Cut(rest, tableEnd)
		if !ok || !ended {
			t.Errorf("%s has no marks %q and %q", name, tableBegin, tableEnd)
			continue
		}
		translated := strings.HasPrefix(name, "docs/ru/")
		table := settingsTable(heading, meanings(t, name, old, translated))
		if table == old {
			continue
		}
		if !*update {
			t.Errorf("the table of %s is not that of the program; go test ./test/docs -update rewrites it:\n%s", name, table)
			continue
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(before+tableBegin+table+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var row = regexp.MustCompile("(?m)^\\| `([a-z_.0-9<>]+)`.* \\| (.*) \\|$")

// meanings is what the table says of each setting: the program's own sentence, or the one the
// translation has already.
func meanings(t *testing.T, name, old string, translated bool) map[string]string {
	said := map[string]string{}
	if translated {
		for _, m := range row.FindAllStringSubmatch(old, -1) {
			said[m[1]] = m[2]
		}
	}
	for _, s := range config.Reference() {
		doc := cell.Replace(s.Doc)
		if translated && (said[s.Key] == "" || said[s.Key] == doc) {
			t.Errorf("%s: the meaning of %s is not translated: %s", name, s.Key, doc)
		}
		if said[s.Key] == "" {
			said[s.Key] = doc
		}
	}
	return said
}

// cell writes a sentence so that it is itself in a table.
var cell = strings.NewReplacer("*", `\*`, "|", `\|`)

func settingsTable(heading string, meaning map[string]string) string {
	var b strings.Builder
	b.WriteString(heading + "\n| --- | --- | --- |\n")
	for _, s := range config.Reference() {
		names := "`" + s.Key + "`<br>`" + s.Env + "`"
		if s.Flag != "" {
			names += "<br>`--" + s.Flag + "`"
		}
		value := ""
		if s.Default != "" {
			value = "`" + s.Default + "`"
		}
		if s.Dev != "" {
			value += "<br>dev: `" + s.Dev + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", names, value, meaning[s.Key])
	}
	return b.String()
}
