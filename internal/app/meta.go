package app

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// maxTimeout bounds @timeout.
const maxTimeout = 24 * time.Hour

// readMeta reads the first comment of an agent. A wrong @timeout or @user is a syntax error on its
// line. notes are what the author should know though the agent can run.
func readMeta(url, text string) (m Meta, notes []Problem, err error) {
	var description []string
	for _, line := range firstComment(text) {
		tag, value, _ := strings.Cut(line.text, " ")
		value = strings.TrimSpace(value)
		switch tag {
		case "@timeout":
			m.Timeout, err = parseTimeout(value)
		case "@user":
			m.User, err = parseUser(value)
		case "@schedule":
			notes = append(notes, Problem{URL: url, Line: line.number, Column: 1, Message: noTimetable, Note: true})
		default:
			description = append(description, line.text)
		}
		if err != nil {
			return Meta{}, nil, &basescript.SyntaxError{URL: url, Line: line.number, Column: 1, Message: err.Error()}
		}
	}
	m.Description = strings.TrimSpace(strings.Join(description, "\n"))
	return m, notes, nil
}

// noTimetable is said rather than passed over: an agent that never starts is a bad surprise.
const noTimetable = "@schedule is not obeyed: agents have no timetable here, start them with `tutorsocket agent run`"

func parseTimeout(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 || d > maxTimeout {
		return 0, fmt.Errorf("@timeout takes a time such as 30s or 5m, up to 24h, not %q", value)
	}
	return d, nil
}

func parseUser(value string) (string, error) {
	bad := func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsGraphic(c) }
	if value == "" || len(value) > maxName || strings.ContainsFunc(value, bad) {
		return "", fmt.Errorf("@user takes the id of a user, not %q", value)
	}
	return value, nil
}

type commentLine struct {
	number int
	text   string
}

// firstComment returns the lines of the comment a script begins with: one block comment, or line
// comments that follow each other. A page tag before it is skipped.
func firstComment(text string) []commentLine {
	rest := strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(text, " \t\r\n"), "<%"), " \t\r\n")
	number := 1 + strings.Count(text[:len(text)-len(rest)], "\n")
	block, isBlock := strings.CutPrefix(rest, "/*")
	if isBlock {
		block, _, isBlock = strings.Cut(block, "*/")
	}
	var lines []commentLine
	if isBlock {
		for line := range strings.SplitSeq(block, "\n") {
			line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*"))
			lines = append(lines, commentLine{number, line})
			number++
		}
		return lines
	}
	for line := range strings.SplitSeq(rest, "\n") {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if !ok {
			break
		}
		lines = append(lines, commentLine{number, strings.TrimSpace(strings.TrimLeft(line, "/"))})
		number++
	}
	return lines
}
