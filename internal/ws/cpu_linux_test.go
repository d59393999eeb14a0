package ws

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// BenchmarkServerCPU reports what the server spends in processor time, over plain TCP and over TLS: on a socket
// that is opened, a message that is received and answered, and one of a broadcast. The clients are another process.
func BenchmarkServerCPU(b *testing.B) {
	const crowd = 500
	for _, path := range []string{"plain", "TLS"} {
		b.Run(path, func(b *testing.B) {
			r := newRig(b, rigConfig{tls: path == "TLS", ws: Config{Heartbeat: -1}})
			for b.Loop() { // it resets what was reported before; the work is done below
			}
			began := processorTime(b)
			say, hear := callCrowd(b, r.url, crowd)
			b.ReportMetric(float64(processorTime(b)-began)/crowd, "open-ns/socket")
			perMessage := func(unit string, round func()) {
				round()
				before := processorTime(b)
				const rounds = 20
				for range rounds {
					round()
				}
				b.ReportMetric(float64(processorTime(b)-before)/(rounds*crowd), unit)
			}
			perMessage("echo-ns/message", func() {
				fmt.Fprintln(say, `{"socket_action":"ping","uid":"0123456789"}`)
				hear()
			})
			sockets := r.hub.Select(hub.Filter{})
			perMessage("broadcast-ns/message", func() {
				m := hub.NewMessage(`{"socket_action":"send_message","uid":"0123456789","text":"` + repeat("x", 200) + `"}`)
				for _, s := range sockets {
					if _, err := s.Send(m, hub.ModeText); err != nil {
						b.Fatal(err)
					}
				}
				fmt.Fprintln(say, listenOnly)
				hear()
			})
		})
	}
}

// processorTime is what this process has used, of itself and in the kernel.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
