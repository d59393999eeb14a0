package cli

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		os.Exit(asProgram())
	}
	goleak.VerifyTestMain(m)
}
