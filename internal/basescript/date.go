package basescript

import "time"

// Date is a date of the dialect: fields rather than an instant, with or without a time of day,
// seconds and a time zone (spec/basescript.md 1.1). Time holds the fields; its location is the date's
// zone if HasZone, else the server's.
type Date struct {
	Time       time.Time
	HasTime    bool
	HasSeconds bool
	HasZone    bool
}

// String is the text form of the Russian server locale: DD.MM.YYYY, with HH:MM:SS (or HH:MM) if the
// date has a time (spec/basescript.md 1.2).
func (d Date) String() string {
	switch {
	case d.HasTime && d.HasSeconds:
		return d.Time.Format("02.01.2006 15:04:05")
	case d.HasTime:
		return d.Time.Format("02.01.2006 15:04")
	}
	return d.Time.Format("02.01.2006")
}

// Compare orders dates by their instants: -1, 0 or +1.
func (d Date) Compare(other Date) int { return d.Time.Compare(other.Time) }
