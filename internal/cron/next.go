package cron

import "time"

// Next returns the first moment after a time, by the clock of a time zone, in that zone. There always is
// one within some decades; the zero time means that there is none.
func (s Schedule) Next(after time.Time, zone *time.Location) time.Time {
	after = after.In(zone)
	switch {
	case s.every > 0:
		// From the same moment on everywhere, so that nodes that start at different times agree.
		period := int64(s.every / time.Second)
		return time.Unix((after.Unix()/period+1)*period, 0).In(zone)
	case s.real:
		return s.nextReal(after, zone)
	}
	return s.nextOnWall(after, zone)
}

// nextReal looks through the stretches in which clocks are not changed.
func (s Schedule) nextReal(after time.Time, zone *time.Location) time.Time {
	for {
		shown := s.nextShown(wall(after))
		if shown.IsZero() {
			return shown
		}
		_, offset := after.Zone()
		at := time.Unix(shown.Unix()-int64(offset), 0).In(zone)
		_, end := after.ZoneBounds()
		if end.IsZero() || at.Before(end) {
			return at
		}
		// Anew, from the second before the change, by the clock as it is after it.
		_, offset = end.In(zone).Zone()
		first := s.nextShown(time.Unix(end.Unix()+int64(offset)-1, 0).UTC())
		if first.IsZero() {
			return first
		}
		at = time.Unix(first.Unix()-int64(offset), 0).In(zone)
		if _, next := end.In(zone).ZoneBounds(); next.IsZero() || at.Before(next) {
			return at
		}
		after = end.In(zone)
	}
}

// nextOnWall looks through what clocks show: each reading counts once.
func (s Schedule) nextOnWall(after time.Time, zone *time.Location) time.Time {
	for shown := wall(after); ; {
		shown = s.nextShown(shown)
		if shown.IsZero() {
			return shown
		}
		if at := firstShown(shown, zone); at.After(after) {
			return at
		}
	}
}

// wall is what the clock shows, as a time in UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// firstShown is when the clocks of a zone show something for the first time, or pass over it.
func firstShown(shown time.Time, zone *time.Location) time.Time {
	// Zones are not changed twice in two days: one of these is the clock before, the other after.
	_, before := shown.Add(-24 * time.Hour).In(zone).Zone()
	_, after := shown.Add(24 * time.Hour).In(zone).Zone()
	early := time.Unix(shown.Unix()-int64(max(before, after)), 0).In(zone)
	late := time.Unix(shown.Unix()-int64(min(before, after)), 0).In(zone)
	switch {
	case wall(early).Equal(shown):
		return early
	case wall(late).Equal(shown):
		return late
	}
	change, _ := late.ZoneBounds()
	return change
}

// searchYears is how far a date can be: the 29th of February over a year 2100 without one, and some more.
const searchYears = 12

// nextShown returns the first reading of the clock after one that the fields choose.
func (s Schedule) nextShown(t time.Time) time.Time {
	t = t.Add(time.Second)
	for last := t.Year() + searchYears; t.Year() <= last; {
		year, month, day := t.Date()
		switch {
		case s.month>>month&1 == 0:
			t = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		case !s.onDay(t):
			t = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
		case s.hour>>t.Hour()&1 == 0:
			t = time.Date(year, month, day, t.Hour()+1, 0, 0, 0, time.UTC)
		case s.minute>>t.Minute()&1 == 0:
			t = time.Date(year, month, day, t.Hour(), t.Minute()+1, 0, 0, time.UTC)
		case s.second>>t.Second()&1 == 0:
			t = t.Add(time.Second)
		default:
			return t
		}
	}
	return time.Time{}
}

func (s Schedule) onDay(t time.Time) bool {
	day, weekday := s.day>>t.Day()&1 == 1, s.weekday>>t.Weekday()&1 == 1
	if s.anyDay || s.anyWeekday {
		return day && weekday
	}
	return day || weekday
}
