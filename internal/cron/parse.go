package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Schedule is a series of moments, each a whole second.
type Schedule struct {
	text  string
	every time.Duration // not 0: moments that far apart, the fields say nothing

	second, minute, hour, day, month, weekday uint64 // a bit per value

	anyDay, anyWeekday bool // the field begins with a star, so that the other one decides
	real               bool // it counts real time, not the clock on the wall
}

// String is the text it was made of, with single blanks.
func (s Schedule) String() string { return s.text }

// Examples is what a person may write.
const Examples = `"0 9 * * 1-5" (minute, hour, day, month, day of the week), six fields with seconds first, @daily or @every 10m`

// macros are words for whole schedules.
var macros = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// field says what may stand in one.
type field struct {
	name     string
	min, max int
	names    string // of three letters each, from min on
}

var fields = [...]field{
	{"second", 0, 59, ""},
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of the week", 0, 7, "sunmontuewedthufrisat"},
}

// maxEvery bounds @every.
const maxEvery = 366 * 24 * time.Hour

// Parse reads a schedule. An error says what is wrong and what to write instead.
func Parse(text string) (Schedule, error) {
	words := strings.Fields(text)
	s := Schedule{text: strings.Join(words, " ")}
	if len(words) == 0 {
		return s, fmt.Errorf("there is no time; write %s", Examples)
	}
	if strings.HasPrefix(words[0], "@") {
		return parseMacro(s, words)
	}
	switch len(words) {
	case 5:
		words = append([]string{"0"}, words...)
	case 6:
	default:
		return s, fmt.Errorf("%q has %d fields, not 5 or 6; write %s", s.text, len(words), Examples)
	}
	sets := [...]*uint64{&s.second, &s.minute, &s.hour, &s.day, &s.month, &s.weekday}
	for i, word := range words {
		set, err := fields[i].parse(word)
		if err != nil {
			return s, err
		}
		*sets[i] = set
	}
	s.weekday = s.weekday&0x7f | s.weekday>>7 // 7 is Sunday too
	s.real = strings.HasPrefix(words[2], "*")
	s.anyDay, s.anyWeekday = strings.HasPrefix(words[3], "*"), strings.HasPrefix(words[5], "*")
	if !s.comes() {
		return s, fmt.Errorf("%q never comes: no month it names has such a day", s.text)
	}
	return s, nil
}

func parseMacro(s Schedule, words []string) (Schedule, error) {
	name := strings.ToLower(words[0])
	if name == "@every" && len(words) == 2 {
		every, err := time.ParseDuration(words[1])
		if err != nil || every < time.Second || every > maxEvery || every%time.Second != 0 {
			return s, fmt.Errorf("@every takes whole seconds such as 30s, 10m or 24h, up to a year, not %q", words[1])
		}
		s.every = every
		return s, nil
	}
	fields, ok := macros[name]
	if !ok || len(words) > 1 {
		return s, fmt.Errorf("%q is no time; write @hourly, @daily, @weekly, @monthly, @yearly, @every 10m, or %q", s.text, "0 9 * * 1-5")
	}
	full, err := Parse(fields)
	full.text = s.text
	return full, err
}

// parse reads the parts of a field, which commas separate.
func (f field) parse(word string) (set uint64, err error) {
	for part := range strings.SplitSeq(word, ",") {
		bits, err := f.part(part)
		if err != nil {
			return 0, err
		}
		set |= bits
	}
	return set, nil
}

// part reads *, 5, 1-5 and each of them with a step behind a slash.
func (f field) part(part string) (set uint64, err error) {
	values, stepText, hasStep := strings.Cut(part, "/")
	low, high, step := f.min, f.max, 1
	if hasStep {
		step, err = strconv.Atoi(stepText)
		if err != nil || step < 1 || step > f.max {
			return 0, f.wrong("the step of %q must be a number from 1 to %d", part, f.max)
		}
	}
	if values != "*" {
		first, last, isRange := strings.Cut(values, "-")
		if low, err = f.value(first); err != nil {
			return 0, err
		}
		switch {
		case isRange:
			if high, err = f.value(last); err != nil {
				return 0, err
			}
		case !hasStep:
			high = low
		}
		if low > high {
			return 0, f.wrong("the range %q goes backwards; write %d-%d,%d-%d", values, low, f.last(), f.min, high)
		}
	} else if f.max == 7 {
		high = 6 // Sunday once
	}
	for v := low; v <= high; v += step {
		set |= 1 << v
	}
	return set, nil
}

// last is the largest value that means something of its own.
func (f field) last() int {
	if f.max == 7 {
		return 6
	}
	return f.max
}

func (f field) value(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= f.min && n <= f.max && text[0] != '+' {
		return n, nil
	}
	if f.names != "" && len(text) == 3 {
		if at := strings.Index(f.names, strings.ToLower(text)); at >= 0 && at%3 == 0 {
			return f.min + at/3, nil
		}
	}
	or := ""
	if f.names != "" {
		or = fmt.Sprintf(" or a name such as %s", strings.ToUpper(f.names[:3]))
	}
	return 0, f.wrong("%q is not a number from %d to %d%s", text, f.min, f.max, or)
}

func (f field) wrong(format string, args ...any) error {
	return fmt.Errorf("the "+f.name+": "+format+"; * is any, 1,15 a list, 1-5 a range, */10 every tenth", args...)
}

// comes says whether any year has a day that the fields choose.
func (s *Schedule) comes() bool {
	if !s.anyWeekday {
		return true // each month has each day of the week; with both fields, either counts or one is any
	}
	longest := [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for month, days := range longest {
		if s.month>>(month+1)&1 == 1 && bits.TrailingZeros64(s.day) <= days {
			return true
		}
	}
	return false
}
