// Package storefiles looks at the files of the embedded store while NATS does not
// run, and knows what must be in them. NATS opens a store whatever has become of its
// files: it cuts a block off where it cannot read on and leaves out a stream whose
// description is damaged, and so what was confirmed would be missing without a word.
//
// A [Keeper] holds what is known from outside of NATS, in two small files beside the
// store. "store.marks" has the sequence of the newest confirmed message of each
// stream, written when the message is confirmed ([Keeper.Reached]). "store.json" lists
// the block files with their sizes and the description of each stream, as they were
// when the store was closed, or else a moment ago ([Keeper.Note]).
//
// [Keeper.Check] reads every record of every block, which carry checksums, and
// compares. The end of the newest block may be torn: that is what a write looks like
// that was under way when the process was killed, and nobody was told that it was
// done. Anything else is a [Damage]. [Keeper.Recover] keeps what can be read: it
// moves a copy of a damaged stream aside and writes its blocks anew without what is
// not readable.
//
// The server calls Check before it starts NATS, Begin when NATS runs, Note now and
// then, and End after NATS has stopped. Reached may be called concurrently with
// itself and with Note; the others belong to whoever holds the data folder. The
// package knows the layout of the files of the NATS version in go.mod (a test holds
// it against that), and nothing of what the messages mean.
package storefiles
