package directory_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// testPatience is how long something may take that is to happen.
const testPatience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, js jetstream.JetStream, cfg directory.Config) *directory.Directory {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testPatience)
	defer cancel()
	d, err := directory.Open(ctx, js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// alone is a directory on one server.
func alone(t testing.TB) (*directory.Directory, jetstream.JetStream) {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	return open(t, js, directory.Config{}), js
}

func claimOf(node string) directory.Claim {
	return directory.Claim{Node: node, Incarnation: "0123456789abcdef", User: "u1", Life: 7, Since: 3}
}

func take(t testing.TB, d *directory.Directory, key string, c directory.Claim, after uint64) uint64 {
	t.Helper()
	revision, err := d.Take(t.Context(), key, c, after)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func release(t testing.TB, d *directory.Directory, key string, revision uint64) {
	t.Helper()
	if err := d.Release(t.Context(), key, revision); err != nil {
		t.Fatal(err)
	}
}

// wantHeld checks whose a key is; the zero Held means nobody's.
func wantHeld(t testing.TB, d *directory.Directory, key string, want directory.Held) {
	t.Helper()
	held, ok, err := d.Look(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if held != want || ok != (want != directory.Held{}) {
		t.Errorf("%s is held as %+v (%v), want %+v", key, held, ok, want)
	}
}

// messages counts what the stream has.
func messages(t testing.TB, js jetstream.JetStream) uint64 {
	t.Helper()
	s, err := js.Stream(t.Context(), "SOCKETS")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}
