package ws

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(crowdURL); url != "" {
		standAround(url) // this process is the clients of BenchmarkIdleMemory
		return
	}
	goleak.VerifyTestMain(m)
}
