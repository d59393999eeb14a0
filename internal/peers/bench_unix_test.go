//go:build unix

package peers_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// BenchmarkAsk compares Ask with a bare request of the NATS client: two connections to one server
// over TCP, an answer at once. msgs/cpu-s counts the processor time of both sides and of the server.
func BenchmarkAsk(b *testing.B) {
	srv := startServer(b)
	echo := map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(q.Body) }}
	p := node(b, srv, "a", nil)
	node(b, srv, "b", echo)
	from, to := dial(b, srv.ClientURL()), dial(b, srv.ClientURL())
	if _, err := to.Subscribe("echo", func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		b.Fatal(err)
	}
	if err := to.Flush(); err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 200)
	ways := []struct {
		name string
		ask  func(ctx context.Context) error
	}{
		{"bare", func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			_, err := from.RequestWithContext(ctx, "echo", body)
			return err
		}},
		{"bare-timeout", func(context.Context) error {
			_, err := from.Request("echo", body, 2*time.Second)
			return err
		}},
		{"peers", func(ctx context.Context) error {
			_, err := p.Ask(ctx, "b", 1, body)
			return err
		}},
	}
	for _, at := range []int{1, 16, 256} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%d/%s", at, way.name), func(b *testing.B) {
				b.ReportAllocs()
				measure(b, at, way.ask)
			})
		}
	}
}

// measure asks b.N times, so many at once.
func measure(b *testing.B, at int, ask func(context.Context) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	before := cpu(b)
	b.ResetTimer()
	for range at {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := ask(context.Background()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/(cpu(b)-before).Seconds(), "msgs/cpu-s")
}

// cpu returns the processor time of this process.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
