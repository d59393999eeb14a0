package app

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/cron"
)

// maxTimeout bounds @timeout.
const maxTimeout = 24 * time.Hour

// maxTimes bounds the @schedule lines of one agent.
const maxTimes = 32

// readMeta reads the first comment of an agent. A tag with a wrong value is a syntax error on its
// line. notes are what the author should know though the agent can run.
func readMeta(url, text string) (m Meta, notes []Problem, err error) {
	var description []string
	lonely := commentLine{} // the first tag that says how to follow a schedule
	for _, line := range firstComment(text) {
		tag, value, _ := strings.Cut(line.text, " ")
		value = strings.TrimSpace(value)
		switch tag {
		case "@timeout":
			m.Timeout, err = parseTimeout(value)
		case "@user":
			m.User, err = parseUser(value)
		case "@schedule":
			err = m.Timetable.add(value)
		case "@timezone":
			m.Timetable.Zone, err = parseZone(value)
		case "@overlap":
			m.Timetable.Queue, err = parseChoice(tag, value, "skip", "queue")
		case "@missed":
			m.Timetable.RunMissed, err = parseChoice(tag, value, "skip", "run")
		default:
			description = append(description, line.text)
		}
		if err != nil {
			return Meta{}, nil, &basescript.SyntaxError{URL: url, Line: line.number, Column: 1, Message: err.Error()}
		}
		if lonely.text == "" && (tag == "@timezone" || tag == "@overlap" || tag == "@missed") {
			lonely = commentLine{line.number, tag}
		}
	}
	if lonely.text != "" && len(m.Timetable.Times) == 0 {
		notes = append(notes, Problem{URL: url, Line: lonely.number, Column: 1, Message: lonely.text + noSchedule, Note: true})
	}
	m.Description = strings.TrimSpace(strings.Join(description, "\n"))
	return m, notes, nil
}

// noSchedule is said rather than passed over: an agent that never starts is a bad surprise.
const noSchedule = " does nothing without @schedule; add one such as @schedule 0 9 * * 1-5"

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

// Timetable is when an agent runs by itself, and how.
type Timetable struct {
	Times     []cron.Schedule // @schedule, in the order of the lines; none: only when somebody starts it
	Zone      *time.Location  // @timezone; nil = the default
	Queue     bool            // @overlap queue: a time that comes during a run waits for its end
	RunMissed bool            // @missed run: times that nobody was there for are made up for, once
}

// Next returns the first time after a moment; zone counts if the timetable names none. It is zero where
// there is no time.
func (t Timetable) Next(after time.Time, zone *time.Location) (next time.Time) {
	if t.Zone != nil {
		zone = t.Zone
	}
	for _, s := range t.Times {
		if at := s.Next(after, zone); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// add takes a line of @schedule.
func (t *Timetable) add(value string) error {
	if len(t.Times) == maxTimes {
		return fmt.Errorf("more than %d lines @schedule; join some, as in 0 9,12,18 * * *", maxTimes)
	}
	s, err := cron.Parse(value)
	if err != nil {
		return fmt.Errorf("@schedule: %w", err)
	}
	t.Times = append(t.Times, s)
	return nil
}

// parseZone reads a name of the time zone database, Local or UTC.
func parseZone(value string) (*time.Location, error) {
	if zone, err := cron.Zone(value); err == nil {
		return zone, nil
	}
	return nil, fmt.Errorf("@timezone takes a name such as Europe/Moscow, UTC, or Local for that of the server, not %q", value)
}

// parseChoice says whether the value is the second of the two it may be.
func parseChoice(tag, value, first, second string) (bool, error) {
	if value != first && value != second {
		return false, fmt.Errorf("%s takes %s or %s, not %q", tag, first, second, value)
	}
	return value == second, nil
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
