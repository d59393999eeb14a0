package cli

import (
	"sort"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
)

// meant is the end of an error about an unknown name: the names that were
// probably meant.
func meant(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "; did you mean " + names[0] + "?"
	}
	last := len(names) - 1
	return "; did you mean " + strings.Join(names[:last], ", ") + " or " + names[last] + "?"
}

// maxNear bounds how many names are suggested.
const maxNear = 3

// near returns the names that resemble the wrong one, the nearest first: those
// that differ in a few letters, and those that contain it.
func near(wrong string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	low := strings.ToLower(wrong)
	for _, name := range names {
		d := spelling.Distance(low, strings.ToLower(name))
		if d <= max(1, len([]rune(wrong))/3) || len(low) > 1 && strings.Contains(strings.ToLower(name), low) {
			found = append(found, candidate{name, d})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	var nearest []string
	for _, c := range found[:min(len(found), maxNear)] {
		nearest = append(nearest, c.name)
	}
	return nearest
}
