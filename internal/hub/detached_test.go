package hub

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const window = time.Minute

// resuming returns a hub whose sockets outlive their connections.
func resuming(cfg Config) *Hub {
	cfg.ResumeWindow = window
	return New(cfg)
}

// lose breaks the connection.
func lose(t *testing.T, c *Conn) {
	t.Helper()
	if _, end := c.Ended(Reason{Code: CodeLost, Text: "lost"}); end != EndDetached {
		t.Fatalf("the lost connection left its socket %v", end)
	}
}

func gapText(missed int, reason string) string {
	return fmt.Sprintf(`{"socket_action":"gap","socket_type":"","uid":"","missed":%d,"reason":"%s"}`, missed, reason)
}

// TestWhatEndsASocketAndWhatDetachesIt: design, "Sockets over the wire".
func TestWhatEndsASocketAndWhatDetachesIt(t *testing.T) {
	client := func(code int) Reason { return Reason{Code: code, Cause: CauseClient} }
	lost := func(cause Cause) Reason { return Reason{Code: CodeLost, Cause: cause} }
	tests := []struct {
		name   string
		reason Reason
		want   string
	}{
		{"lost", lost(CauseCode), StateDetached},
		{"heartbeat", lost(CauseHeartbeat), StateDetached},
		{"stalled", lost(CauseStalled), StateDetached},
		{"handshake of a new one", lost(CauseHandshake), StateGone},
		{"the page went away", client(CodeGoingAway), StateDetached},
		{"good-bye", client(CodeNormal), StateGone},
		{"good-bye without a code", client(CodeNoStatus), StateGone},
		{"good-bye of an application", client(4000), StateGone},
		{"shutdown", Reason{Code: CodeShutdown}, StateDetached},
		{"overflow", Reason{Code: CodeOverflow}, StateDetached},
		{"protocol", Reason{Code: CodeProtocol}, StateDetached},
		{"binary", Reason{Code: CodeBinary}, StateDetached},
		{"text", Reason{Code: CodeInvalidText}, StateDetached},
		{"too large", Reason{Code: CodeTooLarge}, StateDetached},
		{"refused", Reason{Code: CodeRefused}, StateGone},
		{"session", Reason{Code: CodeSessionEnded}, StateGone},
		{"aborted", Reason{Code: CodeLost, Abort: true}, StateGone},
	}
	for _, tt := range tests {
		for how, end := range map[string]func(c *Conn){
			"ended":  func(c *Conn) { c.Ended(tt.reason) },
			"closed": func(c *Conn) { c.Socket().CloseWith(tt.reason); c.Ended(Reason{Code: CodeNormal}) },
		} {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				h := resuming(Config{})
				defer h.StopExpiry()
				c := mustOpen(t, h, "m", "1", "u")
				end(c)
				if got := c.Socket().State(); got != tt.want {
					t.Errorf("the socket is %s, want %s", got, tt.want)
				}
				volatileKey := NewVolatileKey("m", 0)
				v, err := h.Open(OpenRequest{Key: volatileKey, Service: "m", User: User{ID: "u"}, Waker: &bell{}})
				if err != nil {
					t.Fatal(err)
				}
				end(v)
				if got := v.Socket().State(); got != StateGone {
					t.Errorf("a socket without a stateful id is %s", got)
				}
			})
		}
	}
}

func TestAResumedSocketHasEverythingInOrder(t *testing.T) {
	h := resuming(Config{})
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	if err := s.ReplaceTags(NewTags(map[string]string{"a": "1"})); err != nil {
		t.Fatal(err)
	}
	mustSend(t, s, ModeJSON, "1", "2", "3")
	var b Batch
	if duty := c.Next(&b); duty != DutyWrite || b.Len() != 3 {
		t.Fatal(duty)
	}
	lose(t, c)
	mustSend(t, s, ModeText, "4") // the mode of the old connection
	if h.Len() != 0 || len(h.Select(Filter{})) != 0 || len(h.Select(Filter{}.Reaching())) != 1 {
		t.Error("lists do not hold open sockets only")
	}
	if info := s.Info(); info.State != StateDetached || info.QueueMessages != 4 {
		t.Errorf("it is %s with %d messages", info.State, info.QueueMessages)
	}
	if reason, closing := c.Closing(); !closing || reason.Text != "lost" {
		t.Errorf("the connection closes with %v", reason)
	}
	if _, err := tryOpen(h, "m", "1", "somebody else", &bell{}); !errors.Is(err, ErrKeyTaken) {
		t.Errorf("another user got %v", err)
	}
	ring := &bell{}
	next, err := tryOpen(h, "m", "1", "u", ring)
	if err != nil {
		t.Fatal(err)
	}
	if next.Socket() != s || next.Replaced() != c.waker || h.Len() != 1 {
		t.Error("it is not the same socket")
	}
	if v, _ := s.Tags().Get("a"); v != "1" {
		t.Error("the tags are lost")
	}
	mustSend(t, s, ModeText, "5") // fixes the mode anew
	if frames, _ := drain(t, next); frames != nil || ring.rung.Load() != 0 {
		t.Errorf("the new connection overtook the old: %q", frames)
	}
	c.Return(1)
	if ring.rung.Load() != 1 {
		t.Error("nobody was woken for what the old connection gave back")
	}
	mustSend(t, s, ModeText, "6")
	if frames, _ := drain(t, next); !slices.Equal(frames, []string{"[2,3,4]", "5", "6"}) {
		t.Errorf("frames are %q", frames)
	}
	if n := h.held.Load(); n != 0 {
		t.Errorf("%d bytes are held by empty queues", n)
	}
}

func TestAWindowEndsOnceAndOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		ring := &bell{}
		c, err := tryOpen(h, "m", "1", "u", ring)
		if err != nil {
			t.Fatal(err)
		}
		s := c.Socket()
		mustSend(t, s, ModeJSON, "1", "2")
		lose(t, c)
		woken := ring.rung.Load()
		time.Sleep(window - 1)
		if _, over := c.Final(); over || s.State() != StateDetached {
			t.Fatal("the window ended early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if s.State() != StateGone || ring.rung.Load() != woken+1 {
			t.Fatalf("at its end the socket is %s, woken %d times", s.State(), ring.rung.Load()-woken)
		}
		if reason, over := c.Final(); !over || reason.Text != "lost" {
			t.Errorf("the end is %v, %v", reason, over)
		}
		if _, over := c.Final(); over {
			t.Error("the end is told twice")
		}
		if _, err := s.Send(NewMessage("3"), ModeJSON); !errors.Is(err, ErrClosed) {
			t.Errorf("a message after the end gave %v", err)
		}
		if h.held.Load() != 0 {
			t.Error("what waited is still held")
		}
		// Another user has the key now, and hears of nothing.
		other := mustOpen(t, h, "m", "1", "v")
		if frames, _ := drain(t, other); frames != nil || other.Socket() == s {
			t.Errorf("another user got %q", frames)
		}
		other.Ended(Reason{Code: CodeNormal})
		for _, want := range [][]string{{"[" + gapText(2, "expired") + "]"}, nil} {
			again := mustOpen(t, h, "m", "1", "u")
			if frames, _ := drain(t, again); !slices.Equal(frames, want) {
				t.Errorf("the user who came too late got %q, want %q", frames, want)
			}
			again.Ended(Reason{Code: CodeNormal})
		}
	})
}

// What was lost with an expired socket is announced though nothing else is sent, and once a handshake succeeds.
func TestALossIsAnnouncedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := mustOpen(t, h, "m", "1", "u")
		lose(t, c)
		mustSend(t, c.Socket(), ModeJSON, "1", "2")
		time.Sleep(window)
		synctest.Wait()
		failed := mustOpen(t, h, "m", "1", "u")
		failed.Ended(Reason{Code: CodeLost, Cause: CauseHandshake})
		var b bell
		again, err := tryOpen(h, "m", "1", "u", &b)
		if err != nil {
			t.Fatal(err)
		}
		if b.rung.Load() != 1 {
			t.Errorf("the connection was woken %d times", b.rung.Load())
		}
		if frames, _ := drain(t, again); !slices.Equal(frames, []string{"[" + gapText(2, "expired") + "]"}) {
			t.Errorf("got %q", frames)
		}
	})
}

// What was sent to a socket whose handshake fails is nothing to announce where sockets end with their connection.
func TestAFailedHandshakeLeavesNoGapWhereNothingIsKept(t *testing.T) {
	h := New(Config{}) // no window
	failed := mustOpen(t, h, "m", "1", "u")
	mustSend(t, failed.Socket(), ModeJSON, "1")
	failed.Ended(Reason{Code: CodeLost, Cause: CauseHandshake})
	var b bell
	again, err := tryOpen(h, "m", "1", "u", &b)
	if err != nil {
		t.Fatal(err)
	}
	if frames, _ := drain(t, again); len(frames) != 0 || b.rung.Load() != 0 {
		t.Errorf("the next connection was woken %d times for %q", b.rung.Load(), frames)
	}
}

func TestAResumeBeginsTheWindowAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		c := mustOpen(t, h, "m", "1", "u")
		for range 5 {
			lose(t, c)
			time.Sleep(window - time.Second)
			next := mustOpen(t, h, "m", "1", "u")
			if next.Socket() != c.Socket() {
				t.Fatal("it is another socket")
			}
			time.Sleep(2 * time.Second)
			c = next
		}
		if c.Socket().State() != StateOpen {
			t.Error("an old window ended an open socket")
		}
	})
}

func TestADetachedSocketCanBeEnded(t *testing.T) {
	h := resuming(Config{})
	ring := &bell{}
	c, err := tryOpen(h, "m", "1", "u", ring)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Socket()
	lose(t, c)
	s.CloseWith(Reason{Code: CodeShutdown})
	if s.State() != StateDetached {
		t.Error("a reason that detaches ended a detached socket")
	}
	woken := ring.rung.Load()
	s.Abort()
	if _, over := c.Final(); !over || s.State() != StateGone || ring.rung.Load() != woken+1 {
		t.Error("the abort did not end it")
	}
	if next := mustOpen(t, h, "m", "1", "v"); next.Socket() == s {
		t.Error("the key is not free")
	}
}

// A connection that is closed for a restart gets what is queued, also what comes meanwhile.
func TestAShutdownFlushesThenDetaches(t *testing.T) {
	h := resuming(Config{})
	defer h.StopExpiry()
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	mustSend(t, s, ModeText, "1")
	s.CloseWith(Reason{Code: CodeShutdown, Text: "restart"})
	mustSend(t, s, ModeText, "2")
	if frames, duty := drain(t, c); duty != DutyClose || !slices.Equal(frames, []string{"1", "2"}) {
		t.Errorf("got %q, %v", frames, duty)
	}
	if reason, closing := c.Closing(); !closing || reason.Code != CodeShutdown || s.State() != StateOpen {
		t.Errorf("it closes with %v and is %s", reason, s.State())
	}
	mustSend(t, s, ModeText, "3") // too late for this connection
	if final, end := c.Ended(Reason{Code: CodeNormal}); end != EndDetached || final.Text != "restart" {
		t.Errorf("the end is %v, %v", final, end)
	}
	next := mustOpen(t, h, "m", "1", "u")
	if frames, _ := drain(t, next); !slices.Equal(frames, []string{"3"}) {
		t.Errorf("the next connection got %q", frames)
	}
	// A client that says good-bye on its own meanwhile means it.
	s.CloseWith(Reason{Code: CodeShutdown})
	if _, end := next.Ended(Reason{Code: CodeNormal, Cause: CauseClient}); end != EndGone {
		t.Error("the good-bye of the client did not count")
	}
}

func TestOverflowOfAStatefulSocketDetachesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{MaxMessages: 2})
		c := mustOpen(t, h, "m", "1", "u")
		s := c.Socket()
		mustSend(t, s, ModeJSON, "1", "2")
		for range 3 {
			if _, err := s.Send(NewMessage("x"), ModeJSON); !errors.Is(err, ErrQueueFull) {
				t.Fatal(err)
			}
		}
		time.Sleep(defaultGrace)
		c.Tick(time.Now())
		if reason, _ := c.Closing(); s.State() != StateDetached || reason.Code != CodeOverflow {
			t.Fatalf("it is %s, closing with %v", s.State(), reason)
		}
		if _, err := s.Send(NewMessage("x"), ModeJSON); !errors.Is(err, ErrQueueFull) {
			t.Fatal(err)
		}
		if info := s.Info(); info.QueueDropped != 4 || info.QueueDropReason != "overflow" {
			t.Errorf("dropped %d because of %q", info.QueueDropped, info.QueueDropReason)
		}
		next := mustOpen(t, h, "m", "1", "u")
		if frames, _ := drain(t, next); !slices.Equal(frames, []string{"[" + gapText(4, "overflow") + ",1,2]"}) {
			t.Errorf("the next connection got %q", frames)
		}
		mustSend(t, s, ModeJSON, "3")
		if frames, _ := drain(t, next); !slices.Equal(frames, []string{"[3]"}) {
			t.Errorf("after that it got %q", frames)
		}
		if s.Info().QueueDropped != 4 {
			t.Error("the count of dropped messages is forgotten")
		}
	})
}

// What is sent while a client reads the full queue it came back to is not lost.
func TestAFullQueueLeavesRoomAfterAResume(t *testing.T) {
	h := resuming(Config{MaxMessages: 3})
	defer h.StopExpiry()
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	mustSend(t, s, ModeText, "1", "2", "3")
	if _, err := s.Send(NewMessage("lost"), ModeText); !errors.Is(err, ErrQueueFull) {
		t.Fatal(err)
	}
	for range 3 { // it never comes to reading: the room does not grow
		lose(t, c)
		c = mustOpen(t, h, "m", "1", "u")
	}
	mustSend(t, s, ModeText, "4", "5", "6")
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{"[" + gapText(1, "overflow") + "]", "1", "2", "3", "4", "5", "6"}) {
		t.Errorf("got %q", frames)
	}
	mustSend(t, s, ModeText, "7", "8", "9")
	if _, err := s.Send(NewMessage("10"), ModeText); !errors.Is(err, ErrQueueFull) {
		t.Errorf("after that the limits are others: %v", err)
	}
}

func TestDropOldestAnnouncesTheGapInItsPlace(t *testing.T) {
	h := resuming(Config{MaxMessages: 3, Overflow: OverflowDropOldest})
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	mustSend(t, s, ModeText, "1", "2")
	c.Next(&Batch{}) // a writer has 1 and 2
	mustSend(t, s, ModeText, "3", "4", "5")
	c.Next(&Batch{}) // has written them; 3 and 4 were dropped
	c.Return(0)
	mustSend(t, s, ModeText, "6", "7") // drops no more
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{"[" + gapText(2, "overflow") + "]", "5", "6", "7"}) {
		t.Errorf("got %q", frames)
	}
	mustSend(t, s, ModeText, "7", "8", "9", "10", "11")
	var b Batch
	c.Next(&b)
	c.Return(0) // nothing was written, the announcement neither
	mustSend(t, s, ModeText, "12")
	lose(t, c)
	mustSend(t, s, ModeText, "13")
	next := mustOpen(t, h, "m", "1", "u")
	if frames, _ := drain(t, next); !slices.Equal(frames, []string{"[" + gapText(4, "overflow") + "]", "11", "12", "13"}) {
		t.Errorf("after the resume got %q", frames)
	}
	if n := s.Info().QueueDropped; n != 6 {
		t.Errorf("%d dropped", n)
	}
}

func TestConflateKeepsTheNewestOfEachKey(t *testing.T) {
	h := New(Config{MaxMessages: 4, Overflow: OverflowConflate})
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	send := func(key string, texts ...string) (err error) {
		for _, text := range texts {
			if _, e := s.Send(NewMessage(text).WithConflateKey(key), ModeText); e != nil {
				err = e
			}
		}
		return err
	}
	if err := errors.Join(send("a", "a1", "a2"), send("b", "b1"), send("", "plain")); err != nil {
		t.Fatal(err)
	}
	// Full: nothing was conflated before, all of it now.
	if err := errors.Join(send("c", "c1"), send("b", "b2")); err != nil {
		t.Fatal(err)
	}
	if err := send("", "does not fit"); !errors.Is(err, ErrQueueFull) {
		t.Errorf("what cannot be conflated away gave %v", err)
	}
	if err := errors.Join(send("c", "c2"), send("", "neither does this")); !errors.Is(err, ErrQueueFull) {
		t.Errorf("after that %v", err)
	}
	frames, _ := drain(t, c)
	if want := []string{"[" + gapText(3, "overflow") + "]", "a2", "plain", "b2", "c2"}; !slices.Equal(frames, want) {
		t.Errorf("got %q, want %q", frames, want)
	}
}

func TestPoliciesOfServices(t *testing.T) {
	h := New(Config{MaxMessages: 1, OverflowOf: func(service string) string {
		return map[string]string{"ticker": OverflowDropOldest}[service]
	}})
	for service, want := range map[string]error{"ticker": nil, "m": ErrQueueFull} {
		s := mustOpen(t, h, service, "1", "u").Socket()
		mustSend(t, s, ModeText, "1")
		if _, err := s.Send(NewMessage("2"), ModeText); !errors.Is(err, want) {
			t.Errorf("%s: %v", service, err)
		}
	}
}

// One text in many queues counts once; who is behind pays when all queues together are too large.
func TestAllQueuesTogetherAreBounded(t *testing.T) {
	const sockets = 10
	text := strings.Repeat("x", 1000)
	h := New(Config{MaxTotal: 4000})
	var all []*Conn
	shared := NewMessage(text)
	for i := range sockets {
		c := mustOpen(t, h, "m", fmt.Sprint(i), fmt.Sprint(i))
		all = append(all, c)
		if _, err := c.Socket().Send(shared, ModeText); err != nil {
			t.Fatal(err)
		}
	}
	if held := h.held.Load(); held != 1000+sockets*itemSize {
		t.Errorf("%d bytes are held", held)
	}
	slow, n := all[0].Socket(), 0
	for ; n < 10; n++ {
		if _, err := slow.Send(NewMessage(text), ModeText); err != nil {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d more were queued", n)
	}
	quick := mustOpen(t, h, "m", "quick", "q")
	mustSend(t, quick.Socket(), ModeText, text)
	for _, c := range append(all, quick) {
		drain(t, c)
	}
	if held := h.held.Load(); held != 0 {
		t.Errorf("%d bytes are held by empty queues", held)
	}
}

// Whatever waits for sockets whose clients never read, the messages of others have a moment to wait.
func TestSilentSocketsCostOthersNoMessages(t *testing.T) {
	for _, policy := range []string{OverflowDisconnect, OverflowDropOldest, OverflowConflate} {
		h := New(Config{MaxTotal: 100_000, Overflow: policy})
		silent := mustOpen(t, h, "m", "silent", "s").Socket()
		for h.held.Load() < 100_000 {
			mustSend(t, silent, ModeText, strings.Repeat("x", 10_000))
		}
		quick := mustOpen(t, h, "m", "quick", "q").Socket()
		for range 30 {
			mustSend(t, quick, ModeText, strings.Repeat("x", 100))
		}
		if info := quick.Info(); info.QueueDropped != 0 || info.QueueMessages != 30 {
			t.Errorf("%s: %+v", policy, info)
		}
		_, _ = quick.Send(NewMessage(strings.Repeat("x", 2000)), ModeText) // beyond its share it is as any other
		if info := quick.Info(); info.QueueDropped == 0 {
			t.Errorf("%s: %+v", policy, info)
		}
	}
}

func TestLimitsOfOpenSockets(t *testing.T) {
	open := func(h *Hub, id, user, from string) (*Conn, error) {
		return h.Open(OpenRequest{Key: BuildKey("m", id), Service: "m", StatefulID: id, User: User{ID: user}, Waker: &bell{},
			Handshake: &Handshake{RemoteAddr: from}})
	}
	tests := []struct {
		name            string
		limits          Limits
		user, from      string // of the one too many
		otherUser, away string // of one that may
	}{
		{"user", Limits{PerUser: 2}, "u", "192.0.2.9:1", "v", "192.0.2.1:1"},
		{"address", Limits{PerAddress: 2}, "v", "192.0.2.1:9", "u", "192.0.2.9:1"},
		{"mapped address", Limits{PerAddress: 2}, "v", "[::ffff:192.0.2.1]:9", "u", "[2001:db8::1]:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := resuming(Config{Limits: tt.limits})
			defer h.StopExpiry()
			if _, err := open(h, "1", "u", "192.0.2.1:1"); err != nil {
				t.Fatal(err)
			}
			if _, err := open(h, "2", "u", "192.0.2.1:2"); err != nil {
				t.Fatal(err)
			}
			if _, err := open(h, "3", tt.user, tt.from); !errors.Is(err, ErrLimit) {
				t.Errorf("one too many gave %v", err)
			}
			if _, err := open(h, "4", tt.otherUser, tt.away); err != nil {
				t.Errorf("somebody else got %v", err)
			}
			// A takeover is no new socket, and a detached one does not count.
			first, err := open(h, "1", "u", "192.0.2.1:7")
			if err != nil {
				t.Fatalf("the takeover got %v", err)
			}
			lose(t, first)
			third, err := open(h, "3", tt.user, tt.from)
			if err != nil {
				t.Fatalf("beside a detached one: %v", err)
			}
			if _, err := open(h, "1", "u", "192.0.2.1:1"); !errors.Is(err, ErrLimit) || first.Socket().State() != StateDetached {
				t.Errorf("a resume at the limit gave %v", err)
			}
			third.Ended(Reason{Code: CodeNormal})
			if _, err := open(h, "1", "u", "192.0.2.1:1"); err != nil {
				t.Errorf("below the limit again: %v", err)
			}
		})
	}
	t.Run("total", func(t *testing.T) {
		h := New(Config{Limits: Limits{Total: 1}})
		c := mustOpen(t, h, "m", "1", "u")
		if _, err := tryOpen(h, "m", "2", "v", &bell{}); !errors.Is(err, ErrLimit) {
			t.Errorf("one too many gave %v", err)
		}
		c.Socket().Abort()
		if _, err := tryOpen(h, "m", "2", "v", &bell{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("network", func(t *testing.T) {
		h := New(Config{Limits: Limits{PerAddress: 1}})
		if _, err := open(h, "1", "u", "[2001:db8:0:1::1]:1"); err != nil {
			t.Fatal(err)
		}
		if _, err := open(h, "2", "v", "[2001:db8:0:1:ffff::2%eth0]:1"); !errors.Is(err, ErrLimit) {
			t.Errorf("the same network gave %v", err)
		}
		if _, err := open(h, "3", "v", "[2001:db8:0:2::1]:1"); err != nil {
			t.Errorf("another network got %v", err)
		}
		for _, unknown := range []string{"", "pipe"} {
			if _, err := open(h, "p"+unknown, "w", unknown); err != nil {
				t.Errorf("no address got %v", err)
			}
		}
	})
}

// spec/websocket.md A.7: the old one is cancelled, the new one aborted, and nothing is restored.
func TestALiveIDIsRefusedWhereTheOriginalDoes(t *testing.T) {
	h := resuming(Config{RefuseLiveID: true})
	c := mustOpen(t, h, "m", "1", "u")
	if _, err := tryOpen(h, "m", "1", "u", &bell{}); !errors.Is(err, ErrKeyLive) {
		t.Fatal(err)
	}
	if reason, closing := c.Closing(); !closing || !reason.Abort {
		t.Errorf("the live one is told %v", reason)
	}
	next := mustOpen(t, h, "m", "1", "v")
	if next.Socket() == c.Socket() {
		t.Error("the id is not free")
	}
	if _, end := next.Ended(Reason{Code: CodeLost}); end != EndGone {
		t.Error("a socket outlived its connection")
	}
}

func TestAFailedHandshakeOfAResumeLosesNothing(t *testing.T) {
	h := resuming(Config{})
	defer h.StopExpiry()
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	lose(t, c)
	mustSend(t, s, ModeText, "1")
	next := mustOpen(t, h, "m", "1", "u")
	if _, end := next.Ended(Reason{Code: CodeLost, Cause: CauseHandshake}); end != EndDetached {
		t.Fatalf("the handshake that failed left the socket %v", end)
	}
	last := mustOpen(t, h, "m", "1", "u")
	if frames, _ := drain(t, last); !slices.Equal(frames, []string{"1"}) {
		t.Errorf("got %q", frames)
	}
}

func TestFiltersLookAtTheState(t *testing.T) {
	h := resuming(Config{})
	defer h.StopExpiry()
	mustOpen(t, h, "m", "open", "u")
	away := mustOpen(t, h, "m", "away", "u")
	for _, id := range []string{"open", "away"} {
		s, _ := h.Get(BuildKey("m", id))
		if err := s.ReplaceTags(NewTags(map[string]string{"k": "1"})); err != nil {
			t.Fatal(err)
		}
	}
	lose(t, away)
	for text, want := range map[string][2]string{ // for lists, for sends
		"":                                {"open", "away open"},
		"$k":                              {"open", "away open"},
		"$k:1":                            {"open", "away open"},
		"$k:2":                            {"", ""},
		`{"$user":"u"}`:                   {"open", "away open"},
		`{"absent":null}`:                 {"open", "away open"},
		`{"$state":"open"}`:               {"open", "open"},
		`{"$state":"detached"}`:           {"away", "away"},
		`{"$state":["open","detached"]}`:  {"away open", "away open"},
		`{"$state":["detached"],"k":"1"}`: {"away", "away"},
		`{"$state":"open","k":null}`:      {"", ""},
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		ids := func(f Filter) string {
			var ids []string
			for _, s := range h.Select(f) {
				ids = append(ids, s.StatefulID())
			}
			slices.Sort(ids)
			return strings.Join(ids, " ")
		}
		if got := [2]string{ids(f), ids(f.Reaching())}; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		var present []string
		all, _ := h.Present(f)
		for _, p := range all {
			present = append(present, p.Info().StatefulID)
			if wantState := map[string]string{"open": StateOpen, "away": StateDetached}[p.Info().StatefulID]; p.Info().State != wantState {
				t.Errorf("%s is %s", p.Info().StatefulID, p.Info().State)
			}
		}
		slices.Sort(present)
		if strings.Join(present, " ") != want[0] {
			t.Errorf("%s: present are %q", text, present)
		}
	}
}

// What a user is to hear of an expired socket is not forgotten over a restart, nor is how old it is.
func TestLossesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		for id, missed := range map[string]int{"1": 2, "2": 1} {
			c := mustOpen(t, h, "m", id, "u")
			lose(t, c)
			for range missed {
				mustSend(t, c.Socket(), ModeJSON, "1")
			}
		}
		time.Sleep(window)
		synctest.Wait()
		mustOpen(t, h, "m", "2", "u") // it hears now, and once
		time.Sleep(lossNoteLife / 2)
		next := resuming(Config{})
		next.RestoreLosses(h.Losses())
		for id, want := range map[string][]string{"1": {"[" + gapText(2, "expired") + "]"}, "2": nil} {
			if frames, _ := drain(t, mustOpen(t, next, "m", id, "u")); !slices.Equal(frames, want) {
				t.Errorf("%s got %q, want %q", id, frames, want)
			}
		}
		later := resuming(Config{})
		later.RestoreLosses(h.Losses())
		time.Sleep(lossNoteLife/2 + time.Second)
		if left := later.Losses(); len(left) != 0 {
			t.Errorf("%+v is kept for ever", left)
		}
	})
}

func TestASavedSocketIsTheSameAfterTheRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{MaxMessages: 3})
		c, err := h.Open(OpenRequest{
			Key: BuildKey("m", "1"), Service: "m", StatefulID: "1", Waker: &bell{},
			User:      User{ID: "u", Login: "l", Admin: true, Fields: map[string]string{"f": "1"}},
			Handshake: &Handshake{Method: "GET", URL: "/x", Host: "h", RemoteAddr: "192.0.2.1:1", Header: "A: b\r\n"},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := c.Socket()
		if err := s.ReplaceTags(NewTags(map[string]string{"a": "1"})); err != nil {
			t.Fatal(err)
		}
		c.CountIn(5)
		mustSend(t, s, ModeJSON, "1")
		if _, err := s.Send(NewMessage("2").WithConflateKey("k"), ModeJSON); err != nil {
			t.Fatal(err)
		}
		mustSend(t, s, ModePlain, "$ok")
		for range 2 {
			s.Send(NewMessage("x"), ModeJSON)
		}
		open := mustOpen(t, h, "m", "open", "u")
		lose(t, c)
		time.Sleep(window / 4)
		h.StopExpiry()
		time.Sleep(window) // nobody can come back while the server drains: this does not count
		saved := h.Detached()
		if len(saved) != 1 || open.Socket().State() != StateOpen {
			t.Fatalf("%d are saved", len(saved))
		}
		d := saved[0]
		if d.Window != window*3/4 {
			t.Errorf("%v of the window are left", d.Window)
		}
		d.Window = window / 2

		next := resuming(Config{})
		ring := &bell{}
		old, err := next.Restore(d, ring)
		if err != nil {
			t.Fatal(err)
		}
		r := old.Socket()
		before, after := s.Info(), r.Info()
		if !reflect.DeepEqual(before.Tags.Map(), after.Tags.Map()) {
			t.Errorf("tags %v", after.Tags.Map())
		}
		before.Tags, after.Tags = Tags{}, Tags{}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("it was\n%+v\nand is\n%+v", before, after)
		}
		if !reflect.DeepEqual(s.Handshake(), r.Handshake()) || !reflect.DeepEqual(s.User(), r.User()) {
			t.Error("user or handshake differ")
		}
		if _, err := next.Restore(d, ring); !errors.Is(err, ErrKeyTaken) {
			t.Errorf("restored twice: %v", err)
		}
		again := mustOpen(t, next, "m", "1", "u")
		if frames, _ := drain(t, again); !slices.Equal(frames, []string{"[" + gapText(2, "overflow") + ",1,2]", "$ok"}) {
			t.Errorf("got %q", frames)
		}
		if again.Replaced() != ring {
			t.Error("the waker of the last connection is not known")
		}
		again.Ended(Reason{Code: CodeNormal})

		if old, err = next.Restore(d, ring); err != nil {
			t.Fatal(err)
		}
		rung := ring.rung.Load()
		time.Sleep(window / 2)
		synctest.Wait()
		if reason, over := old.Final(); !over || reason.Text != "lost" || ring.rung.Load() != rung+1 {
			t.Errorf("its window ended with %v, %v", reason, over)
		}
	})
}

// TestAWindowWaitsForWhatAWriterHolds: what the lost connection has written before the window ended is not missed.
func TestAWindowWaitsForWhatAWriterHolds(t *testing.T) {
	for name, c := range map[string]struct {
		returns bool
		missed  int
	}{
		"it gives back":       {true, 1},
		"it never gives back": {false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := resuming(Config{})
				conn := mustOpen(t, h, "m", "1", "u1")
				for _, text := range []string{"a", "b", "c"} {
					if _, err := conn.Socket().Send(NewMessage(text), ModeText); err != nil {
						t.Fatal(err)
					}
				}
				var batch Batch
				if duty := conn.Next(&batch); duty != DutyWrite || batch.Len() != 3 {
					t.Fatalf("duty %v with %d messages", duty, batch.Len())
				}
				lose(t, conn)
				time.Sleep(window + time.Second)
				if state := conn.Socket().State(); state != StateDetached {
					t.Errorf("the socket is %s while a writer holds messages", state)
				}
				if c.returns {
					conn.Return(2)
				}
				time.Sleep(holderPatience)
				if state := conn.Socket().State(); state != StateGone {
					t.Errorf("the socket is %s after its window", state)
				}
				again := mustOpen(t, h, "m", "1", "u1")
				if again.Next(&batch) != DutyWrite || batch.messages[0].Text() != gapText(c.missed, "expired") {
					t.Errorf("announced: %d messages; want a gap of %d", batch.Len(), c.missed)
				}
			})
		})
	}
}
