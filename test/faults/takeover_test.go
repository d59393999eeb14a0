package faults

import (
	"slices"
	"sync"
	"testing"
)

// TestTakeoverRace: several connections of one user ask for one id at once, again and again, while messages
// flow. All but the last get 4001, and every message comes once, on one of them.
func TestTakeoverRace(t *testing.T) {
	rnd := chance(t)
	r, _ := newRig(t)
	seats := r.seatsOf(3, "11", "12")
	stay := make([]*client, len(seats))
	for i, s := range seats {
		stay[i] = s.open()
	}
	f := r.flow(rnd, true, seats...)
	var racing sync.WaitGroup
	for i, s := range seats {
		rnd := child(rnd)
		racing.Go(func() {
			for range rounds(10) {
				if stay[i] = s.race(stay[i], 2+rnd.IntN(4)); stay[i] == nil {
					return
				}
			}
		})
	}
	racing.Wait()
	f.end()
	if t.Failed() {
		return
	}
	v := r.settle(stay...)
	if v.Torn+v.Forgotten+v.Announced > 0 {
		t.Error("a takeover loses messages")
	}
	bye(stay...)
}

// race opens n connections at once where one is open, and returns the one that stays.
func (s *seat) race(first *client, n int) *client {
	var asking sync.WaitGroup
	clients := make([]*client, n)
	for i := range clients {
		asking.Go(func() {
			var err error
			if clients[i], err = s.dial(stable); err != nil {
				s.rig.t.Errorf("%s: %v", s.key(), err)
			}
		})
	}
	asking.Wait()
	if s.rig.t.Failed() {
		return nil
	}
	if code := first.wait("4001"); code != 4001 {
		s.rig.t.Errorf("%s: the connection that was taken over was closed with %d", s.key(), code)
	}
	var stays *client
	s.rig.until("all but one are closed", func() bool {
		left := 0
		for _, c := range clients {
			if !c.gone() {
				left++
				stays = c
			}
		}
		return left <= 1
	})
	if stays == nil {
		s.rig.t.Errorf("%s: no connection stays", s.key())
	}
	for _, c := range clients {
		if c != stays && c.wait("4001") != 4001 {
			s.rig.t.Errorf("%s: a connection was closed with %d", s.key(), c.code)
		}
	}
	return stays
}

// TestStalledConnectionIsTakenOver: the older connection reads nothing for a while, so that the server sits on a
// half-written buffer. What it has read in the end, and what the newer one gets, are all messages, each once.
func TestStalledConnectionIsTakenOver(t *testing.T) {
	r, _ := newRig(t, "ws.write_timeout=300ms")
	s := &seat{rig: r, service: "mail", id: "stalled", user: "11", buffer: 128 << 10}
	old := s.open()
	old.hold()
	from := r.sender("api")
	from.pad = padding[:10<<10]
	r.fill(from, s.key())
	from.pad = "" // many frames in a buffer
	from.sendTo(s.key(), 60)
	now := s.open()
	from.sendTo(s.key(), 3)
	now.expect("api", from.last)
	old.goOn()
	old.wait("the end of a stalled connection")
	r.settle(now)
	bye(now)
}

// fill sends until messages wait in the queue: the kernel takes no more.
func (r *rig) fill(from *sender, key string) {
	r.t.Helper()
	many := slices.Repeat([]string{key}, 20)
	r.until("the kernel is full", func() bool {
		from.batch(many...)
		return r.socket(key).Queue.Messages > 20
	})
}

// TestSomebodyElseClaimsTheID: another user asks for the id at every moment and never gets it, nor a byte of
// what is sent to it.
func TestSomebodyElseClaimsTheID(t *testing.T) {
	rnd := chance(t)
	r, _ := newRig(t)
	mine := &seat{rig: r, service: "mail", id: "mine", user: "11"}
	stay := mine.open()
	f := r.flow(rnd, true, mine)
	thief := &seat{rig: r, service: "mail", id: "mine", user: "66"}
	var stealing sync.WaitGroup
	for range 3 {
		stealing.Go(func() {
			for range rounds(40) {
				if c, err := thief.dial(stable); !isRefused(err, 403) {
					t.Errorf("another user got %v %v", c, err)
				}
			}
		})
	}
	for range rounds(8) {
		if stay = mine.race(stay, 2); stay == nil {
			break
		}
	}
	stealing.Wait()
	f.end()
	if t.Failed() {
		return
	}
	r.settle(stay)
	bye(stay)
}
