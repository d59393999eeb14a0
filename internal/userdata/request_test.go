package userdata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestReadFromLeader: what a cluster reads is what one server does: values with and without expiry, absent ones,
// removed ones, those that may not be replaced.
func TestReadFromLeader(t *testing.T) {
	s, c := newStore(t)
	userdata.ReadFromLeader(s)
	wantValue(t, s, "absent", "")
	mustSet(t, s, "plain", `{"a":1}`, 0)
	mustSet(t, s, "short", `2`, time.Minute)
	wantValue(t, s, "plain", `{"a":1}`)
	wantValue(t, s, "short", `2`)
	c.Advance(time.Hour)
	wantValue(t, s, "short", "")
	v, _, err := s.Look(t.Context(), "plain")
	if err != nil || v.Revision == 0 {
		t.Fatal(v, err)
	}
	if _, err := s.SetIf(t.Context(), "plain", json.RawMessage(`3`), 0, func(r uint64, _ bool) bool { return r == v.Revision }); err != nil {
		t.Error(err)
	}
	if _, err := s.Delete(t.Context(), "plain"); err != nil {
		t.Error(err)
	}
	wantValue(t, s, "plain", "")
}

// TestManyRequestsAtOnce: more requests at once than there are subscriptions for, and some that are given up, all
// get the answer that is theirs.
func TestManyRequestsAtOnce(t *testing.T) {
	s, _ := newStore(t)
	for i := range 300 {
		mustSet(t, s, fmt.Sprint(i), fmt.Sprint(i), 0)
	}
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			for range 20 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%10 == 0 {
					cancel()
				}
				got, ok, err := s.Get(ctx, fmt.Sprint(i))
				switch {
				case i%10 == 0 && errors.Is(err, context.Canceled):
				case err != nil || !ok || string(got) != fmt.Sprint(i):
					t.Errorf("%d is %s (%v, %v)", i, got, ok, err)
				}
				cancel()
			}
		})
	}
	all.Wait()
}

// TestConnectionEnds: a request whose connection ends is told so at once.
func TestConnectionEnds(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{})
	mustSet(t, s, "key", "1", 0)
	js.Conn().Close()
	if _, _, err := s.Get(t.Context(), "key"); !errors.Is(err, userdata.ErrClosed) {
		t.Error(err)
	}
	if err := s.Set(t.Context(), "key", json.RawMessage("2"), 0); !errors.Is(err, userdata.ErrClosed) {
		t.Error(err)
	}
	stop()
}
