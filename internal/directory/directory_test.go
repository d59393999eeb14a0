package directory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

const key = "/services/chat-s-Иван Петров"

func TestLifeOfAClaim(t *testing.T) {
	d, js := alone(t)
	wantHeld(t, d, key, directory.Held{})

	first := take(t, d, key, claimOf("a"), 0)
	wantHeld(t, d, key, directory.Held{Claim: claimOf("a"), Revision: first})
	second := take(t, d, key, claimOf("b"), first)
	wantHeld(t, d, key, directory.Held{Claim: claimOf("b"), Revision: second})

	release(t, d, key, first) // is another one by now
	wantHeld(t, d, key, directory.Held{Claim: claimOf("b"), Revision: second})
	release(t, d, key, second)
	release(t, d, key, second)
	release(t, d, key, 0)
	release(t, d, key, 1<<40) // never was
	wantHeld(t, d, key, directory.Held{})
	if n := messages(t, js); n != 0 {
		t.Errorf("%d messages stay in the stream after the release, want none", n)
	}

	third := take(t, d, key, claimOf("c"), 0)
	if third <= second {
		t.Errorf("revision %d follows %d", third, second)
	}
}

func TestConditions(t *testing.T) {
	d, _ := alone(t)
	refused := func(after uint64) {
		t.Helper()
		if _, err := d.Take(t.Context(), key, claimOf("z"), after); !errors.Is(err, directory.ErrChanged) {
			t.Errorf("taking after %d: %v, want ErrChanged", after, err)
		}
	}
	refused(5) // nobody has it
	first := take(t, d, key, claimOf("a"), 0)
	refused(0)
	refused(first + 1)
	second := take(t, d, key, claimOf("b"), first)
	refused(first)
	wantHeld(t, d, key, directory.Held{Claim: claimOf("b"), Revision: second})
	release(t, d, key, second)
	refused(second)
	wantHeld(t, d, key, directory.Held{})
}

func TestOneOfManyTakesAKey(t *testing.T) {
	d, _ := alone(t)
	const nodes, rounds = 8, 20
	after := uint64(0)
	for range rounds {
		var winner atomic.Uint64
		var wins atomic.Int32
		var all sync.WaitGroup
		for i := range nodes {
			all.Go(func() {
				revision, err := d.Take(t.Context(), key, claimOf(fmt.Sprint("n", i)), after)
				switch {
				case err == nil:
					wins.Add(1)
					winner.Store(revision)
				case !errors.Is(err, directory.ErrChanged):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 {
			t.Fatalf("%d of %d nodes won a key", wins.Load(), nodes)
		}
		after = winner.Load()
	}
}

func TestAll(t *testing.T) {
	d, _ := alone(t)
	none := func(string, directory.Held) error { return errors.New("there is none") }
	if err := d.All(t.Context(), none); err != nil {
		t.Fatal(err)
	}
	const keys = 2100 // more than are read at once
	want := map[string]directory.Held{}
	for i := range keys {
		k, c := fmt.Sprint("/services/chat-s-", i), claimOf(fmt.Sprint("n", i%3))
		want[k] = directory.Held{Claim: c, Revision: take(t, d, k, c, 0)}
	}
	for i := 0; i < keys; i += 3 {
		k := fmt.Sprint("/services/chat-s-", i)
		release(t, d, k, want[k].Revision)
		delete(want, k)
	}
	got := map[string]directory.Held{}
	err := d.All(t.Context(), func(k string, h directory.Held) error { got[k] = h; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d claims are listed, want %d", len(got), len(want))
	}
	for k := range want {
		if got[k] != want[k] {
			t.Errorf("%s is listed as %+v, want %+v", k, got[k], want[k])
		}
	}

	stop := errors.New("enough")
	visits := 0
	err = d.All(t.Context(), func(string, directory.Held) error { visits++; return stop })
	if !errors.Is(err, stop) || visits != 1 {
		t.Errorf("a visit that fails ends the list after %d visits with %v", visits, err)
	}
}

func TestLongAndOddKeys(t *testing.T) {
	d, _ := alone(t)
	for _, k := range []string{"", " ", "a.b.*.>", strings.Repeat("ключ", 2000), "\x00\xff"} {
		c := directory.Claim{User: k}
		wantHeld(t, d, k, directory.Held{Claim: c, Revision: take(t, d, k, c, 0)})
	}
}

func TestClaimsOutliveTheServer(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	d := open(t, js, directory.Config{})
	revision := take(t, d, key, claimOf("a"), 0)
	gone := take(t, d, "/services/chat-s-gone", claimOf("a"), 0)
	release(t, d, "/services/chat-s-gone", gone)
	stop()

	js, _ = natstest.Start(t, folder)
	d = open(t, js, directory.Config{})
	wantHeld(t, d, key, directory.Held{Claim: claimOf("a"), Revision: revision})
	wantHeld(t, d, "/services/chat-s-gone", directory.Held{})
	if later := take(t, d, "/services/chat-s-new", claimOf("a"), 0); later <= gone {
		t.Errorf("revision %d was given before a restart and %d after it", gone, later)
	}
}

func TestFull(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	d := open(t, js, directory.Config{MaxBytes: 20_000})
	first := take(t, d, "/services/chat-s-0", claimOf("a"), 0)
	for i := 1; ; i++ {
		_, err := d.Take(t.Context(), fmt.Sprint("/services/chat-s-", i), claimOf("a"), 0)
		if errors.Is(err, directory.ErrFull) {
			break
		}
		if err != nil || i > 1000 {
			t.Fatalf("claim %d of a full directory: %v, want ErrFull", i, err)
		}
	}
	wantHeld(t, d, "/services/chat-s-0", directory.Held{Claim: claimOf("a"), Revision: first})
	release(t, d, "/services/chat-s-0", first)
	take(t, d, "/services/chat-s-0", claimOf("a"), 0)
}

func TestForeignValue(t *testing.T) {
	d, js := alone(t)
	revision := take(t, d, key, claimOf("a"), 0)
	s, err := js.Stream(t.Context(), "SOCKETS")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := s.GetMsg(t.Context(), revision)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), msg.Subject, []byte("something")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Look(t.Context(), key); !errors.Is(err, directory.ErrBroken) {
		t.Errorf("looking at a foreign value: %v, want ErrBroken", err)
	}

	take(t, d, "/services/chat-s-other", claimOf("a"), 0)
	other, err := s.GetLastMsgForSubject(t.Context(), "sockets.*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), msg.Subject, other.Data); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Look(t.Context(), key); !errors.Is(err, directory.ErrCollision) {
		t.Errorf("looking at another key's value: %v, want ErrCollision", err)
	}
	if err := d.All(t.Context(), func(string, directory.Held) error { return nil }); err != nil {
		t.Errorf("a value that cannot be read ends a list: %v", err)
	}
}

func TestWithoutAConnection(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	r := metrics.New()
	d := open(t, js, directory.Config{Metrics: r})
	revision := take(t, d, key, claimOf("a"), 0)
	stop()
	check := func(err error) {
		t.Helper()
		if !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%v, want ErrUnavailable", err)
		}
	}
	_, err := d.Take(t.Context(), key, claimOf("b"), revision)
	check(err)
	_, _, err = d.Look(t.Context(), key)
	check(err)
	check(d.Release(t.Context(), key, revision))
	check(d.All(t.Context(), func(string, directory.Held) error { return nil }))
	if n := r.Sum("tutorsocket_directory_operations_total", "outcome", "unavailable"); n != 4 {
		t.Errorf("%v requests are counted as unavailable, want 4", n)
	}
}

func TestCanceled(t *testing.T) {
	d, _ := alone(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Take(ctx, key, claimOf("a"), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("taking with an ended context: %v", err)
	}
}
