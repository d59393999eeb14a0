// Package versions keeps what the scripts of an app were: for each service, library, agent and stub the
// texts that were in force, numbered from 1, with who brought them and when.
//
// A [Store] is the durable part, one stream of JetStream with a subject per script. The last
// [MaxVersions] of a script are kept, and of all together as many as the stream has room for; the
// oldest go first, and numbers are never given twice while a version of the script is left. A text equal
// to the last one makes no new version. Two writers cannot take one number: each append names the
// message it follows.
//
// A [Recorder] stands before it, so that a reload of scripts never waits for a disk: what is added is
// stored in order by [Recorder.Run]. Reading through the recorder first waits for what was added before.
//
// [ETag] names a text by its content, [Diff] compares two. Sources are held in memory only while they
// wait to be stored; of each script in use its last number and the hash of its text stay.
//
// Store and Recorder are safe for concurrent use. The package does not know where scripts come from.
package versions
