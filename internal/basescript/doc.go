// Package basescript is the dialect of WebTutor's server scripts (SP-XML Script, "BaseScript"):
// source in, compiled program out, run within budgets, errors on the author's own lines.
//
// The syntax comes from goja's parser; everything behind it is this package's own, because the
// dialect differs from ECMAScript at nearly every operator and property read (spec/basescript.md
// section 5). The way of a script:
//
//	source.go   a text becomes a tree, and positions lead back to the author's text
//	prepass.go  one scan before the parser: raw line breaks, leading zeros, limits of nesting;
//	            types.go, reserved.go, page.go: what else the parser must not see
//	parseerror.go  what is wrong with a source, in plain words; signature.go: what its functions take
//	scope.go    one walk over the tree: variables, what closures capture, string expressions
//	compile*.go the tree becomes Go closures over resolved slots; built once per file, shared by all runs
//	text.go     string expressions made at run time; eval.go: code evaluated at run time
//	library.go  programs whose functions scripts call as methods of an object
//	run.go      a Run: a fresh environment, its frames, budgets for steps, time, depth and live bytes
//	value.go    Value: undefined, null, bool, int64, real, byte string, date, object
//	object.go   objects, arrays, functions, errors; host.go: what Go offers to scripts, by explicit tables
//	regexp*.go  regular expressions: a pattern is read here and matched by a borrowed engine within the budgets
//	builtin_*.go the pure functions of the language (strings, arrays, dates, JSON, encodings)
//
// A Program is immutable and may serve any number of runs at once. A Run, its values and everything
// reached from them belong to one goroutine. Nothing a run defines, overrides or changes is seen by
// another run.
//
// The package knows nothing of sockets, users, folders or nodes; those arrive through Globals.
package basescript
