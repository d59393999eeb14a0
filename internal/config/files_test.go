package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

// TestFiles: each setting that names a file is among those that scripts are kept away from.
func TestFiles(t *testing.T) {
	path := file(t, "{}\n")
	sources := config.Sources{File: path}
	want := []string{path}
	for _, s := range config.Reference() {
		if first, _, _ := strings.Cut(s.Doc, "."); strings.HasPrefix(first, "File") || strings.Contains(first, " file (") {
			name := filepath.Join(t.TempDir(), s.Key)
			sources.Env = append(sources.Env, s.Env+"="+name)
			want = append(want, name)
		}
	}
	c, _ := config.Load(sources) // some exclude each other
	var got []string
	for _, f := range c.Files() {
		got = append(got, f.Path)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) < 14 {
		t.Errorf("%q\nwant %q", got, want)
	}
}
