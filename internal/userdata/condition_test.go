package userdata_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func only(revision uint64) userdata.Condition {
	return func(now uint64, exists bool) bool { return exists && now == revision }
}

func absent(_ uint64, exists bool) bool  { return !exists }
func present(_ uint64, exists bool) bool { return exists }

func TestConditions(t *testing.T) {
	s, clock := newStore(t)
	set := func(value string, ttl time.Duration, may userdata.Condition) (uint64, error) {
		return s.SetIf(t.Context(), "k", json.RawMessage(value), ttl, may)
	}
	if _, err := set("1", 0, present); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("a value that is not there is replaced: %v", err)
	}
	first, err := set("1", time.Hour, absent)
	if err != nil || first == 0 {
		t.Fatalf("revision %d, %v", first, err)
	}
	v, ok, err := s.Look(t.Context(), "k")
	if err != nil || !ok || v.Revision != first || string(v.JSON) != "1" || !v.Expires.Equal(clock.Now().Add(time.Hour)) {
		t.Errorf("%+v %v %v", v, ok, err)
	}
	if _, err := set("2", 0, absent); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("made twice: %v", err)
	}
	second, err := set("2", time.Second, only(first))
	if err != nil || second <= first {
		t.Errorf("revision %d, %v", second, err)
	}
	if _, err := set("3", 0, only(first)); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("a stale write: %v", err)
	}
	clock.Advance(time.Minute) // it has expired: the key is free
	if _, err := set("4", 0, only(second)); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("an expired value is replaced: %v", err)
	}
	fourth, err := set("4", 0, absent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteIf(t.Context(), "k", only(second)); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("a stale removal: %v", err)
	}
	if held, err := s.DeleteIf(t.Context(), "k", only(fourth)); !held || err != nil {
		t.Errorf("removed %v, %v", held, err)
	}
	if held, err := s.DeleteIf(t.Context(), "k", nil); held || err != nil {
		t.Errorf("removed again %v, %v", held, err)
	}
	if _, err := set("5", 0, absent); err != nil { // over the trace of the removal
		t.Error(err)
	}
	wantValue(t, s, "k", "5")
}

func TestConditionsOfLists(t *testing.T) {
	s, _ := newStore(t)
	const key = "a_recipients"
	mustJoin(t, s, key, "1", "x", 0)
	v, ok, err := s.Look(t.Context(), key)
	if err != nil || !ok || v.Revision != 0 || !v.Expires.IsZero() {
		t.Errorf("%+v %v %v", v, ok, err)
	}
	if _, err := s.SetIf(t.Context(), key, json.RawMessage("1"), 0, absent); !errors.Is(err, userdata.ErrChanged) {
		t.Errorf("a list is no value: %v", err)
	}
	if _, err := s.SetIf(t.Context(), key, json.RawMessage(list("2", "y")), 0, present); err != nil {
		t.Error(err)
	}
	wantValue(t, s, key, list("2", "y"))
	if _, err := s.SetIf(t.Context(), key, json.RawMessage("1"), 0, present); err != nil {
		t.Error(err)
	}
	wantValue(t, s, key, "1")
}

// TestWritersUnderConditionsLoseNothing: each adds one to what it has read.
func TestWritersUnderConditionsLoseNothing(t *testing.T) {
	s, _ := newStore(t)
	mustSet(t, s, "n", "0", 0)
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				v, _, err := s.Look(t.Context(), "n")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(v.JSON))
				switch _, err := s.SetIf(t.Context(), "n", json.RawMessage(strconv.Itoa(n+1)), 0, only(v.Revision)); {
				case err == nil:
					done++
				case !errors.Is(err, userdata.ErrChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	wantValue(t, s, "n", fmt.Sprint(writers*each))
}

// TestChangesFromThreeStoresAreAllKept: fifty writers add one each, through three stores, as nodes have them.
func TestChangesFromThreeStoresAreAllKept(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	var stores []*userdata.Store
	for range 3 {
		stores = append(stores, openStore(t, js, userdata.Config{}))
	}
	const writers = 50
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			s := stores[i%len(stores)]
			for done := false; !done; {
				value, revision, ok, err := s.GetRevision(t.Context(), "sum")
				n := 0
				if ok && err == nil {
					err = json.Unmarshal(value, &n)
				}
				if err == nil {
					done, err = s.Replace(t.Context(), "sum", json.RawMessage(strconv.Itoa(n+1)), time.Hour, revision)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	for _, s := range stores {
		wantValue(t, s, "sum", strconv.Itoa(writers))
	}
}
