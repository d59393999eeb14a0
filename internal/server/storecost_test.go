//go:build linux

package server

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/resume"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

// What the embedded store adds to a process is measured on demand:
//
//	go test ./internal/server -run StoreCost -storecost 15 -v
var storeCostRounds = flag.Int("storecost", 0, "measure what the embedded store adds to start-up and memory, so many times in turns with a process without")

const (
	storeCostTime   = 50 * time.Millisecond
	storeCostMemory = 12 << 20

	// storeCostProcess is set in a process that is measured, to whether it has a store, storeCostFolder to where.
	storeCostProcess = "TUTORSOCKET_TEST_STORE"
	storeCostFolder  = "TUTORSOCKET_TEST_STORE_FOLDER"
)

// TestStoreCost starts processes that open the store and all that the server keeps in it, in turns with processes
// that do nothing else, on a folder that has a store from an earlier start and on a new one.
func TestStoreCost(t *testing.T) {
	if with := os.Getenv(storeCostProcess); with != "" {
		storeForCost(t, with == "true")
		return
	}
	if *storeCostRounds == 0 {
		t.Skip("only with -storecost")
	}
	for _, kept := range []bool{false, true} {
		folder := t.TempDir()
		var times, memory []int64
		for range *storeCostRounds {
			if !kept {
				folder = t.TempDir()
			}
			took, with := measureStore(t, true, folder)
			_, without := measureStore(t, false, folder)
			times, memory = append(times, took), append(memory, with-without)
		}
		slices.Sort(times)
		slices.Sort(memory)
		took, bytes := time.Duration(times[len(times)/2]), memory[len(memory)/2]
		t.Logf("store from an earlier start: %v; start-up +%v (%v to %v), resident memory +%.1f MiB (%.1f to %.1f), medians of %d",
			kept, took.Round(100*time.Microsecond), time.Duration(times[0]).Round(100*time.Microsecond), time.Duration(times[len(times)-1]).Round(100*time.Microsecond),
			mib(bytes), mib(memory[0]), mib(memory[len(memory)-1]), len(times))
		if took > storeCostTime || bytes > storeCostMemory {
			t.Errorf("more than %v or %d MiB", storeCostTime, storeCostMemory>>20)
		}
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// measureStore runs a process and returns what it tells: nanoseconds, bytes.
func measureStore(t *testing.T, with bool, folder string) (took, resident int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestStoreCost$", "-test.v")
	cmd.Env = append(os.Environ(), storeCostProcess+"="+strconv.FormatBool(with), storeCostFolder+"="+folder)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, told, _ := bytes.Cut(out, []byte("measured "))
	if _, err := fmt.Sscan(string(told), &took, &resident); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return took, resident
}

// storeForCost is the process that is measured.
func storeForCost(t *testing.T, with bool) {
	began := time.Now()
	s := &Server{logger: slog.New(slog.DiscardHandler), data: &dataFolder{dir: os.Getenv(storeCostFolder)}}
	s.cfg.Settings.NATS.Sync = config.Sync{Always: true}
	if with {
		openAllForCost(t, s)
	}
	took := time.Since(began)
	fmt.Println("measured", took.Nanoseconds(), residentBytes(t))
	for _, step := range slices.Backward(s.undo) {
		if err := step.run(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func openAllForCost(t *testing.T, s *Server) {
	r := &rooms{hub: hub.New(hub.Config{})}
	if err := s.openUserData(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := versions.Open(t.Context(), s.store.js, versions.Config{}); err != nil {
		t.Fatal(err)
	}
	kept, err := resume.Open(t.Context(), s.store.js, resume.Config{Node: aloneNode})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := kept.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.data.Sweep(t.Context(), func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
}

func residentBytes(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	var kib int64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
