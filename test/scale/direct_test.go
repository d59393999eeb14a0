package scale

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// TestDirectSend compares a send from one node to a socket of another with a bare request of NATS that is answered at
// once. The NATS server is a process of its own; both nodes are this one.
func TestDirectSend(t *testing.T) {
	srv := startPart(t, "nats")
	url := srv.line()
	nodes := startNodes(t, 2, url)
	nodes[1].open(t, "far", nil)
	key, text := hub.BuildKey(service, "far"), strings.Repeat("x", 200)
	from, to := connect(t, url), connect(t, url)
	if _, err := to.Subscribe("bare", func(m *nats.Msg) { _ = m.Respond([]byte("1")) }); err != nil {
		t.Fatal(err)
	}
	if err := to.Flush(); err != nil {
		t.Fatal(err)
	}
	r := race{t: t, nats: srv.pid, ways: []way{
		{name: "bare request", do: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			_, err := from.RequestWithContext(ctx, "bare", []byte(text))
			return err
		}},
		{name: "send", do: func(ctx context.Context) error {
			_, err := nodes[0].Send(ctx, key, hub.NewMessage(text), hub.ModeText)
			return err
		}},
	}}
	for _, at := range []int{1, 64} {
		bare, send := r.run(at, min(at, 8)*size(5_000, 50), size(7, 1))
		t.Logf("%2d at once: latency %v, bare %v; messages per CPU second %.0f, bare %.0f: %.0f %% (nodes and NATS server); %.0f %% (nodes alone)",
			at, send.latency, bare.latency, send.rate(), bare.rate(), 100*send.rate()/bare.rate(), 100*bare.own.Seconds()/send.own.Seconds())
		t.Logf("%2d at once: processor time per send: nodes %v, NATS server %v; bare: %v and %v", at, send.own/n(send), send.nats/n(send), bare.own/n(bare), bare.nats/n(bare))
		if *long && at > 1 && send.rate() < 0.6*bare.rate() {
			t.Errorf("a send reaches %.0f %% of the messages per CPU second of a bare request, 60 %% are wanted", 100*send.rate()/bare.rate())
		}
	}
}

func n(s score) time.Duration { return time.Duration(max(s.count, 1)) }

// race lets ways to do something take turns.
type race struct {
	t    *testing.T
	nats int // process of the server
	ways []way
}

type way struct {
	name string
	do   func(context.Context) error
}

// score is what a way cost.
type score struct {
	count     int
	own, nats time.Duration // processor time of this process and of the NATS server
	latency   time.Duration // median
}

// rate is messages per second of processor time.
func (s score) rate() float64 { return float64(s.count) / max(s.own+s.nats, 1).Seconds() }

// run does each of two ways so many times, so many at once, in rounds that take turns, after one that does not count.
func (r *race) run(at, count, rounds int) (first, second score) {
	r.t.Helper()
	scores := make([]score, len(r.ways))
	latencies := make([][]time.Duration, len(r.ways))
	for round := -1; round < rounds; round++ {
		for i := range r.ways {
			own, nats := processorTime(r.t, os.Getpid()), processorTime(r.t, r.nats)
			took := r.crowd(r.ways[i].do, at, count)
			if round < 0 {
				continue
			}
			scores[i].count += len(took)
			scores[i].own += processorTime(r.t, os.Getpid()) - own
			scores[i].nats += processorTime(r.t, r.nats) - nats
			latencies[i] = append(latencies[i], took...)
		}
	}
	for i := range scores {
		slices.Sort(latencies[i])
		scores[i].latency = latencies[i][len(latencies[i])/2]
	}
	return scores[0], scores[1]
}

// crowd does something count times, at so many at once, and returns how long each took.
func (r *race) crowd(do func(context.Context) error, at, count int) []time.Duration {
	r.t.Helper()
	took := make([]time.Duration, count)
	var next atomic.Int64
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				began := time.Now()
				if err := do(noContext); err != nil {
					r.t.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	if r.t.Failed() {
		r.t.FailNow()
	}
	return took
}
