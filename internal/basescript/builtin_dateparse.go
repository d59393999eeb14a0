package basescript

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// dateFields is a date taken apart.
type dateFields struct {
	year, month, day, hour, minute, second, nanos int

	hasTime, hasSeconds bool
	zone                *time.Location // nil: the server's, not named
}

func fieldsOf(d Date) dateFields {
	f := dateFields{hasTime: d.HasTime, hasSeconds: d.HasSeconds, nanos: d.Time.Nanosecond()}
	year, month, day := d.Time.Date()
	f.year, f.month, f.day = year, int(month), day
	f.hour, f.minute, f.second = d.Time.Clock()
	if d.HasZone {
		f.zone = d.Time.Location()
	}
	return f
}

// date puts the fields together; ok is false for what is not in the calendar or on the clock.
func (f dateFields) date() (d Date, ok bool) {
	if f.year < 1 || f.year > 9999 || f.month < 1 || f.month > 12 || f.day < 1 ||
		f.hour > 23 || f.minute > 59 || f.second > 59 {
		return Date{}, false
	}
	zone := f.zone
	if zone == nil {
		zone = time.Local
	}
	if last := time.Date(f.year, time.Month(f.month)+1, 0, 12, 0, 0, 0, time.UTC).Day(); f.day > last {
		return Date{}, false
	}
	t := time.Date(f.year, time.Month(f.month), f.day, f.hour, f.minute, f.second, f.nanos, zone)
	return Date{Time: t, HasTime: f.hasTime, HasSeconds: f.hasSeconds, HasZone: f.zone != nil}, true
}

// dateScanner reads a date from a text.
type dateScanner struct {
	s string
	f dateFields
}

// number reads from least to most digits.
func (p *dateScanner) number(least, most int, n *int) bool {
	i := 0
	*n = 0
	for i < len(p.s) && i < most && p.s[i]-'0' <= 9 {
		*n = *n*10 + int(p.s[i]-'0')
		i++
	}
	p.s = p.s[i:]
	return i >= least
}

// accept moves past one of the given bytes.
func (p *dateScanner) accept(any string) bool {
	if p.s == "" || strings.IndexByte(any, p.s[0]) < 0 {
		return false
	}
	p.s = p.s[1:]
	return true
}

func (p *dateScanner) blanks() { p.s = strings.TrimLeft(p.s, " \t\u00a0") }

// parseDateText reads DD.MM.YYYY and YYYY-MM-DD, each with an optional time and zone
// (spec/basescript.md 2.4).
func parseDateText(s string) (Date, bool) {
	if len(s) > maxNumber {
		return Date{}, false
	}
	p := dateScanner{s: strings.TrimSpace(s)}
	f := &p.f
	if len(p.s) > 40 {
		return Date{}, false
	}
	var ok bool
	if dash := strings.IndexByte(p.s, '-'); dash == 4 {
		ok = p.number(4, 4, &f.year) && p.accept("-") && p.number(1, 2, &f.month) && p.accept("-") && p.number(1, 2, &f.day)
	} else {
		ok = p.number(1, 2, &f.day) && p.accept(".") && p.number(1, 2, &f.month) && p.accept(".") && p.number(4, 4, &f.year)
	}
	if !ok {
		return Date{}, false
	}
	if p.s != "" && (!p.accept("T ") || !p.time()) {
		return Date{}, false
	}
	return p.finish()
}

func (p *dateScanner) finish() (Date, bool) {
	if p.blanks(); p.s != "" {
		return Date{}, false
	}
	return p.f.date()
}

// time reads HH:MM[:SS[.fff]] and an optional zone.
func (p *dateScanner) time() bool {
	f := &p.f
	p.blanks()
	if !p.number(1, 2, &f.hour) || !p.accept(":") || !p.number(2, 2, &f.minute) {
		return false
	}
	f.hasTime = true
	if p.accept(":") {
		if !p.number(2, 2, &f.second) {
			return false
		}
		f.hasSeconds = true
		if p.accept(".,") && !p.fraction() {
			return false
		}
	}
	return p.zone()
}

func (p *dateScanner) fraction() bool {
	before, n := len(p.s), 0
	if !p.number(1, 9, &n) {
		return false
	}
	for digits := before - len(p.s); digits < 9; digits++ {
		n *= 10
	}
	p.f.nanos = n
	return true
}

// zone reads Z, GMT, UTC, ±HH, ±HHMM or ±HH:MM; no zone is fine too.
func (p *dateScanner) zone() bool {
	p.blanks()
	for _, name := range []string{"Z", "GMT", "UTC"} {
		if rest, ok := strings.CutPrefix(p.s, name); ok {
			p.s, p.f.zone = rest, time.UTC
			return true
		}
	}
	if p.s == "" {
		return true
	}
	sign := 1
	if p.s[0] == '-' {
		sign = -1
	}
	var hours, minutes int
	if !p.accept("+-") || !p.number(2, 2, &hours) {
		return false
	}
	if p.accept(":") || p.s != "" {
		if !p.number(2, 2, &minutes) {
			return false
		}
	}
	if hours > 15 || minutes > 59 {
		return false
	}
	p.f.zone = time.FixedZone("", sign*(hours*3600+minutes*60))
	return true
}

var russianMonths = [12]string{
	"января", "февраля", "марта", "апреля", "мая", "июня",
	"июля", "августа", "сентября", "октября", "ноября", "декабря",
}

// monthPrefixes begin the words for months, Russian and English.
var monthPrefixes = [12][]string{
	{"янв", "jan"}, {"фев", "feb"}, {"мар", "mar"}, {"апр", "apr"}, {"май", "мая", "may"}, {"июн", "jun"},
	{"июл", "jul"}, {"авг", "aug"}, {"сен", "sep"}, {"окт", "oct"}, {"ноя", "nov"}, {"дек", "dec"},
}

// word reads letters and a dot after them.
func (p *dateScanner) word() string {
	p.blanks()
	end := strings.IndexFunc(p.s, func(c rune) bool { return !unicode.IsLetter(c) })
	if end < 0 {
		end = len(p.s)
	}
	w := p.s[:end]
	p.s = p.s[end:]
	if w != "" {
		p.accept(".")
	}
	return strings.ToLower(w)
}

// parseWordyDate reads a date whose month is a word, Russian or English, with an optional day of the
// week before it and time behind it: "5 марта 2024 г. 09:07", "Tue, 05 Mar 2024 09:07:00 +0300".
func parseWordyDate(s string) (Date, bool) {
	if len(s) > 200 || !utf8.ValidString(s) {
		return Date{}, false
	}
	p := dateScanner{s: strings.TrimSpace(s)}
	if weekday := p.word(); weekday != "" {
		p.accept(",")
		p.blanks()
	}
	if !p.number(1, 2, &p.f.day) {
		return Date{}, false
	}
	p.accept("-")
	if p.f.month = monthNumber(p.word()); p.f.month == 0 {
		return Date{}, false
	}
	p.accept("-")
	if p.blanks(); !p.number(4, 4, &p.f.year) {
		return Date{}, false
	}
	for word := p.word(); word != ""; word = p.word() {
		if word != "г" && word != "год" && word != "года" && word != "в" {
			return Date{}, false
		}
	}
	p.accept(",")
	if p.blanks(); p.s != "" && !p.time() {
		return Date{}, false
	}
	return p.finish()
}

// monthNumber returns the month a word means, 0 if it means none.
func monthNumber(word string) int {
	for i, prefixes := range monthPrefixes {
		for _, prefix := range prefixes {
			if strings.HasPrefix(word, prefix) {
				return i + 1
			}
		}
	}
	return 0
}
