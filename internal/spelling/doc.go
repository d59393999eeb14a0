// Package spelling says how much two names resemble each other, for errors that suggest what was
// probably meant. Which names are candidates, and how near is near enough, is for the callers to say:
// a setting, a command and a function of scripts differ in that.
package spelling
