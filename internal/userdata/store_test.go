package userdata_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestValuesUnderAnyKey(t *testing.T) {
	s, _ := newStore(t)
	keys := []string{
		"plain", "with space", "группа", "a.b.c", "$JS.>*", "=41", "A", "a", "\n", "\x00\xff",
		strings.Repeat("k", 4096), strings.Repeat("ы", 1024), strings.Repeat("ы", 1023) + "ё",
	}
	for i, key := range keys {
		mustSet(t, s, key, fmt.Sprintf(`{"n":%d}`, i), time.Hour)
	}
	for i, key := range keys {
		wantValue(t, s, key, fmt.Sprintf(`{"n":%d}`, i))
	}
	wantValue(t, s, "absent", "")
}

func TestSetReplacesAndDeleteRemoves(t *testing.T) {
	s, _ := newStore(t)
	mustSet(t, s, "k", `1`, 0)
	mustSet(t, s, "k", `"two <b>&"`, 0)
	wantValue(t, s, "k", `"two <b>&"`)
	for i, want := range []bool{true, false} {
		if held, err := s.Delete(t.Context(), "k"); err != nil || held != want {
			t.Errorf("delete number %d: %v, %v", i+1, held, err)
		}
		wantValue(t, s, "k", "")
	}
	mustSet(t, s, "k", `3`, 0)
	wantValue(t, s, "k", `3`)
}

func TestValuesExpireByTheStoresClock(t *testing.T) {
	s, clock := newStore(t)
	mustSet(t, s, "hour", `1`, time.Hour)
	mustSet(t, s, "moment", `1`, 10*time.Millisecond)
	mustSet(t, s, "ever", `1`, 0)
	mustSet(t, s, "longest", `1`, 1<<63-1)

	clock.Advance(9 * time.Millisecond)
	wantValue(t, s, "moment", `1`)
	clock.Advance(time.Millisecond)
	wantValue(t, s, "moment", "")

	clock.Advance(time.Hour - 11*time.Millisecond)
	wantValue(t, s, "hour", `1`)
	mustSet(t, s, "hour", `2`, time.Hour) // renews
	clock.Advance(time.Minute)
	wantValue(t, s, "hour", `2`)
	clock.Advance(time.Hour)
	wantValue(t, s, "hour", "")
	if held, err := s.Delete(t.Context(), "hour"); held || err != nil {
		t.Errorf("deleting an expired value: %v, %v", held, err)
	}

	clock.Advance(200 * 365 * 24 * time.Hour)
	wantValue(t, s, "ever", `1`)
	wantValue(t, s, "longest", `1`)
}

func TestRefusals(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	big := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	long := strings.Repeat("k", 4097)
	for name, c := range map[string]struct {
		got  error
		want error
	}{
		"empty key":     {s.Set(ctx, "", []byte(`1`), 0), userdata.ErrBadKey},
		"long key":      {s.Set(ctx, long, []byte(`1`), 0), userdata.ErrBadKey},
		"large value":   {s.Set(ctx, "k", big, 0), userdata.ErrTooLarge},
		"not JSON":      {s.Set(ctx, "k", []byte(`{`), 0), userdata.ErrBadValue},
		"nothing":       {s.Set(ctx, "k", nil, 0), userdata.ErrBadValue},
		"negative life": {s.Set(ctx, "k", []byte(`1`), -1), userdata.ErrBadTTL},
		"join empty":    {s.Join(ctx, "", "1", "s", time.Time{}, 0), userdata.ErrBadKey},
		"join nobody":   {s.Join(ctx, "k", "1", "", time.Time{}, 0), userdata.ErrBadKey},
		"join negative": {s.Join(ctx, "k", "1", "s", time.Time{}, -1), userdata.ErrBadTTL},
		"join large":    {s.Join(ctx, "k", string(big), "s", time.Time{}, 0), userdata.ErrTooLarge},
		"get empty":     {third(s.Get(ctx, "")), userdata.ErrBadKey},
		"delete empty":  {second(s.Delete(ctx, "")), userdata.ErrBadKey},
		"leave empty":   {second(s.Leave(ctx, "", "", time.Time{})), userdata.ErrBadKey},
		"prefix of all": {second(s.DeletePrefix(ctx, "")), userdata.ErrBadKey},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: got error %v, want %v", name, c.got, c.want)
		}
	}
	wantValue(t, s, "k", "")
	mustSet(t, s, "k", `"`+strings.Repeat("x", 1<<20-2)+`"`, 0) // the largest value
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

func TestServerThatTakesLessIsNamed(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir(), func(o *server.Options) { o.MaxPayload = 64 << 10 })
	s := openStore(t, js, userdata.Config{})
	err := s.Set(t.Context(), "k", json.RawMessage(`"`+strings.Repeat("x", 64<<10)+`"`), 0)
	if !errors.Is(err, userdata.ErrTooLarge) || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("got %v", err)
	}
}

func TestReopenKeepsValues(t *testing.T) {
	folder, clock := t.TempDir(), newClock()

	js, stop := natstest.Start(t, folder, natstest.SyncAlways)
	s := openStore(t, js, userdata.Config{Clock: clock.Now})
	mustSet(t, s, "kept", `{"a":1}`, time.Hour)
	mustSet(t, s, "short", `2`, time.Minute)
	mustSet(t, s, "removed", `3`, 0)
	mustJoin(t, s, "g_recipients", "1", "/services/a-s-1", time.Hour)
	mustJoin(t, s, "g_recipients", "2", "/services/a-s-2", time.Hour)
	mustJoin(t, s, "g_recipients", "3", "/services/a-s-3", 2*time.Hour)
	if _, err := s.Delete(t.Context(), "removed"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Leave(t.Context(), "", "/services/a-s-2", time.Time{}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	stop()

	clock.Advance(10 * time.Minute)
	js, _ = natstest.Start(t, folder, natstest.SyncAlways)
	s = openStore(t, js, userdata.Config{Clock: clock.Now})
	wantValue(t, s, "kept", `{"a":1}`)
	wantValue(t, s, "short", "")
	wantValue(t, s, "removed", "")
	wantValue(t, s, "g_recipients", list("1", "/services/a-s-1", "3", "/services/a-s-3"))

	// What an earlier process left can still be removed by socket.
	if n, err := s.Leave(t.Context(), "", "/services/a-s-1", time.Time{}); n != 1 || err != nil {
		t.Errorf("left %d lists, %v", n, err)
	}
	clock.Advance(2 * time.Hour)
	wantValue(t, s, "g_recipients", "")
}

func TestNATSCollectsWhatExpired(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{Clock: newClock().Now})
	mustSet(t, s, "mortal", `1`, time.Hour)
	mustSet(t, s, "mortal", `2`, time.Hour) // renewing must not lose the TTL
	mustSet(t, s, "immortal", `1`, 0)
	mustJoin(t, s, "l", "1", "s", 90*time.Second)
	stream, err := js.Stream(t.Context(), "KV_userdata")
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]string{"d.mortal": "1h1m1s", "d.immortal": "", "s.l": "2m31s"} {
		m, err := stream.GetLastMsgForSubject(t.Context(), "$KV.userdata."+subject)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Header.Get(jetstream.MsgTTLHeader); got != want {
			t.Errorf("%s has TTL %q, want %q", subject, got, want)
		}
	}
}

func TestTwoStoresShareABucketAndOthersDoNot(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	a := openStore(t, js, userdata.Config{})
	b := openStore(t, js, userdata.Config{})
	other := openStore(t, js, userdata.Config{Bucket: "other"})

	mustSet(t, a, "k", `1`, 0)
	wantValue(t, b, "k", `1`)
	wantValue(t, other, "k", "")
	mustJoin(t, a, "l", "1", "s1", 0)
	mustJoin(t, b, "l", "2", "s2", 0)
	wantValue(t, b, "l", list("1", "s1", "2", "s2")) // b's join came after a's
	wantValue(t, other, "l", "")
}

func TestListPagesThroughKeys(t *testing.T) {
	s, clock := newStore(t)
	mustSet(t, s, "a.1", `1`, time.Hour)
	mustSet(t, s, "a.3", `1`, 0)
	mustSet(t, s, "a.gone", `1`, time.Minute)
	mustSet(t, s, "a.deleted", `1`, 0)
	mustSet(t, s, "b", `1`, 0)
	mustSet(t, s, "ab", `1`, 0)
	long := "a." + strings.Repeat("я", 1000)
	mustSet(t, s, long, `1`, 0)
	mustJoin(t, s, "a.2_recipients", "1", "s", time.Hour)
	mustJoin(t, s, "a.empty", "1", "s2", time.Hour)
	if _, err := s.Leave(t.Context(), "a.empty", "s2", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), "a.deleted"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)

	var got []string
	pages, after := 0, ""
	for {
		page, next, err := s.List(t.Context(), "a.", 2, after)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range page {
			got = append(got, e.Key)
			if never := e.Key == "a.3" || e.Key == long; e.Expires.IsZero() != never {
				t.Errorf("%q expires %v", e.Key, e.Expires)
			}
			if e.Key == "a.1" && !e.Expires.Equal(clock.Now().Add(59*time.Minute)) {
				t.Errorf("%q expires %v", e.Key, e.Expires)
			}
		}
		if after = next; next == "" {
			break
		}
	}
	if want := []string{"a.1", "a.2_recipients", "a.3", long}; fmt.Sprint(got) != fmt.Sprint(want) || pages != 2 {
		t.Errorf("got %q in %d pages", got, pages)
	}
	if all, _, err := s.List(t.Context(), "", 0, ""); err != nil || len(all) != 6 {
		t.Errorf("all: %v, %v", all, err)
	}
	if none, next, err := s.List(t.Context(), "zzz", 1, ""); err != nil || len(none) != 0 || next != "" {
		t.Errorf("none: %v, %q, %v", none, next, err)
	}
}

func TestListOfMoreKeysThanOneBatch(t *testing.T) {
	s, _ := newStore(t)
	const keys = 2500
	for i := range keys {
		mustSet(t, s, fmt.Sprintf("k%04d", i), `1`, 0)
	}
	got, _, err := s.List(t.Context(), "k", 0, "")
	if err != nil || len(got) != keys || got[0].Key != "k0000" || got[keys-1].Key != "k2499" {
		t.Fatalf("%d keys, %v", len(got), err)
	}
}

func TestDeletePrefix(t *testing.T) {
	s, clock := newStore(t)
	for _, key := range []string{"p.1", "p.2", "p", "q", "p.old"} {
		mustSet(t, s, key, `1`, map[bool]time.Duration{true: time.Minute}[key == "p.old"])
	}
	mustJoin(t, s, "p.list", "1", "s", 0)
	clock.Advance(time.Minute)
	if n, err := s.DeletePrefix(t.Context(), "p."); n != 3 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	for key, want := range map[string]string{"p.1": "", "p.2": "", "p.list": "", "p": "1", "q": "1"} {
		wantValue(t, s, key, want)
	}
	if n, err := s.DeletePrefix(t.Context(), "p."); n != 0 || err != nil {
		t.Errorf("removed %d again, %v", n, err)
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{})
	mustJoin(t, s, "l", "1", "s", 0)
	s.Close()
	s.Close()
	if _, _, err := s.Get(t.Context(), "l"); !errors.Is(err, userdata.ErrClosed) {
		t.Errorf("get from a closed store: %v", err)
	}
	if err := s.Join(t.Context(), "l", "2", "s2", time.Time{}, 0); !errors.Is(err, userdata.ErrClosed) {
		t.Errorf("join a list of a closed store: %v", err)
	}
	s = openStore(t, js, userdata.Config{})
	stop() // the connection goes first
	if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, userdata.ErrClosed) {
		t.Errorf("get without a connection: %v", err)
	}
	if err := s.Set(t.Context(), "k", []byte(`1`), 0); !errors.Is(err, userdata.ErrClosed) {
		t.Errorf("set without a connection: %v", err)
	}
}

func TestManyWritersOfPlainValues(t *testing.T) {
	s, _ := newStore(t)
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 25 {
				key := fmt.Sprint("k", (w+i)%8)
				if err := s.Set(t.Context(), key, fmt.Appendf(nil, `"%d"`, w), time.Hour); err != nil {
					t.Error(err)
				}
				if _, ok, err := s.Get(t.Context(), key); !ok || err != nil {
					t.Errorf("a value being replaced is absent: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// TestFullStore: a store does not grow beyond its size; what is there can be read, replaced and removed.
func TestFullStore(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{TotalBytes: 256 << 10})
	value := json.RawMessage(`"` + strings.Repeat("x", 20<<10) + `"`)
	var err error
	kept := 0
	for ; err == nil && kept < 20; kept++ {
		err = s.Set(t.Context(), fmt.Sprint("k", kept), value, 0)
	}
	if !errors.Is(err, userdata.ErrFull) || kept < 8 {
		t.Fatalf("after %d values: %v", kept, err)
	}
	if err := s.Set(t.Context(), "k0", value, 0); err != nil {
		t.Errorf("replacing: %v", err)
	}
	for _, key := range []string{"k0", "k1"} {
		if gone, err := s.Delete(t.Context(), key); err != nil || !gone {
			t.Errorf("removing %s: %v %v", key, gone, err)
		}
	}
	mustSet(t, s, "new", string(value), 0)
	wantValue(t, s, "new", string(value))
}
