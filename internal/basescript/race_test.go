//go:build race

package basescript

// underRace: the race detector makes everything slower, so that nothing can be said about time.
const underRace = true
