package versions_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

var room = versions.Script{Kind: "service", Name: "room"}

func mustAppend(t testing.TB, s *versions.Store, script versions.Script, source string) versions.Version {
	t.Helper()
	v, added, err := s.Append(t.Context(), script, versions.New{By: "file", Source: source})
	if err != nil || !added {
		t.Fatalf("append: added %v, %v", added, err)
	}
	return v
}

// numbers lists what the history of a script has.
func numbers(t testing.TB, s *versions.Store, script versions.Script, limit, before int) (found []int, more bool) {
	t.Helper()
	list, more, err := s.List(t.Context(), script, limit, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		found = append(found, v.N)
		if v.Source != "" {
			t.Errorf("the list has the text of version %d", v.N)
		}
	}
	return found, more
}

func TestVersionsAreNumberedPerScript(t *testing.T) {
	s := newStore(t)
	agent := versions.Script{Kind: "agent", Name: "room"}
	odd := versions.Script{Kind: "library", Name: "счёт.v2 *>"}
	for i, script := range []versions.Script{room, room, agent, odd, room} {
		mustAppend(t, s, script, fmt.Sprint("text ", i))
	}
	for script, want := range map[versions.Script][]int{room: {3, 2, 1}, agent: {1}, odd: {1}, {Kind: "agent", Name: "none"}: nil} {
		if got, more := numbers(t, s, script, 100, 0); !slices.Equal(got, want) || more {
			t.Errorf("%v has %v (%v)", script, got, more)
		}
	}
	v, err := s.Get(t.Context(), room, 2)
	if err != nil || v.Source != "text 1" || v.By != "file" || v.Bytes != 6 || v.ETag != versions.ETag("text 1") || v.At.Hour() != 12 {
		t.Errorf("version 2: %+v, %v", v, err)
	}
	if _, err := s.Get(t.Context(), room, 4); !errors.Is(err, versions.ErrNotFound) {
		t.Errorf("version 4: %v", err)
	}
}

func TestTheLastTextAgainAddsNothing(t *testing.T) {
	s := newStore(t)
	mustAppend(t, s, room, "a")
	mustAppend(t, s, room, "b")
	v, added, err := s.Append(t.Context(), room, versions.New{By: "admin", Source: "b"})
	if err != nil || added || v.N != 2 || v.By != "file" {
		t.Errorf("b again: %+v, %v, %v", v, added, err)
	}
	if v := mustAppend(t, s, room, "a"); v.N != 3 {
		t.Errorf("a again: %+v", v)
	}
}

func TestPagesOfTheHistory(t *testing.T) {
	s := newStore(t)
	for i := range 5 {
		mustAppend(t, s, room, fmt.Sprint(i))
	}
	for _, c := range []struct {
		limit, before int
		want          []int
		more          bool
	}{{2, 0, []int{5, 4}, true}, {2, 4, []int{3, 2}, true}, {2, 2, []int{1}, false}, {5, 0, []int{5, 4, 3, 2, 1}, false}, {2, 1, nil, false}, {2, 99, []int{5, 4}, true}} {
		if got, more := numbers(t, s, room, c.limit, c.before); !slices.Equal(got, c.want) || more != c.more {
			t.Errorf("%d before %d: %v, %v", c.limit, c.before, got, more)
		}
	}
}

func TestTheHistoryIsBounded(t *testing.T) {
	s := newStore(t)
	for i := range versions.MaxVersions + 7 {
		mustAppend(t, s, room, fmt.Sprint(i))
	}
	got, _ := numbers(t, s, room, 1000, 0)
	if len(got) != versions.MaxVersions || got[0] != versions.MaxVersions+7 || got[len(got)-1] != 8 {
		t.Errorf("%d versions, from %d to %d", len(got), got[0], got[len(got)-1])
	}
	if _, err := s.Get(t.Context(), room, 7); !errors.Is(err, versions.ErrNotFound) {
		t.Errorf("version 7: %v", err)
	}
}

func TestVersionsOutliveTheServer(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	s := openStore(t, js)
	mustAppend(t, s, room, "a")
	mustAppend(t, s, room, "b")
	stop()
	js, _ = natstest.Start(t, folder)
	s = openStore(t, js)
	if _, added, err := s.Append(t.Context(), room, versions.New{By: "start", Source: "b"}); added || err != nil {
		t.Errorf("the last text again: %v, %v", added, err)
	}
	if v := mustAppend(t, s, room, "c"); v.N != 3 {
		t.Errorf("the next version is %d", v.N)
	}
}

// TestNumbersAreTakenOnce: two stores on one stream know nothing of each other.
func TestNumbersAreTakenOnce(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := map[int]int{}
	for writer := range 4 {
		s := openStore(t, js)
		wg.Go(func() {
			for i := range 10 {
				v, added, err := s.Append(t.Context(), room, versions.New{By: "file", Source: fmt.Sprint(writer, " ", i)})
				if err != nil || !added {
					t.Errorf("append: %v, %v", added, err)
				}
				mu.Lock()
				taken[v.N]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for n := 1; n <= 40; n++ {
		if taken[n] != 1 {
			t.Errorf("version %d was taken %d times", n, taken[n])
		}
	}
}

func TestTheLargestScriptFits(t *testing.T) {
	s := newStore(t)
	var b strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for b.Len() < 2<<20-1 {
		b.WriteByte(byte(' ' + random.IntN(95)))
	}
	text := b.String()
	mustAppend(t, s, room, text)
	v, err := s.Get(t.Context(), room, 1)
	if err != nil || v.Source != text || v.Bytes != len(text) {
		t.Errorf("%d bytes, noted %d: %v", len(v.Source), v.Bytes, err)
	}
}

func TestDiff(t *testing.T) {
	if got := versions.Diff("1", "a\n", "2", "a\n"); got != "" {
		t.Errorf("equal texts: %q", got)
	}
	want := "--- 1\n+++ 2\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
	if got := versions.Diff("1", "a\nb\nc\n", "2", "a\nB\nc\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}
