package durability

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

var (
	long = flag.Bool("long", false, "200 kills")
	seed = flag.Uint64("seed", 0, "the seed of a test that failed; 0: a new one")
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if path, err := binary(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		os.Exit(code)
	}))
}

// chance returns the random numbers of a test, whose seed is told if it fails.
func chance(t *testing.T) *rand.Rand {
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("again with -args -seed %d", n)
	return rand.New(rand.NewPCG(n, 0))
}
