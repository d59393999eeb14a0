package userdata

import (
	"sync"
	"time"
)

// maxRemembered bounds what the values read lately take, in bytes.
const maxRemembered = 4 << 20

// memory keeps plain values that were read lately, for a store that alone writes to its
// bucket. So a script that reads the same value for each message costs no request.
// Every write of the store makes it forget the key before the writer, or who watches, hears of its
// success; a value that was read while something was written is not kept, for it may
// be the one before. The zero value remembers nothing until on is set.
type memory struct {
	on bool

	mu     sync.Mutex // guards what follows
	values map[string]record
	bytes  int
	turns  uint64 // writes that have finished, and values that were pushed out, so far
	off    bool   // a write whose outcome is not known may still come true
}

// look returns the value of a subject if it is known and has not expired, and else what
// keep wants to know.
func (m *memory) look(subject string, now time.Time) (r record, ok bool, turns uint64) {
	if !m.on {
		return record{}, false, 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok = m.values[subject]
	return r, ok && !r.expired(now), m.turns
}

// keep remembers what was read, unless something was written or pushed out since look: it may be older than what was.
func (m *memory) keep(subject string, r record, turns uint64) {
	size := rememberedSize(subject, r)
	if !m.on || r.data == nil || size > maxRemembered/8 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off || turns != m.turns || m.values[subject].revision > r.revision {
		return // of two that read while something was written the one that read it may be first
	}
	m.drop(subject)
	if m.values == nil {
		m.values = map[string]record{}
	}
	for old := range m.values { // any will do: what is read often comes back
		if m.bytes+size <= maxRemembered {
			break
		}
		m.drop(old)
		m.turns++
	}
	m.values[subject] = r
	m.bytes += size
}

// written forgets a subject. A write whose outcome is not known ends the memory.
func (m *memory) written(subject string, known bool) {
	if !m.on {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns++
	m.drop(subject)
	if !known {
		m.off, m.values, m.bytes = true, nil, 0
	}
}

// drop removes a value. The caller holds mu.
func (m *memory) drop(subject string) {
	if r, ok := m.values[subject]; ok {
		m.bytes -= rememberedSize(subject, r)
		delete(m.values, subject)
	}
}

// rememberedSize is what a value takes, with its place in the map.
func rememberedSize(subject string, r record) int {
	const overhead = 160
	return len(subject) + len(r.data) + len(r.key) + overhead
}
