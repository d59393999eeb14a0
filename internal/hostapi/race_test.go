//go:build race

package hostapi_test

// underRace: the race detector makes everything slower, so that nothing can be said about time.
const underRace = true
