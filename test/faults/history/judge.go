package history

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Kind is a way in which a server can fail its clients.
type Kind string

const (
	Lost         Kind = "lost"             // taken, and neither delivered nor announced
	Twice        Kind = "twice"            // delivered more than once
	Disorder     Kind = "out of order"     // delivered after one that was sent later
	Foreign      Kind = "foreign"          // delivered to a socket it was not for
	Unannounced  Kind = "unannounced"      // dropped, as the sender was told, and not announced
	Misannounced Kind = "wrongly said"     // a gap that counts what is not missing, or is none at all
	Contradicted Kind = "against the word" // delivered although the sender was told that it is dropped
)

// Fault is one failure.
type Fault struct {
	Kind Kind
	Key  string
	From string // the sender, if it is about a message
	Text string
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s: %s", f.Key, f.Kind, f.Text) }

// Verdict is what Judge found.
type Verdict struct {
	Faults []Fault
	// What happened to the messages that were taken or dropped. Torn were handed to a connection that was
	// lost, Forgotten waited for a socket that ended for good or for a client that never came back, and of Unsure
	// ones, which did not come, nobody knows whether the server ever took them.
	Delivered, Announced, Torn, Forgotten, Unsure int
}

// String lists the faults, the first of them if they are many.
func (v Verdict) String() string {
	const most = 20
	var lines []string
	for i, f := range v.Faults {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(v.Faults)-most))
			break
		}
		lines = append(lines, f.String())
	}
	return strings.Join(append(lines, fmt.Sprintf("%d delivered, %d announced, %d torn, %d forgotten, %d unsure", v.Delivered, v.Announced, v.Torn, v.Forgotten, v.Unsure)), "\n")
}

// Judge looks at all that happened.
func (h *History) Judge() Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	var v Verdict
	keys := map[string]bool{}
	for key := range h.sends {
		keys[key] = true
	}
	for key := range h.conns {
		keys[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		h.judge(key, &v)
	}
	return v
}

// id names a message among those for one key.
type id struct {
	from string
	n    int
}

// judge looks at one key, socket by socket: when its user changes it is another socket.
func (h *History) judge(key string, v *Verdict) {
	conns, err := inOrder(h.conns[key])
	if err != "" {
		v.Faults = append(v.Faults, Fault{Disorder, key, "", err})
	}
	sends := map[id]*Send{}
	for _, s := range h.sends[key] {
		sends[id{s.From, s.N}] = s
	}
	left := maps.Clone(sends) // nobody's yet
	for begin := 0; begin < len(conns); {
		end := begin + 1
		for end < len(conns) && conns[end].User == conns[begin].User {
			end++
		}
		t := &trial{h: h, key: key, v: v, conns: conns[begin:end], sends: map[id]*Send{}, last: end == len(conns)}
		t.again = h.AtLeastOnce != nil && h.AtLeastOnce(key)
		for i, s := range left {
			// What was answered before another user's socket was asked for was for the earlier one.
			if t.last || s.began < conns[end].opened && (s.ended == 0 || s.ended < conns[end].dialed || conns[end].lacks(i)) {
				t.sends[i] = s
				delete(left, i)
			}
		}
		t.all = sends
		t.run()
		begin = end
	}
	if len(conns) == 0 {
		for _, s := range sends {
			if s.answer != Refused {
				v.Forgotten++
			}
		}
	}
}

// lacks reports whether the message did not come on the connection.
func (c *Conn) lacks(i id) bool {
	return !slices.ContainsFunc(c.items, func(r received) bool { return r.from == i.from && r.n == i.n })
}

// trial is the judgement on one socket: all connections that one user had under a key, and the messages that
// were sent to it meanwhile.
type trial struct {
	h     *History
	key   string
	v     *Verdict
	conns []*Conn
	sends map[id]*Send
	all   map[id]*Send // for the key, also those for its other users
	last  bool         // no other user follows
	again bool         // at least once: what has come may come again, and must come

	spots  []spot
	places map[string][]place // of each sender, in order of delivery
	seen   map[id]bool
}

// place is where a message was delivered, among all items of a socket.
type place struct{ n, at int }

// spot is where messages may be missing: a gap, or the end of a connection.
type spot struct {
	at      int   // items before it
	moment  int64 // messages sent later are not missing here
	missed  int   // counted by a gap, or unknown; 0: not a gap
	forgets bool  // the socket ended here
	late    bool  // the gap may come after what a sender sent later
}

func (t *trial) fault(k Kind, from, format string, args ...any) {
	t.v.Faults = append(t.v.Faults, Fault{k, t.key, from, fmt.Sprintf(format, args...)})
}

// repeats reports whether the messages of a sender may come again, or late.
func (t *trial) repeats(from string) bool { return t.h.Repeats != nil && t.h.Repeats(from) }

func (t *trial) run() {
	t.places, t.seen = map[string][]place{}, map[id]bool{}
	at := 0
	for i, c := range t.conns {
		for _, text := range c.wrong {
			t.fault(Misannounced, "", "%s", text)
		}
		for _, r := range c.items {
			at++
			if r.missed != 0 {
				t.spots = append(t.spots, spot{at: at, moment: r.at, missed: r.missed, late: r.reason == "node_lost"})
				continue
			}
			t.deliver(r, at)
		}
		t.endOf(i, at)
	}
	t.explain()
}

// deliver looks at one message that came.
func (t *trial) deliver(r received, at int) {
	i := id{r.from, r.n}
	s := t.sends[i]
	places := t.places[r.from]
	switch {
	case s == nil && t.all[i] != nil:
		t.fault(Foreign, r.from, "%d of %s was for the socket that another user had under the key", r.n, r.from)
	case s == nil:
		t.fault(Foreign, r.from, "%d of %s was %s", r.n, r.from, t.h.addressee(i))
	case t.seen[i] && (t.again || t.repeats(r.from)):
	case t.seen[i]:
		t.fault(Twice, r.from, "%d of %s", r.n, r.from)
	case s.answer == Full || s.answer == Refused:
		t.fault(Contradicted, r.from, "%d of %s came, and its sender was told that it was dropped", r.n, r.from)
	case len(places) > 0 && places[len(places)-1].n > r.n && t.repeats(r.from):
	case len(places) > 0 && places[len(places)-1].n > r.n:
		t.fault(Disorder, r.from, "%d of %s came after %d", r.n, r.from, places[len(places)-1].n)
	default:
		t.places[r.from] = append(places, place{r.n, at})
	}
	if s != nil && !t.seen[i] {
		t.seen[i] = true
		t.v.Delivered++
	}
}

// addressee says for whom a message was that nobody sent to this key.
func (h *History) addressee(i id) string {
	for key, sends := range h.sends {
		for _, s := range sends {
			if s.From == i.from && s.N == i.n {
				return "for " + key
			}
		}
	}
	return "never sent"
}

// endOf notes what may be missing at the end of a connection. at is how many items came until then.
func (t *trial) endOf(i, at int) {
	c := t.conns[i]
	final := i == len(t.conns)-1
	s := spot{at: at, moment: c.noticed}
	if s.moment == 0 && !final {
		s.moment = t.conns[i+1].opened
	}
	switch {
	case !c.closed && final && t.last:
		return // the test made sure that all has come
	case final, c.ending == Over:
		s.forgets, s.moment = true, 0
		if !final {
			s.moment = t.conns[i+1].opened
		}
	case c.ending == Whole:
		return
	}
	if s.moment == 0 {
		s.moment = t.h.clock + 1
	}
	t.spots = append(t.spots, s)
}

// missing are messages that can be missing at the same places.
type missing struct {
	gaps     []int // indexes of spots that count them
	must     bool  // neither a torn connection nor an ended socket explains them
	forgets  bool  // the latter does
	unsure   bool  // there was no answer
	messages []*Send
}

// explain finds for every message that is missing what says so, and for every gap what it counts.
func (t *trial) explain() {
	var groups []*missing
	index := map[string]*missing{}
	for _, i := range slices.SortedFunc(maps.Keys(t.sends), func(a, b id) int { return cmp.Or(cmp.Compare(a.from, b.from), a.n-b.n) }) {
		s := t.sends[i]
		if t.seen[i] || s.answer == Refused {
			continue
		}
		m := t.missingAt(s)
		name := fmt.Sprint(m.gaps, m.must, m.forgets, m.unsure)
		if index[name] == nil {
			index[name] = m
			groups = append(groups, m)
		}
		index[name].messages = append(index[name].messages, s)
	}
	counted, short := match(groups, t.spots)
	for i, m := range groups {
		rest := m.messages[counted[i]:]
		t.v.Announced += counted[i]
		switch {
		case len(rest) == 0:
		case m.must:
			t.accuse(rest)
		case m.unsure:
			t.v.Unsure += len(rest)
		case m.forgets:
			t.v.Forgotten += len(rest)
		default:
			t.v.Torn += len(rest)
		}
	}
	for g, n := range short {
		if n > 0 && t.spots[g].missed != unknown {
			t.fault(Misannounced, "", "a gap counts %d, and %d of them are not missing there", t.spots[g].missed, n)
		}
	}
}

// accuse reports messages that nothing explains.
func (t *trial) accuse(rest []*Send) {
	for _, s := range rest {
		if s.answer == Full {
			t.fault(Unannounced, s.From, "%d of %s was dropped, and no gap in its place counts it", s.N, s.From)
			continue
		}
		t.fault(Lost, s.From, "%d of %s", s.N, s.From)
	}
}

// missingAt finds out what may explain that a message did not come: a gap before the delivery of what its
// sender sent next, or the end of a connection between that and the message before.
func (t *trial) missingAt(s *Send) *missing {
	places := t.places[s.From]
	next, _ := slices.BinarySearchFunc(places, s.N, func(p place, n int) int { return p.n - n })
	after, before := -1, math.MaxInt
	if next > 0 {
		after = places[next-1].at
	}
	if next < len(places) {
		before = places[next].at
	}
	m := &missing{must: s.answer != Unknown, unsure: s.answer == Unknown}
	for i, spot := range t.spots {
		if spot.moment < s.began || spot.at >= before && !spot.late || spot.missed == 0 && spot.at < after {
			continue
		}
		if t.again && spot.missed == 0 && !spot.forgets {
			continue // it is sent again
		}
		switch {
		case spot.missed != 0:
			m.gaps = append(m.gaps, i)
		case s.answer != Full:
			m.must, m.forgets = false, m.forgets || spot.forgets
		case spot.forgets:
			m.must, m.forgets = false, true
		}
	}
	return m
}

// match gives every gap the messages it counts: first those that nothing else explains, then others until the
// gap is full. It returns how many of each group are counted, and by how much each gap counts too many.
func match(groups []*missing, spots []spot) (counted []int, short map[int]int) {
	counted, short = make([]int, len(groups)), map[int]int{}
	flow := make([]map[int]int, len(groups)) // what a group gives to a gap
	for g := range groups {
		flow[g] = map[int]int{}
	}
	for i, s := range spots {
		switch {
		case s.missed > 0:
			short[i] = s.missed
		case s.missed == unknown:
			short[i] = math.MaxInt // has room for all
		}
	}
	// place finds room for one to n messages of a group, moving others to other gaps if need be.
	var place func(g, n int, tried map[int]bool) int
	place = func(g, n int, tried map[int]bool) int {
		for _, gap := range groups[g].gaps {
			if tried[gap] {
				continue
			}
			tried[gap] = true
			if room := min(n, short[gap]); room > 0 {
				short[gap] -= room
				flow[g][gap] += room
				return room
			}
			for other := range groups {
				given := flow[other][gap]
				if other == g || given == 0 {
					continue
				}
				if moved := place(other, min(n, given), tried); moved > 0 {
					flow[other][gap] -= moved
					flow[g][gap] += moved
					return moved
				}
			}
		}
		return 0
	}
	for _, must := range []bool{true, false} {
		for g, m := range groups {
			for m.must == must && counted[g] < len(m.messages) {
				n := place(g, len(m.messages)-counted[g], map[int]bool{})
				if n == 0 {
					break
				}
				counted[g] += n
			}
		}
	}
	return counted, short
}
