package ws

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// flood sends frames one after the other as fast as they are taken, and says when it is done.
func flood(c *client, n int, frame func(i int) []byte) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for i := range n {
			if _, err := c.nc.Write(frame(i)); err != nil {
				return // the connection was closed
			}
		}
	}()
	return done
}

func textFrame(i int) []byte { return masked(ws.OpText, true, fmt.Sprint(i)) }

// A burst may be as large as an int: nobody is slowed down then.
func TestAnEnormousBurstSlowsNobodyDown(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 1, Burst: math.MaxInt, Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		begin := time.Now()
		for i := range 10 {
			c.text(fmt.Sprint(i))
			c.wantText(fmt.Sprint(i))
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("ten messages took %v", took)
		}
	})
}

// A client that sends too fast is slowed down: all its messages are handled, in order, at the
// rate, and other sockets notice nothing. Pings and the heartbeat text count like messages.
func TestAFastSenderIsSlowedDown(t *testing.T) {
	kinds := map[string]struct {
		frame  func(i int) []byte
		op     ws.OpCode
		answer func(i int) string
	}{
		"messages": {textFrame, ws.OpText, func(i int) string { return fmt.Sprint(i) }},
		"heartbeats": {func(int) []byte { return masked(ws.OpText, true, "$hbt") }, ws.OpText,
			func(int) string { return "$ok" }},
		"pings": {func(i int) []byte { return masked(ws.OpPing, true, fmt.Sprint(i)) }, ws.OpPong,
			func(i int) string { return fmt.Sprint(i) }},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			registry := metrics.New()
			inTime(t, rigConfig{ws: Config{Rate: 10, Burst: 20, Heartbeat: -1}, metrics: registry}, func(t *testing.T, r *rig) {
				const n = 120
				fast, other := dialPipe(t, r, "/services/echo"), dialPipe(t, r, "/services/echo")
				begin := time.Now()
				flood(fast, n, kind.frame)
				for i := range n {
					fast.wantFrame(kind.op, kind.answer(i))
					if i == 60 {
						at := time.Now()
						other.text("hello")
						other.wantText("hello")
						if d := time.Since(at); d != 0 {
							t.Errorf("another socket waited %v", d)
						}
					}
				}
				if d := time.Since(begin); d != (n-20)*time.Second/10 {
					t.Errorf("%d took %v", n, d)
				}
				if n := registry.Sum("tutorsocket_ws_throttled_total"); n != 1 {
					t.Errorf("%v sockets were slowed down", n)
				}
			})
		})
	}
}

// Many messages in one chunk are not handled faster than those that come alone.
func TestAFullChunkIsSlowedDown(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 10, Burst: 20}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		begin := time.Now()
		const n = 50
		flood(c, 1, func(int) []byte { return bytes.Repeat(textFrame(7), n) })
		for range n {
			c.wantText("7")
		}
		if d := time.Since(begin); d != 3*time.Second {
			t.Errorf("%d took %v", n, d)
		}
	})
}

func TestAClientThatNeverSlowsDownIsClosed(t *testing.T) {
	registry := metrics.New()
	inTime(t, rigConfig{ws: Config{Rate: 0.5, Burst: 3}, metrics: registry}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		begin := time.Now()
		done := flood(c, 1000, textFrame)
		if text := c.wantClose(1008); text != "more than 0.5 messages a second for 30s" {
			t.Errorf("the client is told %q", text)
		}
		about(t, "closed", time.Since(begin), 30*time.Second)
		<-done
		r.wantEnd(t, 1008)
		if n := registry.Sum("tutorsocket_hub_closes_total", "reason", "rate", "code", "1008"); n != 1 {
			t.Errorf("%v closes are counted", n)
		}
	})
}

// Who pauses until half of the burst is there again may go on for ever.
func TestBurstsWithPausesAreNotClosed(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 10, Burst: 20, Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		for range 100 {
			flood(c, 30, textFrame)
			for i := range 30 {
				c.wantText(fmt.Sprint(i))
			}
			time.Sleep(2 * time.Second)
		}
		r.wantNoEnd(t)
	})
}

// A pong that lies unread behind messages which wait is not a lost heartbeat.
func TestASlowedClientDoesNotLoseItsHeartbeat(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 0.01, Burst: 1, Throttle: time.Hour}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo")
		flood(c, 5, textFrame)
		for i := 0; i < 5; {
			op, text, err := c.next()
			if ne := timeoutOf(err); ne {
				continue // nothing came for a minute
			}
			if err != nil {
				t.Fatalf("after %d messages: %v", i, err)
			}
			if op == ws.OpText {
				if text != fmt.Sprint(i) {
					t.Fatalf("got %q, want %d", text, i)
				}
				i++
			}
		}
	})
}

func timeoutOf(err error) bool {
	return err != nil && strings.Contains(err.Error(), "timeout")
}

// What is to end a connection does not wait for a reader that is slowed down, and what is to be
// written meanwhile is.
func TestASlowedReaderHoldsNothingUp(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 0.001, Burst: 1, Throttle: time.Hour, Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialPipe(t, r, "/services/echo?X-StatefulSocketId=1")
		begin := time.Now()
		done := flood(c, 10, textFrame)
		c.wantText("0")
		synctest.Wait()
		if _, err := r.socket(t, "1").Send(hub.NewMessage("pushed"), hub.ModeText); err != nil {
			t.Fatal(err)
		}
		c.wantText("pushed")
		r.socket(t, "1").CloseWith(hub.Reason{Code: hub.CodeSessionEnded})
		c.wantClose(4003)
		<-done
		r.wantEnd(t, 4003)
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("the close took %v", d)
		}
	})
}
