package faults

import (
	"math/rand/v2"
)

// guest comes to a seat again and again, and never leaves as one should.
type guest struct {
	seat *seat
	all  []*seat // to whom it has the service send
	rnd  *rand.Rand
	now  *client // its latest connection; nil: none
}

// Sizes of a handshake, about: cuts below them are in the middle of it.
const (
	requestBytes  = 220
	responseBytes = 160
)

// round is one connection.
func (g *guest) round() {
	before := g.now
	if before != nil && g.rnd.IntN(3) > 0 { // otherwise the next one takes over from it
		before.snap(cut(g.rnd.IntN(cutKinds)))
		if g.rnd.IntN(2) == 0 {
			g.seat.rig.detached(before)
		}
	}
	p := stable
	p.how = cut(g.rnd.IntN(cutKinds))
	switch g.rnd.IntN(4) {
	case 0:
		p.in = g.rnd.IntN(responseBytes + 40<<10)
	case 1:
		p.out = g.rnd.IntN(requestBytes + 1000)
		p.piece = 1 + g.rnd.IntN(100)
	case 2:
		p.in = g.rnd.IntN(2 * responseBytes)
	}
	c, err := g.seat.dial(p)
	if err != nil {
		if err != errCut {
			g.seat.rig.t.Errorf("%s: %v", g.seat.key(), err)
		}
		return // the earlier connection is what it was
	}
	g.now = c
	g.behave(p)
	if before != nil {
		before.goOn()
	}
	if before != nil && !before.gone() && before.wait("the end of a connection that was taken over") != 4001 {
		// It may have been lost before the server noticed anything else.
		if before.line.wasCut() {
			return
		}
		g.seat.rig.t.Errorf("%s: a connection that was taken over was closed with %d", g.seat.key(), before.code)
	}
}

// settleDown comes a last time, to stay.
func (g *guest) settleDown() *client {
	c := g.seat.open()
	if g.now != nil {
		g.now.goOn()
		g.now.wait("the end of an earlier connection")
	}
	return c
}

// behave uses the connection until its plan cuts it, or for a few messages.
func (g *guest) behave(p plan) {
	c := g.now
	frames := 1 + g.rnd.IntN(20)
	if p.in >= 0 {
		c.wait("the cut of its plan")
		return
	}
	for n := 0; p.out >= 0 || n < 3; n++ {
		if c.order(g.all[g.rnd.IntN(len(g.all))].key()) != nil {
			break
		}
	}
	if g.rnd.IntN(4) == 0 {
		c.hold()
		return
	}
	g.seat.rig.until("frames come", func() bool { return c.gone() || c.count() >= frames })
}
