package peers

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Op tells what a request is about. Numbers must mean the same on all nodes of a cluster.
type Op uint8

// OpInfo describes an operation.
type OpInfo struct {
	Name    string        // for metrics; empty: the number is not told apart from others
	Timeout time.Duration // how long to wait for an answer; 0: [Config].Timeout
	// Late says that a request is handled even if its asker has given up before it came to that: it says something
	// that stays true. Others are dropped then.
	Late bool
}

// Handler does what another node asks for, and answers through q, once, whenever it
// likes and from any goroutine. It is called by the one goroutine that handles all
// that comes from others, so it must not block; what takes time goes on in a
// goroutine of its own. A panic is answered as a failure with [CodePanic].
type Handler func(q *Request)

// Config says who a node is. Only Name is needed.
type Config struct {
	Name    string // of this node, up to 255 bytes
	Version string // of the program
	Prefix  string // of all subjects; default "tutorsocket"

	Timeout time.Duration // how long to wait for an answer; default 2 s
	Probe   time.Duration // after how long a silent node is probed; default 100 ms
	Beat    time.Duration // between two heartbeats; default 1 s
	Lapse   time.Duration // how long a node may be silent; default 10 s
	Settle  time.Duration // how long to wait at the start for others to answer; default 300 ms

	Ops     map[Op]OpInfo
	Metrics *metrics.Registry
	Logger  *slog.Logger // default: nothing is logged
	// About returns what heartbeats say beyond the rest, a JSON value, best of some hundred bytes; above
	// 8 KiB it is left out. It is called with each of them by one goroutine, and must not block. Nil: nothing.
	About func() json.RawMessage

	draw  func() uint64        // incarnations; nil: at random
	clock func() time.Duration // since the start of this process; nil: the monotonic one
}

func (c *Config) complete() error {
	if c.Name == "" {
		return errors.New("a node needs a name")
	}
	if len(c.Name) > maxName {
		return fmt.Errorf("the node name has %d bytes, at most %d are allowed", len(c.Name), maxName)
	}
	if c.Prefix == "" {
		c.Prefix = "tutorsocket"
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&c.Timeout, 2 * time.Second}, {&c.Probe, 100 * time.Millisecond},
		{&c.Beat, time.Second}, {&c.Lapse, 10 * time.Second}, {&c.Settle, 300 * time.Millisecond},
	} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	if c.draw == nil {
		c.draw = newIncarnation
	}
	if c.clock == nil {
		start := time.Now()
		c.clock = func() time.Duration { return time.Since(start) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
