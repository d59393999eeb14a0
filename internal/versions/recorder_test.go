package versions_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

// record runs a recorder until the returned function is called.
func record(t *testing.T, s *versions.Store, log io.Writer) (r *versions.Recorder, end func()) {
	t.Helper()
	r = versions.NewRecorder(s, slog.New(slog.NewTextHandler(log, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	ended := false
	end = func() {
		if cancel(); !ended {
			ended = true
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(end)
	return r, end
}

func TestWhatIsAddedIsStoredInOrder(t *testing.T) {
	s := newStore(t)
	r, _ := record(t, s, io.Discard)
	for i := range 50 {
		r.Add(room, versions.New{By: "file", Source: fmt.Sprint(i)})
	}
	v, err := r.Add(room, versions.New{By: "admin", Note: "why", Source: "last"}).Wait(t.Context())
	if err != nil || v.N != 51 || v.Note != "why" {
		t.Errorf("%+v, %v", v, err)
	}
	r.Add(room, versions.New{By: "file", Source: "more"})
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := numbers(t, s, room, 1, 0); got[0] != 52 {
		t.Errorf("the newest is %v", got)
	}
}

func TestTheEndOfARecorderStoresWhatWaits(t *testing.T) {
	s := newStore(t)
	r, end := record(t, s, io.Discard)
	for i := range 50 {
		r.Add(room, versions.New{By: "file", Source: fmt.Sprint(i)})
	}
	end()
	if got, _ := numbers(t, s, room, 1, 0); got[0] != 50 {
		t.Errorf("the newest is %v", got)
	}
	if _, err := r.Add(room, versions.New{Source: "late"}).Wait(t.Context()); !errors.Is(err, versions.ErrClosed) {
		t.Errorf("added after the end: %v", err)
	}
	if err := r.Sync(t.Context()); !errors.Is(err, versions.ErrClosed) {
		t.Errorf("read after the end: %v", err)
	}
}

// TestABrokenStoreIsAWarning: adding goes on, and memory is bounded.
func TestABrokenStoreIsAWarning(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	s := openStore(t, js)
	var log strings.Builder
	r, end := record(t, s, &log)
	stop()
	ticket := r.Add(room, versions.New{By: "file", Source: "a"})
	if _, err := ticket.Wait(t.Context()); err == nil {
		t.Error("a store that is gone takes a version")
	}
	large := strings.Repeat("x", 1<<20)
	idle := versions.NewRecorder(s, slog.New(slog.DiscardHandler)) // stores nothing yet
	var err error
	for range 65 {
		_, err = idle.Add(room, versions.New{Source: large}).Wait(canceled())
	}
	if !errors.Is(err, versions.ErrBehind) {
		t.Errorf("the 65th MiB that waits: %v", err)
	}
	end()
	if !strings.Contains(log.String(), "version of a script is not in its history") || !strings.Contains(log.String(), "script=service/room") {
		t.Errorf("the log says %s", log.String())
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
