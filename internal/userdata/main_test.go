package userdata_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is the time a test gives its store.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// openStore opens a store that is closed before the server under it.
func openStore(t testing.TB, js jetstream.JetStream, cfg userdata.Config) *userdata.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := userdata.Open(ctx, js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// newStore is a store of its own with a clock that stands still.
func newStore(t testing.TB) (*userdata.Store, *clock) {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	c := newClock()
	return openStore(t, js, userdata.Config{Clock: c.Now}), c
}

func mustSet(t testing.TB, s *userdata.Store, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Set(t.Context(), key, json.RawMessage(value), ttl); err != nil {
		t.Fatal(err)
	}
}

func mustJoin(t testing.TB, s *userdata.Store, key, person, socket string, ttl time.Duration) {
	t.Helper()
	if err := s.Join(t.Context(), key, person, socket, time.Time{}, ttl); err != nil {
		t.Fatal(err)
	}
}

// wantValue checks what a key holds; "" means nothing.
func wantValue(t testing.TB, s *userdata.Store, key, want string) {
	t.Helper()
	value, ok, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if ok != (want != "") || string(value) != want {
		t.Errorf("%q holds %s (%v), want %s", key, value, ok, want)
	}
}
