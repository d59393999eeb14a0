package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks: a link between documents, or to a file, leads somewhere, headings included.
func TestLinks(t *testing.T) {
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(prose(p.text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			name := filepath.Join(root, filepath.Dir(p.name), filepath.FromSlash(target))
			if target == "" {
				name = filepath.Join(root, p.name)
			}
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s links to %s, which is not there", p.name, target)
				continue
			}
			if anchor == "" {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil || !anchors(string(text))[anchor] {
				t.Errorf("%s links to %s, where there is no such heading", p.name, m[1])
			}
		}
	}
}

// TestEveryPageIsReachable: who begins at a README finds every page of its language.
func TestEveryPageIsReachable(t *testing.T) {
	for readme, folder := range map[string]string{"README.md": "docs/en", "README.ru.md": "docs/ru"} {
		text := readPage(t, readme).text
		for _, p := range pages(t) {
			if filepath.ToSlash(filepath.Dir(p.name)) == folder && !strings.Contains(text, "]("+p.name+")") {
				t.Errorf("%s does not link to %s", readme, p.name)
			}
		}
	}
}

// TestLanguagesShowTheSame: a page and its translation have the same commands, scripts and messages in
// the same order; comments may differ.
func TestLanguagesShowTheSame(t *testing.T) {
	pairs := map[string]string{"README.md": "README.ru.md"}
	for _, p := range pages(t) {
		if base, ok := strings.CutPrefix(p.name, "docs/en/"); ok {
			pairs[p.name] = "docs/ru/" + base
		}
		if base, ok := strings.CutPrefix(p.name, "docs/ru/"); ok {
			readPage(t, "docs/en/"+base) // fails the test if it is not there
		}
	}
	for en, ru := range pairs {
		a, b := shown(readPage(t, en)), shown(readPage(t, ru))
		for i := range max(len(a), len(b)) {
			switch {
			case i >= len(a):
				t.Errorf("%s lacks what %s shows: %s", en, ru, b[i])
			case i >= len(b):
				t.Errorf("%s lacks what %s shows: %s", ru, en, a[i])
			case a[i] != b[i]:
				t.Errorf("%s and %s differ:\n%s\n---\n%s", en, ru, a[i], b[i])
			default:
				continue
			}
			break
		}
	}
}

var comment = regexp.MustCompile(`(?m)(^|\s+)(//|#) .*$`)

// shown is what the steps of a page show, without comments.
func shown(p page) []string {
	var all []string
	for _, s := range p.steps {
		text := s.text
		switch s.lang {
		case "sh":
			lines, _ := s.commands()
			text = strings.Join(lines, "\n")
		case "js", "ws", "yaml":
			text = comment.ReplaceAllString(text, "")
		}
		lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
		all = append(all, strings.TrimSpace("```"+s.lang+" "+s.arg)+"\n"+strings.Join(lines, "\n"))
	}
	return all
}
