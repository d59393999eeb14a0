package faults

import (
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// queueOf is how many messages a queue of these tests holds.
const queueOf = 60

// TestOverflow: readers stall and come back, and sockets are written to that nobody reads, under each policy. What
// does not fit is announced, to the message.
func TestOverflow(t *testing.T) {
	for _, policy := range []string{"disconnect", "drop-oldest", "conflate"} {
		t.Run(policy, func(t *testing.T) {
			rnd := chance(t)
			r, _ := newRig(t, "queue.max_messages=60", "queue.grace=50ms", "queue.overflow="+policy)
			seat := &seat{rig: r, service: "mail", id: policy, user: "11", buffer: 128 << 10}
			plain, keyed := r.sender("plain"), r.sender("keyed")
			keyed.key = "price"
			send := func() { // twice as much as fits
				for range 2 * queueOf / 5 {
					[]*sender{plain, keyed}[rnd.IntN(2)].batch(slices.Repeat([]string{seat.key()}, 5)...)
				}
			}
			c := seat.open()
			for range rounds(2) {
				plain.pad = padding[:10<<10]
				c.hold()
				r.fill(plain, seat.key())
				plain.pad = ""
				send()
				if n := r.socket(seat.key()).Queue.Messages; n > queueOf {
					t.Errorf("%d messages wait, of %d at most", n, queueOf)
				}
				c = comeBack(c, policy)
				r.until("what waited is read", func() bool { return r.socket(seat.key()).Queue.Messages == 0 })
				plain.sendTo(seat.key(), 1)
				c.expect(plain.name, plain.last)
				c.hist.Ended(history.Whole) // all has come
				c.snap(resets)
				r.detached(c)
				send()
				c = seat.open()
				r.until("what waited is read", func() bool { return r.socket(seat.key()).Queue.Messages == 0 })
			}
			v := r.settle(c)
			if v.Announced < queueOf || v.Forgotten+v.Unsure > 0 {
				t.Error("too little was dropped, or too much lost")
			}
			bye(c)
		})
	}
}

// comeBack has a client that stalled read again, and returns it or the one that resumes after the server closed it.
func comeBack(c *client, policy string) *client {
	c.seat.rig.t.Helper()
	if policy == "drop-oldest" {
		c.goOn()
		return c
	}
	r := c.seat.rig
	r.until("a connection that stalls is closed", func() bool { return r.socket(c.seat.key()).State == "detached" })
	c.goOn()
	if code := c.wait("1013"); code != 1013 && code != 1006 { // it is dropped if it takes the rest too slowly
		r.t.Errorf("a connection whose queue overflowed was closed with %d", code)
	}
	return c.seat.open()
}
