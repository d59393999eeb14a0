// Package metrics counts what a node does and shows it in the text format of
// Prometheus.
//
// A [Registry] is made by [New] and given to the rooms, each of which registers
// its families on it when it is built, named tutorsocket_<room>_<what>_<unit>. A
// nil Registry means that nothing is counted: what it hands out is nil too, and
// every method of a nil [Counter], [Gauge] or [Histogram] does nothing, so rooms
// never ask whether metrics are on.
//
// Counting is an atomic addition: no lock, no allocation. Finding the counter of
// a label value may allocate, so busy code keeps what it has found; [Each] does
// that for the figures of a service. Label values must come from what the program
// knows (services of the app, reasons of a table), never from what a stranger
// sends; a family holds no more than [MaxSeries] of them all the same.
//
// [Registry.Write] may be called at any time, by several at once. The figures of
// the Go runtime and of the process come from an outside library, which reads
// them on several systems; its own counters have no help texts, and its
// histograms take a lock, so they are not used.
//
// The package knows no room and no HTTP.
package metrics
