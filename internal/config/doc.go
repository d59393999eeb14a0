// Package config is the one tree of settings: what can be set, how it is called
// in the file, the environment and on the command line, what it is by default,
// and whether a value makes sense.
//
// [Config] composes the Config structs of the rooms with a few of its own. One
// walk over its struct tags yields everything else:
//
//	yaml     the name; names of nested structs are joined by dots to the key
//	default  the value when nobody says otherwise
//	dev      that of the command dev, where it differs
//	doc      one line for the reference page
//	flag     the command line flag, where there is one
//	values   the values allowed, separated by "|"
//	min      the least number, size or duration
//	secret   "true": the value is masked where settings are shown
//	unit     "bytes": the number may be written as 64KiB
//	type     what the value is called, where its Go type does not tell
//
// The environment variable is the key in upper case with "_" for "." after
// TUTORSOCKET_. Fields without a yaml name are no settings. A map of structs holds
// settings of single services: services.<name>.overflow.
//
// [Load] reads a file, the environment and flags, in rising order of weight, and
// reports everything that is wrong at once. [Reference] lists the settings, [Effective]
// those in force with where each comes from. How a
// setting is obeyed is not known here.
package config
