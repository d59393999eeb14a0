package ws

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// At a limit a new connection gets 429, which says whose limit it is; when a socket has ended, or
// is detached, there is room again. A takeover needs none.
func TestLimitOfSockets(t *testing.T) {
	r := newRig(t, rigConfig{hub: hub.Config{ResumeWindow: time.Minute, Limits: hub.Limits{PerUser: 1}}})
	refused := func() {
		t.Helper()
		answer := ask(t, r.url, "/services/echo?user=u1", nil).response
		wantProblem(t, answer, 429, "this user has 1 open")
		if answer.Header.Get("Retry-After") == "" {
			t.Error("the answer does not say when to try again")
		}
	}
	first := dial(t, r.url, statefulEcho)
	refused()
	dial(t, r.url, "/services/echo?user=u2")
	second := dial(t, r.url, statefulEcho)
	first.wantClose(4001)
	refused()
	second.nc.Close()
	wantState(t, r.socket(t, "1"), hub.StateDetached)
	third := dial(t, r.url, "/services/echo?user=u1")
	wantProblem(t, ask(t, r.url, statefulEcho, nil).response, 429, "this user has 1 open")
	third.sendClose(1000, "")
	third.wantClose(1000)
	dial(t, r.url, statefulEcho)
	refused()
}

// A refused connection is ended, whether its client ends it or not: it would hold an open file, of
// which there are few when sockets in all are at their limit.
func TestARefusedConnectionIsEnded(t *testing.T) {
	r := newRig(t, rigConfig{hub: hub.Config{Limits: hub.Limits{Total: 1}}})
	dial(t, r.url, "/services/echo")
	refused := ask(t, r.url, "/services/echo", nil)
	wantProblem(t, refused.response, 429, "1 are open")
	refused.nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := refused.br.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is not ended: %v", err)
	}
}

// The observed rule of the original (spec/websocket.md A.7): a second connection with a live id ends
// both.
func TestLiveIDsAreRefused(t *testing.T) {
	r := newRig(t, rigConfig{hub: hub.Config{RefuseLiveID: true}})
	first := dial(t, r.url, statefulEcho)
	first.text("x")
	first.wantText("x")
	wantProblem(t, ask(t, r.url, statefulEcho, nil).response, 403, "live connection")
	first.wantDropped()
	r.wantEnd(t, 1006)
	dial(t, r.url, statefulEcho)
}

// Over real sockets too nothing that a fast client sends is lost.
func TestAFastSenderLosesNothing(t *testing.T) {
	both(t, rigConfig{ws: Config{Rate: 500, Burst: 10}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		const n = 400
		flood(c, n, textFrame)
		for i := range n {
			c.wantFrame(ws.OpText, fmt.Sprint(i))
		}
	})
}

// A client that never reads costs one writer, which waits, its buffer and what the queue may hold.
func TestWhatAClientThatNeverReadsCosts(t *testing.T) {
	const crowd, queue, size = 50, 64 << 10, 1 << 10
	both(t, rigConfig{ws: Config{WriteTimeout: 10 * time.Minute, Heartbeat: -1}, sendBuffer: 8 << 10, hub: hub.Config{MaxBytes: queue, Overflow: hub.OverflowDropOldest}}, func(t *testing.T, r *rig) {
		sockets := make([]*hub.Socket, crowd)
		for i := range crowd {
			id := fmt.Sprint(i)
			dial(t, r.url, "/services/echo?X-StatefulSocketId="+id)
			sockets[i] = r.socket(t, id)
		}
		goroutines, heap := runtime.NumGoroutine(), liveHeap()
		fillUp(t, sockets, strings.Repeat("x", size))
		if more := runtime.NumGoroutine() - goroutines; more > crowd {
			t.Errorf("%d sockets that nobody reads have %d goroutines more", crowd, more)
		}
		const overhead = 64 << 10 // messages around their texts, stacks of writers, TLS
		if each := (liveHeap() - heap) / crowd; each > queue+outboxSize+overhead {
			t.Errorf("each costs %d bytes", each)
		} else {
			t.Logf("each costs %d bytes of heap, %d of them in its queue", each, queue)
		}
	})
}

// fillUp sends to sockets that nobody reads until the kernel takes no more and the queues are full.
func fillUp(t *testing.T, sockets []*hub.Socket, text string) {
	t.Helper()
	taken := map[*hub.Socket]int64{}
	eventually(t, "nothing more is taken", func() bool {
		stuck := true
		for _, s := range sockets {
			for range 100 {
				if _, err := s.Send(hub.NewMessage(strings.Clone(text)), hub.ModeText); err != nil {
					t.Fatal(err)
				}
			}
			out := s.Info().BytesOut
			stuck = stuck && out == taken[s]
			taken[s] = out
		}
		return stuck
	})
}

func liveHeap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A message of parts without a text would never end, and no rate counts parts.
func TestAMessageOfEmptyPartsEnds(t *testing.T) {
	both(t, rigConfig{ws: Config{MessageLimit: 100}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		c.send(ws.OpText, false, "a")
		for range 98 { // as many parts as there may be bytes are a message like others
			c.send(ws.OpContinuation, false, "")
		}
		c.send(ws.OpContinuation, true, "b")
		c.wantText("ab")
		c.nc.Write(bytesOf(masked(ws.OpText, false, "a"), bytes.Repeat(masked(ws.OpContinuation, false, ""), 200)))
		c.wantClose(1009)
	})
}

// TestPongsNobodyAskedFor are messages like others for the rate.
func TestPongsNobodyAskedFor(t *testing.T) {
	both(t, rigConfig{ws: Config{Rate: 100, Burst: 10, Throttle: 300 * time.Millisecond}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		go func() {
			for {
				if _, err := c.nc.Write(bytes.Repeat(masked(ws.OpPong, true, "x"), 100)); err != nil {
					return
				}
			}
		}()
		c.wantClose(1008)
	})
}
