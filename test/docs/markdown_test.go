package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// root is the repository as the tests of this package see it.
const root = "../.."

// step is one thing a reader of a page meets: a fenced block, or a comment for the tests.
type step struct {
	line int
	lang string // "" for a comment
	arg  string // what follows the language, or the comment
	text string
}

// isOutput says whether a step can be what commands before it print.
func (s step) isOutput() bool { return s.lang == "text" || s.lang == "json" }

// page is a document, taken apart.
type page struct {
	name  string // path in the repository
	text  string
	steps []step
}

// pages are all documents for users and contributors.
func pages(t *testing.T) []page {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "docs/*/*.md", "web/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	var all []page
	for _, name := range names {
		rel, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, readPage(t, filepath.ToSlash(rel)))
	}
	return all
}

var testComment = regexp.MustCompile(`^<!-- test (.+) -->$`)

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	p := page{name: name, text: string(text)}
	var open *step
	for i, line := range strings.Split(p.text, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		comment := testComment.FindStringSubmatch(line)
		switch {
		case fence && open != nil:
			p.steps = append(p.steps, *open)
			open = nil
		case fence:
			lang, arg, _ := strings.Cut(info, " ")
			open = &step{line: i + 1, lang: lang, arg: arg}
		case open != nil:
			open.text += line + "\n"
		case comment != nil:
			p.steps = append(p.steps, step{line: i + 1, arg: comment[1]})
		}
	}
	if open != nil {
		t.Fatalf("%s: the block that begins in line %d does not end", name, open.line)
	}
	return p
}

// commands are the command lines of an sh block, lines that end in a backslash joined and comments
// left out. exit is the code that the comment behind a command promises.
func (s step) commands() (lines []string, exit []string) {
	text := strings.ReplaceAll(s.text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, comment, _ := strings.Cut(strings.TrimSpace(line), "  # ")
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
		exit = append(exit, exitComment.FindString(comment))
	}
	return lines, exit
}

// exitComment is the number a comment behind a command ends with.
var exitComment = regexp.MustCompile(`\d$`)

// slug is the anchor of a heading.
func slug(heading string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case unicode.IsLetter(c), unicode.IsDigit(c), c == '-', c == '_':
			b.WriteRune(c)
		case c == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// anchors are those of all headings of a text.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "#") {
			found[slug(strings.TrimLeft(line, "#"))] = true
		}
	}
	return found
}

// prose is the text of a page without its blocks.
func prose(text string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		} else if !fenced {
			b.WriteString(line)
		}
	}
	return b.String()
}
