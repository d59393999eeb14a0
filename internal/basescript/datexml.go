package basescript

// XML returns as much of the date as it has in the form YYYY-MM-DDTHH:MM:SS+03:00.
func (d Date) XML() string { return xmlDate(d, true, true) }

// ParseXMLDate is the reverse of [Date.XML]; ok is false for what is no date.
func ParseXMLDate(s string) (d Date, ok bool) { return parseDateText(s) }
