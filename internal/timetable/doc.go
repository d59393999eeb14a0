// Package timetable starts agents at the times they name, once per time however many nodes share a NATS.
//
// Every node has a [Timetable], which knows the agents of its app and computes their times, the ticks. At a
// tick each of them tries to put a new value over the agent's entry in a key-value bucket, from an older tick
// to this one; the one whose value is accepted runs the agent, the others find that they are late. So it does
// not matter how far the clocks of nodes are apart, and nobody has to be elected. A node that cannot
// reach NATS runs nothing, and says so once.
//
// An entry holds the newest tick that was decided on, the run that goes on, with a lease that its node renews,
// and at most one tick that waits for its end. Whether a run goes on is thus known in the whole cluster. A lease
// that is not renewed in time ends: its run is lost, and blocks nobody any more.
//
// # Late and missed ticks
//
// A tick that is taken within [Grace] is in time, and ticks are taken in their order. Older ones were missed:
// all nodes were down, or none reached NATS. They are counted, and not made up for, unless the agent says
// @missed run: then it runs once for all of them, if the newest is no older than [MissedWindow].
//
// Runs that people or scripts start are no ticks; they neither count as a run that goes on nor wait for one.
//
// [decide] is all there is to decide, without a clock or a store; [Timetable.Run] does it. Nobody but the
// goroutine of Run writes ticks; each run has one more goroutine, which renews its lease and ends it. The
// package does not know how agents are run: see [Runner].
package timetable
