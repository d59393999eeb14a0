package basescript

import "time"

// Methods of dates, for code that comes from JavaScript. Dates are scalars here: they have no setters.

var dateMethods map[string]*Method

func init() { // the table refers to functions that refer to the table
	const number, text = "(): number", "(): string"
	in := func(zone func(time.Time) time.Time, part func(time.Time) int) func(Date) Value {
		return func(d Date) Value { return Int(int64(part(zone(d.Time)))) }
	}
	list := []dateMethod{{"getTime", func(d Date) Value { return Int(d.Time.UnixMilli()) }, number, "Returns the milliseconds since 1970."}}
	javascript := []dateMethod{
		{"valueOf", func(d Date) Value { return Int(d.Time.UnixMilli()) }, number, "Returns the milliseconds since 1970."},
		{"getTimezoneOffset", func(d Date) Value { return Int(int64(-zoneOffset(d.Time) / 60)) }, number, "Returns the minutes from the date's zone to UTC."},
		{"toISOString", func(d Date) Value { return String(d.Time.UTC().Format("2006-01-02T15:04:05.000Z")) }, text, "Writes the moment in UTC."},
		{"toJSON", func(d Date) Value { return String(xmlDate(d, true, true)) }, text, "Writes the date as EncodeJson does."},
		{"toString", func(d Date) Value { return String(d.String()) }, text, "Writes the date as 05.03.2024 09:07:00."},
		{"toLocaleString", func(d Date) Value { return String(d.String()) }, text, "Writes the date as 05.03.2024 09:07:00."},
		{"toLocaleDateString", func(d Date) Value { return String(d.Time.Format("02.01.2006")) }, text, "Writes the date without its time."},
		{"toLocaleTimeString", func(d Date) Value { return String(d.Time.Format("15:04:05")) }, text, "Writes the time."},
	}
	zones := []struct {
		prefix, where string
		zone          func(time.Time) time.Time
	}{
		{"get", "", func(t time.Time) time.Time { return t }},
		{"getUTC", " in UTC", time.Time.UTC},
	}
	for _, z := range zones {
		javascript = append(javascript,
			dateMethod{z.prefix + "FullYear", in(z.zone, time.Time.Year), number, "Returns the year" + z.where + "."},
			dateMethod{z.prefix + "Month", in(z.zone, func(t time.Time) int { return int(t.Month()) - 1 }), number, "Returns the month" + z.where + ", 0 for January."},
			dateMethod{z.prefix + "Date", in(z.zone, time.Time.Day), number, "Returns the day of the month" + z.where + "."},
			dateMethod{z.prefix + "Day", in(z.zone, func(t time.Time) int { return int(t.Weekday()) }), number, "Returns the day of the week" + z.where + ", 0 for Sunday."},
			dateMethod{z.prefix + "Hours", in(z.zone, time.Time.Hour), number, "Returns the hour" + z.where + "."},
			dateMethod{z.prefix + "Minutes", in(z.zone, time.Time.Minute), number, "Returns the minute" + z.where + "."},
			dateMethod{z.prefix + "Seconds", in(z.zone, time.Time.Second), number, "Returns the second" + z.where + "."},
			dateMethod{z.prefix + "Milliseconds", in(z.zone, func(t time.Time) int { return t.Nanosecond() / 1e6 }), number, "Returns the milliseconds within the second" + z.where + "."},
		)
	}
	dateMethods = methodTable(append(onDate(list), superset(onDate(javascript))...))
}

func zoneOffset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

type dateMethod struct {
	name string
	call func(Date) Value
	sig  string
	doc  string
}

// onDate makes methods that refuse any self but a date; through Function.call they can be given
// anything.
func onDate(list []dateMethod) []Method {
	methods := make([]Method, len(list))
	for i, m := range list {
		methods[i] = Method{Name: m.name, Sig: m.sig, Doc: m.doc,
			Call: func(_ *Run, self Value, _ []Value) (Value, error) {
				if self.k != KindDate {
					return Undefined, errNotA("a date", self)
				}
				return m.call(self.Date()), nil
			}}
	}
	return methods
}
