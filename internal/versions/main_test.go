package versions_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything expected may take.
const patience = time.Minute

func openStore(t testing.TB, js jetstream.JetStream) *versions.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	clock := func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }
	s, err := versions.Open(ctx, js, versions.Config{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newStore(t testing.TB) *versions.Store {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	return openStore(t, js)
}
