package hub

import (
	"maps"
	"strings"
	"sync"
)

// shardCount spreads sockets over locks. A select visits every shard, so more would make small
// results dearer.
const shardCount = 32

// shard is a part of the registry with its own inverted index. All fields are guarded by mu.
type shard struct {
	mu       sync.RWMutex
	hub      *Hub
	byKey    map[string]*Socket
	all      []*Socket // dense, for filters that name no list
	tags     map[string]*valueIndex
	services *valueIndex
	users    *valueIndex
	leaving  map[string]int // sockets by service that have left and not ended; nil: none yet
	detached map[string]int // detached sockets by service; nil: none yet
}

// valueIndex lists sockets by the value they have for one subject: a tag, the service, the user.
type valueIndex struct {
	name    string // of the tag; "" for service and user
	byValue map[string]*posting
	lists   []*posting // dense: all lists, for "the tag is there"
	sockets int        // in all lists together
}

// posting is the list of sockets that have one value. It is dense: a socket that leaves is
// replaced by the last, whose entry remembers the new position.
type posting struct {
	index   *valueIndex
	value   string
	at      int // in index.lists
	sockets []*Socket
	single  [1]*Socket // the memory of sockets while there is one, as with most user ids
}

// entry is where a socket stands in a posting.
type entry struct {
	list *posting
	at   int32
}

// placement is where a socket stands in its shard.
type placement struct {
	in bool
	// detached is what the state of the socket is, for those who hold the lock of the shard only.
	detached bool
	at       int32 // in all
	service  entry
	user     entry
	tags     []entry // one for each tag
}

// state is that of a socket in the registry.
func (p *placement) state() string {
	if p.detached {
		return StateDetached
	}
	return StateOpen
}

func (sh *shard) init(h *Hub) {
	sh.hub = h
	sh.byKey = make(map[string]*Socket)
	sh.tags = make(map[string]*valueIndex)
	sh.services = newValueIndex("")
	sh.users = newValueIndex("")
}

func newValueIndex(name string) *valueIndex {
	return &valueIndex{name: name, byValue: make(map[string]*posting)}
}

// add registers a socket. Called with mu held.
func (sh *shard) add(s *Socket) {
	p := &s.indexed
	p.in, p.at = true, int32(len(sh.all))
	sh.all = append(sh.all, s)
	sh.byKey[s.key] = s
	p.service = sh.services.insert(s.Service(), s)
	p.user = sh.users.insert(s.user.Load().ID, s)
	sh.indexTags(s, s.Tags())
	sh.hub.count.Add(1)
}

// noteDetached notes that a socket has no connection any more. Called with mu held.
func (sh *shard) noteDetached(s *Socket) {
	if sh.detached == nil {
		sh.detached = map[string]int{}
	}
	s.indexed.detached = true
	sh.detached[s.Service()]++
	sh.hub.count.Add(-1)
}

// noteAttached is the other end of noteDetached. Called with mu held.
func (sh *shard) noteAttached(s *Socket) {
	service := s.Service()
	s.indexed.detached = false
	if sh.detached[service]--; sh.detached[service] == 0 {
		delete(sh.detached, service) // its key is a part of the key of a socket, which must not be kept alive
	}
	sh.hub.count.Add(1)
}

// remove takes a socket out of the registry and the index. Called with mu held.
func (sh *shard) remove(s *Socket) {
	p := &s.indexed
	if !p.in {
		return
	}
	if p.detached {
		sh.noteAttached(s)
	}
	last := len(sh.all) - 1
	moved := sh.all[last]
	sh.all[p.at] = moved
	moved.indexed.at = p.at
	sh.all[last] = nil
	sh.all = sh.all[:last]
	delete(sh.byKey, s.key)
	p.service.leave()
	p.user.leave()
	sh.unindexTags(s)
	*p = placement{}
	sh.hub.count.Add(-1)
}

func (sh *shard) indexTags(s *Socket, t Tags) {
	pairs := t.pairs()
	if len(pairs) == 0 {
		s.indexed.tags = nil
		return
	}
	s.indexed.tags = make([]entry, len(pairs))
	for i, tag := range pairs {
		ix := sh.tags[tag.name]
		if ix == nil {
			// The index outlives the socket: it must not keep the memory of its tags alive.
			name := strings.Clone(tag.name)
			ix = newValueIndex(name)
			sh.tags[name] = ix
		}
		s.indexed.tags[i] = ix.insert(tag.value, s)
	}
}

func (sh *shard) unindexTags(s *Socket) {
	for _, e := range s.indexed.tags {
		ix := e.list.index
		e.leave()
		if ix.sockets == 0 {
			delete(sh.tags, ix.name)
		}
	}
	s.indexed.tags = nil
}

// regrant has what a newer handshake grants take the place of what an older one did. What both say alike stays as it
// is: scripts may have changed it since. If there would be too many tags then, those that nobody granted go. Called with
// both locks held.
func (sh *shard) regrant(s *Socket, older, newer map[string]string) {
	if maps.Equal(older, newer) {
		return
	}
	values := s.Tags().Map()
	for name := range older {
		if _, still := newer[name]; !still {
			delete(values, name)
		}
	}
	for name, value := range newer {
		if before, granted := older[name]; !granted || before != value {
			values[name] = value
		}
	}
	t := NewTags(values)
	if t.Check() != nil {
		t = NewTags(newer)
	}
	sh.unindexTags(s)
	sh.indexTags(s, t)
	s.tags.Store(t.set)
}

// retag replaces the tags of a socket by what change makes of them, and reports whether they
// differ. An error of change, or [ErrClosed] for a socket that has left, leaves all as it was.
func (sh *shard) retag(s *Socket, change func(Tags) (Tags, error)) (changed bool, err error) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.mu.Lock()
	moving := s.moving()
	s.mu.Unlock()
	switch {
	case moving:
		return false, ErrMoving
	case !s.indexed.in:
		return false, ErrClosed
	}
	old := s.Tags()
	t, err := change(old)
	if err != nil || t.Equal(old) {
		return false, err
	}
	sh.unindexTags(s)
	sh.indexTags(s, t)
	s.tags.Store(t.set)
	s.mu.Lock()
	s.happened(EventRetagged, old.set, s.indexed.state())
	s.mu.Unlock()
	return true, nil
}

// insert adds a socket to the list of a value.
func (ix *valueIndex) insert(value string, s *Socket) entry {
	list := ix.byValue[value]
	if list == nil {
		value = strings.Clone(value)
		list = &posting{index: ix, value: value, at: len(ix.lists)}
		list.sockets = list.single[:0]
		ix.byValue[value] = list
		ix.lists = append(ix.lists, list)
	}
	list.sockets = append(list.sockets, s)
	ix.sockets++
	return entry{list, int32(len(list.sockets) - 1)}
}

// leave takes the socket of the entry out of its list, and the list out of its index when it
// was the last.
func (e entry) leave() {
	list, ix := e.list, e.list.index
	last := len(list.sockets) - 1
	moved := list.sockets[last]
	list.sockets[e.at] = moved
	list.sockets[last] = nil
	list.sockets = list.sockets[:last]
	if int(e.at) != last {
		moved.indexed.moveTo(list, e.at)
	}
	if ix.sockets--; last > 0 {
		return
	}
	end := len(ix.lists) - 1
	ix.lists[list.at] = ix.lists[end]
	ix.lists[list.at].at = list.at
	ix.lists[end] = nil
	ix.lists = ix.lists[:end]
	delete(ix.byValue, list.value)
}

// moveTo notes the new position of a socket in a list. A socket has few tags, a search beats
// keeping the number of the tag with every list element.
func (p *placement) moveTo(list *posting, at int32) {
	switch list {
	case p.service.list:
		p.service.at = at
		return
	case p.user.list:
		p.user.at = at
		return
	}
	for i := range p.tags {
		if p.tags[i].list == list {
			p.tags[i].at = at
			return
		}
	}
}

// selectInto appends the sockets of the shard that match f.
func (sh *shard) selectInto(found []*Socket, f *Filter) []*Socket {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.find(found, f)
}

// find is selectInto with the lock held.
func (sh *shard) find(found []*Socket, f *Filter) []*Socket {
	openOnly := f.openOnly() && len(sh.detached) > 0
	if len(f.conds) == 0 && !openOnly {
		return append(found, sh.all...)
	}
	best, size := (*cond)(nil), len(sh.all)
	for i := range f.conds {
		n, listed := sh.cost(&f.conds[i])
		if listed && (best == nil || n < size) {
			best, size = &f.conds[i], n
		}
	}
	if best == nil {
		return appendMatching(found, sh.all, f, nil, openOnly)
	}
	ix := sh.index(best)
	if ix == nil {
		return found
	}
	if best.any {
		for _, list := range ix.lists {
			found = appendMatching(found, list.sockets, f, best, openOnly)
		}
		return found
	}
	for _, value := range best.values {
		if list := ix.byValue[value]; list != nil {
			found = appendMatching(found, list.sockets, f, best, openOnly)
		}
	}
	return found
}

// appendMatching appends those of candidates that match f; skip is a condition they all meet, and
// openOnly leaves detached ones out.
func appendMatching(found, candidates []*Socket, f *Filter, skip *cond, openOnly bool) []*Socket {
	if skip != nil && len(f.conds) == 1 && !openOnly {
		return append(found, candidates...)
	}
	for _, s := range candidates {
		if openOnly && s.indexed.detached {
			continue
		}
		if f.matches(s, s.Tags(), skip) {
			found = append(found, s)
		}
	}
	return found
}

// index returns the index that answers c, nil when no socket has the tag.
func (sh *shard) index(c *cond) *valueIndex {
	switch c.subject {
	case subjectService:
		return sh.services
	case subjectUser:
		return sh.users
	}
	return sh.tags[c.name]
}

// cost returns how many sockets the lists for c hold; listed is false when no list answers c:
// the tag may be absent, or c looks at what all sockets here have in common.
func (sh *shard) cost(c *cond) (n int, listed bool) {
	if c.absent || c.subject == subjectState || c.subject == subjectNode {
		return 0, false
	}
	ix := sh.index(c)
	if ix == nil {
		return 0, true
	}
	if c.any {
		return ix.sockets, true
	}
	for _, value := range c.values {
		if list := ix.byValue[value]; list != nil {
			n += len(list.sockets)
		}
	}
	return n, true
}
