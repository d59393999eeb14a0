package cli

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// collectorPercent lets garbage be twice the live heap before it is collected:
// with the usual 100 % the collector takes half a core from small handlers.
const collectorPercent = 200

// tuneCollector sets the garbage collector up for serving, unless the user did.
// In a container the collector works harder before its memory limit is reached.
func (p *program) tuneCollector() {
	if p.getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
	if p.getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit := containerMemory(); limit < math.MaxInt64 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// containerMemory returns the memory limit of the container this runs in, in
// bytes; the largest number if there is none or it is not known.
func containerMemory() int64 {
	text, err := os.ReadFile("/sys/fs/cgroup/memory.max") // Linux, control groups version 2
	if err != nil {
		return math.MaxInt64
	}
	return parseMemory(string(text))
}

// parseMemory reads the limit of a control group: bytes, or "max".
func parseMemory(text string) int64 {
	limit, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || limit <= 0 {
		return math.MaxInt64
	}
	return limit
}
