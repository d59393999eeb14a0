package ws

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/quota"
)

// BenchmarkLimits reports what a message that is received and answered costs in processor time without limits of
// users and addresses and with all of them, none of which is reached, and the ratio: two servers take turns, their
// clients are other processes, and the median round counts.
func BenchmarkLimits(b *testing.B) {
	const crowd, rounds = 300, 41
	generous := quota.Limits{Handshakes: 1e6, Messages: 1e6, Bytes: 1 << 30, Compute: 1e4}
	var echo [2]func() time.Duration
	for i, cfg := range []rigConfig{{ws: Config{Heartbeat: -1}}, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: generous, Address: generous})} {
		r := newRig(b, cfg)
		say, hear := callCrowd(b, r.url, crowd)
		echo[i] = func() time.Duration {
			before := processorTime(b)
			for range 5 {
				fmt.Fprintln(say, `{"socket_action":"ping","uid":"0123456789"}`)
				hear()
			}
			return (processorTime(b) - before) / (5 * crowd)
		}
		echo[i]()
	}
	for b.Loop() { // it resets what was reported before; the work is done below
	}
	var without, with []time.Duration
	var ratios []float64
	for range rounds {
		x, y := echo[0](), echo[1]()
		without, with, ratios = append(without, x), append(with, y), append(ratios, float64(y)/float64(x))
	}
	b.ReportMetric(float64(median(without)), "without-ns/message")
	b.ReportMetric(float64(median(with)), "with-ns/message")
	b.ReportMetric(median(ratios), "ratio")
}

func median[T float64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
