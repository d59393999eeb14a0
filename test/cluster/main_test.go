package cluster

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	long = flag.Bool("long", false, "ten times over")
	seed = flag.Uint64("seed", 0, "the seed of a test that failed; 0: a new one")
	only = flag.String("only", "", "only faults with this in their name")
	keep = flag.Bool("keep", false, "show what the programs say")
)

// patience is how long anything expected may take. Tests that pass never wait so long.
const patience = time.Minute

var programs = struct {
	dir         string
	tutorsocket func() (string, error)
	natsServer  func() (string, error)
}{}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tutorsocket-cluster")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs.dir = dir
	programs.tutorsocket = built(dir, "tutorsocket", "../../cmd/tutorsocket")
	programs.natsServer = built(dir, "nats-server", "github.com/nats-io/nats-server/v2")
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// built builds a program when it is first needed: NATS at the version of go.mod.
func built(dir, name, pkg string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w: %s", pkg, err, out)
		}
		return path, nil
	})
}

// rounds returns how often something is to be done: n times, or ten times as often with -long.
func rounds(n int) int {
	if *long {
		return 10 * n
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

// until waits for something to become true.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
