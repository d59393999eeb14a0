package userdata

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// Two read while a write is under way: the second sees it, and is done first.
func TestWhatIsRememberedDoesNotGoBack(t *testing.T) {
	m := memory{on: true}
	now := time.Now()
	_, _, before := m.look("d.x", now)
	_, _, meanwhile := m.look("d.x", now)
	m.keep("d.x", record{data: []byte("2"), revision: 2}, meanwhile)
	m.keep("d.x", record{data: []byte("1"), revision: 1}, before)
	if r, ok, _ := m.look("d.x", now); !ok || string(r.data) != "2" {
		t.Errorf("it is %q now, %v", r.data, ok)
	}
	m.written("d.x", true)
	if r, ok, _ := m.look("d.x", now); ok {
		t.Errorf("after a write it is still %q", r.data)
	}
}

// The same, where other values push the newer one out before the older one comes.
func TestWhatWasPushedOutIsNotRememberedOlder(t *testing.T) {
	m := memory{on: true}
	now := time.Now()
	_, _, before := m.look("d.x", now)
	m.keep("d.x", record{data: []byte("2"), revision: 2}, before)
	large := bytes.Repeat([]byte("x"), maxRemembered/10)
	for i := 0; ; i++ {
		if _, ok, _ := m.look("d.x", now); !ok {
			break
		}
		subject := fmt.Sprint("d.large", i)
		_, _, turns := m.look(subject, now)
		m.keep(subject, record{data: large, revision: 3}, turns)
	}
	m.keep("d.x", record{data: []byte("1"), revision: 1}, before)
	if r, ok, _ := m.look("d.x", now); ok {
		t.Errorf("it is %q, and was 2", r.data)
	}
	_, _, later := m.look("d.x", now)
	m.keep("d.x", record{data: []byte("2"), revision: 2}, later)
	if _, ok, _ := m.look("d.x", now); !ok {
		t.Error("what is read later is not kept")
	}
}
