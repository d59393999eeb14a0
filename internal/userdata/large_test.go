package userdata_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// The large numbers are for
//
//	go test ./internal/userdata -run 'LargeList|ExpiredKeys' -v -large
var large = flag.Bool("large", false, "lists of 100,000 members and 100,000 keys that expire, not a fiftieth of that")

func many() int {
	if *large {
		return 100_000
	}
	return 2_000
}

const largeList = "chat_conversations_recipients"

func largeMember(i int) (person, socket string) {
	return fmt.Sprint(6148914691236517121 + i), fmt.Sprintf("/services/main_ws_service-s-%08x-7c1a-4d9e-b0f3-5e6d7c8b9a0f", i)
}

// TestJoinsFromThreeStores: three stores, as three nodes have them, let sockets join and leave one list at the same
// time. All that joined and did not leave are in it, for each of the three.
func TestJoinsFromThreeStores(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	const each = 300
	var stores []*userdata.Store
	for range 3 {
		stores = append(stores, openStore(t, js, userdata.Config{}))
	}
	var all sync.WaitGroup
	for n, s := range stores {
		for i := range each {
			all.Go(func() {
				person, socket := largeMember(n*each + i)
				if err := s.Join(t.Context(), largeList, person, socket, time.Time{}, time.Hour); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					if left, err := s.Leave(t.Context(), largeList, socket, time.Time{}); left != 1 || err != nil {
						t.Error(left, err)
					}
				}
			})
		}
	}
	all.Wait()
	for n, s := range stores {
		for deadline := time.Now().Add(time.Minute); len(membersOf(t, s, largeList)) != 3*each*9/10; { // others are seen a moment later
			if time.Now().After(deadline) {
				t.Fatalf("store %d has %d members, want %d", n, len(membersOf(t, s, largeList)), 3*each*9/10)
			}
		}
	}
	for i := range 3 * each {
		_, socket := largeMember(i)
		if got, want := membersOf(t, stores[0], largeList)[socket], i%each%10 != 0; got != want {
			t.Errorf("%s is in the list: %v, want %v", socket, got, want)
		}
	}
}

// membersOf are the sockets in a list.
func membersOf(t testing.TB, s *userdata.Store, key string) map[string]bool {
	t.Helper()
	value, ok, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Result []struct {
			SocketID string `json:"socket_id"`
		} `json:"result"`
	}
	if ok {
		if err := json.Unmarshal(value, &list); err != nil {
			t.Fatal(err)
		}
	}
	members := map[string]bool{}
	for _, m := range list.Result {
		members[m.SocketID] = true
	}
	if len(members) != len(list.Result) {
		t.Errorf("%d members, %d of them different", len(list.Result), len(members))
	}
	return members
}

// TestLargeList: a list of very many members is stored, read, joined, left, and there again after a restart.
func TestLargeList(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	before := liveHeap()
	s, err := userdata.Open(t.Context(), js, userdata.Config{Sole: true})
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	list.WriteString(`{"result":[`)
	for i := range many() {
		person, socket := largeMember(i)
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"person_id":"%s","socket_id":"%s"}`, person, socket)
	}
	list.WriteString(`]}`)
	timed(t, "store", func() { mustSet(t, s, largeList, list.String(), time.Hour) })
	timed(t, "read", func() { wantValue(t, s, largeList, list.String()) })
	person, socket := largeMember(-1)
	timed(t, "join", func() { mustJoin(t, s, largeList, person, socket, time.Hour) })
	timed(t, "leave", func() {
		if n, err := s.Leave(t.Context(), "", socket, time.Time{}); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
	t.Logf("%d members, %d bytes as text, heap +%.1f MiB with the store", many(), list.Len(), float64(liveHeap()-before)/(1<<20))
	s.Close()
	stop()
	timed(t, "restart, with NATS", func() {
		js, stop = natstest.Start(t, folder)
		s = openStore(t, js, userdata.Config{Sole: true})
	})
	wantValue(t, s, largeList, list.String())

	var finish func(context.Context) (int, error)
	timed(t, "sweep of all, as readers see it", func() { finish = s.BeginSweep(func(string) bool { return false }) })
	wantValue(t, s, largeList, "")
	timed(t, "sweep of all, on the disk", func() {
		if n, err := finish(t.Context()); n != many() || err != nil {
			t.Error(n, err)
		}
	})
	wantValue(t, s, largeList, "")
	s.Close()
	stop()
	timed(t, "restart after the sweep, with NATS", func() {
		js, _ = natstest.Start(t, folder)
		s = openStore(t, js, userdata.Config{Sole: true})
	})
	wantValue(t, s, largeList, "")
}

func timed(t *testing.T, what string, fn func()) {
	t.Helper()
	began := time.Now()
	fn()
	t.Logf("%s: %v", what, time.Since(began).Round(10*time.Microsecond))
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestExpiredKeys: very many keys that were stored for a time and are gone leave neither messages nor memory.
func TestExpiredKeys(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{Sole: true, CollectSlack: time.Millisecond, MarkerLife: time.Second})
	stream, err := js.Stream(t.Context(), "KV_userdata")
	if err != nil {
		t.Fatal(err)
	}
	state := func() jetstream.StreamState {
		info, err := stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.State
	}
	var heaps []int64
	for round := range 3 {
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := w; i < many(); i += 8 {
					if err := s.Set(context.Background(), fmt.Sprintf("round%d/%d", round, i), json.RawMessage(`{"state":"active"}`), time.Second); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		most := state()
		for deadline := time.Now().Add(time.Minute); state().Msgs > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d messages are left of %d", state().Msgs, many())
			}
		}
		heaps = append(heaps, liveHeap())
		t.Logf("round %d: at the end %d messages and %d bytes, when all has expired %d and %d, heap %.1f MiB",
			round, most.Msgs, most.Bytes, state().Msgs, state().Bytes, float64(heaps[round])/(1<<20))
	}
	if grown := heaps[2] - heaps[0]; grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes over two rounds", grown)
	}
}
