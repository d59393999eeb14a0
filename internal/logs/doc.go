// Package logs keeps the lines scripts write: it numbers them, shows them to a
// person, records them in the structured log, remembers the recent ones and
// streams new ones to whoever follows.
//
// engine and hostapi call [Log.Write]; api and cli read with [Log.Follow]. There
// is one [Log] per node. Every line goes the same way, so the terminal, the
// structured log and each follower see the same lines in the same order.
//
// The recent lines are the only buffer. A follower is a position in it: however
// slow one is, it costs nothing and holds nobody up; when it comes back too late
// for some lines, the next one says how many were missed.
//
// Logs that scripts open by name are [Named]: files of their own, by day or month,
// below one folder and within bounds. Their lines go through the [Log] as well;
// that is for hostapi to do.
package logs
