package engine

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// The collector lets garbage grow to a multiple of what is alive, which for a run near its limit of
// bytes would mean a process of several times that limit. While there are runs that have made much, the
// process has therefore a soft limit of its own: about what those runs may hold, and as much garbage
// beside the rest as always. It is never below what is alive, so that the collector is not driven to
// work without end.

const (
	// heldSlack is what a run may take beyond its limit, as a part of it: what counting is off by.
	heldSlack = 16
	// restFactor is how much the rest of the process may take, in terms of what is alive of it.
	restFactor = 3
	// restBytes is what the rest of the process may always take: stacks, the collector's own.
	restBytes = 32 << 20
	// paceEvery is the time between two looks at what is alive, while large runs last.
	paceEvery = 200 * time.Millisecond
)

// pacer sets the soft limit of the process. There is one, because there is one collector.
type pacer struct {
	mu     sync.Mutex
	held   int64 // limits of the large runs in progress
	awake  bool  // the goroutine that sets the limit runs
	usual  int64 // the limit without large runs
	change chan struct{}
}

var memory = &pacer{change: make(chan struct{}, 1)}

// Grown implements [basescript.Collector]: the run may come to hold as much as its limit.
func (p *pacer) Grown(limit int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held += limit
	if p.awake {
		p.wake()
		return
	}
	p.awake, p.usual = true, debug.SetMemoryLimit(-1)
	go p.pace()
}

// Ended implements [basescript.Collector].
func (p *pacer) Ended(limit int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held -= limit
	p.wake()
}

func (p *pacer) wake() {
	select {
	case p.change <- struct{}{}:
	default: // it is awake
	}
}

// Weighed implements [basescript.Collector]: garbage the run has made is collected before it makes more,
// where both together would be too much.
func (p *pacer) Weighed(more int64) {
	p.mu.Lock()
	held := p.held
	p.mu.Unlock()
	alive, heap := readHeap()
	if heap+more > softLimit(held, alive) {
		runtime.GC()
	}
}

// pace keeps the soft limit right until there are no large runs. A change of the limit waits for a
// collection in progress, so no run does it.
func (p *pacer) pace() {
	ticker := time.NewTicker(paceEvery)
	defer ticker.Stop()
	for {
		p.mu.Lock()
		held, usual := p.held, p.usual
		if held == 0 {
			p.awake = false
			debug.SetMemoryLimit(usual)
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		alive, _ := readHeap()
		debug.SetMemoryLimit(min(usual, softLimit(held, alive)))
		select {
		case <-p.change:
		case <-ticker.C:
		}
	}
}

// softLimit is what the process may take with large runs that may hold so much, where so much was alive
// at the last collection.
func softLimit(held, alive int64) int64 {
	if held > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return held + held/heldSlack + restFactor*max(0, alive-held) + restBytes
}

// readHeap returns the bytes the last collection found alive, and those of all objects not swept yet.
func readHeap() (alive, heap int64) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64()), int64(sample[1].Value.Uint64())
}

var _ basescript.Collector = memory
