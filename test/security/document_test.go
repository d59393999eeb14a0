package security

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository as the tests of this package see it.
const root = "../.."

var (
	code        = regexp.MustCompile("`([^`]+)`")
	requirement = regexp.MustCompile(`(?m)^\| (13\.\d\.\d) `)
	link        = regexp.MustCompile(`\]\(([^)#]+)\)`)
)

// chapter13 are the requirements of OWASP ASVS 4.0.3 that the threat model must say something about.
var chapter13 = []string{
	"13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5",
	"13.2.1", "13.2.2", "13.2.3", "13.2.4", "13.2.5", "13.2.6",
	"13.3.1", "13.3.2", "13.4.1", "13.4.2",
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryNamedTestExists: a test of the threat model is in the file named before it, and nothing is said to be tested
// that is not.
func TestEveryNamedTestExists(t *testing.T) {
	text, named := readDocument(t, "docs/security.md"), 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		file := ""
		for _, m := range code.FindAllStringSubmatch(line, -1) {
			switch {
			case strings.HasSuffix(m[1], "_test.go"):
				file = m[1]
				if _, err := os.Stat(filepath.Join(root, file)); err != nil {
					t.Errorf("the file %s is not there", file)
					file = ""
				}
			case strings.HasPrefix(m[1], "Test"), strings.HasPrefix(m[1], "Fuzz"):
				named++
				if file == "" {
					t.Errorf("no file is named before %s: %s", m[1], line)
				} else if !strings.Contains(readDocument(t, file), "\nfunc "+m[1]+"(t *testing.T)") && !strings.Contains(readDocument(t, file), "\nfunc "+m[1]+"(f *testing.F)") {
					t.Errorf("%s has no %s", file, m[1])
				}
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d tests are named", named)
	}
}

// TestEveryAttackHasATest: no line of the tables of attacks, of ASVS or of the CWE is without one, unless it does not
// apply; and the tests of this package are all there.
func TestEveryAttackHasATest(t *testing.T) {
	text := readDocument(t, "docs/security.md")
	for _, heading := range []string{"What an attacker tries", "OWASP ASVS 4.0.3, chapter 13", "CWE-1385: missing Origin validation in WebSockets"} {
		_, section, ok := strings.Cut(text, "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		rows := 0
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| --- ") {
				continue
			}
			if rows++; rows > 1 && !strings.Contains(line, "_test.go`") && !strings.Contains(line, "not applicable") {
				t.Errorf("no test: %s", line)
			}
		}
		if !ok || rows < 5 {
			t.Errorf("%s has %d rows", heading, rows)
		}
	}
	var said []string
	for _, m := range requirement.FindAllStringSubmatch(text, -1) {
		said = append(said, m[1])
	}
	if !slices.Equal(said, chapter13) {
		t.Errorf("requirements of chapter 13: %v", said)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(t `)
	for _, file := range files {
		if file == "document_test.go" {
			continue
		}
		for _, m := range test.FindAllStringSubmatch(readDocument(t, filepath.Join("test", "security", file)), -1) {
			if !strings.Contains(text, "`"+m[1]+"`") {
				t.Errorf("docs/security.md does not name %s of %s", m[1], file)
			}
		}
	}
}

// TestLinksOfTheThreatModel lead somewhere.
func TestLinksOfTheThreatModel(t *testing.T) {
	links := link.FindAllStringSubmatch(readDocument(t, "docs/security.md"), -1)
	for _, m := range links {
		if _, err := os.Stat(filepath.Join(root, "docs", filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("it links to %s, which is not there", m[1])
		}
	}
	if len(links) == 0 {
		t.Error("it links to nothing")
	}
}
