package docs

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tutorsocket/tutorsocket/internal/"

var roomRow = regexp.MustCompile("(?m)^\\| \\[`([\\w/]+)`\\]\\(internal/[\\w/]+/doc\\.go\\) \\|.*\\| (.*)\\|$")

// TestRooms: the table of rooms names every room, and what each one uses.
func TestRooms(t *testing.T) {
	said := map[string]string{}
	for _, m := range roomRow.FindAllStringSubmatch(readPage(t, "ARCHITECTURE.md").text, -1) {
		said[m[1]] = strings.TrimSpace(strings.ReplaceAll(m[2], "`", ""))
	}
	docs, err := filepath.Glob(filepath.Join(root, "internal", "*", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for _, doc := range docs {
		rooms = append(rooms, filepath.Base(filepath.Dir(doc)))
	}
	for i := 0; i < len(rooms); i++ {
		room := rooms[i]
		used := roomsUsed(t, filepath.Join(root, "internal", filepath.FromSlash(room)))
		for _, other := range used {
			if !slices.Contains(rooms, other) { // it lies within another
				rooms = append(rooms, other)
			}
		}
		uses := strings.Join(used, ", ")
		if got, ok := said[room]; !ok || got != uses {
			t.Errorf("ARCHITECTURE.md says that %s uses %q, and it uses %q", room, got, uses)
		}
		delete(said, room)
	}
	for room := range said {
		t.Errorf("ARCHITECTURE.md has a room %s, and there is none", room)
	}
}

func roomsUsed(t *testing.T, dir string) (rooms []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			if room, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module); ours && !slices.Contains(rooms, room) {
				rooms = append(rooms, room)
			}
		}
	}
	slices.Sort(rooms)
	return rooms
}

var requirement = regexp.MustCompile(`(?m)^\s+([a-z][\w./-]+\.[\w./-]+) v\S+$`)

// TestDependencies: every direct dependency has its reason in ARCHITECTURE.md.
func TestDependencies(t *testing.T) {
	text := readPage(t, "ARCHITECTURE.md").text
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range requirement.FindAllStringSubmatch(string(mod), -1) {
		names = append(names, m[1])
	}
	var pkg struct{ Dependencies, DevDependencies map[string]string }
	data, err := os.ReadFile(filepath.Join(root, "web", "package.json"))
	if err == nil {
		err = json.Unmarshal(data, &pkg)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []map[string]string{pkg.Dependencies, pkg.DevDependencies} {
		for name := range list {
			names = append(names, name)
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d dependencies were found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not say what %s is for", name)
		}
	}
}
