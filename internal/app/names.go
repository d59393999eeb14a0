package app

import (
	"fmt"
	"strings"
	"unicode"
)

// maxName bounds names, in bytes.
const maxName = 128

// checkName says why a text cannot be the name of a script of the kind, nil if it can: letters,
// digits, "_", "-" and ".", beginning with a letter, a digit or "_". A service's name is part of
// socket keys, "/services/<name>-s-<id>", and must be told apart from what follows it.
func checkName(kind Kind, name string) error {
	if len(name) > maxName {
		return fmt.Errorf("the name of this %s is longer than %d bytes", kind, maxName)
	}
	for i, c := range name {
		letter := c != unicode.ReplacementChar && (unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_')
		if !letter && (i == 0 || c != '-' && c != '.') {
			return fmt.Errorf("%q cannot be a name (%s): use letters, digits, _ - and . and begin with a letter or digit", name, kind)
		}
	}
	if name == "" {
		return fmt.Errorf("the name of this %s is empty", kind)
	}
	if kind == Service && (strings.Contains(name+"-", "-s-") || strings.Contains(name+"-", "-v-")) {
		return fmt.Errorf("%q cannot be a name (service): -s- and -v- separate name and id in socket keys", name)
	}
	return nil
}
