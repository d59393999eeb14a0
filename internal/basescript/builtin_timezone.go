package basescript

import "time"

// Time zones are numbers: minutes east of UTC. Numbers up to 15 are taken for hours, which no zone has
// so few minutes of. The unit of the original is not documented.

func timeZoneGlobals() []Func {
	const move = "(date: any, zone: number): Date"
	return []Func{
		{Name: "DateNewTimeZone", Min: 2, Call: dateInZone(true), Sig: move, Doc: "Gives a date another zone and leaves what the clock shows."},
		{Name: "DateToTimeZoneDate", Min: 2, Call: dateInZone(false), Sig: move, Doc: "Returns the same moment in another zone, given in minutes or whole hours east of UTC."},
		{Name: "TimeZone", Min: 1, Call: datePart(zoneOf), Sig: "(date: any): number | undefined", Doc: "Returns the zone of a date in minutes east of UTC, undefined if it names none."},
		{Name: "GetLocalTimeZone", Call: localTimeZone, Sig: "(date?: any): number", Doc: "Returns the zone of the server in minutes east of UTC, now or at a date."},
	}
}

// zoneArg reads a zone.
func zoneArg(v Value) (*time.Location, error) {
	n, ok := v.ToInt()
	if !ok {
		return nil, errNotA("a time zone", v)
	}
	if n >= -15 && n <= 15 {
		n *= 60
	}
	if n < -15*60 || n > 15*60 {
		return nil, errNotA("a time zone", v)
	}
	return time.FixedZone("", int(n)*60), nil
}

func zoneOf(d Date) Value {
	if !d.HasZone {
		return Undefined
	}
	return Int(int64(zoneOffset(d.Time) / 60))
}

// dateInZone makes the functions that move a date to a zone, keeping its fields or its moment. A date
// without a time is no moment: it keeps its fields either way.
func dateInZone(keepFields bool) func(*Run, []Value) (Value, error) {
	return func(_ *Run, args []Value) (Value, error) {
		d, err := needDate(args[0])
		if err != nil {
			return Undefined, err
		}
		zone, err := zoneArg(args[1])
		if err != nil {
			return Undefined, err
		}
		if keepFields || !d.HasTime {
			f := fieldsOf(d)
			f.zone = zone
			d, _ = f.date() // the fields were a date before
			return DateValue(d), nil
		}
		d.Time, d.HasZone = d.Time.In(zone), true
		return DateValue(d), nil
	}
}

func localTimeZone(_ *Run, args []Value) (Value, error) {
	at := time.Now()
	if v := arg(args, 0); !v.IsNil() {
		d, err := needDate(v)
		if err != nil {
			return Undefined, err
		}
		at = d.Time
	}
	return Int(int64(zoneOffset(at.In(time.Local)) / 60)), nil
}
