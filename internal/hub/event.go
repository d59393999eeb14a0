package hub

import (
	"context"
	"iter"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// EventKind says what happened to a socket.
type EventKind uint8

const (
	EventOpened   EventKind = iota + 1 // it was registered
	EventRetagged                      // its tags are others
	EventTaken                         // a newer connection of the same user took it over
	EventEnded                         // it left the registry
	EventDetached                      // its connection broke, and it waits for another
	EventResumed                       // it was detached, and has a connection again
)

// Event is something that happened to a socket. All of one socket come in the order in which they
// happened.
type Event struct {
	Seq     uint64 // counts the events of this hub from 1
	Kind    EventKind
	Time    time.Time
	Info    Info   // the socket just after it; of one that ended, with what it had last
	Before  Tags   // the tags just before it
	Was     string // the state just before it; of one that was opened, open
	Reason  Reason // why it ended
	Skipped uint64 // events that were forgotten just before this one: the reader is too slow
}

// MatchedBefore reports whether the socket met the filter before the event; one that was opened
// did not.
func (e *Event) MatchedBefore(f Filter) bool {
	if e.Kind == EventOpened {
		return false
	}
	return f.accepts(&e.Info, e.Before, e.Was)
}

// MatchesNow reports whether the socket meets the filter after the event; one that ended does not.
func (e *Event) MatchesNow(f Filter) bool {
	return e.Kind != EventEnded && f.accepts(&e.Info, e.Info.Tags, e.Info.State)
}

// accepts is what matches is for a socket that others may change meanwhile.
func (f Filter) accepts(i *Info, tags Tags, state string) bool {
	if state == StateDetached && f.openOnly() {
		return false
	}
	for n := range f.conds {
		c := &f.conds[n]
		value, there := "", true
		switch c.subject {
		case subjectTag:
			value, there = tags.Get(c.name)
		case subjectService:
			value = i.Service
		case subjectUser:
			value = i.User.ID
		case subjectState:
			value = state
		case subjectNode:
			value = i.Node
		}
		if !c.accepts(value, there) {
			return false
		}
	}
	return true
}

// What is kept of past events, for readers that are behind or come back.
const (
	eventsKept = 16 << 10
	// eventBytes bounds tags and keys of kept events, which may outlive their sockets.
	eventBytes = 8 << 20
	// eventSize is what a kept event costs beside those.
	eventSize = 208
)

// happening is an event as it is kept: no more than cannot be asked of the socket later, and
// nothing that would keep the socket or its connection in memory.
type happening struct {
	kind       EventKind
	stateful   bool
	detached   bool // the socket is
	was        string
	mode       stickyMode
	serviceEnd int32
	at         int64 // unix nanoseconds, as connected
	connected  int64
	key        string
	user       *User
	tags       *tagSet
	before     *tagSet
	reason     *Reason
	messages   int
	bytes      int
	dropped    int
	dropWhy    string
	in, out    int64
}

func newEvents() *recent.Ring[*happening] {
	return recent.New(recent.Limits{Values: eventsKept, Bytes: eventBytes}, (*happening).size)
}

func (e *happening) size() int {
	n := eventSize + len(e.key)
	for _, p := range (Tags{e.tags}).pairs() {
		n += len(p.name) + len(p.value)
	}
	if e.before != e.tags {
		for _, p := range (Tags{e.before}).pairs() {
			n += len(p.name) + len(p.value)
		}
	}
	return n
}

// happened records an event. Called with the lock of the shard held, which orders the events of a
// socket and ties them to what [Hub.Present] sees; and with the lock of the socket held.
// was is the state just before.
func (s *Socket) happened(kind EventKind, before *tagSet, was string) {
	dropped, why := s.queue.dropped()
	s.hub.events.Add(&happening{
		detached: s.indexed.detached, was: was, dropped: dropped, dropWhy: why,
		kind: kind, key: s.key, serviceEnd: s.serviceEnd, stateful: s.stateful,
		at: time.Now().UnixNano(), connected: s.connected,
		user: s.user.Load(), tags: s.tags.Load(), before: before, reason: s.reason,
		messages: len(s.queue.items), bytes: s.queue.bytes, mode: s.queue.mode,
		in: s.bytesIn.Load(), out: s.bytesOut.Load(),
	})
}

func (h *Hub) event(item recent.Item[*happening]) Event {
	e := item.Value
	shown := Socket{hub: h, key: e.key, serviceEnd: e.serviceEnd, stateful: e.stateful}
	event := Event{
		Seq: item.Seq, Kind: e.kind, Time: time.Unix(0, e.at), Before: Tags{e.before}, Was: e.was, Skipped: item.Skipped,
		Info: Info{
			Key: e.key, Service: shown.Service(), StatefulID: shown.StatefulID(), User: *e.user, Tags: Tags{e.tags},
			State: StateOpen, QueueMessages: e.messages, QueueBytes: e.bytes, QueueMode: (&queue{mode: e.mode}).modeName(),
			Node: h.cfg.Node, ConnectedAt: time.Unix(0, e.connected), BytesIn: e.in, BytesOut: e.out,
			QueueDropped: e.dropped, QueueDropReason: e.dropWhy,
		},
	}
	if e.detached {
		event.Info.State = StateDetached
	}
	if e.kind == EventEnded {
		event.Info.State, event.Reason = StateGone, *e.reason
	}
	return event
}

// LastEvent returns the number of the newest event, 0 before the first.
func (h *Hub) LastEvent() uint64 { return h.events.Last() }

// Events yields what happened to sockets after the event with the number, then what happens, until
// ctx ends or the loop is left. It holds nobody up: a reader that falls behind by more than is kept
// (the last 16,384 events, or 8 MiB) misses some, and the next event says in Skipped how many.
func (h *Hub) Events(ctx context.Context, after uint64) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for item := range h.events.Follow(ctx, after) {
			if !yield(h.event(item)) {
				return
			}
		}
	}
}

// Present is a socket at the moment of a [Hub.Present].
type Present struct {
	socket    *Socket
	user      *User
	tags      *tagSet
	state     string
	connected int64
}

// Info describes the socket as it was at that moment, but for the queue and the counters, which
// are those of now.
func (p Present) Info() Info {
	info := p.socket.Info()
	info.User, info.Tags, info.ConnectedAt, info.State = *p.user, Tags{p.tags}, time.Unix(0, p.connected), p.state
	return info
}

// Present returns all sockets that match at one moment, in no particular order, and the number of
// the last event before it: whoever follows after that number misses nothing and sees nothing
// twice. No socket can open, end or change while they are listed, which takes about a
// millisecond for ten thousand.
func (h *Hub) Present(f Filter) (sockets []Present, last uint64) {
	for i := range h.shards {
		h.shards[i].mu.RLock()
		defer h.shards[i].mu.RUnlock()
	}
	last = h.events.Last()
	if f.hopeless(h.cfg.Node) {
		return nil, last
	}
	var found []*Socket
	for i := range h.shards {
		found = h.shards[i].find(found[:0], &f)
		for _, s := range found {
			sockets = append(sockets, Present{s, s.user.Load(), s.tags.Load(), s.indexed.state(), s.connected})
		}
	}
	return sockets, last
}
