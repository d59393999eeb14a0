package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cron"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func parse(t *testing.T, text string) cron.Schedule {
	t.Helper()
	s, err := cron.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}

const layout = "2006-01-02 15:04:05"

func TestNext(t *testing.T) {
	for _, c := range []struct{ schedule, after, want string }{
		{"* * * * * *", "2026-11-26 10:00:00", "2026-11-26 10:00:01"},
		{"* * * * *", "2026-11-26 10:00:00", "2026-11-26 10:01:00"},
		{"*/15 * * * * *", "2026-11-26 10:00:31", "2026-11-26 10:00:45"},
		{"5/20 * * * * *", "2026-11-26 10:00:05", "2026-11-26 10:00:25"},
		{"0 9 * * 1-5", "2026-11-27 09:00:00", "2026-11-30 09:00:00"}, // from Friday on to Monday
		{"0 9 * * mon-FRI", "2026-11-27 09:00:00", "2026-11-30 09:00:00"},
		{"0 0 * * 7", "2026-11-26 10:00:00", "2026-11-29 00:00:00"},
		{"0 0 * * 6-7", "2026-11-28 10:00:00", "2026-11-29 00:00:00"},
		{"30 8,20 1 JAN,jul *", "2026-11-26 10:00:00", "2027-01-01 08:30:00"},
		{"0 0 29 2 *", "2026-11-26 10:00:00", "2028-02-29 00:00:00"},
		{"0 0 29 2 *", "2096-11-26 10:00:00", "2104-02-29 00:00:00"}, // 2100 has none
		{"0 0 13 * 5", "2026-11-26 10:00:00", "2026-11-27 00:00:00"}, // the 13th, and each Friday
		{"0 0 31 * *", "2026-11-26 10:00:00", "2026-12-31 00:00:00"},
		{"59 59 23 31 12 *", "2026-12-31 23:59:59", "2027-12-31 23:59:59"},
		{"@hourly", "2026-11-26 10:00:00", "2026-11-26 11:00:00"},
		{"@daily", "2026-11-26 10:00:00", "2026-11-27 00:00:00"},
		{"@weekly", "2026-11-26 10:00:00", "2026-11-29 00:00:00"},
		{"@monthly", "2026-11-26 10:00:00", "2026-12-01 00:00:00"},
		{"@YEARLY", "2026-11-26 10:00:00", "2027-01-01 00:00:00"},
		{"@every 30s", "2026-11-26 10:00:00", "2026-11-26 10:00:30"},
		{"@every 24h", "2026-11-26 10:00:00", "2026-11-27 00:00:00"},
	} {
		after, _ := time.Parse(layout, c.after)
		if got := parse(t, c.schedule).Next(after, time.UTC).Format(layout); got != c.want {
			t.Errorf("%s after %s: %s, not %s", c.schedule, c.after, got, c.want)
		}
	}
}

func TestPartsOfASecondDoNotCount(t *testing.T) {
	after := time.Date(2026, 11, 26, 10, 0, 0, 999_000_000, time.UTC)
	for _, s := range []string{"* * * * * *", "@every 1s"} {
		if got := parse(t, s).Next(after, time.UTC); !got.Equal(time.Date(2026, 11, 26, 10, 0, 1, 0, time.UTC)) {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// TestClocksArePutForward: on 29 March 2026 in Berlin 02:00 is 03:00.
func TestClocksArePutForward(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	before := time.Date(2026, 3, 29, 1, 45, 0, 0, berlin)
	for schedule, want := range map[string][]string{
		"30 2 * * *":       {"03-29 03:00:00 +0200", "03-30 02:30:00 +0200"}, // skipped: at the change
		"0,10,20 2 * * *":  {"03-29 03:00:00 +0200", "03-30 02:00:00 +0200"}, // three as one
		"0 3 * * *":        {"03-29 03:00:00 +0200", "03-30 03:00:00 +0200"},
		"0 2,3 * * *":      {"03-29 03:00:00 +0200", "03-30 02:00:00 +0200"},
		"30 * * * *":       {"03-29 03:30:00 +0200", "03-29 04:30:00 +0200"}, // real time
		"*/30 */2 * * *":   {"03-29 04:00:00 +0200", "03-29 04:30:00 +0200"},
		"0 0 1 * *":        {"04-01 00:00:00 +0200", "05-01 00:00:00 +0200"},
		"@every 15m":       {"03-29 03:00:00 +0200", "03-29 03:15:00 +0200"},
		"0 0 * * * *":      {"03-29 03:00:00 +0200", "03-29 04:00:00 +0200"},
		"50 1 * * *":       {"03-29 01:50:00 +0100", "03-30 01:50:00 +0200"},
		"59 59 * * * *":    {"03-29 01:59:59 +0100", "03-29 03:59:59 +0200"},
		"30 30 2 29 3 SUN": {"03-29 03:00:00 +0200", "03-07 02:30:30 +0100"}, // the 29th, and each Sunday of March
	} {
		s, at := parse(t, schedule), before
		for i, w := range want {
			at = s.Next(at, berlin)
			if got := at.Format("01-02 15:04:05 -0700"); got != w {
				t.Errorf("%s, %d: %s, not %s", schedule, i, got, w)
			}
		}
	}
}

// TestClocksArePutBack: on 25 October 2026 in Berlin 03:00 is 02:00.
func TestClocksArePutBack(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	before := time.Date(2026, 10, 25, 1, 45, 0, 0, berlin)
	for schedule, want := range map[string][]string{
		"30 2 * * *":    {"10-25 02:30:00 +0200", "10-26 02:30:00 +0100"}, // once
		"0,30 2 * * *":  {"10-25 02:00:00 +0200", "10-25 02:30:00 +0200", "10-26 02:00:00 +0100"},
		"0 3 * * *":     {"10-25 03:00:00 +0100", "10-26 03:00:00 +0100"},
		"30 * * * *":    {"10-25 02:30:00 +0200", "10-25 02:30:00 +0100", "10-25 03:30:00 +0100"}, // real time
		"0 */2 * * *":   {"10-25 02:00:00 +0200", "10-25 02:00:00 +0100", "10-25 04:00:00 +0100"},
		"@every 30m":    {"10-25 02:00:00 +0200", "10-25 02:30:00 +0200", "10-25 02:00:00 +0100"},
		"0 0 2-3 * * *": {"10-25 02:00:00 +0200", "10-25 03:00:00 +0100"},
	} {
		s, at := parse(t, schedule), before
		for i, w := range want {
			at = s.Next(at, berlin)
			if got := at.Format("01-02 15:04:05 -0700"); got != w {
				t.Errorf("%s, %d: %s, not %s", schedule, i, got, w)
			}
		}
	}
	// Somebody who looks in the second of the two hours does not get what was in the first.
	second := time.Date(2026, 10, 25, 0, 45, 0, 0, time.UTC).Add(30 * time.Minute) // 02:15 +0100
	if got := parse(t, "20 2 * * *").Next(second, berlin).Format("01-02 15:04"); got != "10-26 02:20" {
		t.Errorf("from within the second hour: %s", got)
	}
}

// TestEveryMomentAfterAnother: whatever the schedule and the zone, moments grow, and none is left out
// when one looks from in between.
func TestEveryMomentAfterAnother(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Europe/Moscow", "Africa/Casablanca"} {
		z := zone(t, name)
		for _, text := range []string{"30 2 * * *", "0 0 * * *", "17 * * * *", "15 */3 * * *", "0 0 1 * *", "*/20 0-3 * * 0"} {
			s := parse(t, text)
			at := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
			for at.Year() < 2018 {
				next := s.Next(at, z)
				if !next.After(at) {
					t.Fatalf("%s in %s: %v after %v", text, name, next, at)
				}
				for _, between := range []time.Time{at.Add(next.Sub(at) / 2), next.Add(-time.Second)} {
					if again := s.Next(between, z); !again.Equal(next) {
						t.Fatalf("%s in %s: %v after %v, but %v after %v", text, name, next, at, again, between)
					}
				}
				at = next
			}
		}
	}
}

func TestWrongSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "there is no time",
		"9 *":               "has 2 fields",
		"* * * * * * *":     "has 7 fields",
		"60 * * * *":        `the minute: "60" is not a number from 0 to 59`,
		"* 24 * * *":        "the hour",
		"* * 0 * *":         "the day of the month",
		"* * * 13 *":        "or a name such as JAN",
		"* * * * 8":         "or a name such as SUN",
		"* * * * anm":       "the day of the week",
		"5-1 * * * *":       "goes backwards; write 5-59,0-1",
		"* * * * FRI-MON":   "write 5-6,0-1",
		"*/0 * * * *":       "the step",
		"*/x * * * *":       "the step",
		"1,,2 * * * *":      `"" is not a number`,
		"- * * * *":         `"" is not a number`,
		"+5 * * * *":        `"+5" is not a number`,
		"0 0 30 2 *":        "never comes",
		"0 0 31 4,6,9,11 *": "never comes",
		"@sometimes":        "is no time",
		"@daily 5":          "is no time",
		"@every":            "is no time",
		"@every 10":         "whole seconds",
		"@every 1500ms":     "whole seconds",
		"@every 0s":         "whole seconds",
		"@every -5m":        "whole seconds",
		"@every 9000h":      "up to a year",
	} {
		if _, err := cron.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
	}
}

func TestSchedulesAreShownAsWritten(t *testing.T) {
	for _, text := range []string{"0 9 * * 1-5", "@daily", "@every 10m"} {
		if got := parse(t, "  "+strings.ReplaceAll(text, " ", "   ")).String(); got != text {
			t.Errorf("%q", got)
		}
	}
}
