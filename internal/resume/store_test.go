package resume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/resume"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// rich is a socket with something everywhere.
func rich() hub.Detached {
	return hub.Detached{
		Key:  hub.BuildKey("main_ws_service", "счёт -v- 1"),
		User: hub.User{ID: "6148914691236517121", Login: "anna", Name: "Анна", Admin: true, Fields: map[string]string{"email": "a@b.ru", "": "no name", "x": ""}},
		Handshake: hub.Handshake{
			Method: "GET", URL: "/services/main_ws_service?X-StatefulSocketId=1", Host: "localhost:8080", RemoteAddr: "127.0.0.1:1",
			Header: "User-Agent: bytes that are no text \xff\xfe\r\n", LoginBy: "jwt", Granted: map[string]string{"hall": "Main hall"},
		},
		Tags:   map[string]string{"socket_type": "ws_group", "empty": ""},
		Opened: time.Unix(1764000000, 123456789), Connected: time.Unix(1764000100, 1),
		BytesIn: 1 << 40, BytesOut: 7, Mode: "json",
		Reason: hub.Reason{Code: hub.CodeLost, Text: "the heartbeat was lost", Abort: true, Cause: hub.CauseHeartbeat},
		Window: 17*time.Second + 3, Dropped: 9, Overflow: 5, Expired: 2,
		Waiting: []hub.Waiting{
			{Text: `{"price":42}`, Item: true, ConflateKey: "price"},
			{Text: ""},
			{Text: "line\nbreak \U0001F600 \x00", Item: false},
			{Text: `{"price":42}`},
		},
	}
}

// uncounted is a socket of which nobody knows how much it has missed.
func uncounted() hub.Detached {
	d := plain(100, "x")
	d.Handshake.LoginBy = "accounts"
	d.Durable, d.NodeLost, d.Overflow, d.Expired = true, hub.MissedUnknown, hub.MissedUnknown, hub.MissedUnknown
	return d
}

// plain is a socket with a number and messages.
func plain(n int, texts ...string) hub.Detached {
	d := hub.Detached{
		Key: hub.BuildKey("echo", fmt.Sprint(n)), User: hub.User{ID: "77"}, Window: time.Minute,
		Opened: time.Unix(1, 0), Connected: time.Unix(2, 0),
	}
	for _, text := range texts {
		d.Waiting = append(d.Waiting, hub.Waiting{Text: text})
	}
	return d
}

func save(t testing.TB, s *resume.Store, sockets []hub.Detached) {
	t.Helper()
	if saved, err := s.Save(t.Context(), resume.Kept{Sockets: sockets}); err != nil || saved != len(sockets) {
		t.Fatalf("saved %d of %d: %v", saved, len(sockets), err)
	}
}

func load(t testing.TB, s *resume.Store) []hub.Detached {
	t.Helper()
	kept, lost, err := s.Load(t.Context())
	if err != nil || lost != 0 {
		t.Fatalf("%d lost: %v", lost, err)
	}
	return kept.Sockets
}

// same compares sockets in any order.
func same(t testing.TB, got, want []hub.Detached) {
	t.Helper()
	byKey := map[string]hub.Detached{}
	for _, d := range got {
		byKey[d.Key] = d
	}
	if len(byKey) != len(want) || len(got) != len(want) {
		t.Errorf("%d sockets with %d keys, want %d", len(got), len(byKey), len(want))
	}
	for _, d := range want {
		if !reflect.DeepEqual(byKey[d.Key], d) {
			t.Errorf("%s: got\n%.2000v\nwant\n%.2000v", d.Key, byKey[d.Key], d)
		}
	}
}

func TestSavedSocketsComeBackAfterARestart(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	sockets := []hub.Detached{rich(), uncounted(), plain(1), plain(2, "a", "b"), plain(3, "b", "a", "a")}
	save(t, openStore(t, js, resume.Config{}), sockets)
	stop()
	js, _ = natstest.Start(t, folder)
	s := openStore(t, js, resume.Config{})
	same(t, load(t, s), sockets)
	same(t, load(t, s), nil)
}

func TestLossesComeBackAfterARestart(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{})
	losses := []hub.Loss{{Key: hub.BuildKey("echo", "1"), User: "77", Missed: 3, Age: time.Minute}, {Key: "b", User: "78", Missed: 1}, {Key: "c", User: "79", Missed: hub.MissedUnknown}}
	for _, want := range []resume.Kept{{Losses: losses}, {Losses: losses, Sockets: []hub.Detached{plain(1, "a")}}, {}} {
		if _, err := s.Save(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, lost, err := s.Load(t.Context()); lost != 0 || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v; %d lost, %v", got, want, lost, err)
		}
	}
}

// A save replaces the one before; another node has its own.
func TestEachNodeHasItsLastSave(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	one, two := openStore(t, js, resume.Config{Node: "n1"}), openStore(t, js, resume.Config{Node: "n-2_b"})
	save(t, one, []hub.Detached{plain(1, "old"), plain(2)})
	save(t, two, []hub.Detached{plain(1, "other")})
	save(t, one, []hub.Detached{plain(1, "new")})
	same(t, load(t, one), []hub.Detached{plain(1, "new")})
	save(t, one, nil)
	same(t, load(t, one), nil)
	same(t, load(t, two), []hub.Detached{plain(1, "other")})
	dots := openStore(t, js, resume.Config{Node: "a.b"}) // one token of a subject all the same
	save(t, dots, []hub.Detached{plain(1, "dots")})
	same(t, load(t, dots), []hub.Detached{plain(1, "dots")})
	if _, err := resume.Open(t.Context(), js, resume.Config{Node: "a b"}); err == nil {
		t.Error("a node whose name cannot be in a subject")
	}
}

// TestInstallationsOnOneServer: those of another prefix are others, also where the nodes have the same names.
func TestInstallationsOnOneServer(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	one, two := openStore(t, js, resume.Config{Prefix: "a"}), openStore(t, js, resume.Config{Prefix: "b"})
	save(t, one, []hub.Detached{plain(1, "one")})
	same(t, load(t, two), nil)
	same(t, load(t, one), []hub.Detached{plain(1, "one")})
}

func TestMessagesOfAnySize(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{})
	large := strings.Repeat("0123456789abcdef", 5<<20/16) // more than NATS takes at once
	var sockets []hub.Detached
	for n := range 300 { // records begin and end everywhere in the pieces
		sockets = append(sockets, plain(n, strings.Repeat("x", n*17), large[:n*191], fmt.Sprint(n)))
	}
	sockets = append(sockets, plain(1000, "before", large, "after"), plain(1001, large+"!"))
	save(t, s, sockets)
	same(t, load(t, s), sockets)
}

// A message to many sockets takes its place once.
func TestASharedMessageIsWrittenOnce(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{MaxBytes: 4 << 20})
	news := strings.Repeat("news ", 200_000)
	var sockets []hub.Detached
	for n := range 1000 {
		sockets = append(sockets, plain(n, news))
	}
	save(t, s, sockets)
	same(t, load(t, s), sockets)
}

func TestWhatDoesNotFitIsCounted(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{MaxBytes: 1 << 20})
	small, large := plain(1, "small"), plain(2, strings.Repeat("x", 8<<20))
	saved, err := s.Save(t.Context(), resume.Kept{Sockets: []hub.Detached{large, plain(3), small, plain(4, strings.Repeat("y", 8<<20))}})
	if saved != 2 || !errors.Is(err, resume.ErrFull) || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("%d saved, %v", saved, err)
	}
	kept, lost, err := s.Load(t.Context())
	if lost != 2 || err == nil || !strings.Contains(err.Error(), "2 of 4 ") {
		t.Errorf("%d lost, %v", lost, err)
	}
	same(t, kept.Sockets, []hub.Detached{small, plain(3)})
	save(t, s, []hub.Detached{small})
	same(t, load(t, s), []hub.Detached{small})
}

func TestSaveEndsWithItsContext(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if saved, err := s.Save(ctx, resume.Kept{Sockets: []hub.Detached{plain(1)}}); saved != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d saved, %v", saved, err)
	}
}

// pieces are what the stream holds.
func pieces(t *testing.T, js jetstream.JetStream) (all [][]byte) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "DETACHED")
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := info.State.FirstSeq; n <= info.State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Data)
	}
	return all
}

// put replaces what the stream holds.
func put(t *testing.T, js jetstream.JetStream, all [][]byte) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "DETACHED")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, piece := range all {
		if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "detached.n1", Data: piece}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamageCostsOnlyWhatItHits: each piece in turn is damaged, lost, or comes twice.
func TestDamageCostsOnlyWhatItHits(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{})
	var sockets []hub.Detached
	for n := range 60 {
		size := 20_000
		if n == 59 {
			size = 700_000 // covers whole pieces
		}
		sockets = append(sockets, plain(n, strings.Repeat(string(rune('a'+n%26)), size+n)))
	}
	save(t, s, sockets)
	saved := pieces(t, js)
	if len(saved) < 6 {
		t.Fatalf("only %d pieces", len(saved))
	}
	want := map[string]hub.Detached{}
	for _, d := range sockets {
		want[d.Key] = d
	}
	harm := map[string]func(i int) [][]byte{
		"lost": func(i int) [][]byte { return slices.Delete(slices.Clone(saved), i, i+1) },
		"cut": func(i int) [][]byte {
			all := slices.Clone(saved)
			all[i] = all[i][:len(all[i])/2]
			return all
		},
		"damaged": func(i int) [][]byte {
			all := slices.Clone(saved)
			all[i] = bytes.Clone(all[i])
			all[i][len(all[i])/2] ^= 4
			return all
		},
	}
	for _, how := range slices.Sorted(maps.Keys(harm)) {
		for i := range saved {
			put(t, js, harm[how](i))
			kept, lost, err := s.Load(t.Context())
			got := kept.Sockets
			if err == nil || lost < 1 || lost > 20 || len(got)+lost != len(sockets) {
				t.Errorf("%s %d: %d read, %d lost, %v", how, i, len(got), lost, err)
			}
			for _, d := range got {
				if !reflect.DeepEqual(d, want[d.Key]) {
					t.Errorf("%s %d: %s is another", how, i, d.Key)
				}
			}
		}
	}
	for i := range saved {
		put(t, js, slices.Insert(slices.Clone(saved), i, saved[i]))
		same(t, load(t, s), sockets)
	}
}

func TestNothingCanBeRead(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, resume.Config{})
	save(t, s, []hub.Detached{plain(1, "a")})
	saved := pieces(t, js)
	newer := bytes.Clone(saved[0])
	newer[4]++
	for text, piece := range map[string][]byte{"damaged": []byte("something else"), "another version": newer, "damaged ": {}} {
		put(t, js, [][]byte{piece})
		kept, lost, err := s.Load(t.Context())
		if lost != -1 || len(kept.Sockets) != 0 || err == nil || !strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("%d sockets, %d lost, %v", len(kept.Sockets), lost, err)
		}
		same(t, load(t, s), nil)
	}
}

// crowd are sockets as a class of pupils leaves them.
func crowd(n int) []hub.Detached {
	sockets := make([]hub.Detached, n)
	for i := range sockets {
		d := rich()
		d.Key, d.Waiting = hub.BuildKey("main_ws_service", fmt.Sprint(i)), nil
		for j := range 10 {
			text := fmt.Sprintf(`{"socket_action":"message","to":%d,"number":%d,"text":%q}`, i, j, strings.Repeat("text ", 20))
			d.Waiting = append(d.Waiting, hub.Waiting{Text: text, Item: true})
		}
		sockets[i] = d
	}
	return sockets
}

// BenchmarkRestart saves and loads 10,000 sockets with 10 messages each.
func BenchmarkRestart(b *testing.B) {
	js, _ := natstest.Start(b, b.TempDir(), natstest.SyncAlways)
	s := openStore(b, js, resume.Config{})
	sockets := crowd(10_000)
	var saving, loading time.Duration
	for b.Loop() {
		began := time.Now()
		save(b, s, sockets)
		saving += time.Since(began)
		began = time.Now()
		if got := load(b, s); len(got) != len(sockets) {
			b.Fatal(len(got))
		}
		loading += time.Since(began)
	}
	b.ReportMetric(saving.Seconds()/float64(b.N), "s/save")
	b.ReportMetric(loading.Seconds()/float64(b.N), "s/load")
}

// TestDamageThatTheStoreFinds: what JetStream itself cannot read costs the sockets in it, and is over then.
func TestDamageThatTheStoreFinds(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	s := openStore(t, js, resume.Config{})
	var sockets []hub.Detached
	for n := range 60 {
		sockets = append(sockets, plain(n, strings.Repeat(string(rune('a'+n%26)), 20_000+n)))
	}
	save(t, s, sockets)
	stop()
	damage(t, folder)
	js, _ = natstest.Start(t, folder)
	s = openStore(t, js, resume.Config{Patience: time.Second})
	kept, lost, err := s.Load(t.Context())
	got := kept.Sockets
	if err == nil || len(got) == 0 || lost < 1 || len(got)+lost != len(sockets) {
		t.Errorf("%d read, %d lost of %d, %v", len(got), lost, len(sockets), err)
	}
	same(t, load(t, s), nil)
}

// damage changes bytes in the middle of what the stream has on disk.
func damage(t *testing.T, folder string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(folder, "jetstream", "*", "streams", "DETACHED", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("blocks %q, %v", blocks, err)
	}
	data, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(blocks[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
}
