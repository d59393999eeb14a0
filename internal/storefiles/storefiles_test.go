package storefiles_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/storefiles"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// confirming tells a keeper what is stored, as the server does.
type confirming struct {
	jetstream.JetStream
	keeper *storefiles.Keeper
}

func (c confirming) PublishMsg(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ack, err := c.JetStream.PublishMsg(ctx, m, opts...)
	if err == nil {
		c.keeper.Reached(ack.Stream, ack.Sequence)
	}
	return ack, err
}

func (c confirming) Reached(stream string, sequence uint64) { c.keeper.Reached(stream, sequence) }

// open returns the keeper of a folder.
func open(t testing.TB, folder string) *storefiles.Keeper {
	t.Helper()
	k, err := storefiles.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// serve opens the store of a folder as the server does, without looking at it before, and calls fn.
func serve(t testing.TB, folder string, k *storefiles.Keeper, fn func(s *userdata.Store)) {
	t.Helper()
	js, stop := natstest.Start(t, filepath.Join(folder, "nats"), natstest.SyncAlways)
	defer stop()
	if err := k.Begin(); err != nil {
		t.Fatal(err)
	}
	// Blocks of 32 KiB.
	s, err := userdata.Open(t.Context(), confirming{js, k}, userdata.Config{TotalBytes: 120 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fn(s)
	if err := k.Note(); err != nil {
		t.Fatal(err)
	}
}

const keys = 80 // some three blocks

func key(i int) string   { return fmt.Sprintf("key/%d", i) }
func value(i int) string { return fmt.Sprintf(`{"n":%d,"pad":%q}`, i, strings.Repeat("x", 900)) }

// fill writes values, the first of them twice, and removes one.
func fill(t testing.TB, s *userdata.Store) {
	t.Helper()
	for _, i := range append([]int{1, 2, 3}, numbers(keys)...) {
		if err := s.Set(t.Context(), key(i), json.RawMessage(value(i)), 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Delete(t.Context(), key(0)); err != nil {
		t.Fatal(err)
	}
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// missing returns the keys that do not hold what they should, the removed one among them if it is there.
func missing(t testing.TB, s *userdata.Store) (list []string) {
	t.Helper()
	for i := range keys {
		want := value(i)
		if i == 0 {
			want = ""
		}
		got, _, err := s.Get(t.Context(), key(i))
		if err != nil || string(got) != want {
			list = append(list, fmt.Sprintf("%s (%.40s, %v)", key(i), got, err))
		}
	}
	return list
}

// damages are what can become of a file.
var damages = map[string]func(text []byte) []byte{
	"one byte shorter": func(text []byte) []byte { return text[:max(0, len(text)-1)] },
	"half":             func(text []byte) []byte { return text[:len(text)/2] },
	"empty":            func([]byte) []byte { return nil },
	"garbled head":     func(text []byte) []byte { return garble(text, 0) },
	"garbled middle":   func(text []byte) []byte { return garble(text, len(text)/2) },
	"garbled tail":     func(text []byte) []byte { return garble(text, len(text)-8) },
	"zeros":            func(text []byte) []byte { return make([]byte, len(text)) },
	"zeros at the tail": func(text []byte) []byte {
		return append(text[:len(text)/2:len(text)/2], make([]byte, len(text)-len(text)/2)...)
	},
	"gone": nil,
}

func garble(text []byte, from int) []byte {
	text = bytes.Clone(text)
	for i := max(0, from); i < len(text) && i < from+8; i++ {
		text[i] ^= 0x5a
	}
	return text
}

// files are the files below a folder that are not empty.
func files(t testing.TB, folder string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > 0 {
			name, _ := filepath.Rel(folder, path)
			list = append(list, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// harm damages a file of a copy of a folder.
func harm(t testing.TB, whole, file string, how func([]byte) []byte) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files(t, whole), "nats/jetstream/$G/streams/KV_userdata/msgs") { // a copy is older, too
		info, err := os.Stat(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(folder, name), info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if how == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, how(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestNoSilentLoss: whatever file of a store is damaged and how, after a stop as after a kill, either the damage
// is told or all values are there.
func TestNoSilentLoss(t *testing.T) {
	for _, stop := range []string{"stopped", "killed"} {
		whole := t.TempDir()
		k := open(t, whole)
		killed := t.TempDir()
		serve(t, whole, k, func(s *userdata.Store) {
			fill(t, s)
			if err := k.Note(); err != nil {
				t.Fatal(err)
			}
			if stop == "killed" { // what is on the disk now
				if err := os.CopyFS(killed, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
			}
		})
		if stop == "killed" {
			whole = killed
		} else if err := k.End(); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Minute)
		for _, name := range []string{"store.json", "store.marks"} { // it ended a while ago
			if err := os.Chtimes(filepath.Join(whole, name), past, past); err != nil {
				t.Fatal(err)
			}
		}
		told, fine := 0, 0
		for _, file := range files(t, whole) {
			for name, how := range damages {
				t.Run(stop+"/"+filepath.Base(file)+"/"+name, func(t *testing.T) {
					folder := harm(t, whole, file, how)
					if judge(t, folder) {
						told++
					} else {
						fine++
					}
				})
			}
		}
		t.Logf("%s: %d damages told, %d without loss", stop, told, fine)
	}
}

// judge reports whether the damage of a folder is told; otherwise all must be there. What is told must be
// recoverable.
func judge(t *testing.T, folder string) (told bool) {
	t.Helper()
	k := open(t, folder)
	found, err := k.Check()
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Damages) > 0 {
		if _, err := k.Recover(time.Now()); err != nil {
			t.Fatal(err)
		}
		if k = open(t, folder); true {
			if found, err = k.Check(); err != nil || len(found.Damages) > 0 {
				t.Errorf("after Recover: %v %v", found, err)
			}
		}
		serve(t, folder, k, func(s *userdata.Store) {
			if err := s.Set(t.Context(), "new", json.RawMessage("1"), 0); err != nil {
				t.Error(err)
			}
		})
		return true
	}
	if err := k.Mend(found); err != nil {
		t.Fatal(err)
	}
	serve(t, folder, k, func(s *userdata.Store) {
		if gone := missing(t, s); len(gone) > 0 {
			t.Errorf("nothing is told (%v), and %d values are missing: %v", found.Doubts, len(gone), gone)
		}
	})
	return false
}

// TestWholeStore: what was stopped or killed is whole, again and again, and a write that was cut off is no damage.
func TestWholeStore(t *testing.T) {
	folder := t.TempDir()
	for range 3 {
		k := open(t, folder)
		found, err := k.Check()
		if err != nil || len(found.Damages)+len(found.Doubts) > 0 {
			t.Fatal(found, err)
		}
		serve(t, folder, k, func(s *userdata.Store) { fill(t, s) })
		if err := k.End(); err != nil {
			t.Fatal(err)
		}
	}
	blocks, err := filepath.Glob(filepath.Join(folder, "nats/jetstream/$G/streams/KV_userdata/msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatal(blocks, err)
	}
	last := blocks[0]
	for _, b := range blocks {
		if len(b) > len(last) || len(b) == len(last) && b > last {
			last = b
		}
	}
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(last, append(text, text[:40]...), 0o600); err != nil { // the beginning of a record
		t.Fatal(err)
	}
	k := open(t, folder)
	found, err := k.Check()
	if err != nil || len(found.Damages)+len(found.Doubts) > 0 {
		t.Fatal(found, err)
	}
	serve(t, folder, k, func(s *userdata.Store) {
		if gone := missing(t, s); len(gone) > 0 {
			t.Error(gone)
		}
	})
}

// TestTidied: a process that was killed just after all messages of a stream were removed leaves a store that is
// whole.
func TestTidied(t *testing.T) {
	folder, killed := t.TempDir(), t.TempDir()
	k := open(t, folder)
	js, stop := natstest.Start(t, filepath.Join(folder, "nats"), natstest.SyncAlways)
	defer stop()
	if err := k.Begin(); err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.*"}})
	if err != nil {
		t.Fatal(err)
	}
	ack, err := js.Publish(t.Context(), "s.1", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	k.Reached(ack.Stream, ack.Sequence)
	if err := k.Note(); err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteMsg(t.Context(), ack.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(killed, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	found, err := open(t, killed).Check()
	if err != nil || len(found.Doubts)+len(found.Damages) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestTakenAway: a block that somebody took away in the moment before a kill is not passed over.
func TestTakenAway(t *testing.T) {
	folder, killed := t.TempDir(), t.TempDir()
	k := open(t, folder)
	serve(t, folder, k, func(s *userdata.Store) {
		fill(t, s)
		if err := k.Note(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(folder, "nats/jetstream/$G/streams/KV_userdata/msgs/1.blk")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(killed, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	})
	found, err := open(t, killed).Check()
	if err != nil || len(found.Doubts)+len(found.Damages) == 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestRecoverKeepsTheRest: of a store with a damaged block all values in other places stay.
func TestRecoverKeepsTheRest(t *testing.T) {
	whole := t.TempDir()
	k := open(t, whole)
	serve(t, whole, k, func(s *userdata.Store) { fill(t, s) })
	if err := k.End(); err != nil {
		t.Fatal(err)
	}
	folder := harm(t, whole, "nats/jetstream/$G/streams/KV_userdata/msgs/2.blk", damages["garbled middle"])
	k = open(t, folder)
	done, err := k.Recover(time.Now())
	if err != nil || len(done) != 1 || done[0].Stream != "KV_userdata" || done[0].Lost == 0 {
		t.Fatal(done, err)
	}
	if _, err := os.Stat(filepath.Join(done[0].Aside, "msgs", "2.blk")); err != nil {
		t.Error(err)
	}
	serve(t, folder, open(t, folder), func(s *userdata.Store) {
		if gone := missing(t, s); len(gone) != 1 {
			t.Errorf("missing: %v, want the one value that was damaged", gone)
		}
	})
}
