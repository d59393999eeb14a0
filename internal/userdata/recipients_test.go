package userdata_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// list is a recipients list as scripts read it, of pairs of person and socket.
func list(pairs ...string) string {
	var items []string
	for i := 0; i < len(pairs); i += 2 {
		items = append(items, fmt.Sprintf(`{"person_id":"%s","socket_id":"%s"}`, pairs[i], pairs[i+1]))
	}
	return `{"result":[` + strings.Join(items, ",") + `]}`
}

const group = "ws_group_recipients"

func TestJoinBuildsTheListOfTheSeed(t *testing.T) {
	s, _ := newStore(t)
	wantValue(t, s, group, "")
	mustJoin(t, s, group, "7177256154427237596", "/services/main_ws_service-s-123", 24*time.Hour)
	wantValue(t, s, group, `{"result":[{"person_id":"7177256154427237596","socket_id":"/services/main_ws_service-s-123"}]}`)
}

func TestMembersKeepTheOrderOfJoining(t *testing.T) {
	s, _ := newStore(t)
	mustJoin(t, s, group, "1", "b", time.Hour)
	mustJoin(t, s, group, "2", "a", time.Hour)
	mustJoin(t, s, group, "1", "b", time.Hour) // again: keeps its place
	mustJoin(t, s, group, "3", "ключ <&>", time.Hour)
	wantValue(t, s, group, list("1", "b", "2", "a", "3", "ключ <&>"))

	if n, err := s.Leave(t.Context(), group, "b", time.Time{}); n != 1 || err != nil {
		t.Fatalf("left %d, %v", n, err)
	}
	mustJoin(t, s, group, "1", "b", time.Hour)
	wantValue(t, s, group, list("2", "a", "3", "ключ <&>", "1", "b"))
	mustJoin(t, s, group, "9", "a", time.Hour) // of another person now
	wantValue(t, s, group, list("3", "ключ <&>", "1", "b", "9", "a"))
}

func TestLeave(t *testing.T) {
	s, _ := newStore(t)
	for _, key := range []string{"one", "two", "три"} {
		mustJoin(t, s, key, "1", "mine", time.Hour)
		mustJoin(t, s, key, "2", "other", time.Hour)
	}
	if n, err := s.Leave(t.Context(), "one", "nobody", time.Time{}); n != 0 || err != nil {
		t.Errorf("a stranger left %d lists, %v", n, err)
	}
	if n, err := s.Leave(t.Context(), "one", "mine", time.Time{}); n != 1 || err != nil {
		t.Errorf("left %d, %v", n, err)
	}
	wantValue(t, s, "one", list("2", "other"))
	wantValue(t, s, "two", list("1", "mine", "2", "other"))
	for _, want := range []int{2, 0} {
		if n, err := s.Leave(t.Context(), "", "mine", time.Time{}); n != want || err != nil {
			t.Errorf("left %d lists, want %d, %v", n, want, err)
		}
	}
	wantValue(t, s, "три", list("2", "other"))
	if _, err := s.Leave(t.Context(), "", "other", time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "one", "") // an empty list is absent
}

// TestSocketsWithTheSameIDFollowEachOther: what the first has joined goes, what the second has joined stays, in whatever
// order they are heard of.
func TestSocketsWithTheSameIDFollowEachOther(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	first := time.Unix(1764000000, 1)
	second := first.Add(1)
	now := first // who has the id
	cfg := userdata.Config{Opened: func(string) time.Time { return now }}
	s := openStore(t, js, cfg)
	join := func(key, person string, opened time.Time) {
		t.Helper()
		if err := s.Join(t.Context(), key, person, "x", opened, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(opened time.Time, want int) {
		t.Helper()
		if n, err := s.Leave(t.Context(), "", "x", opened); n != want || err != nil {
			t.Errorf("left %d lists, want %d, %v", n, want, err)
		}
	}

	join("left", "1", time.Time{}) // as somebody else's script does
	join("again", "1", first)
	join("in time", "1", first)
	now = time.Time{}
	join("meanwhile", "1", time.Time{})
	mustSet(t, s, "set_recipients", list("1", "x"), time.Hour)
	now = second
	join("in time", "1", time.Time{}) // before anybody has looked at what the first has left behind
	join("in time", "1", time.Time{})
	if err := s.Succeed(t.Context(), "x", second); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "left", "")
	wantValue(t, s, "again", "")
	wantValue(t, s, "in time", list("1", "x"))
	wantValue(t, s, "meanwhile", list("1", "x")) // nobody's
	wantValue(t, s, "set_recipients", list("1", "x"))
	join("again", "1", second)
	join("again", "1", first) // a call that has outlived its socket
	join("late", "1", first)
	wantValue(t, s, "late", "")

	s.Close() // they are told apart after a restart as well
	stop()
	js, _ = natstest.Start(t, folder)
	s = openStore(t, js, cfg)
	other := openStore(t, js, userdata.Config{}) // does not know that the first has ended
	if err := other.Join(t.Context(), "again", "2", "x", first, time.Hour); err != nil {
		t.Fatal(err)
	}
	join("behind it", "1", second) // the store has seen the other's then
	leave(first, 2)                // those of nobody
	wantValue(t, s, "again", list("2", "x"))
	wantValue(t, s, "in time", list("1", "x"))
	leave(second, 3)
	wantValue(t, s, "again", "")
	join("again", "1", second)
	leave(time.Time{}, 1)
}

// TestJoinsOfANewSocketDuringTheEndOfAnOldOne: none of them is lost, and none of the old socket's is left.
func TestJoinsOfANewSocketDuringTheEndOfAnOldOne(t *testing.T) {
	s, _ := newStore(t)
	first := time.Unix(1764000000, 1)
	second := first.Add(1)
	const lists = 32
	key := func(i int) string { return fmt.Sprint("l", i) }
	for i := range lists {
		if err := s.Join(t.Context(), key(i), "1", "x", first, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Leave(t.Context(), "", "x", first); err != nil {
			t.Error(err)
		}
	})
	for i := lists - 1; i >= 0; i -= 2 {
		wg.Go(func() {
			if err := s.Join(t.Context(), key(i), "1", "x", second, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range lists {
		if i%2 == 0 {
			wantValue(t, s, key(i), "")
		} else {
			wantValue(t, s, key(i), list("1", "x"))
		}
	}
}

func TestEachJoinRenewsTheWholeList(t *testing.T) {
	s, clock := newStore(t)
	mustJoin(t, s, group, "1", "a", time.Hour)
	clock.Advance(50 * time.Minute)
	mustJoin(t, s, group, "2", "b", time.Hour)
	clock.Advance(50 * time.Minute)
	mustJoin(t, s, group, "2", "b", time.Hour) // also when nothing else changes
	clock.Advance(50 * time.Minute)
	mustJoin(t, s, group, "3", "c", time.Minute) // never shortens
	clock.Advance(9 * time.Minute)
	wantValue(t, s, group, list("1", "a", "2", "b", "3", "c"))
	clock.Advance(time.Minute)
	wantValue(t, s, group, "")

	mustJoin(t, s, group, "2", "b", 0)
	wantValue(t, s, group, list("2", "b")) // the others do not come back
	mustJoin(t, s, group, "1", "a", time.Minute)
	clock.Advance(1000 * time.Hour)
	wantValue(t, s, group, list("2", "b", "1", "a")) // 0 meant: until removed
}

func TestSetReplacesTheList(t *testing.T) {
	start := list("1", "a", "2", "b", "3", "c")
	for name, c := range map[string]struct{ set, want string }{
		"the same":         {start, start},
		"one more":         {list("1", "a", "2", "b", "3", "c", "4", "d"), ""},
		"one less":         {list("1", "a", "3", "c"), ""},
		"first out":        {list("2", "b", "3", "c"), ""},
		"another order":    {list("3", "c", "1", "a", "2", "b"), ""},
		"others":           {list("8", "x", "9", "y"), ""},
		"another person":   {list("1", "a", "7", "b", "3", "c"), ""},
		"new one in front": {list("0", "z", "1", "a"), ""},
		"twice the same":   {list("1", "a", "5", "e", "1", "a"), list("1", "a", "5", "e")},
		"with blanks":      {`{ "result": [ {"person_id": "1", "socket_id": "a"} ] }`, list("1", "a")},
		"with more fields": {`{"result":[{"person_id":5,"socket_id":"a","x":"<"}]}`, `{"result":[{"person_id":5,"socket_id":"a","x":"<"}]}`},
		"nobody":           {`{"result":[]}`, "absent"},
		"not a list":       {`{"result":[{"other":1}]}`, ""},
		"something else":   {`"text"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, clock := newStore(t)
			mustSet(t, s, group, start, time.Hour)
			wantValue(t, s, group, start)
			if c.want == "" {
				c.want = c.set
			}
			if c.want == "absent" {
				c.want = ""
			}
			mustSet(t, s, group, c.set, time.Minute)
			wantValue(t, s, group, c.want)
			clock.Advance(time.Minute)
			wantValue(t, s, group, "") // the new life counts, also a shorter one
		})
	}
}

func TestListAndPlainValueReplaceEachOther(t *testing.T) {
	s, _ := newStore(t)
	mustSet(t, s, group, `{"result":"none"}`, 0)
	mustJoin(t, s, group, "1", "a", 0)
	wantValue(t, s, group, list("1", "a"))
	if _, err := s.Leave(t.Context(), group, "a", time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, group, "") // the plain value does not come back
	mustJoin(t, s, group, "1", "a", 0)
	mustSet(t, s, group, `5`, 0)
	wantValue(t, s, group, `5`)
	mustSet(t, s, group, list("1", "a"), 0)
	wantValue(t, s, group, list("1", "a"))
	if held, err := s.Delete(t.Context(), group); !held || err != nil {
		t.Errorf("delete: %v, %v", held, err)
	}
	wantValue(t, s, group, "")
	mustSet(t, s, "other_key", list("1", "a"), 0) // only "_recipients" are lists
	if n, err := s.Leave(t.Context(), "", "a", time.Time{}); n != 0 || err != nil {
		t.Errorf("left %d, %v", n, err)
	}
	wantValue(t, s, "other_key", list("1", "a"))
}

func TestSimultaneousJoinsLoseNothing(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	clock := newClock()
	stores := []*userdata.Store{
		openStore(t, js, userdata.Config{Clock: clock.Now}),
		openStore(t, js, userdata.Config{Clock: clock.Now}), // another node
	}
	const joiners = 64
	for round := range 3 { // rounds 2 and 3 begin with an expired list
		var wg sync.WaitGroup
		for i := range joiners {
			wg.Go(func() {
				socket := fmt.Sprintf("s%d", i)
				if err := stores[i%2].Join(t.Context(), group, fmt.Sprint(round), socket, time.Time{}, time.Hour); err != nil {
					t.Error(err)
				}
				value, _, err := stores[i%2].Get(t.Context(), group)
				if err != nil || !strings.Contains(string(value), `"`+socket+`"`) {
					t.Errorf("%s does not see itself in %s, %v", socket, value, err)
				}
			})
		}
		wg.Wait()
		// A join through each store waits until it has seen the others'.
		for i, s := range stores {
			mustJoin(t, s, group, fmt.Sprint(round), fmt.Sprint("last", i), time.Hour)
		}
		mustJoin(t, stores[0], group, fmt.Sprint(round), "end", time.Hour)
		value, _, err := stores[0].Get(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Result []struct {
				PersonID string `json:"person_id"`
				SocketID string `json:"socket_id"`
			}
		}
		if err := json.Unmarshal(value, &got); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range got.Result {
			if m.PersonID != fmt.Sprint(round) {
				t.Errorf("round %d: member of round %s", round, m.PersonID)
			}
			seen[m.SocketID] = true
		}
		if len(got.Result) != joiners+3 || len(seen) != joiners+3 {
			t.Errorf("round %d: %d members, %d different ones", round, len(got.Result), len(seen))
		}
		clock.Advance(2 * time.Hour)
	}
}

func TestJoinsDuringReplacements(t *testing.T) {
	s, _ := newStore(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := s.Set(t.Context(), group, json.RawMessage(list("0", fmt.Sprint("set", i))), time.Hour); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := s.Join(t.Context(), group, "1", fmt.Sprint("join", i), time.Time{}, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	mustJoin(t, s, group, "2", "after", time.Hour)
	value, ok, err := s.Get(t.Context(), group)
	if err != nil || !ok || !strings.Contains(string(value), `"after"`) || !strings.Contains(string(value), `"set`) {
		t.Errorf("got %s, %v", value, err)
	}
}

func TestSweepRemovesMembersOfAnEarlierProcess(t *testing.T) {
	folder, clock := t.TempDir(), newClock()
	js, stop := natstest.Start(t, folder)
	s := openStore(t, js, userdata.Config{Clock: clock.Now})
	for i := range 6 {
		mustJoin(t, s, "one", "1", fmt.Sprint("s", i), 24*time.Hour)
		mustJoin(t, s, "two", "1", fmt.Sprint("s", i), 24*time.Hour)
		mustJoin(t, s, "expired", "1", fmt.Sprint("s", i), time.Hour)
	}
	mustSet(t, s, "plain", `1`, 0)
	s.Close()
	stop()

	clock.Advance(2 * time.Hour)
	js, _ = natstest.Start(t, folder)
	s = openStore(t, js, userdata.Config{Clock: clock.Now})
	alive := func(socketID string) bool { return socketID == "s1" || socketID == "s4" }
	for _, want := range []int{4 + 4 + 6, 0} {
		if n, err := s.Sweep(t.Context(), alive); n != want || err != nil {
			t.Errorf("swept %d, want %d, %v", n, want, err)
		}
	}
	wantValue(t, s, "one", list("1", "s1", "1", "s4"))
	wantValue(t, s, "two", list("1", "s1", "1", "s4"))
	wantValue(t, s, "plain", `1`)
	stream, err := js.Stream(t.Context(), "KV_userdata")
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(t.Context(), "$KV.userdata.m.expired.s1")
	if err != nil || len(m.Data) > 0 || m.Header.Get(jetstream.MsgTTLHeader) == "" {
		t.Errorf("left in the bucket: %+v, %v; want a mark of removal that goes by itself", m, err)
	}
}

// TestWhatJoinsDuringASweepStays: a list is read, joined and left between the two halves of a sweep, and another store
// has it too.
func TestWhatJoinsDuringASweepStays(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s, other := openStore(t, js, userdata.Config{}), openStore(t, js, userdata.Config{})
	for i := range 5 {
		mustJoin(t, s, group, "1", fmt.Sprint("s", i), time.Hour)
	}
	finish := s.BeginSweep(func(socketID string) bool { return socketID == "s4" })
	wantValue(t, s, group, list("1", "s4"))
	mustJoin(t, s, group, "1", "s5", time.Hour)
	mustJoin(t, s, group, "1", "s2", time.Hour)     // the id of one that is gone
	mustJoin(t, other, group, "2", "s3", time.Hour) // the same, on another node
	if n, err := s.Leave(t.Context(), "", "s1", time.Time{}); n != 0 || err != nil {
		t.Error(n, err, "left though it counts no more")
	}
	if n, err := finish(t.Context()); n != 1 || err != nil { // s0
		t.Errorf("swept %d, %v; want 1", n, err)
	}
	wantValue(t, s, group, list("1", "s4", "1", "s5", "1", "s2", "2", "s3"))
	if got := membersOf(t, openStore(t, js, userdata.Config{}), group); len(got) != 4 {
		t.Errorf("a store that opens has %v", got)
	}
}

// TestASweepThatFailsHidesNothing: what could not be removed is shown, as every other store shows it.
func TestASweepThatFailsHidesNothing(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{})
	mustJoin(t, s, group, "1", "s1", time.Hour)
	finish := s.BeginSweep(func(string) bool { return false })
	wantValue(t, s, group, "")
	ended, end := context.WithCancel(t.Context())
	end()
	if n, err := finish(ended); n != 0 || err == nil {
		t.Error(n, err)
	}
	// The request may have been on its way when its time was over: then it goes after all, for everybody.
	mustJoin(t, s, group, "1", "s2", time.Hour)
	other := openStore(t, js, userdata.Config{})
	want := membersOf(t, other, group)
	if got := membersOf(t, s, group); !maps.Equal(got, want) {
		t.Errorf("it shows %v, another store %v", got, want)
	}
}

func TestListsOfManyMembersAndMuchChange(t *testing.T) {
	s, _ := newStore(t)
	const members = 300
	for i := range members {
		mustJoin(t, s, group, "1", fmt.Sprint("s", i), time.Hour)
	}
	var want []string
	for i := range members {
		if i%10 == 3 {
			want = append(want, "1", fmt.Sprint("s", i))
			continue
		}
		if _, err := s.Leave(t.Context(), "", fmt.Sprint("s", i), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	wantValue(t, s, group, list(want...))
	mustJoin(t, s, group, "1", "s0", time.Hour)
	wantValue(t, s, group, list(append(want, "1", "s0")...))
}

func BenchmarkJoinAndLeave(b *testing.B) {
	s, _ := newStore(b)
	for i := range 100 {
		mustJoin(b, s, group, "1", fmt.Sprint("s", i), time.Hour)
	}
	for b.Loop() {
		mustJoin(b, s, group, "2", "x", time.Hour)
		if _, err := s.Leave(b.Context(), "", "x", time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetListOf100(b *testing.B) {
	s, _ := newStore(b)
	for i := range 100 {
		mustJoin(b, s, group, "1", fmt.Sprint("/services/main_ws_service-s-", i), time.Hour)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := s.Get(b.Context(), group); !ok || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetPlain(b *testing.B) {
	s, _ := newStore(b)
	mustSet(b, s, "k", `{"a":1}`, time.Hour)
	for b.Loop() {
		if _, ok, err := s.Get(b.Context(), "k"); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
