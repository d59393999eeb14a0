package scale

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

var long = flag.Bool("long", false, "measure in the size of the figures in docs/en/scaling.md")

func TestMain(m *testing.M) {
	if part := os.Getenv(partVariable); part != "" {
		os.Exit(play(part))
	}
	goleak.VerifyTestMain(m)
}

// size is a number of repetitions: the first with -long, the second without.
func size(large, small int) int {
	if *long {
		return large
	}
	return small
}

const mib = 1 << 20

// heap is the memory in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what has finalizers or lies in pools goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// disk is what the files of folders hold, in bytes.
func disk(t testing.TB, folders ...string) (bytes uint64) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return nil // a file that goes meanwhile
			}
			if info, err := e.Info(); err == nil {
				bytes += uint64(info.Size())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return bytes
}
