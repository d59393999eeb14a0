package server_test

import "testing"

// attackSize is that of other systems.
func attackSize(t *testing.T) int {
	t.Helper()
	t.Skip("how many files may be open is not known here")
	return 0
}
