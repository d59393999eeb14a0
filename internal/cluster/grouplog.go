package cluster

import (
	"sync"
	"time"
)

// A message to many is one request to all nodes, and each delivers to the sockets it has. A socket that
// moves from one node to another meanwhile must get it once, though both nodes have the request. So each
// node numbers what it sends to all, and knows how far it has come in what every other has sent: that is a
// vector of numbers, one for each node. Numbers only grow: one that does not come, because its sender had given
// this node up before, is one that was not delivered here. A socket that is handed over brings the vector of the node that had
// it. What is beyond that, and this node has already dealt with, is delivered from a log that is kept while
// sockets arrive; what the socket has had there, and is still to come here, is left out for it.

// groups is what a node knows of the messages to many. Safe for concurrent use.
type groups struct {
	mu       sync.Mutex // held while one is delivered: a socket is handed over before it or after it
	seen     vector
	fading   map[string]time.Time // since when those of seen are gone, that are
	arrivals []*setOut            // sockets on their way here since the first that still is
	log      []*groupSend         // what was delivered since that set out, as far as there is room
	first    uint64               // number of the first of the log
	logBytes int                  // of what is in it
	dropped  vector               // up to where the log had no room, while that is missing
	ahead    map[string]vector    // by key: what sockets had before they came
}

// setOut is a socket on its way here.
type setOut struct {
	from uint64 // number of the first message since
	here bool
}

// vector says of each node, by its incarnation, how far somebody has come in what it sent to all.
type vector map[string]uint64

// groupLogMost and groupLogBytes bound the log. Sockets arrive within milliseconds, but where another node stops.
// One that may have missed more hears of a gap.
const (
	groupLogMost  = 64 << 10
	groupLogBytes = 64 << 20
)

// arrive begins the log for one more socket; left ends it.
func (g *groups) arrive() (left func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := &setOut{from: g.first + uint64(len(g.log))}
	g.arrivals = append(g.arrivals, one)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		one.here = true
		g.trim()
	}
}

// trim forgets what nobody needs any more who is on the way here. Called with mu held.
func (g *groups) trim() {
	for len(g.arrivals) > 0 && g.arrivals[0].here {
		g.arrivals[0] = nil
		g.arrivals = g.arrivals[1:]
	}
	if len(g.arrivals) == 0 {
		g.first += uint64(len(g.log))
		g.arrivals, g.log, g.logBytes, g.dropped = nil, nil, 0, nil
		return
	}
	for g.first < g.arrivals[0].from {
		g.shift()
	}
	if g.first == g.arrivals[0].from {
		g.dropped = nil
	}
}

// shift takes the oldest message out of the log. Called with mu held.
func (g *groups) shift() *groupSend {
	oldest := g.log[0]
	g.log[0] = nil
	g.log = g.log[1:]
	g.first++
	g.logBytes -= len(oldest.m.Text())
	return oldest
}

// past reports whether this node has dealt with a later message of the same one, or with this.
func (g *groups) past(s *groupSend) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return s.seq != 0 && s.seq <= g.seen[s.from]
}

// note enters a message that is about to be delivered here. Called with mu held.
func (g *groups) note(s *groupSend) {
	if s.from == "" {
		return
	}
	if g.seen == nil {
		g.seen = vector{}
	}
	g.seen[s.from] = s.seq
	if len(g.arrivals) == 0 {
		return
	}
	g.log = append(g.log, s)
	g.logBytes += len(s.m.Text())
	for len(g.log) > groupLogMost || g.logBytes > groupLogBytes {
		lost := g.shift()
		if g.dropped == nil {
			g.dropped = vector{}
		}
		g.dropped[lost.from] = lost.seq
	}
}

// had reports whether a socket had a message before it came here. Called with mu held.
func (g *groups) had(key string, s *groupSend) bool {
	v := g.ahead[key]
	most, ok := v[s.from]
	if !ok {
		return false
	}
	if most <= s.seq { // there is none after this one
		if delete(v, s.from); len(v) == 0 {
			delete(g.ahead, key)
		}
	}
	return s.seq <= most
}

// now returns how far this node has come. Called with mu held.
func (g *groups) now() vector {
	v := make(vector, len(g.seen))
	for from, seq := range g.seen {
		v[from] = seq
	}
	return v
}

// leave returns what a socket has had that goes to another node: what this node has dealt with, and what it had before
// it came here. Called with mu held.
func (g *groups) leave(key string) vector {
	had := g.now()
	for from, seq := range g.ahead[key] {
		had[from] = max(had[from], seq)
	}
	delete(g.ahead, key)
	return had
}

// come takes in a socket that had what the vector says, and returns what it missed on its way, and whether
// that is not all. Called with mu held.
func (g *groups) come(key string, had vector) (missed []*groupSend, more bool) {
	ahead := vector{}
	for from, seq := range had {
		if seq > g.seen[from] {
			ahead[from] = seq
		}
	}
	if len(ahead) > 0 {
		if g.ahead == nil {
			g.ahead = map[string]vector{}
		}
		g.ahead[key] = ahead
	}
	for _, s := range g.log {
		if s.seq > had[s.from] {
			missed = append(missed, s)
		}
	}
	for from, seq := range g.dropped {
		more = more || seq > had[from]
	}
	return missed, more
}

// fadeTime is how long a node has to be gone before it is forgotten how far it had come: one that was only cut off
// goes on where it was.
const fadeTime = 2 * time.Minute

// prune forgets nodes that have been gone for long. A socket that had more of them than this node has will not get
// it here.
func (g *groups) prune(live func(incarnation string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for from := range g.seen {
		since, fading := g.fading[from]
		switch {
		case live(from):
			delete(g.fading, from)
		case !fading:
			if g.fading == nil {
				g.fading = map[string]time.Time{}
			}
			g.fading[from] = now
		case now.Sub(since) > fadeTime:
			delete(g.seen, from)
			delete(g.fading, from)
		}
	}
	for key, v := range g.ahead {
		for from, seq := range v {
			if _, known := g.seen[from]; !known && !live(from) || seq <= g.seen[from] {
				delete(v, from)
			}
		}
		if len(v) == 0 {
			delete(g.ahead, key)
		}
	}
}
