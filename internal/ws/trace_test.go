package ws

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

type noWaker struct{}

func (noWaker) Wake() {}

func openSocket(t *testing.T, h *hub.Hub, id string) *hub.Conn {
	t.Helper()
	c, err := h.Open(hub.OpenRequest{Key: hub.BuildKey("x", id), Service: "x", StatefulID: id, Waker: noWaker{}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATraceIsKeptForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		socket := openSocket(t, hub.New(hub.Config{}), "a").Socket()
		s.traces.in(socket, "nobody watches")
		one, err := s.Trace(socket)
		if err != nil {
			t.Fatal(err)
		}
		s.traces.in(socket, "a")
		one.Leave()
		time.Sleep(traceLinger - time.Second)
		s.traces.in(socket, "b")
		two, err := s.Trace(socket)
		if err != nil || two.ID() != one.ID() || two.Last() != 2 {
			t.Errorf("the trace is another, or has %d frames: %v", two.Last(), err)
		}
		time.Sleep(2 * traceLinger)
		if s.traces.count.Load() != 1 {
			t.Error("a trace is forgotten while somebody watches")
		}
		two.Leave()
		time.Sleep(traceLinger + time.Second)
		synctest.Wait()
		if n := s.traces.count.Load(); n != 0 || len(s.traces.byKey) != 0 {
			t.Errorf("%d traces are kept", n)
		}
		three, err := s.Trace(socket)
		if err != nil || three.ID() == one.ID() || three.Last() != 0 {
			t.Errorf("a later trace goes on with the earlier one: %v", err)
		}
	})
}

func TestTracesAreBounded(t *testing.T) {
	var s Server
	h := hub.New(hub.Config{})
	var first *Trace
	for i := range maxTraces {
		trace, err := s.Trace(openSocket(t, h, fmt.Sprint(i)).Socket())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = trace
		}
	}
	more := openSocket(t, h, "more").Socket()
	if _, err := s.Trace(more); err != ErrTraces {
		t.Errorf("one trace more gives %v", err)
	}
	first.Leave() // its frames are kept, and give way
	if _, err := s.Trace(more); err != nil {
		t.Error(err)
	}
	if n := s.traces.count.Load(); int(n) != maxTraces || len(s.traces.byKey) != maxTraces {
		t.Errorf("%d traces", n)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	var s Server
	conn := openSocket(t, hub.New(hub.Config{}), "a")
	trace, err := s.Trace(conn.Socket())
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ж", maxTracedText) // two bytes each
	s.traces.in(conn.Socket(), "x"+long)
	for range 2 {
		if _, err := conn.Socket().Send(hub.NewMessage("x"+long), hub.ModeJSON); err != nil {
			t.Fatal(err)
		}
	}
	var batch hub.Batch
	conn.Next(&batch)
	for frame := range batch.Frames() {
		s.traces.out(conn.Socket(), frame)
	}
	s.traces.ended(conn.Socket(), hub.Reason{Code: 1000})
	var got []string
	for f := range trace.Follow(t.Context(), 0) {
		got = append(got, fmt.Sprint(f.Out, len(f.Text), f.Bytes, f.Ended))
	}
	want := []string{"false 16383 32769 <nil>", "true 16384 65541 <nil>", "false 0 0 1000"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestANewSocketWithTheKeyHasItsOwnTrace, and whoever watches the one before learns of its end.
func TestANewSocketWithTheKeyHasItsOwnTrace(t *testing.T) {
	var s Server
	h := hub.New(hub.Config{})
	old := openSocket(t, h, "a")
	first, err := s.Trace(old.Socket())
	if err != nil {
		t.Fatal(err)
	}
	old.CloseWith(hub.Reason{Code: 1000}) // it still drains
	next := openSocket(t, h, "a").Socket()
	second, err := s.Trace(next)
	if err != nil || second.ID() == first.ID() {
		t.Fatalf("the same trace: %v", err)
	}
	s.traces.in(old.Socket(), "of the old one")
	s.traces.ended(old.Socket(), hub.Reason{Code: 1000})
	s.traces.in(next, "of the new one")
	if !first.Ended() || second.Ended() || second.Last() != 1 {
		t.Errorf("first ended: %v; second ended: %v, frames %d", first.Ended(), second.Ended(), second.Last())
	}
}

func TestASocketThatIsGoneHasNoTraceThatWaits(t *testing.T) {
	var s Server
	conn := openSocket(t, hub.New(hub.Config{}), "a")
	conn.Ended(hub.Reason{Code: 1000})
	trace, err := s.Trace(conn.Socket())
	if err != nil || !trace.Ended() {
		t.Errorf("it waits: %v", err)
	}
}

// BenchmarkTraceUnwatched is what each frame pays while nobody watches any socket.
func BenchmarkTraceUnwatched(b *testing.B) {
	var s Server
	h := hub.New(hub.Config{})
	conn, err := h.Open(hub.OpenRequest{Key: hub.BuildKey("x", "a"), Service: "x", StatefulID: "a", Waker: noWaker{}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.traces.in(conn.Socket(), "a text")
	}
}
