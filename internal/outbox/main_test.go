package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const patience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is a connection of a durable socket, whose client reads and confirms when it is told to.
type client struct {
	*hub.Conn
	heard chan struct{}

	mu          sync.Mutex
	batch       hub.Batch
	got         []string
	unconfirmed []hub.Receipt
}

// newClient connects a client to a hub of its own, whose queues take so many messages.
func newClient(t testing.TB, room int) *client {
	t.Helper()
	return connect(t, newHub(room), alice.Key)
}

func newHub(room int) *hub.Hub {
	return hub.New(hub.Config{MaxMessages: room, MaxBytes: 64 << 20, ResumeWindow: time.Hour})
}

// connect opens a socket, or gives it another connection.
func connect(t testing.TB, h *hub.Hub, key string) *client {
	t.Helper()
	service, id, _, err := hub.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{heard: make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Conn, err = h.Open(hub.OpenRequest{Key: key, Service: service, StatefulID: id, Durable: true, Waker: c}); err != nil {
		t.Fatal(err)
	}
	return c
}

// Wake is called by the hub.
func (c *client) Wake() {
	select {
	case c.heard <- struct{}{}:
	default:
	}
}

// read takes what is in the queue.
func (c *client) read() {
	for c.Next(&c.batch) == hub.DutyWrite {
		for frame := range c.batch.Frames() {
			for _, m := range frame.Messages {
				c.got = append(c.got, m.Text())
			}
		}
		c.unconfirmed = c.batch.AppendReceipts(c.unconfirmed)
	}
}

// waiting is how many messages are in the queue.
func (c *client) waiting() int { return c.Socket().Info().QueueMessages }

// confirm confirms the n oldest of what was read, all if n is negative, and returns how many that were.
func (c *client) confirm(n int) int {
	c.mu.Lock()
	c.read()
	if n < 0 || n > len(c.unconfirmed) {
		n = len(c.unconfirmed)
	}
	now := c.unconfirmed[:n:n]
	c.unconfirmed = c.unconfirmed[n:]
	c.mu.Unlock()
	for _, r := range now {
		r.Received()
	}
	return n
}

// texts returns all that the client has got.
func (c *client) texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read()
	return slices.Clone(c.got)
}

// reads waits until the client has n messages, and confirms as it reads if it is told to.
func (c *client) reads(t testing.TB, n int, confirming bool) []string {
	t.Helper()
	deadline := time.After(patience)
	for {
		if confirming {
			c.confirm(-1)
		}
		if got := c.texts(); len(got) >= n {
			if confirming {
				c.confirm(-1)
			}
			return got
		}
		select {
		case <-c.heard:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			got := c.texts()
			t.Fatalf("%d of %d messages came, the last %q", len(got), n, got[max(0, len(got)-3):])
		}
	}
}

func openOutbox(t testing.TB, js jetstream.JetStream, cfg Config) *Outbox {
	t.Helper()
	if cfg.Writer == "" {
		cfg.Writer = fmt.Sprintf("%016x", time.Now().UnixNano())
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	o, err := Open(t.Context(), js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

func endOf(t testing.TB, o *Outbox) Position {
	t.Helper()
	pos, err := o.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

func flush(t testing.TB, o *Outbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := o.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// send sends texts over a line, and returns when all are stored.
func send(t testing.TB, l *Line, texts ...string) {
	t.Helper()
	outcome := make(chan error, len(texts))
	for _, text := range texts {
		l.Send(hub.NewMessage(text), hub.ModeText, func(_ int, err error) { outcome <- err })
	}
	for range texts {
		if err := wait(t, outcome); err != nil {
			t.Fatal(err)
		}
	}
}

func wait[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func numbered(prefix string, from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprintf("%s%d", prefix, i))
	}
	return texts
}

func equal(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		at := 0
		for at < len(got) && at < len(want) && got[at] == want[at] {
			at++
		}
		t.Fatalf("got %d messages, want %d; they differ at %d: %s", len(got), len(want), at, strings.Join(got[at:min(at+5, len(got))], " "))
	}
}
