package hub

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// lossKind is why the server dropped messages of a socket.
type lossKind uint8

const (
	lossOverflow lossKind = iota // the queue was full
	lossExpired                  // they waited when the resume window ended, or were kept for too long
	lossNode                     // the node that held them is gone

	lossKinds
)

// lossNames are the kinds as gap items and lists have them.
var lossNames = [lossKinds]string{"overflow", "expired", "node_lost"}

// MissedUnknown is the number of messages of a loss that nobody could count.
const MissedUnknown = -1

// addMissed adds numbers of missed messages: what is added to an unknown number is unknown.
func addMissed(a, b int) int {
	if a < 0 || b < 0 {
		return MissedUnknown
	}
	return a + b
}

// loss is what a queue knows of messages that were dropped. Few sockets have one.
type loss struct {
	total int      // dropped since the socket was opened, as far as they were counted
	last  lossKind // why the latest were

	// overflowed is when the policy "disconnect" began to drop, in unix nanoseconds; 0: it does not.
	// behind counts what it dropped since, which came after all that waits.
	overflowed int64
	behind     int

	// gaps are to be announced before all that waits, by kind; MissedUnknown if there is one that was not counted.
	gaps [lossKinds]int
}

// loss returns the record of the queue, which it makes if there is none.
func (q *queue) loss() *loss {
	if q.lost == nil {
		q.lost = new(loss)
	}
	return q.lost
}

// note counts messages that are to be announced before all that waits; n may be MissedUnknown.
func (l *loss) note(kind lossKind, n int) {
	l.gaps[kind] = addMissed(l.gaps[kind], n)
	l.total += max(n, 0)
	l.last = kind
}

// drop counts a message that came when the queue was full, and remembers when that began.
func (l *loss) drop(now time.Time) {
	if l.overflowed == 0 {
		l.overflowed = now.UnixNano()
	}
	l.behind++
	l.total++
	l.last = lossOverflow
}

// resume ends an overflow: what was dropped is announced to the next connection first.
func (l *loss) resume() {
	l.gaps[lossOverflow] = addMissed(l.gaps[lossOverflow], l.behind)
	l.overflowed, l.behind = 0, 0
}

// unannounced is how many dropped messages the client has not been told of, or MissedUnknown.
func (l *loss) unannounced() int {
	n := l.behind
	for _, gap := range l.gaps {
		n = addMissed(n, gap)
	}
	return n
}

// dropped returns how many messages were dropped since the socket was opened, as far as that is known, and
// why the latest were; "" if none was.
func (q *queue) dropped() (n int, why string) {
	if q.lost == nil {
		return 0, ""
	}
	return q.lost.total, lossNames[q.lost.last]
}

// overflowing reports whether new messages are dropped because the queue is full.
func (q *queue) overflowing() bool { return q.lost != nil && q.lost.overflowed != 0 }

// gap is what a message announces that stands for dropped ones.
type gap struct {
	kind   lossKind
	missed int
}

// newGap makes the item that announces a gap (design: "Sockets over the wire").
func newGap(kind lossKind, missed int) *Message {
	return &Message{
		text: fmt.Sprintf(`{"socket_action":"gap","socket_type":"","uid":"","missed":%d,"reason":%q}`, missed, lossNames[kind]),
		gap:  &gap{kind, missed},
	}
}

// announce puts the gaps that are to be announced in front of all that waits. Nothing is taken.
func (q *queue) announce(h *Hub) {
	if q.lost == nil {
		return
	}
	var items []queued
	for kind, missed := range q.lost.gaps {
		if missed != 0 {
			items = append(items, queued{newGap(lossKind(kind), missed), packItem})
		}
	}
	if items == nil {
		return
	}
	q.lost.gaps = [lossKinds]int{}
	waiting := q.items
	q.items = nil
	for _, item := range items {
		q.push(item.m, item.pack, h)
	}
	q.items = append(q.items, waiting...)
}

// recall takes announcements back that a connection did not write, so that later ones can be
// joined with them. They are in front.
func (q *queue) recall(h *Hub) {
	for len(q.items) > 0 && q.items[0].m.gap != nil {
		g := q.items[0].m.gap
		gaps := &q.loss().gaps
		gaps[g.kind] = addMissed(gaps[g.kind], g.missed)
		q.remove(0, h)
	}
}

// Bounds of the notes on sockets that expired with messages.
const (
	maxLossNotes = 64 << 10
	lossNoteLife = time.Hour
)

// lossNotes remembers for a while whose messages were dropped with an expired socket, so that the
// same user hears of it who comes back later. Safe for concurrent use.
type lossNotes struct {
	mu    sync.Mutex
	byKey map[string]*lossNote
	order []*lossNote // oldest first; those that were taken or replaced stay until their turn
}

type lossNote struct {
	key, user string
	missed    int // or MissedUnknown
	at        time.Time
}

// add notes a loss. A later one under the key takes the place of an earlier one, and counts it if
// it is the same user's.
func (n *lossNotes) add(key, user string, missed int) {
	if missed == 0 {
		return
	}
	n.put(&lossNote{strings.Clone(key), strings.Clone(user), missed, time.Now()})
}

// put adds a note. Called in the order of their times.
func (n *lossNotes) put(note *lossNote) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forget(time.Now())
	if n.byKey == nil {
		n.byKey = map[string]*lossNote{}
	}
	if earlier := n.byKey[note.key]; earlier != nil && earlier.user == note.user {
		note.missed = addMissed(note.missed, earlier.missed)
	}
	n.byKey[note.key] = note
	n.order = append(n.order, note)
}

// Loss is what a user is still to hear of a socket that expired with messages, for whoever keeps it over
// a restart.
type Loss struct {
	Key    string
	User   string        // the id
	Missed int           // or MissedUnknown; not 0
	Age    time.Duration // since it expired
}

// Losses returns what users are still to hear, the oldest first.
func (h *Hub) Losses() []Loss {
	n := &h.losses
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.forget(now)
	var all []Loss
	for _, note := range n.order {
		if n.byKey[note.key] == note {
			all = append(all, Loss{note.key, note.user, note.missed, max(now.Sub(note.at), 0)})
		}
	}
	return all
}

// RestoreLosses takes what [Hub.Losses] of an earlier process returned, before anything is opened here.
func (h *Hub) RestoreLosses(losses []Loss) {
	now := time.Now()
	for _, l := range losses {
		h.losses.put(&lossNote{l.Key, l.User, l.Missed, now.Add(-l.Age)})
	}
}

// forget removes notes that are too old or too many. Called with mu held.
func (n *lossNotes) forget(now time.Time) {
	for len(n.order) > 0 && (len(n.order) >= maxLossNotes || now.Sub(n.order[0].at) > lossNoteLife) {
		oldest := n.order[0]
		if n.byKey[oldest.key] == oldest {
			delete(n.byKey, oldest.key)
		}
		n.order[0] = nil
		n.order = n.order[1:]
	}
	if len(n.order) == 0 {
		n.order = nil
	}
}

// take returns how many messages a user lost under a key, or MissedUnknown, and forgets it. What another user lost
// stays noted.
func (n *lossNotes) take(key, user string) (missed int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forget(time.Now())
	note := n.byKey[key]
	if note == nil || note.user != user {
		return 0
	}
	delete(n.byKey, key)
	return note.missed
}
