//go:build unix

package gojabench

import (
	"syscall"
	"time"
)

// clock is the processor time the process has used so far, collecting garbage included: other processes
// of a busy machine do not count.
func clock() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
