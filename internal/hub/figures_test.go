package hub

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// TestTotalsOfQueues: the totals are what the queues of all sockets hold, whatever happens to them, and
// what was queued is written, waits, or is counted as dropped.
func TestTotalsOfQueues(t *testing.T) {
	r := metrics.New()
	policies := []string{OverflowDisconnect, OverflowDropOldest, OverflowConflate}
	h := New(Config{
		MaxMessages: 5, Metrics: r, Grace: time.Hour, ResumeWindow: time.Hour,
		OverflowOf: func(service string) string { return policies[service[0]-'0'] },
	})
	defer h.StopExpiry()
	rnd := rand.New(rand.NewPCG(1, 2))
	var conns []*Conn
	batches := map[*Conn]*Batch{}
	queued, written := 0, 0
	for i := range 5000 {
		id := fmt.Sprint(rnd.IntN(6))
		switch what := rnd.IntN(12); {
		case what < 2 || len(conns) == 0:
			c := mustOpen(t, h, fmt.Sprint(rnd.IntN(3)), id, "1") // a new socket, a takeover, or a resume
			conns = append(conns, c)
			batches[c] = &Batch{}
		case what < 7:
			c := conns[rnd.IntN(len(conns))]
			m := NewMessage(id + " message").WithConflateKey([]string{"", "a", "b"}[rnd.IntN(3)])
			if _, err := c.Socket().Send(m, ModeText); err == nil || errors.Is(err, ErrQueueFull) {
				queued++
			} else if !errors.Is(err, ErrClosed) {
				t.Fatal(err)
			}
		default:
			c := conns[rnd.IntN(len(conns))]
			b, s := batches[c], c.Socket()
			before := ofSenders(s)
			switch what {
			case 7, 8:
				c.Next(b)
				written += before - ofSenders(s)
			case 9:
				c.Return(b.Len() / 2)
				written += before - ofSenders(s)
			case 10:
				s.CloseWith(Reason{Code: []int{CodeNormal, CodeShutdown, CodeOverflow}[rnd.IntN(3)], Abort: rnd.IntN(2) == 0})
			case 11:
				c.Ended(Reason{Code: CodeLost})
			}
		}
		checkTotals(t, r, conns)
		if t.Failed() {
			t.Fatalf("after %d steps", i)
		}
	}
	waiting, dropped := 0, int(r.Sum("tutorsocket_hub_dropped_messages_total")-r.Sum("tutorsocket_hub_dropped_messages_total", "reason", "gone"))
	seen := map[*Socket]bool{}
	for _, c := range conns {
		if s := c.Socket(); !seen[s] {
			seen[s] = true
			waiting += ofSenders(s)
		}
	}
	for _, reason := range []string{"overflow", "oldest", "conflated", "closed"} {
		if r.Sum("tutorsocket_hub_dropped_messages_total", "reason", reason) == 0 {
			t.Errorf("none was dropped as %s", reason)
		}
	}
	if queued != written+waiting+dropped || dropped == 0 || written == 0 {
		t.Errorf("%d queued, %d written, %d wait, %d lost", queued, written, waiting, dropped)
	}
}

// ofSenders counts the messages in the queue that are no announcements.
func ofSenders(s *Socket) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range s.queue.items {
		if item.m.gap == nil {
			n++
		}
	}
	return n
}

func checkTotals(t *testing.T, r *metrics.Registry, conns []*Conn) {
	t.Helper()
	messages, bytes, open, detached, gone := 0, 0, 0, 0, 0
	seen := map[*Socket]bool{}
	for _, c := range conns {
		s := c.Socket()
		if seen[s] {
			continue
		}
		seen[s] = true
		info := s.Info()
		messages, bytes = messages+info.QueueMessages, bytes+info.QueueBytes
		s.mu.Lock()
		switch {
		case !s.gone && s.conn == nil:
			detached++
		case !s.gone:
			open++
		case !s.ended:
			gone++
		}
		s.mu.Unlock()
	}
	for query, want := range map[string]int{"messages": messages, "bytes": bytes} {
		if got := r.Sum("tutorsocket_hub_queue_" + query); int(got) != want {
			t.Errorf("%v %s wait, the queues hold %d", got, query, want)
		}
	}
	for state, want := range map[string]int{StateOpen: open, StateDetached: detached, StateGone: gone} {
		if got := r.Sum("tutorsocket_hub_sockets", "state", state); int(got) != want {
			t.Errorf("%v sockets are %s, want %d", got, state, want)
		}
	}
}

func TestReasonsOfCloses(t *testing.T) {
	r := metrics.New()
	h := New(Config{Metrics: r})
	for i, test := range []struct {
		reason       Reason
		code, called string
	}{
		{Reason{Code: 1000, Text: "aborted", Cause: CauseClient}, "1000", "client"},
		{Reason{Code: 4321, Cause: CauseClient}, "other", "client"},
		{Reason{Code: 4321}, "other", "other"},
		{Reason{Code: CodeLost}, "1006", "lost"},
		{Reason{Code: CodeLost, Abort: true}, "1006", "aborted"},
		{Reason{Code: CodeLost, Cause: CauseHeartbeat}, "1006", "heartbeat"},
		{Reason{Code: CodeLost, Cause: CauseStalled}, "1006", "stalled"},
		{Reason{Code: CodeLost, Cause: CauseHandshake}, "1006", "handshake"},
		{Reason{Code: CodeShutdown}, "1012", "shutdown"},
		{Reason{Code: CodeOverflow, Abort: true}, "1013", "overflow"},
	} {
		before := r.Sum("tutorsocket_hub_closes_total", "code", test.code, "reason", test.called)
		c := mustOpen(t, h, "main_ws_service", fmt.Sprint(i), "1")
		c.CloseWith(test.reason)
		c.Ended(Reason{Code: CodeLost})
		c.Ended(Reason{Code: CodeLost}) // only the first counts
		if n := r.Sum("tutorsocket_hub_closes_total", "code", test.code, "reason", test.called) - before; n != 1 {
			t.Errorf("%+v is counted %v times as %s %s", test.reason, n, test.code, test.called)
		}
	}
}

// TestCountingMessagesAllocatesNothing: what metrics add to a message is no memory.
func TestCountingMessagesAllocatesNothing(t *testing.T) {
	allocs := func(r *metrics.Registry) float64 {
		c := mustOpen(t, New(Config{Metrics: r}), "main_ws_service", "1", "1")
		m, b := NewMessage("text"), &Batch{}
		return testing.AllocsPerRun(200, func() {
			if _, err := c.Socket().Send(m, ModeText); err != nil {
				t.Fatal(err)
			}
			c.Next(b)
			c.Next(b)
		})
	}
	if with, without := allocs(metrics.New()), allocs(nil); with != without {
		t.Errorf("%v allocations with metrics, %v without", with, without)
	}
}
