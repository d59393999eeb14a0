package ws

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// tally counts how often each message was written.
type tally struct {
	mu    sync.Mutex
	times map[string]int
	all   chan struct{} // closed when want have been
	want  int
}

func (a *tally) follow(m *hub.Message, name string) *hub.Message {
	return m.Watched(mark{a, name})
}

type mark struct {
	tally *tally
	name  string
}

func (m mark) Written(key string, began time.Time) {
	m.tally.mu.Lock()
	defer m.tally.mu.Unlock()
	if key == "" || began.IsZero() || time.Since(began) < 0 {
		m.tally.times["nonsense"]++
	}
	m.tally.times[m.name]++
	if m.tally.want--; m.tally.want == 0 {
		close(m.tally.all)
	}
}

// Each message that left was seen leaving once, whatever it was packed and written with.
func TestWritesAreSeenOncePerMessage(t *testing.T) {
	const n = 60
	seen := &tally{times: map[string]int{}, all: make(chan struct{}), want: n}
	r := newRig(t, rigConfig{})
	r.onMessage = func(_ context.Context, s *hub.Socket, _ string) error {
		for i := range n {
			mode, size := hub.ModeText, 10
			if i/10%2 == 1 { // runs of items, and of frames of their own
				mode = hub.ModeJSON
			}
			if i%7 == 0 {
				size = 40 << 10 // not through the buffer
			}
			if _, err := s.Send(seen.follow(hub.NewMessage(repeat("x", size)), fmt.Sprint(i)), mode); err != nil {
				return err
			}
			if _, err := s.Send(hub.NewMessage("unseen"), hub.ModePlain); err != nil {
				return err
			}
		}
		return nil
	}
	c := dial(t, r.url, "/services/echo")
	c.text("x")
	go func() {
		for { // until the connection ends
			if _, _, err := c.next(); err != nil {
				return
			}
		}
	}()
	within(t, seen.all, "the last write")
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for name, times := range seen.times {
		if times != 1 || name == "nonsense" {
			t.Errorf("message %s was seen %d times", name, times)
		}
	}
	if len(seen.times) != n {
		t.Errorf("%d messages were seen", len(seen.times))
	}
}
