package peers

import (
	"sort"
	"sync"
	"time"
)

// table is who is there.
type table struct {
	mu     sync.RWMutex
	self   Node
	byName map[string]*member
	others []Node          // byName in order; replaced whole, never changed
	lapsed map[uint64]bool // incarnations that were silent for too long
}

type member struct {
	Node
	heard time.Time
}

// change is what a heartbeat changed.
type change int

const (
	changeNone change = iota
	changeJoined
	changeBack  // it had lapsed, and is heard again
	changeState // another state
	changeRival // no change, but another node has the name of this one
)

// hear notes a sign of life of a node; fresh: it has just joined, and has made sure that nobody
// has its name. gone is the incarnation that had the name before, or 0.
func (t *table) hear(n Node, fresh bool, now time.Time) (what change, gone uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n.Name == t.self.Name {
		if n.number != t.self.number {
			return changeRival, 0
		}
		return changeNone, 0
	}
	m := t.byName[n.Name]
	switch {
	case m == nil:
		what = changeJoined
	case m.number != n.number:
		if !fresh && n.Started.Before(m.Started) {
			return changeNone, 0 // what an older process still had under way
		}
		what, gone = changeJoined, m.number
	case m.State != n.State:
		what = changeState
	}
	if t.lapsed[n.number] {
		delete(t.lapsed, n.number)
		what = changeBack
	}
	t.byName[n.Name] = &member{n, now}
	t.sort()
	return what, gone
}

// bye takes a node away; false: it is not there (any more).
func (t *table) bye(name string, incarnation uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.byName[name]
	if m == nil || m.number != incarnation {
		return false
	}
	delete(t.byName, name)
	t.sort()
	return true
}

// lapse takes away who was not heard since.
func (t *table) lapse(since time.Time) (lapsed []Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lapsed == nil || len(t.lapsed) > 1024 { // most never come back
		t.lapsed = map[uint64]bool{}
	}
	for name, m := range t.byName {
		if m.heard.Before(since) {
			lapsed = append(lapsed, m.Node)
			t.lapsed[m.number] = true
			delete(t.byName, name)
		}
	}
	if lapsed != nil {
		t.sort()
	}
	return lapsed
}

// spare has everybody count as heard at the given time, at least.
func (t *table) spare(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.byName {
		if m.heard.Before(at) {
			m.heard = at
		}
	}
}

// sort renews the list. It is called with mu locked.
func (t *table) sort() {
	others := make([]Node, 0, len(t.byName))
	for _, m := range t.byName {
		others = append(others, m.Node)
	}
	sort.Slice(others, func(i, j int) bool { return others[i].Name < others[j].Name })
	t.others = others
}

func (t *table) list() []Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.others
}

// number returns the incarnation of another node, 0 if it is not there.
func (t *table) number(name string) uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if m := t.byName[name]; m != nil {
		return m.number
	}
	return 0
}

func (t *table) me() Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.self
}

func (t *table) find(match func(*Node) bool) (Node, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if match(&t.self) {
		return t.self, true
	}
	for i := range t.others {
		if match(&t.others[i]) {
			return t.others[i], true
		}
	}
	return Node{}, false
}
