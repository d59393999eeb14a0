//go:build race

package ws

// underRace: the race detector makes a goroutine cost ten times as much, so that a simulated day gets shorter.
const underRace = true
