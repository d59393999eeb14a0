package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const coverageBegin, coverageEnd = "<!-- coverage: written by go test ./test/docs -update -->\n", "<!-- end of coverage -->\n"

// coverageSections are the groups of names on the pages about what exists, in English and Russian, by
// the section of the specification.
var coverageSections = []struct{ number, en, ru string }{
	{"1.6", "Properties of objects", "Свойства объектов"},
	{"1.10", "Errors", "Ошибки"},
	{"1.12", "Code in texts and libraries", "Код в тексте и библиотеки"},
	{"2.1", "Conversion and tests of types", "Преобразование и проверка типов"},
	{"2.2", "Strings", "Строки"},
	{"2.3", "Arrays", "Массивы"},
	{"2.4", "Dates", "Даты"},
	{"2.5", "JSON", "JSON"},
	{"2.6", "Encoding, hashes, addresses", "Кодирование, хеши, адреса"},
	{"2.7", "Objects by name, locks", "Объекты по имени, блокировки"},
	{"2.8", "Logs, control, files, the rest", "Журналы, управление, файлы и прочее"},
	{"3.1", "`tools`", "`tools`"},
	{"3.2", "`tools_web`", "`tools_web`"},
	{"3.3", "`Request`, `Response`, `Session`", "`Request`, `Response`, `Session`"},
	{"3.4", "Services and sockets", "Сервисы и сокеты"},
	{"3.5", "Agents", "Агенты"},
	{"3.6", ".NET", ".NET"},
	{"3.7", "HttpRequest", "HttpRequest"},
}

// TestCoverage: the tables of what exists are those of the report that the tests of hostapi check.
// -update rewrites them.
func TestCoverage(t *testing.T) {
	names := coveredNames(t)
	for name, heading := range map[string]string{
		"docs/en/coverage.md": "| group | works | needs a stub |",
		"docs/ru/coverage.md": "| группа | работает | нужна заглушка |",
	} {
		text := readPage(t, name).text
		before, rest, ok := strings.Cut(text, coverageBegin)
		old, after, ended := strings.Cut(rest, coverageEnd)
		if !ok || !ended {
			t.Errorf("%s has no marks %q and %q", name, coverageBegin, coverageEnd)
			continue
		}
		table := coverageTable(heading, strings.HasPrefix(name, "docs/ru/"), names)
		if table == old {
			continue
		}
		if !*update {
			t.Errorf("the table of %s is not that of the report; go test ./test/docs -update rewrites it:\n%s", name, table)
			continue
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(before+coverageBegin+table+coverageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// covered are the names of a section: those that work, and those that need a stand-in.
type covered struct{ works, needs []string }

func coveredNames(t *testing.T) map[string]covered {
	t.Helper()
	report, err := os.ReadFile(filepath.Join(root, "internal", "hostapi", "testdata", "coverage.golden"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range coverageSections {
		known[s.number] = true
	}
	names := map[string]covered{}
	for line := range strings.Lines(string(report)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 4 {
			continue // the sum
		}
		if !known[f[0]] {
			t.Errorf("the pages have no group for section %s, in which there is %s", f[0], f[2])
		}
		c := names[f[0]]
		switch status, _, _ := strings.Cut(f[3], " "); status {
		case "implemented":
			c.works = append(c.works, "`"+f[2]+"`")
		case "stubbed":
			c.needs = append(c.needs, "`"+f[2]+"`")
		}
		names[f[0]] = c
	}
	return names
}

func coverageTable(heading string, russian bool, names map[string]covered) string {
	var b strings.Builder
	b.WriteString(heading + "\n| --- | --- | --- |\n")
	for _, s := range coverageSections {
		c, title := names[s.number], s.en
		if russian {
			title = s.ru
		}
		if len(c.works)+len(c.needs) > 0 {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", title, strings.Join(c.works, " "), strings.Join(c.needs, " "))
		}
	}
	return b.String()
}
