//go:build race

package outbox

// underRace: the race detector makes NATS look up each message ten times as slowly, so that a crowd is smaller.
const underRace = true
