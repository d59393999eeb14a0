package faults

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// house is a server that is stopped and started again on the same data.
type house struct {
	t        *testing.T
	data     string
	app      servertest.Option
	settings servertest.Option
	*servertest.Server
}

func newHouse(t *testing.T, settings ...string) *house {
	h := &house{
		t: t, data: filepath.Join(t.TempDir(), "data"),
		app: servertest.App(services("mail", "post")), settings: set(t, settings...),
	}
	h.start()
	return h
}

func (h *house) start() {
	data := func(_ testing.TB, cfg *server.Config) { cfg.Settings.Data = h.data }
	h.Server = servertest.Start(h.t, h.app, h.settings, data)
}

// drain stops the server as SIGTERM does, and waits for the end.
func (h *house) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	if err := h.Drain(ctx); err != nil {
		h.t.Errorf("drain: %v", err)
	}
}

// TestDrainUnderLoad: a server is drained while messages flow and connections are cut, and started again, twice.
// Everybody hears 1012, and what waited and what was taken while the server stopped comes once, in order.
func TestDrainUnderLoad(t *testing.T) {
	rnd := chance(t)
	h := newHouse(t, "shutdown.drain=5s", "queue.max_messages=1000000", "queue.max_bytes=1GiB") // who is away gets all
	r := rigAt(t, h.URL(), h.Token())
	seats := r.seatsOf(8, "11", "12", "13")
	for _, s := range seats {
		s.buffer = 128 << 10
	}
	clients := make([]*client, len(seats))
	open := func(from, to int) {
		for i := from; i < to; i++ {
			clients[i] = seats[i].open()
		}
	}
	open(0, len(seats))
	for range rounds(1) {
		f := r.flow(rnd, true, seats...)
		r.until("messages flow", func() bool { return f.sent.Load() > 50 })
		clients[0].hold() // it reads nothing until all is over
		var ending sync.WaitGroup
		ending.Go(h.drain)
		for i := range 2 { // and these are cut meanwhile
			cutter := child(rnd)
			ending.Go(func() {
				before := f.sent.Load()
				r.until("some time has passed", func() bool { return f.sent.Load() > before+int64(cutter.IntN(40)) || clients[1+i].gone() })
				clients[1+i].snap(cut(cutter.IntN(cutKinds)))
			})
		}
		for i, c := range clients[3:] {
			ending.Go(func() {
				if code := c.wait("1012"); code != 1012 {
					t.Errorf("%s was closed with %d %s, want 1012", seats[3+i].key(), code, c.reason)
				}
			})
		}
		ending.Wait()
		f.end()
		clients[0].goOn()
		clients[0].wait("the end")
		if t.Failed() {
			return
		}
		h.start()
		r.move(h.URL(), h.Token())
		(&seatOfAnother{seats[3]}).claim()
		from := r.sender("between")
		for _, s := range seats {
			if state := r.socket(s.key()).State; state != "detached" {
				t.Errorf("after a restart %s is %q", s.key(), state)
			}
			from.sendTo(s.key(), 2)
		}
		open(0, 4)
		h.Stop(t) // at once, and half of them have not come back
		h.start()
		r.move(h.URL(), h.Token())
		for _, c := range clients[:4] {
			c.wait("1012")
		}
		open(0, len(seats))
		for i, c := range clients {
			from.sendTo(seats[i].key(), 1)
			c.expect(from.name, from.last)
		}
	}
	v := r.settle(clients...)
	if v.Forgotten > 0 {
		t.Error("a restart loses messages")
	}
	bye(clients...)
}

// TestWindowsGoOnAfterARestart: the window of a socket whose client stays away goes on after a restart, and its hook
// runs there, once. The client that comes later hears how much it has lost.
func TestWindowsGoOnAfterARestart(t *testing.T) {
	h := newHouse(t, "resume.window=4s", "shutdown.drain=2s")
	r := rigAt(t, h.URL(), h.Token())
	seat := &seat{rig: r, service: "mail", id: "away", user: "11"}
	from := r.sender("api")
	c := seat.open()
	from.sendTo(seat.key(), 2)
	c.expect(from.name, from.last)
	c.hist.Ended(history.Whole)
	c.snap(resets)
	r.detached(c)
	from.sendTo(seat.key(), 7)
	h.drain()
	h.start()
	r.move(h.URL(), h.Token())
	h.Lines.Expect(t, "closed "+seat.key()+" with 1006")
	c = seat.open()
	if v := r.settle(c); v.Announced != 7 || c.hist.Missed("expired") != 7 {
		t.Errorf("7 messages expired, and %d are announced", v.Announced)
	}
	bye(c)
}
