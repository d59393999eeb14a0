package check_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/check"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestApps checks the apps in testdata: each is a txtar file whose last section says what is found.
func TestApps(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no apps", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			last := &archive.Files[len(archive.Files)-1]
			dir := t.TempDir()
			writeFiles(t, dir, archive.Files[:len(archive.Files)-1])
			opts := check.Options{Version: "1.22", Portability: true}
			report, err := check.Folder(dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			got := show(report)
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(last.Data) {
				t.Errorf("got\n%swant\n%s", got, last.Data)
			}
		})
	}
}

func writeFiles(t *testing.T, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func show(r check.Report) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "%s:%d:%d %s %s %s\n", p.File, p.Line, p.Column, p.Level, p.Kind, p.Message)
	}
	fmt.Fprintf(&b, "%d files, %d errors, %d warnings, %d portability\n", r.Files, r.Errors, r.Warnings, r.Portability)
	return b.String()
}

// TestNoFalseAlarms: nothing is said of the sample app, of the built-in scripts, and of the scripts of
// the mission document, where it is at hand.
func TestNoFalseAlarms(t *testing.T) {
	a, err := app.Load(app.Config{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	if r := check.App(a, check.Options{Version: "1.24"}); len(r.Problems) > 0 || r.Files < 15 {
		t.Errorf("the sample app:\n%s", show(r))
	}
	for url, kind := range map[string]check.Kind{
		"x-local://wtv/wtv_main_ws_service.js": check.KindService,
		"x-local://wtv/libs/main_library.js":   check.KindLibrary,
	} {
		text, _, err := a.Text(url, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range check.Source(a, kind, url, text, check.Options{}) {
			t.Errorf("%s:%d: %s: %s", p.File, p.Line, p.Level, p.Message)
		}
	}
	for i, block := range documentBlocks(t) {
		kind := check.KindAgent
		if strings.Contains(block, "function process") {
			kind = check.KindService
		}
		for _, p := range check.Source(a, kind, "block.js", block, check.Options{}) {
			t.Errorf("block %d:%d: %s: %s\n%s", i, p.Line, p.Level, p.Message, p.Caret)
		}
	}
}

// documentBlocks returns the JavaScript of the mission document, nil if it is not at hand.
func documentBlocks(t *testing.T) (blocks []string) {
	name := os.Getenv("TUTORSOCKET_MISSION_DOC")
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(text), "``` javascript\n") {
		if block, _, ok := strings.Cut(part, "```"); ok && i > 0 {
			blocks = append(blocks, block)
		}
	}
	if len(blocks) < 10 {
		t.Fatalf("%d scripts found in %s", len(blocks), name)
	}
	return blocks
}

// TestManyFiles: an app of several hundred scripts is checked in a moment.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	var files []txtar.File
	for i := range 300 {
		files = append(files, txtar.File{Name: fmt.Sprintf("agents/a%d.js", i), Data: []byte(strings.Repeat("alert( 1 );\n", 50) + "StrContians( 'a', 'b' );\n")})
	}
	writeFiles(t, dir, files)
	r, err := check.Folder(dir, check.Options{})
	if err != nil || r.Files != 300 || r.Errors != 300 {
		t.Errorf("%d files, %d errors, %v", r.Files, r.Errors, err)
	}
}

// TestNoFolder: a folder that does not exist is an error that says so.
func TestNoFolder(t *testing.T) {
	if _, err := check.Folder(filepath.Join(t.TempDir(), "none"), check.Options{}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Error(err)
	}
}
