package hostapi_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The clock of the regular expressions ends by itself a second after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// contextAfter ends after a while, within the test's own.
func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
