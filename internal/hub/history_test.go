package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestHistoryOfOneSocket sends numbered messages to a socket whose connections come, go, take over and
// give back what they hold at random. In the end each number was delivered once and in order, or is
// counted by a gap that was announced.
func TestHistoryOfOneSocket(t *testing.T) {
	for _, policy := range []string{OverflowDisconnect, OverflowDropOldest, OverflowConflate} {
		for _, profile := range []Profile{Profile122, Profile124, Native} {
			t.Run(policy+" "+profile.Short(), func(t *testing.T) {
				for seed := range uint64(60) {
					h := newHistory(t, policy, profile, seed)
					h.run()
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		}
	}
}

// history is what happened to a socket.
type history struct {
	t    *testing.T
	rnd  *rand.Rand
	hub  *Hub
	sock *Socket
	conn *Conn
	all  []*writer // of all connections, of which the older ones may still hold something

	sent   int
	last   int // newest number delivered
	got    int
	missed int
}

// writer is the writing side of a connection.
type writer struct {
	c     *Conn
	batch Batch
	held  bool
}

func newHistory(t *testing.T, policy string, profile Profile, seed uint64) *history {
	h := &history{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), hub: New(Config{
		Profile: profile, Overflow: policy, MaxMessages: 1 + int(seed%7), ResumeWindow: time.Hour, Grace: time.Nanosecond,
	})}
	h.connect()
	h.sock = h.conn.Socket()
	return h
}

func (h *history) connect() {
	h.conn = mustOpen(h.t, h.hub, "m", "1", "u")
	h.all = append(h.all, &writer{c: h.conn})
}

func (h *history) run() {
	defer h.hub.StopExpiry()
	for range 300 {
		switch h.rnd.IntN(9) {
		case 0:
			h.connect() // a takeover, or a resume
		case 1:
			h.conn.Ended(Reason{Code: CodeLost})
		case 2:
			h.sock.CloseWith(Reason{Code: []int{CodeShutdown, CodeOverflow}[h.rnd.IntN(2)]})
		case 3, 4, 5:
			h.send()
		default:
			h.step(h.all[h.rnd.IntN(len(h.all))])
		}
	}
	for _, w := range h.all {
		if w.held {
			w.c.Return(0)
		}
	}
	h.connect()
	last := h.all[len(h.all)-1]
	for last.c.Next(&last.batch) == DutyWrite {
		h.deliver(&last.batch, last.batch.Len())
	}
	if h.sent != h.got+h.missed {
		h.t.Errorf("%d sent, %d delivered, %d announced as missed", h.sent, h.got, h.missed)
	}
	if held := h.hub.held.Load(); held != 0 {
		h.t.Errorf("%d bytes are held by an empty queue", held)
	}
	if dropped := h.sock.Info().QueueDropped; dropped != h.missed {
		h.t.Errorf("%d are counted as dropped, %d were announced", dropped, h.missed)
	}
}

func (h *history) send() {
	h.sent++
	m := NewMessage(fmt.Sprint(h.sent)).WithConflateKey([]string{"", "a", "b"}[h.rnd.IntN(3)])
	if _, err := h.sock.Send(m, Mode(h.rnd.IntN(2))); err != nil && !errors.Is(err, ErrQueueFull) {
		h.t.Error(err)
	}
}

// step lets a writer take a batch, write it wholly or in part, or find that it is to close.
func (h *history) step(w *writer) {
	if w.held && h.rnd.IntN(3) == 0 { // the connection broke in the middle
		n := h.rnd.IntN(w.batch.Len() + 1)
		w.held = false
		h.deliver(&w.batch, n)
		w.c.Return(n)
		w.c.Ended(Reason{Code: CodeLost})
		return
	}
	if w.held {
		h.deliver(&w.batch, w.batch.Len())
	}
	w.held = w.c.Next(&w.batch) == DutyWrite
}

// deliver reads the first n messages of a batch.
func (h *history) deliver(b *Batch, n int) {
	for _, m := range b.messages[:n] {
		var number int
		if json.Unmarshal([]byte(m.Text()), &number) != nil {
			var gap struct {
				Missed int
				Reason string
			}
			if err := json.Unmarshal([]byte(m.Text()), &gap); err != nil || gap.Reason != "overflow" || gap.Missed <= 0 {
				h.t.Errorf("the gap item is %s", m.Text())
			}
			h.missed += gap.Missed
			continue
		}
		if number <= h.last {
			h.t.Errorf("%d came after %d", number, h.last)
		}
		h.last = number
		h.got++
	}
}
