package ws

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{64, 4 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := newRig(b, rigConfig{})
			c := dial(b, r.url, "/services/echo")
			frame := masked(ws.OpText, true, repeat("x", size))
			answer := make([]byte, len(frame)-4)
			b.ReportAllocs()
			for b.Loop() {
				c.nc.Write(frame)
				if _, err := io.ReadFull(c.br, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEchoPipelined keeps many messages under way on one connection.
func BenchmarkEchoPipelined(b *testing.B) {
	const window = 256
	r := newRig(b, rigConfig{})
	c := dial(b, r.url, "/services/echo")
	frame := masked(ws.OpText, true, repeat("x", 64))
	answer := make([]byte, (len(frame)-4)*window)
	frames := []byte(strings.Repeat(string(frame), window))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%window == 0 {
			c.nc.Write(frames)
			if _, err := io.ReadFull(c.br, answer); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkBroadcast sends one message to a crowd and waits until every socket has it: one that is
// too short to be compressed, and one of 4 KB to sockets without compression and with it.
func BenchmarkBroadcast(b *testing.B) {
	b.Run("short", func(b *testing.B) { broadcast(b, false, "") })
	b.Run("4KB", func(b *testing.B) { broadcast(b, false, prose(4<<10)) })
	b.Run("4KB-deflate", func(b *testing.B) { broadcast(b, true, prose(4<<10)) })
}

func broadcast(b *testing.B, deflate bool, text string) {
	const crowd = 1000
	r := newRig(b, rigConfig{ws: Config{Compression: deflate}})
	for i := range crowd {
		c := dial(b, r.url, fmt.Sprint("/services/echo?X-StatefulSocketId=", i), offerDeflate)
		go io.Copy(io.Discard, c.nc)
	}
	sockets := r.hub.Select(hub.Filter{})
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		m := hub.NewMessage(fmt.Sprintf(`{"socket_action":"send_message","uid":"%d","text":%q}`, n, text))
		for _, s := range sockets {
			if _, err := s.Send(m, hub.ModeJSON); err != nil {
				b.Fatal(err)
			}
		}
		for _, s := range sockets {
			for s.Info().QueueMessages > 0 {
				runtime.Gosched()
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/crowd, "ns/socket")
}
