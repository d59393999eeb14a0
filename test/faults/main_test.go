package faults

import (
	"flag"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
)

var (
	long = flag.Bool("long", false, "many more rounds")
	seed = flag.Uint64("seed", 0, "the seed of a test that failed; 0: a new one")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rounds returns how often something is to be done: n times, or many more with -long.
func rounds(n int) int {
	if *long {
		return 20 * n
	}
	return n
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

// child returns random numbers of its own for a goroutine.
func child(r *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(r.Uint64(), r.Uint64())) }
