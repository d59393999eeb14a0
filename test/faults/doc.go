// Package faults breaks connections of a running server in every way a network and its users can, while
// messages flow: cut at any byte, stalled, taken over, resumed late or never, drained. What each client
// received is judged by package history. The schedules are random; a test that fails names its seed, which
// -args -seed N gives again. With -args -long there are many more rounds.
package faults
