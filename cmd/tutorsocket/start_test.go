package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// inits are lines such as "init example.com/p @1.2 ms, 0.5 ms clock, 1024 bytes, 12 allocs".
var inits = regexp.MustCompile(`(?m)^init (github\.com/tutorsocket/tutorsocket/\S+) @.* (\d+) bytes, \d+ allocs$`)

// TestStartIsLight: every command, help and completion included, waits until all packages have initialised their
// variables. So none of ours makes there what takes memory, and with it time: tables that are only needed to run
// scripts, patterns, parsed files. Time itself would say more about the machine.
func TestStartIsLight(t *testing.T) {
	const most = 128 << 10
	program, err := exec.LookPath("tutorsocket")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--help")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, trace)
	}
	found := inits.FindAllSubmatch(trace, -1)
	if len(found) < 5 {
		t.Fatalf("only %d packages tell of themselves in %s", len(found), trace)
	}
	for _, m := range found {
		if bytes, err := strconv.Atoi(string(m[2])); err != nil || bytes > most {
			t.Errorf("%s makes %s bytes at start, which is more than %d: make them when they are needed (%v)", m[1], m[2], most, err)
		}
	}
}
