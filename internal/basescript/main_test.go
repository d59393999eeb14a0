package basescript

import (
	"testing"

	"go.uber.org/goleak"
)

// The clock of the regular expressions ends by itself a second after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}
