package hub

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// openLost opens a socket whose node was lost.
func openLost(t *testing.T, h *Hub, id string) *Conn {
	t.Helper()
	c, err := h.Open(OpenRequest{Key: BuildKey("m", id), Service: "m", StatefulID: id, User: User{ID: "1"}, Waker: &bell{}, NodeLost: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestALostNodeIsAnnouncedFirst(t *testing.T) {
	h := resuming(Config{})
	rings := &bell{}
	c, err := h.Open(OpenRequest{Key: BuildKey("m", "1"), Service: "m", StatefulID: "1", User: User{ID: "1"}, Waker: rings, NodeLost: true})
	if err != nil {
		t.Fatal(err)
	}
	if rings.rung.Load() != 1 {
		t.Errorf("the connection was woken %d times for the announcement", rings.rung.Load())
	}
	if info := c.Socket().Info(); info.QueueDropped != 0 || info.QueueDropReason != "node_lost" {
		t.Errorf("listed: %d dropped because of %q", info.QueueDropped, info.QueueDropReason)
	}
	mustSend(t, c.Socket(), ModeJSON, `{"a":1}`)
	want := "[" + gapText(-1, "node_lost") + `,{"a":1}]`
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{want}) {
		t.Errorf("written: %q, want %q", frames, want)
	}
	// The key is not free any more: nothing was lost.
	c = openLost(t, h, "1")
	if frames, _ := drain(t, c); frames != nil {
		t.Errorf("after a takeover: %q", frames)
	}
}

// What was not written of an announcement is announced by the next connection, also on another node, once
// and with what was lost meanwhile.
func TestALostNodeIsAnnouncedOnceTheClientIsThere(t *testing.T) {
	h := resuming(Config{MaxMessages: 1, Overflow: OverflowDropOldest})
	c := openLost(t, h, "1")
	var b Batch
	if c.Next(&b) != DutyWrite {
		t.Fatal("nothing is announced")
	}
	mustSend(t, c.Socket(), ModeJSON, `1`, `2`, `3`)
	c.Return(0)
	lose(t, c)
	d := h.Detached()
	if len(d) != 1 || d[0].NodeLost != MissedUnknown || d[0].Overflow != 2 || d[0].Dropped != 2 {
		t.Fatalf("detached: %+v", d)
	}
	other := resuming(Config{})
	if _, err := other.Restore(d[0], &bell{}); err != nil {
		t.Fatal(err)
	}
	s, _ := other.Get(d[0].Key)
	if info := s.Info(); info.QueueDropReason != "node_lost" || info.QueueDropped != 2 {
		t.Errorf("restored: %d dropped because of %q", info.QueueDropped, info.QueueDropReason)
	}
	c = mustOpen(t, other, "m", "1", "1")
	want := "[" + gapText(2, "overflow") + "," + gapText(-1, "node_lost") + ",3]"
	for _, want := range [][]string{{want}, nil} {
		if frames, _ := drain(t, c); !slices.Equal(frames, want) {
			t.Errorf("written: %q, want %q", frames, want)
		}
	}
}

// A socket that expires before the loss was announced leaves a note that some are missing, nobody knows how many.
func TestAnUnknownLossStaysUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := openLost(t, h, "1")
		mustSend(t, c.Socket(), ModeText, "a", "b")
		lose(t, c)
		time.Sleep(2 * h.cfg.ResumeWindow)
		losses := h.Losses()
		if len(losses) != 1 || losses[0].Missed != MissedUnknown {
			t.Fatalf("noted: %+v", losses)
		}
		h.losses.add(losses[0].Key, "1", 3)
		after := resuming(Config{})
		after.RestoreLosses(h.Losses())
		c = mustOpen(t, after, "m", "1", "1")
		if frames, _ := drain(t, c); !slices.Equal(frames, []string{"[" + gapText(-1, "expired") + "]"}) {
			t.Errorf("written: %q", frames)
		}
	})
}

func TestExpiredMessagesAreAnnounced(t *testing.T) {
	h := resuming(Config{})
	rings := &bell{}
	c, err := tryOpen(h, "m", "1", "1", rings)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Socket()
	s.NoteExpired(0)
	if s.Info().QueueDropReason != "" || rings.rung.Load() != 0 {
		t.Error("no loss was taken for one")
	}
	mustSend(t, s, ModeJSON, "1")
	var b Batch
	if c.Next(&b) != DutyWrite {
		t.Fatal("nothing is written")
	}
	s.NoteExpired(2)
	s.NoteExpired(3)
	mustSend(t, s, ModeJSON, "2")
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{"[" + gapText(5, "expired") + ",2]"}) {
		t.Errorf("written: %q", frames)
	}
	s.NoteExpired(4)
	s.NoteExpired(MissedUnknown)
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{"[" + gapText(-1, "expired") + "]"}) {
		t.Errorf("written: %q", frames)
	}
	s.Abort()
	s.NoteExpired(1)
	if info := s.Info(); info.QueueDropped != 9 {
		t.Errorf("%d counted after the end", info.QueueDropped)
	}
}
