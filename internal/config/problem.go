package config

import (
	"sort"
	"strings"
)

// Problem is one thing wrong with the settings.
type Problem struct {
	Key     string // "" if the source as a whole is at fault
	Source  string // "tutorsocket.yaml, line 3", "TUTORSOCKET_LISTEN", "--listen"; "" if the default is at fault
	Message string // what is wrong and what to do
}

func (p Problem) String() string {
	text := p.Message
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Source != "" {
		text += " (" + p.Source + ")"
	}
	return text
}

// Problems is everything wrong with the settings, as one error of a line each.
type Problems []Problem

// Error lists the problems.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// err is the list as an error, in the order of the keys; nil if it is empty.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].Key < ps[j].Key })
	return ps
}
