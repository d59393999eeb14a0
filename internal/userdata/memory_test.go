package userdata_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestRememberedValues: a store that is alone reads what was written last, however it was written.
func TestRememberedValues(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	c := newClock()
	s := openStore(t, js, userdata.Config{Clock: c.Now, Sole: true})
	mustSet(t, s, "a", "1", time.Minute)
	for range 2 { // the second time it is remembered
		wantValue(t, s, "a", "1")
	}
	mustSet(t, s, "a", "2", time.Minute)
	wantValue(t, s, "a", "2")
	c.Advance(time.Hour)
	wantValue(t, s, "a", "")
	mustSet(t, s, "a_recipients", "3", 0)
	wantValue(t, s, "a_recipients", "3")
	mustJoin(t, s, "a_recipients", "7", "/services/x-s-1", 0) // a list takes the place of the value
	wantValue(t, s, "a_recipients", `{"result":[{"person_id":"7","socket_id":"/services/x-s-1"}]}`)
	mustSet(t, s, "b", "4", 0)
	wantValue(t, s, "b", "4")
	if n, err := s.DeletePrefix(t.Context(), "b"); n != 1 || err != nil {
		t.Error(n, err)
	}
	wantValue(t, s, "b", "")
}

// TestRememberedCounters: simultaneous changes on condition lose none, and every reader sees a counter only grow,
// while other values push each other out.
func TestRememberedCounters(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{Sole: true})
	const writers, each = 12, 8
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range each {
				increment(t, s, "counter")
				mustSet(t, s, fmt.Sprint("large", w), `"`+strings.Repeat("x", 400<<10)+`"`, 0)
				if _, _, err := s.Get(t.Context(), fmt.Sprint("large", (w+1)%writers)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for last, over := 0, false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		now, _, err := s.Get(t.Context(), "counter")
		n := 0
		if err == nil && now != nil {
			err = json.Unmarshal(now, &n)
		}
		if err != nil || n < last {
			t.Fatalf("the counter goes from %d to %d (%v)", last, n, err)
		}
		last = n
	}
	wantValue(t, s, "counter", fmt.Sprint(writers*each))
}

// increment counts by reading and writing on condition.
func increment(t *testing.T, s *userdata.Store, key string) {
	for {
		v, ok, err := s.Look(t.Context(), key)
		n := 0
		if err == nil && ok {
			err = json.Unmarshal(v.JSON, &n)
		}
		if err != nil {
			t.Error(err)
			return
		}
		_, err = s.SetIf(t.Context(), key, json.RawMessage(fmt.Sprint(n+1)), 0, func(revision uint64, exists bool) bool {
			return exists == ok && revision == v.Revision
		})
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), userdata.ErrChanged.Error()) {
			t.Error(err)
			return
		}
	}
}
