package engine

import (
	"context"
	"math"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// While a run has made much, the process has a soft limit near what the run may hold; afterwards it has
// the one it had. A run that makes little sets none.
func TestLargeRunsPaceTheCollector(t *testing.T) {
	const usual = int64(math.MaxInt64)
	run := func(src string, limit int64, during func()) {
		t.Helper()
		look := basescript.Func{Name: "look", Call: func(*basescript.Run, []basescript.Value) (basescript.Value, error) {
			during()
			return basescript.Undefined, nil
		}}
		globals := basescript.NewGlobals([]basescript.Global{{Name: "look", Func: &look}})
		p, err := basescript.Compile("x-local://test.js", src, basescript.Options{Globals: globals})
		if err != nil {
			t.Fatal(err)
		}
		r := basescript.NewRun(context.Background(), basescript.RunConfig{Limits: basescript.Limits{Bytes: limit}, Collector: memory})
		defer r.Close()
		if _, err := r.Exec(p); err != nil {
			t.Fatal(err)
		}
	}
	run("x = 'y'.repeat(1000000); look()", 64<<20, func() {
		if got := debug.SetMemoryLimit(-1); got != usual {
			t.Errorf("a small run set a limit of %d", got)
		}
	})
	looked := false
	run("for (i = 0; i < 20; i++) x = 'y'.repeat(1000000); look()", 64<<20, func() {
		looked = true
		await(t, "a soft limit", func() bool {
			got := debug.SetMemoryLimit(-1)
			return got > 64<<20 && got < 1<<30
		})
	})
	if !looked {
		t.Error("nobody looked")
	}
	await(t, "no soft limit", func() bool { return debug.SetMemoryLimit(-1) == usual })
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// The soft limit leaves room beside what is alive, however little is known of what the runs hold.
func TestSoftLimit(t *testing.T) {
	const MiB = 1 << 20
	for _, tt := range []struct{ held, alive, least, most int64 }{
		{512 * MiB, 10 * MiB, 520 * MiB, 614 * MiB},
		{512 * MiB, 500 * MiB, 550 * MiB, 614 * MiB},
		{512 * MiB, 612 * MiB, 700 * MiB, 920 * MiB},
		{0, 0, MiB, 64 * MiB},
		{math.MaxInt64 - 1, 10, math.MaxInt64, math.MaxInt64},
	} {
		if got := softLimit(tt.held, tt.alive); got < tt.least || got > tt.most {
			t.Errorf("%d held, %d alive: %d", tt.held, tt.alive, got)
		}
	}
}
