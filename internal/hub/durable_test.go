package hub

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// openDurable opens a durable socket.
func openDurable(t *testing.T, h *Hub, id string) *Conn {
	t.Helper()
	c, err := h.Open(OpenRequest{Key: BuildKey("m", id), Service: "m", StatefulID: id, User: User{ID: "u"}, Waker: &bell{}, Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFullDurableQueueLosesNothing(t *testing.T) {
	for _, policy := range []string{OverflowDisconnect, OverflowDropOldest, OverflowConflate} {
		synctest.Test(t, func(t *testing.T) {
			r := metrics.New()
			h := resuming(Config{MaxMessages: 2, Overflow: policy, Metrics: r})
			c := openDurable(t, h, "1")
			s := c.Socket()
			if !s.Durable() || mustOpen(t, h, "m", "2", "u").Socket().Durable() {
				t.Error("not the socket that is to be is durable")
			}
			for range 2 {
				if _, err := s.Send(NewMessage("x").WithConflateKey("k"), ModeText); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				if depth, err := s.Send(NewMessage("y").WithConflateKey("k"), ModeText); depth != 2 || !errors.Is(err, ErrQueueFull) {
					t.Errorf("%s: a full queue of %d says %v", policy, depth, err)
				}
			}
			time.Sleep(2 * h.cfg.Grace)
			if due := c.Tick(time.Now()); !due.IsZero() || s.State() != StateOpen {
				t.Errorf("%s: the socket is %s, and looked at again at %v", policy, s.State(), due)
			}
			if info := s.Info(); info.QueueDropped != 0 || info.QueueDropReason != "" || info.QueueMessages != 2 {
				t.Errorf("%s: listed: %+v", policy, info)
			}
			if frames, _ := drain(t, c); !slices.Equal(frames, []string{"x", "x"}) {
				t.Errorf("%s: written: %q", policy, frames)
			}
			if _, err := s.Send(NewMessage("y"), ModeText); err != nil {
				t.Errorf("%s: a queue that is empty again: %v", policy, err)
			}
			s.Abort()
			c.Ended(Reason{Code: CodeLost})
			if r.Sum("tutorsocket_hub_dropped_messages_total") != 0 || h.held.Load() != 0 {
				t.Errorf("%s: counted as dropped", policy)
			}
		})
	}
}

// What waits is forgotten when the connection ends, whoever holds it: the next one gets only what was queued for it.
func TestADurableQueueIsThatOfOneConnection(t *testing.T) {
	ends := map[string]func(t *testing.T, h *Hub, c *Conn) *Conn{
		"lost": func(t *testing.T, h *Hub, c *Conn) *Conn {
			lose(t, c)
			return nil
		},
		"taken over": func(t *testing.T, h *Hub, c *Conn) *Conn { return mustOpen(t, h, "m", "1", "u") },
	}
	for name, end := range ends {
		for _, written := range []int{0, 1, 2, -1} { // of two that the writer holds; −1: nobody holds any
			t.Run(fmt.Sprint(name, written), func(t *testing.T) {
				h := resuming(Config{})
				c := openDurable(t, h, "1")
				s := c.Socket()
				s.NoteExpired(7)
				mustSend(t, s, ModeText, "a")
				var b Batch
				if written >= 0 && (c.Next(&b) != DutyWrite || b.Len() != 2) {
					t.Fatal("the writer holds something else")
				}
				mustSend(t, s, ModeText, "b")
				if s.Attached() != c {
					t.Error("another connection is attached")
				}
				next := end(t, h, c)
				if _, err := c.Send(NewMessage("x"), ModeText); !errors.Is(err, ErrStale) {
					t.Errorf("send on the old connection: %v", err)
				}
				if next == nil {
					if _, err := s.Send(NewMessage("c"), ModeText); !errors.Is(err, ErrQueueFull) || s.Attached() != nil {
						t.Errorf("send without a connection: %v", err)
					}
					if d := h.Detached(); len(d) != 1 || len(d[0].Waiting) != 0 || !d[0].Durable || d[0].Expired != 7 {
						t.Errorf("saved: %+v", d)
					}
					next = mustOpen(t, h, "m", "1", "u")
				}
				if _, err := next.Send(NewMessage("d"), ModeText); err != nil {
					t.Fatal(err)
				}
				want := []string{"[" + gapText(7, "expired") + "]", "d"}
				if written >= 0 {
					if frames, _ := drain(t, next); frames != nil {
						t.Errorf("written before the old writer is done: %q", frames)
					}
					c.Return(written)
				}
				if written > 0 {
					want = want[1:] // it was announced
				}
				if frames, _ := drain(t, next); !slices.Equal(frames, want) {
					t.Errorf("written: %q, want %q", frames, want)
				}
				if info := s.Info(); info.QueueMessages != 0 || h.held.Load() != 0 {
					t.Errorf("%d messages, %d bytes are left", info.QueueMessages, h.held.Load())
				}
			})
		}
	}
}

// When a durable socket expires, or its first connection never comes about, only what was to be announced is noted.
func TestADurableSocketLeavesNoNoteOfWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		for id, expired := range map[string]int{"1": 0, "2": 3} {
			c := openDurable(t, h, id)
			c.Socket().NoteExpired(expired)
			mustSend(t, c.Socket(), ModeText, "a", "b")
			lose(t, c)
		}
		failed := openDurable(t, h, "3")
		failed.Socket().NoteExpired(4)
		mustSend(t, failed.Socket(), ModeText, "a")
		failed.Ended(Reason{Code: CodeLost, Cause: CauseHandshake})
		time.Sleep(2 * window)
		noted := map[string]int{}
		for _, l := range h.Losses() {
			noted[l.Key] = l.Missed
		}
		if len(noted) != 2 || noted[BuildKey("m", "2")] != 3 || noted[BuildKey("m", "3")] != 4 {
			t.Errorf("noted: %v", noted)
		}
	})
}

func TestADurableSocketIsHandedOver(t *testing.T) {
	h, other := resuming(Config{}), resuming(Config{})
	c := openDurable(t, h, "1")
	mustSend(t, c.Socket(), ModeText, "a")
	d, err := h.HandOver(t.Context(), c.Socket().Key(), "u", toAnotherNode)
	if err != nil || len(d.Waiting) != 0 || !d.Durable {
		t.Fatalf("handed over: %+v, %v", d, err)
	}
	if _, err := other.Restore(d, &bell{}); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, other, "m", "1", "u")
	if frames, _ := drain(t, again); frames != nil || !again.Socket().Durable() {
		t.Errorf("it is durable: %v, and gets %q", again.Socket().Durable(), frames)
	}
}

// stamp is a receipt with a name.
type stamp string

func (stamp) Received() {}

func TestReceiptsOfABatch(t *testing.T) {
	h := New(Config{})
	c := mustOpen(t, h, "m", "1", "u")
	saw := &witness{}
	plain := NewMessage("x")
	one := plain.WithReceipt(stamp("1"))
	for _, m := range []*Message{
		plain, one, plain.Watched(saw), one.WithConflateKey("k"), plain.Watched(saw).WithReceipt(stamp("2")),
		plain.WithReceipt(stamp("3")).Watched(saw), one.WithReceipt(stamp("4")),
	} {
		if m.Text() != "x" || m.shared() != plain && m.ConflateKey() == "" {
			t.Errorf("message %q shares nothing", m.Text())
		}
		if _, err := c.Socket().Send(m, ModeText); err != nil {
			t.Fatal(err)
		}
	}
	var b Batch
	if c.Next(&b) != DutyWrite || !b.Receipts() || !b.Watched() {
		t.Fatal("the batch has no receipts, or is not watched")
	}
	got := b.AppendReceipts([]Receipt{stamp("0")})
	if want := []Receipt{stamp("0"), stamp("1"), stamp("1"), stamp("2"), stamp("3"), stamp("4")}; !slices.Equal(got, want) {
		t.Errorf("receipts %v, want %v", got, want)
	}
	b.Written(0, b.Len(), time.Now())
	if len(saw.written()) != 3 {
		t.Errorf("%d were seen being written", len(saw.written()))
	}
	mustSend(t, c.Socket(), ModeText, "y")
	if c.Next(&b) != DutyWrite || b.Receipts() || b.AppendReceipts(nil) != nil {
		t.Error("a batch without receipts has some")
	}
	watchedOnly := plain.Watched(saw)
	if _, err := c.Socket().Send(one, ModeText); err != nil {
		t.Fatal(err)
	}
	if c.Next(&b); b.Watched() || !b.Receipts() {
		t.Error("a receipt alone is taken for a watcher")
	}
	if _, err := c.Socket().Send(watchedOnly, ModeText); err != nil {
		t.Fatal(err)
	}
	if c.Next(&b); !b.Watched() || b.Receipts() {
		t.Error("a watcher alone is taken for a receipt")
	}
}
