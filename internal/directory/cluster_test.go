package directory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestServersStop stops the server that leads the stream and then another one.
func TestServersStop(t *testing.T) {
	cluster := natstest.StartCluster(t, 3)
	js := cluster.Connect(t)
	d := open(t, js, directory.Config{Replicas: 3})
	const keys = 50
	revisions := map[string]uint64{}
	for i := range keys {
		k := fmt.Sprint("/services/chat-s-", i)
		revisions[k] = take(t, d, k, claimOf("a"), 0)
	}
	stream, err := js.Stream(t.Context(), "SOCKETS")
	if err != nil {
		t.Fatal(err)
	}
	leader := stream.CachedInfo().Cluster.Leader
	cluster.Stop(t, leader)

	for k, revision := range revisions {
		awaitHeld(t, d, k, directory.Held{Claim: claimOf("a"), Revision: revision})
		if _, err := d.Take(t.Context(), k, claimOf("b"), revision+keys); !errors.Is(err, directory.ErrChanged) {
			t.Errorf("taking %s with a wrong revision: %v", k, err)
		}
		second := take(t, d, k, claimOf("b"), revision)
		release(t, d, k, second)
		wantHeld(t, d, k, directory.Held{})
	}

	kept := take(t, d, key, claimOf("a"), 0)
	for _, name := range []string{"s1", "s2", "s3"} {
		if name != leader {
			cluster.Stop(t, name)
			break
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := d.Take(ctx, key, claimOf("b"), kept); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("taking a key without a majority of the servers: %v, want ErrUnavailable", err)
	}
}

// awaitHeld waits for the directory to answer: a new leader may have to be elected.
func awaitHeld(t testing.TB, d *directory.Directory, key string, want directory.Held) {
	t.Helper()
	deadline := time.Now().Add(testPatience)
	for {
		held, ok, err := d.Look(t.Context(), key)
		switch {
		case err == nil && ok && held == want:
			return
		case err == nil:
			t.Fatalf("%s is held as %+v (%v), want %+v", key, held, ok, want)
		case !errors.Is(err, directory.ErrUnavailable), time.Now().After(deadline):
			t.Fatal(err)
		}
	}
}
