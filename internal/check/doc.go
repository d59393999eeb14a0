// Package check says what is wrong with the scripts of an app, and writes the typings editors use.
//
// Both come from the tables scripts are compiled against ([hostapi.Globals], [hostapi.Classes]); there
// is no list of names here. [App] looks at every script of an app and at its registration files,
// [Source] at one text, [Bindings] describes the tables for programs, [Typings] for the TypeScript
// compiler.
//
// What can be said of a single source, basescript.Inspect says. This package adds what only the app
// knows: which libraries and methods there are, which files, which functions have a stand-in.
//
// Nothing is kept between calls, and nothing runs concurrently here; everything may be called from many
// goroutines. The package does not know who asks: a terminal, an editor or another program.
package check
