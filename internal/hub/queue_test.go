package hub

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bell counts how often it was woken.
type bell struct{ rung atomic.Int32 }

func (b *bell) Wake() { b.rung.Add(1) }

func tryOpen(h *Hub, service, id, user string, waker Waker) (*Conn, error) {
	return h.Open(OpenRequest{Key: BuildKey(service, id), Service: service, StatefulID: id, User: User{ID: user}, Waker: waker})
}

func mustOpen(t testing.TB, h *Hub, service, id, user string) *Conn {
	t.Helper()
	c, err := tryOpen(h, service, id, user, &bell{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// frame joins the parts of a frame and checks that their length is as announced.
func frame(t testing.TB, o Outgoing) string {
	var b strings.Builder
	for part := range o.Parts() {
		b.WriteString(part)
	}
	if b.Len() != o.Len() {
		t.Errorf("frame %q says it has %d bytes", b.String(), o.Len())
	}
	return b.String()
}

// drain writes until the queue is empty, and returns the frames and the duty at the end.
func drain(t testing.TB, c *Conn) (frames []string, end Duty) {
	var b Batch
	for {
		if end = c.Next(&b); end != DutyWrite {
			return frames, end
		}
		for o := range b.Frames() {
			frames = append(frames, frame(t, o))
		}
	}
}

func mustSend(t testing.TB, s *Socket, mode Mode, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := s.Send(NewMessage(text), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// spec/websocket.md B.2 and F.5: what each profile makes of the same writes.
func TestBatching(t *testing.T) {
	type write struct {
		mode Mode
		text string
	}
	j := func(text string) write { return write{ModeJSON, text} }
	x := func(text string) write { return write{ModeText, text} }
	p := func(text string) write { return write{ModePlain, text} }
	tests := []struct {
		name   string
		writes []write
		v122   string
		v124   string
		native string
	}{
		{"text, two frames", []write{x("one"), x("two")}, "one|two", "one|two", "one|two"},
		{"one object", []write{j(`{"a":1}`)}, `[{"a":1}]`, `[{"a":1}]`, `[{"a":1}]`},
		{"objects that wait together", []write{j(`{"a":1}`), j(`{"b":2}`), j(`3`)}, `[{"a":1},{"b":2},3]`, `[{"a":1},{"b":2},3]`, `[{"a":1},{"b":2},3]`},
		{"items are not encoded", []write{j(`plain text`)}, `[plain text]`, `[plain text]`, `["plain text"]`},
		{"false after true stays JSON", []write{j(`{}`), x("Привет")}, `[{},Привет]`, `[{},Привет]`, `[{}]|Привет`},
		{"true after false stays text", []write{x("a"), j(`{}`), j(`[]`)}, `a|{}|[]`, `a|{}|[]`, `a|[{}]|[]`},
		{"array first", []write{j(`[1]`), j(`2`), j(`3`)}, `[[1],2,3]`, `[1]|[2,3]`, `[1]|[2,3]`},
		{"array alone", []write{j(`[1]`)}, `[[1]]`, `[1]`, `[1]`},
		{"array later", []write{j(`1`), j(`[2]`), j(`3`)}, `[1,[2],3]`, `[1,[2],3]`, `[1]|[2]|[3]`},
		{"two arrays", []write{j(`[1]`), j(`[2]`)}, `[[1],[2]]`, `[1]|[2]`, `[1]|[2]`},
		{"array after space", []write{j(` [1]`)}, `[ [1]]`, `[ [1]]`, ` [1]`},
		{"bracket that is no JSON", []write{j(`[x`)}, `[[x]`, `[x`, `["[x"]`},
		{"plain does not fix the mode", []write{p("$ok"), j(`{}`)}, `$ok|[{}]`, `$ok|[{}]`, `$ok|[{}]`},
		{"plain among items", []write{j(`1`), p("$ok"), j(`2`)}, `[1]|$ok|[2]`, `[1]|$ok|[2]`, `[1]|$ok|[2]`},
		{"empty texts", []write{j(``), j(``)}, `[,]`, `[,]`, `["",""]`},
		{"native quotes without HTML escapes", []write{j("<a>\"")}, "[<a>\"]", "[<a>\"]", `["<a>\""]`},
	}
	for _, tt := range tests {
		for profile, want := range map[Profile]string{Profile122: tt.v122, Profile124: tt.v124, Native: tt.native} {
			t.Run(tt.name+"/"+profile.String(), func(t *testing.T) {
				h := New(Config{Profile: profile})
				c := mustOpen(t, h, "m", "1", "u")
				for _, w := range tt.writes {
					mustSend(t, c.Socket(), w.mode, w.text)
				}
				frames, _ := drain(t, c)
				if got := strings.Join(frames, "|"); got != want {
					t.Errorf("frames are %s, want %s", got, want)
				}
			})
		}
	}
}

func TestQueueModeIsShown(t *testing.T) {
	h := New(Config{})
	s := mustOpen(t, h, "m", "1", "u").Socket()
	mustSend(t, s, ModePlain, "$ok")
	if got := s.Info().QueueMode; got != "" {
		t.Errorf("plain text fixed the mode as %q", got)
	}
	mustSend(t, s, ModeJSON, "1")
	mustSend(t, s, ModeText, "2")
	if got := s.Info().QueueMode; got != "json" {
		t.Errorf("mode is %q", got)
	}
	s = mustOpen(t, h, "m", "2", "u").Socket()
	mustSend(t, s, ModeText, "1")
	if got := s.Info().QueueMode; got != "text" {
		t.Errorf("mode is %q", got)
	}
}

func TestOneWakePerIdleQueue(t *testing.T) {
	h := New(Config{})
	b := &bell{}
	c, err := tryOpen(h, "m", "1", "u", b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		depth, err := c.Socket().Send(NewMessage("x"), ModeText)
		if err != nil || depth != i+1 {
			t.Fatalf("depth is %d, error %v", depth, err)
		}
	}
	if n := b.rung.Load(); n != 1 {
		t.Errorf("woken %d times for five messages", n)
	}
	drain(t, c)
	mustSend(t, c.Socket(), ModeText, "y")
	if n := b.rung.Load(); n != 2 {
		t.Errorf("woken %d times after the queue was empty and filled again", n)
	}
}

func TestReturnedMessagesComeFirstAgain(t *testing.T) {
	h := New(Config{})
	c := mustOpen(t, h, "m", "1", "u")
	s := c.Socket()
	mustSend(t, s, ModeText, "a", "b", "c")
	var b Batch
	if duty := c.Next(&b); duty != DutyWrite {
		t.Fatal(duty)
	}
	if n := s.Info().QueueMessages; n != 3 {
		t.Errorf("%d messages count while they are being written, want 3", n)
	}
	mustSend(t, s, ModeText, "d")
	c.Return(1)
	if info := s.Info(); info.QueueMessages != 3 || info.QueueBytes != 3 {
		t.Errorf("queue has %d messages, %d bytes", info.QueueMessages, info.QueueBytes)
	}
	c.Return(2) // a second return has nothing to give back
	if frames, _ := drain(t, c); !slices.Equal(frames, []string{"b", "c", "d"}) {
		t.Errorf("frames are %q", frames)
	}
}

func TestLongQueueComesInBatches(t *testing.T) {
	h := New(Config{})
	c := mustOpen(t, h, "m", "1", "u")
	var want []string
	for i := range 600 {
		want = append(want, fmt.Sprint(i))
	}
	mustSend(t, c.Socket(), ModeText, want...)
	var b Batch
	c.Next(&b)
	if n := len(b.messages); n != batchMessages {
		t.Errorf("the first batch has %d messages", n)
	}
	c.Return(0)
	if frames, _ := drain(t, c); !slices.Equal(frames, want) {
		t.Error("messages are lost or out of order")
	}
}

func TestQueueLimits(t *testing.T) {
	tests := []struct {
		name   string
		cfg    Config
		fits   []string
		beyond string
	}{
		{"messages", Config{MaxMessages: 2}, []string{"a", "b"}, "c"},
		{"bytes", Config{MaxBytes: 4}, []string{"aa", "bb"}, "c"},
		{"defaults", Config{}, []string{strings.Repeat("x", 1<<20)}, "c"},
		{"one message of any size", Config{MaxBytes: 4}, []string{"abcdefgh"}, "c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mustOpen(t, New(tt.cfg), "m", "1", "u")
			mustSend(t, c.Socket(), ModeText, tt.fits...)
			if _, err := c.Socket().Send(NewMessage(tt.beyond), ModeText); !errors.Is(err, ErrQueueFull) {
				t.Errorf("the message beyond the limit gave %v", err)
			}
			if n := c.Socket().Info().QueueMessages; n != len(tt.fits) {
				t.Errorf("%d messages wait", n)
			}
		})
	}
}

func TestOverflowClosesAfterTheGraceTime(t *testing.T) {
	for _, who := range []string{"the next send", "a tick"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := New(Config{MaxMessages: 1})
				b := &bell{}
				c, err := tryOpen(h, "m", "1", "u", b)
				if err != nil {
					t.Fatal(err)
				}
				s := c.Socket()
				mustSend(t, s, ModeText, "a")
				if next := c.Tick(time.Now()); !next.IsZero() {
					t.Error("a tick is wanted before the overflow")
				}
				s.Send(NewMessage("b"), ModeText)
				if b.rung.Load() != 2 {
					t.Error("the overflow woke nobody")
				}
				if frames, _ := drain(t, c); !slices.Equal(frames, []string{"a"}) {
					t.Errorf("what was queued before is not delivered: %q", frames)
				}
				time.Sleep(3 * time.Second)
				// A stream with a hole must not go on as if nothing had happened.
				if _, err := s.Send(NewMessage("c"), ModeText); !errors.Is(err, ErrQueueFull) {
					t.Errorf("a message within the grace time gave %v", err)
				}
				if next := c.Tick(time.Now()); time.Until(next) != 2*time.Second {
					t.Errorf("the next tick is wanted in %v", time.Until(next))
				}
				time.Sleep(2 * time.Second)
				if who == "a tick" {
					c.Tick(time.Now())
				} else if _, err := s.Send(NewMessage("d"), ModeText); !errors.Is(err, ErrQueueFull) {
					t.Errorf("the send that found the grace time over gave %v", err)
				}
				reason, closing := c.Closing()
				if !closing || reason.Code != CodeOverflow {
					t.Errorf("closing %v with %v", closing, reason)
				}
				if _, err := s.Send(NewMessage("e"), ModeText); !errors.Is(err, ErrClosed) {
					t.Errorf("a message after that gave %v", err)
				}
				if _, duty := drain(t, c); duty != DutyClose {
					t.Errorf("duty is %v", duty)
				}
			})
		})
	}
}

func TestFrameIsBuiltOnceAndShared(t *testing.T) {
	m := NewMessage("x")
	built := 0
	build := func() []byte { built++; return []byte("frame") }
	first, second := m.Frame(SlotText, build), m.Frame(SlotText, build)
	if built != 1 || &first[0] != &second[0] {
		t.Errorf("built %d times", built)
	}
	if m.Frame(SlotArray, build); built != 2 {
		t.Error("slots share a frame")
	}
}

func TestMessageTextIsUTF8(t *testing.T) {
	if got := NewMessage("a\xffb").Text(); got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}

// Messages of one sender arrive in the order of their sends, each exactly once, however many
// send at the same time.
func TestConcurrentSendersKeepTheirOrder(t *testing.T) {
	const senders, each = 8, 200
	h := New(Config{MaxMessages: senders * each})
	wakes := make(chan struct{}, 1<<16)
	c, err := tryOpen(h, "m", "1", "u", wakeFunc(func() { wakes <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range senders {
		wg.Go(func() {
			for i := range each {
				mustSend(t, c.Socket(), ModeText, fmt.Sprintf("%d %d", n, i))
			}
		})
	}
	next := make([]int, senders)
	for got := 0; got < senders*each; {
		<-wakes
		frames, _ := drain(t, c)
		for _, f := range frames {
			var n, i int
			fmt.Sscanf(f, "%d %d", &n, &i)
			if next[n] != i {
				t.Fatalf("sender %d: got %d, want %d", n, i, next[n])
			}
			next[n]++
		}
		got += len(frames)
	}
	wg.Wait()
}

type wakeFunc func()

func (f wakeFunc) Wake() { f() }
