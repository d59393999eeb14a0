package hub

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var toAnotherNode = Reason{Code: CodeTakenOver, Text: "taken over by a newer connection"}

// wantGone checks that nothing of a socket is left in its hub.
func wantGone(t *testing.T, s *Socket) {
	t.Helper()
	if _, there := s.hub.Get(s.Key()); there || s.State() != StateGone || !s.Moved() {
		t.Errorf("it is %s, moved: %v, found: %v", s.State(), s.Moved(), there)
	}
	if left := s.hub.held.Load(); left != 0 {
		t.Errorf("%d bytes wait for nobody", left)
	}
	if s.hub.crowd.total != 0 || s.hub.Len() != 0 {
		t.Errorf("%d sockets count against the limits, %d are open", s.hub.crowd.total, s.hub.Len())
	}
}

// wantMoving checks that whoever asks something of the socket hears to ask elsewhere.
func wantMoving(t *testing.T, s *Socket) {
	t.Helper()
	_, send := s.Send(NewMessage("x"), ModeText)
	_, patch := s.PatchTags(map[string]*string{"x": nil})
	for what, err := range map[string]error{"send": send, "patch": patch, "replace": s.ReplaceTags(Tags{})} {
		if !errors.Is(err, ErrMoving) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// lastEvents returns the kinds of the latest events, and the last of them.
func lastEvents(t *testing.T, h *Hub, n int) (kinds []EventKind, last Event) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for e := range h.Events(ctx, h.LastEvent()-uint64(n)) {
		kinds, last = append(kinds, e.Kind), e
		if len(kinds) == n {
			break
		}
	}
	return kinds, last
}

func TestHandOverOfAnOpenSocket(t *testing.T) {
	h := New(Config{ResumeWindow: window, Limits: Limits{Total: 1, PerUser: 1}})
	rings := &bell{}
	c, err := tryOpen(h, "m", "1", "u", rings)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Socket()
	if err := s.ReplaceTags(NewTags(map[string]string{"a": "1"})); err != nil {
		t.Fatal(err)
	}
	if _, err := h.HandOver(t.Context(), BuildKey("m", "2"), "u", toAnotherNode); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such key: %v", err)
	}
	if _, err := h.HandOver(t.Context(), s.Key(), "other", toAnotherNode); !errors.Is(err, ErrKeyTaken) {
		t.Errorf("another user: %v", err)
	}
	mustSend(t, s, ModeJSON, "1", "2")
	mustSend(t, s, ModePlain, "$ok")
	woken := rings.rung.Load()
	d, err := h.HandOver(t.Context(), s.Key(), "u", toAnotherNode)
	if err != nil {
		t.Fatal(err)
	}
	wantGone(t, s)
	wantMoving(t, s)
	if rings.rung.Load() == woken {
		t.Error("the connection was not woken")
	}
	if reason, closing := c.Closing(); !closing || reason.Code != CodeTakenOver || reason.Text != toAnotherNode.Text || reason.Cause != CauseMoved {
		t.Errorf("the connection closes: %v, %+v", closing, reason)
	}
	if _, end := c.Ended(Reason{Code: CodeNormal, Cause: CauseClient}); end != EndStale {
		t.Errorf("the end of the connection ended the socket: %v", end)
	}
	for _, want := range []bool{true, false} {
		if reason, over := c.Final(); over != want || over && reason.Cause != CauseMoved {
			t.Errorf("the end of the socket: %v, %v", reason, over)
		}
	}
	kinds, last := lastEvents(t, h, 2)
	if !slices.Equal(kinds, []EventKind{EventDetached, EventEnded}) || last.Reason.Text != "moved to another node" {
		t.Errorf("told: %v, %v", kinds, last.Reason)
	}
	if d.Window > window || d.Window < window/2 || len(d.Waiting) != 3 || d.NodeLost != 0 || !reflect.DeepEqual(d.Tags, map[string]string{"a": "1"}) {
		t.Errorf("handed over: %+v", d)
	}
	s.Abort() // changes nothing
	if _, err := h.HandOver(t.Context(), s.Key(), "u", toAnotherNode); !errors.Is(err, ErrNotFound) {
		t.Errorf("handed over twice: %v", err)
	}

	other := resuming(Config{})
	if _, err := other.Restore(d, &bell{}); err != nil {
		t.Fatal(err)
	}
	mine := mustOpen(t, other, "m", "1", "u")
	if frames, _ := drain(t, mine); !slices.Equal(frames, []string{"[1,2]", "$ok"}) || mine.Socket().OpenedAt() != s.OpenedAt() {
		t.Errorf("the next connection got %q", frames)
	}
	mustOpen(t, h, "m", "1", "u") // the key and the place are free here
}

// What the writer holds is waited for: what it has not written goes along, in its place.
func TestHandOverWaitsForTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := mustOpen(t, h, "m", "1", "u")
		s := c.Socket()
		mustSend(t, s, ModeText, "1", "2", "3")
		var b Batch
		if c.Next(&b) != DutyWrite {
			t.Fatal("nothing to write")
		}
		mustSend(t, s, ModeText, "4")
		var d Detached
		done := make(chan error)
		go func() {
			var err error
			d, err = h.HandOver(t.Context(), s.Key(), "u", toAnotherNode)
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		wantMoving(t, s)
		if _, err := h.HandOver(t.Context(), s.Key(), "u", toAnotherNode); !errors.Is(err, ErrMoving) {
			t.Errorf("twice at once: %v", err)
		}
		if _, err := tryOpen(h, "m", "1", "u", &bell{}); !errors.Is(err, ErrMoving) {
			t.Errorf("opened meanwhile: %v", err)
		}
		if saved := h.Detached(); len(saved) != 0 {
			t.Errorf("%d would be saved here too", len(saved))
		}
		time.Sleep(2 * window) // it does not expire meanwhile
		c.Return(1)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, w := range d.Waiting {
			texts = append(texts, w.Text)
		}
		if !slices.Equal(texts, []string{"2", "3", "4"}) || d.NodeLost != 0 {
			t.Errorf("handed over: %q, %d lost", texts, d.NodeLost)
		}
		wantGone(t, s)
	})
}

// Where the writer does not say in time what it has written, that is lost rather than sent twice.
func TestHandOverGivesUpWhatIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := openLost(t, h, "1")
		s := c.Socket()
		mustSend(t, s, ModeText, "1", "2")
		var b Batch
		if c.Next(&b) != DutyWrite {
			t.Fatal("nothing to write")
		}
		mustSend(t, s, ModeText, "3")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		d, err := h.HandOver(ctx, s.Key(), "1", toAnotherNode)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Waiting) != 1 || d.Waiting[0].Text != "3" || d.NodeLost != MissedUnknown || d.Dropped != 2 {
			t.Errorf("handed over: %+v", d)
		}
		c.Return(0)
		if c.Next(&b) != DutyClose || b.Len() != 0 {
			t.Error("the old writer is not to close")
		}
		wantGone(t, s)
	})
}

func TestHandOverOfADetachedSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		rings := map[string]*bell{}
		for _, id := range []string{"1", "2"} {
			rings[id] = &bell{}
			c, err := tryOpen(h, "m", id, "u", rings[id])
			if err != nil {
				t.Fatal(err)
			}
			lose(t, c)
			mustSend(t, c.Socket(), ModeText, id)
		}
		time.Sleep(window / 4)
		s, _ := h.Get(BuildKey("m", "1"))
		before := rings["1"].rung.Load()
		d, err := h.HandOver(t.Context(), s.Key(), "u", toAnotherNode)
		if err != nil || d.Window != window*3/4 || d.Reason.Code != CodeLost || len(d.Waiting) != 1 {
			t.Errorf("handed over: %+v, %v", d, err)
		}
		if rings["1"].rung.Load() != before+1 {
			t.Errorf("its last connection was woken %d times", rings["1"].rung.Load()-before)
		}
		time.Sleep(window*3/4 - time.Second)
		if d, err = h.HandOver(t.Context(), BuildKey("m", "2"), "u", toAnotherNode); err != nil || d.Window != handOverGrace {
			t.Errorf("the client was there just in time, and has %v, %v", d.Window, err)
		}
		time.Sleep(window)
		if losses := h.Losses(); len(losses) != 0 {
			t.Errorf("noted as lost: %+v", losses)
		}
		wantGone(t, s)
	})
}

// A socket that is ended while it is handed over has ended, and is not handed over.
func TestAbortDuringAHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := mustOpen(t, h, "m", "1", "u")
		s := c.Socket()
		mustSend(t, s, ModeText, "1")
		var b Batch
		c.Next(&b)
		done := make(chan error)
		go func() {
			_, err := h.HandOver(t.Context(), s.Key(), "u", toAnotherNode)
			done <- err
		}()
		synctest.Wait()
		s.Abort()
		if err := <-done; !errors.Is(err, ErrNotFound) {
			t.Errorf("handed over: %v", err)
		}
		if reason, over := c.Final(); !over || !reason.Abort || s.Moved() {
			t.Errorf("it ended with %v, %v", reason, over)
		}
		if _, err := s.Send(NewMessage("x"), ModeText); !errors.Is(err, ErrClosed) {
			t.Errorf("send: %v", err)
		}
	})
}

// Without windows nothing outlives its connection, but it can be taken over.
func TestHandOverWithoutWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, other := New(Config{}), New(Config{})
		c := mustOpen(t, h, "m", "1", "u")
		mustSend(t, c.Socket(), ModeText, "1")
		d, err := h.HandOver(t.Context(), c.Socket().Key(), "u", toAnotherNode)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Restore(d, &bell{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(handOverGrace / 2)
		if frames, _ := drain(t, mustOpen(t, other, "m", "1", "u")); !slices.Equal(frames, []string{"1"}) {
			t.Errorf("got %q", frames)
		}
	})
}
