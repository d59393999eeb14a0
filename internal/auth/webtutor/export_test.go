package webtutor

import (
	"runtime"
	"time"
)

// Hurry has Run look at the clock often.
func (m *Method) Hurry() { m.tick = time.Millisecond }

// Bound has the method keep fewer sessions.
func (m *Method) Bound(sessions, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.most, m.table.mostBytes = sessions, bytes
}

// Kept says how many sessions are kept, and their size as it is counted.
func (m *Method) Kept() (sessions, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.table.sessions), m.table.bytes
}

// Forget has what nobody holds forgotten, and says how many sessions are kept then.
func (m *Method) Forget() int {
	runtime.GC()
	n, _ := m.Kept()
	return n
}

const (
	MaxAnswer   = maxAnswer
	MaxCookies  = maxCookies
	MaxRechecks = maxRechecks
)

// Due says how many sessions are to be checked by now, or are being checked.
func (m *Method) Due() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.table.sessions {
		if s.flight != nil || !s.due.After(m.now()) {
			n++
		}
	}
	return n
}
