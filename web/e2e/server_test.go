//go:build e2e

package e2e

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// startServer starts the product with its sample app on a free port and returns its address, such as
// http://127.0.0.1:41234. It is all that the tests know of the server: pages at /client/, services at
// /services/.
func startServer(t *testing.T) string {
	t.Helper()
	return servertest.Start(t).URL()
}
