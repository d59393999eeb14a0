package faults

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// TestQueueComesOnceAfterEveryCut: what a connection was handed has come, it is cut in each way, messages wait for
// the socket, and the next connection gets these and no other.
func TestQueueComesOnceAfterEveryCut(t *testing.T) {
	r, s := newRig(t)
	seat := &seat{rig: r, service: "mail", id: "one", user: "11"}
	from := r.sender("api")
	c := seat.open()
	for round := range rounds(4) {
		for how := range cutKinds {
			from.sendTo(seat.key(), 5)
			c.expect(from.name, from.last)
			c.hist.Ended(history.Whole) // nothing was on its way
			c.snap(cut(how))
			r.detached(c)
			from.sendTo(seat.key(), 5)
			from.script(3, seat.key())
			if round%2 == 1 { // and a connection that lives as long as nobody sends
				c = seat.open()
				c.expect(from.name, from.last)
				c.hist.Ended(history.Whole)
				c.snap(cut(how))
				r.detached(c)
				from.sendTo(seat.key(), 2)
			}
			c = seat.open()
			from.sendTo(seat.key(), 1)
			c.expect(from.name, from.last)
		}
	}
	if v := r.settle(c); v.Torn+v.Announced+v.Forgotten > 0 {
		t.Error("a cut loses what was not handed over")
	}
	bye(c)
	s.Lines.Expect(t, "closed "+seat.key()+" with 1000")
}

// TestQueueOutlivesAStalledConnection: a client that reads nothing is cut off while the server is in the middle of
// a write. What was not handed to the kernel comes on the next connection.
func TestQueueOutlivesAStalledConnection(t *testing.T) {
	rnd := chance(t)
	r, _ := newRig(t)
	seat := &seat{rig: r, service: "mail", id: "stalled", user: "11", buffer: 128 << 10}
	from := r.sender("api")
	c := seat.open()
	for range rounds(1) {
		for how := range cutKinds {
			from.pad = padding[:10<<10+rnd.IntN(10<<10)]
			c.hold()
			r.fill(from, seat.key())
			from.pad = padding[:rnd.IntN(200)]
			from.sendTo(seat.key(), 50)
			c.snap(cut(how))
			r.detached(c)
			waiting := r.socket(seat.key()).Queue.Messages
			if waiting < 50 {
				t.Errorf("%d messages wait, which were at least 50", waiting)
			}
			c = seat.open()
			c.expect(from.name, from.last)
			// What its writer held was counted until the writer gave up.
			if got := c.messages(); got < 50 || got > waiting {
				t.Errorf("%d messages came, %d waited", got, waiting)
			}
		}
	}
	r.settle(c)
	bye(c)
}

// TestQueueOutlivesHandshakesThatFail: connections that want to resume a socket break in the middle of their
// request, others want it who must not have it. It keeps its queue.
func TestQueueOutlivesHandshakesThatFail(t *testing.T) {
	rnd := chance(t)
	r, _ := newRig(t)
	seat := &seat{rig: r, service: "mail", id: "wanted", user: "11"}
	other := &seatOfAnother{seat}
	from := r.sender("api")
	c := seat.open()
	for range rounds(4) {
		from.sendTo(seat.key(), 2)
		c.expect(from.name, from.last)
		c.hist.Ended(history.Whole)
		c.snap(resets)
		r.detached(c)
		from.sendTo(seat.key(), 20)
		var trying sync.WaitGroup
		for range 6 {
			p := plan{in: -1, out: 1 + rnd.IntN(100), how: cut(rnd.IntN(cutKinds)), piece: 1 + rnd.IntN(20)}
			trying.Go(func() {
				if c, err := seat.dial(p); err == nil {
					t.Errorf("%s: half a request opened a socket: %v", seat.key(), c)
				}
			})
			trying.Go(func() { other.claim() })
		}
		trying.Wait()
		if s := r.socket(seat.key()); s.State != "detached" || s.Queue.Messages != 20 {
			t.Errorf("after failed handshakes the socket is %s with %d messages", s.State, s.Queue.Messages)
		}
		c = seat.open()
		c.expect(from.name, from.last)
	}
	if v := r.settle(c); v.Torn+v.Announced+v.Forgotten > 0 {
		t.Error("a handshake that fails loses messages")
	}
	bye(c)
}

// seatOfAnother is a seat that somebody else wants.
type seatOfAnother struct{ seat *seat }

// claim asks for the seat as another user, who must be refused.
func (o *seatOfAnother) claim() {
	s := &seat{rig: o.seat.rig, service: o.seat.service, id: o.seat.id, user: "thief"}
	if c, err := s.dial(stable); !isRefused(err, 403) {
		o.seat.rig.t.Errorf("another user who wants %s gets %v %v", s.key(), c, err)
	}
}

// TestCutsAtAnyByte: clients come and go in every way while all sorts of senders send to them. In the end
// everything is accounted for.
func TestCutsAtAnyByte(t *testing.T) {
	rnd := chance(t)
	r, s := newRig(t)
	seats := r.seatsOf(6, "11", "12", "13")
	stay := make([]*client, len(seats))
	for i, s := range seats {
		stay[i] = s.open()
	}
	f := r.flow(rnd, true, seats...)
	var coming sync.WaitGroup
	for i, s := range seats {
		g := &guest{seat: s, all: seats, rnd: child(rnd), now: stay[i]}
		coming.Go(func() {
			for range rounds(25) {
				g.round()
			}
			stay[i] = g.settleDown()
		})
	}
	coming.Wait()
	f.end()
	v := r.settle(stay...)
	if v.Delivered < 1000 || v.Torn == 0 {
		t.Errorf("%d delivered and %d torn: this is no load", v.Delivered, v.Torn)
	}
	if v.Forgotten+v.Announced > 0 {
		t.Error("messages are forgotten or dropped that no queue was too small for")
	}
	bye(stay...)
	for _, seat := range seats {
		s.Lines.Expect(t, fmt.Sprintf("closed %s with 1000", seat.key()))
	}
}
