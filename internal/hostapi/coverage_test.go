package hostapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// boundNames are the names of all binding tables, members as TYPE.NAME, each with where it exists.
func boundNames() map[string]basescript.Origin {
	names := map[string]basescript.Origin{}
	members := func(owner string, c *basescript.Class) {
		for _, p := range c.Props {
			names[owner+"."+p.Name] = p.Origin
		}
		for _, m := range c.Methods {
			names[owner+"."+m.Name] = m.Origin
		}
	}
	for _, name := range hostapi.Globals().Names() {
		g := hostapi.Globals().Lookup(name)
		names[name] = g.Origin
		if g.Func != nil {
			names[name] = g.Func.Origin
		}
		if g.Static != nil {
			members(name, g.Static)
		}
	}
	for _, c := range hostapi.Classes() {
		members(c.Name, c.Class)
	}
	for _, t := range basescript.BuiltinTypes() {
		members(t.Name, t)
	}
	return names
}

// specified is a line of spec_names.txt.
type specified struct{ section, rank, name, note string }

func specifiedNames(t *testing.T) []specified {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "spec_names.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []specified
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := append(strings.SplitN(line, " ", 4), "")
		if len(parts) < 4 {
			t.Fatalf("not SECTION RANK NAME: %s", line)
		}
		s := specified{parts[0], parts[1], parts[2], parts[3]}
		if seen[s.name] {
			t.Errorf("%s is listed twice", s.name)
		}
		seen[s.name] = true
		list = append(list, s)
	}
	return list
}

// status says what became of a specified name; ok is false where nothing says why it is missing.
func (s specified) status(bound map[string]basescript.Origin) (status string, ok bool) {
	origin, known := bound[s.name]
	switch {
	case known && (strings.HasPrefix(s.note, "refused:") || strings.HasPrefix(s.note, "value:")):
		return "bound, though listed as " + s.note, false
	case known && origin == basescript.Refused:
		return "stubbed", true
	case known:
		return "implemented", true
	case strings.HasPrefix(s.note, "value:"):
		return "implemented as a " + s.note, true
	case s.note != "":
		return s.note, true
	}
	return "missing", false
}

// The coverage report: every name the specification lists is implemented, stubbed (it fails and says so,
// unless the app supplies a stand-in) or refused with a reason. Nothing is missing silently.
func TestSpecifiedNamesAreCovered(t *testing.T) {
	var report strings.Builder
	bound := boundNames()
	counts := map[string]int{}
	for _, s := range specifiedNames(t) {
		status, ok := s.status(bound)
		if !ok {
			t.Errorf("%s (spec/basescript.md %s, rank %s): %s", s.name, s.section, s.rank, status)
		}
		word, _, _ := strings.Cut(status, " ")
		counts[strings.TrimSuffix(word, ":")]++
		fmt.Fprintf(&report, "%s\t%s\t%s\t%s\n", s.section, s.rank, s.name, status)
	}
	fmt.Fprintf(&report, "implemented %d, stubbed %d, refused %d", counts["implemented"], counts["stubbed"], counts["refused"])
	if n := counts["pending"]; n > 0 {
		fmt.Fprintf(&report, ", pending %d", n)
	}
	report.WriteByte('\n')
	file := filepath.Join("testdata", "coverage.golden")
	if *update {
		if err := os.WriteFile(file, []byte(report.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != report.String() {
		t.Errorf("the report differs from %s (%v); -update rewrites it:\n%s", file, err, report.String())
	}
}
