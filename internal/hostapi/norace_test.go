//go:build !race

package hostapi_test

const underRace = false
