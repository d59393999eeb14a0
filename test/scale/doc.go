// Package scale measures what the plan for many sockets is made of (docs/en/scaling.md): what a claim of a stateful
// key costs, what a send to another node and a group send over several nodes cost beside what they cost at least,
// and whether memory stays flat while sockets come and go. Without flags the measurements are small and only show that
// what they measure works; with -args -long they have the size of the figures in the document.
package scale
