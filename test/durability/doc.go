// Package durability kills the built program at random moments while data are written
// and holds what it has after the next start against what was acknowledged. It also
// damages files of a store and sees that the program says so.
//
// What is written is a [load]: it works until it is told to stop, and checks after the
// restart. Another one joins by a line in loads. The normal run kills a few times; with
//
//	go test -v -timeout 60m ./test/durability -args -long
//
// 200 times. A failure names a seed, which -args -seed N takes.
package durability
