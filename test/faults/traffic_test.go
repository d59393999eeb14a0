package faults

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// traffic is what is sent to seats while they are disturbed, in every way there is to send.
type traffic struct {
	rig   *rig
	seats []*seat
	stop  atomic.Bool
	going sync.WaitGroup
	sent  atomic.Int64
}

// flow starts the traffic. Nobody sends by script unless scripts is true: they hear nothing of a socket that is gone.
func (r *rig) flow(rnd *rand.Rand, scripts bool, seats ...*seat) *traffic {
	f := &traffic{rig: r, seats: seats}
	f.run(child(rnd), "api", func(s *sender, rnd *rand.Rand) { s.send(f.any(rnd)) })
	f.run(child(rnd), "batch", func(s *sender, rnd *rand.Rand) { s.batch(f.any(rnd), f.any(rnd), f.any(rnd)) })
	f.run(child(rnd), "user", func(s *sender, rnd *rand.Rand) {
		user := f.seats[rnd.IntN(len(f.seats))].user
		s.group(map[string]any{"user_id": user}, f.keysOf(user)...)
	})
	f.run(child(rnd), "keys", func(s *sender, _ *rand.Rand) {
		keys := f.keysOf("")
		s.group(map[string]any{"keys": keys}, keys...)
	})
	if scripts {
		f.run(child(rnd), "script", func(s *sender, rnd *rand.Rand) { s.script(3, f.any(rnd)) })
	}
	return f
}

// run sends again and again, in sizes from nothing to more than one packet.
func (f *traffic) run(rnd *rand.Rand, name string, send func(*sender, *rand.Rand)) {
	s := f.rig.sender(name)
	f.going.Go(func() {
		for !f.stop.Load() {
			s.pad = padding[:rnd.IntN(64)]
			if rnd.IntN(8) == 0 {
				s.pad = padding[:rnd.IntN(len(padding))]
			}
			send(s, rnd)
			f.sent.Add(1)
		}
	})
}

var padding = func() string {
	text := make([]byte, 20<<10)
	for i := range text {
		text[i] = 'a' + byte(i%26)
	}
	return string(text)
}()

func (f *traffic) any(rnd *rand.Rand) string { return f.seats[rnd.IntN(len(f.seats))].key() }

// keysOf are the keys of a user, or of all.
func (f *traffic) keysOf(user string) (keys []string) {
	for _, s := range f.seats {
		if user == "" || s.user == user {
			keys = append(keys, s.key())
		}
	}
	return keys
}

// end stops the traffic and waits for the last answers.
func (f *traffic) end() {
	f.stop.Store(true)
	f.going.Wait()
}

// seatsOf are n seats, of as many users as are named, at both services.
func (r *rig) seatsOf(n int, users ...string) (seats []*seat) {
	for i := range n {
		seats = append(seats, &seat{rig: r, service: []string{"mail", "post"}[i%2], id: fmt.Sprintf("seat:%d", i), user: users[i%len(users)]})
	}
	return seats
}
