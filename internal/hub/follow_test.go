package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// next returns what is to be heard now, as text; "" if it is nothing.
func (f *Following) next(t *testing.T) (text string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	changes, err := f.Next(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, c := range changes {
		text += fmt.Sprint(c.Socket.StatefulID(), ":", [...]string{"", "attached", "detached", "ended", "moved"}[c.Kind], " ")
	}
	return text
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := resuming(Config{})
		early := mustOpen(t, h, "m", "0", "u")
		f := h.Follow()
		defer f.Stop()
		want := func(want string) {
			t.Helper()
			if got := f.next(t); got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
		want("")
		lose(t, early)
		want("0:detached ")
		key := NewVolatileKey("m", 0)
		if _, err := h.Open(OpenRequest{Key: key, Service: "m", Waker: &bell{}}); err != nil {
			t.Fatal(err)
		}
		one := mustOpen(t, h, "m", "1", "u")
		want("1:attached ")
		mustOpen(t, h, "m", "1", "u")
		want("1:attached ")
		s := one.Socket()
		one.CloseWith(Reason{Code: CodeNormal}) // stale
		s.CloseWith(Reason{Code: CodeNormal})
		again := mustOpen(t, h, "m", "1", "u")
		want("1:ended 1:attached ")
		two := mustOpen(t, h, "m", "2", "u")
		lose(t, two)
		if err := two.Socket().ReplaceTags(NewTags(map[string]string{"a": "1"})); err != nil {
			t.Fatal(err)
		}
		mustOpen(t, h, "m", "0", "u")
		want("2:detached 0:attached ")
		d, err := h.HandOver(t.Context(), again.Socket().Key(), "u", toAnotherNode)
		if err != nil {
			t.Fatal(err)
		}
		want("1:moved ")
		time.Sleep(2 * window)
		synctest.Wait()
		want("2:ended ")
		if _, err := h.Restore(d, &bell{}); err != nil {
			t.Fatal(err)
		}
		want("1:detached ")

		heard := make(chan string)
		go func() {
			changes, err := f.Next(t.Context())
			heard <- fmt.Sprint(len(changes), err)
		}()
		synctest.Wait()
		mustOpen(t, h, "m", "1", "u")
		if got := <-heard; got != "1<nil>" && got != "1 <nil>" {
			t.Errorf("who waited heard %s", got)
		}
		f.Stop()
		f.Stop()
		mustOpen(t, h, "m", "3", "u")
		want("")
	})
}

// TestFollowAgainstTheHub: whatever happens at once, who follows knows in the end what is.
func TestFollowAgainstTheHub(t *testing.T) {
	h := resuming(Config{})
	f := h.Follow()
	defer f.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	known := map[string]ChangeKind{}
	owner := map[string]*Socket{}
	take := func(changes []Change) {
		for _, c := range changes {
			key := c.Socket.Key()
			if last := owner[key]; last != nil && c.Socket.OpenedAt().Before(last.OpenedAt()) {
				t.Errorf("an older socket %s is heard of after a newer one", key)
			}
			known[key], owner[key] = c.Kind, c.Socket
		}
	}
	var reader, writers sync.WaitGroup
	reader.Go(func() {
		for {
			changes, err := f.Next(ctx)
			if err != nil {
				return
			}
			take(changes)
		}
	})
	for w := range 4 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			conns := map[string]*Conn{}
			for range 3000 {
				id := fmt.Sprint(r.IntN(5)) // shared by all of them
				c := conns[id]
				switch n := r.IntN(6); {
				case c == nil || n == 0:
					if c, err := tryOpen(h, "m", id, "u", &bell{}); err == nil {
						conns[id] = c
					} else if !errors.Is(err, ErrMoving) {
						t.Error(err)
					}
				case n == 1:
					c.Ended(Reason{Code: CodeLost})
				case n == 2:
					c.Socket().Abort()
				case n == 3:
					if _, err := h.HandOver(ctx, c.Socket().Key(), "u", toAnotherNode); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrMoving) {
						t.Error(err)
					}
				default:
					c.Socket().Send(NewMessage("x"), ModeText)
					var b Batch
					if c.Next(&b) == DutyWrite {
						c.Return(r.IntN(b.Len() + 1))
					}
				}
			}
		})
	}
	writers.Wait()
	cancel()
	reader.Wait()
	take(f.take())
	for id := range 5 {
		key := BuildKey("m", fmt.Sprint(id))
		s, there := h.Get(key)
		switch kind := known[key]; {
		case !there && kind != ChangeEnded && kind != ChangeMoved,
			there && (owner[key] != s || s.State() == StateOpen && kind != ChangeAttached || s.State() == StateDetached && kind != ChangeDetached):
			t.Errorf("%s is there: %v, and was heard to be %d", key, there, kind)
		}
	}
}
