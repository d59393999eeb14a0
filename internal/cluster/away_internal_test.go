package cluster

import (
	"errors"
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
)

// A durable socket without a line has just moved: the message is to follow it.
func TestADurableSocketThatHasMovedIsAway(t *testing.T) {
	h := hub.New(hub.Config{Node: "n1"})
	c := New(h)
	c.claims = newClaims(nil)
	key := hub.BuildKey("s", "a")
	if _, err := h.Open(hub.OpenRequest{Key: key, Service: "s", StatefulID: "a", User: hub.User{ID: "1"}, Waker: still{}, Durable: true}); err != nil {
		t.Fatal(err)
	}
	var got outcomes
	away := c.deliverHere([]string{key}, hub.NewMessage("m"), hub.ModeText, func(d outcomes) { got = d })
	if !slices.Equal(away, []string{key}) || got.addressed != 0 {
		t.Errorf("away: %v, addressed: %d", away, got.addressed)
	}
}

// One that moves while the message is on its way to the store is not one that has it.
func TestADurableSocketThatMovesMeanwhileHasNothing(t *testing.T) {
	h := hub.New(hub.Config{Node: "n1"})
	c := New(h)
	c.claims = newClaims(nil)
	key := hub.BuildKey("s", "a")
	if _, err := h.Open(hub.OpenRequest{Key: key, Service: "s", StatefulID: "a", User: hub.User{ID: "1"}, Waker: still{}, Durable: true}); err != nil {
		t.Fatal(err)
	}
	c.lines.open(key, new(outbox.Line))
	c.frozen.Store(true)
	var got outcomes
	c.deliverHere([]string{key}, hub.NewMessage("m"), hub.ModeText, func(d outcomes) { got = d })
	if !errors.Is(got.why, hub.ErrNotStored) {
		t.Errorf("%+v", got)
	}
}
