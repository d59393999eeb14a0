package outbox

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

const (
	benchSockets = 64
	benchText    = 200
	benchAhead   = 1024 // on their way at once
)

// BenchmarkSend is one sender that does not wait for each message, to 64 sockets by turns whose clients read and
// confirm; and, beside it, the same bytes published to JetStream and nothing else.
func BenchmarkSend(b *testing.B) {
	for _, sync := range []struct {
		name    string
		changes []func(*server.Options)
	}{{"lazy", nil}, {"always", []func(*server.Options){natstest.SyncAlways}}} {
		b.Run("bare/"+sync.name, func(b *testing.B) {
			js, _ := natstest.Start(b, b.TempDir(), sync.changes...)
			benchBare(b, js)
		})
		b.Run("outbox/"+sync.name, func(b *testing.B) {
			js, _ := natstest.Start(b, b.TempDir(), sync.changes...)
			benchOutbox(b, js)
		})
	}
}

func benchBare(b *testing.B, js jetstream.JetStream) {
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare.*"}, AllowDirect: true}); err != nil {
		b.Fatal(err)
	}
	text := []byte(strings.Repeat("x", benchText+60))
	var onWay []jetstream.PubAckFuture
	b.ResetTimer()
	for i := range b.N {
		if len(onWay) == benchAhead {
			select {
			case <-onWay[0].Ok():
			case err := <-onWay[0].Err():
				b.Fatal(err)
			}
			onWay = onWay[1:]
		}
		ack, err := js.PublishAsync(fmt.Sprint("bare.", i%benchSockets), text)
		if err != nil {
			b.Fatal(err)
		}
		onWay = append(onWay, ack)
	}
	<-js.PublishAsyncComplete()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func benchOutbox(b *testing.B, js jetstream.JetStream) {
	o := openOutbox(b, js, Config{})
	since := endOf(b, o)
	h := newHub(1 << 20)
	lines := make([]*Line, benchSockets)
	var readers sync.WaitGroup
	over := make(chan struct{})
	for i := range lines {
		a := Addressee{fmt.Sprintf("/services/bench-s-%d", i), uint64(i + 1)}
		lines[i] = o.Begin(a, since)
		c := connect(b, h, a.Key)
		_ = lines[i].Attach(b.Context(), c.Conn)
		readers.Go(func() {
			for {
				select {
				case <-c.heard:
					c.confirm(-1)
					c.mu.Lock()
					c.got = nil
					c.mu.Unlock()
				case <-over:
					return
				}
			}
		})
	}
	text := strings.Repeat("x", benchText)
	ahead := make(chan struct{}, benchAhead)
	b.ResetTimer()
	for i := range b.N {
		ahead <- struct{}{}
		lines[i%benchSockets].Send(hub.NewMessage(text), hub.ModeText, func(_ int, err error) {
			if err != nil {
				b.Error(err)
			}
			<-ahead
		})
	}
	for range benchAhead {
		ahead <- struct{}{}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.StopTimer()
	close(over)
	readers.Wait()
}
