package basescript

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// inMoscow runs a test with the server's zone set to three hours east of Greenwich.
func inMoscow(t *testing.T) {
	t.Helper()
	inZone(t, time.FixedZone("MSK", 3*3600))
}

func inZone(t *testing.T, zone *time.Location) {
	t.Helper()
	before := time.Local
	time.Local = zone
	t.Cleanup(func() { time.Local = before })
}

func TestDateParsing(t *testing.T) {
	inMoscow(t)
	checkExprs(t, []exprCase{
		{"Date('05.03.2024')", "date 2024-03-05"},
		{"Date('5.3.2024')", "date 2024-03-05"},
		{"Date('05.03.2024 09:07')", "date 2024-03-05T09:07"},
		{"Date(' 05.03.2024 09:07:30 ')", "date 2024-03-05T09:07:30"},
		{"Date('2024-03-05')", "date 2024-03-05"},
		{"Date('2024-03-05T09:07')", "date 2024-03-05T09:07"},
		{"Date('2024-03-05 09:07:30')", "date 2024-03-05T09:07:30"},
		{"Date('2024-03-05T09:07:30.123Z')", "date 2024-03-05T09:07:30+00:00"},
		{"Date('2024-03-05T09:07:30+05:30')", "date 2024-03-05T09:07:30+05:30"},
		{"Date('2024-03-05T09:07:30-0800')", "date 2024-03-05T09:07:30-08:00"},
		{"Date('2024-03-05T09:07:30+03')", "date 2024-03-05T09:07:30+03:00"},
		{"Date('29.02.2024')", "date 2024-02-29"},
		{"Date(Date('05.03.2024'))", "date 2024-03-05"},
		{"Date(1709618850)", "date 2024-03-05T09:07:30+03:00"},
		{"new Date(1709618850000)", "date 2024-03-05T09:07:30+03:00"},
		{"new Date('05.03.2024')", "date 2024-03-05"},
		{"new Date(2024, 2, 5, 9)", "date 2024-03-05T09:00:00+03:00"},
		{"new Date(2024, 13, 5)", "date 2025-02-05T00:00:00+03:00"},
		{"Date(2024, 03, 09)", "date 2024-03-09"},
		{"Date(undefined)", "error: Value is not a date: undefined"},
		{"Date(null)", "error: Value is not a date: null"},
		{"Date('')", "error: Value is not a date: ''"},
		{"Date('вчера')", "error: Value is not a date: 'вчера'"},
		{"Date('30.02.2024')", "error: Value is not a date: '30.02.2024'"},
		{"Date('29.02.2023')", "error: Value is not a date: '29.02.2023'"},
		{"Date('05.13.2024')", "error: Value is not a date: '05.13.2024'"},
		{"Date('05.03.2024 24:00')", "error: Value is not a date: '05.03.2024 24:00'"},
		{"Date('05.03.2024x')", "error: Value is not a date: '05.03.2024x'"},
		{"Date('2024-03-05T09:07:30+99:00')", "error: Value is not a date: '2024-03-05T09:07:30+99:00'"},
		{"Date(1e18)", "error: Value is not a date: 1000000000000000000"},
		{"Date({})", "error: Value is not a date: JsObject"},
		{"OptDate('')", "undefined"},
		{"OptDate('x', null)", "null"},
		{"OptDate(undefined, 5)", "5"},
		{"OptDate('05.03.2024', 5)", "date 2024-03-05"},
		{"OptDate(2024, 03, 09)", "date 2024-03-09"},
		{"OptDate(2024, 3, 9, 12, 30)", "date 2024-03-09T12:30"},
		{"OptDate(2024, 3, 9, 12, 30, 0)", "date 2024-03-09T12:30:00"},
		{"OptDate(2023, 2, 29)", "undefined"},
		{"OptDate(2023, 'x', 29)", "undefined"},
		{"ParseDate('5 марта 2024 г.')", "date 2024-03-05"},
		{"ParseDate('1 ноября 2011 года')", "date 2011-11-01"},
		{"ParseDate('вт, 5 мая 2024, 10:30')", "date 2024-05-05T10:30"},
		{"ParseDate('5 мар. 2024 г. в 9:07:30')", "date 2024-03-05T09:07:30"},
		{"ParseDate('05-Mar-2024')", "date 2024-03-05"},
		{"ParseDate(Date('05.03.2024 09:07:30'))", "date 2024-03-05T09:07:30"},
		{"ParseDate('5 мартобря')", "error: Value is not a date: '5 мартобря'"},
		{"ParseDate(undefined)", "error: Value is not a date: undefined"},
		{"ParseMimeDate('Tue, 05 Mar 2024 09:07:00 +0300')", "date 2024-03-05T09:07:00+03:00"},
		{"ParseMimeDate('Tue, 05 Mar 2024 09:07:00 GMT')", "date 2024-03-05T09:07:00+00:00"},
		{"IsValidDate('30.02.2024')", "false"},
		{"IsValidDate(Date())", "true"},
	})
}

func TestDateFormats(t *testing.T) {
	inMoscow(t)
	checkExprs(t, []exprCase{
		{"StrDate(Date('05.03.2024 09:07:00'))", `"05.03.2024 09:07:00"`},
		{"StrDate(Date('05.03.2024 09:07'))", `"05.03.2024 09:07"`},
		{"StrDate(Date('05.03.2024'))", `"05.03.2024"`},
		{"StrDate(Date('05.03.2024 09:07:00'), false)", `"05.03.2024"`},
		{"StrDate(Date('05.03.2024 09:07:00'), true, false)", `"05.03.2024 09:07"`},
		{"StrDate(Date('05.03.2024 09:07:00'), {ShowTime: false})", `"05.03.2024"`},
		{"StrDate(Date('05.03.2024 09:07:00'), {ShowSeconds: false})", `"05.03.2024 09:07"`},
		{"StrDate(Date('2024-03-05T09:07:00Z'), {ShowLocalTime: true})", `"05.03.2024 12:07:00"`},
		{"StrDate('2024-03-05')", `"05.03.2024"`},
		{"StrDate(null)", `""`},
		{"StrDate('')", `""`},
		{"StrDate(undefined)", "error: Value is not a date: undefined"},
		{"StrShortDate(Date('05.03.2024'))", `"05.03.24"`},
		{"StrLongDate(Date('26.12.2011'))", `"26 декабря 2011 г."`},
		{"StrLongDate('')", `""`},
		{"StrTime(Date('05.03.2024 09:07:30'))", `"09:07"`},
		{"StrTime(Date('05.03.2024'))", `""`},
		{"StrXmlDate(Date('26.12.2011'))", `"2011-12-26"`},
		{"StrXmlDate(Date('26.12.2011 10:45'))", `"2011-12-26T10:45"`},
		{"StrXmlDate(Date('26.12.2011 10:45:01'), false)", `"2011-12-26"`},
		{"StrXmlDate(Date('26.12.2011 10:45:01'), true, false)", `"2011-12-26T10:45"`},
		{"StrXmlDate(Date(1709618850))", `"2024-03-05T09:07:30+03:00"`},
		{"StrXmlDate(Date(1709618850), {ShowTimeZone: false})", `"2024-03-05T09:07:30"`},
		{"StrXmlDate(Date(1709618850), {ShowTime: false})", `"2024-03-05"`},
		{"StrXmlDate(null)", `""`},
		{"StrXmlDate(Date()).lastIndexOf('+')", "19"},
		{"StrMimeDate(Date(1709618850))", `"Tue, 05 Mar 2024 09:07:30 +0300"`},
		{"'' + Date('05.03.2024 09:07:00')", `"05.03.2024 09:07:00"`},
	})
}

func TestDateArithmetic(t *testing.T) {
	inMoscow(t)
	checkExprs(t, []exprCase{
		{"DateNewTime(Date('05.03.2024 09:07:30'))", "date 2024-03-05"},
		{"DateNewTime(Date(1709618850))", "date 2024-03-05"},
		{"DateNewTime(Date('05.03.2024'), 23)", "date 2024-03-05T23:00"},
		{"DateNewTime(Date('05.03.2024'), 23, 59)", "date 2024-03-05T23:59"},
		{"DateNewTime('05.03.2024', 23, 59, 59)", "date 2024-03-05T23:59:59"},
		{"DateNewTime(Date('05.03.2024'), 24)", "error: Value is not a time: 24"},
		{"DateNewTime(Date('05.03.2024'), 10, 'x')", "error: Value is not a time: 'x'"},
		{"DateNewTime(null)", "error: Value is not a date: null"},
		{"DateOffset(Date('05.03.2024'), 86400)", "date 2024-03-06"},
		{"DateOffset(Date('05.03.2024'), 0 - 86400 * 5)", "date 2024-02-29"},
		{"DateOffset(Date('05.03.2024'), 3600)", "date 2024-03-05T01:00:00"},
		{"DateOffset(Date('05.03.2024 23:59:59'), 1)", "date 2024-03-06T00:00:00"},
		{"DateOffset(Date('05.03.2024 23:59'), 1)", "date 2024-03-05T23:59:01"},
		{"DateOffset(Date('05.03.2024 23:59'), 60)", "date 2024-03-06T00:00"},
		{"DateOffset(Date('05.03.2024'), 'x')", "error: Value is not an integer: 'x'"},
		{"DateOffset(Date('05.03.2024'), 9223372036854775807)", "error: Value is not an offset: 9223372036854775807"},
		{"DateOffset(Date('05.03.9999'), 86400 * 3000)", "error: Value is not an offset: 259200000"},
		{"DateDiff(Date('06.03.2024'), Date('05.03.2024'))", "86400"},
		{"DateDiff(Date('05.03.2024 00:00'), Date('05.03.2024 00:01'))", "-60"},
		{"DateDiff(Date('2024-03-05T09:00:00Z'), Date('2024-03-05T09:00:00+03:00'))", "10800"},
		{"DateToRawSeconds(Date('2024-03-05T06:07:30Z'))", "1709618850"},
		{"RawSecondsToDate(1709618850)", "date 2024-03-05T09:07:30+03:00"},
		{"RawSecondsToDate('x')", "error: Value is not a date: 'x'"},
		{"DateToLocalDate(Date('2024-03-05T06:07:30Z'))", "date 2024-03-05T09:07:30+03:00"},
		{"UtcToLocalDate(Date('2024-03-05T06:07:30'))", "date 2024-03-05T09:07:30+03:00"},
		{"Date('05.03.2024') < Date('06.03.2024')", "true"},
		{"Date('05.03.2024') == Date('2024-03-05')", "true"},
		{"DateDiff(Date(), Date()) < 2", "true"},
	})
}

func TestDateParts(t *testing.T) {
	inMoscow(t)
	body := `var d = Date('05.03.2024 09:07:30'), e = Date('05.03.2024'), m = Date('05.03.2024 09:07');
		return [Year(d), Month(d), Day(d), Hour(d), Minute(d), Second(d), WeekDay(d), WeekDay('10.03.2024'), DataType(Hour(e)), DataType(Minute(e)), DataType(Second(m))]`
	if got := evaluate(t, body, exprLimits); got != `[2024,3,5,9,7,30,2,0,"undefined","undefined","undefined"]` {
		t.Error(got)
	}
	body = `var d = new Date(1709618850123);
		return [d.getTime(), d.valueOf(), d.getFullYear(), d.getMonth(), d.getDate(), d.getDay(), d.getHours(), d.getMinutes(), d.getSeconds(),
			d.getMilliseconds(), d.getUTCHours(), d.getTimezoneOffset(), d.toISOString(), d.toJSON(), d.toString(), d.toLocaleDateString(), d.toLocaleTimeString()]`
	if got := evaluate(t, body, exprLimits); got != `[1709618850123,1709618850123,2024,2,5,2,9,7,30,123,6,-180,"2024-03-05T06:07:30.123Z","2024-03-05T09:07:30+03:00","05.03.2024 09:07:30","05.03.2024","09:07:30"]` {
		t.Error(got)
	}
	checkExprs(t, []exprCase{
		{"Year('x')", "error: Value is not a date: 'x'"},
		{"Date.UTC(2024, 2, 5, 6, 7, 30, 5)", "1709618850005"},
		{"Date.parse('2024-03-05T06:07:30Z')", "1709618850000"},
		{"Date.parse('x')", "NaNr"},
		{"Date.now() - Date().getTime() < 1000", "true"},
		{"DataType(CurDate)", `"date"`},
	})
}

// Where clocks change, a day is not always 24 hours; dates without a time must not notice.
func TestDatesWithoutTimeIgnoreClockChanges(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin") // from the data linked into the test
	if err != nil {
		t.Fatal(err)
	}
	inZone(t, zone)
	checkExprs(t, []exprCase{
		{"DateOffset(Date('31.03.2024'), 86400)", "date 2024-04-01"},
		{"DateOffset(Date('28.10.2024'), 0 - 86400)", "date 2024-10-27"},
		{"DateDiff(Date('01.04.2024'), Date('31.03.2024'))", "86400"},
		{"DateOffset(Date('31.03.2024 01:59:59'), 1)", "date 2024-03-31T03:00:00"},
	})
}
