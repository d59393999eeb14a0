package logs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fileName is the file of a log for a period: NAME-2026-11-25.log, NAME.log without one.
func fileName(name, period string) string {
	if period != "" {
		period = "-" + period
	}
	return safeName(name) + period + ".log"
}

// maxFileName leaves room for the period, in bytes.
const maxFileName = 120

// safeName is a name as that of a file, on any system. Names come from scripts, and so from clients:
// whatever could lead elsewhere or mean something else becomes "_". Two names may become one.
func safeName(name string) string {
	safe := strings.Map(func(c rune) rune {
		switch {
		case c == utf8.RuneError:
			return '_'
		case unicode.In(c, unicode.Letter, unicode.Digit), strings.ContainsRune("-_. ()+=@#", c):
			return c
		}
		return '_'
	}, strings.ToValidUTF8(name, "_"))
	if len(safe) > maxFileName {
		safe = strings.ToValidUTF8(safe[:maxFileName], "")
	}
	safe = strings.TrimRight(safe, ". ")
	if safe == "" || safe[0] == '.' || safe[0] == ' ' || isDevice(safe) {
		safe = "_" + safe
	}
	return safe
}

// isDevice tells what Windows takes for a device, whatever its suffix. A few names more do no harm.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimSpace(base))
	switch base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && utf8.RuneCountInString(base) == 4
}
