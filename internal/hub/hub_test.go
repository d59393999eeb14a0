package hub

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOpenAndEnd(t *testing.T) {
	h := New(Config{Node: "n1"})
	c := mustOpen(t, h, "main", "1", "u1")
	s := c.Socket()
	if got, ok := h.Get("/services/main-s-1"); !ok || got != s || h.Len() != 1 {
		t.Fatal("the socket is not registered")
	}
	if s.Service() != "main" || s.StatefulID() != "1" || s.User().ID != "u1" || s.State() != StateOpen || s.Handshake() == nil {
		t.Errorf("socket is %q %q %q %q", s.Service(), s.StatefulID(), s.User().ID, s.State())
	}
	c.CountIn(5)
	c.CountOut(7)
	if info := s.Info(); info.Key != s.Key() || info.Node != "n1" || info.BytesIn != 5 || info.BytesOut != 7 || info.State != StateOpen || info.ConnectedAt.IsZero() || !info.ConnectedAt.Equal(s.OpenedAt()) {
		t.Errorf("info is %+v", info)
	}
	mustSend(t, s, ModeText, "lost with the connection")
	final, end := c.Ended(Reason{Code: CodeGoingAway})
	if end != EndGone || final.Code != CodeGoingAway {
		t.Errorf("the end gave %v, %v", final, end)
	}
	if _, end := c.Ended(Reason{Code: CodeLost}); end != EndStale {
		t.Error("a second end counts as well")
	}
	if _, ok := h.Get(s.Key()); ok || h.Len() != 0 || len(h.Select(Filter{})) != 0 {
		t.Error("the socket is still registered")
	}
	if _, err := s.Send(NewMessage("x"), ModeText); !errors.Is(err, ErrClosed) {
		t.Errorf("a send after the end gave %v", err)
	}
	if info := s.Info(); info.QueueMessages != 0 || info.State != StateGone {
		t.Errorf("after the end info is %+v", info)
	}
	if err := s.ReplaceTags(NewTags(map[string]string{"a": "1"})); !errors.Is(err, ErrClosed) {
		t.Errorf("tags after the end gave %v", err)
	}
	s.Abort()
	if _, closing := c.Closing(); closing {
		t.Error("a socket that has ended is to be closed again")
	}
}

func TestVolatileSocketHasNoStatefulID(t *testing.T) {
	h := New(Config{})
	key := NewVolatileKey("main", 0)
	c, err := h.Open(OpenRequest{Key: key, Service: "main", Waker: &bell{}, Handshake: &Handshake{URL: "/x"}})
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Socket(); s.StatefulID() != "" || s.Service() != "main" || s.Handshake().URL != "/x" {
		t.Errorf("got %q %q %q", s.StatefulID(), s.Service(), s.Handshake().URL)
	}
}

func TestOpenRefusesAKeyThatDoesNotFit(t *testing.T) {
	h := New(Config{})
	for _, req := range []OpenRequest{
		{Key: "nonsense", Service: "m", StatefulID: "1"},
		{Key: "/services/m-s-1", Service: "other", StatefulID: "1"},
		{Key: "/services/m-s-1", Service: "m", StatefulID: "2"},
	} {
		if _, err := h.Open(req); !errors.Is(err, ErrBadKey) {
			t.Errorf("%+v gave %v", req, err)
		}
	}
}

func TestAbortTakesTheSocketAwayAtOnce(t *testing.T) {
	h := New(Config{})
	b := &bell{}
	c, err := tryOpen(h, "m", "1", "u", b)
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, c.Socket(), ModeText, "never delivered")
	woken := b.rung.Load()
	c.Socket().Abort()
	if _, ok := h.Get(c.Socket().Key()); ok {
		t.Error("the socket is still there after Abort")
	}
	if b.rung.Load() != woken+1 {
		t.Error("Abort did not wake the connection")
	}
	if reason, closing := c.Closing(); !closing || !reason.Abort {
		t.Errorf("closing %v with %+v", closing, reason)
	}
	if frames, duty := drain(t, c); duty != DutyClose || frames != nil {
		t.Errorf("duty %v, frames %q", duty, frames)
	}
	// The key is free again, also for somebody else, before the old connection is over.
	next := mustOpen(t, h, "m", "1", "another")
	if final, end := c.Ended(Reason{Code: CodeNormal}); end != EndGone || final.Code != CodeLost {
		t.Errorf("the end gave %v, %v", final, end)
	}
	if got, ok := h.Get(next.Socket().Key()); !ok || got != next.Socket() {
		t.Error("the late end of the old socket took the new one away")
	}
}

func TestCloseWithWritesWhatWasQueuedFirst(t *testing.T) {
	h := New(Config{})
	c := mustOpen(t, h, "m", "1", "u")
	mustSend(t, c.Socket(), ModeText, "a", "b")
	c.Socket().CloseWith(Reason{Code: CodeRefused, Text: "no"})
	c.Socket().CloseWith(Reason{Code: CodeShutdown})
	if _, err := c.Socket().Send(NewMessage("c"), ModeText); !errors.Is(err, ErrClosed) {
		t.Errorf("a send after the close gave %v", err)
	}
	if frames, duty := drain(t, c); duty != DutyClose || !slices.Equal(frames, []string{"a", "b"}) {
		t.Errorf("duty %v, frames %q", duty, frames)
	}
	if reason, _ := c.Closing(); reason.Code != CodeRefused || reason.Text != "no" {
		t.Errorf("the first reason does not count: %v", reason)
	}
	c.Socket().Abort()
	if reason, _ := c.Closing(); !reason.Abort || reason.Code != CodeRefused {
		t.Errorf("an abort does not hurry the close: %+v", reason)
	}
	if final, end := c.Ended(Reason{Code: CodeLost}); end != EndGone || final.Code != CodeRefused {
		t.Errorf("the end gave %v, %v", final, end)
	}
	if duty := c.Next(&Batch{}); duty != DutyNone {
		t.Errorf("after the end the duty is %v", duty)
	}
}

func TestTakeoverKeepsTagsAndQueue(t *testing.T) {
	h := New(Config{})
	oldBell, newBell := &bell{}, &bell{}
	old, err := tryOpen(h, "m", "1", "u", oldBell)
	if err != nil {
		t.Fatal(err)
	}
	s := old.Socket()
	if err := s.ReplaceTags(NewTags(map[string]string{"a": "1"})); err != nil {
		t.Fatal(err)
	}
	mustSend(t, s, ModeJSON, `{"n":1}`, `{"n":2}`)
	woken := oldBell.rung.Load()

	if _, err := tryOpen(h, "m", "1", "somebody else", &bell{}); !errors.Is(err, ErrKeyTaken) {
		t.Fatalf("another user got %v", err)
	}
	if oldBell.rung.Load() != woken {
		t.Error("a refused user disturbed the connection")
	}

	c, err := tryOpen(h, "m", "1", "u", newBell)
	if err != nil {
		t.Fatal(err)
	}
	if c.Socket() != s || h.Len() != 1 || !c.Current() || old.Current() {
		t.Error("the socket is not the same")
	}
	if v, _ := s.Tags().Get("a"); v != "1" {
		t.Error("tags are lost")
	}
	if reason, closing := old.Closing(); !closing || reason.Code != CodeTakenOver || oldBell.rung.Load() != woken+1 {
		t.Errorf("the old connection is told %v, %v", reason, closing)
	}
	if newBell.rung.Load() != 1 {
		t.Error("nobody was woken for what waits")
	}
	if c.Replaced() != oldBell || c.Replaced() != nil {
		t.Error("Replaced does not give the older waker once")
	}
	// What waited keeps the mode it was queued in; the next write fixes the mode anew.
	mustSend(t, s, ModeText, "plain")
	if frames, duty := drain(t, old); duty != DutyClose || frames != nil {
		t.Errorf("the stale connection got %q, %v", frames, duty)
	}
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{`[{"n":1},{"n":2}]`, "plain"}) {
		t.Errorf("frames are %q", frames)
	}
	if _, end := old.Ended(Reason{Code: CodeTakenOver}); end != EndStale || s.State() != StateOpen {
		t.Error("the end of the stale connection ended the socket")
	}
	old.CloseWith(Reason{Code: CodeShutdown})
	if s.State() != StateOpen {
		t.Error("a stale connection closed the socket")
	}
	if _, end := c.Ended(Reason{Code: CodeNormal}); end != EndGone {
		t.Error("the socket did not end with its connection")
	}
}

// A message in the hands of the old writer goes to exactly one of the two connections.
// What a newer token says of the socket holds, and not what the older one did.
func TestTakeoverBringsTheTagsOfItsGrant(t *testing.T) {
	h := New(Config{})
	open := func(granted map[string]string) *Conn {
		t.Helper()
		c, err := h.Open(OpenRequest{
			Key: BuildKey("m", "1"), Service: "m", StatefulID: "1", User: User{ID: "u"}, Waker: &bell{},
			Handshake: &Handshake{Granted: granted}, Tags: NewTags(granted),
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s := open(map[string]string{"hall": "A", "role": "guard"}).Socket()
	expect := func(what string, want map[string]string) {
		t.Helper()
		inB, err := ParseFilter(`{"hall":"B"}`)
		if err != nil {
			t.Fatal(err)
		}
		found := h.Select(inB)
		if got := s.Tags().Map(); !maps.Equal(got, want) {
			t.Errorf("%s: tags %v, want %v", what, got, want)
		}
		if (len(found) == 1) != (want["hall"] == "B") {
			t.Errorf("%s: the index finds %d sockets in the hall B", what, len(found))
		}
	}
	if _, err := s.PatchTags(map[string]*string{"own": ptr("1"), "hall": ptr("B")}); err != nil {
		t.Fatal(err)
	}
	expect("changed", map[string]string{"hall": "B", "role": "guard", "own": "1"})
	open(map[string]string{"hall": "A", "role": "guard"})
	expect("the same grant", map[string]string{"hall": "B", "role": "guard", "own": "1"})
	open(map[string]string{"hall": "A", "role": "chief"})
	expect("a part is another", map[string]string{"hall": "B", "role": "chief", "own": "1"})
	open(map[string]string{"hall": "C"})
	expect("another grant", map[string]string{"hall": "C", "own": "1"})
	open(nil)
	expect("none", map[string]string{"own": "1"})
	many := map[string]string{}
	for i := range maxTags {
		many[fmt.Sprint(i)] = "x"
	}
	open(many)
	expect("no room for others", many)
}

func ptr(text string) *string { return &text }

func TestTakeoverWaitsForTheOldWriter(t *testing.T) {
	tests := []struct {
		name   string
		settle func(old *Conn)
		want   string
	}{
		{"all written", func(old *Conn) { old.Next(&Batch{}) }, "c"},
		{"one written", func(old *Conn) { old.Return(1) }, "b c"},
		{"none written", func(old *Conn) { old.Return(0) }, "a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := New(Config{})
			old := mustOpen(t, h, "m", "1", "u")
			mustSend(t, old.Socket(), ModeText, "a", "b")
			if duty := old.Next(&Batch{}); duty != DutyWrite {
				t.Fatal(duty)
			}
			b := &bell{}
			c, err := tryOpen(h, "m", "1", "u", b)
			if err != nil {
				t.Fatal(err)
			}
			mustSend(t, c.Socket(), ModeText, "c")
			if frames, duty := drain(t, c); duty != DutyNone || frames != nil {
				t.Errorf("the new connection overtook the old: %q", frames)
			}
			if b.rung.Load() != 0 {
				t.Error("the new connection was woken too early")
			}
			tt.settle(old)
			if b.rung.Load() != 1 {
				t.Errorf("the new connection was woken %d times", b.rung.Load())
			}
			if frames, _ := drain(t, c); strings.Join(frames, " ") != tt.want {
				t.Errorf("the new connection got %q, want %q", frames, tt.want)
			}
		})
	}
}

func TestConfigValidate(t *testing.T) {
	for _, cfg := range []Config{{}, {Overflow: "disconnect", MaxBytes: 1, MaxMessages: 1, Grace: 1}} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, cfg := range []Config{{MaxBytes: -1}, {MaxMessages: -1}, {Grace: -1}, {Overflow: "drop"}} {
		if err := cfg.Validate(); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

func TestParseProfile(t *testing.T) {
	for name, want := range map[string]Profile{"1.22": Profile122, "1.22.10.29": Profile122, "1.24": Profile124, "1.24.4.27": Profile124, "native": Native} {
		got, err := ParseProfile(name)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", name, got, err)
		}
		if again, err := ParseProfile(got.String()); err != nil || again != want {
			t.Errorf("%v does not survive String", got)
		}
	}
	if _, err := ParseProfile("1.23"); err == nil {
		t.Error("1.23 is accepted")
	}
	if New(Config{}).Profile() != Profile124 {
		t.Error("the default profile is not 1.24")
	}
}

// TestNoTwoSocketsAreOpenedAtTheSameTime: also where the clock stands still, or was set back over a restart.
func TestNoTwoSocketsAreOpenedAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		saved := time.Now().Add(time.Hour)
		last := time.Time{}
		open := func(id string) {
			t.Helper()
			c, err := h.Open(OpenRequest{Key: "/services/a-s-" + id, Service: "a", StatefulID: id, User: User{ID: "1"}, Waker: &bell{}})
			if err != nil {
				t.Fatal(err)
			}
			if opened := c.Socket().OpenedAt(); !opened.After(last) {
				t.Errorf("%s was opened at %v, behind one of %v", id, opened, last)
			} else {
				last = opened
			}
		}
		open("1")
		open("2")
		if _, err := h.Restore(Detached{Key: "/services/a-s-3", Opened: saved, Window: time.Hour}, &bell{}); err != nil {
			t.Fatal(err)
		}
		last = saved
		open("4")
		time.Sleep(time.Hour) // the timer of the window is done then
	})
}
