package userdata_test

import (
	"context"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestWatchTellsWhatChangesFromNowOn(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	here, there := openStore(t, js, userdata.Config{}), openStore(t, js, userdata.Config{})
	mustSet(t, there, "session/before", "1", 0)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	changes, err := here.Watch(ctx, "session/")
	if err != nil {
		t.Fatal(err)
	}
	mustSet(t, there, "session/a", "1", 0)
	mustSet(t, there, "user/a", "1", 0)
	mustSet(t, here, "session/b.c", "1", time.Hour)
	long := "session/" + strings.Repeat("d.", 500)
	mustSet(t, there, long, "1", 0)
	if _, err := there.Delete(t.Context(), "session/a"); err != nil {
		t.Fatal(err)
	}
	next, done := iter.Pull(changes) // by now the first change of session/a is covered by its removal
	defer done()
	for i, want := range []string{"session/b.c", long, "session/a"} {
		if got, ok := next(); !ok || got != want {
			t.Fatalf("change %d is of %q (%v), want %q", i, got, ok, want)
		}
	}
	stop()
	if got, ok := next(); ok {
		t.Errorf("after its end it tells of %q", got)
	}
}

// TestWatchersSeeWhatTheyAreToldOf: a store that remembers values tells of a change only when it reads the new value, even
// before the writer hears that it is stored.
func TestWatchersSeeWhatTheyAreToldOf(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{Sole: true})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	changes, err := s.Watch(ctx, "user/")
	if err != nil {
		t.Fatal(err)
	}
	next, done := iter.Pull(changes)
	defer done()
	for i := range 300 {
		if _, _, err := s.Get(t.Context(), "user/anna"); err != nil { // it is remembered now
			t.Fatal(err)
		}
		want := strconv.Itoa(i)
		written := make(chan error, 1)
		go func() { written <- s.Set(t.Context(), "user/anna", json.RawMessage(want), 0) }()
		if key, ok := next(); !ok || key != "user/anna" {
			t.Fatalf("the change %d is of %q (%v)", i, key, ok)
		}
		if got, _, err := s.Get(t.Context(), "user/anna"); err != nil || string(got) != want {
			t.Errorf("who is told of the change to %s reads %s (%v)", want, got, err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

func TestWatchEndsWithTheConnection(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{})
	changes, err := s.Watch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for key := range changes {
			t.Errorf("%q has changed", key)
		}
	}()
	s.Close()
	stop()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	if _, err := s.Watch(t.Context(), ""); err == nil {
		t.Error("a store whose connection is closed can be watched")
	}
}
