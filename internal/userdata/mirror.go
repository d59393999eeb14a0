package userdata

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// mirror is the bucket's recipients lists in memory. Only its own goroutine
// changes it, by what the bucket reports, in the order of the stream; so a list
// seen here has all changes up to the revision seen, and none after. Values that
// cannot be read are passed over, they are not ours.
type mirror struct {
	done chan struct{} // closed when the goroutine has ended

	mu       sync.RWMutex         // guards what follows
	lists    map[string]*list     // by token of the key
	bySocket map[string][]*member // by token of the socket; what Leave("") looks up
	seen     uint64               // revision of the newest change applied
	ended    bool                 // the feed is over, nothing changes any more
	progress chan struct{}        // closed at the next change; nil while nobody waits
}

// list is one recipients list: its head, once seen, and all its members, those of
// other generations included.
type list struct {
	token   string
	key     string
	head    head               // zero while there is none
	members map[string]*member // by token of the socket
	order   []*member          // as they joined; those gone are nil
	empty   int                // how many of order are nil
}

// head is the value of an "s." subject.
type head struct {
	Key        string `json:"key"`
	Generation string `json:"generation"`
	Expires    int64  `json:"expires,omitempty"` // unix milliseconds; 0: never
}

func (h head) alive(now time.Time) bool {
	return h.Generation != "" && (h.Expires == 0 || now.UnixMilli() < h.Expires)
}

// expires is the moment the list ends, the zero time if it does not.
func (h head) expires() time.Time {
	if h.Expires == 0 {
		return time.Time{}
	}
	return time.UnixMilli(h.Expires)
}

// lasts reports whether the head's life reaches to the given moment; the zero
// time means for ever.
func (h head) lasts(to time.Time) bool {
	return h.Expires == 0 || !to.IsZero() && h.Expires >= ceilMilli(to)
}

// memberValue is the value of an "m." subject.
type memberValue struct {
	Key        string          `json:"key"` // of the list
	Generation string          `json:"generation"`
	Item       json.RawMessage `json:"item"`             // as it appears in the list
	Opened     int64           `json:"opened,omitempty"` // see member
}

// member is one entry of a list.
type member struct {
	list       *list
	token      string // of the socket
	socketID   string
	generation string
	item       []byte
	opened     int64 // unix nanoseconds: when the socket was opened that joined; 0: nobody had its key then
	revision   uint64
	hidden     bool // its socket is gone, its removal is on the way
	place      int  // in list.order
}

// visible reports whether the member is an entry of its list now.
func (m *member) visible(now time.Time) bool {
	return !m.hidden && m.generation == m.list.head.Generation && m.list.head.alive(now)
}

func (m *member) subject() string { return "m." + m.list.token + "." + m.token }

func newMirror() *mirror {
	return &mirror{
		done:     make(chan struct{}),
		lists:    map[string]*list{},
		bySocket: map[string][]*member{},
	}
}

// start begins to follow the bucket and returns when all that is in it has been
// seen. opening bounds that; feed ends the following.
func (m *mirror) start(opening, feed context.Context, kv jetstream.KeyValue) error {
	w, err := kv.WatchFiltered(feed, []string{"s.*", "m.*.*"})
	if err != nil {
		close(m.done)
		return err
	}
	loaded := make(chan struct{})
	go m.follow(feed, w, loaded)
	select {
	case <-loaded:
		return nil
	case <-m.done:
		return ErrClosed
	case <-opening.Done():
		return opening.Err()
	}
}

// follow applies changes until the feed or its connection ends. Its owner is the
// store, whose Close waits for done.
func (m *mirror) follow(feed context.Context, w jetstream.KeyWatcher, loaded chan<- struct{}) {
	defer close(m.done)
	defer m.end()
	defer func() { _ = w.Stop() }() // it fails only if the subscription is gone already
	for {
		select {
		case <-feed.Done():
			return
		case e, ok := <-w.Updates():
			if !ok {
				return
			}
			if e == nil { // all there was at the start has come
				close(loaded)
				continue
			}
			m.apply(e)
		}
	}
}

func (m *mirror) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	m.announce()
}

// announce wakes those who wait for a change. The caller holds mu.
func (m *mirror) announce() {
	if m.progress != nil {
		close(m.progress)
		m.progress = nil
	}
}

func (m *mirror) apply(e jetstream.KeyValueEntry) {
	kind, tokens, _ := strings.Cut(e.Key(), ".")
	put := e.Operation() == jetstream.KeyValuePut
	m.mu.Lock()
	defer m.mu.Unlock()
	switch kind {
	case "s":
		m.applyHead(tokens, put, e.Value())
	case "m":
		listToken, socketToken, _ := strings.Cut(tokens, ".")
		m.applyMember(listToken, socketToken, put, e)
	}
	m.seen = e.Revision()
	m.announce()
}

func (m *mirror) applyHead(token string, put bool, value []byte) {
	var h head
	if put && json.Unmarshal(value, &h) != nil {
		return
	}
	if l := m.lists[token]; l != nil || h.Generation != "" {
		l = m.list(token)
		l.head = h
		if h.Key != "" {
			l.key = h.Key
		}
		m.forget(l)
	}
}

func (m *mirror) applyMember(listToken, socketToken string, put bool, e jetstream.KeyValueEntry) {
	var old *member
	if l := m.lists[listToken]; l != nil {
		if old = l.members[socketToken]; old != nil {
			m.take(old)
		}
		defer m.forget(l)
	}
	var v memberValue
	if !put || json.Unmarshal(e.Value(), &v) != nil {
		return
	}
	l := m.list(listToken)
	l.key = v.Key
	added := &member{
		list:       l,
		token:      socketToken,
		socketID:   socketOf(v.Item),
		generation: v.Generation,
		item:       bytes.Clone(v.Item), // the value shares its memory with a network buffer
		opened:     v.Opened,
		revision:   e.Revision(),
		place:      len(l.order),
	}
	if old != nil && old.generation == v.Generation { // a join of an ended socket that was overtaken by a newer one's
		added.opened = max(old.opened, v.Opened)
	}
	l.members[socketToken] = added
	l.order = append(l.order, added)
	m.bySocket[socketToken] = append(m.bySocket[socketToken], added)
}

func (m *mirror) list(token string) *list {
	l := m.lists[token]
	if l == nil {
		l = &list{token: token, members: map[string]*member{}}
		m.lists[token] = l
	}
	return l
}

// take removes a member from its list and from the index by socket.
func (m *mirror) take(old *member) {
	l := old.list
	delete(l.members, old.token)
	l.order[old.place] = nil
	l.empty++
	if l.empty > 16 && l.empty > len(l.order)/2 {
		l.order = slices.DeleteFunc(l.order, func(e *member) bool { return e == nil })
		for i, e := range l.order {
			e.place = i
		}
		l.empty = 0
	}
	left := slices.DeleteFunc(m.bySocket[old.token], func(e *member) bool { return e == old })
	if m.bySocket[old.token] = left; len(left) == 0 {
		delete(m.bySocket, old.token)
	}
}

// forget drops a list without head and members.
func (m *mirror) forget(l *list) {
	if l.head.Generation == "" && len(l.members) == 0 {
		delete(m.lists, l.token)
	}
}

// wait returns when the mirror has seen a revision. Errors: [ErrClosed], ctx's.
func (m *mirror) wait(ctx context.Context, revision uint64) error {
	for {
		m.mu.Lock()
		if m.seen >= revision {
			m.mu.Unlock()
			return nil
		}
		if m.ended {
			m.mu.Unlock()
			return ErrClosed
		}
		if m.progress == nil {
			m.progress = make(chan struct{})
		}
		progress := m.progress
		m.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
			return fmt.Errorf("wait for recipients list: %w", ctx.Err())
		}
	}
}

// assemble writes a list as scripts read it, nil when it is absent, expired or
// empty. Errors: [ErrClosed], for what cannot be followed must not be trusted.
func (m *mirror) assemble(key string, now time.Time) (json.RawMessage, error) {
	token, _ := encodeKey(key)
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.ended {
		return nil, ErrClosed
	}
	l := m.lists[token]
	if l == nil || !l.head.alive(now) {
		return nil, nil
	}
	const start, end = `{"result":[`, `]}`
	size := len(start) + len(end)
	for _, e := range l.order {
		if e != nil {
			size += len(e.item) + 1
		}
	}
	out := append(make([]byte, 0, size), start...)
	for _, e := range l.order {
		if e == nil || !e.visible(now) {
			continue
		}
		if len(out) > len(start) {
			out = append(out, ',')
		}
		out = append(out, e.item...)
	}
	if len(out) == len(start) {
		return nil, nil
	}
	return append(out, end...), nil
}

// entry is a copy of what the mirror knows of a member.
type entry struct {
	subject  string
	token    string
	socketID string
	item     []byte
	opened   int64
	revision uint64
	visible  bool
}

func (m *member) entry(now time.Time) entry {
	return entry{m.subject(), m.token, m.socketID, m.item, m.opened, m.revision, m.visible(now)}
}

// look returns a list's head and, in their order, all its members.
func (m *mirror) look(token string, now time.Time) (head, []entry) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	l := m.lists[token]
	if l == nil {
		return head{}, nil
	}
	entries := make([]entry, 0, len(l.members))
	for _, e := range l.order {
		if e != nil {
			entries = append(entries, e.entry(now))
		}
	}
	return l.head, entries
}

// head returns the head of a list, zero when there is none.
func (m *mirror) head(token string) head {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if l := m.lists[token]; l != nil {
		return l.head
	}
	return head{}
}

// member returns a socket's entry in a list.
func (m *mirror) member(listToken, socketToken string, now time.Time) (entry, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if l := m.lists[listToken]; l != nil {
		if e := l.members[socketToken]; e != nil {
			return e.entry(now), true
		}
	}
	return entry{}, false
}

// memberships returns a socket's entries in all lists.
func (m *mirror) memberships(socketToken string, now time.Time) []entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	entries := make([]entry, 0, len(m.bySocket[socketToken]))
	for _, e := range m.bySocket[socketToken] {
		entries = append(entries, e.entry(now))
	}
	return entries
}

// all returns every member of every list, those that count no more included.
func (m *mirror) all(now time.Time) []entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var entries []entry
	for _, l := range m.lists {
		for _, e := range l.members {
			entries = append(entries, e.entry(now))
		}
	}
	return entries
}

// hide has entries count no more, or again. Those that were written anew since they were looked at stay as they are.
func (m *mirror) hide(entries []entry, hidden bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		for _, there := range m.bySocket[e.token] {
			if there.revision == e.revision {
				there.hidden = hidden
			}
		}
	}
}

// keys returns the lists that have visible members, with their expiry.
func (m *mirror) keys(prefix string, now time.Time) []Entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []Entry
	for _, l := range m.lists {
		if !strings.HasPrefix(l.key, prefix) || !l.shows(now) {
			continue
		}
		found = append(found, Entry{Key: l.key, Expires: l.head.expires()})
	}
	return found
}

// shows reports whether the list has a visible member.
func (l *list) shows(now time.Time) bool {
	for _, e := range l.members {
		if e.visible(now) {
			return true
		}
	}
	return false
}
