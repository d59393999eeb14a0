// Package runs knows which agents and threads run and which ran, on which node: when, as whom, how
// they ended, and their last lines.
//
// A [Registry] is the only door. engine enters each run with [Registry.Begin],
// passes it the lines and the end; api lists the runs, follows their lines with a
// [Reader] and stops them. All of it is safe for concurrent use, and nothing of it
// makes a run wait: lines that a reader is too slow for give way to new ones.
//
// What this process ran is in memory and bounded: 1,000 runs, each with its last lines. A run
// that goes on is never dropped. Behind it a [History] keeps the runs of all nodes, on JetStream: who asks
// the registry need not know which of the two has the answer. A run whose node ended while it ran is
// [Lost]; a node that starts says so of its own earlier runs, others are told with [History.Lose].
//
// Calls of services are not runs here; their lines are in the log.
package runs
