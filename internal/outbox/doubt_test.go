package outbox

import (
	"errors"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// A live line gets a message of which only the answer was lost.
func TestAnAnswerThatWasLost(t *testing.T) {
	node := startNode(t)
	o := openOutbox(t, node.js, Config{Timeout: 300 * time.Millisecond})
	l := o.Begin(alice, endOf(t, o))
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	send(t, l, "one")
	node.proxy.hold(true)
	done := make(chan error, 1)
	l.Send(hub.NewMessage("two"), hub.ModeText, func(_ int, err error) { done <- err })
	if err := wait(t, done); !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	node.proxy.hold(false)
	equal(t, c.reads(t, 2, true), []string{"one", "two"})
	until(t, "live", l.Live)
}

// A line that takes itself for further than it is reads again when it hears of an entry.
func TestALineThatWasTooSure(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	send(t, l, "one")
	c.reads(t, 1, true)
	l.p.mu.Lock()
	l.fed += 100
	l.p.mu.Unlock()
	send(t, l, "two")
	equal(t, c.reads(t, 2, true), []string{"one", "two"})
	until(t, "live", l.Live)
}

// That a connection is over may be heard when the socket has the next one.
func TestADetachingThatComesLate(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	h := newHub(100)
	first := connect(t, h, alice.Key)
	_ = l.Attach(t.Context(), first.Conn)
	first.Ended(hub.Reason{Code: hub.CodeLost})
	second := connect(t, h, alice.Key)
	_ = l.Attach(t.Context(), second.Conn)
	l.Lost()
	send(t, l, "one")
	equal(t, second.reads(t, 1, false), []string{"one"})
	second.Ended(hub.Reason{Code: hub.CodeLost})
	l.Lost()
	if l.Live() {
		t.Error("the line is live without a connection")
	}
	third := connect(t, h, alice.Key)
	_ = l.Attach(t.Context(), third.Conn)
	equal(t, third.reads(t, 1, true), []string{"one"})
}
