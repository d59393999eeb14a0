package basescript

import (
	"math"
	"time"
)

func dateGlobals() []Global {
	const make = "(value?: any, ...fields: number[]): Date"
	const part = "(date: any): number"
	globals := functionGlobals([]Func{
		{Name: "OptDate", Min: 1, Call: optDate, Sig: "(value: any, otherwise?: any): any", Doc: "Makes a date of a value or of year, month, day, hour, minute and second; returns the default for what is none."},
		{Name: "ParseDate", Min: 1, Call: parseDate, Sig: "(text: any): Date", Doc: "Reads a date, also one with the month as a word."},
		{Name: "ParseMimeDate", Min: 1, Call: parseDate, Sig: "(text: any): Date", Doc: "Reads a date as mail headers have it."},
		{Name: "DateNewTime", Min: 1, Call: dateNewTime, Sig: "(date: any, hour?: number, minute?: number, second?: number): Date", Doc: "Replaces the time of a date; without one removes it."},
		{Name: "DateOffset", Min: 2, Call: dateOffset, Sig: "(date: any, seconds: number): Date", Doc: "Shifts a date by seconds."},
		{Name: "DateDiff", Min: 2, Call: dateDiff, Sig: "(date1: any, date2: any): number", Doc: "Returns the seconds from the second date to the first."},
		{Name: "DateToRawSeconds", Min: 1, Call: datePart(func(d Date) Value { return Int(d.Time.Unix()) }), Sig: part, Doc: "Returns the seconds since 1970."},
		{Name: "RawSecondsToDate", Min: 1, Call: rawSecondsToDate, Sig: "(seconds: number): Date", Doc: "Makes a date of seconds since 1970."},
		{Name: "DateToLocalDate", Min: 1, Call: dateToLocal, Sig: "(date: any): Date", Doc: "Returns the same moment in the zone of the server."},
		{Name: "UtcToLocalDate", Min: 1, Call: utcToLocal, Sig: "(date: any): Date", Doc: "Reads the fields of a date as UTC and returns that moment in the zone of the server."},
		{Name: "IsValidDate", Min: 1, Call: isValidDate, Sig: "(date: any): boolean", Doc: "Tells whether the value is a date of the calendar."},
		{Name: "Year", Min: 1, Call: datePart(func(d Date) Value { return Int(int64(d.Time.Year())) }), Sig: part, Doc: "Returns the year."},
		{Name: "Month", Min: 1, Call: datePart(func(d Date) Value { return Int(int64(d.Time.Month())) }), Sig: part, Doc: "Returns the month from 1 to 12."},
		{Name: "Day", Min: 1, Call: datePart(func(d Date) Value { return Int(int64(d.Time.Day())) }), Sig: part, Doc: "Returns the day of the month."},
		{Name: "Hour", Min: 1, Call: datePart(func(d Date) Value { return intIf(d.HasTime, d.Time.Hour()) }), Sig: part, Doc: "Returns the hour, undefined without a time."},
		{Name: "Minute", Min: 1, Call: datePart(func(d Date) Value { return intIf(d.HasTime, d.Time.Minute()) }), Sig: part, Doc: "Returns the minute, undefined without a time."},
		{Name: "Second", Min: 1, Call: datePart(func(d Date) Value { return intIf(d.HasTime && d.HasSeconds, d.Time.Second()) }), Sig: part, Doc: "Returns the second, undefined without one."},
		{Name: "WeekDay", Min: 1, Call: datePart(func(d Date) Value { return Int(int64(d.Time.Weekday())) }), Sig: part, Doc: "Returns the day of the week, 0 for Sunday."},
		{Name: "StrDate", Min: 1, Call: strDate("02.01.2006"), Sig: "(date: any, showTime?: boolean | {ShowTime?: boolean, ShowSeconds?: boolean, ShowLocalTime?: boolean}, showSeconds?: boolean): string", Doc: "Writes a date as 05.03.2024 09:07:00."},
		{Name: "StrShortDate", Min: 1, Call: strDate("02.01.06"), Sig: "(date: any, showTime?: boolean, showSeconds?: boolean): string", Doc: "Writes a date with two digits of the year."},
		{Name: "StrLongDate", Min: 1, Call: strLongDate, Sig: "(date: any): string", Doc: "Writes a date with the month as a Russian word."},
		{Name: "StrTime", Min: 1, Call: strTime, Sig: "(date: any): string", Doc: "Writes the time as 09:07, nothing if the date has none."},
		{Name: "StrXmlDate", Min: 1, Call: strXMLDate, Sig: "(date: any, showTime?: boolean | {ShowTime?: boolean, ShowTimeZone?: boolean}, showSeconds?: boolean): string", Doc: "Writes a date as 2024-03-05T09:07:30+03:00, as much of it as the date has."},
		{Name: "StrMimeDate", Min: 1, Call: strMimeDate, Sig: "(date: any): string", Doc: "Writes a date as mail headers have it."},
	})
	globals = append(globals, functionGlobals(timeZoneGlobals())...)
	return append(globals,
		Global{Name: "Date", Static: dateClass, Sig: make, Doc: "Makes a date; without arguments the present moment.",
			Func: &Func{Name: "Date", Call: callDate, New: newDate, Sig: make, Doc: "Makes a date; without arguments the present moment."}},
		Global{Name: "CurDate", Value: func(*Run) (Value, bool) { return currentDate(), true }, Sig: "Date", Doc: "The present moment."},
	)
}

var dateClass = &Class{Name: "Date", Methods: superset([]Method{
	{Name: "now", Call: func(*Run, Value, []Value) (Value, error) { return Int(time.Now().UnixMilli()), nil }, Sig: "(): number", Doc: "Returns the milliseconds since 1970."},
	{Name: "parse", Min: 1, Call: dateParse, Sig: "(text: any): number", Doc: "Reads a date and returns its milliseconds since 1970, NaN for what is none."},
	{Name: "UTC", Min: 1, Call: dateUTC, Sig: "(year: number, month?: number, day?: number, hour?: number, minute?: number, second?: number, ms?: number): number", Doc: "Returns the milliseconds since 1970 of a moment in UTC, the month counted from 0."},
})}

func intIf(has bool, n int) Value {
	if !has {
		return Undefined
	}
	return Int(int64(n))
}

func currentDate() Value { return DateValue(momentDate(time.Now().Truncate(time.Millisecond))) }

// momentDate is the date of an instant: with time, seconds and the server's zone.
func momentDate(t time.Time) Date {
	return Date{Time: t.In(time.Local), HasTime: true, HasSeconds: true, HasZone: true}
}

// The bounds of what a date can be made of: years 1 to 9999.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// unixDate makes a date of Unix seconds or, beyond the year 5138, of milliseconds, which JavaScript
// code passes.
func unixDate(f float64) (Date, bool) {
	switch {
	case math.Abs(f) >= 1e11 && math.Abs(f) <= 1000*lastSecond:
		return momentDate(time.UnixMilli(int64(f))), f >= 1000*firstSecond
	case f >= firstSecond && f <= lastSecond:
		return momentDate(time.Unix(int64(f), 0)), true
	}
	return Date{}, false
}

// toDate converts as Date(x) does (spec/basescript.md 2.4): dates, texts and Unix seconds.
func toDate(v Value) (Date, bool) {
	switch v = v.Scalar(); v.k {
	case KindDate:
		return v.Date(), true
	case KindInt, KindReal:
		return unixDate(v.real())
	case KindString:
		return parseDateText(v.Str())
	}
	return Date{}, false
}

func needDate(v Value) (Date, error) {
	d, ok := toDate(v)
	if !ok {
		return Date{}, errNotA("a date", v)
	}
	return d, nil
}

// fieldsDate makes a date of year, month (from 1), day and, if given, hour, minute, second. What is
// not in the calendar is no date.
func fieldsDate(args []Value) (Date, bool) {
	f := dateFields{month: 1, day: 1}
	for i, field := range []*int{&f.year, &f.month, &f.day, &f.hour, &f.minute, &f.second} {
		if v := arg(args, i); !v.IsNil() {
			n, ok := v.ToInt()
			if !ok || n < 0 || n > 9999 {
				return Date{}, false
			}
			*field = int(n)
			f.hasTime = f.hasTime || i >= 3
			f.hasSeconds = f.hasSeconds || i == 5
		}
	}
	return f.date()
}

func callDate(_ *Run, args []Value) (Value, error) {
	if len(args) == 0 {
		return currentDate(), nil
	}
	if len(args) >= 3 {
		d, ok := fieldsDate(args)
		if !ok {
			return Undefined, errNotA("a date", args[0])
		}
		return DateValue(d), nil
	}
	d, err := needDate(args[0])
	return DateValue(d), err
}

// newDate is new Date(…). Several arguments are the fields as JavaScript takes them, the month from 0,
// as only code that comes from there writes so.
func newDate(r *Run, args []Value) (Value, error) {
	if len(args) < 2 {
		return callDate(r, args)
	}
	t, ok := scriptTime(args, time.Local)
	if !ok {
		return Undefined, errNotA("a date", args[0])
	}
	return DateValue(momentDate(t)), nil
}

// scriptTime makes an instant of JavaScript's fields: year, month from 0, day, …, milliseconds. Fields
// beyond their range carry over.
func scriptTime(args []Value, zone *time.Location) (time.Time, bool) {
	fields := [7]int{2: 1}
	for i := range fields {
		if v := arg(args, i); !v.IsUndefined() {
			n, ok := v.ToInt()
			if !ok || n < -1e9 || n > 1e9 {
				return time.Time{}, false
			}
			fields[i] = int(n)
		}
	}
	t := time.Date(fields[0], time.Month(fields[1])+1, fields[2], fields[3], fields[4], fields[5], 0, zone).
		Add(time.Duration(fields[6]) * time.Millisecond)
	return t, t.Unix() >= firstSecond && t.Unix() <= lastSecond
}

func optDate(_ *Run, args []Value) (Value, error) {
	if len(args) >= 3 {
		d, ok := fieldsDate(args)
		if !ok {
			return Undefined, nil
		}
		return DateValue(d), nil
	}
	if d, ok := toDate(args[0]); ok {
		return DateValue(d), nil
	}
	return arg(args, 1), nil
}

// parseDate turns a date argument into text first, as the original does (spec/basescript.md 2.4).
func parseDate(_ *Run, args []Value) (Value, error) {
	s := args[0].Text()
	d, ok := parseDateText(s)
	if !ok {
		d, ok = parseWordyDate(s)
	}
	if !ok {
		return Undefined, errNotA("a date", args[0])
	}
	return DateValue(d), nil
}

func rawSecondsToDate(_ *Run, args []Value) (Value, error) {
	n, ok := args[0].ToInt()
	if !ok || n < firstSecond || n > lastSecond {
		return Undefined, errNotA("a date", args[0])
	}
	return DateValue(momentDate(time.Unix(n, 0))), nil
}

func isValidDate(_ *Run, args []Value) (Value, error) {
	_, ok := toDate(args[0])
	return Bool(ok), nil
}

func datePart(part func(Date) Value) func(*Run, []Value) (Value, error) {
	return func(_ *Run, args []Value) (Value, error) {
		d, err := needDate(args[0])
		if err != nil {
			return Undefined, err
		}
		return part(d), nil
	}
}

func dateNewTime(_ *Run, args []Value) (Value, error) {
	d, err := needDate(args[0])
	if err != nil {
		return Undefined, err
	}
	f := fieldsOf(d)
	f.hour, f.minute, f.second, f.nanos = 0, 0, 0, 0
	f.hasTime, f.hasSeconds = false, false
	for i, field := range []*int{&f.hour, &f.minute, &f.second} {
		if v := arg(args, i+1); !v.IsNil() {
			n, ok := v.ToInt()
			if !ok || n < 0 || n > 59 {
				return Undefined, errNotA("a time", v)
			}
			*field = int(n)
			f.hasTime = true
			f.hasSeconds = i == 2
		}
	}
	if !f.hasTime {
		f.zone = nil
	}
	d, ok := f.date()
	if !ok {
		return Undefined, errNotA("a time", arg(args, 1))
	}
	return DateValue(d), nil
}

// dateOffset shifts a date without a time by whole days where it can, so that a change of the clocks
// does not make it the day before.
func dateOffset(_ *Run, args []Value) (Value, error) {
	d, err := needDate(args[0])
	if err != nil {
		return Undefined, err
	}
	seconds, ok := args[1].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[1])
	}
	if seconds > lastSecond-firstSecond || seconds < firstSecond-lastSecond {
		return Undefined, errNotA("an offset", args[1])
	}
	switch {
	case !d.HasTime && seconds%86400 == 0:
		d.Time = d.Time.AddDate(0, 0, int(seconds/86400))
	default:
		d.Time = time.Unix(d.Time.Unix()+seconds, int64(d.Time.Nanosecond())).In(d.Time.Location())
		if !d.HasTime {
			d.HasTime, d.HasSeconds = true, true
		}
		d.HasSeconds = d.HasSeconds || seconds%60 != 0
	}
	if u := d.Time.Unix(); u < firstSecond || u > lastSecond {
		return Undefined, errNotA("an offset", args[1])
	}
	return DateValue(d), nil
}

// dateDiff counts days of two dates without a time as 24 hours each, whatever the clocks did.
func dateDiff(_ *Run, args []Value) (Value, error) {
	a, err := needDate(args[0])
	if err != nil {
		return Undefined, err
	}
	b, err := needDate(args[1])
	if err != nil {
		return Undefined, err
	}
	if !a.HasTime && !b.HasTime {
		return Int(midnightUTC(a).Unix() - midnightUTC(b).Unix()), nil
	}
	return Int(a.Time.Unix() - b.Time.Unix()), nil
}

func midnightUTC(d Date) time.Time {
	y, m, day := d.Time.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

func dateToLocal(_ *Run, args []Value) (Value, error) {
	d, err := needDate(args[0])
	if d.HasTime {
		d.Time = d.Time.In(time.Local)
	}
	return DateValue(d), err
}

func utcToLocal(_ *Run, args []Value) (Value, error) {
	d, err := needDate(args[0])
	if err == nil && d.HasTime {
		f := fieldsOf(d)
		f.zone = time.UTC
		if utc, ok := f.date(); ok {
			d.Time, d.HasZone = utc.Time.In(time.Local), true
		}
	}
	return DateValue(d), err
}

// dateOrBlank reads the date argument of the formatting functions; null and empty text print as nothing.
func dateOrBlank(v Value) (d Date, blank bool, err error) {
	if isBlank(v) {
		return Date{}, true, nil
	}
	d, err = needDate(v)
	return d, false, err
}

// showArgs reads the optional flags of the formatting functions: an object with the given names, or
// one argument after the other. All are true unless told otherwise.
func (r *Run) showArgs(args []Value, names ...string) ([]bool, error) {
	shown := make([]bool, len(names))
	options := arg(args, 1)
	for i, name := range names {
		v := arg(args, i+1)
		if options.k == KindObject {
			var err error
			if v, err = r.option(options, name); err != nil {
				return nil, err
			}
		}
		shown[i] = v.IsNil() || v.Truthy()
	}
	return shown, nil
}

func strDate(layout string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		d, blank, err := dateOrBlank(args[0])
		if err != nil || blank {
			return emptyText, err
		}
		show, err := r.showArgs(args, "ShowTime", "ShowSeconds")
		if err != nil {
			return Undefined, err
		}
		local, err := r.option(arg(args, 1), "ShowLocalTime")
		if err != nil {
			return Undefined, err
		}
		if local.Truthy() && d.HasTime {
			d.Time = d.Time.In(time.Local)
		}
		full := layout
		if d.HasTime && show[0] {
			full += " 15:04"
			if d.HasSeconds && show[1] {
				full += ":05"
			}
		}
		return String(d.Time.Format(full)), nil
	}
}

func strXMLDate(r *Run, args []Value) (Value, error) {
	d, blank, err := dateOrBlank(args[0])
	if err != nil || blank {
		return emptyText, err
	}
	names := []string{"ShowTime", "ShowSeconds"}
	zone, err := r.option(arg(args, 1), "ShowTimeZone")
	if err != nil {
		return Undefined, err
	}
	show, err := r.showArgs(args, names...)
	if err != nil {
		return Undefined, err
	}
	d.HasSeconds = d.HasSeconds && show[1]
	return String(xmlDate(d, show[0], zone.IsNil() || zone.Truthy())), nil
}

func xmlDate(d Date, showTime, showZone bool) string {
	return string(appendXMLDate(make([]byte, 0, 32), d, showTime, showZone))
}

// appendXMLDate writes as much of a date as it has.
func appendXMLDate(buf []byte, d Date, showTime, showZone bool) []byte {
	layout := "2006-01-02"
	if d.HasTime && showTime {
		layout = "2006-01-02T15:04"
		if d.HasSeconds {
			layout = "2006-01-02T15:04:05"
		}
	}
	buf = d.Time.AppendFormat(buf, layout)
	if d.HasTime && showTime && d.HasZone && showZone {
		buf = d.Time.AppendFormat(buf, "-07:00")
	}
	return buf
}

func strLongDate(_ *Run, args []Value) (Value, error) {
	d, blank, err := dateOrBlank(args[0])
	if err != nil || blank {
		return emptyText, err
	}
	return String(d.Time.Format("2 ") + russianMonths[d.Time.Month()-1] + d.Time.Format(" 2006") + " г."), nil
}

func strTime(_ *Run, args []Value) (Value, error) {
	d, blank, err := dateOrBlank(args[0])
	if err != nil || blank || !d.HasTime {
		return emptyText, err
	}
	return String(d.Time.Format("15:04")), nil
}

func strMimeDate(_ *Run, args []Value) (Value, error) {
	d, blank, err := dateOrBlank(args[0])
	if err != nil || blank {
		return emptyText, err
	}
	return String(d.Time.Format(time.RFC1123Z)), nil
}

func dateParse(_ *Run, _ Value, args []Value) (Value, error) {
	d, ok := toDate(args[0])
	if !ok {
		return Real(math.NaN()), nil
	}
	return Int(d.Time.UnixMilli()), nil
}

func dateUTC(_ *Run, _ Value, args []Value) (Value, error) {
	t, ok := scriptTime(args, time.UTC)
	if !ok {
		return Real(math.NaN()), nil
	}
	return Int(t.UnixMilli()), nil
}
