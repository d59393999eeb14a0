//go:build unix

package server_test

import (
	"syscall"
	"testing"
)

// attackSize is ten thousand, or what the open files of this process allow: each connection is two of them.
func attackSize(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := 10_000
	if possible := (int(min(limit.Cur, 1<<20)) - 1000) / 2; possible < n {
		n = possible
	}
	if n < 1000 {
		t.Skipf("only %d files may be open", limit.Cur)
	}
	return n
}
