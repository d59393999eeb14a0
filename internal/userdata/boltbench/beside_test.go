package boltbench

import (
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.etcd.io/bbolt"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

var (
	beside = flag.Bool("beside", false, "measure user data and bbolt in turns, and print the medians")
	rounds = flag.Int("rounds", 9, "rounds, the medians of which count")
)

// value is one as scripts store them.
var value = json.RawMessage(`{"participants":[{"participant_id":"6148914691236517121","state":"active","date":"2026-11-23T12:00:00"}]}`)

const keys = 1000

func key(i int) string { return fmt.Sprintf("participants_state_in_conversation_%d", i%keys) }

// side is a store: what it takes to read and to write a value.
type side struct {
	name string
	get  func(tb testing.TB, key string)
	put  func(tb testing.TB, key string)
}

// natsSide is the store of a node that is alone; cluster is one that shares it, and so must ask for each value.
func natsSide(tb testing.TB, always bool) side    { return userDataSide(tb, "nats", always, true) }
func clusterSide(tb testing.TB, always bool) side { return userDataSide(tb, "shared", always, false) }

func userDataSide(tb testing.TB, name string, always, sole bool) side {
	var changes []func(*server.Options)
	if always {
		changes = append(changes, natstest.SyncAlways)
	}
	js, _ := natstest.Start(tb, tb.TempDir(), changes...)
	s, err := userdata.Open(tb.Context(), js, userdata.Config{Sole: sole})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	filled := side{
		name: name,
		get: func(tb testing.TB, key string) {
			if _, ok, err := s.Get(tb.Context(), key); err != nil || !ok {
				tb.Fatal(ok, err)
			}
		},
		put: func(tb testing.TB, key string) {
			if err := s.Set(tb.Context(), key, value, time.Hour); err != nil {
				tb.Fatal(err)
			}
		},
	}
	return filled.fill(tb)
}

// bareSide is what is under user data, without it: one confirmed message with a time to live to an embedded NATS, and one
// read from it.
func bareSide(tb testing.TB, always bool) side {
	var changes []func(*server.Options)
	if always {
		changes = append(changes, natstest.SyncAlways)
	}
	js, _ := natstest.Start(tb, tb.TempDir(), changes...)
	stream, err := js.CreateStream(tb.Context(), jetstream.StreamConfig{
		Name: "BARE", Subjects: []string{"bare.*"}, MaxMsgsPerSubject: 1, AllowMsgTTL: true, AllowDirect: true, DenyDelete: true,
	})
	if err != nil {
		tb.Fatal(err)
	}
	bare := side{
		name: "bare",
		get: func(tb testing.TB, key string) {
			if _, err := stream.GetLastMsgForSubject(tb.Context(), "bare."+key); err != nil {
				tb.Fatal(err)
			}
		},
		put: func(tb testing.TB, key string) {
			if _, err := js.PublishMsg(tb.Context(), &nats.Msg{Subject: "bare." + key, Data: value}, jetstream.WithMsgTTL(time.Hour)); err != nil {
				tb.Fatal(err)
			}
		},
	}
	return bare.fill(tb)
}

var bucket = []byte("userdata")

func boltSide(tb testing.TB, always bool) side {
	db, err := bbolt.Open(filepath.Join(tb.TempDir(), "bolt.db"), 0o600, &bbolt.Options{NoSync: !always, NoFreelistSync: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	put := func(tb testing.TB, key string) {
		err := db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucket)
			if err != nil {
				return err
			}
			return b.Put([]byte(key), value)
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	get := func(tb testing.TB, key string) {
		var got []byte
		err := db.View(func(tx *bbolt.Tx) error {
			got = slices.Clone(tx.Bucket(bucket).Get([]byte(key)))
			return nil
		})
		if err != nil || len(got) != len(value) {
			tb.Fatal(len(got), err)
		}
	}
	return side{"bbolt", get, put}.fill(tb)
}

func (s side) fill(tb testing.TB) side {
	for i := range keys {
		s.put(tb, key(i))
	}
	return s
}

// kinds are what is measured.
var kinds = []struct {
	name   string
	always bool
	n      int // operations of a round
	do     func(s side) func(testing.TB, string)
}{
	{"get", false, 4000, func(s side) func(testing.TB, string) { return s.get }},
	{"put without sync", false, 4000, func(s side) func(testing.TB, string) { return s.put }},
	{"put with sync always", true, 300, func(s side) func(testing.TB, string) { return s.put }},
}

// TestBeside prints what a read and a write cost, in turns with bbolt.
func TestBeside(t *testing.T) {
	if !*beside {
		t.Skip("only with -beside")
	}
	for _, kind := range kinds {
		sides := []side{natsSide(t, kind.always), clusterSide(t, kind.always), bareSide(t, kind.always), boltSide(t, kind.always)}
		took := make([][]time.Duration, len(sides))
		for range *rounds {
			for i, s := range sides {
				do, began := kind.do(s), time.Now()
				for n := range kind.n {
					do(t, key(n))
				}
				took[i] = append(took[i], time.Since(began)/time.Duration(kind.n))
			}
		}
		for i, s := range sides {
			slices.Sort(took[i])
			t.Logf("%-22s %-6s median %8v  (%v to %v)", kind.name, s.name, took[i][len(took[i])/2], took[i][0], took[i][len(took[i])-1])
		}
	}
}

func BenchmarkStores(b *testing.B) {
	for _, kind := range kinds {
		for _, open := range []func(testing.TB, bool) side{natsSide, clusterSide, boltSide} {
			s := open(b, kind.always)
			b.Run(kind.name+"/"+s.name, func(b *testing.B) {
				b.ReportAllocs()
				do := kind.do(s)
				for i := 0; b.Loop(); i++ {
					do(b, key(i))
				}
			})
		}
	}
}
