// Package cron reads the times of a timetable, "0 9 * * 1-5", "@daily", "@every 10m", and finds the next
// of them in a time zone.
//
// A [Schedule] is one such text. It has five fields, minute, hour, day of the month, month, day of the
// week, or six with seconds before them. When both day fields are restricted, a day that either of them
// names counts, as everywhere with cron.
//
// # Summer time
//
// When clocks are put forward, times between the two readings do not exist; when they are put back, an
// hour comes twice. What a schedule means then depends on its hour field. With one that begins with a
// star it counts real time: nothing is made up for, and it comes in both of the two equal hours. With
// hours that are named it is about the clock on the wall, once per day: a time that is skipped comes at
// the moment of the change, several such together as one, and a time that there is twice comes the first
// time only. [Schedule.Next] and nothing else decides so.
//
// Why not a library: those that are looked after are schedulers with a parser in them, take the two day
// fields together with "and", run a repeated hour twice, or step through time minute by minute; and an
// error here has to tell an author what to write.
//
// A Schedule is immutable and safe for concurrent use.
//
// [Zone] knows time zones also where the system brings none.
package cron
