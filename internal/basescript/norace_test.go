//go:build !race

package basescript

const underRace = false
