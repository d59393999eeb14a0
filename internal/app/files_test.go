package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/app"
)

// TestFiles: scripts of any folder are listed in order; what only the program has is not the folder's.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tests/b.test.js", "tests/a.test.js", "tests/.c.js", "tests/notes.txt", "tests/sub/d.js"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Load(app.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	list, err := a.List("tests")
	if want := []string{"x-local://tests/a.test.js", "x-local://tests/b.test.js"}; err != nil || !slices.Equal(list, want) {
		t.Errorf("%v %v, want %v", list, err, want)
	}
	if list, err := a.List("stubs"); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	for url, want := range map[string]bool{
		"x-local://tests/a.test.js":            true,
		"x-local://wtv/wtv_main_ws_service.js": false,
		"x-local://../outside.js":              false,
		"http://host/a.js":                     false,
	} {
		if got := a.Owns(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
