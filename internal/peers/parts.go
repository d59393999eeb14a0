package peers

import (
	"sync"
	"time"
)

const (
	// maxPartial bounds the unfinished bodies of one sender: their bytes (one of the largest, and as much
	// again) and their number.
	maxPartial       = 2 * MaxBody
	maxPartialBodies = 256
	// partialAge is how long an unfinished body may stand still.
	partialAge = 15 * time.Second
)

// trusted is how much is set aside on the word of the first part; a larger body gets more as it comes.
const trusted = 4 << 20

// joiner puts bodies together that came in parts. The parts of one body come in
// order; where one is missing, the body is dropped.
type joiner struct {
	mu      sync.Mutex
	senders map[uint64]*partials
}

// partials are the unfinished bodies of one sender.
type partials struct {
	bodies map[uint64]*partial
	bytes  int
}

type partial struct {
	body  []byte
	total uint64
	moved time.Time // when the last part came
}

// add takes the part that f brings. whole: f.body is the whole body now. dropped: f or what
// was before it was thrown away.
func (j *joiner) add(f *frame, now time.Time) (whole, dropped bool) {
	if f.part.total == 0 {
		return true, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.senders == nil {
		j.senders = map[uint64]*partials{}
	}
	s := j.senders[f.incarnation]
	if s == nil {
		if f.part.offset != 0 {
			return false, true
		}
		s = &partials{bodies: map[uint64]*partial{}}
		j.senders[f.incarnation] = s
	}
	whole, dropped = s.add(f, now)
	if len(s.bodies) == 0 {
		delete(j.senders, f.incarnation)
	}
	return whole, dropped
}

func (s *partials) add(f *frame, now time.Time) (whole, dropped bool) {
	p := s.bodies[f.part.id]
	if p == nil {
		if f.part.offset != 0 || len(s.bodies) >= maxPartialBodies {
			return false, true
		}
		p = &partial{total: f.part.total, body: make([]byte, 0, min(f.part.total, trusted))}
		s.bodies[f.part.id] = p
	}
	if p.total != f.part.total || uint64(len(p.body)) != f.part.offset || s.bytes+len(f.body) > maxPartial {
		s.drop(f.part.id)
		return false, true
	}
	p.body = append(p.body, f.body...)
	p.moved = now
	s.bytes += len(f.body)
	if uint64(len(p.body)) < p.total {
		return false, false
	}
	s.drop(f.part.id)
	f.body = p.body
	return true, false
}

func (s *partials) drop(id uint64) {
	s.bytes -= len(s.bodies[id].body)
	delete(s.bodies, id)
}

// forget drops the unfinished bodies of a sender, and returns how many there were.
func (j *joiner) forget(incarnation uint64) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.senders[incarnation]
	if s == nil {
		return 0
	}
	delete(j.senders, incarnation)
	return len(s.bodies)
}

// sweep drops unfinished bodies that stand still, and returns how many.
func (j *joiner) sweep(now time.Time) (dropped int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for incarnation, s := range j.senders {
		for id, p := range s.bodies {
			if now.Sub(p.moved) > partialAge {
				s.drop(id)
				dropped++
			}
		}
		if len(s.bodies) == 0 {
			delete(j.senders, incarnation)
		}
	}
	return dropped
}
