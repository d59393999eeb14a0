//go:build unix

package server

import (
	"math"
	"syscall"
)

// openFiles returns how many files the process may have open, 0 if there is no limit
// or none is known. Go has raised the soft limit to the hard one.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	if n := uint64(limit.Cur); n <= math.MaxInt32 { // more is "unlimited", which each system writes its way
		return int(n)
	}
	return 0
}
